//! Is what every report shows of tests: each with its attempts.

use serde::Serialize;

use super::foreign::line;
use super::left::{LeftRow, left};
use super::repeat::Curls;
use super::rows::{FailureRow, NAME, failure};
use crate::analysis::Verdict;
use crate::result::{Attempt, Repeat, TestResult, TestStatus};
use crate::units::show_duration_us;

/// A test.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TestRow {
    pub scenario: String,
    pub name: String,
    pub browser: String,
    pub status: &'static str,
    pub duration: String,
    pub duration_ms: u64,
    pub attempts: u32,
    pub checks: u32,
    /// Why it did not pass, in short.
    pub reason: String,
    pub place: String,
    pub failure: Option<FailureRow>,
    /// What its browser left.
    pub left: Option<LeftRow>,
    /// Every attempt, where there were several.
    pub tries: Vec<AttemptRow>,
}

/// An attempt of a test.
#[derive(Debug, Clone, Serialize)]
pub(super) struct AttemptRow {
    pub status: &'static str,
    pub duration: String,
    pub duration_ms: u64,
    /// What was wrong, in short.
    pub message: String,
    pub failure: Option<FailureRow>,
}

pub(super) fn test(test: &TestResult, verdict: &Verdict, curls: &Curls) -> TestRow {
    TestRow {
        scenario: line(&test.scenario, NAME),
        // Cut before the number, which tells repetitions apart.
        name: match test.repeat {
            Some(Repeat { number, of }) => {
                format!("{} ({number} of {of})", line(&test.name, NAME))
            }
            None => line(&test.name, NAME),
        },
        browser: line(test.browser.as_deref().unwrap_or(""), 40),
        status: test.status.name(),
        duration: duration(test.duration_ms),
        duration_ms: test.duration_ms,
        attempts: test.attempts,
        checks: test.checks,
        reason: match (&test.reason, &test.failure) {
            (_, Some(failure)) => line(&failure.message, 200),
            (reason, None) => line(reason.as_deref().unwrap_or(""), 200),
        },
        place: line(&test.place, 240),
        failure: test.failure.as_ref().map(|one| failure(one, Some(curls))),
        left: left(test, verdict),
        tries: match test.tries.as_slice() {
            [] | [_] => Vec::new(),
            several => several.iter().map(|one| attempt(one, curls)).collect(),
        },
    }
}

fn attempt(attempt: &Attempt, curls: &Curls) -> AttemptRow {
    AttemptRow {
        status: attempt.status.name(),
        duration: duration(attempt.duration_ms),
        duration_ms: attempt.duration_ms,
        message: match &attempt.failure {
            Some(failure) => line(&failure.message, 200),
            None => String::new(),
        },
        failure: attempt.failure.as_ref().map(|one| failure(one, Some(curls))),
    }
}

fn duration(ms: u64) -> String {
    match ms {
        0 => "under 1 ms".to_string(),
        ms => show_duration_us(ms.saturating_mul(1_000)),
    }
}

pub(super) fn test_counts(tests: &[TestResult]) -> Vec<(&'static str, usize)> {
    let of = |status| tests.iter().filter(|test| test.status == status).count();
    [
        TestStatus::Passed,
        TestStatus::Failed,
        TestStatus::Flaky,
        TestStatus::Skipped,
        TestStatus::Unsupported,
        TestStatus::NotRun,
    ]
    .map(|status| (status.name(), of(status)))
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .collect()
}
