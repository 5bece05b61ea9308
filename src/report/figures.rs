//! Chooses the charts of the page, and draws them.

use minijinja::{Value, context};

use super::chart::{
    Chart, Colour, Line, Moment, distribution, percentiles, rate, seconds, time_axis, users,
};
use super::density::{density, share_axis};
use super::forest::forest;
use super::plot::plot;
use super::rows::Report;
use super::shift::shifts;
use super::vital::generator;
use crate::analysis::Verdict;

/// The charts of a run that have something to show: latencies, then what happened over time.
pub(super) fn of_run(report: &Report<'_>) -> Vec<Value> {
    let (result, baseline) = (report.result, report.baseline);
    let seconds = seconds(result);
    let [busy, late] = generator(result);
    let charts = [
        distribution(result, baseline),
        density(result, baseline),
        percentiles(&seconds),
        rate(&seconds),
        errors(&seconds),
        users(result),
        busy,
        late,
    ];
    charts.iter().filter(|chart| !chart.lines.is_empty()).map(figure).collect()
}

/// The charts of a comparison.
pub(super) fn of_comparison(verdict: &Verdict) -> Vec<Value> {
    let forest = forest(verdict, false).map(|(title, svg)| {
        context! { title, plot => Value::from_safe_string(svg), still => true }
    });
    forest.into_iter().chain(shifts(verdict).iter().map(figure)).collect()
}

fn figure(chart: &Chart) -> Value {
    context! { title => &chart.title, plot => Value::from_safe_string(plot(chart)), still => false }
}

/// The share of requests that failed; without lines where none did.
fn errors(seconds: &[Moment]) -> Chart {
    let share = |moment: &Moment| {
        let all = moment.good.saturating_add(moment.failed).max(1);
        (f64::from(moment.second), 100.0 * moment.failed as f64 / all as f64)
    };
    let line = Line {
        label: "failed".to_string(),
        colour: Colour::Red,
        dashed: false,
        filled: true,
        points: seconds.iter().map(share).collect(),
        band: Vec::new(),
    };
    let any = seconds.iter().any(|moment| moment.failed > 0);
    let lines = if any { vec![line] } else { Vec::new() };
    let last = |moment: Option<&Moment>| moment.map_or(0, |moment| moment.second);
    Chart {
        name: "errors".to_string(),
        title: "Failed requests, percent of each second's".to_string(),
        x: time_axis(last(seconds.first()), last(seconds.last())),
        y: share_axis(&lines),
        lines,
    }
}
