//! Says how the latencies of a step that failed have changed, percentile by percentile: all of
//! them alike, only the tail, or a part that has moved to a slower place.

use super::chart::{Axis, Chart, Colour, Line, QUANTILES, Scale, along, round_step};
use super::foreign::line;
use crate::analysis::gate::{Change, Shape, ShapeKind};
use crate::analysis::{Verdict, Word};

/// The most charts: whoever sees more than these fail looks at the table.
const CHARTS: usize = 4;

/// One chart for each step whose latency failed, the first few of them.
pub(super) fn shifts(verdict: &Verdict) -> Vec<Chart> {
    let rows = verdict.comparison.iter().flat_map(|of| &of.changes);
    let mut steps: Vec<(&Change, &Shape)> = Vec::new();
    for row in rows.filter(|row| row.word == Word::Fail) {
        let Some(shape) = row.shape.as_ref().filter(|shape| !shape.curve.is_empty()) else {
            continue;
        };
        let same = |(other, _): &(&Change, &Shape)| {
            (&other.scenario, &other.step) == (&row.scenario, &row.step)
        };
        if !steps.iter().any(same) {
            steps.push((row, shape));
        }
    }
    let numbered = steps.into_iter().take(CHARTS).enumerate();
    numbered.map(|(at, (row, shape))| shift(at + 1, row, shape)).collect()
}

fn shift(number: usize, row: &Change, shape: &Shape) -> Chart {
    let percent = |ln: f64| ln.clamp(-8.0, 8.0).exp_m1() * 100.0;
    let known = || shape.curve.iter().filter(|(q, ln, _)| (0.0..1.0).contains(q) && ln.is_finite());
    let points: Vec<(f64, f64)> = known().map(|(q, ln, _)| (along(*q), percent(*ln))).collect();
    let edge = |sign: f64| {
        known()
            .filter(|(_, _, half)| half.is_finite())
            .map(move |(q, ln, half)| (along(*q), percent(*ln + sign * half)))
    };
    let mut band: Vec<(f64, f64)> = edge(1.0).collect();
    let lower: Vec<(f64, f64)> = edge(-1.0).collect();
    band.extend(lower.into_iter().rev());
    let ends =
        |pick: fn(f64, f64) -> f64, from: f64| points.iter().map(|(x, _)| *x).fold(from, pick);
    let (first, last) = (ends(f64::min, along(0.5)), ends(f64::max, along(0.99)));
    let zero = Line {
        label: String::new(),
        colour: Colour::Brown,
        dashed: true,
        filled: false,
        points: vec![(first, 0.0), (last, 0.0)],
        band: Vec::new(),
    };
    let step = line(&row.step, 60);
    let lines = vec![
        zero,
        Line {
            label: kind(shape.kind).to_string(),
            colour: Colour::Red,
            dashed: false,
            filled: false,
            points,
            band,
        },
    ];
    let ticks = QUANTILES.iter().map(|(q, name)| (along(*q), name.to_string()));
    let ticks = ticks.filter(|(x, _)| (first..=last).contains(x)).collect();
    Chart {
        name: format!("shift-{number}"),
        title: format!("How the latency of {step} has changed, by percentile"),
        x: Axis { from: first, to: last, ticks, scale: Scale::Quantile },
        y: percent_axis(&lines),
        lines,
    }
}

fn kind(kind: ShapeKind) -> &'static str {
    match kind {
        ShapeKind::Uniform => "all of it slower, with its band",
        ShapeKind::Tail => "an added tail, with its band",
        ShapeKind::SecondMode => "a second mode, with its band",
        ShapeKind::Mixed => "the change, with its band",
    }
}

/// Changes in percent, with round ticks and zero among them.
fn percent_axis(lines: &[Line]) -> Axis {
    let heights = || lines.iter().flat_map(|line| line.points.iter().chain(&line.band));
    let most = heights().map(|(_, y)| *y).fold(1.0, f64::max);
    let least = heights().map(|(_, y)| *y).fold(0.0, f64::min);
    let step = round_step((most - least) / 5.0);
    let (from, to) = ((least / step).floor() as i64, (most / step).ceil() as i64);
    let ticks = (from..=to).map(|at| at as f64 * step);
    let label = |y: f64| if y == 0.0 { "±0%".to_string() } else { format!("{y:+.0}%") };
    Axis {
        from: from as f64 * step,
        to: to as f64 * step,
        ticks: ticks.map(|y| (y, label(y))).collect(),
        scale: Scale::Change,
    }
}
