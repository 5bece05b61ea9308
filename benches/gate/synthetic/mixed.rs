//! The trials of mixed hosts: some runs land on a slower machine, and a probe tells which.

use super::Amount;
use super::cells::{self, Cell, Stored};
use super::host::{CHANGES, MIXED};
use super::judge::{self, Known, Step};
use super::pool;

/// The p95.
const QUANTILE: usize = 1;

/// The gate on stored baselines with the probe and without, all changes.
pub fn cells(amount: &Amount) -> Vec<Cell> {
    let pool = pool::alone(&MIXED, amount);
    let gate = cells::gate(&MIXED);
    let wanted: &[usize] = if amount.whole { &[5, 10, 20] } else { &[10] };
    let mut cells = Vec::new();
    for (baselines, probed) in wanted.iter().flat_map(|count| [(*count, true), (*count, false)]) {
        let name = Stored { baselines, runs: 1 }.name();
        let method = format!("{name}, {}", if probed { "probe" } else { "no probe" });
        for at in amount.changes() {
            let change = CHANGES[at].0;
            let count = cells::tried(amount, &format!("mixed, {name}"), |random| {
                let chosen = random.distinct(baselines + 1, pool.probes.len());
                let (before, after) = chosen.split_at(baselines);
                let of = |change: usize, run: &usize| -> (Known, Option<f64>) {
                    let known = pool.runs[change][*run].estimates[QUANTILE].clone();
                    (known, probed.then(|| pool.probes[*run]))
                };
                let step = Step {
                    quantile: QUANTILE,
                    before: before.iter().map(|run| of(0, run)).collect(),
                    after: after.iter().map(|run| of(at, run)).collect(),
                };
                judge::stored(&[step], &gate)
            });
            let (host, method) = (MIXED.name, method.clone());
            let metric = "p95";
            cells.push(Cell { host, method, metric, change, count, restarts: None });
        }
    }
    cells
}
