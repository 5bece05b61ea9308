//! Turns readings into a push.

use std::time::{SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use prost::Message;

use super::exponential::{SCALE, exponential};
use super::message::{
    AnyValue, Data, ExponentialHistogram, Gauge, HistogramPoint, KeyValue, Metric, Number,
    NumberPoint, Request, Resource, ResourceMetrics, Scope, ScopeMetrics, Sum,
};
use super::{Otlp, Temporality};
use crate::report::{Family, Kind, Labels, Readings, Value};

/// Families that tell of a histogram what the histogram itself tells better.
const IN_HISTOGRAMS: [&str; 2] = ["taster.response.percentile", "taster.web_vital.percentile"];

/// The push, encoded: readings from a time to a time.
pub(super) fn encode(
    readings: &Readings,
    (from, to): (SystemTime, SystemTime),
    otlp: &Otlp,
) -> Vec<u8> {
    let temporality = match otlp.temporality {
        Temporality::Delta => 1,
        Temporality::Cumulative => 2,
    };
    let window = Window { from: nanos(from), to: nanos(to), temporality };
    let metrics = readings.families().iter().filter_map(|family| window.metric(family)).collect();
    let scope = Scope { name: "taster".into(), version: env!("CARGO_PKG_VERSION").into() };
    let attributes =
        otlp.resource.iter().map(|(name, value)| attribute(name, value.clone())).collect();
    let request = Request {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(Resource { attributes }),
            scope_metrics: vec![ScopeMetrics { scope: Some(scope), metrics }],
        }],
    };
    request.encode_to_vec()
}

/// The time that a push is of.
struct Window {
    from: u64,
    to: u64,
    temporality: i32,
}

impl Window {
    /// None for what the resource says, and for what a histogram says better.
    fn metric(&self, family: &Family<'_>) -> Option<Metric> {
        let temporality = self.temporality;
        let data = match family.kind {
            Kind::Info => return None,
            Kind::Gauge if IN_HISTOGRAMS.contains(&family.name) => return None,
            Kind::Gauge | Kind::States => Data::Gauge(Gauge { data_points: self.numbers(family) }),
            Kind::Counter => {
                let data_points = self.numbers(family);
                Data::Sum(Sum { data_points, temporality, is_monotonic: true })
            }
            Kind::Histogram => {
                let data_points = self.histograms(family);
                Data::Histogram(ExponentialHistogram { data_points, temporality })
            }
        };
        // A word is no share of anything, which is what `1` would be taken for.
        let unit = if family.kind == Kind::States { "" } else { family.unit };
        Some(Metric {
            name: family.name.to_string(),
            description: family.help.to_string(),
            unit: unit.to_string(),
            data: Some(data),
        })
    }

    fn numbers(&self, family: &Family<'_>) -> Vec<NumberPoint> {
        let points = family.points.iter().filter_map(|point| {
            let value = match point.value {
                Value::Count(count) => Number::Int(i64::try_from(count).unwrap_or(i64::MAX)),
                Value::Number(number) => Number::Double(number),
                Value::Histogram(_) => return None,
            };
            Some(NumberPoint {
                attributes: attributes(&point.labels),
                start_unix_nano: if family.kind == Kind::Counter { self.from } else { 0 },
                unix_nano: self.to,
                value: Some(value),
            })
        });
        points.collect()
    }

    fn histograms(&self, family: &Family<'_>) -> Vec<HistogramPoint> {
        let points = family.points.iter().filter_map(|point| match point.value {
            Value::Histogram(histogram) => Some(self.histogram(&point.labels, histogram)),
            _ => None,
        });
        points.collect()
    }

    fn histogram(&self, labels: &Labels, of: &Histogram<u64>) -> HistogramPoint {
        let (positive, zero_count) = exponential(of);
        let seconds = |us: f64| Some(us / 1e6).filter(|_| !of.is_empty());
        HistogramPoint {
            attributes: attributes(labels),
            start_unix_nano: self.from,
            unix_nano: self.to,
            count: of.len(),
            sum: seconds(of.mean() * of.len() as f64),
            scale: SCALE,
            zero_count,
            positive: Some(positive),
            min: seconds(of.min() as f64),
            max: seconds(of.max() as f64),
        }
    }
}

fn attributes(labels: &Labels) -> Vec<KeyValue> {
    labels.iter().map(|(name, value)| attribute(name, value.clone())).collect()
}

fn attribute(name: &str, value: String) -> KeyValue {
    KeyValue { key: name.to_string(), value: Some(AnyValue { string_value: Some(value) }) }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
