//! Compares runs with stored ones: one more run is a prediction, so its own noise counts in full.

use super::long_run::mean;
use super::moderate::{Difference, Fit, Prior};

/// What one run has to say on a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The metric on its scale.
    pub theta: f64,
    /// Its standard error within the run.
    pub se: f64,
    /// ln of the machine's probe in that run, where there was one.
    pub probe: Option<f64>,
}

/// The slope of ln latency on ln probe that is believed before any run is seen: of work that the
/// processor does it would be 1, of waiting 0.
const SLOPE: f64 = 0.8;

/// How firmly: as much as four runs whose probes spread by 2 %.
const FIRMNESS: f64 = 4.0 * 0.02 * 0.02;

/// The slope is never believed to be more than this.
const STEEPEST: f64 = 1.2;

/// The candidates' mean against the baselines', the machine's speed taken out where all of them
/// have a probe. None without a run on both sides.
pub fn difference(baselines: &[Point], candidates: &[Point], prior: Prior) -> Option<Difference> {
    let fit = fit(baselines, candidates)?;
    let square = |point: &Point| point.se * point.se;
    let within = mean(&baselines.iter().map(square).collect::<Vec<_>>());
    let new = mean(&candidates.iter().map(square).collect::<Vec<_>>());
    Some(fit.moderate(prior, within, (new - within).max(0.0)))
}

/// The variance of the baselines about what they say together; none of too few.
pub(super) fn spread(baselines: &[Point]) -> Option<f64> {
    let fit = fit(baselines, baselines)?;
    (fit.df > 0.0).then(|| fit.squares / fit.df)
}

fn fit(baselines: &[Point], candidates: &[Point]) -> Option<Fit> {
    if baselines.is_empty() || candidates.is_empty() {
        return None;
    }
    let thetas = |points: &[Point]| points.iter().map(|point| point.theta).collect::<Vec<_>>();
    let probes = |points: &[Point]| points.iter().map(|p| p.probe).collect::<Option<Vec<f64>>>();
    let (before, after) = (thetas(baselines), thetas(candidates));
    let (n, m) = (before.len() as f64, after.len() as f64);
    let middle = mean(&before);
    let d = mean(&after) - middle;
    let (Some(slow), Some(slow_now)) = (probes(baselines), probes(candidates)) else {
        let squares = before.iter().map(|theta| (theta - middle).powi(2)).sum();
        return Some(Fit { d, squares, df: n - 1.0, leverage: 1.0 / m + 1.0 / n });
    };
    let usual = mean(&slow);
    let off: Vec<f64> = slow.iter().map(|probe| probe - usual).collect();
    let now = mean(&slow_now) - usual;
    let spread = off.iter().map(|x| x * x).sum::<f64>() + FIRMNESS;
    let common = off.iter().zip(&before).map(|(x, theta)| x * (theta - middle)).sum::<f64>();
    let slope = ((common + SLOPE * FIRMNESS) / spread).clamp(0.0, STEEPEST);
    let residuals = off.iter().zip(&before).map(|(x, theta)| theta - middle - slope * x);
    let squares = residuals.map(|residual| residual * residual).sum();
    Some(Fit {
        d: d - slope * now,
        squares,
        // The slope costs one, but one run alone has none to give.
        df: (n - 2.0).max(0.0),
        leverage: 1.0 / m + 1.0 / n + now * now / spread,
    })
}
