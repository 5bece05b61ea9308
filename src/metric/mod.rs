//! Names what can be measured and demanded: metrics, their aggregates, and bounds on them, in
//! k6's threshold syntax.
//!
//! The texts are read in `parse`; what can be written and what it means is decided here.

mod parse;
mod selector;

use std::fmt;
use std::time::Duration;

pub use parse::{MetricError, parse_bound};
pub use selector::parse_selector;

/// What can be measured. The names are k6's where k6 has the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// `http_req_duration` (trend, ms): response time of successful requests, from due.
    HttpReqDuration,
    /// `http_req_service` (trend, ms): service time of successful requests, from start. Ours.
    HttpReqService,
    /// `http_req_lag` (trend, ms): how late the generator began, of all requests. Ours.
    HttpReqLag,
    /// `http_req_blocked` (trend, ms): waited for a free virtual user, of all requests.
    HttpReqBlocked,
    /// `http_req_connecting` (trend, ms): opening TCP connections, of successful requests that
    /// did.
    HttpReqConnecting,
    /// `http_req_tls_handshaking` (trend, ms): of successful requests that did.
    HttpReqTlsHandshaking,
    /// `http_req_sending` (trend, ms): of successful requests.
    HttpReqSending,
    /// `http_req_waiting` (trend, ms): until the first byte, of successful requests.
    HttpReqWaiting,
    /// `http_req_receiving` (trend, ms): from the first byte to the last, of successful requests.
    HttpReqReceiving,
    /// `http_req_failed` (rate, 0 to 1): failed requests of all.
    HttpReqFailed,
    /// `http_reqs` (counter): requests made.
    HttpReqs,
    /// `checks` (rate, 0 to 1): checks that held, of all.
    Checks,
    /// `iterations` (counter): journeys completed.
    Iterations,
    /// `iteration_duration` (trend, ms): of completed journeys without a failure.
    IterationDuration,
    /// `dropped_iterations` (counter): due and never started.
    DroppedIterations,
    /// `vus` (gauge): virtual users at work at the end.
    Vus,
    /// `vus_max` (gauge): the most there were.
    VusMax,
    /// `data_sent` (counter, bytes).
    DataSent,
    /// `data_received` (counter, bytes).
    DataReceived,
}

/// How a metric is kept, and so which aggregates it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A sum that only grows: `count` and `rate`.
    Counter,
    /// A value now: `value`.
    Gauge,
    /// A share of yes among yes and no: `rate`.
    Rate,
    /// A distribution: `avg`, `min`, `max`, `med` and `p(..)`.
    Trend,
}

/// What a metric's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// A share, 0 to 1.
    Share,
    /// Things counted.
    Count,
    /// Bytes.
    Bytes,
}

/// What a metric is kept apart by, and so which tags a bound on it may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// By step: `step`, `scenario` and the tags that steps have in the scenario file.
    Step,
    /// By scenario only: `scenario`.
    Scenario,
}

/// How a metric becomes one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregate {
    /// `count`
    Count,
    /// `rate`: of a rate metric 0 to 1, of a counter per second.
    Rate,
    /// `value`
    Value,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `med`
    Med,
    /// `p(95)`: 0 to 100.
    Quantile(f64),
}

/// `<` and its siblings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named by their signs")]
pub enum Operator {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// A bound on a metric: `http_req_duration{step:sign in}: p(95)<500`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sla {
    /// The metric.
    pub metric: Metric,
    /// Only steps that have all of these tags; `name` is already written as `step`.
    pub tags: Vec<(String, String)>,
    /// The number taken.
    pub aggregate: Aggregate,
    /// How it is compared.
    pub operator: Operator,
    /// With what: milliseconds for trends, a share for rates, plain numbers for the rest.
    pub bound: f64,
    /// Whether the run ends as soon as it does not hold.
    pub abort_on_fail: bool,
    /// How long into the run it may not yet end it.
    pub delay_abort: Duration,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 19] = [
        Metric::HttpReqDuration,
        Metric::HttpReqService,
        Metric::HttpReqLag,
        Metric::HttpReqBlocked,
        Metric::HttpReqConnecting,
        Metric::HttpReqTlsHandshaking,
        Metric::HttpReqSending,
        Metric::HttpReqWaiting,
        Metric::HttpReqReceiving,
        Metric::HttpReqFailed,
        Metric::HttpReqs,
        Metric::Checks,
        Metric::Iterations,
        Metric::IterationDuration,
        Metric::DroppedIterations,
        Metric::Vus,
        Metric::VusMax,
        Metric::DataSent,
        Metric::DataReceived,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::HttpReqDuration => "http_req_duration",
            Metric::HttpReqService => "http_req_service",
            Metric::HttpReqLag => "http_req_lag",
            Metric::HttpReqBlocked => "http_req_blocked",
            Metric::HttpReqConnecting => "http_req_connecting",
            Metric::HttpReqTlsHandshaking => "http_req_tls_handshaking",
            Metric::HttpReqSending => "http_req_sending",
            Metric::HttpReqWaiting => "http_req_waiting",
            Metric::HttpReqReceiving => "http_req_receiving",
            Metric::HttpReqFailed => "http_req_failed",
            Metric::HttpReqs => "http_reqs",
            Metric::Checks => "checks",
            Metric::Iterations => "iterations",
            Metric::IterationDuration => "iteration_duration",
            Metric::DroppedIterations => "dropped_iterations",
            Metric::Vus => "vus",
            Metric::VusMax => "vus_max",
            Metric::DataSent => "data_sent",
            Metric::DataReceived => "data_received",
        }
    }

    /// How it is kept.
    pub fn kind(self) -> Kind {
        match self {
            Metric::HttpReqDuration
            | Metric::HttpReqService
            | Metric::HttpReqLag
            | Metric::HttpReqBlocked
            | Metric::HttpReqConnecting
            | Metric::HttpReqTlsHandshaking
            | Metric::HttpReqSending
            | Metric::HttpReqWaiting
            | Metric::HttpReqReceiving
            | Metric::IterationDuration => Kind::Trend,
            Metric::HttpReqFailed | Metric::Checks => Kind::Rate,
            Metric::HttpReqs
            | Metric::Iterations
            | Metric::DroppedIterations
            | Metric::DataSent
            | Metric::DataReceived => Kind::Counter,
            Metric::Vus | Metric::VusMax => Kind::Gauge,
        }
    }

    /// What its numbers are.
    pub fn unit(self) -> Unit {
        match self.kind() {
            Kind::Trend => Unit::Milliseconds,
            Kind::Rate => Unit::Share,
            _ if matches!(self, Metric::DataSent | Metric::DataReceived) => Unit::Bytes,
            Kind::Counter | Kind::Gauge => Unit::Count,
        }
    }

    /// The phase of a request that it is the time of.
    pub fn phase(self) -> Option<&'static str> {
        Some(match self {
            Metric::HttpReqConnecting => "connect",
            Metric::HttpReqTlsHandshaking => "tls",
            Metric::HttpReqSending => "send",
            Metric::HttpReqWaiting => "wait",
            Metric::HttpReqReceiving => "receive",
            _ => return None,
        })
    }

    /// What it is kept apart by.
    pub fn scope(self) -> Scope {
        match self {
            Metric::Iterations
            | Metric::IterationDuration
            | Metric::DroppedIterations
            | Metric::Vus
            | Metric::VusMax => Scope::Scenario,
            _ => Scope::Step,
        }
    }
}

impl Kind {
    /// The aggregates it has, as they are written.
    pub fn aggregates(self) -> &'static [&'static str] {
        match self {
            Kind::Counter => &["count", "rate"],
            Kind::Gauge => &["value"],
            Kind::Rate => &["rate"],
            Kind::Trend => &["avg", "min", "med", "max", "p(95)"],
        }
    }
}

impl Operator {
    /// All of them.
    pub const ALL: [Operator; 6] = [
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
        Operator::Equal,
        Operator::NotEqual,
    ];

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
        }
    }

    /// Whether `observed` stands in this relation to `bound`; never so for what is not a number.
    pub fn holds(self, observed: f64, bound: f64) -> bool {
        match self {
            _ if observed.is_nan() => false,
            Operator::Less => observed < bound,
            Operator::LessOrEqual => observed <= bound,
            Operator::Greater => observed > bound,
            Operator::GreaterOrEqual => observed >= bound,
            Operator::Equal => observed == bound,
            Operator::NotEqual => observed != bound,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sign())
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Aggregate::Count => f.write_str("count"),
            Aggregate::Rate => f.write_str("rate"),
            Aggregate::Value => f.write_str("value"),
            Aggregate::Avg => f.write_str("avg"),
            Aggregate::Min => f.write_str("min"),
            Aggregate::Max => f.write_str("max"),
            Aggregate::Med => f.write_str("med"),
            Aggregate::Quantile(percent) => write!(f, "p({percent})"),
        }
    }
}

impl Sla {
    /// The metric and its tags: `http_req_duration{step:sign in}`.
    pub fn selector(&self) -> String {
        if self.tags.is_empty() {
            return self.metric.to_string();
        }
        let tags: Vec<String> =
            self.tags.iter().map(|(key, value)| format!("{key}:{}", quoted(value))).collect();
        format!("{}{{{}}}", self.metric, tags.join(","))
    }

    /// What is demanded of it: `p(95)<500`.
    pub fn demand(&self) -> String {
        format!("{}{}{}", self.aggregate, self.operator, self.bound)
    }
}

impl fmt::Display for Sla {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.selector(), self.demand())
    }
}

/// Puts quotes around a tag value that would not read back without them.
fn quoted(value: &str) -> String {
    let plain =
        !value.is_empty() && value.trim() == value && !value.contains([',', '{', '}', '"', '\'']);
    match (plain, value.contains('"')) {
        (true, _) => value.to_string(),
        (false, false) => format!("\"{value}\""),
        (false, true) => format!("'{value}'"),
    }
}
