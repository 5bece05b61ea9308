//! Does many steps: the only loops over load, and the only clock.
//!
//! Knows nothing of protocols: a session does a step and says what happened. What happens is told
//! entry by entry (`result::journal`), so that whoever listens can keep it before the run is over.

mod begin;
mod closed;
mod collect;
mod crew;
mod feed;
mod health;
mod load;
mod once;
mod open;
mod stop;
mod walk;

use std::time::{Duration, Instant};

use crate::driver::DriverError;
use crate::plan::Plan;
use crate::result::journal::{EndEntry, Entry, Ledger};
use crate::result::{Machine, RunInfo, RunResult};

pub use stop::Stop;

/// How a plan is executed.
#[derive(Debug, Clone)]
pub struct Options {
    /// Tests at the same time.
    pub workers: usize,
    /// Threads that generate load.
    pub threads: usize,
}

/// How long the load of a plan takes, without what is still going on at its end.
pub fn load_duration(plan: &Plan) -> Duration {
    let loads = plan.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
    let ends = loads.map(|load| load.start_after + begin::planned(&load.shape));
    ends.max().unwrap_or_default()
}

/// The time of day, UTC.
pub fn wall_clock() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Who listens while a run goes on.
pub trait Observer {
    /// Something happened; `ledger` has it already added.
    fn entry(&mut self, entry: &Entry, ledger: &Ledger);

    /// The CPU time this process has used, in seconds; none where unknown.
    fn cpu_seconds(&mut self) -> Option<f64>;
}

/// Why a plan could not be executed.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A connection could not even be prepared.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The system gave no thread or no event loop.
    #[error("cannot start a thread of the load generator: {0}")]
    System(#[from] std::io::Error),
    /// Goose refused its configuration.
    #[error("goose, which drives users in the closed model, did not start: {0}")]
    Goose(String),
}

/// Executes a plan: setup of the run, tests, load, teardown of the run.
///
/// `info` and `machine` are what the caller knows of the run; everything that happens goes to
/// `observer` first and is summed up in the result.
///
/// # Errors
/// When nothing could be started at all. A step that fails is a result, not an error.
pub fn execute(
    plan: &Plan,
    (info, machine): (RunInfo, Machine),
    options: &Options,
    stop: &Stop,
    observer: &mut dyn Observer,
) -> Result<RunResult, ExecuteError> {
    let started = Instant::now();
    let begin = begin::begin(plan, info, machine);
    let mut run = Run { ledger: Ledger::new(begin.clone()), observer };
    run.tell(Entry::Begin(Box::new(begin)));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut scenes = runtime.block_on(once::open_scenes(plan, stop, &mut run))?;
    runtime.block_on(once::tests(&mut scenes, options.workers, stop, &mut run));
    let health = load::load(&scenes, options.threads, stop, &mut run)?;
    runtime.block_on(once::close_scenes(&mut scenes, &mut run));

    run.tell(Entry::End(Box::new(EndEntry {
        duration_ms: started.elapsed().as_millis() as u64,
        ended_early: stop.reason(),
        health: health.health,
        reasons: health.reasons,
    })));
    Ok(run.ledger.finish())
}

/// The run so far, and who listens.
struct Run<'a> {
    ledger: Ledger,
    observer: &'a mut dyn Observer,
}

impl Run<'_> {
    fn tell(&mut self, entry: Entry) {
        let added = self.ledger.apply(&entry);
        debug_assert!(added.is_ok(), "the executor's own entries add up: {added:?}");
        self.observer.entry(&entry, &self.ledger);
    }
}
