//! Takes the number that an SLA speaks of out of a result.

use hdrhistogram::Histogram;

use crate::metric::{Metric, Scope, Sla};
use crate::result::histogram::{self, HistogramError};
use crate::result::{LoadResult, RunResult, StepResult};

/// What a metric came to, before it is made one number.
pub(super) enum Measured {
    /// Latencies, microseconds.
    Trend(Histogram<u64>),
    /// So many of so many.
    Share { hits: u64, of: u64 },
    /// A sum, and the seconds it took.
    Sum { sum: u64, seconds: f64 },
    /// A value.
    Gauge(u64),
    /// Nothing was recorded, and why that may be.
    Nothing(&'static str),
}

/// The kind that a request cut off by the end of the run has.
const INTERRUPTED: &str = "interrupted";

/// The steps that an SLA of `scenario` selects.
pub(super) fn selected<'a>(
    result: &'a RunResult,
    scenario: &'a str,
    sla: &'a Sla,
) -> impl Iterator<Item = &'a StepResult> {
    let vital = sla.metric.web_vital();
    let rows = match vital {
        Some(_) => &result.web_vitals,
        None => &result.steps,
    };
    rows.iter().filter(move |step| {
        let meant = vital.is_none_or(|vital| step.tags.get("step").is_some_and(|s| s == vital));
        meant && step.scenario == scenario && selects(sla, step)
    })
}

/// Whether a step has all the tags that an SLA names.
pub(super) fn selects(sla: &Sla, step: &StepResult) -> bool {
    sla.tags.iter().all(|(key, value)| match key.as_str() {
        "step" | "name" => step.step == *value,
        "scenario" => step.scenario == *value,
        _ => step.tags.get(key) == Some(value),
    })
}

/// Requests that failed and all requests, without those that the end of the run cut off: these
/// say nothing about the target.
pub(super) fn failures(step: &StepResult) -> (u64, u64) {
    let cut = step.failures.get(INTERRUPTED).copied().unwrap_or(0);
    (step.failed.saturating_sub(cut), step.count.saturating_sub(cut))
}

/// A share, 0 where there is nothing to share.
pub(super) fn share(hits: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { hits as f64 / of as f64 }
}

/// A sum that a forged file cannot overflow.
pub(super) fn total(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// What the metric of an SLA came to in one scenario's load.
pub(super) fn measure(
    sla: &Sla,
    load: &LoadResult,
    steps: &[&StepResult],
) -> Result<Measured, HistogramError> {
    if load.started == 0 && steps.iter().all(|step| step.count == 0) {
        return Ok(Measured::Nothing("The load never started."));
    }
    let wanted = sla.metric.of_browser();
    let fits = |step: &&&StepResult| wanted.is_none_or(|wanted| in_browser(step) == wanted);
    let fitting: Vec<&StepResult> = steps.iter().filter(fits).copied().collect();
    match sla.metric.scope() {
        Scope::Scenario => of_load(sla, load),
        Scope::Step if steps.is_empty() => {
            Ok(Measured::Nothing("No step of this scenario has these tags."))
        }
        Scope::Step if fitting.is_empty() => Ok(Measured::Nothing(match wanted {
            Some(true) => "No step with these tags is one of a browser.",
            _ => "No step with these tags is a request.",
        })),
        Scope::Step => of_steps(sla.metric, load, &fitting),
    }
}

/// Whether a step is one of a browser.
fn in_browser(step: &StepResult) -> bool {
    step.tags.contains_key("browser")
}

fn of_load(sla: &Sla, load: &LoadResult) -> Result<Measured, HistogramError> {
    // The whole scenario is either meant or not: a tag of a step selects no iteration.
    if sla.tags.iter().any(|(key, _)| key != "scenario") {
        return Ok(Measured::Nothing("Iterations have no tags but `scenario`."));
    }
    let sum = |sum| Measured::Sum { sum, seconds: seconds(load) };
    Ok(match sla.metric {
        Metric::Iterations => sum(load.completed),
        Metric::DroppedIterations => sum(load.dropped),
        Metric::Vus => Measured::Gauge(load.users.last().copied().unwrap_or(0).into()),
        Metric::VusMax => Measured::Gauge(load.users_max.into()),
        _ => trend(
            histogram::decode(&load.iteration_histogram)?,
            "No iteration was completed without a failure.",
        ),
    })
}

fn of_steps(
    metric: Metric,
    load: &LoadResult,
    steps: &[&StepResult],
) -> Result<Measured, HistogramError> {
    let all = |part: fn(&StepResult) -> u64| total(steps.iter().map(|step| part(step)));
    let sum = |sum| Measured::Sum { sum, seconds: seconds(load) };
    const NO_PHASE: &str = "No successful request did that, or they did it unseen.";
    const NO_SUCCESS: &str = "No successful response was recorded.";
    const NO_STEP: &str = "No browser step passed.";
    const NO_VITAL: &str = "No page told it: not every engine has it, and not every page.";
    Ok(match metric {
        Metric::HttpReqDuration => trend(
            histogram::merge(steps.iter().map(|step| step.histograms.response.as_str()))?,
            NO_SUCCESS,
        ),
        Metric::BrowserStepDuration => trend(
            histogram::merge(steps.iter().map(|step| step.histograms.response.as_str()))?,
            NO_STEP,
        ),
        Metric::HttpReqService => trend(
            histogram::merge(steps.iter().map(|step| step.histograms.service_text()))?,
            NO_SUCCESS,
        ),
        Metric::HttpReqLag => sum_of(steps, StepResult::lag_histogram)?,
        Metric::HttpReqBlocked => sum_of(steps, StepResult::blocked_histogram)?,
        Metric::HttpReqConnecting
        | Metric::HttpReqTlsHandshaking
        | Metric::HttpReqSending
        | Metric::HttpReqWaiting
        | Metric::HttpReqReceiving => of_phase(metric, steps, NO_PHASE)?,
        Metric::BrowserWebVitalTtfb
        | Metric::BrowserWebVitalFcp
        | Metric::BrowserWebVitalLcp
        | Metric::BrowserWebVitalCls
        | Metric::BrowserWebVitalInp => trend(
            histogram::merge(steps.iter().map(|step| step.histograms.response.as_str()))?,
            NO_VITAL,
        ),
        Metric::HttpReqFailed | Metric::BrowserStepFailed => {
            let (failed, of_all) = (all(|step| failures(step).0), all(|step| failures(step).1));
            let none = match metric {
                Metric::HttpReqFailed => "No request was made.",
                _ => "No browser step was done.",
            };
            of(failed, of_all, none)
        }
        Metric::Checks => {
            let checks = || steps.iter().flat_map(|step| &step.checks);
            let passed = total(checks().map(|check| check.passed));
            let failed = total(checks().map(|check| check.failed));
            of(passed, passed.saturating_add(failed), "No check was made.")
        }
        Metric::DataSent => sum(all(|step| step.bytes_sent)),
        Metric::DataReceived => sum(all(|step| step.bytes_received)),
        _ => sum(all(|step| step.count)),
    })
}

/// Of the times that only some of the samples have.
fn of_phase(
    metric: Metric,
    steps: &[&StepResult],
    none: &'static str,
) -> Result<Measured, HistogramError> {
    let phase = metric.phase().unwrap_or_default();
    let texts = steps.iter().filter_map(|step| step.histograms.phases.get(phase));
    Ok(trend(histogram::merge(texts.map(String::as_str))?, none))
}

/// Of a histogram that every request is in.
fn sum_of(
    steps: &[&StepResult],
    part: impl Fn(&StepResult) -> Result<Histogram<u64>, HistogramError>,
) -> Result<Measured, HistogramError> {
    let mut all = histogram::empty();
    for step in steps {
        all.add(part(step)?).map_err(|why| HistogramError::Contents(why.to_string()))?;
    }
    Ok(trend(all, "No request was made."))
}

fn trend(histogram: Histogram<u64>, none: &'static str) -> Measured {
    if histogram.is_empty() { Measured::Nothing(none) } else { Measured::Trend(histogram) }
}

fn of(hits: u64, of: u64, none: &'static str) -> Measured {
    match of {
        0 => Measured::Nothing(none),
        _ => Measured::Share { hits, of },
    }
}

fn seconds(load: &LoadResult) -> f64 {
    load.duration_ms as f64 / 1e3
}
