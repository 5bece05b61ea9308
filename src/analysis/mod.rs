//! Says good or bad: from result files alone, to a verdict with findings.
//!
//! The order of judgement is a law of this program: first whether the run can be judged, then
//! whether the load was offered, then errors, and latency last. The latency of an error is not
//! latency, and no data is never a pass. The rules with their numbers:
//!
//! - A step may fail in 1 % of its requests (`ERROR_BUDGET`) unless an SLA on `http_req_failed`
//!   covers it; a step without one successful response always fails.
//! - A quantile is decided from `order::needed` samples on: three on the rarer side of it, and
//!   at least 20; so 60 for p95 and 300 for p99. With fewer only a breach that is sure at 95 %
//!   is a FAIL, and nothing is a PASS.
//! - Arrivals that were never sent fail the run unless an SLA on `dropped_iterations` allows it.
//! - Against baselines a metric fails where it is surely worse, over all metrics together, and
//!   by more than half its margin; it passes only where its interval ends below the margin. What
//!   is between is INCONCLUSIVE (`gate`).
//!
//! What a person reads about a finding is written here; how it is drawn belongs to the report.

mod baseline;
mod cause;
mod checks;
mod codes;
mod errors;
mod finding;
pub mod flake;
pub mod gate;
pub mod green;
mod headline;
pub mod limits;
mod lines;
mod measure;
mod near;
mod offered;
mod order;
mod outcomes;
mod pairs;
mod reach;
mod rows;
#[cfg(test)]
pub mod sketch;
mod sla;
mod standing;
mod validity;
pub mod wording;

use crate::result::evidence::TestEvidence;
use crate::result::{Machine, RunResult};
use gate::{Comparison, Gate};

pub use codes::CODES;
pub use finding::{Finding, Stage};
pub use lines::Line;
pub use near::near_misses;
pub use order::{interval as quantile_interval, needed as samples_needed};
pub use standing::{Standing, abort, latency_bounds, standings};
pub use validity::sentence;

/// The share of a step's requests that may fail where no SLA says otherwise.
pub const ERROR_BUDGET: f64 = 0.01;

/// The one word of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// Everything demanded held.
    Pass,
    /// The noise or the number of samples does not allow a decision.
    Inconclusive,
    /// Something demanded did not hold.
    Fail,
    /// The run cannot be judged: nothing ran, it was cut off, or the generator was the limit.
    Invalid,
}

/// What a run came to: one word and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The word: the gravest of the findings', PASS only where something was shown to hold.
    pub word: Word,
    /// One sentence for the top of every report.
    pub headline: String,
    /// What was found, gravest first; what held is there too.
    pub findings: Vec<Finding>,
    /// What the traces of browser tests came to; empty unless who judges adds it.
    pub evidence: Vec<TestEvidence>,
    /// The comparison with the baselines, or of the two sides of a duet, where there was one.
    pub comparison: Option<Comparison>,
}

/// What a run is compared with.
#[derive(Debug, Clone, Default)]
pub struct Stored<'a> {
    /// Accepted results of its profile, oldest first.
    pub baselines: Vec<&'a RunResult>,
    /// The one that stays when the window moves on, such as the last release: it shows slow drift.
    pub anchor: Option<&'a RunResult>,
    /// More runs of what is judged: several together decide what one cannot.
    pub again: Vec<&'a RunResult>,
    /// The machines of baselines that are left out because they are of another kind.
    pub elsewhere: Vec<&'a Machine>,
}

impl<'a> Stored<'a> {
    /// Nothing to compare with.
    pub fn none() -> Self {
        Self::default()
    }

    /// One baseline.
    pub fn one(baseline: &'a RunResult) -> Self {
        Self { baselines: vec![baseline], ..Self::default() }
    }
}

/// What the judge is told beside the results.
#[derive(Debug, Clone, PartialEq)]
pub struct Margins {
    /// The comparison's error rates, margins, and what is known of the noise.
    pub gate: Gate,
    /// Whether somebody will act on the comparison: then what cannot be decided is INCONCLUSIVE,
    /// and baselines of another kind of machine only make the run INVALID. Else both are told.
    pub strict: bool,
    /// Whether a test that passes only when it is tried again fails the run; it does too where the
    /// run was made so.
    pub fail_on_flaky: bool,
}

/// Judges a run, against the accepted results that there are.
pub fn judge(result: &RunResult, stored: &Stored<'_>, margins: &Margins) -> Verdict {
    let demands = sla::demands(result);
    let mut findings = offered::judge(result, &demands);
    findings.extend(errors::judge(result, &demands));
    findings.extend(reach::judge(result));
    findings.extend(checks::judge(result, &demands));
    findings.extend(outcomes::judge(result, margins));
    findings.extend(demands.into_iter().map(|demand| demand.finding));
    let (compared, comparison) = baseline::judge(result, stored, margins);
    findings.extend(compared);
    findings.extend(validity::judge(result, &findings));
    findings.sort_by(Finding::gravest_first);
    let word = findings.iter().map(|finding| finding.word).max().unwrap_or(Word::Invalid);
    let headline = headline::write(word, result, &findings);
    Verdict { word, headline, findings, evidence: Vec::new(), comparison }
}

/// Judges a comparison that is not of one run, such as a duet, with what else was found beside it:
/// broken SLAs of the judged side, or a side that failed.
pub fn conclude(comparison: Comparison, beside: Vec<Finding>) -> Verdict {
    let mut findings = beside;
    findings.extend(rows::findings(&comparison, true));
    findings.sort_by(Finding::gravest_first);
    let word = findings.iter().map(|finding| finding.word).max().unwrap_or(Word::Invalid);
    let headline = headline::of_comparison(word, &comparison, &findings);
    Verdict { word, headline, findings, evidence: Vec::new(), comparison: Some(comparison) }
}

impl Word {
    /// As it is printed: `PASS`.
    pub fn name(self) -> &'static str {
        match self {
            Word::Pass => "PASS",
            Word::Inconclusive => "INCONCLUSIVE",
            Word::Fail => "FAIL",
            Word::Invalid => "INVALID",
        }
    }
}

impl std::fmt::Display for Word {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Default for Margins {
    /// Strict, with what was simulated.
    fn default() -> Self {
        Self { gate: Gate::default(), strict: true, fail_on_flaky: false }
    }
}
