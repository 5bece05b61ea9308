//! Is what reports show of browsers: how long a user waited for what an action or a page did.

use serde::Serialize;

use super::foreign::line;
use super::rows::NAME;
use crate::result::{RunResult, SeenResult, StepResult, Summary};
use crate::units::{show_count, show_duration_us};

/// A step in one engine, or a web vital of one page.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SeenRow {
    pub scenario: String,
    /// The step, or the path of the page.
    pub what: String,
    /// The web vital; empty for a step.
    pub vital: String,
    pub browser: String,
    pub count: String,
    pub failed: u64,
    /// p50, p90, p95, the most.
    pub times: [String; 4],
}

/// What users saw: in tests, and the web vitals under load, steps first.
pub(super) fn seen(result: &RunResult) -> Vec<SeenRow> {
    let of_tests = result.seen.iter().filter(|row| row.count > 0).map(of_test);
    let of_load = result.web_vitals.iter().filter(|row| row.count > 0).map(of_load);
    of_tests.chain(of_load).collect()
}

fn of_test(row: &SeenResult) -> SeenRow {
    let vital = row.vital.as_deref().unwrap_or("");
    SeenRow {
        scenario: line(&row.scenario, NAME),
        what: line(&row.step, NAME),
        vital: line(vital, 20),
        browser: line(&row.browser, 20),
        count: show_count(row.count),
        failed: row.failed,
        times: times(&row.seen_us, vital == "cls"),
    }
}

fn of_load(row: &StepResult) -> SeenRow {
    let tag = |name: &str| line(row.tags.get(name).map_or("", String::as_str), 20);
    let vital = tag("step");
    SeenRow {
        scenario: line(&row.scenario, NAME),
        what: "under load".to_string(),
        browser: tag("browser"),
        count: show_count(row.count),
        failed: row.failed,
        times: times(&row.response_us, vital == "cls"),
        vital,
    }
}

/// `cls` has no unit: each 1 of it was counted as a millisecond.
fn times(us: &Summary, score: bool) -> [String; 4] {
    let show = |us: u64| match score {
        true => format!("{:.3}", us as f64 / 1_000.0),
        false => show_duration_us(us),
    };
    if us.count == 0 {
        return std::array::from_fn(|_| "–".to_string());
    }
    [us.p50, us.p90, us.p95, us.max].map(show)
}
