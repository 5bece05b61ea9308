//! Spells the numbers of a row: values with their units, changes with their signs.

use crate::analysis::gate::{Change, Compared};
use crate::units::{show_count, show_duration_us, show_percent, show_rate};

/// A value of a metric with its unit: `212 ms`, `0.2%`, `204/s`.
pub fn amount(metric: Compared, value: f64) -> String {
    if !value.is_finite() {
        return "–".to_string();
    }
    match metric {
        Compared::P50 | Compared::P95 | Compared::P99 => {
            show_duration_us(value.max(0.0).round() as u64)
        }
        Compared::Errors | Compared::Dropped => show_percent(value),
        Compared::Throughput => show_rate(value),
    }
}

/// A change with its sign: `+14.2%`, and of shares in points of a hundred: `+1.2 pp`.
pub fn growth(metric: Compared, change: f64) -> String {
    let unit = if is_share(metric) { " pp" } else { "%" };
    let percent = change * 100.0;
    if !percent.is_finite() {
        return "–".to_string();
    }
    // A change of a few in ten thousand is one, where the metric is a share.
    let decimals = if percent.abs() < 0.095 && is_share(metric) { 2 } else { 1 };
    if percent.abs() >= 999.95 {
        let sign = if percent < 0.0 { '-' } else { '+' };
        return format!("{sign}{}{unit}", show_count(percent.abs().round() as u64));
    }
    let text = format!("{percent:+.decimals$}");
    let zero = text.chars().all(|c| matches!(c, '+' | '-' | '0' | '.'));
    if zero { format!("±0{unit}") } else { format!("{text}{unit}") }
}

/// An interval of changes: `-1.6% to +3.3%`.
pub fn interval(row: &Change) -> String {
    let known = row.interval.filter(|(low, high)| low.is_finite() && high.is_finite());
    let Some((low, high)) = known else { return "unknown".to_string() };
    let (low, high) = (growth(row.metric, low), growth(row.metric, high));
    format!("{} to {high}", low.trim_end_matches(" pp"))
}

/// The margin as a bound on the change: `+10%`, of throughput `-5%`.
pub fn margin(row: &Change) -> String {
    let sign = if grows_better(row.metric) { '-' } else { '+' };
    format!("{sign}{}", size(row.metric, row.margin))
}

/// The smallest change that this set-up calls FAIL four times in five: `+17%`.
pub fn smallest(row: &Change) -> String {
    let known = row.smallest.filter(|least| least.is_finite());
    known.map_or("nothing yet".to_string(), |least| signed_size(row, least))
}

/// The value at which the margin is reached, as it is demanded: `<= 233 ms`.
pub fn bound(row: &Change) -> String {
    let (metric, margin) = (row.metric, row.margin.abs());
    match metric {
        Compared::Errors | Compared::Dropped => {
            format!("<= {}", amount(metric, row.before + margin))
        }
        Compared::Throughput => format!(">= {}", amount(metric, row.before * (1.0 - margin))),
        _ => format!("<= {}", amount(metric, row.before * (1.0 + margin))),
    }
}

/// The chance of such a change without any cause: `p=0.0004`.
pub fn chance(p: f64) -> String {
    match p {
        p if !p.is_finite() => "p unknown".to_string(),
        p if p < 0.000_1 => "p<0.0001".to_string(),
        p if p < 0.01 => format!("p={p:.4}"),
        p => format!("p={:.2}", p.min(1.0)),
    }
}

/// Of these more is better.
pub fn grows_better(metric: Compared) -> bool {
    metric == Compared::Throughput
}

fn is_share(metric: Compared) -> bool {
    matches!(metric, Compared::Errors | Compared::Dropped)
}

/// A change without its sign: `10%`, `0.5 pp`.
pub(super) fn size(metric: Compared, change: f64) -> String {
    let text = growth(metric, change.abs());
    let text = text.trim_start_matches(['+', '±']);
    text.replace(".0%", "%").replace(".0 pp", " pp")
}

fn signed_size(row: &Change, change: f64) -> String {
    let sign = if grows_better(row.metric) { '-' } else { '+' };
    format!("{sign}{}", size(row.metric, change))
}
