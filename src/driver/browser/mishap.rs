//! Says why a browser step failed, for the run's counts and for a person.

use serde_json::Value;

use super::{Engine, Trouble};
use crate::sample::Failure;

/// Why a step failed.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::driver) struct Mishap {
    pub(in crate::driver) failure: Failure,
    /// One sentence, and lines of detail below it.
    pub(in crate::driver) message: String,
    /// What the page said: `why` of the page script; null where it said nothing.
    pub(super) why: Value,
}

impl Mishap {
    pub(in crate::driver) fn new(failure: Failure, message: impl Into<String>) -> Mishap {
        Mishap { failure, message: message.into(), why: Value::Null }
    }

    /// What the page script said was not as it should be.
    pub(super) fn page(why: &Value) -> Mishap {
        let mut message = match why["message"].as_str() {
            Some(message) => message.to_string(),
            None => "the page gave no answer that says why".to_string(),
        };
        for shown in list(&why["candidates"]) {
            message.push_str(&format!("\n  - {}", shown.as_str().unwrap_or_default()));
        }
        let near = list(&why["near"]);
        if !near.is_empty() {
            message.push_str("\nnearest on the page:");
        }
        for one in near {
            message.push_str(&format!("\n  - {}", one["shown"].as_str().unwrap_or_default()));
            if let Some(but) = one["why"].as_str() {
                message.push_str(&format!(" ({but})"));
            }
        }
        if let Some(diff) = why["diff"].as_str() {
            message.push_str(&format!("\n{diff}"));
        }
        Mishap { failure: Failure::Page, message, why: why.clone() }
    }

    /// Names the engine, where it is the one that cannot.
    pub(in crate::driver) fn on(mut self, engine: Engine) -> Mishap {
        if self.message.ends_with("is not supported") {
            self.message.push_str(&format!(" on {engine}"));
        }
        self
    }

    /// The time ran out.
    pub(super) fn late(what: impl Into<String>) -> Mishap {
        Mishap::new(Failure::Timeout, what)
    }
}

impl From<Trouble> for Mishap {
    fn from(trouble: Trouble) -> Self {
        let failure = match &trouble {
            Trouble::Gone(_) => Failure::Browser,
            Trouble::TimedOut(_) | Trouble::Navigated => Failure::Timeout,
            Trouble::Unsupported(_) | Trouble::Missing(_) => Failure::Unsupported,
            Trouble::Script(_) => Failure::Page,
            Trouble::Refused(_) => Failure::Browser,
        };
        Mishap::new(failure, trouble.to_string())
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
