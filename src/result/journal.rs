//! A run as a list of entries.
//!
//! The executor tells what happens entry by entry. The same entries are kept on disk while the
//! run goes on and added up by a `Ledger` into the `RunResult` at its end, so that a run that was
//! killed is put together from its journal by the very code that makes a whole one.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::recorder::{self, empty_histogram};
use crate::result::histogram;
use crate::result::{
    Alteration, FailureExample, Generator, Health, Histograms, RunResult, SetupFailure, Slice,
    SlowExample, TestResult, Vital, is_zero,
};
use crate::sample::{Exemplar, Phases};

pub use crate::result::ledger::Ledger;

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Entry {
    /// The run as it is known before the first action: no test, every step with a count of 0.
    Begin(Box<RunResult>),
    /// A test is over; the number is its place among all tests, in the order of the files.
    Test(usize, Box<TestResult>),
    /// A step of setup or teardown failed; the index is that of `RunResult::scenarios`.
    SetupFailed(usize, Box<SetupFailure>),
    /// A second of load is over.
    Second(Box<SecondEntry>),
    /// The load of one scenario is over, after so many milliseconds; a feed may have ended it.
    LoadEnded(usize, u64, Option<String>),
    /// Somebody changed the load by hand.
    Altered(Alteration),
    /// The run is over.
    End(Box<EndEntry>),
}

/// One second of load.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SecondEntry {
    /// The second, from the start of the load.
    pub second: u32,
    /// Share of the machine's CPU time that this process used, 0 to 1; none where unknown.
    pub cpu: Option<f32>,
    /// The longest time a loop of the generator was late, microseconds.
    pub loop_gap_us: u64,
    /// How the generator fared else; none in journals of versions that did not measure it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vital: Option<Vital>,
    /// Nanoseconds that a turn of the machine's probe took; 0 where none was made.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub probe_ns: u64,
    /// Scenarios that had load in it.
    pub loads: Vec<LoadSecond>,
    /// Steps that were done in it.
    pub steps: Vec<StepSecond>,
}

/// One second of one scenario's iterations.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct LoadSecond {
    /// The index in `RunResult::scenarios`.
    pub scenario: usize,
    /// Begun.
    pub started: u64,
    /// Walked to the end or to a failed step.
    pub completed: u64,
    /// Of these, with a failed step.
    pub failed: u64,
    /// Cut off.
    pub interrupted: u64,
    /// Virtual users at work.
    pub users: u32,
    /// The time that users were there, and how much of it they spent in pauses, microseconds.
    #[serde(default)]
    pub presence_us: (u64, u64),
    /// Durations without failure, HdrHistogram V2 (compressed, base64), microseconds.
    pub durations: String,
}

/// One second of one step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StepSecond {
    /// The index in `RunResult::steps`.
    pub step: usize,
    /// Counts and histograms.
    pub slice: Slice,
    /// Whether it was due while a duet's sides had just taken turns: it counts, and makes no slice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settling: bool,
    /// Failures by kind.
    pub failures: BTreeMap<String, u64>,
    /// Times the checks were made.
    pub checked: u64,
    /// How often each check failed.
    pub failed_checks: Vec<u64>,
    /// Bytes sent and received.
    pub bytes: (u64, u64),
    /// Requests sent once more.
    #[serde(default)]
    pub resent: u64,
    /// Where the time of successes went: see `Histograms::phases`.
    #[serde(default)]
    pub phases: BTreeMap<String, String>,
    /// A few failures in full.
    pub examples: Vec<FailureExample>,
    /// The slowest success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slowest: Option<SlowExample>,
}

/// How the run ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndEntry {
    /// From the first to the last action.
    pub duration_ms: u64,
    /// Why it ended early.
    pub ended_early: Option<String>,
    /// The judgement on the generator.
    pub health: Health,
    /// Why.
    pub reasons: Vec<String>,
    /// The browsers that were driven.
    #[serde(default)]
    pub browsers: Vec<super::BrowserInfo>,
}

/// A second of a step, as the recorders of all workers saw it together.
pub fn step_second(step: usize, second: u32, seen: &recorder::Series) -> StepSecond {
    let empty = empty_histogram();
    let histograms = encode_all(
        (&seen.response, &seen.service),
        (seen.lag.as_ref().unwrap_or(&empty), seen.blocked.as_ref().unwrap_or(&empty)),
        seen.failed.as_ref().unwrap_or(&empty),
    );
    let phases = Phases::NAMES.iter().zip(&seen.phases);
    StepSecond {
        step,
        settling: false,
        slice: Slice {
            second,
            count: seen.count,
            failed: seen.failures.values().sum(),
            histograms,
        },
        failures: seen.failures.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
        checked: seen.checked,
        failed_checks: seen.failed_checks.clone(),
        bytes: (seen.bytes_sent, seen.bytes_received),
        resent: seen.resent,
        phases: phases
            .filter_map(|(name, seen)| Some((name.to_string(), histogram::encode(seen.as_ref()?))))
            .collect(),
        examples: seen.exemplars.iter().map(|one| example("", one)).collect(),
        slowest: seen.slowest.as_ref().map(SlowExample::of),
    }
}

/// A failure in full, as it is stored.
pub fn example(step: &str, seen: &Exemplar) -> FailureExample {
    FailureExample {
        kind: seen.failure.to_string(),
        step: step.to_string(),
        message: seen.message.clone(),
        place: format!("{}:{}:{}", seen.site.file, seen.site.line, seen.site.column),
        line: seen.site.text.clone(),
        request: seen.request.clone(),
        response: seen.response.clone(),
    }
}

/// Empty text for what can be told without it: see `Histograms`.
pub(super) fn encode_all(
    (response, service): (&Histogram<u64>, &Histogram<u64>),
    (lag, blocked): (&Histogram<u64>, &Histogram<u64>),
    failed: &Histogram<u64>,
) -> Histograms {
    let encode = |seen: &Histogram<u64>, needed: bool| {
        if needed && !seen.is_empty() { histogram::encode(seen) } else { String::new() }
    };
    Histograms {
        response: encode(response, true),
        service: encode(service, service != response),
        lag: encode(lag, lag.max() > 0),
        blocked: encode(blocked, blocked.max() > 0),
        failed: encode(failed, true),
        phases: BTreeMap::new(),
    }
}

/// An empty run, to be filled in: nothing wanted, nothing done.
pub fn blank() -> RunResult {
    RunResult {
        format: crate::result::FORMAT,
        run: crate::result::RunInfo::default(),
        machine: crate::result::Machine::default(),
        generator: Generator::unseen(),
        scenarios: Vec::new(),
        tests: Vec::new(),
        steps: Vec::new(),
        web_vitals: Vec::new(),
        browsers: Vec::new(),
        seen: Vec::new(),
        probe_ns: Vec::new(),
        accepted: None,
    }
}
