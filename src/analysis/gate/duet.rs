//! Compares two sides that ran at the same time: what disturbed one second of both cancels.

use super::estimate::{Estimate, STABLE};
use super::long_run::{long_run, mean, variance};
use super::moderate::{Difference, Fit, Prior};
use super::student;

/// What one restart of both sides came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// The candidate less the other side, on the metric's scale.
    pub d: f64,
    /// Its standard error within the restart, of paired seconds.
    pub se: f64,
    /// The degrees of freedom of that.
    pub nu: f64,
    /// So many samples of a side say as much as one independent one would, what disturbed both
    /// sides alike being out.
    pub deff: f64,
    /// Whether the pairs depend on each other so much that `se` is not honest.
    pub drifts: bool,
    /// Whether the candidate went first, or had the first port.
    pub first: bool,
}

impl Segment {
    /// As many independent samples would have said the same, of the side that has fewer.
    pub fn effective(&self, a: &Estimate, b: &Estimate) -> f64 {
        a.n.min(b.n) as f64 / self.deff
    }
}

/// Pairs the seconds (or turns) of the sides: `a` is what is compared with, `b` the candidate.
/// Seconds that only one side has pair with none.
pub fn segment(a: &Estimate, b: &Estimate, first: bool) -> Segment {
    let length = a.psi.len().max(b.psi.len());
    let at = |side: &Estimate, second: usize| side.psi.get(second).copied().unwrap_or(0.0);
    let pairs: Vec<f64> = (0..length).map(|second| at(b, second) - at(a, second)).collect();
    let found = long_run(&pairs);
    let seconds = length as f64;
    let nu = (seconds * (1.0 - found.rho) / (1.0 + found.rho) - 1.0).max(2.0);
    let square = seconds * found.variance;
    let chance = a.se * a.se / a.deff + b.se * b.se / b.deff;
    let deff = if chance > 0.0 { (square / chance).max(1.0) } else { 1.0 };
    let drifts = found.rho > STABLE;
    Segment { d: b.theta - a.theta, se: square.sqrt(), nu, deff, drifts, first }
}

/// All restarts together. None without one.
pub fn difference(segments: &[Segment], prior: Prior) -> Option<Difference> {
    if segments.is_empty() {
        return None;
    }
    let within = within(segments);
    let each: Vec<f64> = segments.iter().map(|segment| segment.d).collect();
    let d = mean(&each);
    let squares = each.iter().map(|each| (each - d).powi(2)).sum();
    let restarts = each.len() as f64;
    let fit = Fit { d, squares, df: restarts - 1.0, leverage: 1.0 / restarts };
    let mut all = fit.moderate(prior, within, 0.0);
    if let [one] = segments {
        // Of one restart nothing is known but its own error and the prior, each with its
        // degrees of freedom (Satterthwaite).
        let (tau, se) = (prior.tau.powi(4) / prior.df.max(1.0), within * within / one.nu);
        let total = prior.tau * prior.tau + within;
        all.df = if tau + se > 0.0 { total * total / (tau + se) } else { prior.df };
    }
    Some(all)
}

/// The variance of the restarts about their mean; 0 of fewer than two.
pub(super) fn spread(segments: &[Segment]) -> f64 {
    variance(&segments.iter().map(|segment| segment.d).collect::<Vec<_>>())
}

/// By how much the two orientations differ, where that is more than half of `margin` (both on the
/// metric's scale) and more than chance makes in one of a hundred duets.
pub fn asymmetry(segments: &[Segment], prior: Prior, margin: f64) -> Option<f64> {
    let side = |first: bool| -> Vec<f64> {
        let of = segments.iter().filter(|segment| segment.first == first);
        of.map(|segment| segment.d).collect()
    };
    let (with, without) = (side(true), side(false));
    if with.is_empty() || without.is_empty() {
        return None;
    }
    let squares = |values: &[f64]| {
        let middle = mean(values);
        values.iter().map(|value| (value - middle).powi(2)).sum::<f64>()
    };
    let fit = Fit {
        d: mean(&with) - mean(&without),
        squares: squares(&with) + squares(&without),
        df: segments.len() as f64 - 2.0,
        leverage: 1.0 / with.len() as f64 + 1.0 / without.len() as f64,
    };
    let found = fit.moderate(prior, within(segments), 0.0);
    let sure = found.t().abs() > student::upper(0.005, found.df);
    (sure && found.d.abs() > margin / 2.0).then_some(found.d)
}

/// The mean squared error within restarts.
pub(super) fn within(segments: &[Segment]) -> f64 {
    mean(&segments.iter().map(|segment| segment.se * segment.se).collect::<Vec<_>>())
}
