//! The trials of the error rate: failures come in bursts, and more often in some runs than in
//! others.

use taster::analysis::Word;

use super::Amount;
use super::cells::{self, Cell, Stored};
use super::count::Count;
use super::host::Host;
use super::judge::{self, Failures};
use super::pool::in_parallel;
use super::random::Random;

/// The share of requests that fails in the baselines.
const USUAL: f64 = 0.002;

/// What the candidate's share becomes, by name.
const SHARES: [(&str, f64); 4] =
    [("A/A", 0.002), ("0.2 -> 0.4 %", 0.004), ("0.2 -> 1 %", 0.01), ("0.2 -> 2 %", 0.02)];

/// How the intensity varies: between runs, and from second to second (resemblance and spread).
const BETWEEN: f64 = 0.3;
const WITHIN: (f64, f64) = (0.6, 1.0);

/// Runs there are at least.
const POOL: usize = 400;

/// Half of the variance of all that: it keeps the mean share what it is said to be.
const MEAN_SHIFT: f64 = 0.545;

/// The gate on the shares of failures, against stored baselines.
pub fn stored(host: &Host, design: Stored, amount: &Amount) -> Vec<Cell> {
    // They cost next to nothing: what is promised of them stands near its bound.
    let amount = &Amount { trials: 4 * amount.trials, ..amount.clone() };
    let gate = cells::gate(host);
    let usual = pool(host, ("usual", USUAL), amount);
    let cell = |(change, share): (&'static str, f64)| {
        let changed = pool(host, (change, share), amount);
        let what = format!("errors, {}", design.name());
        let count: Count = cells::tried(amount, &what, |random| {
            let before = random.distinct(design.baselines, usual.len());
            let after = random.distinct(design.runs, changed.len());
            let before: Vec<&Failures> = before.iter().map(|run| &usual[*run]).collect();
            let after: Vec<&Failures> = after.iter().map(|run| &changed[*run]).collect();
            judge::failures(&before, &after, &gate)
        });
        let method = design.name();
        Cell { host: host.name, method, metric: "errors", change, count, restarts: None }
    };
    shares(amount).map(cell).collect()
}

/// A static limit, as a k6 threshold has it: fewer than 1 % of requests may fail.
pub fn peers(host: &Host, amount: &Amount) -> Vec<Cell> {
    let cell = |(change, share): (&'static str, f64)| {
        let changed = pool(host, (change, share), amount);
        let count = cells::tried(amount, "errors, static limit", |random| {
            let run = &changed[random.below(changed.len())];
            if run.share() >= 0.01 { Word::Fail } else { Word::Pass }
        });
        let method = "static limit of 1 % (k6)".to_string();
        Cell { host: host.name, method, metric: "errors", change, count, restarts: None }
    };
    shares(amount).map(cell).collect()
}

/// Those that are tried.
fn shares(amount: &Amount) -> impl Iterator<Item = (&'static str, f64)> {
    let whole = amount.whole;
    SHARES.into_iter().filter(move |(name, _)| whole || matches!(*name, "A/A" | "0.2 -> 2 %"))
}

fn pool(host: &Host, (name, share): (&str, f64), amount: &Amount) -> Vec<Failures> {
    // They cost next to nothing, and few of them would all have the luck of one.
    in_parallel((amount.alone * 2).max(POOL), |index| {
        let mut random = Random::new(amount.seed, &format!("errors {name}"), index);
        judge::failures_of(&seconds(&mut random, (host.rate, share), amount.seconds))
    })
}

/// Failed and done, by second.
fn seconds(random: &mut Random, (rate, share): (usize, f64), length: usize) -> Vec<(u64, u64)> {
    let level = random.normal() * BETWEEN - MEAN_SHIFT;
    let (resemblance, spread) = WITHIN;
    let bursts = random.series(length, resemblance, spread);
    let second = |burst: f64| {
        let intensity = (share * (level + burst).exp()).min(1.0);
        let failed = (0..rate).filter(|_| random.happens(intensity)).count();
        (failed as u64, rate as u64)
    };
    bursts.into_iter().map(second).collect()
}
