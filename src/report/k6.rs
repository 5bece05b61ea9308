//! Writes `k6-summary.json` in the flat form of k6's `--summary-export`, in milliseconds: what
//! scripts for k6 read, and what GitLab's `load_performance` report takes.
//!
//! One thing differs in meaning and not in form: `http_req_duration` and its kin are of successful
//! requests, for the latency of an error is not latency. As in k6, a threshold is `true` where it
//! was crossed.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::foreign::line;
use super::numbers::{in_browser, responses};
use super::rows::{NAME, Report};
use crate::metric::Sla;
use crate::result::histogram::{empty, merge};
use crate::result::{CheckResult, LoadResult, RunResult, StepResult};

/// The file's text.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut metrics = metrics(report.result);
    thresholds(&mut metrics, report);
    let file = json!({ "metrics": metrics, "root_group": root_group(report.result) });
    format!("{file:#}\n")
}

fn metrics(result: &RunResult) -> Map<String, Value> {
    let requests: Vec<&StepResult> = result.steps.iter().filter(|step| !in_browser(step)).collect();
    let loads = || result.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
    let seconds = loads().map(|load| load.duration_ms).max().unwrap_or(0) as f64 / 1e3;
    let sum = |part: fn(&StepResult) -> u64| total(requests.iter().map(|step| part(step)));
    let of_loads = |part: fn(&LoadResult) -> u64| total(loads().map(part));
    let phase = |name: &str| {
        let texts = requests.iter().filter_map(|step| step.histograms.phases.get(name));
        merge(texts.map(String::as_str)).unwrap_or_else(|_| empty())
    };
    let mut metrics = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            metrics.insert(name.to_string(), value);
        }
    };
    put("checks", checks(result));
    put("data_received", counter(sum(|step| step.bytes_received), seconds));
    put("data_sent", counter(sum(|step| step.bytes_sent), seconds));
    put("dropped_iterations", counter(of_loads(|load| load.dropped), seconds));
    put("http_req_duration", trend(&responses(result)));
    for (metric, name) in [
        ("http_req_connecting", "connect"),
        ("http_req_tls_handshaking", "tls"),
        ("http_req_sending", "send"),
        ("http_req_waiting", "wait"),
        ("http_req_receiving", "receive"),
    ] {
        put(metric, trend(&phase(name)));
    }
    put("http_req_failed", share(sum(|step| step.failed), sum(|step| step.count)));
    put("http_reqs", counter(sum(|step| step.count), seconds));
    let iterations = loads().map(|load| load.iteration_histogram.as_str());
    put("iteration_duration", trend(&merge(iterations).unwrap_or_else(|_| empty())));
    put("iterations", counter(of_loads(|load| load.completed), seconds));
    let users = total(loads().map(|load| load.users_max.into()));
    let limit = total(loads().map(|load| load.users_limit.into()));
    put("vus", (seconds > 0.0).then(|| json!({ "value": users, "min": 0, "max": users })));
    put("vus_max", (seconds > 0.0).then(|| json!({ "value": limit, "min": limit, "max": limit })));
    metrics
}

/// A sum that a forged file cannot overflow.
fn total(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

/// None without a load: k6 never writes a metric that has no sample.
fn counter(count: u64, seconds: f64) -> Option<Value> {
    (seconds > 0.0).then(|| json!({ "count": count, "rate": count as f64 / seconds }))
}

/// As k6 counts a rate: `passes` is how often it was so, here a failure.
fn share(yes: u64, of: u64) -> Option<Value> {
    let no = of.saturating_sub(yes);
    let value = yes as f64 / of.max(1) as f64;
    (of > 0).then(|| json!({ "passes": yes, "fails": no, "value": value }))
}

fn trend(histogram: &Histogram<u64>) -> Option<Value> {
    let at = |q: f64| histogram.value_at_quantile(q).min(histogram.max()) as f64 / 1e3;
    (!histogram.is_empty()).then(|| {
        json!({
            "avg": histogram.mean() / 1e3,
            "min": histogram.min() as f64 / 1e3,
            "med": at(0.5),
            "max": histogram.max() as f64 / 1e3,
            "p(90)": at(0.90),
            "p(95)": at(0.95),
            "p(99)": at(0.99),
        })
    })
}

fn all_checks(result: &RunResult) -> BTreeMap<String, (u64, u64)> {
    let mut all: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for step in &result.steps {
        for CheckResult { check, passed, failed } in &step.checks {
            let name = format!("{}: {}", line(&step.step, NAME), line(check, NAME));
            let entry = all.entry(name).or_default();
            entry.0 = entry.0.saturating_add(*passed);
            entry.1 = entry.1.saturating_add(*failed);
        }
    }
    all
}

fn checks(result: &RunResult) -> Option<Value> {
    let all = all_checks(result);
    let passed = total(all.values().map(|(passed, _)| *passed));
    share(passed, passed.saturating_add(total(all.values().map(|(_, failed)| *failed))))
}

fn root_group(result: &RunResult) -> Value {
    let mut checks = Map::new();
    for (name, (passes, fails)) in all_checks(result) {
        let check = json!({
            "name": name, "path": format!("::{name}"), "passes": passes, "fails": fails,
        });
        checks.insert(name, check);
    }
    json!({ "name": "", "path": "", "groups": {}, "checks": checks })
}

/// Puts each SLA under the metric that it bounds; one on a part of it under `metric{tag:value}`.
fn thresholds(metrics: &mut Map<String, Value>, report: &Report<'_>) {
    for row in &report.slas {
        let Ok(sla) = row.sla.parse::<Sla>() else { continue };
        let bound = sla.demand();
        let metric = metrics.entry(sla.selector()).or_insert_with(|| part(report.result, &sla));
        let crossed = row.word != "PASS";
        if let Some(metric) = metric.as_object_mut() {
            let all = metric.entry("thresholds").or_insert_with(|| json!({}));
            // Scenarios may demand the same: one that does not hold is not hidden by another.
            let known = all[&bound].as_bool().unwrap_or(false);
            all[&bound] = Value::Bool(known || crossed);
        }
    }
}

/// The numbers of the steps that an SLA selects; nothing where its metric is not one of requests.
fn part(result: &RunResult, sla: &Sla) -> Value {
    use crate::metric::Metric;
    let meant = |step: &&StepResult| {
        sla.tags.iter().all(|(key, value)| match key.as_str() {
            "step" | "name" => step.step == *value,
            "scenario" => step.scenario == *value,
            _ => step.tags.get(key) == Some(value),
        })
    };
    let steps: Vec<&StepResult> =
        result.steps.iter().filter(|step| !in_browser(step)).filter(meant).collect();
    let sum = |part: fn(&StepResult) -> u64| total(steps.iter().map(|step| part(step)));
    let value = match sla.metric {
        Metric::HttpReqDuration => {
            let texts = steps.iter().map(|step| step.histograms.response.as_str());
            trend(&merge(texts).unwrap_or_else(|_| empty()))
        }
        Metric::HttpReqFailed => share(sum(|step| step.failed), sum(|step| step.count)),
        _ => None,
    };
    value.unwrap_or_else(|| json!({}))
}
