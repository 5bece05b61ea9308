//! Who listens while a run goes on, and tells what only the system knows: nothing here reads
//! files.

use std::time::Duration;

use crate::driver::browser::KeptFile;
use crate::result::TestResult;
use crate::result::journal::{Entry, Ledger};
use crate::result::trace::Trace;
use crate::sample::Timing;

/// Who listens while a run goes on.
pub trait Observer {
    /// Something happened; `ledger` has it already added.
    fn entry(&mut self, entry: &Entry, ledger: &Ledger);

    /// What the attempts of the browser test of this number left, in their order; told just before
    /// its `Entry::Test`.
    fn traces(&mut self, _number: usize, _attempts: Vec<Trace>) {}

    /// Pictures, downloads and HARs that the last attempt of a test wants to be kept.
    fn files(&mut self, _test: &TestResult, _files: Vec<KeptFile>) {}

    /// When the load shall begin, on the clock of `monotonic`: asked once, when everybody is ready
    /// for it, and may be waited in. None: at once.
    fn begins(&mut self) -> Option<Duration> {
        None
    }

    /// The CPU time this process has used, in seconds; none where unknown.
    fn cpu_seconds(&mut self) -> Option<f64>;

    /// How this process and these threads of it fare; asked once a second while load runs.
    fn vitals(&mut self, threads: &[u32]) -> Vitals {
        Vitals { queued: vec![None; threads.len()], ..Vitals::default() }
    }

    /// Whether each sample under load is to be kept and told: only for whoever can compare it
    /// with the truth, since memory then grows with their number.
    fn wants_timings(&self) -> bool {
        false
    }

    /// The samples of one second of a scenario, by its place in the plan.
    fn timings(&mut self, _scenario: usize, _timings: Vec<Timing>) {}
}

/// How a process fares, as far as the system tells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vitals {
    /// For each thread asked for: the seconds so far in which it could have run, and no core was
    /// free for it.
    pub queued: Vec<Option<f64>>,
    /// CPU time so far that this machine was denied by its host, and all there was, in ticks.
    pub stolen: Option<(u64, u64)>,
    /// Files and sockets that are open, and may be.
    pub files: Option<(u64, u64)>,
    /// Sockets in use or not yet let go of, and the ports for outgoing ones.
    pub ports: Option<(u64, u64)>,
}
