//! Is what is kept beside the numbers of a baseline: who accepted it and why, and what repeated
//! runs have taught of a machine's noise.

use serde::{Deserialize, Serialize};

use super::Machine;

/// The version of the noise file's format that this build reads and writes.
pub const NOISE_FORMAT: u32 = 1;

/// Who accepted a result as a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Accepted {
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// The revision of what was measured, where that is not the working directory's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Since when it is the anchor of its profile, RFC 3339, UTC; none where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<String>,
    /// SHA-256 of the file as it was kept, in hexadecimal, this text being 64 zeros: a baseline
    /// that was changed by accident is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub seal: String,
}

/// What repeated runs have taught of one kind of machine: `baselines/noise/<fingerprint>.json`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MachineNoise {
    /// `NOISE_FORMAT` of the writer.
    pub format: u32,
    /// Version of Taster.
    pub tool_version: String,
    /// The machine.
    pub machine: Machine,
    /// From run to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between_runs: Option<LearntNoise>,
    /// Between the two sides of a duet, from restart to restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between_sides: Option<LearntNoise>,
    /// As in `Accepted`.
    #[serde(default)]
    pub seal: String,
}

/// A standard deviation, and what it was learnt from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LearntNoise {
    /// The standard deviation of ln p95, without what the samples of a run explain.
    pub sd: f64,
    /// How many steps it is the mean of.
    pub steps: u32,
    /// The ids of the runs, or of the duets.
    pub runs: Vec<String>,
    /// Of duets: how many restarts they had together.
    #[serde(default)]
    pub restarts: u32,
    /// Of duets: whether the sides took turns; else they ran side by side.
    #[serde(default)]
    pub turns: bool,
    /// Of duets: whether the targets were started anew for each restart. Where they were not,
    /// nothing is learnt of how much one process differs from the next.
    #[serde(default)]
    pub restarted: bool,
    /// The profile that was run.
    pub profile: String,
    /// Who ran it.
    pub by: String,
    /// RFC 3339, UTC.
    pub at: String,
}
