//! Is what browser tests left, as every report shows it: links to the pages of their attempts, why
//! they failed, and which steps nearly did.

use std::collections::BTreeMap;

use serde::Serialize;

use super::foreign::{line, picture};
use super::rows::NAME;
use crate::analysis::Verdict;
use crate::result::evidence::{NearMiss, TestEvidence};
use crate::result::{TestResult, TestStatus};
use crate::units::{show_duration_us, show_percent};

/// The most steps that nearly failed.
const CLOSE: usize = 30;

/// What the browser of one test left.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LeftRow {
    pub pages: Vec<PageRow>,
    /// Why it failed, likeliest first.
    pub causes: Vec<String>,
    /// What differs from when it passed.
    pub changes: Vec<String>,
    /// How the page looked when it failed: a `data:` URL.
    pub screenshot: Option<String>,
}

/// The page of an attempt.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PageRow {
    pub attempt: u32,
    pub status: &'static str,
    /// Relative to the report.
    pub file: String,
}

/// A step that passed with little time left.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CloseRow {
    pub test: String,
    pub step: String,
    pub place: String,
    pub took: String,
    pub within: String,
    /// How much of the time it used, such as `96%`.
    pub used: String,
    /// In how many tests and repetitions it was so close; the closest is shown.
    pub times: usize,
}

/// What the browser of this test left, where it had one and left something.
pub(super) fn left(test: &TestResult, verdict: &Verdict) -> Option<LeftRow> {
    let browser = test.browser.as_deref().unwrap_or_default();
    let repeat = test.repeat.map(|repeat| repeat.number);
    let of = |one: &&TestEvidence| {
        (one.browser == browser && one.repeat == repeat)
            && (one.scenario == test.scenario && one.test == test.name)
    };
    let found = verdict.evidence.iter().find(of)?;
    let told = |texts: &[String], status: TestStatus| match status {
        TestStatus::Passed => Vec::new(),
        _ => texts.iter().map(|text| line(text, 600)).collect(),
    };
    let pages = found.pages.iter().filter(|page| is_plain(&page.file));
    let pages = pages.map(|page| PageRow {
        attempt: page.attempt,
        status: page.status.name(),
        file: page.file.clone(),
    });
    Some(LeftRow {
        pages: pages.collect(),
        causes: told(&found.causes, test.status),
        changes: told(&found.changes, test.status),
        screenshot: picture(found.screenshot.as_deref()),
    })
}

/// A file of this run, whoever wrote down its name: nothing else may be linked to.
fn is_plain(file: &str) -> bool {
    let name = file.strip_prefix("traces/").and_then(|name| name.strip_suffix(".html"));
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(letter))
}

/// Steps that nearly failed, closest first, each once.
pub(super) fn close(verdict: &Verdict) -> Vec<CloseRow> {
    let used = |miss: &NearMiss| miss.took_ms / miss.within_ms.max(f64::MIN_POSITIVE);
    let mut steps: BTreeMap<(&str, &str, &str), (usize, &NearMiss, &TestEvidence)> =
        BTreeMap::new();
    for test in &verdict.evidence {
        for miss in &test.close {
            let key = (miss.place.as_str(), miss.step.as_str(), test.browser.as_str());
            let entry = steps.entry(key).or_insert((0, miss, test));
            entry.0 += 1;
            if used(miss) > used(entry.1) {
                (entry.1, entry.2) = (miss, test);
            }
        }
    }
    let mut rows: Vec<_> = steps.into_values().collect();
    rows.sort_by(|one, other| used(other.1).total_cmp(&used(one.1)));
    let row = |(times, miss, test): (usize, &NearMiss, &TestEvidence)| CloseRow {
        test: line(&format!("{} › {} [{}]", test.scenario, test.test, test.browser), 2 * NAME),
        step: line(&miss.step, NAME),
        place: line(&miss.place, 240),
        took: ms(miss.took_ms),
        within: ms(miss.within_ms),
        used: show_percent(used(miss).clamp(0.0, 1.0)),
        times,
    };
    rows.into_iter().take(CLOSE).map(row).collect()
}

fn ms(milliseconds: f64) -> String {
    show_duration_us((milliseconds.max(0.0) * 1_000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_run_are_linked_to() {
        for (file, plain) in [
            ("traces/shop-buys-chromium-1.html", true),
            ("traces/../../x.html", false),
            ("javascript:alert(1)", false),
            ("traces/.html", false),
            ("traces/a\" onclick=\".html", false),
            ("https://evil.example/traces/a.html", false),
        ] {
            assert_eq!(is_plain(file), plain, "{file}");
        }
    }
}
