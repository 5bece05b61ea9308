//! One side of one restart of a duet, as its result file names it.

use serde::{Deserialize, Serialize};

/// One side of one restart of a duet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DuetPart {
    /// Names the duet: the same in all its parts.
    pub id: String,
    /// `a`, what is compared with, or `b`, the candidate.
    pub side: String,
    /// What the side is, in words: an address, or the command that started it.
    #[serde(default)]
    pub what: String,
    /// Which restart, from 1.
    pub restart: u32,
    /// Whether this side went first and had the first port: it changes with each restart.
    pub first: bool,
    /// How long each turn was; 0 where both sides had load all the time (side by side).
    pub turn_ms: u32,
    /// What was due within so long after a switch is not in the slices; it is in all sums.
    pub settle_ms: u32,
    /// After how many restarts the duet is judged, as was settled before it began: those that were
    /// planned, where it may be extended once also more, and where it may end early also fewer.
    #[serde(default)]
    pub looks: Vec<u32>,
    /// How far equal sides differ on this kind of machine, as it had been learnt when the duet
    /// began: the standard deviation of ln p95. None where it had not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between_sides: Option<f64>,
    /// Whether the targets were started anew for this restart; else it is only a segment.
    #[serde(default)]
    pub restarted: bool,
    /// Whether each side, its service and its generator, had cores of its own.
    #[serde(default)]
    pub own_cores: bool,
}

impl DuetPart {
    /// Whether services that were started here had load at once on cores that they shared.
    pub fn shares_cores(&self) -> bool {
        self.turn_ms == 0 && self.restarted && !self.own_cores
    }

    /// The file's name among all parts of the duet, without an ending: `1-a`.
    pub fn name(&self) -> String {
        format!("{}-{}", self.restart, self.side)
    }
}
