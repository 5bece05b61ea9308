//! Is what the traces of browser tests came to: where their pages are, why a test failed as far
//! as can be seen, and what nearly failed.
//!
//! A file of its own beside the result, since traces are.

use serde::{Deserialize, Serialize};

use super::TestStatus;

/// What the traces of one test with one engine came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TestEvidence {
    /// The scenario.
    pub scenario: String,
    /// The test.
    pub test: String,
    /// The engine.
    pub browser: String,
    /// Which repetition, where each test was run several times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    /// The pages that were drawn, in the order of the attempts.
    pub pages: Vec<TracePage>,
    /// Why it failed, likeliest first; each one sentence with its numbers.
    pub causes: Vec<String>,
    /// What differs from when it passed, most telling first.
    pub changes: Vec<String>,
    /// Steps that passed with little time left.
    pub close: Vec<NearMiss>,
    /// How the page looked when the test first failed: a `data:` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<String>,
}

/// A page that shows one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracePage {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How it ended.
    pub status: TestStatus,
    /// Its file, relative to the run's folder.
    pub file: String,
}

/// A step that passed in the last part of the time it had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearMiss {
    /// The step.
    pub step: String,
    /// `file:line`.
    pub place: String,
    /// How long it took.
    pub took_ms: f64,
    /// How long it might have taken.
    pub within_ms: f64,
}
