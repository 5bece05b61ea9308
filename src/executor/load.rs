//! Runs the load of all scenarios at once: one event loop per worker thread, nothing shared
//! between them but the start and the end.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::LocalOptions;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::executor::alarm::{Alarm, Awake, Timing};
use crate::executor::begin::{planned, users_limit};
use crate::executor::collect::{Collector, Message};
use crate::executor::control::Scalable;
use crate::executor::crew::{Connect, Crew, Job, Purpose, Worker};
use crate::executor::hand::{Hand, attend};
use crate::executor::health::Judged;
use crate::executor::once::{Scene, raise_panic};
use crate::executor::open::Pool;
use crate::executor::phase::Stage;
use crate::executor::pulse::{Pulse, this_thread, tick};
use crate::executor::{Control, ExecuteError, Options, Run, Stop, closed, control, open};
use crate::plan::{Population, ShapePlan};

/// After an interruption, started iterations may still run so long.
const INTERRUPTED: Duration = Duration::from_secs(1);

/// Runs all load, and judges the generator.
///
/// # Errors
/// When a worker could not be started.
pub(super) fn load(
    scenes: &[Scene],
    (options, connect): (&Options, &Connect),
    stop: &Stop,
    run: &mut Run<'_>,
) -> Result<Judged, ExecuteError> {
    let jobs = jobs(scenes, connect, run.observer.wants_timings());
    if jobs.is_empty() || stop.is_requested() {
        return Ok(Judged::valid());
    }
    let (tell, messages) = channel();
    let mut starts = Vec::new();
    let mut workers = Vec::new();
    let by = (stop, &options.control);
    for (index, shift) in shifts(&jobs, options.threads, by, &tell).into_iter().enumerate() {
        let (start, started) = oneshot::channel();
        starts.push(start);
        let name = format!("load-{index}");
        workers.push(std::thread::Builder::new().name(name).spawn(move || shift.work(started))?);
    }
    drop(tell);
    let control = (options.control.clone(), scalable(&jobs));
    let collector = Collector::new(scenes, workers.len()).probing().under(control);
    let judged = collector.collect(&messages, starts, run);
    let mut failed = None;
    for worker in workers {
        match worker.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => failed = Some(error),
            // A bug, and no worker may be missing without a word.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    failed.map_or(Ok(judged), Err)
}

/// The loads of all scenarios whose run was set up.
pub(super) fn jobs(scenes: &[Scene], connect: &Connect, keeps_timings: bool) -> Vec<Job> {
    let able = scenes.iter().enumerate().filter(|(_, scene)| scene.broken.is_none());
    let loaded = able.filter(|(_, scene)| scene.plan.load.is_some());
    loaded
        .map(|(scenario, scene)| Job {
            scenario,
            plan: scene.plan.clone(),
            captured: scene.captured.clone(),
            seed: scene.seed,
            connect: connect.clone(),
            keeps_timings,
        })
        .collect()
}

/// The loads whose users can be set by hand.
pub(super) fn scalable(jobs: &[Job]) -> Vec<Scalable> {
    let loads = jobs.iter().filter_map(|job| Some((job, job.plan.load.as_ref()?)));
    loads
        .filter_map(|(job, load)| {
            control::scalable((job.scenario, &job.plan.name), &load.shape, load.start_after)
        })
        .collect()
}

/// One shift for each worker thread.
pub(super) fn shifts(
    jobs: &[Job],
    threads: usize,
    (stop, control): (&Stop, &Control),
    tell: &Sender<Message>,
) -> Vec<Shift> {
    let threads = threads.max(1);
    let shared: Vec<Arc<AtomicU64>> = jobs.iter().map(|_| Arc::default()).collect();
    let shift = |index| Shift {
        worker: Worker { index, of: threads },
        jobs: jobs.to_vec(),
        shared: shared.clone(),
        stop: stop.clone(),
        control: control.clone(),
        tell: tell.clone(),
        timing: Timing::Coarse,
        awake: Awake::default(),
    };
    (0..threads).map(shift).collect()
}

/// What one worker thread does.
pub(super) struct Shift {
    worker: Worker,
    jobs: Vec<Job>,
    shared: Vec<Arc<AtomicU64>>,
    stop: Stop,
    control: Control,
    tell: Sender<Message>,
    timing: Timing,
    awake: Awake,
}

/// Tells that a worker is gone, however it went: nobody shall wait for it.
struct Gone(usize, Sender<Message>);

impl Drop for Gone {
    fn drop(&mut self) {
        // The collector is gone only when the run is over.
        let _ = self.1.send(Message::Done(self.0));
    }
}

/// A crew, and the users made ready for it.
struct Ready {
    crew: Rc<Crew>,
    pool: Rc<Pool>,
    shared: Arc<AtomicU64>,
    timing: Timing,
    awake: Awake,
}

/// So many tasks are let run before answers are looked for again: tokio's own 61 makes a busy
/// worker late.
const EVENT_INTERVAL: u32 = 31;

impl Shift {
    fn work(mut self, start: oneshot::Receiver<Instant>) -> Result<(), ExecuteError> {
        self.timing = Timing::Precise;
        let _gone = Gone(self.worker.index, self.tell.clone());
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().event_interval(EVENT_INTERVAL);
        let runtime = runtime.build_local(LocalOptions::default())?;
        let worked = runtime.block_on(self.shift(start));
        // Connections and resting users go with the event loop.
        runtime.shutdown_background();
        worked
    }

    /// All of a worker's time: users are set up, everybody starts together, the loads run.
    pub async fn shift(&self, start: oneshot::Receiver<Instant>) -> Result<(), ExecuteError> {
        let hand = Rc::new(Hand::default());
        let ready = self.ready(&hand)?;
        let crews: Vec<Rc<Crew>> = ready.iter().map(|ready| ready.crew.clone()).collect();
        tokio::select! {
            biased;
            () = stopped(&self.stop, &crews) => Ok(()),
            worked = self.loads(ready, &hand, start) => worked,
        }
    }

    /// The crews of the loads that this worker has a share of.
    fn ready(&self, hand: &Rc<Hand>) -> Result<Vec<Ready>, ExecuteError> {
        let mut all = Vec::new();
        for (job, shared) in self.jobs.iter().zip(&self.shared) {
            let Some(load) = &job.plan.load else { continue };
            let users = users_limit(&load.shape);
            // A worker without users has no share, so that no share is rounded up.
            let worker = Worker { of: self.worker.of.min(users as usize), ..self.worker };
            if worker.index >= worker.of {
                continue;
            }
            let client = (job.connect)(&job.plan, Purpose::Load)?;
            let told = (hand.clone(), self.tell.clone());
            let crew = Rc::new(Crew::new(job.clone(), worker, client, told));
            let pool = Pool::new(crew.clone(), users);
            let (shared, timing, awake) = (shared.clone(), self.timing, self.awake.clone());
            all.push(Ready { crew, pool, shared, timing, awake });
        }
        Ok(all)
    }

    async fn loads(
        &self,
        ready: Vec<Ready>,
        hand: &Rc<Hand>,
        start: oneshot::Receiver<Instant>,
    ) -> Result<(), ExecuteError> {
        for Ready { crew, pool, .. } in &ready {
            if matches!(crew.load().shape, ShapePlan::Shared { .. } | ShapePlan::Open { .. }) {
                pool.fill().await;
            }
        }
        let _ = self.tell.send(Message::Ready(this_thread()));
        let Ok(origin) = start.await else { return Ok(()) };
        let crews: Vec<Rc<Crew>> = ready.iter().map(|ready| ready.crew.clone()).collect();
        for crew in &crews {
            crew.origin.set(origin);
            crew.last.set(origin);
        }
        let known = (&self.awake, hand);
        let pulse = Pulse::new(self.worker.index, origin, known, self.tell.clone());
        let mut tasks = JoinSet::new();
        for ready in ready {
            tasks.spawn_local(bounded(ready, self.tell.clone()));
        }
        let mut failed = None;
        let all = async {
            while let Some(done) = tasks.join_next().await {
                match done {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => failed = Some(error),
                    Err(error) => raise_panic(error),
                }
            }
        };
        tokio::select! {
            () = all => {}
            () = tick(&crews, pulse) => {}
            () = attend(&self.control, hand, &crews, origin) => {}
        }
        for crew in &crews {
            let seconds = crew.recorder.borrow_mut().take_all();
            let _ = self.tell.send(Message::Seconds(crew.job.scenario, seconds));
        }
        failed.map_or(Ok(()), Err)
    }
}

/// Ends the loads when the run is stopped: what was begun may come to its end, within the graceful
/// stop where there is time for it.
async fn stopped(stop: &Stop, crews: &[Rc<Crew>]) {
    stop.requested().await;
    for crew in crews {
        crew.stopped.set(Some(Instant::now()));
        crew.phase.advance(Stage::Ending);
    }
    let gently = crews.iter().map(|crew| async {
        sleep(crew.load().graceful_stop).await;
        crew.phase.advance(Stage::Cut);
    });
    tokio::select! {
        biased;
        () = async { stop.urgent().await; sleep(INTERRUPTED).await } => {}
        _ = join_all(gently) => {}
    }
    crews.iter().for_each(|crew| crew.phase.advance(Stage::Cut));
    std::future::pending().await
}

/// Drives one crew to its end, the graceful stop included, and tears its users down.
async fn bounded(ready: Ready, tell: Sender<Message>) -> Result<(), ExecuteError> {
    let crew = ready.crew.clone();
    let driven = tokio::select! {
        biased;
        () = clock(&crew) => Ok(false),
        driven = drive(&ready) => driven,
    };
    assert!(!crew.phase.panicked(), "a virtual user panicked; its message is above");
    // All in the load's own time: a pause is no part of how long it lasted.
    let begins = crew.load().start_after;
    let planned = begins + planned(&crew.load().shape);
    let over = match (&driven, crew.stopped.get()) {
        (_, Some(stopped)) => planned.min(crew.time(stopped)),
        // It had nothing left to do.
        (Ok(true), None) => begins,
        _ => planned,
    };
    let lasted = crew.time(crew.last.get()).max(over).saturating_sub(begins);
    ready.pool.close().await;
    crew.active.set(0);
    let feed = crew.feed_ended.borrow().clone();
    let _ = tell.send(Message::Ended(crew.job.scenario, lasted, feed));
    driven.map(|_| ())
}

/// Moves the load towards its end when the time has come.
async fn clock(crew: &Crew) {
    let ends = crew.load().start_after + planned(&crew.load().shape);
    // Nobody begins by the clock in the open model, and what was due may still be done.
    if !matches!(crew.load().shape, ShapePlan::Open { .. }) {
        crew.passed(ends).await;
        crew.phase.advance(Stage::Ending);
    }
    crew.passed(ends + crew.load().graceful_stop).await;
    crew.phase.advance(Stage::Cut);
    std::future::pending().await
}

/// Waits for the beginning and drives the load; tells whether it ran out of things to do.
async fn drive(ready: &Ready) -> Result<bool, ExecuteError> {
    let crew = &ready.crew;
    let load = crew.load();
    // The schedule of arrivals has a clock of its own.
    if !matches!(load.shape, ShapePlan::Open { .. }) {
        tokio::select! {
            biased;
            () = crew.phase.reached(Stage::Ending) => {}
            () = crew.passed(load.start_after) => {}
        }
    }
    match &load.shape {
        ShapePlan::Closed(population) => closed::drive(crew.clone(), population, None).await,
        ShapePlan::PerUser { users, iterations, max_duration } => {
            let all_along = Population::constant(*users, *max_duration);
            closed::drive(crew.clone(), &all_along, Some(*iterations)).await
        }
        ShapePlan::Shared { iterations, .. } => {
            Ok(open::share(&ready.pool, (ready.shared.clone(), *iterations)).await)
        }
        ShapePlan::Open { arrivals, .. } => {
            let alarm = Alarm::new(ready.timing, ready.awake.clone());
            Ok(open::drive(&ready.pool, arrivals, alarm).await)
        }
    }
}
