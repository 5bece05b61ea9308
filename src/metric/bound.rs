//! Is a bound on a metric, and how it is written.

use std::fmt;
use std::time::Duration;

use super::Metric;

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
