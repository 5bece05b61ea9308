//! The trials of many metrics at once: p50, p95 and p99 of ten steps, judged as one family.
//!
//! Half of a run's own level is common to all its steps. Adding it to the estimates is the same as
//! scaling all latencies by it, and exactly so.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Amount;
use super::cells::{self, Cell, Stored};
use super::count::Count;
use super::host::{CHANGES, Host};
use super::judge::{self, Known, Look, Measured, QUANTILES, Step};
use super::pool::{self, Pool, Restarts};
use super::random::Random;

/// Steps of the scenario.
const STEPS: usize = 10;

/// What is tried: by name, the change of `CHANGES` and how many steps it is done to.
const TRIED: [(&str, &str, usize); 5] = [
    ("A/A", "A/A", 0),
    ("one step +20 %", "+20 %", 1),
    ("one step +30 %", "+30 %", 1),
    ("all steps +10 %", "+10 %", STEPS),
    ("all steps +20 %", "+20 %", STEPS),
];

/// How it stands in the table.
const METRIC: &str = "30 metrics";

/// The gate on stored baselines, and in duets; `pairs` are restarts on the host.
pub fn cells(host: &Host, pairs: &Restarts, amount: &Amount) -> Vec<Cell> {
    let half = host.between * 0.5_f64.sqrt();
    let own = Host { between: half, name: "ci, a step", ..*host };
    let alone = pool::alone(&own, amount);
    let gate = cells::gate(host);
    let design = Stored { baselines: 10, runs: 1 };
    let mut cells = Vec::new();
    let (tried, looks): (&[_], &[_]) = match amount.whole {
        true => (&TRIED, &[Look::Only(3), Look::Extended, Look::Early]),
        false => (&TRIED[..2], &[Look::Only(3), Look::Early]),
    };
    for (name, change, hit) in tried.iter().copied() {
        let change = CHANGES.iter().position(|(known, _)| *known == change).unwrap_or(0);
        let count = cells::tried(amount, "family, stored", |random| {
            judge::stored(&stored(random, (&alone, half), (change, hit), design), &gate)
        });
        let method = design.name();
        cells.push(cell(host, (method, name), (count, None)));
        for look in looks.iter().copied() {
            let taken = AtomicUsize::new(0);
            let count = cells::tried(amount, "family, duet", |random| {
                let gate = cells::told(random, pairs, look, &gate);
                let sides = duet(random, pairs, (change, hit), look.most());
                let (word, restarts) = judge::duet(&sides, look, &gate);
                taken.fetch_add(restarts, Ordering::Relaxed);
                word
            });
            let method = format!("duet {}", look.name());
            let mean = taken.into_inner() as f64 / count.trials().max(1) as f64;
            let restarts = (look == Look::Early).then_some(mean);
            cells.push(cell(host, (method, name), (count, restarts)));
        }
    }
    cells
}

fn cell(
    host: &Host,
    (method, change): (String, &'static str),
    (count, restarts): (Count, Option<f64>),
) -> Cell {
    Cell { host: host.name, method, metric: METRIC, change, count, restarts }
}

fn stored(
    random: &mut Random,
    (pool, common): (&Pool, f64),
    (change, hit): (usize, usize),
    design: Stored,
) -> Vec<Step> {
    let runs = design.baselines + design.runs;
    let levels: Vec<f64> = (0..runs).map(|_| random.normal() * common).collect();
    let mut steps = Vec::new();
    for step in 0..STEPS {
        let chosen = random.distinct(runs, pool.probes.len());
        let change = if step < hit { change } else { 0 };
        for quantile in 0..QUANTILES.len() {
            let of = |(place, run): (usize, &usize)| {
                let change = if place < design.baselines { 0 } else { change };
                (moved(&pool.runs[change][*run].estimates[quantile], levels[place]), None)
            };
            let mut all = chosen.iter().enumerate().map(of);
            let before = all.by_ref().take(design.baselines).collect();
            steps.push(Step { quantile, before, after: all.collect() });
        }
    }
    steps
}

/// As if every latency were so much longer, in logarithms.
fn moved(known: &Known, by: f64) -> Known {
    let mut moved = known.clone();
    if let Ok(estimate) = &mut moved {
        estimate.theta += by;
    }
    moved
}

fn duet<'a>(
    random: &mut Random,
    pool: &'a Restarts,
    (change, hit): (usize, usize),
    restarts: usize,
) -> Vec<(usize, Vec<(&'a Measured, &'a Measured)>)> {
    let mut steps = Vec::new();
    for step in 0..STEPS {
        let chosen = random.distinct(restarts, pool.before.len());
        let change = if step < hit { change } else { 0 };
        for quantile in 0..QUANTILES.len() {
            let pair = |one: &usize| (&pool.before[*one], &pool.after[change][*one]);
            steps.push((quantile, chosen.iter().map(pair).collect()));
        }
    }
    steps
}
