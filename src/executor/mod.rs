//! Does many steps: the only loops over load, and the only clock.
//!
//! Knows nothing of protocols: a session does a step and says what happened. What happens is told
//! entry by entry (`result::journal`), so that whoever listens can keep it before the run is over.
//!
//! **The same seed asks for the same.** Iterations are numbered over all users and workers, and
//! the rows, the journey, the random values and the pauses of an iteration depend on the seed and
//! its number alone. So a fixed number of iterations sends the same requests with any number of
//! threads; a load that lasts for a time sends a beginning of the same. Which user does an
//! iteration is settled in the closed model, and is whoever is free where users share iterations
//! or arrivals: `user()` and `iteration()` differ there, and what cookies an iteration has.
//!
//! **How a load ends.** When its time is over nothing new is begun, but for arrivals that were due
//! and wait for a user. What goes on may finish within the graceful stop; then it is cut off,
//! counted as interrupted, and every user that was set up is torn down. A stop of the run does the
//! same at once, with one second in place of the graceful stop, or with all of it where it is a
//! gentle one.
//!
//! **What is changed by hand.** A load can be paused, and its users set to another number, while
//! it goes on (`Control`). Nothing new is begun in a pause; the load's own time stands still in it,
//! and with it every schedule and every second that is recorded. What was changed is in the result.

mod alarm;
mod begin;
mod browsers;
mod closed;
mod collect;
mod control;
mod crew;
mod debug;
mod feed;
mod hand;
mod health;
mod load;
mod observer;
mod once;
mod open;
mod options;
mod outline;
mod phase;
mod probe;
mod pulse;
mod queue;
mod ramp;
mod recording;
mod start;
mod stop;
mod tracing;
mod turns;
mod walk;
mod witness;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::driver::browser::Browsers;
use crate::driver::{Client, DriverError};
use crate::executor::crew::{Connect, Purpose};
use crate::plan::Plan;
use crate::result::journal::{EndEntry, Entry, Ledger};
use crate::result::{Machine, RunInfo, RunResult};

pub use control::{Control, Scale};
pub use debug::{Command, Debugger, Debugging, Halt, Inspect, NoPage, PageState};
pub use observer::{Observer, Vitals};
pub use options::{KeepTraces, Options, TestOptions};
pub use outline::{Planned, outline};
pub use start::{clock_costs, monotonic};
pub use stop::Stop;
pub use tracing::{Attempted, trace};

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
    let browsers = browsers::browsers(plan, options);
    let shared = browsers.clone();
    let connect: Connect = Arc::new(move |plan, purpose| match purpose {
        Purpose::Once => Ok(Client::new(plan)?.with_browsers(shared.clone())),
        // Browsers live on the thread that started them, as connections do.
        Purpose::Load => {
            let browsers = browsers::for_load(&shared);
            Ok(Client::for_load(plan)?.with_browsers(browsers))
        }
    });
    execute_through((&connect, &browsers), plan, (info, machine), (options, stop), observer)
}

fn execute_through(
    (connect, browsers): (&Connect, &Browsers),
    plan: &Plan,
    (info, machine): (RunInfo, Machine),
    (options, stop): (&Options, &Stop),
    observer: &mut dyn Observer,
) -> Result<RunResult, ExecuteError> {
    let started = Instant::now();
    let begin = begin::begin(plan, info, machine);
    let mut run = Run { ledger: Ledger::new(begin.clone()), observer };
    run.tell(Entry::Begin(Box::new(begin)));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut scenes = runtime.block_on(once::open_scenes(plan, connect, stop, &mut run))?;
    runtime.block_on(once::tests(&scenes, options, stop, &mut run));
    runtime.block_on(browsers.quit());
    let judged = load::load(&scenes, (options, connect), stop, &mut run);
    // What setup made is taken away also when no load could be started.
    runtime.block_on(once::close_scenes(&mut scenes, &mut run));
    let judged = judged?;

    run.tell(Entry::End(Box::new(EndEntry {
        duration_ms: started.elapsed().as_millis() as u64,
        ended_early: stop.reason(),
        health: judged.health,
        reasons: judged.reasons,
        browsers: browsers::infos(browsers),
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

#[cfg(test)]
mod tests {
    mod closed;
    mod ends;
    mod hand;
    mod machine;
    mod open;
    mod queue;
    mod runner;
    mod testing;
    mod turns;

    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use tokio::sync::oneshot;
    use tokio::task::{JoinSet, LocalSet};
    use tokio::time::{Instant as Moment, sleep};

    use super::collect::{Collector, Message};
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::driver::{Call, Script, Turn};
    use crate::plan::{DuetLoad, FileContent, Inputs, Overrides, build};
    use crate::result::histogram::empty;
    use crate::result::{LoadResult, Summary};
    use crate::scenario::parse;

    /// One step that was done, as the fake client saw it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Seen {
        step: String,
        user: u32,
        iteration: u64,
        /// Since the first step of all.
        at: Duration,
    }

    /// What a run is made of, and what its fake client saw.
    struct Trial {
        plan: Plan,
        threads: usize,
        stop: Stop,
        control: Control,
        connect: Connect,
        seen: Arc<Mutex<Vec<(Moment, Seen)>>>,
    }

    /// Keeps every entry.
    #[derive(Default)]
    struct Listener(Vec<Entry>);

    impl Observer for Listener {
        fn entry(&mut self, entry: &Entry, _: &Ledger) {
            self.0.push(entry.clone());
        }

        fn cpu_seconds(&mut self) -> Option<f64> {
            None
        }
    }

    /// A plan of scenario texts, with the CSV file `rows.csv` of so many rows beside them.
    fn plan(texts: &[&str], rows: usize) -> Plan {
        plan_with(texts, rows, None)
    }

    /// The same, as one side of a duet where it is one.
    fn plan_with(texts: &[&str], rows: usize, duet: Option<DuetLoad>) -> Plan {
        let mut inputs = Inputs::default();
        for (at, text) in texts.iter().enumerate() {
            let parsed = parse(&SourceFile::new(format!("{at}.yaml"), *text));
            inputs.scenarios.push(parsed.unwrap_or_else(|problems| panic!("{problems}")).0);
        }
        let csv: String = (0..rows).map(|row| format!("row{row}\n")).collect();
        let csv = FileContent::Bytes(format!("id\n{csv}").into_bytes().into());
        inputs.files.insert("rows.csv".to_string(), csv);
        let overrides = Overrides {
            target: "http://target.example".to_string(),
            seed: 7,
            tests: true,
            load: true,
            duet,
            ..Overrides::default()
        };
        build(&inputs, &overrides).unwrap_or_else(|problems| panic!("{problems}"))
    }

    /// One load of this profile, by default of one step `a`.
    fn load_of(profile: &str) -> String {
        format!("name: t\nload:\n  journey: [{{ step: a, get: /a }}]\n{}", profiles(profile))
    }

    fn profiles(profile: &str) -> String {
        format!("  profiles: {{ only: {{ {profile} }} }}\n  sla: [\"http_req_failed: rate<0.5\"]\n")
    }

    /// Every step succeeds after so long.
    fn after(millis: u64) -> impl Fn(&Call<'_>) -> Turn + Send + Sync + 'static {
        move |_| Turn::ok(Duration::from_millis(millis))
    }

    impl Trial {
        fn new(plan: Plan, turn: impl Fn(&Call<'_>) -> Turn + Send + Sync + 'static) -> Self {
            let seen: Arc<Mutex<Vec<(Moment, Seen)>>> = Arc::default();
            let log = seen.clone();
            let script = Script::new(move |call| {
                let step = call.step.name.clone();
                let (user, iteration) = (call.user, call.iteration);
                let seen = Seen { step, user, iteration, at: Duration::ZERO };
                log.lock().unwrap().push((Moment::now(), seen));
                turn(call)
            });
            let connect: Connect = Arc::new(move |plan, _| Ok(Client::fake(plan, script.clone())));
            let (stop, control) = Default::default();
            Self { plan, threads: 1, stop, control, connect, seen }
        }

        fn threads(mut self, threads: usize) -> Self {
            self.threads = threads;
            self
        }

        /// What was done so far, in order.
        fn seen(&self) -> Vec<Seen> {
            let seen = self.seen.lock().unwrap();
            let first = seen.first().map(|(at, _)| *at);
            let since = |at: Moment| first.map_or(Duration::ZERO, |first| at - first);
            seen.iter().map(|(at, one)| Seen { at: since(*at), ..one.clone() }).collect()
        }

        /// When each `step` began, in milliseconds after the first of all steps.
        fn times(&self, step: &str) -> Vec<u128> {
            let seen = self.seen().into_iter().filter(|seen| seen.step == step);
            seen.map(|seen| seen.at.as_millis()).collect()
        }

        /// How often a step was done.
        fn count(&self, step: &str) -> usize {
            self.times(step).len()
        }

        /// Runs the load in a time that passes only when everybody waits, all workers in one
        /// event loop; everything but the threads is as in `execute`.
        fn load(&self) -> RunResult {
            self.load_stopped_after(None)
        }

        fn load_stopped_after(&self, stop: Option<Duration>) -> RunResult {
            let mut listener = Listener::default();
            let begin = begin::begin(&self.plan, RunInfo::default(), Machine::default());
            let mut run = Run { ledger: Ledger::new(begin), observer: &mut listener };
            paused(async {
                if let Some(after) = stop {
                    let stop = self.stop.clone();
                    tokio::spawn(async move {
                        sleep(after).await;
                        stop.request("interrupted");
                    });
                }
                self.loaded(&mut run).await;
            });
            let (reasons, health) = (Vec::new(), crate::result::Health::Valid);
            let ended_early = self.stop.reason();
            run.tell(Entry::End(Box::new(EndEntry {
                browsers: Vec::new(),
                duration_ms: 0,
                ended_early,
                health,
                reasons,
            })));
            run.ledger.finish()
        }

        async fn loaded(&self, run: &mut Run<'_>) {
            let mut scenes =
                once::open_scenes(&self.plan, &self.connect, &self.stop, run).await.unwrap();
            let jobs = load::jobs(&scenes, &self.connect, run.observer.wants_timings());
            let (tell, told) = channel();
            let (mut starts, mut tasks) = (Vec::new(), JoinSet::new());
            let by = (&self.stop, &self.control);
            for shift in load::shifts(&jobs, self.threads, by, &tell) {
                let (start, started) = oneshot::channel();
                starts.push(start);
                tasks.spawn_local(async move { shift.shift(started).await.unwrap() });
            }
            drop(tell);
            let (forward, messages) = channel();
            let mut ready = 0;
            while ready < self.threads {
                sleep(Duration::from_millis(1)).await;
                for message in told.try_iter() {
                    ready += usize::from(matches!(message, Message::Ready(..)));
                    forward.send(message).unwrap();
                }
            }
            let origin = Moment::now() + Duration::from_millis(20);
            self.control.begin(origin, load::scalable(&jobs));
            starts.into_iter().for_each(|start| start.send(origin).unwrap());
            while let Some(done) = tasks.join_next().await {
                done.unwrap_or_else(once::raise_panic);
            }
            told.try_iter().for_each(|message| forward.send(message).unwrap());
            drop(forward);
            let control = (self.control.clone(), Vec::new());
            let collector = Collector::new(&scenes, self.threads).under(control);
            collector.collect(&messages, Vec::new(), run);
            once::close_scenes(&mut scenes, run).await;
        }

        /// The tests of the plan, in a time that passes only when everybody waits.
        fn tests(&self, workers: usize, stop: Option<Duration>) -> (RunResult, Vec<Entry>) {
            self.tests_with(&Options { workers, ..Options::default() }, stop)
        }

        fn tests_with(&self, options: &Options, stop: Option<Duration>) -> (RunResult, Vec<Entry>) {
            let mut listener = Listener::default();
            let begin = begin::begin(&self.plan, RunInfo::default(), Machine::default());
            let mut run = Run { ledger: Ledger::new(begin), observer: &mut listener };
            paused(async {
                if let Some(after) = stop {
                    let stop = self.stop.clone();
                    tokio::spawn(async move {
                        sleep(after).await;
                        stop.request("interrupted");
                    });
                }
                let mut scenes = once::open_scenes(&self.plan, &self.connect, &self.stop, &mut run)
                    .await
                    .unwrap();
                once::tests(&scenes, options, &self.stop, &mut run).await;
                once::close_scenes(&mut scenes, &mut run).await;
            });
            let result = run.ledger.finish();
            (result, listener.0)
        }

        /// All of it, with the threads and the time that `execute` uses.
        fn execute(&self) -> RunResult {
            let options = Options { threads: self.threads, ..Options::default() };
            let known = (RunInfo::default(), Machine::default());
            let mut listener = Listener::default();
            let how = (&options, &self.stop);
            let browsers = browsers::browsers(&self.plan, &options);
            let through = (&self.connect, &browsers);
            execute_through(through, &self.plan, known, how, &mut listener).unwrap()
        }
    }

    fn load(result: &RunResult) -> &LoadResult {
        result.scenarios[0].load.as_ref().unwrap()
    }

    fn summary(millis: impl IntoIterator<Item = u64>) -> Summary {
        let mut histogram = empty();
        millis.into_iter().for_each(|ms| histogram.record(ms * 1_000).unwrap());
        Summary::of(&histogram)
    }

    fn paused(work: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        LocalSet::new().block_on(&runtime, work);
    }
}
