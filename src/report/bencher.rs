//! Writes `bencher.json`, the Bencher Metric Format: for each step its latencies in nanoseconds,
//! the built-in unit of the measure `latency`, with their intervals, its throughput, and the share
//! that failed.

use serde_json::{Map, Value, json};

use super::numbers::{failed, quantiles, series};
use super::rows::Report;
use crate::result::StepResult;

/// The file's text.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut file = Map::new();
    for step in &report.result.steps {
        let measures = measures(step);
        if !measures.is_empty() {
            file.insert(series(step), measures.into());
        }
    }
    format!("{:#}\n", Value::from(file))
}

/// `latency` is the p95, because that is what is gated on; the other quantiles have measures of
/// their own.
fn measures(step: &StepResult) -> Map<String, Value> {
    let mut measures = Map::new();
    for one in quantiles(step) {
        let name = if one.name == "p95" { "latency" } else { one.name };
        let mut metric = Map::new();
        metric.insert("value".into(), nanoseconds(one.value));
        let ends = [("lower_value", one.interval.0), ("upper_value", one.interval.1)];
        for (key, end) in ends {
            if let Some(us) = end {
                metric.insert(key.into(), nanoseconds(us));
            }
        }
        measures.insert(name.into(), metric.into());
    }
    if let Some(share) = failed(step) {
        if step.rate.is_finite() {
            measures.insert("throughput".into(), json!({ "value": step.rate }));
        }
        measures.insert("failed".into(), json!({ "value": share }));
    }
    measures
}

fn nanoseconds(us: u64) -> Value {
    (us as f64 * 1e3).into()
}
