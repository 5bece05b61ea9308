//! Is what reports show of the slowest successes: when each was, and where its time went.

use serde::Serialize;

use super::foreign::line;
use super::numbers::in_browser;
use super::rows::NAME;
use crate::result::{PHASES, RunResult, SlowExample, StepResult};
use crate::units::{show_count, show_duration_us};

/// The most rows.
const ROWS: usize = 20;

/// The most characters of a request.
const REQUEST: usize = 300;

/// A slow success.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SlowRow {
    pub scenario: String,
    pub step: String,
    /// Its method and target; empty where nobody told.
    pub request: String,
    /// From the start of the load.
    pub due: String,
    /// Its iteration, which the seed of the run sends again.
    pub iteration: String,
    pub response: String,
    /// Where the time went, in the order in which it did.
    pub parts: Vec<SlowPart>,
}

/// A part of its time.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SlowPart {
    pub name: &'static str,
    pub took: String,
    /// Percent of the response time.
    pub share: f64,
}

/// The slowest successes of all steps, slowest first.
pub(super) fn slow(result: &RunResult) -> Vec<SlowRow> {
    let steps = result.steps.iter().filter(|step| !in_browser(step));
    let mut all: Vec<(&StepResult, &SlowExample)> =
        steps.flat_map(|step| step.slowest.iter().map(move |one| (step, one))).collect();
    all.sort_by_key(|(_, one)| std::cmp::Reverse(one.response_us));
    all.into_iter().take(ROWS).map(|(step, one)| row(step, one)).collect()
}

fn row(step: &StepResult, one: &SlowExample) -> SlowRow {
    let phases = PHASES.iter().map(|name| (*name, one.phases_us.get(*name).copied().unwrap_or(0)));
    let parts = [("no free user", one.blocked_us), ("generator late", one.lag_us)];
    let part = |(name, us): (&'static str, u64)| SlowPart {
        name,
        took: show_duration_us(us),
        share: share(us, one.response_us),
    };
    SlowRow {
        scenario: line(&step.scenario, NAME),
        step: line(&step.step, NAME),
        request: line(&one.request, REQUEST),
        due: show_duration_us(one.due_ms.saturating_mul(1_000)),
        iteration: show_count(one.iteration),
        response: show_duration_us(one.response_us),
        parts: parts.into_iter().chain(phases).filter(|(_, us)| *us > 0).map(part).collect(),
    }
}

fn share(us: u64, of: u64) -> f64 {
    let share = us as f64 / of.max(1) as f64;
    (share.min(1.0) * 1_000.0).round() / 10.0
}
