//! Compares runs with runs: what has changed, how sure that is, and how often it errs.
//!
//! Two error rates are promised. An unchanged build is called FAIL in at most `alpha_fail` of all
//! comparisons, over all rows together; a row that has grown by its margin or more is called PASS
//! in at most `alpha_pass`. Everything between is INCONCLUSIVE, with what would decide it.
//!
//! The unit is the run (in a duet: the restart), never the request, for requests of one run
//! resemble each other more than those of two. Nothing here draws a random number: the same
//! result files give the same bits.
//!
//! In the order of the work: `measured` reads a run and cuts its `warm_up`; `estimate` makes each
//! metric a number with an error; `stored` and `duet` put runs together by a `moderate`d t, and
//! `siblings` compares the steps of a run with each other; `rows` and `sides` make the rows, and
//! `decide` judges them together. `against` (stored runs) and `sides` (duets) are the way in.

mod against;
pub mod ahead;
pub mod decide;
pub mod detectable;
pub mod drift;
pub mod duet;
mod equal_sides;
pub mod estimate;
mod fitting;
pub mod holm;
mod latencies;
pub mod learn;
mod long_run;
pub mod looks;
mod measured;
pub mod moderate;
mod rows;
pub mod shape;
pub mod siblings;
mod sides;
pub mod stored;
pub mod student;
#[cfg(test)]
mod tests;
pub mod warm_up;

use super::Word;
use crate::result::DuetPart;

pub use against::against_stored;
pub use equal_sides::between_sides;
pub use learn::Learnt;
pub use looks::{Look, Occasion, at_look};
pub use sides::duet;

/// What one row compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compared {
    /// The median response time of successes.
    P50,
    /// Their 95th percentile.
    P95,
    /// Their 99th percentile.
    P99,
    /// The share of requests that failed.
    Errors,
    /// Requests a second, where users loop (closed model).
    Throughput,
    /// The share of iterations that were due and never begun (open model).
    Dropped,
}

/// What the comparison is told beside the results.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// The most unchanged builds that may FAIL, over all rows together.
    pub alpha_fail: f64,
    /// The most rows with a change of their margin that may PASS.
    pub alpha_pass: f64,
    /// The smallest growth worth blocking, as a share: of p50, p95, p99.
    pub latency: [f64; 3],
    /// A latency may always grow by so many microseconds: margins are no narrower than that.
    pub latency_floor_us: u64,
    /// How much the share of failures may grow, as a difference of shares.
    pub errors: f64,
    /// How much the throughput of closed loads may shrink, as a share.
    pub throughput: f64,
    /// What is not compared.
    pub left_out: Vec<Compared>,
    /// What is known of this machine's noise.
    pub noise: Noise,
}

/// What is known of the noise before the runs are looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// The standard deviation of ln p95 from run to run.
    pub between_runs: f64,
    /// The same between the two sides of a duet, from restart to restart.
    pub between_sides: f64,
    /// Whether both were learnt on this machine (`taster baseline calibrate`).
    pub learnt: bool,
}

/// One row: one metric of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The scenario.
    pub scenario: String,
    /// The step; empty where the row is of the whole scenario.
    pub step: String,
    /// `file:line` of the step.
    pub place: String,
    /// What is compared.
    pub metric: Compared,
    /// PASS, FAIL or INCONCLUSIVE.
    pub word: Word,
    /// What it was: microseconds, a share, or a number a second. Of several runs, their middle.
    pub before: f64,
    /// What it is now.
    pub after: f64,
    /// The change: as a share of `before` (0.1 is +10 %), or the difference of two shares.
    pub change: f64,
    /// The 90 % interval of `change`, adjusted as `change` is; none where nothing is known.
    pub interval: Option<(f64, f64)>,
    /// The change that must not be missed, as `change` is: the margin, widened by the floor.
    pub margin: f64,
    /// Below this change nothing is called FAIL.
    pub floor: f64,
    /// The p-value against no change, after Holm's correction over all rows.
    pub p: f64,
    /// The smallest change that this set-up calls FAIL four times in five, as `change` is; none
    /// where nothing is known.
    pub smallest: Option<f64>,
    /// Why it is INCONCLUSIVE.
    pub why: Option<Undecided>,
    /// It is surely better than before, by more than the floor.
    pub improved: bool,
    /// How the latencies have changed, where they have.
    pub shape: Option<Shape>,
}

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq)]
pub enum Undecided {
    /// Too few independent samples: how many there are and how many it takes.
    TooFew {
        /// Effective samples, of the run that has fewest.
        have: f64,
        /// What the metric needs.
        need: f64,
    },
    /// Too few seconds are left without the warm-up to say how seconds vary.
    TooShort {
        /// Seconds that are left; where the sides of a duet take turns, of each side.
        have: u32,
        /// What it takes of them.
        need: u32,
    },
    /// The quantile's interval reaches past the slowest sample.
    TailNotReached,
    /// Seconds depend on each other so much that no interval is honest.
    Unstable,
    /// The noise is larger than the margin.
    Noise {
        /// Run-to-run (or restart-to-restart) standard deviation, as a share.
        sd: f64,
        /// Candidate runs (or restarts) in all that would decide at the margin; none where no
        /// number below 20 would.
        needs: Option<u32>,
    },
    /// The machine was too much slower or too unsteady, by its probe.
    Machine {
        /// Median of the probe against the baselines', as a share.
        slower: f64,
        /// Standard deviation of the probe within the run, as a share.
        unsteady: f64,
    },
    /// In a duet, the result depends on which side is which.
    Asymmetry {
        /// Difference of the two orientations, as a share.
        differs: f64,
    },
    /// The load was not delivered on both sides, so nothing compares.
    NotDelivered,
}

/// How the distribution of latencies has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// In one word.
    pub kind: ShapeKind,
    /// Change at each quantile: quantile, ln ratio, half width of its simultaneous band.
    pub curve: Vec<(f64, f64, f64)>,
}

/// The shape of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeKind {
    /// About the same share at every quantile.
    Uniform,
    /// The slowest few have become slower, the others have not.
    Tail,
    /// A part of the requests has moved to a new, slower place.
    SecondMode,
    /// None of these.
    Mixed,
}

/// A whole comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// FAIL if any row is; PASS if all are; INCONCLUSIVE otherwise; INVALID where nothing may be
    /// compared, with the reason in `notes`.
    pub word: Word,
    /// All rows, in the order of the steps, then of `Compared`.
    pub changes: Vec<Change>,
    /// What was compared with what.
    pub design: Design,
    /// Steps that could not be compared, drift, changed scenarios: one sentence each.
    pub notes: Vec<String>,
    /// What it was told: the two error rates it promises, the margins, the noise known before.
    pub gate: Gate,
    /// How long one candidate run, or one restart with both sides, took in milliseconds; 0 where
    /// that is not known. It says what more of them would cost.
    pub each_ms: u64,
}

/// What was compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Design {
    /// Candidate runs against stored ones.
    Stored {
        /// Baselines in the window.
        baselines: u32,
        /// Candidate runs.
        runs: u32,
    },
    /// Two targets at the same time.
    Duet {
        /// Restarts, each with both sides.
        restarts: u32,
        /// Which of the looks that were settled before it is.
        look: Occasion,
    },
}

impl Compared {
    /// As it is written in tables and options.
    pub fn name(self) -> &'static str {
        match self {
            Compared::P50 => "p50",
            Compared::P95 => "p95",
            Compared::P99 => "p99",
            Compared::Errors => "errors",
            Compared::Throughput => "throughput",
            Compared::Dropped => "dropped",
        }
    }

    /// The quantile, of latencies.
    pub fn quantile(self) -> Option<f64> {
        match self {
            Compared::P50 => Some(0.50),
            Compared::P95 => Some(0.95),
            Compared::P99 => Some(0.99),
            _ => None,
        }
    }
}

impl Gate {
    /// Whether a metric is compared at all.
    pub fn compares(&self, metric: Compared) -> bool {
        !self.left_out.contains(&metric)
    }

    /// What is not, for who reads the comparison.
    fn told_left_out(&self) -> Option<String> {
        let names: Vec<&str> = self.left_out.iter().map(|metric| metric.name()).collect();
        let all = names.join(", ");
        (!names.is_empty()).then(|| format!("Not compared, as the margins say: {all}."))
    }
}

impl Default for Gate {
    /// What was simulated: one unchanged build in 100 red, one change of the margin in 20 missed.
    fn default() -> Self {
        Self {
            alpha_fail: 0.01,
            alpha_pass: 0.05,
            latency: [0.05, 0.10, 0.15],
            latency_floor_us: 0,
            errors: 0.005,
            throughput: 0.05,
            left_out: Vec::new(),
            noise: Noise::default(),
        }
    }
}

impl Default for Noise {
    /// Of a shared machine that nobody has looked at.
    fn default() -> Self {
        Self { between_runs: 0.05, between_sides: 0.01, learnt: false }
    }
}

impl Noise {
    /// What is assumed of sides that share their cores. With it the recordings of equal sides in
    /// `benches/gate/recordings` are never called FAIL, and those that are 20 % slower always.
    pub const ON_SHARED_CORES: f64 = 0.03;

    /// What is assumed of a duet where nothing was learnt. Sides that have load at once on the same
    /// cores differ more: which of four programs shares a core with which is settled anew with each
    /// restart.
    pub fn assumed(part: Option<&DuetPart>) -> Self {
        match part.is_some_and(DuetPart::shares_cores) {
            true => Self { between_sides: Self::ON_SHARED_CORES, ..Self::default() },
            false => Self::default(),
        }
    }
}
