//! Is what did happen, once: one step of one virtual user, and how it ended.

use std::fmt;
use std::time::Duration;

use crate::plan::{SeriesId, Site};

/// One step done under load.
#[derive(Debug)]
pub struct Sample {
    /// The step.
    pub series: SeriesId,
    /// When it should have started, from the start of the run.
    pub due: Duration,
    /// When it did start, from the start of the run.
    pub started: Duration,
    /// When it ended, from the start of the run.
    pub ended: Duration,
    /// How it ended.
    pub outcome: Result<(), Failure>,
    /// Checks made.
    pub checks: u32,
    /// One bit for each check that failed, in the order of `SeriesPlan::checks`.
    pub failed_checks: u64,
    /// Bytes sent, headers included as far as known.
    pub bytes_sent: u64,
    /// Bytes received, headers included as far as known.
    pub bytes_received: u64,
    /// What a person needs to understand a failure; only made for failures.
    pub exemplar: Option<Box<Exemplar>>,
}

/// Why a step failed: the kinds that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// A check on the content did not hold.
    Check,
    /// The status was not one that the step expects.
    Status(u16),
    /// HTML where JSON was expected.
    Html,
    /// No connection: refused, unreachable, name unknown.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// No complete answer in time.
    Timeout,
    /// The connection ended within the exchange.
    Reset,
    /// An answer that is not HTTP, or a body over the limit.
    Protocol,
    /// A value that a step needs was missing: an earlier capture, or the end of a feed.
    Missing,
    /// The run ended first.
    Interrupted,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Check => f.write_str("check"),
            Failure::Status(status) => write!(f, "status {status}"),
            Failure::Html => f.write_str("html"),
            Failure::Connect => f.write_str("connect"),
            Failure::Tls => f.write_str("tls"),
            Failure::Timeout => f.write_str("timeout"),
            Failure::Reset => f.write_str("reset"),
            Failure::Protocol => f.write_str("protocol"),
            Failure::Missing => f.write_str("missing value"),
            Failure::Interrupted => f.write_str("interrupted"),
        }
    }
}

/// One failure in full; secrets are already hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemplar {
    /// The kind.
    pub failure: Failure,
    /// One sentence: what was expected and what came.
    pub message: String,
    /// The line of the scenario file that did not hold.
    pub site: Site,
    /// The request line and headers as sent, and the start of the body.
    pub request: String,
    /// The status line, headers and start of the body, if an answer came.
    pub response: Option<String>,
}
