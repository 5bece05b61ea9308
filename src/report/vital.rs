//! Says how the generator fared over time: what it worked and waited, and how late it was.

use super::chart::{Chart, Colour, Line, POINTS, height, latency_axis, time_axis};
use super::density::share_axis;
use crate::result::RunResult;

/// The charts of the generator; each without lines where nothing is known.
pub(super) fn generator(result: &RunResult) -> [Chart; 2] {
    let of = &result.generator;
    let share = |seconds: &[f32]| most(seconds, |share| f64::from(*share) * 100.0);
    let busy = [
        ("busiest thread at work", Colour::Blue, share(&of.thread_cpu)),
        ("waiting for a core", Colour::Red, share(&of.queued)),
        ("kept by the host", Colour::Brown, share(&of.stolen)),
    ];
    let late = [
        ("late to begin (p99)", Colour::Purple, most(&of.lag_p99_us, |us| height(*us))),
        ("its loop stood still", Colour::Orange, most(&of.loop_gap_us, |us| height(*us))),
    ];
    let (busy, late) = (lines(busy), lines(late));
    let last = of.cpu.len().saturating_sub(1) as u32;
    [
        Chart {
            name: "generator".to_string(),
            title: "The generator: percent of a core, of its worst thread".to_string(),
            x: time_axis(0, last),
            y: share_axis(&busy),
            lines: busy,
        },
        Chart {
            name: "lateness".to_string(),
            title: "The generator: how late it was itself".to_string(),
            x: time_axis(0, last),
            y: latency_axis(&late),
            lines: late,
        },
    ]
}

/// The worst of so many seconds as there are to a point.
fn most<T>(seconds: &[T], show: impl Fn(&T) -> f64) -> Vec<(f64, f64)> {
    let width = seconds.len() / POINTS as usize + 1;
    let worst = |part: &[T]| part.iter().map(&show).fold(0.0, f64::max);
    let points = seconds.chunks(width).enumerate();
    points.map(|(at, part)| ((at * width) as f64, worst(part))).collect()
}

/// What a line is called, its colour, and its points.
type Named = (&'static str, Colour, Vec<(f64, f64)>);

fn lines<const N: usize>(all: [Named; N]) -> Vec<Line> {
    let line = |(label, colour, points): Named| Line {
        label: label.to_string(),
        colour,
        dashed: false,
        filled: false,
        points,
        band: Vec::new(),
    };
    all.into_iter().filter(|(_, _, points)| !points.is_empty()).map(line).collect()
}
