//! Is how iterations went in one second.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::merge_optional;

/// How iterations went in one second.
#[derive(Debug, Default)]
pub struct Iterations {
    /// Begun.
    pub started: u64,
    /// Walked to the end or to a failed step.
    pub completed: u64,
    /// Of these, with a failed step.
    pub failed: u64,
    /// Cut off by the end of the run.
    pub interrupted: u64,
    /// Virtual users at work: the most at once.
    pub users: u32,
    /// The time that users were there, from the end of one iteration to the end of the next,
    /// all added up.
    pub present: Duration,
    /// How much of it they spent in pauses.
    pub thought: Duration,
    /// Of completed iterations without failure, microseconds.
    pub duration: Option<Histogram<u64>>,
}

impl Iterations {
    /// Adds what another worker saw of the same second.
    pub(super) fn merge(&mut self, other: Iterations) {
        self.started += other.started;
        self.completed += other.completed;
        self.failed += other.failed;
        self.interrupted += other.interrupted;
        self.users += other.users;
        self.present += other.present;
        self.thought += other.thought;
        merge_optional(&mut self.duration, other.duration);
    }
}
