//! Is what is kept of one attempt of a browser test: enough to understand it without running it
//! again.
//!
//! Not part of the result file: each is a file of its own, since pictures are large.

use serde::{Deserialize, Serialize};

use super::{FailureExample, TestStatus};

/// One attempt of one browser test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The scenario.
    pub scenario: String,
    /// The test.
    pub test: String,
    /// `file:line` of the test.
    pub place: String,
    /// The engine.
    pub browser: String,
    /// Its name and version.
    pub version: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How it ended.
    pub status: TestStatus,
    /// How long it took.
    pub duration_ms: u64,
    /// The failure that ended it.
    pub failure: Option<FailureExample>,
    /// What it did.
    pub steps: Vec<TraceStep>,
    /// What its pages asked for.
    pub requests: Vec<TraceRequest>,
    /// What stood on the console.
    pub messages: Vec<TraceMessage>,
    /// How the page looked at the end.
    pub last: Option<TraceEnd>,
    /// The browser or the tab crashed; in its words.
    pub crash: Option<String>,
    /// The share of the attempt in which a core was wanted and none was free.
    pub starved: Option<f64>,
    /// Milliseconds at a time at which it began, from the start of all tests.
    pub began_ms: u64,
}

/// One step of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in driver::browser::StepRecord")]
pub struct TraceStep {
    pub name: String,
    pub verb: String,
    pub place: String,
    pub line: String,
    /// From the start of the attempt, milliseconds.
    pub at_ms: f64,
    pub took_ms: f64,
    pub within_ms: f64,
    pub failure: Option<String>,
    pub soft: bool,
    pub why: serde_json::Value,
    pub late_ms: Option<f64>,
    pub url: String,
    /// A `data:` URL.
    pub thumbnail: Option<String>,
}

/// One request of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in driver::browser::RequestSeen")]
pub struct TraceRequest {
    /// From the start of the attempt, milliseconds.
    pub at_ms: f64,
    /// None while it had no answer.
    pub took_ms: Option<f64>,
    pub method: String,
    pub url: String,
    pub kind: String,
    pub status: Option<u16>,
    pub bytes: u64,
    pub failed: Option<String>,
    pub stubbed: bool,
}

/// One console message of a trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in driver::browser::MessageSeen")]
pub struct TraceMessage {
    /// From the start of the attempt, milliseconds.
    pub at_ms: f64,
    pub level: String,
    pub text: String,
    pub place: Option<String>,
}

/// How the page looked at the end.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in driver::browser::LastLook")]
pub struct TraceEnd {
    pub url: String,
    pub title: String,
    /// A `data:` URL.
    pub screenshot: Option<String>,
    pub aria: String,
    pub kept: Vec<String>,
}

impl TraceRequest {
    /// Whether the page itself took it back, as every page does that is left: no failure.
    pub fn was_given_up(&self) -> bool {
        let why = self.failed.as_deref().unwrap_or_default().to_ascii_lowercase();
        ["abort", "cancel", "gave it up"].iter().any(|word| why.contains(word))
    }
}

/// Characters of each part of a file's name.
const PART: usize = 48;

impl Trace {
    /// The beginning of the names of its files: the same for the same test, engine and attempt,
    /// and fit for every file system and URL.
    pub fn stem(&self) -> String {
        format!("{}-{}", stem(&self.scenario, &self.test, &self.browser), self.attempt)
    }

    /// Without what only a page needs: what is kept of it to compare others with.
    pub fn slim(mut self) -> Trace {
        self.steps.iter_mut().for_each(|step| step.thumbnail = None);
        self
    }

    /// The step that ended it, or else the first that failed softly, and its number.
    pub fn failed_step(&self) -> Option<(usize, &TraceStep)> {
        let failed = || self.steps.iter().enumerate().filter(|(_, step)| step.failure.is_some());
        failed().find(|(_, step)| !step.soft).or_else(|| failed().next())
    }
}

/// The same for all attempts: `shop-buys-an-apple-chromium`. Two tests whose names differ only in
/// what no file name may hold, or only far behind, get different ones all the same.
pub fn stem(scenario: &str, test: &str, browser: &str) -> String {
    let parts = [scenario, test, browser].map(part);
    let lossless = parts.iter().all(|(_, lossless)| *lossless);
    let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    let name = names.join("-");
    match lossless {
        true => name,
        false => format!("{name}-{:06x}", digest(&[scenario, test, browser]) & 0xff_ffff),
    }
}

/// A name made of small letters, digits and single dashes, and whether it tells the text from
/// others like it.
fn part(text: &str) -> (String, bool) {
    let mut name = String::new();
    for letter in text.chars().take(4 * PART) {
        match letter {
            letter if letter.is_ascii_alphanumeric() => name.push(letter.to_ascii_lowercase()),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
        if name.len() == PART {
            break;
        }
    }
    let name = name.trim_end_matches('-').to_string();
    let told = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let plain = text.chars().all(|letter| told(letter) || letter == ' ');
    let lossless = plain && text.len() == name.len() && !name.is_empty();
    (name, lossless)
}

/// FNV-1a: the same on every machine and in every version.
fn digest(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_files_can_be_read() {
        assert_eq!(stem("shop", "buys an apple", "chromium"), "shop-buys-an-apple-chromium");
        let told = stem("shop", "Buys: an Äpfel! ../../etc", "webkit");
        assert!(told.starts_with("shop-buys-an-pfel-etc-webkit-"), "{told}");
    }

    #[test]
    fn other_tests_have_other_files() {
        let long = "x".repeat(300);
        let names = ["a b", "a-b", "A b", "a  b", "ä", "ö", "", " ", "..", "/", &long];
        let mut stems: Vec<String> = names.map(|name| stem("s", name, "chromium")).to_vec();
        stems.push(stem("s", &format!("{long}y"), "chromium"));
        let all = stems.len();
        stems.sort();
        stems.dedup();
        assert_eq!(stems.len(), all, "{stems:?}");
    }

    proptest! {
        #[test]
        fn every_text_makes_a_name_that_is_safe(scenario: String, test: String) {
            let stem = stem(&scenario, &test, "firefox");
            prop_assert!(stem.len() < 200);
            prop_assert!(stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        }
    }
}
