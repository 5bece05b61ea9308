//! The `page` section as written: what the browser of a test is like.

use std::time::Duration;

use serde_json::Value;

use crate::diagnostic::Spanned;

/// `page` of a file, of a test or of a journey.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What the browser pretends to be, key by key: `device`, `viewport`, `locale` and so on.
    pub emulation: Vec<(Spanned<String>, Spanned<Value>)>,
    /// `headers`.
    pub headers: Vec<(Spanned<String>, Spanned<String>)>,
    /// `state`: a name, or a JSON file relative to the scenario file.
    pub state: Option<Spanned<String>>,
    /// `test-id`.
    pub test_id: Option<Spanned<String>>,
    /// `stubs`.
    pub stubs: Option<Vec<Spanned<Value>>>,
    /// `har`.
    pub har: Option<Har>,
    /// `timeout`
    pub timeout: Option<Spanned<Duration>>,
    /// `expect-timeout`
    pub expect_timeout: Option<Spanned<Duration>>,
    /// `navigation-timeout`
    pub navigation_timeout: Option<Spanned<Duration>>,
}

/// `har`
#[derive(Debug, Clone)]
pub enum Har {
    /// Written under this name.
    Record(Spanned<String>),
    /// Answered from this file, relative to the scenario file; others go out if so said.
    Replay(Spanned<String>, bool),
}

impl Page {
    /// Whether `state` names a file.
    pub fn state_file(&self) -> Option<&Spanned<String>> {
        self.state.as_ref().filter(|state| state.value.ends_with(".json"))
    }
}
