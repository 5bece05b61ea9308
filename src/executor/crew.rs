//! The virtual users of one scenario on one worker, and what they record.
//!
//! Everything here stays on its worker's thread: recording takes no lock and no channel.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::driver::browser::{LastLooking, VitalSeen};
use crate::driver::{Client, DriverError, Identity, Session};
use crate::executor::browsers;
use crate::executor::collect::Message;
use crate::executor::feed::{self, Turn, mix};
use crate::executor::hand::Hand;
use crate::executor::once::TEARDOWN;
use crate::executor::phase::{Phase, Seat};
use crate::executor::recording::Recording;
use crate::executor::walk::{Failed, walk};
use crate::executor::witness::Witness;
use crate::plan::{JourneyPlan, LoadPlan, ScenarioPlan, SeriesId, Slot, WEB_VITALS};
use crate::recorder::Recorder;
use crate::result::journal::example;
use crate::sample::{Phases, Sample};

/// What connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Setup of the run, and tests.
    Once,
    /// Load, which may go to fewer hosts.
    Load,
}

/// Makes a scenario's connections; others than the driver's only where no network is wanted.
pub(super) type Connect =
    Arc<dyn Fn(&Arc<ScenarioPlan>, Purpose) -> Result<Client, DriverError> + Send + Sync>;

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
    /// Makes the connections.
    pub connect: Connect,
    /// Whether each sample is kept.
    pub keeps_timings: bool,
}

/// One worker among all that have a share of a load.
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
    /// When a stop of the run ended it.
    pub stopped: Cell<Option<Instant>>,
    /// How far its end has come.
    pub phase: Phase,
    /// What was changed by hand.
    pub hand: Rc<Hand>,
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
    seat: Seat,
    /// When its last iteration ended.
    left_off: Option<Instant>,
    /// Whether its last iteration ever waited, and so let others go on.
    waited: bool,
}

/// An iteration that is to be done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// Its place among all iterations of the run, from 0: rows, journey and random values depend
    /// on the seed and on it alone, whoever does it.
    pub number: u64,
    /// When it should begin, where a schedule says so.
    pub due: Option<Due>,
}

/// When an iteration should begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// Then.
    pub at: Instant,
    /// So long after that no user was free.
    pub blocked: Duration,
}

impl User {
    /// Its number among those of all workers, from 0.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Iterations begun.
    pub fn iterations(&self) -> u64 {
        self.iteration
    }

    /// When its last iteration ended.
    pub fn left_off(&self) -> Option<Instant> {
        self.left_off
    }

    /// It had to wait for something else than its last iteration: that time is nobody's.
    pub fn come_back(&mut self) {
        self.left_off = None;
    }

    /// Whether its last iteration ever waited, and so let others go on.
    pub fn waited(&self) -> bool {
        self.waited
    }
}

/// Lets others go on after an iteration that never did: a journey without any waiting would keep
/// the thread from everybody else.
pub(super) async fn make_room(waited: bool) {
    if !waited {
        tokio::task::yield_now().await;
    }
}

/// How an iteration went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// To the end, or to a failed step.
    Completed,
    /// Not begun: a feed has no row left.
    NoRow,
    /// Given up, because the load is over.
    CutOff,
}

/// Why there is no new user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoUser {
    /// A feed has no row left for one.
    NoRow,
    /// A step of its setup failed, which is told.
    Failed,
}

impl Crew {
    /// A crew without users.
    pub fn new(
        job: Job,
        worker: Worker,
        client: Client,
        (hand, tell): (Rc<Hand>, Sender<Message>),
    ) -> Self {
        let now = Instant::now();
        let turns = job.plan.load.as_ref().and_then(|load| load.turns);
        let recorder = Recorder::new(job.plan.series.len()).keeping(job.keeps_timings);
        let recorder = recorder.taking(turns);
        Self {
            recorder: RefCell::new(recorder),
            job,
            worker,
            origin: Cell::new(now),
            active: Cell::new(0),
            last: Cell::new(now),
            stopped: Cell::new(None),
            phase: Phase::new(),
            hand,
            feed_ended: RefCell::new(None),
            client,
            tell,
        }
    }

    /// The load that the crew does; jobs are only made for scenarios that have one.
    pub fn load(&self) -> &LoadPlan {
        self.job.plan.load.as_ref().expect("a job is made from a scenario with load")
    }

    /// The number of the `index`th user of this worker among those of all workers.
    pub fn number(&self, index: usize) -> u64 {
        (index * self.worker.of + self.worker.index) as u64
    }

    /// A new user, set up. One whose setup fails is torn down as far as that goes.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn open_user(&self, number: u64) -> Result<User, NoUser> {
        let _at_work = self.phase.enter();
        let identity = Identity { user: number as u32 + 1, seed: self.job.seed };
        let mut session = Session::open(&self.client, identity);
        session.begin_iteration(0);
        session.adopt(&self.job.captured);
        let seat = self.phase.seat();
        let (left_off, waited) = (None, false);
        let mut user = User { session, number, iteration: 0, seat, left_off, waited };
        let turn = Turn { user: number, iteration: number, random: mix(&[self.job.seed, number]) };
        if !self.deal(&mut user, turn) {
            self.phase.leave(seat);
            return Err(NoUser::NoRow);
        }
        let hooks = &self.job.plan.hooks;
        let mut witness = Witness::default();
        let browsing = self.load().journeys.iter().find(|journey| journey.browser.is_some());
        let set_up = async {
            if let Some(journey) = browsing {
                self.open_browser(&mut user.session, journey, &mut witness).await?;
            }
            for nodes in [&hooks.before_each, &hooks.before_user] {
                walk(nodes, &mut user.session, &mut witness).await?;
            }
            Ok::<(), Failed>(())
        };
        match self.phase.uncut(seat, set_up).await.0 {
            Some(Ok(())) => return Ok(user),
            Some(Err(Failed)) => self.tell_failure(witness),
            None => {}
        }
        // What fails now fails because of that.
        self.tear_down(user).await;
        Err(NoUser::Failed)
    }

    /// Tears a user down, and tells what failed in it.
    pub async fn close_user(&self, user: User) {
        let _at_work = self.phase.enter();
        if let Some(witness) = self.tear_down(user).await {
            self.tell_failure(witness);
        }
    }

    /// Walks a journey once.
    pub async fn iterate(&self, user: &mut User, call: Call) -> Ended {
        let _at_work = self.phase.enter();
        user.iteration += 1;
        user.waited = false;
        user.session.begin_work(user.iteration, call.number);
        let random = mix(&[self.job.seed, call.number]);
        if !self.deal(user, Turn { user: user.number, iteration: call.number, random }) {
            return Ended::NoRow;
        }
        let now = Instant::now();
        {
            let mut recorder = self.recorder.borrow_mut();
            let iterations = recorder.iterations(self.since(now));
            iterations.started += 1;
            iterations.users = iterations.users.max(self.active.get());
        }
        let journey = choose(&self.load().journeys, random);
        if journey.browser.is_some() && !user.session.has_browser() {
            // One that died meanwhile costs the iteration in which it did, not those after it.
            let mut witness = Witness::default();
            let opened = self.open_browser(&mut user.session, journey, &mut witness);
            if Box::pin(opened).await.is_err() {
                self.tell_failure(witness);
            }
        }
        let there_since = user.left_off.unwrap_or(now);
        let mut watcher = Recording::new(self, call, (now, there_since));
        let walk = walk(&journey.steps, &mut user.session, &mut watcher);
        let (walked, waited) = self.phase.uncut(user.seat, walk).await;
        user.waited = waited;
        let Some(walked) = walked else { return Ended::CutOff };
        user.left_off = Some(watcher.complete(walked.is_ok()));
        if journey.browser.is_some() {
            let vitals = Box::pin(user.session.take_web_vitals()).await;
            self.record_web_vitals((call.number, &journey.web_vitals), &vitals);
        }
        Ended::Completed
    }

    async fn open_browser(
        &self,
        session: &mut Session,
        journey: &JourneyPlan,
        witness: &mut Witness,
    ) -> Result<(), Failed> {
        session.close_browser(LastLooking::None).await;
        let engine = journey.browser.as_deref();
        browsers::open(session, engine, &journey.page).await.map_err(|exemplar| {
            witness.failure = Some(example("open the browser", &exemplar));
            Failed
        })
    }

    /// Each web vital is a sample that ends now and took as long as it says.
    fn record_web_vitals(&self, (number, all): (u64, &[SeriesId]), vitals: &[VitalSeen]) {
        let now = self.since(Instant::now());
        for vital in vitals {
            let Some(at) = WEB_VITALS.iter().position(|name| *name == vital.name) else { continue };
            let Some(series) = all.get(at) else { continue };
            // `cls`, which has no unit, counts a millisecond for each 1.
            let took = Duration::from_secs_f64((vital.value / 1_000.0).max(0.0));
            let started = now.saturating_sub(took);
            self.recorder.borrow_mut().record(Sample {
                series: *series,
                number,
                due: started,
                blocked: Duration::ZERO,
                started,
                ended: started + took,
                outcome: Ok(()),
                checks: 0,
                failed_checks: 0,
                bytes_sent: 0,
                bytes_received: 0,
                phases: Phases::default(),
                resent: 0,
                exemplar: None,
            });
        }
    }

    fn deal(&self, user: &mut User, turn: Turn) -> bool {
        let dealt = feed::deal(&self.job.plan, &mut user.session, turn);
        if let Err(feed) = dealt {
            *self.feed_ended.borrow_mut() = Some(feed.to_string());
        }
        dealt.is_ok()
    }

    /// All of the teardown, whatever fails in it; the first failure.
    async fn tear_down(&self, mut user: User) -> Option<Witness> {
        let hooks = &self.job.plan.hooks;
        self.phase.leave(user.seat);
        let mut first = None;
        for nodes in [&hooks.after_user, &hooks.after_each] {
            let mut witness = Witness::default();
            let walked = timeout(TEARDOWN, walk(nodes, &mut user.session, &mut witness)).await;
            if !matches!(walked, Ok(Ok(()))) {
                first.get_or_insert(witness);
            }
        }
        user.session.close_browser(LastLooking::None).await;
        first
    }

    fn tell_failure(&self, witness: Witness) {
        let failure = witness.into_failure("teardown");
        // The collector is gone only when the run is over.
        let _ = self.tell.send(Message::SetupFailed(self.job.scenario, failure));
    }

    /// How long after the load of all scenarios began.
    pub fn since(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.origin.get())
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
