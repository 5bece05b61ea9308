//! Reads metrics and bounds from k6's threshold syntax.
//!
//! ```text
//! sla       -> selector ws* ":" ws* bound
//! bound     -> aggregate ws* operator ws* number
//! aggregate -> "avg" | "min" | "med" | "max" | "p(" number ")" | "count" | "rate" | "value"
//! operator  -> "<" | "<=" | ">" | ">=" | "==" | "===" | "!="
//! ```
//!
//! This is k6's grammar (`metrics/thresholds_parser.go`); selectors have a file of their own.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use super::selector::parse_selector;
use super::{Aggregate, Kind, Metric, Operator, Sla, Unit};

/// Why a text is not a metric, a selector or a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricError {
    /// What is wrong, one sentence without a full stop.
    pub problem: String,
    /// The part of the text that is meant, in bytes.
    pub span: Range<usize>,
    /// What to write instead, where that is known.
    pub fix: Option<String>,
    /// The words that could stand there, for a caller that can find the nearest of them.
    pub choices: &'static [&'static str],
}

impl fmt::Display for MetricError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fix {
            Some(fix) => write!(f, "{}: {fix}", self.problem),
            None => f.write_str(&self.problem),
        }
    }
}

impl std::error::Error for MetricError {}

/// The names of `Metric::ALL`.
const NAMES: [&str; Metric::ALL.len()] = {
    let mut names = [""; Metric::ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = Metric::ALL[at].name();
        at += 1;
    }
    names
};

const AGGREGATES: [&str; 8] = ["avg", "min", "med", "max", "p(95)", "count", "rate", "value"];

/// Metrics that k6 has and we do not record, by the start of their names, each with what to look
/// at in its stead.
const NOT_RECORDED: [(&str, &str); 5] = [
    ("group_duration", "use iteration_duration, or http_req_duration with a step tag"),
    ("browser_", "use browser_step_duration, browser_step_failed or a browser_web_vital_"),
    ("ws_", "WebSockets are not supported"),
    ("grpc_", "gRPC is not supported"),
    ("websocket", "WebSockets are not supported"),
];

impl FromStr for Metric {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        let name = text.trim();
        if let Some(metric) = Metric::ALL.into_iter().find(|metric| metric.name() == name) {
            return Ok(metric);
        }
        let start = text.len() - text.trim_start().len();
        let span = start..start + name.len();
        let ours = name.starts_with("browser_step") || name.starts_with("browser_web_vital");
        let foreign = NOT_RECORDED.iter().find(|(start, _)| name.starts_with(start) && !ours);
        Err(match foreign {
            Some((_, instead)) => MetricError {
                problem: format!("`{name}` is a metric of k6 that is not recorded here"),
                span,
                fix: Some(format!("{instead}; recorded are {}", NAMES.join(", "))),
                choices: &[],
            },
            None => MetricError {
                problem: format!("there is no metric `{name}`"),
                span,
                fix: Some(format!("the metrics are {}", NAMES.join(", "))),
                choices: &NAMES,
            },
        })
    }
}

impl FromStr for Aggregate {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        let name = text.trim();
        let start = text.len() - text.trim_start().len();
        match name {
            "count" => return Ok(Aggregate::Count),
            "rate" => return Ok(Aggregate::Rate),
            "value" => return Ok(Aggregate::Value),
            "avg" => return Ok(Aggregate::Avg),
            "min" => return Ok(Aggregate::Min),
            "max" => return Ok(Aggregate::Max),
            "med" => return Ok(Aggregate::Med),
            _ => {}
        }
        if let Some(inner) = name.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')) {
            return match number(inner).filter(|percent| (0.0..=100.0).contains(percent)) {
                Some(percent) => Ok(Aggregate::Quantile(percent)),
                None => Err(MetricError {
                    problem: format!("`{inner}` is not a percentile from 0 to 100"),
                    span: start + 2..start + 2 + inner.len(),
                    fix: Some("write one such as p(95) or p(99.9)".to_string()),
                    choices: &[],
                }),
            };
        }
        let digits = name.trim_start_matches('p');
        let percentile = digits.len() + 1 == name.len() && number(digits).is_some();
        let fix = match name {
            _ if percentile => format!("write p({digits})"),
            "mean" | "average" => "write avg".to_string(),
            "median" => "write med".to_string(),
            _ => format!("the aggregates are {}", AGGREGATES.join(", ")),
        };
        Err(MetricError {
            problem: format!("there is no aggregate `{name}`"),
            span: start..start + name.len(),
            fix: Some(fix),
            choices: if percentile { &[] } else { &AGGREGATES },
        })
    }
}

impl FromStr for Operator {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        let sign = if text.trim() == "===" { "==" } else { text.trim() };
        Operator::ALL.into_iter().find(|operator| operator.sign() == sign).ok_or_else(|| {
            let fix = match sign {
                "=" => "write == to compare",
                "=<" => "write <=",
                "=>" => "write >=",
                _ => "the operators are <, <=, >, >=, == and !=",
            };
            MetricError {
                problem: format!("there is no operator `{sign}`"),
                span: 0..text.len(),
                fix: Some(fix.to_string()),
                choices: &[],
            }
        })
    }
}

impl FromStr for Sla {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        // A tag value may hold a colon, so the one that ends the selector is looked for behind it.
        let selector_end = text.rfind('}').map_or(0, |at| at + 1);
        let Some(colon) = text[selector_end..].find(':').map(|at| selector_end + at) else {
            return Err(MetricError {
                problem: "the metric and what is demanded of it are not set apart".to_string(),
                span: 0..text.len(),
                fix: Some("write `metric: bound`, such as http_req_duration: p(95)<500".into()),
                choices: &[],
            });
        };
        let (metric, tags) = parse_selector(&text[..colon])?;
        let (aggregate, operator, bound) =
            parse_bound(metric, &text[colon + 1..]).map_err(|error| shifted(error, colon + 1))?;
        let (abort_on_fail, delay_abort) = (false, Duration::ZERO);
        Ok(Sla { metric, tags, aggregate, operator, bound, abort_on_fail, delay_abort })
    }
}

/// Reads what is demanded of `metric`, such as `p(95)<500`.
pub fn parse_bound(metric: Metric, text: &str) -> Result<(Aggregate, Operator, f64), MetricError> {
    let is_sign = |c: char| matches!(c, '<' | '>' | '=' | '!');
    let Some(sign) = text.find(is_sign) else {
        let sample = metric.kind().aggregates().last().unwrap_or(&"rate");
        return Err(MetricError {
            problem: "a bound needs an operator and a number".to_string(),
            span: trimmed_span(text),
            fix: Some(format!("write one such as {sample}<{}", sample_bound(metric))),
            choices: &[],
        });
    };
    let after = text[sign..].find(|c| !is_sign(c)).map_or(text.len(), |at| sign + at);
    let aggregate = read_aggregate(metric, &text[..sign])?;
    let operator = text[sign..after].parse::<Operator>().map_err(|error| shifted(error, sign))?;
    let bound = text[after..].trim();
    match number(bound) {
        Some(bound) => Ok((aggregate, operator, bound)),
        None => {
            let start = trimmed_span(&text[after..]);
            Err(MetricError {
                problem: format!("`{bound}` is not a number"),
                span: after + start.start..after + start.end,
                fix: Some(bound_fix(metric, bound)),
                choices: &[],
            })
        }
    }
}

fn read_aggregate(metric: Metric, text: &str) -> Result<Aggregate, MetricError> {
    let aggregate = text.parse::<Aggregate>()?;
    let fits = match metric.kind() {
        Kind::Counter => matches!(aggregate, Aggregate::Count | Aggregate::Rate),
        Kind::Gauge => aggregate == Aggregate::Value,
        Kind::Rate => aggregate == Aggregate::Rate,
        Kind::Trend => !matches!(aggregate, Aggregate::Count | Aggregate::Rate | Aggregate::Value),
    };
    if fits {
        return Ok(aggregate);
    }
    Err(MetricError {
        problem: format!("{metric} has no `{aggregate}`"),
        span: trimmed_span(text),
        fix: Some(format!("it has {}", metric.kind().aggregates().join(", "))),
        choices: &[],
    })
}

fn bound_fix(metric: Metric, bound: &str) -> String {
    let digits = bound.trim_end_matches(|c: char| !c.is_ascii_digit() && c != '.');
    let unit = bound[digits.len()..].trim();
    match (number(digits), unit, metric.unit()) {
        (Some(_), "ms", Unit::Milliseconds) => format!("write {digits}: it is in milliseconds"),
        (Some(value), "s", Unit::Milliseconds) => {
            format!("write {}: it is in milliseconds", value * 1000.0)
        }
        (Some(_), "%", Unit::Share) => match format!("{digits}e-2").parse::<f64>() {
            Ok(share) => format!("write {share}: it is a share from 0 to 1"),
            Err(_) => "write a share from 0 to 1".to_string(),
        },
        (_, _, Unit::Milliseconds) => "write milliseconds without a unit, such as 500".into(),
        (_, _, Unit::Share) => "write a share from 0 to 1, such as 0.01".into(),
        (_, _, Unit::Count) => "write a number such as 100".into(),
        (_, _, Unit::Score) => "write a number such as 0.1".into(),
        (_, _, Unit::Bytes) => "write bytes without a unit, such as 1000000".into(),
    }
}

fn sample_bound(metric: Metric) -> &'static str {
    match metric.unit() {
        Unit::Milliseconds => "500",
        Unit::Share => "0.01",
        Unit::Score => "0.1",
        Unit::Count | Unit::Bytes => "1000",
    }
}

/// A finite decimal number with an optional sign.
fn number(text: &str) -> Option<f64> {
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
    text.parse().ok().filter(|number: &f64| number.is_finite() && text.chars().all(plain))
}

fn trimmed_span(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

fn shifted(mut error: MetricError, by: usize) -> MetricError {
    error.span = error.span.start + by..error.span.end + by;
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sla(text: &str) -> Sla {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn problem(text: &str) -> (String, &str, String) {
        let error = text.parse::<Sla>().unwrap_err();
        (error.problem, &text[error.span], error.fix.unwrap_or_default())
    }

    #[test]
    fn the_thresholds_that_people_write_are_read() {
        for text in [
            "http_req_duration: p(95)<500",
            "http_req_duration: p(99.9)<=2000",
            "http_req_failed: rate<0.01",
            "checks: rate>0.95",
            "checks: rate==1",
            "dropped_iterations: count==0",
            "http_reqs: rate>100",
            "vus_max: value<=50",
            "iteration_duration: med!=0",
        ] {
            assert_eq!(sla(text).to_string(), text);
        }
    }

    #[test]
    fn the_web_vitals_of_k6_are_metrics_and_its_other_browser_metrics_name_them() {
        for text in [
            "browser_web_vital_lcp: p(75)<2500",
            "browser_web_vital_cls{step:open shop}: p(75)<0.1",
            "browser_step_duration{browser:chromium}: p(95)<1000",
            "browser_step_failed: rate<0.01",
        ] {
            assert_eq!(sla(text).to_string(), text);
        }
        let (_, at, fix) = problem("browser_data_received: count>5");
        assert_eq!(at, "browser_data_received");
        assert!(fix.starts_with("use browser_step_duration"), "{fix}");
        let near = "browser_web_vital_lpc: p(75)<2500".parse::<Sla>().unwrap_err();
        assert!(near.choices.contains(&"browser_web_vital_lcp"));
        let (_, at, fix) = problem("browser_web_vital_cls: p(75)<100ms");
        assert_eq!((at, fix.as_str()), ("100ms", "write a number such as 0.1"));
    }

    #[test]
    fn white_space_and_the_triple_equals_of_k6_are_tolerated() {
        let read = sla("  http_req_duration{ step : sign in , area:cart } :  p(95)  <  500 ");
        assert_eq!(read.to_string(), "http_req_duration{step:sign in,area:cart}: p(95)<500");
        assert_eq!(sla("checks: rate === 1").operator, Operator::Equal);
    }

    #[test]
    fn a_tag_value_may_hold_a_colon_or_in_quotes_a_comma() {
        let read = sla("http_reqs{step:GET http://a/b,area:'x, y'}: count>1");
        assert_eq!(read.tags[0].1, "GET http://a/b");
        assert_eq!(read.tags[1].1, "x, y");
        assert_eq!(sla(&read.to_string()), read);
    }

    #[test]
    fn name_means_step_and_expected_responses_are_meant_anyway() {
        let read = sla("http_req_duration{expected_response:true,name:browse}: avg<5");
        assert_eq!(read.selector(), "http_req_duration{step:browse}");
        let (problem, at, _) = problem("http_reqs{expected_response:true}: count>5");
        assert_eq!(problem, "http_reqs is not kept apart by `expected_response`");
        assert_eq!(at, "expected_response:true");
    }

    #[test]
    fn a_metric_of_k6_that_is_not_recorded_names_what_is() {
        let (problem, at, fix) = problem("group_duration: p(95)<500");
        assert_eq!(problem, "`group_duration` is a metric of k6 that is not recorded here");
        assert_eq!(at, "group_duration");
        assert!(fix.contains("recorded are http_req_duration, http_req_service"), "{fix}");
    }

    #[test]
    fn an_unknown_metric_comes_with_the_choices() {
        let error = "http_req_duratoin: avg<1".parse::<Sla>().unwrap_err();
        assert_eq!(error.problem, "there is no metric `http_req_duratoin`");
        assert!(error.choices.contains(&"http_req_duration"));
    }

    #[test]
    fn an_aggregate_must_fit_its_metric() {
        let (problem, at, fix) = problem("http_req_failed: p(95)<500");
        assert_eq!((problem.as_str(), at), ("http_req_failed has no `p(95)`", "p(95)"));
        assert_eq!(fix, "it has rate");
    }

    #[test]
    fn bounds_with_units_are_told_the_number_to_write() {
        assert_eq!(problem("http_req_duration: p(95)<1.5s").2, "write 1500: it is in milliseconds");
        assert_eq!(
            problem("http_req_failed: rate < 1%").2,
            "write 0.01: it is a share from 0 to 1"
        );
        assert_eq!(problem("http_req_failed: rate < 1%").1, "1%");
    }

    #[test]
    fn near_misses_are_answered_with_the_right_form() {
        assert_eq!(problem("http_req_duration: p95<500").2, "write p(95)");
        assert_eq!(problem("http_req_duration: avg=500").2, "write == to compare");
        assert_eq!(problem("http_req_duration: p(101)<500").1, "101");
        assert_eq!(problem("http_req_duration").2.split(',').next(), Some("write `metric: bound`"));
        assert_eq!(problem("http_req_duration: p(95)").1, "p(95)");
        assert_eq!(problem("http_req_duration{step:a: p(95)<1").1, "{step");
    }

    fn any_sla() -> impl Strategy<Value = Sla> {
        let tags = prop::collection::vec(("[a-z][a-z_]{5,9}q", "[ -~&&[^\"]]{1,12}"), 0..3);
        let parts = (0..Metric::ALL.len(), tags, 0..5usize, 0u32..=1000, 0..6usize, -1e9..1e9f64);
        parts.prop_map(|(metric, mut tags, aggregate, percent, operator, bound)| {
            let metric = Metric::ALL[metric];
            tags.sort();
            tags.dedup_by(|a, b| a.0 == b.0);
            if metric.scope() == super::super::Scope::Scenario {
                tags.clear();
            }
            let trend = [Aggregate::Avg, Aggregate::Min, Aggregate::Max, Aggregate::Med];
            let aggregate = match metric.kind() {
                Kind::Counter => [Aggregate::Count, Aggregate::Rate][aggregate % 2],
                Kind::Gauge => Aggregate::Value,
                Kind::Rate => Aggregate::Rate,
                Kind::Trend => {
                    *trend.get(aggregate).unwrap_or(&Aggregate::Quantile(f64::from(percent) / 10.0))
                }
            };
            let operator = Operator::ALL[operator];
            let (abort_on_fail, delay_abort) = (false, Duration::ZERO);
            Sla { metric, tags, aggregate, operator, bound, abort_on_fail, delay_abort }
        })
    }

    proptest! {
        #[test]
        fn a_written_sla_reads_back(sla in any_sla()) {
            prop_assert_eq!(sla.to_string().parse::<Sla>(), Ok(sla));
        }

        #[test]
        fn no_text_makes_reading_panic_and_spans_stay_inside(
            text in concat!(
                "\\PC{0,20}|",
                "(http_req_duration|checks)?[{:},a-z'\"µ ]{0,12}: ?(p\\(|rate)?\\PC{0,9}"
            )
        ) {
            if let Err(error) = text.parse::<Sla>() {
                prop_assert!(text.get(error.span).is_some());
            }
        }
    }
}
