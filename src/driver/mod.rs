//! Does one step against the outside world.
//!
//! Knows nothing of schedules, load shapes or statistics: a step goes in, what happened comes out.

use tokio::time::Instant;

use crate::sample::{Exemplar, Failure};

/// What one step did: the driver's half of a `sample::Sample`.
#[derive(Debug)]
pub struct Exchange {
    /// When it started.
    pub started: Instant,
    /// When its last byte was there.
    pub ended: Instant,
    /// How it ended.
    pub outcome: Result<(), Failure>,
    /// Checks made.
    pub checks: u32,
    /// One bit for each check that failed.
    pub failed_checks: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// For failures.
    pub exemplar: Option<Box<Exemplar>>,
}
