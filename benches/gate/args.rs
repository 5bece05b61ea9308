//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::synthetic::Amount;

/// How often the gate errs: wrong words counted on runs whose truth is known
///
/// Exit codes: 0 when every goal is met, 1 when one is missed, 6 when something is in the way.
#[derive(Debug, Parser)]
#[command(name = "gate")]
pub struct Args {
    /// The real stage instead of the synthetic one: record duets of the embedded backend, or judge
    /// what was recorded
    #[arg(long)]
    pub real: Option<Real>,

    /// Neither stage: how long a verdict takes, of a minute with ten steps against ten baselines
    #[arg(long, conflicts_with = "real")]
    pub verdict_time: bool,

    /// Where recordings are
    #[arg(value_name = "DIR", default_value = "target/gate-recordings")]
    pub folder: PathBuf,

    /// Start of all random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Synthetic: how many seeds from that on are tried: all of the first, of the others what the
    /// goals are about, which are then held against all of them together. The trials of one seed
    /// draw from the same runs and share their luck
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,

    /// Synthetic: trials of each line of the table
    #[arg(long, default_value_t = 4_000)]
    trials: usize,

    /// Synthetic: restarts made up for each host, from which trials draw; of runs on their own four
    /// times as many
    #[arg(long, default_value_t = 1_600)]
    runs: usize,

    /// Synthetic: only what the goals are about
    #[arg(long)]
    goals: bool,

    /// Recording: duets of each kind
    #[arg(long, default_value_t = 3)]
    pub duets: usize,

    /// Recording: kinds of duets [default: all]
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    pub only: Vec<String>,

    /// Recording: seconds of load on each side of a restart, as `taster duet` takes them
    #[arg(long, default_value = "20s")]
    pub segment: String,

    /// Recording: restarts of a duet
    #[arg(long, default_value_t = 3)]
    pub restarts: u32,

    /// Recording: `interleaved` or `side-by-side`
    #[arg(long, default_value = "interleaved")]
    pub layout: String,

    /// Where all numbers go
    #[arg(long, value_name = "FILE", default_value = "target/gate-proof.json")]
    pub json: PathBuf,

    /// Given by `cargo bench`
    #[arg(long = "bench", hide = true)]
    _bench: bool,
}

/// What the real stage does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Real {
    /// Adds duets to those that are there.
    Record,
    /// Judges all that is there.
    Replay,
}

impl Args {
    /// How much the synthetic stage tries, with one seed after the other.
    pub fn amounts(&self) -> impl Iterator<Item = Amount> {
        let Args { seed, seeds, trials, runs, goals, .. } = *self;
        let (alone, seconds) = (4 * runs, 30);
        let amount = move |more| {
            let whole = more == 0 && !goals;
            Amount { seed: seed.wrapping_add(more), trials, runs, alone, seconds, whole }
        };
        (0..seeds).map(amount)
    }
}
