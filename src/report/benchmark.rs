//! Writes `benchmark.json`, as `benchmark-action/github-action-benchmark` reads it with
//! `tool: customSmallerIsBetter`: response times and failures of each step.

use serde_json::{Map, Value, json};

use super::numbers::{Quantile, failed, ms, quantiles, series};
use super::rows::Report;
use crate::result::StepResult;

/// The file's text. A latency that does not exist is left out, never a zero.
pub(super) fn render(report: &Report<'_>) -> String {
    let steps = report.result.steps.iter();
    let all: Vec<Value> = steps.flat_map(|step| entries(report, step)).collect();
    format!("{:#}\n", Value::from(all))
}

fn entries(report: &Report<'_>, step: &StepResult) -> Vec<Value> {
    let extra = format!(
        "{} requests, {} failed, run {}, verdict {}",
        step.count,
        step.failed,
        super::foreign::line(&report.result.run.id, 60),
        report.word.name()
    );
    let mut entries: Vec<Value> =
        quantiles(step).iter().map(|one| latency(step, one, &extra)).collect();
    if let Some(share) = failed(step) {
        let name = format!("{} failed", series(step));
        entries.push(json!({ "name": name, "unit": "%", "value": share * 100.0, "extra": extra }));
    }
    entries
}

fn latency(step: &StepResult, one: &Quantile, extra: &str) -> Value {
    let mut entry = Map::new();
    entry.insert("name".into(), format!("{} {}", series(step), one.name).into());
    entry.insert("unit".into(), "ms".into());
    entry.insert("value".into(), ms(one.value).into());
    if let (Some(low), Some(high)) = one.interval {
        entry.insert("range".into(), format!("{} to {}", ms(low), ms(high)).into());
    }
    entry.insert("extra".into(), extra.into());
    entry.into()
}
