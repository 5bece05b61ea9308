//! How the SLAs of a run stand while its load goes on, for whoever watches.

use super::measure::selected;
use super::{Word, sla};
use crate::metric::{Aggregate, Metric, Operator, Sla};
use crate::result::{RunResult, SlaRecord};

/// How an SLA stands while a load goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The SLA as it was written.
    pub sla: String,
    /// What it is of so far.
    pub observed: String,
    /// The word it would get now.
    pub word: Word,
    /// How much of the bound is used: 1 is all of it; none where that says nothing.
    pub used: Option<f64>,
}

/// How all SLAs stand by what is known so far.
pub fn standings(so_far: &RunResult) -> Vec<Standing> {
    let standing = |demand: sla::Demand| Standing {
        sla: demand.finding.metric,
        observed: demand.finding.observed,
        word: demand.finding.word,
        used: demand.finding.used,
    };
    sla::demands(so_far).into_iter().map(standing).collect()
}

/// For each step the least upper bound, in microseconds, that an SLA sets to its p50, p95 and p99.
pub fn latency_bounds(result: &RunResult) -> Vec<[Option<u64>; 3]> {
    let mut bounds = vec![[None; 3]; result.steps.len()];
    for scenario in &result.scenarios {
        let records = scenario.load.iter().flat_map(|load| &load.slas);
        for sla in records.filter_map(|record| record.text.parse::<Sla>().ok()) {
            let Some(at) = quantile(&sla) else { continue };
            let bound = (sla.bound * 1e3) as u64;
            let meant: Vec<_> = selected(result, &scenario.name, &sla).collect();
            for (step, bounds) in result.steps.iter().zip(&mut bounds) {
                if meant.iter().any(|one| std::ptr::eq(*one, step)) {
                    let least = bounds[at].map_or(bound, |known: u64| known.min(bound));
                    bounds[at] = Some(least);
                }
            }
        }
    }
    bounds
}

/// Which of p50, p95 and p99 an SLA bounds from above.
fn quantile(sla: &Sla) -> Option<usize> {
    let upper = matches!(sla.operator, Operator::Less | Operator::LessOrEqual);
    if sla.metric != Metric::HttpReqDuration || !upper {
        return None;
    }
    match sla.aggregate {
        Aggregate::Med => Some(0),
        Aggregate::Quantile(percent) => [50.0, 95.0, 99.0].iter().position(|one| *one == percent),
        _ => None,
    }
}

/// The first SLA that may end the run, and does not hold after so many milliseconds of load.
pub fn abort(so_far: &RunResult, elapsed_ms: u64) -> Option<String> {
    let loads = so_far.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
    let due = |record: &&SlaRecord| record.abort_after_ms.is_some_and(|ms| ms < elapsed_ms);
    let records: Vec<&SlaRecord> = loads.flat_map(|load| &load.slas).filter(due).collect();
    if records.is_empty() {
        return None;
    }
    let mut broken = sla::demands(so_far).into_iter().filter(|d| d.finding.word == Word::Fail);
    // What has no sample yet may still get some: only a number can end the run.
    let seen = |demand: &sla::Demand| demand.finding.observed != "no data";
    let metric = broken.find(|demand| {
        seen(demand) && records.iter().any(|record| record.text == demand.finding.metric)
    })?;
    Some(format!("`{}` (it is {})", metric.finding.metric, metric.finding.observed))
}
