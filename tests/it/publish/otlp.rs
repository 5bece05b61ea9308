//! A collector of OTLP that decodes what comes with OpenTelemetry's own messages, and compares it
//! with the result.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogramDataPoint, Metric, metric::Data, number_data_point,
};
use prost::Message;
use serde_json::Value;

use super::{number, shop, step, suite};
use crate::http::server::{Act, reply};
use crate::support::{Outcome, Sandbox, Service};

/// A collector whose first answers are these; then it takes all.
fn collector(first: &'static [&'static str]) -> Service {
    let asked = AtomicUsize::new(0);
    Service::start(move |_| {
        let status = first.get(asked.fetch_add(1, Ordering::Relaxed)).unwrap_or(&"200 OK");
        vec![Act::Send(reply(status, &[("retry-after", "60")], ""))]
    })
}

fn pushes(collector: &Service) -> Vec<ExportMetricsServiceRequest> {
    let decode = |body: &[u8]| ExportMetricsServiceRequest::decode(body).expect("it is OTLP");
    collector.requests().iter().map(|request| decode(&request.body)).collect()
}

fn text(value: &KeyValue) -> (String, String) {
    let value_of = value.value.as_ref().and_then(|value| value.value.clone());
    match value_of {
        Some(any_value::Value::StringValue(text)) => (value.key.clone(), text),
        other => panic!("{}: {other:?}", value.key),
    }
}

fn metrics(push: &ExportMetricsServiceRequest) -> impl Iterator<Item = &Metric> {
    push.resource_metrics.iter().flat_map(|of| &of.scope_metrics).flat_map(|of| &of.metrics)
}

fn of_step(attributes: &[KeyValue], name: &str) -> bool {
    attributes.iter().map(text).any(|(key, value)| key == "step" && value == name)
}

/// A sum of a step, all points of it together.
fn sum(push: &ExportMetricsServiceRequest, metric: &str, step: &str) -> f64 {
    let of = metrics(push).find(|of| of.name == metric).and_then(|of| of.data.as_ref());
    let Some(Data::Sum(sum)) = of else { panic!("no sum {metric}") };
    assert!(sum.is_monotonic);
    let points = sum.data_points.iter().filter(|point| of_step(&point.attributes, step));
    let value = |value: &Option<number_data_point::Value>| match value {
        Some(number_data_point::Value::AsInt(value)) => *value as f64,
        other => panic!("{other:?}"),
    };
    points.map(|point| value(&point.value)).sum()
}

fn histogram<'p>(
    push: &'p ExportMetricsServiceRequest,
    step: &str,
) -> Option<&'p ExponentialHistogramDataPoint> {
    let of = metrics(push).find(|of| of.name == "taster.response")?;
    assert_eq!(of.unit, "s");
    let Some(Data::ExponentialHistogram(histogram)) = &of.data else { panic!("{of:?}") };
    histogram.data_points.iter().find(|point| of_step(&point.attributes, step))
}

/// The upper bound of the bucket that has the quantile, in seconds: what a backend would say.
fn quantile(point: &ExponentialHistogramDataPoint, q: f64) -> f64 {
    let rank = (q * point.count as f64).ceil() as u64;
    let positive = point.positive.as_ref().expect("buckets");
    let mut seen = point.zero_count;
    for (at, count) in positive.bucket_counts.iter().enumerate() {
        seen += count;
        if seen >= rank {
            let index = f64::from(positive.offset) + at as f64 + 1.0;
            return (index * 2f64.powi(-point.scale)).exp2();
        }
    }
    panic!("the buckets have less than the count")
}

fn run(sandbox: &Sandbox, collector: &str, more: &[&str]) -> Outcome {
    let target = shop();
    let otlp = format!("--otlp={collector}");
    let arguments =
        ["load", "s.yaml", "--profile", "p", "--target", &target.url, "--out", "out", &otlp];
    let mut command = sandbox.command(&[&arguments[..], more].concat());
    command.env("OTEL_METRIC_EXPORT_INTERVAL", "400");
    command.env("OTEL_EXPORTER_OTLP_HEADERS", "api-key=t0ken%20x");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1");
    command.env("OTEL_SERVICE_NAME", "shop-load");
    sandbox.start(command).end()
}

/// That what was received says what the result says.
fn agrees(point: &ExponentialHistogramDataPoint, of: &Value) {
    let us = &of["response_us"];
    assert_eq!(point.count as f64, number(&us["count"]));
    let positive = point.positive.as_ref().expect("buckets");
    assert_eq!(point.zero_count + positive.bucket_counts.iter().sum::<u64>(), point.count);
    let near = |seen: f64, truth: f64, what: &str| {
        assert!((seen / truth - 1.0).abs() < 0.004, "{what}: {seen} for {truth}");
    };
    let whole = number(&us["mean"]) * number(&us["count"]) / 1e6;
    near(point.sum.expect("a sum"), whole, "sum");
    near(quantile(point, 0.95), number(&us["p95"]) / 1e6, "p95");
    near(quantile(point, 0.5), number(&us["p50"]) / 1e6, "p50");
    near(point.max.expect("a maximum"), number(&us["max"]) / 1e6, "max");
}

#[test]
fn what_a_collector_gets_adds_up_to_the_result() {
    let (sandbox, collector) = (suite(2), collector(&[]));
    let outcome = run(&sandbox, &collector.url, &[]);
    assert!(!outcome.all().contains("t0ken") && !outcome.all().contains("OTLP:"), "{outcome}");
    let result = sandbox.json("out/result.json");
    assert!(!sandbox.read("out/result.json").contains(&collector.url), "it is hidden");
    let request = collector.requests().pop().expect("a push");
    assert_eq!(request.path(), "/v1/metrics");
    assert_eq!(request.header("content-type"), "application/x-protobuf");
    assert_eq!(request.header("api-key"), "t0ken x");
    let pushes = pushes(&collector);
    assert!(pushes.len() >= 3, "while it goes on and at the end: {}", pushes.len());
    let last = pushes.last().expect("one");
    let resource = last.resource_metrics[0].resource.as_ref().expect("a resource");
    let attributes: BTreeMap<String, String> = resource.attributes.iter().map(text).collect();
    assert_eq!(attributes["service.name"], "shop-load");
    assert_eq!(attributes["taster.run.id"], result["run"]["id"].as_str().expect("an id"));
    assert_eq!(attributes["taster.profile"], "p");
    assert_eq!(attributes["taster.scenario"], "shop");
    for name in ["look", "buy"] {
        let of = step(&result, name);
        assert_eq!(sum(last, "taster.requests", name), number(&of["count"]), "{name}");
        assert_eq!(sum(last, "taster.failures", name), number(&of["failed"]), "{name}");
        assert_eq!(sum(last, "taster.failures.by_kind", name), number(&of["failed"]), "{name}");
        agrees(histogram(last, name).expect("a histogram"), of);
    }
    assert!(number(&step(&result, "buy")["failed"]) > 5.0, "some failed");
    let names: Vec<&str> = metrics(last).map(|of| of.name.as_str()).collect();
    assert!(names.contains(&"taster.verdict"), "{names:?}");
    let during = pushes.iter().flat_map(metrics).map(|of| of.name.as_str());
    let during: Vec<&str> = during.collect();
    for name in ["taster.users", "taster.offered", "taster.achieved", "taster.generator.lag"] {
        assert!(during.contains(&name), "{name}: {during:?}");
    }
    let (first, last) = (histogram_times(&pushes[0]), histogram_times(last));
    assert!(first.is_none_or(|(start, _)| Some(start) == last.map(|(start, _)| start)));
}

fn histogram_times(push: &ExportMetricsServiceRequest) -> Option<(u64, u64)> {
    histogram(push, "look").map(|point| (point.start_time_unix_nano, point.time_unix_nano))
}

#[test]
fn deltas_add_up_to_the_result_although_a_push_was_refused() {
    let (sandbox, collector) = (suite(2), collector(&["200 OK", "503 Busy", "503 Busy"]));
    let outcome = run(&sandbox, &collector.url, &["--otlp-temporality", "delta"]);
    let outcome = outcome.says(&["OTLP: a push did not arrive: it answered 503", "OTLP: 2 of "]);
    let result = sandbox.json("out/result.json");
    let mut taken = pushes(&collector);
    taken.drain(1..3);
    for name in ["look", "buy"] {
        let of = step(&result, name);
        let all: f64 = taken.iter().map(|push| sums(push, "taster.requests", name)).sum();
        assert_eq!(all, number(&of["count"]), "{name}: {outcome}");
        let points = taken.iter().filter_map(|push| histogram(push, name));
        let counted: u64 = points.map(|point| point.count).sum();
        assert_eq!(counted as f64, number(&of["response_us"]["count"]), "{name}");
    }
    let spans: Vec<(u64, u64)> = taken.iter().filter_map(histogram_times).collect();
    assert!(spans.windows(2).all(|two| two[0].1 <= two[1].0), "they do not overlap: {spans:?}");
    let temporality = taken.iter().flat_map(metrics).filter_map(|of| match &of.data {
        Some(Data::ExponentialHistogram(of)) => Some(of.aggregation_temporality),
        Some(Data::Sum(of)) => Some(of.aggregation_temporality),
        _ => None,
    });
    let delta = AggregationTemporality::Delta as i32;
    assert!({ temporality }.all(|one| one == delta));
}

/// The same before the first second, when there are no steps yet.
fn sums(push: &ExportMetricsServiceRequest, metric: &str, step: &str) -> f64 {
    match metrics(push).any(|of| of.name == metric) {
        true => sum(push, metric, step),
        false => 0.0,
    }
}

#[test]
fn a_collector_that_is_gone_changes_neither_verdict_nor_exit_code() {
    let sandbox = suite(1);
    let with = run(&sandbox, "http://127.0.0.1:1", &[]);
    let verdict = sandbox.json("out/verdict.json")["verdict"].clone();
    assert_eq!(verdict, "FAIL", "purchases fail: {with}");
    let with = with.exits(1).says(&["OTLP: a push did not arrive: ", "refused", "the run goes on"]);
    assert_eq!(with.stderr.matches("OTLP: a push").count(), 1, "it is said once: {with}");
    let wrong = run(&sandbox, "grpc://x", &[]).exits(2);
    wrong.says(&["--otlp is no URL of http or https"]);
}
