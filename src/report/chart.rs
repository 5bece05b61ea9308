//! Says what the charts show: points, labels and colours, and nothing of how they are drawn.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::foreign::line;
use super::rows::Report;
use crate::result::histogram::{decode, empty};
use crate::result::{RunResult, StepResult};
use crate::units::{show_count, show_duration_us};

/// One chart: axes with labelled ticks, and lines.
pub(super) struct Chart {
    /// The file's name without its ending.
    pub name: String,
    /// Above the chart, and for those who cannot see it.
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub lines: Vec<Line>,
}

/// An axis: its ends, and where ticks are, with their labels.
pub(super) struct Axis {
    pub from: f64,
    pub to: f64,
    pub ticks: Vec<(f64, String)>,
    pub scale: Scale,
}

/// What the numbers along an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Seconds from the start of the load.
    Time,
    /// Quantiles: see `along`.
    Quantile,
    /// Microseconds, by their decimal logarithm.
    Latency,
    /// How many, also in a second.
    Count,
    /// Percent of a whole.
    Percent,
    /// Growth in percent.
    Change,
}

/// A line.
pub(super) struct Line {
    pub label: String,
    pub colour: Colour,
    /// Dashed for what is only there to compare with.
    pub dashed: bool,
    /// With the area below it.
    pub filled: bool,
    pub points: Vec<(f64, f64)>,
    /// The area in which it may lie: along its upper edge and back along the lower one.
    pub band: Vec<(f64, f64)>,
}

/// The colours of lines, told apart by those who see few colours too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Blue,
    Orange,
    Green,
    Purple,
    Brown,
    Red,
}

/// Steps beyond these are left out of the distribution: more lines cannot be told apart.
const STEPS: [Colour; 5] =
    [Colour::Blue, Colour::Orange, Colour::Green, Colour::Purple, Colour::Brown];

/// The quantiles of the distribution's axis.
pub(super) const QUANTILES: [(f64, &str); 6] =
    [(0.0, "min"), (0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p99.9")];

/// The most points along the time.
pub(super) const POINTS: u32 = 120;

/// All charts of a report; one without data has no lines.
pub(super) fn charts(report: &Report<'_>) -> [Chart; 4] {
    let seconds = seconds(report.result);
    [
        distribution(report.result, report.baseline),
        percentiles(&seconds),
        rate(&seconds),
        users(report.result),
    ]
}

/// What happened in some second, all steps together.
pub(super) struct Moment {
    pub second: u32,
    /// The seconds of it that the load was to last; none of what came after its end.
    width: u32,
    pub good: u64,
    pub failed: u64,
    response: Histogram<u64>,
}

pub(super) fn seconds(result: &RunResult) -> Vec<Moment> {
    let slices = || result.steps.iter().flat_map(|step| &step.slices);
    let last = slices().map(|slice| slice.second).max().unwrap_or(0);
    let width = last / POINTS + 1;
    let end = load_end(result).unwrap_or(last + 1);
    let mut moments: BTreeMap<u32, Moment> = BTreeMap::new();
    for slice in slices() {
        let second = slice.second / width * width;
        let moment = moments.entry(second).or_insert_with(|| Moment {
            second,
            width,
            good: 0,
            failed: 0,
            response: empty(),
        });
        let good = slice.count.saturating_sub(slice.failed);
        moment.good = moment.good.saturating_add(good);
        moment.failed = moment.failed.saturating_add(slice.failed);
        // A broken histogram is the judge's to report; a chart goes without.
        if let Ok(part) = decode(&slice.histograms.response) {
            let _ = moment.response.add(&part);
        }
    }
    let mut moments = fill_gaps(moments, width, last);
    for moment in &mut moments {
        moment.width = covered(end, width, moment.second);
    }
    moments
}

/// How many of some seconds are before the end of the load.
fn covered(end: u32, width: u32, second: u32) -> u32 {
    width.min(end.saturating_sub(second))
}

/// The second with which the last load was to end.
fn load_end(result: &RunResult) -> Option<u32> {
    let loads = result.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
    let end = loads.map(|load| load.planned_ms.div_ceil(1_000)).max().filter(|end| *end > 0)?;
    Some(u32::try_from(end).unwrap_or(u32::MAX))
}

/// Seconds in which nothing happened are zero, not a line between their neighbours.
fn fill_gaps(mut moments: BTreeMap<u32, Moment>, width: u32, last: u32) -> Vec<Moment> {
    let Some(first) = moments.keys().next().copied() else { return Vec::new() };
    for second in (first..=last).step_by(width as usize) {
        moments.entry(second).or_insert_with(|| Moment {
            second,
            width,
            good: 0,
            failed: 0,
            response: empty(),
        });
    }
    moments.into_values().collect()
}

pub(super) fn distribution(result: &RunResult, baseline: Option<&RunResult>) -> Chart {
    let mut steps: Vec<&StepResult> =
        result.steps.iter().filter(|step| step.response_us.count > 0).collect();
    steps.sort_by_key(|step| std::cmp::Reverse(step.response_us.p95));
    let left_out = steps.len().saturating_sub(STEPS.len());
    let mut lines = Vec::new();
    for (step, colour) in steps.into_iter().zip(STEPS) {
        let same = |old: &&StepResult| old.scenario == step.scenario && old.step == step.step;
        let old = baseline.and_then(|base| base.steps.iter().find(same));
        lines.extend(old.map(|old| spread(old, colour, true)));
        lines.push(spread(step, colour, false));
    }
    lines.retain(|line| !line.points.is_empty());
    let more = match left_out {
        0 => String::new(),
        _ => format!(", the {} slowest steps", STEPS.len()),
    };
    let against = if baseline.is_some() { " (dashed: the baseline)" } else { "" };
    Chart {
        name: "distribution".to_string(),
        title: format!("Latency by percentile{more}{against}"),
        x: quantile_axis(),
        y: latency_axis(&lines),
        lines,
    }
}

fn quantile_axis() -> Axis {
    let tick = |(q, label): (f64, &str)| (along(q), label.to_string());
    let ticks = QUANTILES.map(tick).to_vec();
    Axis { from: 0.0, to: along(0.999), ticks, scale: Scale::Quantile }
}

/// How far along the axis a quantile is: each tenth of what remains takes the same room.
pub(super) fn along(q: f64) -> f64 {
    -(1.0 - q).log10()
}

fn spread(step: &StepResult, colour: Colour, dashed: bool) -> Line {
    let histogram = decode(&step.histograms.response).unwrap_or_else(|_| empty());
    let end = 1.0 - 1.0 / (histogram.len().max(1) as f64);
    let quantile = |at: u32| 1.0 - 10f64.powf(-f64::from(at) / 40.0);
    let points = (0..=120)
        .map(quantile)
        .filter(|q| !histogram.is_empty() && *q <= end.max(0.5))
        .map(|q| (along(q), height(histogram.value_at_quantile(q))))
        .collect();
    let label = if dashed { String::new() } else { line(&step.step, 28) };
    Line { label, colour, dashed, filled: false, points, band: Vec::new() }
}

pub(super) fn percentiles(seconds: &[Moment]) -> Chart {
    let (from, to) = ends(seconds);
    let one = |label: &str, q: f64, colour| Line {
        label: label.to_string(),
        colour,
        dashed: false,
        filled: false,
        points: seconds
            .iter()
            .filter(|moment| !moment.response.is_empty())
            .map(|m| (f64::from(m.second), height(m.response.value_at_quantile(q))))
            .collect(),
        band: Vec::new(),
    };
    let mut lines = vec![
        one("p99", 0.99, Colour::Purple),
        one("p95", 0.95, Colour::Orange),
        one("p50", 0.50, Colour::Blue),
    ];
    lines.retain(|line| !line.points.is_empty());
    Chart {
        name: "percentiles".to_string(),
        title: "Latency of successful requests over time".to_string(),
        x: time_axis(from, to),
        y: latency_axis(&lines),
        lines,
    }
}

pub(super) fn users(result: &RunResult) -> Chart {
    let loads = || result.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
    let length = loads().map(|load| load.users.len()).max().unwrap_or(0);
    let at = |second: usize| {
        let users = loads().filter_map(|load| load.users.get(second));
        users.fold(0, |sum, users| u32::saturating_add(sum, *users))
    };
    let width = length / POINTS as usize + 1;
    let points: Vec<(f64, f64)> =
        (0..length).step_by(width).map(|second| (second as f64, f64::from(at(second)))).collect();
    let line = Line {
        label: "users at work".to_string(),
        colour: Colour::Green,
        dashed: false,
        filled: true,
        points,
        band: Vec::new(),
    };
    let lines = if length == 0 { Vec::new() } else { vec![line] };
    Chart {
        name: "users".to_string(),
        title: "Virtual users".to_string(),
        x: time_axis(0, length.saturating_sub(1) as u32),
        y: count_axis(&lines),
        lines,
    }
}

pub(super) fn rate(seconds: &[Moment]) -> Chart {
    let (from, to) = ends(seconds);
    let one = |label: &str, colour, count: fn(&Moment) -> u64| Line {
        label: label.to_string(),
        colour,
        dashed: false,
        filled: true,
        points: seconds
            .iter()
            // The last answers come in a rest of a second, which is no rate; failures are shown.
            .filter(|m| m.width > 0 || m.failed > 0)
            .map(|m| (f64::from(m.second), count(m) as f64 / f64::from(m.width.max(1))))
            .collect(),
        band: Vec::new(),
    };
    let mut lines = vec![
        one("successful", Colour::Blue, |moment| moment.good),
        one("failed", Colour::Red, |moment| moment.failed),
    ];
    lines.retain(|line| line.points.iter().any(|(_, y)| *y > 0.0));
    Chart {
        name: "rate".to_string(),
        title: "Requests per second, successful and failed".to_string(),
        x: time_axis(from, to),
        y: count_axis(&lines),
        lines,
    }
}

fn count_axis(lines: &[Line]) -> Axis {
    let heights = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
    let most = heights.fold(1.0, f64::max);
    let step = round_step(most / 4.0);
    let steps = (most / step).ceil() as u64;
    let ticks = (0..=steps).map(|at| at as f64 * step).map(|y| (y, count_label(y))).collect();
    Axis { from: 0.0, to: steps as f64 * step, ticks, scale: Scale::Count }
}

pub(super) fn count_label(value: f64) -> String {
    if value.fract() == 0.0 { show_count(value as u64) } else { format!("{value:.1}") }
}

/// Latencies are drawn by their logarithm: a step of 5 ms and one of 5 s share a chart.
pub(super) fn height(us: u64) -> f64 {
    (us.max(1) as f64).log10()
}

pub(super) fn latency_axis(lines: &[Line]) -> Axis {
    let heights = || lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y);
    let most = heights().fold(0.0, f64::max);
    let least = heights().fold(most, f64::min);
    let all: Vec<u64> =
        (0..=10).flat_map(|power| [1, 2, 5].map(|lead| lead * 10u64.pow(power))).collect();
    let below = all.iter().rposition(|us| height(*us) <= least).unwrap_or(0);
    let above = all.iter().position(|us| height(*us) >= most).unwrap_or(all.len() - 1);
    let above = above.max(below + 1).min(all.len() - 1);
    let mut ticks: Vec<u64> = all[below..=above].to_vec();
    if ticks.len() > 7 {
        ticks.retain(|us| us.to_string().starts_with('1'));
    }
    Axis {
        from: height(all[below]),
        to: height(all[above]),
        ticks: ticks.iter().map(|us| (height(*us), show_duration_us(*us))).collect(),
        scale: Scale::Latency,
    }
}

/// The first and the last second.
fn ends(seconds: &[Moment]) -> (u32, u32) {
    let second = |moment: Option<&Moment>| moment.map_or(0, |moment| moment.second);
    (second(seconds.first()), second(seconds.last()))
}

pub(super) fn time_axis(from: u32, to: u32) -> Axis {
    let to = to.max(from.saturating_add(1));
    let step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600]
        .into_iter()
        .find(|step| (to - from) / step <= 7)
        .unwrap_or_else(|| ((to - from) / 7).next_multiple_of(86_400));
    let first = from.checked_next_multiple_of(step).unwrap_or(from);
    let ticks = (first..=to).step_by(step as usize);
    Axis {
        from: f64::from(from),
        to: f64::from(to),
        ticks: ticks.map(|second| (f64::from(second), moment_label(second))).collect(),
        scale: Scale::Time,
    }
}

/// A moment: `30 s`, and minutes from where seconds would be long: `2:30`.
pub(super) fn moment_label(second: u32) -> String {
    if second < 120 {
        return format!("{second} s");
    }
    match (second / 3_600, second / 60 % 60, second % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, _) => format!("{hours} h {minutes:02}"),
    }
}

/// The next of 1, 2, 5, 10, ...
pub(super) fn round_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let lead = [1.0, 2.0, 5.0].into_iter().find(|lead| raw <= lead * power * 1.000_001);
    (lead.unwrap_or(10.0) * power).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(
            [0.3, 1.0, 1.7, 3.0, 30.0, 700.0].map(round_step),
            [1.0, 1.0, 2.0, 5.0, 50.0, 1_000.0]
        );
        assert_eq!(
            [0, 119, 120, 150, 7_260].map(moment_label).join(" "),
            "0 s 119 s 2:00 2:30 2 h 01"
        );
    }

    #[test]
    fn an_axis_without_points_is_still_one() {
        let axis = latency_axis(&[]);
        assert!(axis.from < axis.to && axis.to.is_finite());
        let axis = time_axis(0, 0);
        assert!(axis.from < axis.to);
    }

    #[test]
    fn the_rest_of_a_second_after_the_load_is_no_drop_in_the_rate_and_hides_no_failure() {
        let moment = |(second, good, failed)| {
            let width = covered(2, 1, second);
            Moment { second, width, good, failed, response: empty() }
        };
        let shown = |last| {
            let moments = [(0, 50, 0), (1, 50, 0), last].map(moment);
            rate(&moments).lines.into_iter().map(|line| line.points).collect::<Vec<_>>()
        };
        assert_eq!(shown((2, 3, 0)), [[(0.0, 50.0), (1.0, 50.0)]]);
        let failed = shown((2, 0, 3));
        assert_eq!(failed[1], [(0.0, 0.0), (1.0, 0.0), (2.0, 3.0)]);
    }
}
