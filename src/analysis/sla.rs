//! Judges the bounds that a scenario demands of its load.
//!
//! Meaning is k6's (milliseconds, shares from 0 to 1, sums and their rate per second) but for two
//! things. A metric without samples fails. And a quantile of too few samples is no pass, even if
//! each of them is within the bound; see `order` for how many it takes.

use hdrhistogram::Histogram;

use super::finding::{Finding, Stage, about, number_of};
use super::measure::{Measured, failures, measure, selected, share, total};
use super::{Word, order};
use crate::metric::{Aggregate, Metric, Operator, Sla, Unit};
use crate::result::{LoadResult, RunResult, SlaRecord, StepResult};
use crate::units::{show_bytes, show_count, show_duration_us, show_percent, show_rate};

/// A bound with the judgement of it.
pub(super) struct Demand {
    /// The judgement.
    pub finding: Finding,
    /// The bound; none where its text could not be read.
    pub sla: Option<Sla>,
    /// The scenario whose bound it is.
    pub scenario: String,
}

/// A number judged.
struct Ruling {
    word: Word,
    /// In the SLA's unit; none without data.
    value: Option<f64>,
    reason: String,
}

/// Judges all bounds of a result.
pub(super) fn demands(result: &RunResult) -> Vec<Demand> {
    let mut demands = Vec::new();
    for scenario in &result.scenarios {
        let Some(load) = &scenario.load else { continue };
        for record in &load.slas {
            let (finding, sla) = match record.text.parse::<Sla>() {
                Ok(sla) => (demand(result, &scenario.name, (load, record), &sla), Some(sla)),
                Err(why) => (unreadable(&scenario.name, record, &why.to_string()), None),
            };
            demands.push(Demand { finding, sla, scenario: scenario.name.clone() });
        }
    }
    demands
}

fn demand(
    result: &RunResult,
    scenario: &str,
    (load, record): (&LoadResult, &SlaRecord),
    sla: &Sla,
) -> Finding {
    let steps: Vec<&StepResult> = selected(result, scenario, sla).collect();
    let ruling = match measure(sla, load, &steps) {
        Ok(measured) => rule(sla, &measured),
        Err(why) => Ruling { word: Word::Invalid, value: None, reason: format!("Here {why}.") },
    };
    let tag = sla.tags.iter().find(|(key, _)| key == "step");
    let subject = tag.map_or(scenario.to_string(), |(_, step)| about(scenario, step));
    let (observed, wanted) = match ruling.value {
        Some(value) => texts(sla, value),
        None => ("no data".to_string(), shown(sla, sla.bound)),
    };
    let bound = format!("{} {wanted}", sla.operator);
    let what = format!("{} of {}", sla.aggregate, sla.selector());
    let title = match ruling.value {
        Some(_) => format!("{what} is {observed}, demanded is {bound}"),
        None => format!("no data for {what}, demanded is {bound}"),
    };
    let mut finding = Finding::new(stage(sla.metric), ruling.word, &subject, title)
        .saw(&sla.to_string(), observed, bound)
        .because(&ruling.reason)
        .because(&whose(sla, &steps))
        .at(&record.place);
    if ruling.value.is_none() {
        finding = finding.coded("sla-without-data");
    }
    finding.used = ruling.value.and_then(|value| used(sla, value));
    finding
}

/// What the number that an SLA of `scenario` speaks of was in a run, in the SLA's unit; none where
/// there is none, or it cannot be read.
pub(super) fn observed(result: &RunResult, scenario: &str, sla: &Sla) -> Option<f64> {
    let load = result.scenarios.iter().find(|one| one.name == scenario)?.load.as_ref()?;
    let steps: Vec<&StepResult> = selected(result, scenario, sla).collect();
    rule(sla, &measure(sla, load, &steps).ok()?).value
}

fn unreadable(scenario: &str, record: &SlaRecord, why: &str) -> Finding {
    let title = format!("the SLA `{}` cannot be read", record.text);
    Finding::new(Stage::Validity, Word::Invalid, scenario, title)
        .coded("unreadable-sla")
        .saw(&record.text, String::new(), record.text.clone())
        .because(&format!("It was written by another version of Taster, or damaged: {why}."))
        .at(&record.place)
}

fn rule(sla: &Sla, measured: &Measured) -> Ruling {
    let value = match (measured, sla.aggregate) {
        (Measured::Nothing(why), _) => {
            let reason = format!("{why} No data is never a pass.");
            return Ruling { word: Word::Fail, value: None, reason };
        }
        (Measured::Trend(histogram), _) => return rule_trend(sla, histogram),
        (Measured::Share { hits, of }, _) => share(*hits, *of),
        (Measured::Sum { sum, seconds }, Aggregate::Rate) if *seconds > 0.0 => {
            *sum as f64 / seconds
        }
        (Measured::Sum { sum, .. }, _) => *sum as f64,
        (Measured::Gauge(value), _) => *value as f64,
    };
    let word = if sla.operator.holds(value, sla.bound) { Word::Pass } else { Word::Fail };
    Ruling { word, value: Some(value), reason: beyond(sla, value, word) }
}

fn rule_trend(sla: &Sla, histogram: &Histogram<u64>) -> Ruling {
    let at = |q: f64| histogram.value_at_quantile(q) as f64;
    let (value_us, q) = match sla.aggregate {
        Aggregate::Min => (histogram.min() as f64, 0.0),
        Aggregate::Max => (histogram.max() as f64, 1.0),
        Aggregate::Quantile(percent) => (at(percent / 100.0), percent / 100.0),
        Aggregate::Med => (at(0.5), 0.5),
        _ => (histogram.mean(), 0.5),
    };
    let value = value_us / 1e3;
    let (n, needed) = (histogram.len(), order::needed(q));
    let holds = sla.operator.holds(value, sla.bound);
    let sure = n >= needed || (!holds && surely_beyond(sla, histogram, q));
    let word = match (sure, holds) {
        (true, true) => Word::Pass,
        (true, false) => Word::Fail,
        (false, _) => Word::Inconclusive,
    };
    let reason = match word {
        Word::Inconclusive => format!(
            "Only {}; it takes {} to decide {}. Run it longer or with more load.",
            number_of(n as usize, "sample"),
            show_count(needed),
            sla.aggregate
        ),
        _ => beyond(sla, value, word),
    };
    Ruling { word, value: Some(value), reason }
}

/// Whether too few samples still prove that the bound does not hold: see `order::refutes`. For a
/// mean there is no such argument without knowing the shape, so each sample must be beyond.
fn surely_beyond(sla: &Sla, histogram: &Histogram<u64>, q: f64) -> bool {
    let beyond: u64 = histogram
        .iter_recorded()
        .filter(|bucket| !sla.operator.holds(bucket.value_iterated_to() as f64 / 1e3, sla.bound))
        .map(|bucket| bucket.count_since_last_iteration())
        .sum();
    match (sla.operator, sla.aggregate) {
        (Operator::Equal | Operator::NotEqual, _) => false,
        (_, Aggregate::Avg) => beyond == histogram.len(),
        (Operator::Less | Operator::LessOrEqual, _) => {
            order::refutes(histogram.len(), beyond, 1.0 - q)
        }
        (Operator::Greater | Operator::GreaterOrEqual, _) => {
            order::refutes(histogram.len(), beyond, q)
        }
    }
}

/// By how much a bound was missed.
fn beyond(sla: &Sla, value: f64, word: Word) -> String {
    if word != Word::Fail || sla.bound <= 0.0 {
        return String::new();
    }
    match sla.operator {
        Operator::Less | Operator::LessOrEqual if value > sla.bound => match value / sla.bound {
            times if times >= 2.0 => times_over(times),
            times => format!("That is {} over.", show_percent(times - 1.0)),
        },
        Operator::Greater | Operator::GreaterOrEqual if value < sla.bound => {
            format!("That is {} under.", show_percent(1.0 - value / sla.bound))
        }
        _ => String::new(),
    }
}

fn times_over(times: f64) -> String {
    let decimals = usize::from(times < 10.0);
    format!("That is {times:.decimals$} times the bound.")
}

/// A latency says whose it is: failed requests are not in it.
fn whose(sla: &Sla, steps: &[&StepResult]) -> String {
    let of_requests = matches!(sla.metric, Metric::HttpReqDuration | Metric::HttpReqService)
        || (sla.metric.phase().is_some() && sla.metric.of_browser() == Some(false));
    if !of_requests {
        return String::new();
    }
    let failed = total(steps.iter().map(|step| failures(step).0));
    let good = total(steps.iter().map(|step| step.count.saturating_sub(step.failed)));
    match (failed, good) {
        (0, _) => String::new(),
        (_, 0) => format!("All {} failed.", number_of(failed as usize, "request")),
        _ => format!(
            "It is that of {}; {} failed and {} not in it.",
            number_of(good as usize, "successful request"),
            show_count(failed),
            if failed == 1 { "is" } else { "are" }
        ),
    }
}

/// Observed and bound for a reader; where rounding would make them look the same, in full.
fn texts(sla: &Sla, value: f64) -> (String, String) {
    let (observed, bound) = (shown(sla, value), shown(sla, sla.bound));
    if observed != bound || value == sla.bound {
        return (observed, bound);
    }
    match sla.metric.unit() {
        Unit::Milliseconds => (format!("{value:.3} ms"), format!("{} ms", sla.bound)),
        _ => (format!("{value}"), format!("{}", sla.bound)),
    }
}

/// A number in the SLA's unit for a reader.
pub(super) fn shown(sla: &Sla, value: f64) -> String {
    let whole = value.fract() == 0.0 && value >= 0.0;
    match (sla.metric.unit(), sla.aggregate) {
        (Unit::Milliseconds, _) if value >= 0.0 => show_duration_us((value * 1e3).round() as u64),
        (Unit::Share, _) => show_percent(value),
        (Unit::Score, _) => format!("{}", (value * 1e3).round() / 1e3),
        (Unit::Bytes, Aggregate::Rate) if value >= 0.0 => {
            format!("{}/s", show_bytes(value.round() as u64))
        }
        (Unit::Bytes, _) if whole => show_bytes(value as u64),
        (_, Aggregate::Rate) => show_rate(value),
        _ if whole => show_count(value as u64),
        _ => value.to_string(),
    }
}

fn used(sla: &Sla, value: f64) -> Option<f64> {
    let upper = matches!(sla.operator, Operator::Less | Operator::LessOrEqual);
    (upper && sla.bound > 0.0).then(|| value / sla.bound)
}

fn stage(metric: Metric) -> Stage {
    match metric.unit() {
        Unit::Milliseconds | Unit::Score => Stage::Latency,
        _ if metric == Metric::DroppedIterations => Stage::Offered,
        _ => Stage::Counts,
    }
}
