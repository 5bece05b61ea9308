//! Names what can be measured and demanded: metrics, their aggregates, and bounds on them, in
//! k6's threshold syntax.

use std::time::Duration;

/// What can be measured. The names are k6's where k6 has the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// `http_req_duration` (trend, ms): response time of successful requests, from due.
    HttpReqDuration,
    /// `http_req_service` (trend, ms): service time of successful requests, from start. Ours.
    HttpReqService,
    /// `http_req_lag` (trend, ms): start minus due, of all requests. Ours.
    HttpReqLag,
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
    /// Only steps that have all of these tags.
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
