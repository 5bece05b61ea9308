//! Runs the load of all scenarios at once: one event loop per worker thread, nothing shared
//! between them but the start and the end.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use crate::driver::Client;
use crate::executor::begin::planned;
use crate::executor::collect::{Collector, Message};
use crate::executor::crew::{Crew, Job, Worker};
use crate::executor::health::Judged;
use crate::executor::once::Scene;
use crate::executor::open::Pool;
use crate::executor::{ExecuteError, Run, Stop, closed, open};
use crate::plan::{Population, ShapePlan};

/// How often a worker looks at itself.
const TICK: Duration = Duration::from_millis(10);

/// After an interruption, started iterations may still run so long.
const INTERRUPTED: Duration = Duration::from_secs(1);

/// Runs all load, and judges the generator.
///
/// # Errors
/// When a worker could not be started.
pub(super) fn load(
    scenes: &[Scene],
    threads: usize,
    stop: &Stop,
    run: &mut Run<'_>,
) -> Result<Judged, ExecuteError> {
    let jobs = jobs(scenes);
    if jobs.is_empty() || stop.is_requested() {
        return Ok(Judged::valid());
    }
    let shared: Vec<Arc<AtomicU64>> = jobs.iter().map(|_| Arc::default()).collect();
    let (tell, messages) = channel();
    let mut starts = Vec::new();
    let mut workers = Vec::new();
    for index in 0..threads.max(1) {
        let (start, started) = oneshot::channel();
        starts.push(start);
        let shift = Shift {
            worker: Worker { index, of: threads.max(1) },
            jobs: jobs.clone(),
            shared: shared.clone(),
            stop: stop.clone(),
            tell: tell.clone(),
        };
        let name = format!("load-{index}");
        workers.push(std::thread::Builder::new().name(name).spawn(move || shift.work(started))?);
    }
    drop(tell);
    let collector = Collector::new(&jobs, scenes, workers.len());
    let judged = collector.collect(&messages, starts, stop, run);
    let mut failed = None;
    for worker in workers {
        // A panic in a worker ends the process in the hook that reports bugs.
        if let Ok(Err(error)) = worker.join() {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(judged), Err)
}

fn jobs(scenes: &[Scene]) -> Vec<Job> {
    let able = scenes.iter().enumerate().filter(|(_, scene)| scene.broken.is_none());
    let loaded = able.filter(|(_, scene)| scene.plan.load.is_some());
    loaded
        .map(|(scenario, scene)| Job {
            scenario,
            plan: scene.plan.clone(),
            captured: scene.captured.clone(),
            seed: scene.seed,
        })
        .collect()
}

/// What one worker thread does.
struct Shift {
    worker: Worker,
    jobs: Vec<Job>,
    shared: Vec<Arc<AtomicU64>>,
    stop: Stop,
    tell: Sender<Message>,
}

/// A crew, and the users made ready for it.
struct Ready {
    crew: Rc<Crew>,
    pool: Option<Rc<Pool>>,
    shared: Arc<AtomicU64>,
}

impl Shift {
    fn work(self, start: oneshot::Receiver<Instant>) -> Result<(), ExecuteError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let worked = LocalSet::new().block_on(&runtime, self.shift(start));
        // Connections and parked users go with the event loop.
        runtime.shutdown_background();
        worked
    }

    async fn shift(&self, start: oneshot::Receiver<Instant>) -> Result<(), ExecuteError> {
        let begun = async {
            let ready = self.make_ready().await?;
            let _ = self.tell.send(Message::Ready);
            Ok::<_, ExecuteError>(start.await.ok().map(|origin| (ready, origin)))
        };
        // Users may hang in their setup, and other workers' users too.
        let begun = tokio::select! {
            begun = begun => begun?,
            () = self.stop.requested() => None,
        };
        let Some((ready, origin)) = begun else { return Ok(()) };
        let crews: Vec<Rc<Crew>> = ready.iter().map(|ready| ready.crew.clone()).collect();
        for crew in &crews {
            crew.origin.set(origin);
            crew.last.set(origin);
        }
        sleep_until(origin).await;
        let mut tasks = tokio::task::JoinSet::new();
        for ready in ready {
            tasks.spawn_local(bounded(ready, self.stop.clone(), self.tell.clone()));
        }
        let mut failed = None;
        let all = async {
            while let Some(done) = tasks.join_next().await {
                if let Ok(Err(error)) = done {
                    failed = Some(error);
                }
            }
        };
        tokio::select! {
            () = all => {}
            () = tick(&crews, self.worker, &self.tell) => {}
        }
        for crew in &crews {
            let seconds = crew.recorder.borrow_mut().take_all();
            let _ = self.tell.send(Message::Seconds(crew.job.scenario, seconds));
        }
        let _ = self.tell.send(Message::Done(self.worker.index));
        failed.map_or(Ok(()), Err)
    }

    async fn make_ready(&self) -> Result<Vec<Ready>, ExecuteError> {
        let mut ready = Vec::new();
        for (job, shared) in self.jobs.iter().zip(&self.shared) {
            let client = Client::for_load(&job.plan)?;
            let crew = Crew::new(job.clone(), self.worker, client, self.tell.clone());
            ready.push(make_ready(Rc::new(crew), shared.clone()).await);
        }
        Ok(ready)
    }
}

async fn make_ready(crew: Rc<Crew>, shared: Arc<AtomicU64>) -> Ready {
    let users = match crew.load().shape {
        ShapePlan::Open { max_users, .. } => Some(max_users),
        // Users who share iterations must not be more than there are, so no worker rounds up.
        ShapePlan::Shared { users, .. } => {
            let (index, of) = (crew.worker.index as u32, crew.worker.of as u32);
            (users > index).then_some(users.max(of))
        }
        ShapePlan::Closed(_) | ShapePlan::PerUser { .. } => None,
    };
    let pool = users.map(|users| Pool::new(crew.clone(), users));
    if let Some(pool) = &pool {
        pool.fill().await;
    }
    Ready { crew, pool, shared }
}

/// Drives one crew to its end, the graceful stop included, or to the interruption of the run.
async fn bounded(ready: Ready, stop: Stop, tell: Sender<Message>) -> Result<(), ExecuteError> {
    let crew = ready.crew.clone();
    let load = crew.load();
    let latest = crew.begins() + planned(&load.shape) + load.graceful_stop;
    let interrupted = async {
        stop.requested().await;
        sleep(INTERRUPTED).await;
    };
    sleep_until(crew.begins()).await;
    let driven = tokio::select! {
        driven = drive(&ready) => driven,
        () = sleep_until(latest) => Ok(()),
        () = interrupted => Ok(()),
    };
    crew.active.set(0);
    let feed = crew.feed_ended.borrow().clone();
    let last = crew.last.get().saturating_duration_since(crew.begins());
    let _ = tell.send(Message::Ended(crew.job.scenario, last, feed));
    driven
}

async fn drive(ready: &Ready) -> Result<(), ExecuteError> {
    let crew = ready.crew.clone();
    let load = crew.load();
    match (&load.shape, &ready.pool) {
        (ShapePlan::Closed(population), _) => closed::drive(crew.clone(), population, None).await,
        (ShapePlan::PerUser { users, iterations, max_duration }, _) => {
            let all_along = Population { start: *users, stages: vec![(*max_duration, *users)] };
            closed::drive(crew.clone(), &all_along, Some(*iterations)).await
        }
        (ShapePlan::Shared { iterations, max_duration, .. }, Some(pool)) => {
            let ends = crew.begins() + *max_duration;
            open::share(pool.clone(), (ready.shared.clone(), *iterations), ends).await;
            Ok(())
        }
        (ShapePlan::Open { arrivals, .. }, Some(pool)) => {
            open::drive(pool.clone(), arrivals).await;
            Ok(())
        }
        // A worker without a share of the users.
        (ShapePlan::Shared { .. } | ShapePlan::Open { .. }, None) => Ok(()),
    }
}

/// Hands over each second when it is over, and measures how late this very loop is.
async fn tick(crews: &[Rc<Crew>], worker: Worker, tell: &Sender<Message>) {
    let Some(origin) = crews.first().map(|crew| crew.origin.get()) else { return };
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut second, mut gap, mut before) = (0, Duration::ZERO, Instant::now());
    loop {
        ticks.tick().await;
        let now = Instant::now();
        gap = gap.max(now.saturating_duration_since(before).saturating_sub(TICK));
        before = now;
        let since = now.saturating_duration_since(origin);
        for crew in crews {
            let mut recorder = crew.recorder.borrow_mut();
            let users = &mut recorder.iterations(since).users;
            *users = (*users).max(crew.active.get());
        }
        if since.as_secs() > second {
            second = since.as_secs();
            for crew in crews {
                let seconds = crew.recorder.borrow_mut().take_closed(since);
                let _ = tell.send(Message::Seconds(crew.job.scenario, seconds));
            }
            let reached = Message::Reached(worker.index, second as u32, gap);
            gap = Duration::ZERO;
            let _ = tell.send(reached);
        }
    }
}
