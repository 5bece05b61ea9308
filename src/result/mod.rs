//! Is the result file: everything one run recorded, as it is stored and read back.
//!
//! A baseline is such a file too. Whoever judges or draws works from this alone, so the file also
//! carries what was demanded (SLAs, the steps named) and where it was written.

mod accepted;
mod altered;
mod duet;
mod durations;
pub mod evidence;
mod format;
mod generator;
pub mod histogram;
pub mod journal;
mod ledger;
mod merge;
mod outcome;
pub mod recorded;
mod seen;
mod slow;
mod sound;
pub mod trace;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use accepted::{Accepted, LearntNoise, MachineNoise, NOISE_FORMAT};
pub use altered::{Alteration, Altered};
pub use duet::DuetPart;
pub use durations::Durations;
pub use format::{FormatError, check_format, from_json};
pub use generator::{Generator, Headroom, Health, Vital};
pub use merge::{MergeError, merge};
pub use outcome::{Attempt, CheckResult, Repeat, TestResult, TestStatus};
pub use seen::{BrowserInfo, SeenResult, SeenSample};
pub use slow::SlowExample;
pub use sound::{Unsound, check_noise, check_sound};

/// The version of the file format that this build writes.
pub const FORMAT: u32 = 1;

/// The phases of a request, in the order in which they happen.
pub const PHASES: [&str; 6] = crate::sample::Phases::NAMES;

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// `FORMAT` of the writer.
    pub format: u32,
    /// What was run, with what, when.
    pub run: RunInfo,
    /// The machine that generated the load.
    pub machine: Machine,
    /// How the generator itself fared.
    pub generator: Generator,
    /// One entry per scenario file.
    pub scenarios: Vec<ScenarioResult>,
    /// Tests, in the order of the files.
    pub tests: Vec<TestResult>,
    /// Steps under load, in the order of the journeys.
    pub steps: Vec<StepResult>,
    /// Web vitals under load: like steps, named by the vital, `response_us` being its value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub web_vitals: Vec<StepResult>,
    /// The browsers that were driven.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub browsers: Vec<BrowserInfo>,
    /// What users saw in the browser tests, summed up over all tests: steps and web vitals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<SeenResult>,
    /// How fast the machine was, by its probe: nanoseconds a turn, one number for each second of
    /// the load from its start, 0 where none was taken. Empty in older files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probe_ns: Vec<u64>,
    /// Who accepted it as a baseline, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// What was run, with what, when.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RunInfo {
    /// Unique and sortable: `20261122-201500-1f3a`.
    pub id: String,
    /// Version of Taster.
    pub tool_version: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// From the first to the last action.
    pub duration_ms: u64,
    /// The seed of all random choices.
    pub seed: u64,
    /// Where requests went.
    pub target: String,
    /// The profile's name; empty without load.
    pub profile: String,
    /// Revision of the working directory, with `+` where it had changes.
    pub git_revision: Option<String>,
    /// The command line, secrets hidden.
    pub command: Vec<String>,
    /// Why the run ended early: `interrupted`, `stopped by hand`, `aborted by SLA ...`, `killed`.
    pub ended_early: Option<String>,
    /// Tests that were wanted, and those there were before any were chosen by tag.
    pub tests_wanted: bool,
    /// Whether load was wanted.
    pub load_wanted: bool,
    /// The tags tests were chosen by.
    pub tags: Vec<String>,
    /// Whether a test that passes only when it is tried again fails the run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fail_on_flaky: bool,
    /// Which part of the tests it had, where they were divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Of what it was put together, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged: Option<Merged>,
    /// Whether its target was the embedded backend, started for this run: a first look, whose
    /// comparison nobody acts on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub embedded: bool,
    /// Its part in a duet, where it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duet: Option<DuetPart>,
    /// What somebody changed by hand while its load went on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<Alteration>,
}

/// The part of all tests that a run had.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
    /// How many tests all shards have together.
    pub total: u32,
    /// The numbers of its own among them; what these needed was run as well.
    pub own: Vec<u32>,
    /// A digest of who has what: only shards that divided alike add up.
    pub division: String,
}

/// The shards that a result was put together from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Merged {
    /// How many there are.
    pub of: u32,
    /// Those whose results were not there.
    pub missing: Vec<u32>,
}

/// The machine that generated the load.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// A short digest of what makes latencies comparable: CPU model, cores, OS, architecture.
    pub fingerprint: String,
    /// CPU model.
    pub cpu: String,
    /// Cores that may be used.
    pub cores: u32,
    /// Memory.
    pub memory_mb: u64,
    /// OS and architecture, such as `linux x86_64`.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
}

/// One scenario file's part in the run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScenarioResult {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// Digest of the file and all it uses.
    pub digest: String,
    /// Tests the file has before any were chosen.
    pub tests_written: u32,
    /// How HTTP is spoken: the lane, the version, a proxy. Empty in older files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub http: String,
    /// The hosts that its requests go to, as far as the plan knows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Failures of setup and teardown steps, by step.
    pub setup_failures: Vec<SetupFailure>,
    /// Its load, if it had any.
    pub load: Option<LoadResult>,
}

/// How the load of one scenario went.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LoadResult {
    /// The profile's name.
    pub profile: String,
    /// `closed` or `open`.
    pub model: String,
    /// What drove it: `goose` or `taster`.
    pub engine: String,
    /// The shape in words, such as `2 users for 10s`.
    pub shape: String,
    /// How long it was planned to take, without the graceful stop.
    pub planned_ms: u64,
    /// How long it took.
    pub duration_ms: u64,
    /// Iterations that were due (open) or to be done (fixed numbers); none where users just loop.
    pub offered: Option<u64>,
    /// Iterations begun.
    pub started: u64,
    /// Iterations walked to the end, failed steps or not.
    pub completed: u64,
    /// Completed or cut short with at least one failed step.
    pub failed: u64,
    /// Cut off by the end of the run.
    pub interrupted: u64,
    /// Due and never begun.
    pub dropped: u64,
    /// The most virtual users there may be at once.
    pub users_limit: u32,
    /// The most virtual users there were at once.
    pub users_max: u32,
    /// Virtual users at work, per second.
    pub users: Vec<u32>,
    /// Of completed iterations without failure.
    pub iteration_us: Summary,
    /// The same as HdrHistogram V2, compressed, base64.
    pub iteration_histogram: String,
    /// The time that users were there, from the end of one iteration to the end of the next, all
    /// added up; 0 in results of versions that did not measure it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub present_us: u64,
    /// How much of it they spent in pauses.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub thought_us: u64,
    /// The feed that ran out of rows and so ended the load.
    pub feed_ended: Option<String>,
    /// The bounds it was run under.
    pub slas: Vec<SlaRecord>,
}

/// A failed step of setup or teardown.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SetupFailure {
    /// The step.
    pub step: String,
    /// How often.
    pub count: u64,
    /// One of them.
    pub example: FailureExample,
}

/// A bound and where it is written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SlaRecord {
    /// In `metric::Sla`'s text form.
    pub text: String,
    /// `file:line`.
    pub place: String,
    /// Where it ends the run as soon as it does not hold: after how many milliseconds at the
    /// earliest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_after_ms: Option<u64>,
}

/// How a step went under load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// The scenario.
    pub scenario: String,
    /// The step.
    pub step: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// `file:line` of the step.
    pub place: String,
    /// Times it was done; 0 means the run never reached it.
    pub count: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Due and never started.
    pub dropped: u64,
    /// Per second of the scenario's load.
    pub rate: f64,
    /// From due, of successes.
    pub response_us: Summary,
    /// From start, of successes.
    pub service_us: Summary,
    /// How late the generator was itself: start minus due, without `blocked_us`, of all.
    pub lag_us: Summary,
    /// Waited for a free virtual user after it was due, of all; left out where none ever did.
    #[serde(default, skip_serializing_if = "Summary::is_empty")]
    pub blocked_us: Summary,
    /// From due, of failures.
    pub failed_us: Summary,
    /// Where the service time of successes went, by the names of `sample::Phases`; only phases
    /// that happened, with how often.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phases_us: BTreeMap<String, Summary>,
    /// Requests sent once more, because a kept connection turned out to be dead.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resent: u64,
    /// Failures by kind, as `sample::Failure` writes them.
    pub failures: BTreeMap<String, u64>,
    /// A few failures in full.
    pub examples: Vec<FailureExample>,
    /// The slowest successes of different seconds, slowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slowest: Vec<SlowExample>,
    /// Each check and how often it held.
    pub checks: Vec<CheckResult>,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Whole run, as HdrHistogram V2 (compressed, base64), microseconds.
    pub histograms: Histograms,
    /// Per second, from the start of the load; seconds without samples are left out, and so is
    /// what settled in a duet.
    pub slices: Vec<Slice>,
}

/// Latencies in few numbers, microseconds; all 0 when there are none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named by their meaning")]
pub struct Summary {
    pub count: u64,
    pub min: u64,
    pub p50: u64,
    pub p90: u64,
    pub p95: u64,
    pub p99: u64,
    pub max: u64,
    pub mean: f64,
}

/// The histograms of a step, each empty text when it has no samples.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Histograms {
    /// From due, of successes.
    pub response: String,
    /// From start, of successes; empty when it equals `response`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// Start minus due without `blocked`, of all; empty when all are 0.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lag: String,
    /// From due until a virtual user was free, of all; empty when all are 0.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub blocked: String,
    /// From due, of failures.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failed: String,
    /// The phases of the whole run, two digits; seconds have none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub phases: BTreeMap<String, String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One second of one step.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Slice {
    /// The second, from the start of the load; a sample belongs to the second it ended in.
    pub second: u32,
    /// Done.
    pub count: u64,
    /// Of these, failed.
    pub failed: u64,
    /// As for the whole run.
    pub histograms: Histograms,
}

/// One failure in full: see `sample::Exemplar`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FailureExample {
    /// The kind, as `sample::Failure` writes it.
    pub kind: String,
    /// The step.
    pub step: String,
    /// One sentence: what was expected and what came.
    pub message: String,
    /// The line of the scenario file, as `file:line:column`.
    pub place: String,
    /// That line's text.
    pub line: String,
    /// The request as sent, cut.
    pub request: String,
    /// The response, cut.
    pub response: Option<String>,
}
