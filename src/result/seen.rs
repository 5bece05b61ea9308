//! Is what users saw in browsers, and the browsers they saw it in.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::histogram::{empty, encode};
use super::{Summary, TestResult};

/// A browser that was driven.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct BrowserInfo {
    /// The engine: `chromium`, `firefox` or `webkit`.
    pub engine: String,
    /// Its name and version, as it tells them.
    pub version: String,
}

/// What users saw in browser tests: one step or web vital in one engine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeenResult {
    /// The scenario.
    pub scenario: String,
    /// The step; for a web vital the path of its page.
    pub step: String,
    /// The engine.
    pub browser: String,
    /// The web vital or navigation timing: `lcp`; none for a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vital: Option<String>,
    /// Times it was done or measured.
    pub count: u64,
    /// Of these, failed.
    pub failed: u64,
    /// From the action to its visible effect, of successes; `cls`, which has no unit, counts a
    /// millisecond for each 1.
    pub seen_us: Summary,
    /// The same as HdrHistogram V2, compressed, base64.
    pub histogram: String,
}

/// One sample of what a user saw in a test.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeenSample {
    /// As in `SeenResult`.
    pub step: String,
    /// As in `SeenResult`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vital: Option<String>,
    /// Microseconds.
    pub took_us: u64,
    /// It failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// Adds the samples of all tests up, and takes them out of the tests: by scenario, step or vital,
/// and engine, in that order.
pub(super) fn sum_up(tests: &mut [TestResult]) -> Vec<SeenResult> {
    let mut rows: BTreeMap<(String, Option<String>, String, String), Row> = BTreeMap::new();
    for test in tests {
        let browser = test.browser.clone().unwrap_or_default();
        for sample in std::mem::take(&mut test.samples) {
            let key = (test.scenario.clone(), sample.vital, sample.step, browser.clone());
            let row = rows.entry(key).or_insert_with(Row::new);
            row.count += 1;
            row.failed += u64::from(sample.failed);
            if !sample.failed {
                row.seen.saturating_record(sample.took_us);
            }
        }
    }
    let row = |((scenario, vital, step, browser), row): (_, Row)| SeenResult {
        scenario,
        step,
        browser,
        vital,
        count: row.count,
        failed: row.failed,
        seen_us: Summary::of(&row.seen),
        histogram: if row.seen.is_empty() { String::new() } else { encode(&row.seen) },
    };
    rows.into_iter().map(row).collect()
}

struct Row {
    count: u64,
    failed: u64,
    seen: Histogram<u64>,
}

impl Row {
    fn new() -> Row {
        Row { count: 0, failed: 0, seen: empty() }
    }
}
