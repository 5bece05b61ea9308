//! Pools of runs that were made up, recorded and estimated once; trials draw from them.

use std::thread;

use super::Amount;
use super::host::{CHANGES, Host, SLOW_BY};
use super::judge::{self, Measured};
use super::peers::{self, Spectrum};
use super::random::Random;
use super::run::{self, Run};

/// So many runs keep their latencies: Mann-Whitney's test wants them all.
const SPECTRA: usize = 500;

/// How a machine's probe varies from run to run beside the machine's own speed.
const PROBE_NOISE: f64 = 0.015;

/// Runs of one host, each with every change.
pub struct Pool {
    /// By change, in the order of `CHANGES`, then by run; empty where it is not tried.
    pub runs: Vec<Vec<Measured>>,
    /// The latencies of the first of them, alike.
    pub spectra: Vec<Vec<Spectrum>>,
    /// What the probe said of the machine, by run: the logarithm of its slowness.
    pub probes: Vec<f64>,
}

/// Restarts of a duet: what is compared with, and the candidate with every change.
pub struct Restarts {
    /// By restart.
    pub before: Vec<Measured>,
    /// By change, in the order of `CHANGES`, then by restart.
    pub after: Vec<Vec<Measured>>,
}

/// How the two sides of a restart are given load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Both have it in all seconds.
    SideBySide,
    /// They take turns, a second each, ABBA.
    Interleaved,
}

/// Makes `count` things on all processors; what is made depends on its number alone.
pub fn in_parallel<T: Send>(count: usize, make: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let workers = thread::available_parallelism().map_or(1, |cores| cores.get()).min(count.max(1));
    let part = count.div_ceil(workers.max(1));
    let make = &make;
    thread::scope(|scope| {
        let begin = |worker: usize| {
            let (from, to) = (worker * part, ((worker + 1) * part).min(count));
            scope.spawn(move || (from..to).map(make).collect::<Vec<T>>())
        };
        let begun: Vec<_> = (0..workers).map(begin).collect();
        let ended = begun.into_iter().map(|worker| worker.join());
        ended.flat_map(|part| part.expect("making runs up does not panic")).collect()
    })
}

/// One run with every change that is tried, its latencies, and its probe.
struct Made {
    changed: Vec<(usize, Measured)>,
    spectra: Vec<(usize, Spectrum)>,
    probe: f64,
}

/// Runs on their own.
pub fn alone(host: &Host, amount: &Amount) -> Pool {
    let made = in_parallel(amount.alone, |index| {
        let mut random = Random::new(amount.seed, &format!("run on {}", host.name), index);
        let slow = random.happens(host.slow_share);
        let probe = random.normal() * PROBE_NOISE + if slow { SLOW_BY } else { 0.0 };
        let mut one = run::alone(&mut random, host, amount.seconds);
        if slow {
            one = one.slower(SLOW_BY.exp());
        }
        make(&one, &mut random, (probe, index < SPECTRA), amount)
    });
    let mut pool = Pool {
        runs: by_change(amount.alone),
        spectra: by_change(SPECTRA.min(amount.alone)),
        probes: Vec::new(),
    };
    for one in made {
        one.changed.into_iter().for_each(|(at, run)| pool.runs[at].push(run));
        one.spectra.into_iter().for_each(|(at, run)| pool.spectra[at].push(run));
        pool.probes.push(one.probe);
    }
    pool
}

fn make(one: &Run, random: &mut Random, (probe, keeps): (f64, bool), amount: &Amount) -> Made {
    let mut made = Made { changed: Vec::new(), spectra: Vec::new(), probe };
    for at in amount.changes() {
        let seconds = one.recorded(CHANGES[at].1, random);
        made.changed.push((at, judge::measured(&seconds)));
        if keeps {
            made.spectra.push((at, peers::spectrum(&seconds)));
        }
    }
    made
}

fn by_change<T>(room: usize) -> Vec<Vec<T>> {
    CHANGES.iter().map(|_| Vec::with_capacity(room)).collect()
}

/// Restarts of a duet.
pub fn restarts(host: &Host, layout: Layout, amount: &Amount) -> Restarts {
    let made = in_parallel(amount.runs, |index| {
        let what = format!("{layout:?} on {}", host.name);
        let mut random = Random::new(amount.seed, &what, index);
        let [before, after] = match layout {
            Layout::SideBySide => run::side_by_side(&mut random, host, amount.seconds),
            Layout::Interleaved => run::interleaved(&mut random, host, amount.seconds),
        };
        let (_, same) = CHANGES[0];
        let before = judge::measured(&before.recorded(same, &mut random));
        (before, make(&after, &mut random, (0.0, false), amount).changed)
    });
    let mut pool = Restarts { before: Vec::new(), after: by_change(amount.runs) };
    for (before, after) in made {
        pool.before.push(before);
        after.into_iter().for_each(|(at, restart)| pool.after[at].push(restart));
    }
    pool
}
