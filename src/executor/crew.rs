//! The virtual users of one scenario on one worker, and what they record.
//!
//! Everything here stays on its worker's thread: recording takes no lock and no channel.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::time::Instant;

use crate::driver::{Client, Exchange, Identity, Session};
use crate::executor::collect::Message;
use crate::executor::feed::{self, Turn, mix};
use crate::executor::once::Witness;
use crate::executor::walk::{Watcher, walk};
use crate::plan::{HttpPlan, JourneyPlan, LoadPlan, Node, ScenarioPlan, SeriesId, Slot};
use crate::recorder::Recorder;
use crate::sample::{Exemplar, Failure, Sample};

/// What a crew is made from; the same on every worker.
#[derive(Clone)]
pub(super) struct Job {
    /// The scenario's place in the plan.
    pub scenario: usize,
    /// The scenario.
    pub plan: Arc<ScenarioPlan>,
    /// What its `before-run` captured.
    pub captured: Vec<(Slot, serde_json::Value)>,
    /// The run's seed.
    pub seed: u64,
}

/// One worker among all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worker {
    /// From 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
}

/// The virtual users of one scenario on one worker.
pub(super) struct Crew {
    /// What they do.
    pub job: Job,
    /// Where they are.
    pub worker: Worker,
    /// When the load of all scenarios begins.
    pub origin: Cell<Instant>,
    /// What they record.
    pub recorder: RefCell<Recorder>,
    /// Users at work.
    pub active: Cell<u32>,
    /// When the last iteration ended.
    pub last: Cell<Instant>,
    /// The feed that ran out.
    pub feed_ended: RefCell<Option<String>>,
    client: Client,
    tell: Sender<Message>,
}

/// A virtual user.
pub(super) struct User {
    session: Session,
    number: u64,
    iteration: u64,
}

impl User {
    /// Iterations begun.
    pub fn iterations(&self) -> u64 {
        self.iteration
    }
}

/// How an iteration went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// To the end, or to a failed step.
    Completed,
    /// Not begun: a feed has no row left.
    NoRow,
}

impl Crew {
    /// A crew without users.
    pub fn new(job: Job, worker: Worker, client: Client, tell: Sender<Message>) -> Self {
        let now = Instant::now();
        Self {
            recorder: RefCell::new(Recorder::new(job.plan.series.len())),
            job,
            worker,
            origin: Cell::new(now),
            active: Cell::new(0),
            last: Cell::new(now),
            feed_ended: RefCell::new(None),
            client,
            tell,
        }
    }

    /// The load that the crew does; jobs are only made for scenarios that have one.
    pub fn load(&self) -> &LoadPlan {
        self.job.plan.load.as_ref().expect("a job is made from a scenario with load")
    }

    /// When this scenario's load begins.
    pub fn begins(&self) -> Instant {
        self.origin.get() + self.load().start_after
    }

    /// Since the load of all scenarios began.
    pub fn now(&self) -> Duration {
        self.since(Instant::now())
    }

    /// The number of the `index`th user of this worker among those of all workers.
    pub fn number(&self, index: usize) -> u64 {
        (index * self.worker.of + self.worker.index) as u64
    }

    /// A new user, set up; none when its setup failed.
    pub async fn open_user(&self, number: u64) -> Option<User> {
        let identity = Identity { user: number as u32 + 1, seed: self.job.seed };
        let mut session = Session::open(&self.client, identity);
        session.begin_iteration(0);
        session.adopt(&self.job.captured);
        let mut user = User { session, number, iteration: 0 };
        let turn = Turn { user: number, iteration: number, random: mix(&[self.job.seed, number]) };
        if self.deal(&mut user, turn) == Ended::NoRow {
            return None;
        }
        let hooks = &self.job.plan.hooks;
        self.set_up(&[&hooks.before_each, &hooks.before_user], &mut user).await.then_some(user)
    }

    /// Tears a user down.
    pub async fn close_user(&self, mut user: User) {
        let hooks = &self.job.plan.hooks;
        self.set_up(&[&hooks.after_user, &hooks.after_each], &mut user).await;
    }

    /// Walks a journey once. `due` is when it should have begun (open model), `number` its place
    /// among all iterations of the run, from 0.
    pub async fn iterate(&self, user: &mut User, due: Option<Instant>, number: u64) -> Ended {
        user.iteration += 1;
        user.session.begin_iteration(user.iteration);
        let random = mix(&[self.job.seed, user.number, user.iteration]);
        let turn = Turn { user: user.number, iteration: number, random };
        if self.deal(user, turn) == Ended::NoRow {
            return Ended::NoRow;
        }
        let began = due.unwrap_or_else(Instant::now);
        self.recorder.borrow_mut().iterations(self.now()).started += 1;
        let journey = choose(&self.load().journeys, random);
        let mut watcher = Recording { crew: self, due, current: None, over: false };
        let walked = walk(&journey.steps, &mut user.session, &mut watcher).await;
        watcher.over = true;
        let now = Instant::now();
        let duration = walked.is_ok().then(|| now.saturating_duration_since(began));
        self.recorder.borrow_mut().complete(self.since(now), duration);
        self.last.set(now);
        Ended::Completed
    }

    fn deal(&self, user: &mut User, turn: Turn) -> Ended {
        match feed::deal(&self.job.plan, &mut user.session, turn) {
            Ok(()) => Ended::Completed,
            Err(feed) => {
                *self.feed_ended.borrow_mut() = Some(feed.to_string());
                Ended::NoRow
            }
        }
    }

    /// Setup and teardown are not measured; what fails in them is told.
    async fn set_up(&self, flows: &[&Vec<Node>], user: &mut User) -> bool {
        for nodes in flows {
            let mut witness = Witness::default();
            if walk(nodes, &mut user.session, &mut witness).await.is_err() {
                let failure = witness.failure.unwrap_or_default();
                // The collector is gone only when the run is over.
                let _ = self.tell.send(Message::SetupFailed(self.job.scenario, failure));
                return false;
            }
        }
        true
    }

    fn since(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.origin.get())
    }

    fn record(&self, series: SeriesId, due: Option<Instant>, exchange: Exchange) {
        let due = due.unwrap_or(exchange.started).min(exchange.started);
        self.recorder.borrow_mut().record(Sample {
            series,
            due: self.since(due),
            started: self.since(exchange.started),
            ended: self.since(exchange.ended),
            outcome: exchange.outcome,
            checks: exchange.checks,
            failed_checks: exchange.failed_checks,
            bytes_sent: exchange.bytes_sent,
            bytes_received: exchange.bytes_received,
            exemplar: exchange.exemplar,
        });
    }
}

/// Records a walk. Dropped before its end (the run is over), it counts what was cut off.
struct Recording<'a> {
    crew: &'a Crew,
    due: Option<Instant>,
    current: Option<(SeriesId, Instant)>,
    over: bool,
}

impl Watcher for Recording<'_> {
    fn begin(&mut self, series: SeriesId) {
        self.current = Some((series, Instant::now()));
    }

    fn done(&mut self, step: &HttpPlan, exchange: Exchange) {
        self.current = None;
        // Only the first step of an iteration has a schedule; the others start when they can.
        self.crew.record(step.series, self.due.take(), exchange);
    }

    fn refused(&mut self, series: SeriesId, exemplar: Exemplar) {
        let now = Instant::now();
        let mut exchange = cut_off(now, now);
        exchange.outcome = Err(exemplar.failure);
        exchange.exemplar = Some(Box::new(exemplar));
        self.crew.record(series, None, exchange);
    }

    fn thinks(&self) -> bool {
        true
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if let Some((series, started)) = self.current {
            self.crew.record(series, self.due, cut_off(started, Instant::now()));
        }
        self.crew.recorder.borrow_mut().iterations(self.crew.now()).interrupted += 1;
    }
}

fn cut_off(started: Instant, ended: Instant) -> Exchange {
    Exchange {
        started,
        ended,
        outcome: Err(Failure::Interrupted),
        checks: 0,
        failed_checks: 0,
        bytes_sent: 0,
        bytes_received: 0,
        exemplar: None,
    }
}

/// One of the journeys, by weight.
fn choose(journeys: &[JourneyPlan], random: u64) -> &JourneyPlan {
    let sum: u64 = journeys.iter().map(|journey| u64::from(journey.weight)).sum();
    // The low bits choose rows, so the high ones choose journeys.
    let mut wanted = (random >> 32) % sum.max(1);
    for journey in journeys {
        let weight = u64::from(journey.weight);
        if wanted < weight {
            return journey;
        }
        wanted -= weight;
    }
    journeys.last().expect("a load has at least one journey")
}
