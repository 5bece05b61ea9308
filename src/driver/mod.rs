//! Does one step against the outside world.
//!
//! Knows nothing of schedules, load shapes or statistics: a step goes in, what happened comes out.
//! A `Client` is what all virtual users of a scenario share, a `Session` is one of them.

use tokio::time::Instant;

use crate::sample::{Exemplar, Failure, Phases};

pub mod browser;

mod answer;
mod browse;
mod capture;
mod check;
mod client;
mod compare;
mod cookies;
mod dash;
mod deadline;
mod decode;
mod exemplar;
mod failure;
mod fake;
mod fast;
mod full;
mod health;
mod http;
mod matcher;
mod nearest;
mod pick;
mod quick;
mod random;
mod reach;
mod redirect;
mod request;
mod service;
mod session;
mod show;
mod tls;

pub use client::Client;
pub use fake::{Call, Script, Turn};
pub use health::wait_for_health;
pub use reach::reach;
pub use service::{Ready, Service, free_ports};
pub use session::{Identity, Session};

/// What one step did: the driver's half of a `sample::Sample`.
#[derive(Debug)]
pub struct Exchange {
    /// When it started: just before the request was sent.
    pub started: Instant,
    /// When its last byte was there.
    pub ended: Instant,
    /// How it ended.
    pub outcome: Result<(), Failure>,
    /// Checks made.
    pub checks: u32,
    /// One bit for each check that failed; the last bit stands for all checks from the 64th on.
    pub failed_checks: u64,
    /// Bytes sent, headers included as far as known.
    pub bytes_sent: u64,
    /// Bytes received, headers included as far as known; bodies as they came, still compressed.
    pub bytes_received: u64,
    /// Where the time between `started` and `ended` went.
    pub phases: Phases,
    /// Requests sent once more, because a kept connection turned out to be dead.
    pub resent: u32,
    /// For failures; a session makes only the first few of each kind.
    pub exemplar: Option<Box<Exemplar>>,
}

/// Why a driver cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// `http.tls.ca` names a file that holds no certificate authority.
    #[error(
        "{file}: the certificate authority of `http: {{ tls: {{ ca }} }}` cannot be used: {cause}"
    )]
    Authority {
        /// The scenario file.
        file: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The HTTP client cannot be made.
    #[error("{file}: the HTTP client cannot be made: {cause}")]
    Client {
        /// The scenario file.
        file: String,
        /// What is wrong.
        cause: String,
    },
}
