//! Is what one attempt of a browser test leaves for those who explain it: every step with its
//! picture, the log, and how the page looked at the end.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{Engine, MessageSeen, RequestSeen};
use crate::plan::Site;

/// One attempt, from its first browser step to its end.
#[derive(Debug, Clone)]
pub struct Record {
    /// The engine.
    pub engine: Engine,
    /// Its name and version.
    pub version: String,
    /// When the context was opened; all other times are to be seen from here.
    pub began: Instant,
    /// Its steps, HTTP steps of the same session included, in order.
    pub steps: Vec<StepRecord>,
    /// The requests of its pages.
    pub requests: Vec<RequestSeen>,
    /// Console messages and uncaught errors.
    pub messages: Vec<MessageSeen>,
    /// The navigation timings and web vitals of its documents.
    pub vitals: Vec<VitalSeen>,
    /// How the page looked at the end, where it could still be asked.
    pub last: Option<LastLook>,
    /// Files that the run keeps.
    pub files: Vec<KeptFile>,
    /// The browser or the tab crashed.
    pub crash: Option<String>,
    /// The share of the attempt in which a core was wanted and none was free (PSI `some`), where
    /// the system tells.
    pub starved: Option<f64>,
}

/// One step of an attempt.
#[derive(Debug, Clone)]
pub struct StepRecord {
    /// Its name.
    pub name: String,
    /// Its action.
    pub verb: String,
    /// Where it is written.
    pub site: Site,
    /// When it began.
    pub began: Instant,
    /// How long it took.
    pub took: Duration,
    /// How long it might have taken.
    pub within: Duration,
    /// Why it failed, in a sentence.
    pub failure: Option<String>,
    /// It failed and the test went on.
    pub soft: bool,
    /// What the page said about the failure: `why` of `script`.
    pub why: Value,
    /// For an expectation that failed: how long after its deadline it held, where it still did.
    pub late: Option<Duration>,
    /// The page's URL after it.
    pub url: String,
    /// A small JPEG or PNG of the page after it.
    pub thumbnail: Option<Vec<u8>>,
}

/// How the page looked at the end.
#[derive(Debug, Clone, Default)]
pub struct LastLook {
    /// Its URL.
    pub url: String,
    /// Its title.
    pub title: String,
    /// PNG.
    pub screenshot: Option<Vec<u8>>,
    /// The ARIA snapshot.
    pub aria: String,
    /// Storage keys and cookie names by origin, for what one test leaves to another.
    pub kept: Vec<String>,
}

/// A navigation timing or web vital of one document.
#[derive(Debug, Clone, PartialEq)]
pub struct VitalSeen {
    /// The document's URL.
    pub url: String,
    /// `ttfb`, `fcp`, `lcp`, `cls`, `inp`, `dom` (parsed), `load`.
    pub name: &'static str,
    /// Milliseconds from the start of the navigation; `cls` has no unit.
    pub value: f64,
}

/// A file that the run keeps: a picture, a download, a HAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Its name in the run's folder.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}
