//! Says how latencies have changed: all of them, a tail, or a part that has moved elsewhere.

use super::estimate::Estimate;
use super::measured::Measured;
use super::moderate::{Difference, Prior};
use super::rows::Pair;
use super::stored::{self, Point};
use super::{Change, Gate, Shape, ShapeKind, duet, student};
use crate::analysis::Word;

/// Where the change is looked at.
const QUANTILES: [f64; 9] = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.999];

/// How often the whole band misses somewhere.
const MISSED: f64 = 0.05;

/// Up to this part of the largest change a quantile has hardly changed.
const HARDLY: f64 = 0.25;

/// Up to this part of the largest change the median has not moved with the rest.
const HALF: f64 = 0.5;

/// The shape of a change against stored runs, where there is one worth a picture.
pub(super) fn of_pair(change: &Change, pair: &Pair<'_>, gate: &Gate) -> Option<Shape> {
    if !worth(change) {
        return None;
    }
    let (before, after) = (curves(&pair.before, change), curves(&pair.after, change));
    let prior = Prior::of(gate.noise.between_runs);
    let differences = (0..QUANTILES.len()).map(|at| {
        let points = |runs: &[Vec<Option<Estimate>>]| -> Vec<Point> {
            let known = runs.iter().filter_map(|run| run[at].as_ref());
            known.map(|one| Point { theta: one.theta, se: one.se, probe: None }).collect()
        };
        stored::difference(&points(&before), &points(&after), prior)
    });
    draw(&differences.collect::<Vec<_>>())
}

/// The shape of a change between the sides of a duet; `first` says of each restart whether the
/// candidate went first.
pub(super) fn of_sides(
    change: &Change,
    (a, b): (&[Measured<'_>], &[Measured<'_>]),
    gate: &Gate,
) -> Option<Shape> {
    if !worth(change) {
        return None;
    }
    let (before, after) = (curves(a, change), curves(b, change));
    let prior = Prior::of(gate.noise.between_sides);
    let differences = (0..QUANTILES.len()).map(|at| {
        let pairs = before.iter().zip(&after);
        let segments: Vec<duet::Segment> = pairs
            .filter_map(|(a, b)| Some(duet::segment(a[at].as_ref()?, b[at].as_ref()?, false)))
            .collect();
        duet::difference(&segments, prior)
    });
    draw(&differences.collect::<Vec<_>>())
}

/// Only what has changed has a shape.
fn worth(change: &Change) -> bool {
    change.metric.quantile().is_some() && (change.word == Word::Fail || change.improved)
}

fn curves(runs: &[Measured<'_>], change: &Change) -> Vec<Vec<Option<Estimate>>> {
    runs.iter().map(|run| run.quantiles(&change.step, &QUANTILES)).collect()
}

/// A band that all quantiles lie in together, with the shape that it has.
fn draw(differences: &[Option<Difference>]) -> Option<Shape> {
    let known = differences.iter().flatten().count();
    if known < 3 {
        return None;
    }
    let each = MISSED / 2.0 / known as f64;
    let point = |(q, found): (&f64, &Option<Difference>)| {
        let found = (*found)?;
        Some((*q, found.d, student::upper(each, found.df) * found.sd))
    };
    let curve: Vec<_> = QUANTILES.iter().zip(differences).filter_map(point).collect();
    Some(Shape { kind: classify(&curve), curve })
}

/// The word for a curve of quantile, change and half band.
pub fn classify(curve: &[(f64, f64, f64)]) -> ShapeKind {
    let surest =
        |one: &&(f64, f64, f64), other: &&(f64, f64, f64)| one.1.abs().total_cmp(&other.1.abs());
    let Some((_, largest, _)) = curve.iter().max_by(surest) else { return ShapeKind::Mixed };
    let sign = largest.signum();
    let most = largest.abs();
    let low = curve.iter().map(|(_, d, _)| d * sign).fold(f64::INFINITY, f64::min);
    let up_to = |limit: f64| {
        let within = curve.iter().filter(|(q, _, _)| *q <= limit);
        within.map(|(_, d, _)| d * sign).fold(f64::NEG_INFINITY, f64::max)
    };
    if low >= (1.0 - HALF) * most {
        return ShapeKind::Uniform;
    }
    let calm = low >= -HARDLY * most;
    match () {
        () if calm && up_to(0.9) <= HARDLY * most => ShapeKind::Tail,
        () if calm && up_to(0.5) <= HALF * most => ShapeKind::SecondMode,
        () => ShapeKind::Mixed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(changes: [f64; 9]) -> ShapeKind {
        let curve: Vec<_> = QUANTILES.iter().zip(changes).map(|(q, d)| (*q, d, 0.02)).collect();
        classify(&curve)
    }

    #[test]
    fn the_shapes_of_the_protocol_have_their_names() {
        assert_eq!(kind([0.1; 9]), ShapeKind::Uniform);
        assert_eq!(kind([-0.1; 9]), ShapeKind::Uniform);
        // 2 % of the requests four times as slow, and 10 % twice as slow.
        let tail = [0.003, 0.006, 0.012, 0.025, 0.055, 0.092, 0.22, 0.38, 0.55];
        assert_eq!(kind(tail), ShapeKind::Tail);
        let mode = [0.01, 0.025, 0.057, 0.10, 0.15, 0.175, 0.22, 0.27, 0.33];
        assert_eq!(kind(mode), ShapeKind::SecondMode);
        let crossed = [-0.2, -0.1, 0.0, 0.05, 0.1, 0.2, 0.2, 0.2, 0.2];
        assert_eq!(kind(crossed), ShapeKind::Mixed);
        assert_eq!(classify(&[]), ShapeKind::Mixed);
    }
}
