//! Checks that a result says nothing that no run can have written.
//!
//! What is compared with may come from anywhere. A file can be whole JSON and still hold a forged
//! histogram or counts that contradict each other: then it is told, and nothing is judged by it.

use std::collections::BTreeSet;

use super::histogram::{self, HistogramError};
use super::{MachineNoise, NOISE_FORMAT, RunResult, StepResult, Summary};

/// No load lasts longer, and a number of seconds beyond it is forged.
const LONGEST_S: u64 = 31 * 86_400;

/// No latency is longer, in microseconds: a day.
const SLOWEST_US: u64 = 86_400_000_000;

/// Where a result contradicts itself, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("holds what no run can have written: {0}")]
pub struct Unsound(String);

/// Looks for what no run can have written: in the numbers of steps, their histograms and seconds.
///
/// # Errors
/// The first contradiction found.
pub fn check_sound(result: &RunResult) -> Result<(), Unsound> {
    let bad = |what: String| Err(Unsound(what));
    if result.run.id.is_empty() {
        return bad("the run has no id".to_string());
    }
    if result.machine.fingerprint.is_empty() {
        return bad("the machine has no fingerprint".to_string());
    }
    for scenario in &result.scenarios {
        let Some(load) = &scenario.load else { continue };
        if load.duration_ms.max(load.planned_ms) / 1_000 > LONGEST_S {
            return bad(format!("the load of `{}` lasted more than a month", scenario.name));
        }
    }
    let known: BTreeSet<&str> = result.scenarios.iter().map(|one| one.name.as_str()).collect();
    if known.len() < result.scenarios.len() {
        return bad("two scenarios have the same name".to_string());
    }
    let mut seen = BTreeSet::new();
    for step in result.steps.iter().chain(&result.web_vitals) {
        let in_step = |what: String| Unsound(format!("in the step `{}`, {what}", step.step));
        if !known.contains(step.scenario.as_str()) {
            return Err(in_step(format!("there is no scenario `{}`", step.scenario)));
        }
        check_step(step).map_err(in_step)?;
    }
    for step in &result.steps {
        if !seen.insert((&step.scenario, &step.step)) {
            return bad(format!("the step `{}` is there twice", step.step));
        }
    }
    Ok(())
}

fn check_step(step: &StepResult) -> Result<(), String> {
    if step.failed > step.count {
        return Err(format!("{} of {} requests failed", step.failed, step.count));
    }
    if !step.rate.is_finite() || step.rate < 0.0 {
        return Err(format!("the rate is {}", step.rate));
    }
    check_summary(&step.response_us)?;
    let told = |error: HistogramError| error.to_string();
    let whole = histogram::decode(&step.histograms.response).map_err(told)?;
    let good = step.count - step.failed;
    if whole.len() != step.response_us.count || whole.len() > good {
        return Err(format!(
            "the histogram has {} samples, the summary {}, and {good} requests succeeded",
            whole.len(),
            step.response_us.count
        ));
    }
    if whole.max() > SLOWEST_US {
        return Err("a response took more than a day".to_string());
    }
    if histogram::decode(&step.histograms.failed).map_err(told)?.len() > step.failed {
        return Err("more failures have a latency than there are".to_string());
    }
    check_seconds(step)
}

fn check_summary(seen: &Summary) -> Result<(), String> {
    let rising = [seen.min, seen.p50, seen.p90, seen.p95, seen.p99];
    let rises = rising.is_sorted() && seen.p99 <= seen.max;
    if !rises || !seen.mean.is_finite() || seen.mean < 0.0 {
        return Err("the percentiles do not rise from the least to the greatest".to_string());
    }
    Ok(())
}

fn check_seconds(step: &StepResult) -> Result<(), String> {
    let (mut before, mut count, mut failed) = (None, 0_u64, 0_u64);
    for slice in &step.slices {
        if before.is_some_and(|before| slice.second < before) {
            return Err(format!("second {} comes after a later one", slice.second));
        }
        if u64::from(slice.second) > LONGEST_S {
            return Err(format!("there is a second {}", slice.second));
        }
        if slice.failed > slice.count {
            return Err(format!("more requests failed in second {} than there were", slice.second));
        }
        before = Some(slice.second);
        count = count.saturating_add(slice.count);
        failed = failed.saturating_add(slice.failed);
    }
    // A step whose seconds were not kept has none at all.
    if !step.slices.is_empty() && (count > step.count || failed > step.failed) {
        return Err(format!("its seconds have {count} requests, and all have {}", step.count));
    }
    Ok(())
}

/// Looks for what no calibration can have learnt.
///
/// # Errors
/// The first contradiction found.
pub fn check_noise(noise: &MachineNoise) -> Result<(), Unsound> {
    let bad = |what: String| Err(Unsound(what));
    if noise.format != NOISE_FORMAT {
        return bad(format!(
            "its format is {}, and this version of Taster reads format {NOISE_FORMAT}",
            noise.format
        ));
    }
    for learnt in [&noise.between_runs, &noise.between_sides].into_iter().flatten() {
        if !learnt.sd.is_finite() || learnt.sd <= 0.0 || learnt.sd > 1.0 {
            return bad(format!("a standard deviation of {}", learnt.sd));
        }
        if learnt.runs.is_empty() || learnt.steps == 0 {
            return bad("a noise that was learnt from nothing".to_string());
        }
    }
    Ok(())
}
