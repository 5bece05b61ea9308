//! Is what did happen, once: one step of one virtual user, and how it ended.

use std::fmt;
use std::time::Duration;

use crate::plan::{SeriesId, Site};

/// One step done under load.
#[derive(Debug)]
pub struct Sample {
    /// The step.
    pub series: SeriesId,
    /// The place of its iteration among all of the run, from 0.
    pub number: u64,
    /// When it should have started, from the start of the run.
    pub due: Duration,
    /// How much of the time from `due` to `started` no virtual user was free to do it; the rest
    /// is the generator's own lateness.
    pub blocked: Duration,
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
    /// Where the time between `started` and `ended` went.
    pub phases: Phases,
    /// Requests sent once more, because a kept connection turned out to be dead.
    pub resent: u32,
    /// What a person needs to understand a failure; only made for failures.
    pub exemplar: Option<Box<Exemplar>>,
}

/// When one sample happened and how it ended: what is kept of each where somebody asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// `Sample::series`.
    pub series: SeriesId,
    /// `Sample::number`.
    pub number: u64,
    /// `Sample::due`.
    pub due: Duration,
    /// `Sample::blocked`.
    pub blocked: Duration,
    /// `Sample::started`.
    pub started: Duration,
    /// `Sample::ended`.
    pub ended: Duration,
    /// `Sample::outcome`.
    pub outcome: Result<(), Failure>,
    /// `Sample::phases`.
    pub phases: Phases,
}

impl From<&Sample> for Timing {
    fn from(sample: &Sample) -> Self {
        let Sample { series, number, due, blocked, started, ended, outcome, phases, .. } = *sample;
        Self { series, number, due, blocked, started, ended, outcome, phases }
    }
}

/// Where the time of one step went, at the socket; they sum up to its service time. Redirects are
/// part of it: each phase is the sum over all requests of the step. A phase that did not happen,
/// such as `tls` on a kept connection, is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phases {
    /// The host's address was looked up.
    pub dns: Duration,
    /// The TCP connection was opened.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// Until the last byte of the request was taken by the system.
    pub send: Duration,
    /// Until the first byte of the answer was there.
    pub wait: Duration,
    /// Until its last byte was there.
    pub receive: Duration,
}

impl Phases {
    /// Adds those of another request of the same step.
    pub fn add(&mut self, more: Phases) {
        self.dns += more.dns;
        self.connect += more.connect;
        self.tls += more.tls;
        self.send += more.send;
        self.wait += more.wait;
        self.receive += more.receive;
    }

    /// All of them together: the service time.
    pub fn sum(&self) -> Duration {
        self.dns + self.connect + self.tls + self.send + self.wait + self.receive
    }

    /// Their names, in the order in which they happen.
    pub const NAMES: [&'static str; 6] = ["dns", "connect", "tls", "send", "wait", "receive"];

    /// How long each took, in the order of `NAMES`; none where it did not happen. Whatever was
    /// sent has a `send`, a `wait` and a `receive`, however short.
    pub fn parts(&self) -> [Option<Duration>; 6] {
        let opening = |phase: Duration| (!phase.is_zero()).then_some(phase);
        [
            opening(self.dns),
            opening(self.connect),
            opening(self.tls),
            Some(self.send),
            Some(self.wait),
            Some(self.receive),
        ]
    }
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
    /// The page is not as a browser step wants it.
    Page,
    /// The browser or its driver did not start, refused, or died.
    Browser,
    /// The browser engine cannot do what the step wants.
    Unsupported,
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
            Failure::Page => f.write_str("page"),
            Failure::Browser => f.write_str("browser"),
            Failure::Unsupported => f.write_str("unsupported"),
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
