//! Learns from runs of one build by how much they differ although nothing has changed.
//!
//! Five runs teach as many degrees of freedom as a comparison gives its prior (`Prior::of`). What
//! the samples within a run explain is taken off: it is known anew of each run, and a longer one
//! has less of it.

use super::against::measure;
use super::equal_sides::learnt;
use super::fitting;
use super::long_run::mean;
use super::measured::Measured;
use super::stored::{self, Point};
use crate::result::RunResult;
use crate::result::histogram::HistogramError;

/// The place of p95 among the quantiles that are measured.
const P95: usize = 1;

/// A noise, and of how many steps it is the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learnt {
    /// The standard deviation of ln p95.
    pub sd: f64,
    /// Steps that had enough samples.
    pub steps: u32,
    /// Runs, or restarts, that each of these steps has taught of; some steps maybe of more.
    pub told: u32,
}

/// The noise from run to run, of all steps that every run can tell the p95 of; none where there
/// is no such step, or fewer than two runs.
///
/// # Errors
/// When a histogram of them cannot be read.
pub fn between_runs(runs: &[&RunResult]) -> Result<Option<Learnt>, HistogramError> {
    let Some(first) = runs.first().filter(|_| runs.len() > 1) else { return Ok(None) };
    let mut variances = Vec::new();
    for scenario in fitting::scenarios(Some(first)) {
        if !fitting::same_load(scenario, runs) {
            continue;
        }
        let measured = measure(runs, scenario)?;
        for step in &measured[0].steps {
            let points: Vec<Point> =
                measured.iter().filter_map(|run| point(run, &step.step.step)).collect();
            if points.len() == runs.len() {
                let within: Vec<f64> = points.iter().map(|point| point.se * point.se).collect();
                variances.extend(stored::spread(&points).map(|all| all - mean(&within)));
            }
        }
    }
    Ok(learnt(&variances, runs.len()))
}

fn point(run: &Measured<'_>, step: &str) -> Option<Point> {
    let found = run.step(step)?.latency[P95].as_ref().ok()?;
    let probe = run.probe.map(|probe| probe.middle.ln());
    Some(Point { theta: found.theta, se: found.se, probe })
}
