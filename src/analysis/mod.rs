//! Says good or bad: from result files alone, to a verdict with findings.

use crate::result::RunResult;

/// The one word of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
}

/// One thing found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it says of the run.
    pub word: Word,
    /// What it is about: `scenario › step`, `scenario › test`, or `run`.
    pub subject: String,
    /// The metric in its text form, or a word such as `test`, `steps`, `generator`.
    pub metric: String,
    /// What was seen, with its unit.
    pub observed: String,
    /// What was demanded, with its unit.
    pub bound: String,
    /// One or two sentences: what, the likely cause, what to look at.
    pub message: String,
    /// `file:line`, where there is one.
    pub place: Option<String>,
}

/// What the judge is told beside the results.
#[derive(Debug, Clone)]
pub struct Margins {
    /// How much p95 may grow over the baseline, as a share (0.25 is +25 %).
    pub latency: f64,
    /// And by how much at least, in microseconds, before it counts.
    pub latency_floor_us: u64,
    /// How much the share of failures may grow.
    pub errors: f64,
}

/// Judges a run, against the accepted result where there is one.
pub fn judge(_result: &RunResult, _baseline: Option<&RunResult>, _margins: &Margins) -> Verdict {
    Verdict { word: Word::Invalid, headline: String::new(), findings: Vec::new() }
}
