//! The trials of one metric: a cell is one host, one method and one change, tried many times.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use taster::analysis::Word;
use taster::analysis::gate::{Gate, Noise, looks};

use super::Amount;
use super::count::Count;
use super::host::{CHANGES, Host};
use super::judge::{self, Look, Measured, QUANTILES, Step};
use super::peers::{self, Case};
use super::pool::{Layout, Pool, Restarts, in_parallel};
use super::random::Random;

/// One number of the table: how often each word was said.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The host.
    pub host: &'static str,
    /// How it was judged: `stored 10 x 1`.
    pub method: String,
    /// Of what: `p95`, `errors`, `30 metrics`.
    pub metric: &'static str,
    /// What was done to the candidate.
    pub change: &'static str,
    /// What was said.
    pub count: Count,
    /// Of duets that may end early: after how many restarts they did, on average.
    pub restarts: Option<f64>,
}

impl Cell {
    /// Whether it is of the same: host, method, metric and change.
    pub fn is_of(&self, other: &Cell) -> bool {
        let of = |cell: &Cell| (cell.host, cell.metric, cell.change);
        of(self) == of(other) && self.method == other.method
    }

    /// With the trials of another seed.
    pub fn join(&mut self, other: &Cell) {
        let trials = |cell: &Cell| cell.count.trials() as f64;
        if let (Some(mine), Some(theirs)) = (self.restarts, other.restarts) {
            let all = mine * trials(self) + theirs * trials(other);
            self.restarts = Some(all / (trials(self) + trials(other)));
        }
        self.count.join(&other.count);
    }

    /// As it stands in the file.
    pub fn json(&self) -> Value {
        let mut value = json!({
            "host": self.host,
            "method": self.method,
            "metric": self.metric,
            "change": self.change,
            "restarts": self.restarts,
        });
        if let (Value::Object(cell), Value::Object(count)) = (&mut value, self.count.json()) {
            cell.extend(count);
        }
        value
    }
}

/// What the gate is told of a host, margins being its defaults.
pub fn gate(host: &Host) -> Gate {
    let noise = Noise { between_runs: host.prior, ..Noise::default() };
    Gate { noise, ..Gate::default() }
}

/// Words of many trials, in any order.
pub fn tried(amount: &Amount, what: &str, trial: impl Fn(&mut Random) -> Word + Sync) -> Count {
    let words =
        in_parallel(amount.trials, |index| trial(&mut Random::new(amount.seed, what, index)));
    words.into_iter().collect()
}

/// Which of the runs stands for what: the stored ones, then those of the candidate.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    /// Baselines.
    pub baselines: usize,
    /// Runs of the candidate.
    pub runs: usize,
}

impl Stored {
    /// As it stands in the table.
    pub fn name(self) -> String {
        format!("stored {} x {}", self.baselines, self.runs)
    }
}

/// The gate on stored baselines, all changes.
pub fn stored(
    pool: &Pool,
    host: &Host,
    design: Stored,
    quantiles: &[usize],
    amount: &Amount,
) -> Vec<Cell> {
    let gate = gate(host);
    let what = format!("{} on {}", design.name(), host.name);
    every((quantiles, amount), |(at, change), quantile| {
        let count = tried(amount, &what, |random| {
            let chosen = random.distinct(design.baselines + design.runs, pool.runs[0].len());
            let (before, after) = chosen.split_at(design.baselines);
            let before: Vec<&Measured> = before.iter().map(|run| &pool.runs[0][*run]).collect();
            let after: Vec<&Measured> = after.iter().map(|run| &pool.runs[at][*run]).collect();
            judge::stored(&[Step::of(quantile, &before, &after)], &gate)
        });
        let (method, metric) = (design.name(), QUANTILES[quantile].name());
        Cell { host: host.name, method, metric, change, count, restarts: None }
    })
}

/// The gate on a duet, all changes.
pub fn duet(
    pool: &Restarts,
    (host, layout): (&Host, Layout),
    look: Look,
    quantiles: &[usize],
    amount: &Amount,
) -> Vec<Cell> {
    let known = gate(host);
    let kind = match layout {
        Layout::SideBySide => "duet",
        Layout::Interleaved => "interleaved duet",
    };
    let name = format!("{kind} {}", look.name());
    let what = format!("{name} on {}", host.name);
    every((quantiles, amount), |(at, change), quantile| {
        let taken = AtomicUsize::new(0);
        let count = tried(amount, &what, |random| {
            let gate = told(random, pool, look, &known);
            let chosen = random.distinct(look.most(), pool.before.len());
            let sides = chosen.iter().map(|one| (&pool.before[*one], &pool.after[at][*one]));
            let (word, restarts) = judge::duet(&[(quantile, sides.collect())], look, &gate);
            taken.fetch_add(restarts, Ordering::Relaxed);
            word
        });
        let metric = QUANTILES[quantile].name();
        let mean = taken.into_inner() as f64 / count.trials().max(1) as f64;
        let restarts = (look == Look::Early).then_some(mean);
        Cell { host: host.name, method: name.clone(), metric, change, count, restarts }
    })
}

/// What the gate is told of a duet's noise: where it may end early, as few restarts of equal sides
/// have taught it as are enough.
pub fn told(random: &mut Random, pool: &Restarts, look: Look, known: &Gate) -> Gate {
    let mut gate = known.clone();
    if look == Look::Early {
        let taught = random.distinct(looks::TAUGHT as usize, pool.before.len());
        let pairs: Vec<(&Measured, &Measured)> =
            taught.iter().map(|one| (&pool.before[*one], &pool.after[0][*one])).collect();
        gate.noise.between_sides = judge::learnt(&pairs);
    }
    gate
}

fn every(
    (quantiles, amount): (&[usize], &Amount),
    cell: impl Fn((usize, &'static str), usize) -> Cell,
) -> Vec<Cell> {
    let of = |quantile: &usize| -> Vec<Cell> {
        amount.changes().into_iter().map(|at| cell((at, CHANGES[at].0), *quantile)).collect()
    };
    quantiles.iter().flat_map(of).collect()
}

/// The rules of others on the same runs.
pub fn peers(pool: &Pool, host: &Host, amount: &Amount) -> Vec<Cell> {
    let mut usual: Vec<f64> = pool.runs[0].iter().map(|run| run.p95).collect();
    usual.sort_by(f64::total_cmp);
    let usual_p95 = usual[usual.len() / 2];
    let mut cells = Vec::new();
    for rule in peers::RULES.into_iter().chain([peers::BENCHER]) {
        let what = format!("peers on {}", host.name);
        cells.extend(every((&[1], amount), |(at, change), _| {
            let count = tried(amount, &what, |random| {
                // Those whose latencies were kept are drawn, others only where p95 is enough.
                let raw = random.distinct(2, pool.spectra[0].len());
                let more = random.distinct(peers::BENCHER_RUNS + 2, pool.runs[0].len());
                let others = more.into_iter().filter(|run| !raw.contains(run));
                let stored: Vec<usize> = raw[..1].iter().copied().chain(others).collect();
                let stored_p95: Vec<f64> = stored[..peers::BENCHER_RUNS]
                    .iter()
                    .map(|run| pool.runs[0][*run].p95)
                    .collect();
                peers::word(
                    rule,
                    &Case {
                        usual_p95,
                        stored_p95: &stored_p95,
                        p95: pool.runs[at][raw[1]].p95,
                        stored: &pool.spectra[0][raw[0]],
                        candidate: &pool.spectra[at][raw[1]],
                    },
                )
            });
            let method = rule.0.to_string();
            Cell { host: host.name, method, metric: "p95", change, count, restarts: None }
        }));
    }
    cells
}

/// The cell of the table, where it was tried.
pub fn find<'a>(
    cells: &'a [Cell],
    (host, method): (&str, &str),
    what: (&str, &str),
) -> Option<&'a Cell> {
    let (metric, change) = what;
    cells.iter().find(|cell| {
        cell.host == host && cell.method == method && cell.metric == metric && cell.change == change
    })
}
