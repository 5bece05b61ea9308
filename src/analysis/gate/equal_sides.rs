//! Learns from duets of one and the same build how far equal sides differ.

use super::duet::segment;
use super::fitting;
use super::learn::Learnt;
use super::long_run::mean;
use super::measured::Step;
use super::sides::sides;
use crate::result::RunResult;
use crate::result::histogram::HistogramError;

/// The place of p95 among the quantiles that are measured.
const P95: usize = 1;

/// No machine is believed to be quieter than this, as few restarts may agree by chance.
const QUIETEST: f64 = 0.005;

/// The standard deviation of the difference of two equal sides between restarts, without the
/// error within them: the mean over all steps. None of fewer than three restarts, and where no step
/// has enough samples. The error is of the first histogram that cannot be read.
pub fn between_sides(
    restarts: &[(RunResult, RunResult)],
) -> Result<Option<Learnt>, HistogramError> {
    let runs: Vec<&RunResult> = restarts.iter().flat_map(|(a, b)| [a, b]).collect();
    let mut variances = Vec::new();
    for scenario in fitting::scenarios(runs.first().copied()) {
        if !fitting::same_load(scenario, &runs) || restarts.len() < 3 {
            continue;
        }
        let both = sides(restarts, scenario)?;
        for name in both.names() {
            let pairs = both.step(name).unwrap_or_default();
            let pair = |(a, b): &(&Step<'_>, &Step<'_>)| {
                let (a, b) = (a.latency[P95].as_ref().ok()?, b.latency[P95].as_ref().ok()?);
                Some(segment(a, b, false))
            };
            let Some(found) = pairs.iter().map(pair).collect::<Option<Vec<_>>>() else { continue };
            // Equal sides differ by nothing: their mean is known, and costs no restart.
            let squares: Vec<f64> = found.iter().map(|one| one.d * one.d).collect();
            let within: Vec<f64> = found.iter().map(|one| one.se * one.se).collect();
            variances.push(mean(&squares) - mean(&within));
        }
    }
    Ok(learnt(&variances))
}

/// A variance below nought is chance: it counts in the mean, and nothing less than none comes out.
pub(super) fn learnt(variances: &[f64]) -> Option<Learnt> {
    if variances.is_empty() {
        return None;
    }
    let sd = mean(variances).max(QUIETEST * QUIETEST).sqrt();
    Some(Learnt { sd, steps: variances.len() as u32 })
}
