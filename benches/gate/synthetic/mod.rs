//! The synthetic stage: runs are made up on hosts whose noise is known, recorded as a run records,
//! and judged by the gate and by the rules of others, thousands of times.
//!
//! What is true is known here, so the share of wrong words is the error rate itself.

mod cells;
mod count;
mod failures;
mod family;
mod goals;
mod host;
mod judge;
mod mixed;
mod peers;
mod pool;
mod random;
mod run;
mod table;

pub use count::Count;
pub use peers::{Spectrum, mann_whitney, quantile};
pub use table::Outcome;

use cells::{Cell, Stored};
use host::Host;
use judge::Look;
use pool::{Layout, Restarts};

/// How much is tried.
#[derive(Debug, Clone)]
pub struct Amount {
    /// From which all random numbers follow.
    pub seed: u64,
    /// Of each cell.
    pub trials: usize,
    /// Runs in a pool, from which trials draw.
    pub runs: usize,
    /// The same of runs on their own, of which a trial takes many at once: with few of them all
    /// trials have the luck of one pool.
    pub alone: usize,
    /// Seconds of load in a run, and on each side of a restart.
    pub seconds: usize,
    /// Whether all hosts and designs are tried, or only what the goals are about.
    pub whole: bool,
}

impl Amount {
    /// Which of all changes are tried.
    fn changes(&self) -> Vec<usize> {
        let goals = ["A/A", "+10 %", "+20 %", "tail 2 % x 4"];
        let wanted = |at: &usize| self.whole || goals.contains(&host::CHANGES[*at].0);
        (0..host::CHANGES.len()).filter(wanted).collect()
    }
}

/// Runs against stored baselines.
const DESIGNS: [(usize, usize); 8] =
    [(1, 1), (1, 3), (5, 1), (5, 3), (10, 1), (10, 3), (20, 1), (20, 3)];

/// Tries everything; `tell` hears what is being done.
pub fn run(amount: &Amount, tell: impl Fn(&str)) -> Outcome {
    let mut cells = Vec::new();
    for host in hosts(amount, &[host::QUIET, host::NOISY, host::TWO_STATE]) {
        tell(&format!("stored baselines on {}", host.name));
        cells.extend(stored(&host, amount));
    }
    let others = [host::QUIET, host::NOISY, host::TWO_STATE, host::LOW_RATE, host::HEAVY_TAIL];
    for host in hosts(amount, &[&others[..], &host::ASYMMETRIC].concat()) {
        tell(&format!("duets on {}", host.name));
        let pool = pool::restarts(&host, Layout::SideBySide, amount);
        cells.extend(duets(&host, &pool, amount));
        if host.name == host::CI.name {
            tell("thirty metrics");
            cells.extend(family::cells(&host, &pool, amount));
        }
    }
    for host in hosts(amount, &[host::QUIET, host::NOISY]) {
        tell(&format!("interleaved duets on {}", host.name));
        let pool = pool::restarts(&host, Layout::Interleaved, amount);
        let place = (&host, Layout::Interleaved);
        cells.extend(cells::duet(&pool, place, Look::Only(3), &[1], amount));
    }
    tell("errors");
    cells.extend(failures::stored(&host::CI, Stored { baselines: 10, runs: 1 }, amount));
    cells.extend(failures::peers(&host::CI, amount));
    tell("mixed hosts");
    cells.extend(mixed::cells(amount));
    Outcome::new(amount.clone(), cells)
}

fn hosts(amount: &Amount, others: &[Host]) -> Vec<Host> {
    let others = if amount.whole { others } else { &[] };
    [host::CI].into_iter().chain(others.iter().copied()).collect()
}

fn stored(host: &Host, amount: &Amount) -> Vec<Cell> {
    let pool = pool::alone(host, amount);
    let mut cells = Vec::new();
    let wanted = |design: &&(usize, usize)| amount.whole || matches!(design, (10, 1) | (20, 3));
    for (baselines, runs) in DESIGNS.iter().filter(wanted) {
        let design = Stored { baselines: *baselines, runs: *runs };
        let quantiles: &[usize] = if amount.whole { &[0, 1, 2] } else { &[1] };
        cells.extend(cells::stored(&pool, host, design, quantiles, amount));
    }
    cells.extend(cells::peers(&pool, host, amount));
    cells
}

fn duets(host: &Host, pool: &Restarts, amount: &Amount) -> Vec<Cell> {
    let place = (host, Layout::SideBySide);
    let looks: &[Look] = match amount.whole {
        true => &[Look::Only(3), Look::Only(5), Look::Extended, Look::Early],
        false => &[Look::Only(3), Look::Extended, Look::Early],
    };
    let quantiles: &[usize] = if amount.whole { &[0, 1, 2] } else { &[1, 2] };
    let of = |look: &Look| cells::duet(pool, place, *look, quantiles, amount);
    looks.iter().flat_map(of).collect()
}
