//! Learns from duets of one and the same build how far equal sides differ.

use super::duet::{Segment, segment};
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

/// So many restarts must tell a step's p95 for the step to teach anything, of which a variance is.
const LEAST: usize = 3;

/// The standard deviation of the difference of two equal sides between restarts, without the
/// error within them: the mean over all steps that can tell it in three restarts, and in four of
/// five. Restarts that cannot are those that met the most noise: without many of them the rest
/// would seem quieter than the machine is. None where there is no such step. The error is of the
/// first histogram that cannot be read.
pub fn between_sides(
    restarts: &[(RunResult, RunResult)],
) -> Result<Option<Learnt>, HistogramError> {
    let runs: Vec<&RunResult> = restarts.iter().flat_map(|(a, b)| [a, b]).collect();
    let mut variances = Vec::new();
    let mut told = restarts.len();
    for scenario in fitting::scenarios(runs.first().copied()) {
        if !fitting::same_load(scenario, &runs) {
            continue;
        }
        let both = sides(restarts, scenario)?;
        for name in both.names() {
            let pairs = both.step(name).unwrap_or_default();
            let pair = |(a, b): &(&Step<'_>, &Step<'_>)| {
                let (a, b) = (a.latency[P95].as_ref().ok()?, b.latency[P95].as_ref().ok()?);
                Some(segment(a, b, false))
            };
            let found: Vec<_> = pairs.iter().filter_map(pair).collect();
            if found.len() < LEAST.max((restarts.len() * 4).div_ceil(5)) {
                continue;
            }
            told = told.min(found.len());
            variances.push(between(&found));
        }
    }
    Ok(learnt(&variances, told))
}

/// The variance between restarts that their own errors leave over (R. C. Paule, J. Mandel:
/// Consensus values and weighting factors, 1982): with it, squares in units of their error have the
/// mean 1. A plain mean of squares less that of errors would be decided by the one restart that met
/// a stall. Equal sides differ by nothing: their mean is known, and costs no restart.
fn between(found: &[Segment]) -> f64 {
    let explains = |variance: f64| {
        let square =
            |one: &Segment| one.d * one.d / (variance + one.se * one.se).max(f64::MIN_POSITIVE);
        mean(&found.iter().map(square).collect::<Vec<_>>()) <= 1.0
    };
    if explains(0.0) {
        return 0.0;
    }
    // All squares together are more than enough: the mean falls as the variance grows.
    let (mut low, mut high) = (0.0, found.iter().map(|one| one.d * one.d).sum::<f64>());
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        (low, high) = if explains(middle) { (low, middle) } else { (middle, high) };
    }
    high
}

/// Of steps that so many restarts or runs tell. A variance below nought is chance: it counts in the
/// mean, and nothing less than none comes out.
pub(super) fn learnt(variances: &[f64], told: usize) -> Option<Learnt> {
    if variances.is_empty() {
        return None;
    }
    let sd = mean(variances).max(QUIETEST * QUIETEST).sqrt();
    Some(Learnt { sd, steps: variances.len() as u32, told: told as u32 })
}
