//! Is how the tests went, each with all its attempts.

use serde::{Deserialize, Serialize};

use super::{FailureExample, SeenSample};

/// How a test went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// The scenario.
    pub scenario: String,
    /// The test.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The engine; none for HTTP only.
    pub browser: Option<String>,
    /// Which repetition it is, where each test was run several times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// The outcome.
    pub status: TestStatus,
    /// Of the last attempt.
    pub duration_ms: u64,
    /// Attempts made.
    pub attempts: u32,
    /// Checks made in the last attempt.
    pub checks: u32,
    /// Why it was skipped, was not run, or cannot be run.
    pub reason: Option<String>,
    /// `file:line` of the test.
    pub place: String,
    /// The failure of the last failed attempt.
    pub failure: Option<FailureExample>,
    /// Every attempt, the first one first; empty in older files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Attempt>,
    /// What its user saw in the browser, in order, of all attempts; only in journals: the result
    /// has them summed up in `seen`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<SeenSample>,
}

/// Which repetition of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Which, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

/// One attempt of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// `Passed` or `Failed`.
    pub status: TestStatus,
    /// When it began, from the start of the first test.
    pub began_ms: u64,
    /// How long it took, its setup and teardown included.
    pub duration_ms: u64,
    /// Checks made.
    pub checks: u32,
    /// Who did it, from 1: what one worker does, it does one after the other.
    pub worker: u32,
    /// What was wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureExample>,
}

/// The outcome of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TestStatus {
    /// At the first attempt.
    Passed,
    /// In no attempt.
    Failed,
    /// Not at the first attempt, but at a later one.
    Flaky,
    /// Not run, on the file's word.
    Skipped,
    /// Not run because this build or machine cannot.
    Unsupported,
    /// Wanted and not run: what it needs did not pass, or the tests were stopped before it.
    #[serde(rename = "not run")]
    NotRun,
}

impl TestStatus {
    /// Whether it was run at all.
    pub fn ran(self) -> bool {
        matches!(self, TestStatus::Passed | TestStatus::Failed | TestStatus::Flaky)
    }

    /// Whether it passed, at once or in the end.
    pub fn passed(self) -> bool {
        matches!(self, TestStatus::Passed | TestStatus::Flaky)
    }

    /// As it is shown.
    pub fn name(self) -> &'static str {
        match self {
            TestStatus::Passed => "passed",
            TestStatus::Failed => "failed",
            TestStatus::Flaky => "flaky",
            TestStatus::Skipped => "skipped",
            TestStatus::Unsupported => "unsupported",
            TestStatus::NotRun => "not run",
        }
    }
}

impl TestResult {
    /// What tells the test from all others, whichever repetition this is: see `plan::test_id`.
    pub fn id(&self) -> String {
        crate::plan::test_id(&self.scenario, &self.name, self.browser.as_deref())
    }

    /// The test's name, with the repetition.
    pub fn title(&self) -> String {
        match self.repeat {
            Some(Repeat { number, of }) => format!("{} ({number} of {of})", self.name),
            None => self.name.clone(),
        }
    }
}

/// A check and how often it held.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CheckResult {
    /// The check in words.
    pub check: String,
    /// Held.
    pub passed: u64,
    /// Did not hold.
    pub failed: u64,
}
