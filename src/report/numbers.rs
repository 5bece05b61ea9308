//! Is what formats for other programs share: the numbers of a run by step, without words.

use hdrhistogram::Histogram;

use super::foreign::line;
use super::rows::NAME;
use crate::analysis::quantile_interval;
use crate::result::histogram::{decode, merge};
use crate::result::{RunInfo, RunResult, StepResult};

/// The quantiles that are written, and their names.
pub(super) const QUANTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];

/// When a run began: milliseconds since 1970; 0 where the result does not tell it.
pub(super) fn began(run: &RunInfo) -> i64 {
    run.started.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}

/// `scenario › step`: the name of a series in other programs, the same from run to run, whatever
/// else is in the run.
pub(super) fn series(step: &StepResult) -> String {
    format!("{} › {}", line(&step.scenario, NAME), line(&step.step, NAME))
}

/// A quantile of a step's response times with its 90 % interval, in microseconds. The ends are
/// missing where there are too few samples for them.
pub(super) struct Quantile {
    pub name: &'static str,
    pub value: u64,
    pub interval: (Option<u64>, Option<u64>),
}

/// The quantiles of a step; none without a successful response.
pub(super) fn quantiles(step: &StepResult) -> Vec<Quantile> {
    let us = &step.response_us;
    if us.count == 0 {
        return Vec::new();
    }
    let histogram = decode(&step.histograms.response).ok().filter(|all| !all.is_empty());
    let known = [us.p50, us.p95, us.p99];
    let one = |((q, name), value): ((f64, &'static str), u64)| Quantile {
        name,
        value,
        interval: histogram.as_ref().map_or((None, None), |all| quantile_interval(all, q)),
    };
    QUANTILES.into_iter().zip(known).map(one).collect()
}

/// The share of a step's requests that failed; none where it was never reached.
pub(super) fn failed(step: &StepResult) -> Option<f64> {
    (step.count > 0).then(|| (step.failed as f64 / step.count as f64).min(1.0))
}

/// Whether a step is one of a browser, which is not a request.
pub(super) fn in_browser(step: &StepResult) -> bool {
    step.tags.contains_key("browser")
}

/// The response times of successful requests of a whole run, in microseconds; empty where they
/// cannot be read.
pub(super) fn responses(result: &RunResult) -> Histogram<u64> {
    let requests = result.steps.iter().filter(|step| !in_browser(step));
    merge(requests.map(|step| step.histograms.response.as_str()))
        .unwrap_or_else(|_| crate::result::histogram::empty())
}

/// Microseconds as milliseconds.
pub(super) fn ms(us: u64) -> f64 {
    us as f64 / 1e3
}
