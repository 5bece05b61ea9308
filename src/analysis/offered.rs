//! Judges whether the load was offered as planned: before errors, and long before latency.
//!
//! A latency under less load than was asked for answers another question.

use super::Word;
use super::finding::{Finding, Stage};
use super::measure::share;
use super::sla::Demand;
use crate::metric::Metric;
use crate::result::{Health, LoadResult, RunResult, ScenarioResult};
use crate::units::{show_count, show_duration_us, show_percent};

/// The share of the offered iterations that must have been begun, for the clock's granularity.
const ENOUGH: f64 = 0.99;

/// A load shorter than this share of its plan is worth a word.
const SHORT: f64 = 0.9;

/// Judges the load of each scenario.
pub(super) fn judge(result: &RunResult, demands: &[Demand]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for scenario in &result.scenarios {
        let Some(load) = &scenario.load else { continue };
        let allowed = demands.iter().any(|demand| {
            demand.scenario == scenario.name
                && demand.sla.as_ref().is_some_and(|sla| sla.metric == Metric::DroppedIterations)
        });
        findings.extend(waited(result, &scenario.name));
        // Of a run that was ended early this says nothing: that it was is a finding of its own.
        if result.run.ended_early.is_none() {
            findings.extend(offered(result, scenario, load, allowed));
            findings.extend(short(&scenario.name, load));
        }
    }
    findings
}

fn offered(
    result: &RunResult,
    scenario: &ScenarioResult,
    load: &LoadResult,
    allowed: bool,
) -> Option<Finding> {
    let name = &scenario.name;
    let offered = load.offered.unwrap_or(load.started.saturating_add(load.dropped));
    if offered == 0 || (load.offered.is_none() && load.dropped == 0) {
        return None;
    }
    let missing = offered.saturating_sub(load.started).max(load.dropped);
    let lost = share(missing, offered);
    let observed = format!("{} of {}", show_count(load.started), show_count(offered));
    if load.dropped == 0 && lost <= 1.0 - ENOUGH {
        let title = format!("the load was offered as planned: {observed} iterations were begun");
        return Some(Finding::new(Stage::Offered, Word::Pass, name, title).saw(
            "offered",
            observed,
            "all".to_string(),
        ));
    }
    let title = format!(
        "the offered load was not reached: {} of {} iterations ({}) were never begun",
        show_count(missing),
        show_count(offered),
        show_percent(lost)
    );
    let (word, reason) = cause(result, scenario, load);
    let found = Finding::new(Stage::Offered, word, name, title);
    let found = match allowed {
        // The SLA on dropped iterations is the demand then, and is judged as such.
        true => Finding { word: Word::Pass, ..found }.saw("offered", observed, String::new()),
        false => found.saw("offered", observed, "all".to_string()),
    };
    Some(found.because(&reason).because("What latency is shown is that of a smaller load."))
}

fn cause(result: &RunResult, scenario: &ScenarioResult, load: &LoadResult) -> (Word, String) {
    if load.started == 0
        && let Some(failure) = scenario.setup_failures.first()
    {
        let reason =
            format!("No virtual user was ready: their setup failed at `{}`.", failure.step);
        return (Word::Fail, reason);
    }
    if result.generator.health == Health::Invalid {
        let reason = "The machine that generated the load could not keep up, so this says nothing \
            of the target: give it more cores, or lower the rate.";
        return (Word::Invalid, reason.to_string());
    }
    if load.model == "open" {
        let reason = format!(
            "All {} virtual users were busy when they were due: the target answers slower than \
             the rate needs. Lower the rate, or raise `max-users` if the target may take longer.",
            show_count(load.users_max.into())
        );
        return (Word::Fail, reason);
    }
    let reason = "The time ran out first: the target is slower than the plan needs, or \
        `max-duration` is too short.";
    (Word::Fail, reason.to_string())
}

/// Iterations for which no virtual user was free in time: it is in their response time.
fn waited(result: &RunResult, scenario: &str) -> Option<Finding> {
    let steps = result.steps.iter().filter(|step| step.scenario == scenario);
    let worst = steps.map(|step| step.blocked_us).max_by_key(|blocked| blocked.max)?;
    if worst.max == 0 {
        return None;
    }
    let title = format!(
        "iterations waited for a free virtual user: the slowest hundredth of them {} or more, up \
         to {}",
        show_duration_us(worst.p99),
        show_duration_us(worst.max)
    );
    let found = Finding::new(Stage::Offered, Word::Pass, scenario, title);
    let reason = "That is a part of their response time: real visitors do not wait for each \
        other. `max-users` says how many may be busy at once.";
    Some(found.because(reason))
}

/// Load without a fixed number of iterations that ended well before its time.
fn short(scenario: &str, load: &LoadResult) -> Option<Finding> {
    let timed = load.offered.is_none() && load.planned_ms > 0;
    if !timed || load.duration_ms as f64 >= load.planned_ms as f64 * SHORT {
        return None;
    }
    let shown = |ms: u64| show_duration_us(ms.saturating_mul(1_000));
    let title = format!(
        "the load lasted {} of the {} planned",
        shown(load.duration_ms),
        shown(load.planned_ms)
    );
    let found = Finding::new(Stage::Offered, Word::Pass, scenario, title);
    Some(found.because("Data that ends (`at-end: stop`) does that; nothing else should."))
}
