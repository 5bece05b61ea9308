//! Says how the latencies of a run are spread: which share of its requests took how long.

use hdrhistogram::Histogram;

use super::chart::{Axis, Chart, Colour, Line, Scale, height, latency_axis, round_step};
use super::numbers::responses;
use crate::result::RunResult;

/// Bins along the axis, each as wide as the others by its logarithm.
const BINS: usize = 72;

/// Of the requests at either end so many are left out: a single straggler would press all others
/// together.
const BEYOND: f64 = 0.001;

/// The latencies of successful requests of all steps, and those of the baseline.
pub(super) fn density(result: &RunResult, baseline: Option<&RunResult>) -> Chart {
    let own = responses(result);
    let old =
        baseline.map(responses).unwrap_or_else(|| responses(&crate::result::journal::blank()));
    let ends: Vec<f64> = [&own, &old]
        .into_iter()
        .filter(|all| !all.is_empty())
        .flat_map(|all| [BEYOND, 1.0 - BEYOND].map(|q| height(all.value_at_quantile(q))))
        .collect();
    let span = Line { points: ends.iter().map(|x| (*x, *x)).collect(), ..line("", Colour::Blue) };
    let x = latency_axis(&[span]);
    let mut lines = Vec::new();
    if !old.is_empty() && !own.is_empty() {
        let points = bins(&old, &x);
        lines.push(Line { dashed: true, filled: false, points, ..line("", Colour::Blue) });
    }
    if !own.is_empty() {
        lines.push(Line { points: bins(&own, &x), ..line("all steps", Colour::Blue) });
    }
    let against = if lines.len() > 1 { " (dashed: the baseline)" } else { "" };
    Chart {
        name: "density".to_string(),
        title: format!("How the latencies are spread{against}"),
        x,
        y: share_axis(&lines),
        lines,
    }
}

fn line(label: &str, colour: Colour) -> Line {
    let (points, band) = (Vec::new(), Vec::new());
    Line { label: label.to_string(), colour, dashed: false, filled: true, points, band }
}

/// The middle of each bin, and the percent of all requests in it.
fn bins(all: &Histogram<u64>, x: &Axis) -> Vec<(f64, f64)> {
    let width = (x.to - x.from) / BINS as f64;
    let mut counts = [0_u64; BINS];
    for at in all.iter_recorded() {
        let place = (height(at.value_iterated_to()) - x.from) / width;
        if (0.0..=BINS as f64).contains(&place) {
            let bin = (place as usize).min(BINS - 1);
            counts[bin] = counts[bin].saturating_add(at.count_since_last_iteration());
        }
    }
    let share = |count: u64| 100.0 * count as f64 / all.len().max(1) as f64;
    let middle = |bin: usize| x.from + (bin as f64 + 0.5) * width;
    counts.iter().enumerate().map(|(bin, count)| (middle(bin), share(*count))).collect()
}

/// Percent from nought to the highest point, at most 100.
pub(super) fn share_axis(lines: &[Line]) -> Axis {
    let heights = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
    let most = heights.fold(1.0, f64::max).min(100.0);
    let step = round_step(most / 4.0);
    let steps = (most / step).ceil() as u64;
    let ticks = (0..=steps).map(|at| at as f64 * step).map(|y| (y, format!("{y:.0}%")));
    Axis { from: 0.0, to: steps as f64 * step, ticks: ticks.collect(), scale: Scale::Percent }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::histogram::empty;

    #[test]
    fn each_request_is_in_one_bin() {
        let mut all = empty();
        for us in [900, 1_000, 1_001, 40_000, 90_000] {
            all.record(us).expect("it grows");
        }
        let span = vec![(height(500), height(500)), (height(100_000), height(100_000))];
        let x = latency_axis(&[Line { points: span, ..line("", Colour::Blue) }]);
        let points = bins(&all, &x);
        let sum: f64 = points.iter().map(|(_, share)| share).sum();
        assert!((sum - 100.0).abs() < 1e-9, "{sum}");
        assert_eq!(points.iter().filter(|(_, share)| *share > 0.0).count(), 4);
    }
}
