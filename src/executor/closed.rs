//! The closed model: goose drives virtual users that walk their journey again and again.
//!
//! Each worker has a goose of its own on its own thread, with its share of the users. A journey
//! is one transaction; goose's requests, metrics, printing and controllers stay off, and its one
//! client is never used: requests are the driver's.
//!
//! A user's life is one future that stays where it is, and a transaction carries it on until it
//! pauses: goose makes a new future for each transaction, and that one is small.
//!
//! Goose's plan cannot be changed on the way. So once a load is changed by hand, goose still brings
//! users and tells them to leave, and the roster says who of them works.

mod roster;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use goose::GooseScheduler;
use goose::config::GooseConfiguration;
use goose::prelude::*;
use send_wrapper::SendWrapper;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::executor::ExecuteError;
use crate::executor::crew::{Call, Crew, Ended, NoUser, User, make_room};
use crate::executor::once::raise_panic;
use crate::executor::phase::Stage;
use crate::executor::ramp::{launches, steps};
use crate::plan::Population;

/// A user whose setup failed tries again after this.
const RETRY: Duration = Duration::from_secs(1);

/// After so many failed setups a user stays away.
const TRIES: u32 = 3;

/// Users that goose drives.
struct Flock {
    crew: Rc<Crew>,
    /// The users of all workers that ever come: spreads iterations over the rows of a feed.
    users: u64,
    /// Iterations of each, where they are counted.
    limit: Option<u64>,
    /// By goose's number of the user; none where there was none yet.
    lives: RefCell<Vec<Option<Rc<Life>>>>,
    /// Users of this worker who are not done with everything.
    left: Cell<usize>,
    all_done: Notify,
    /// Whether all lives were ended.
    closed: Cell<bool>,
    /// The users that goose ever brings to this worker.
    planned: usize,
    /// Users beyond those, and whoever waits to be called or sent to the bench.
    extras: RefCell<JoinSet<()>>,
    called: Notify,
}

/// Drives this worker's share of a population until its end, or until nobody has anything left
/// to do. Tells which: whether it ended before its time.
///
/// Goose brings users, and ends them when there shall be fewer. The end of all is ours: it comes
/// on time, and waits for what was begun as long as it may.
///
/// # Errors
/// When goose does not start.
pub(super) async fn drive(
    crew: Rc<Crew>,
    population: &Population,
    limit: Option<u64>,
) -> Result<bool, ExecuteError> {
    let steps = steps(population, crew.worker);
    if steps.is_empty() || !crew.phase.is_on() {
        return Ok(false);
    }
    let mut before = 0;
    let left =
        steps.iter().map(|(users, _)| users.saturating_sub(std::mem::replace(&mut before, *users)));
    let planned = left.sum();
    let flock = Rc::new(Flock {
        users: launches(population),
        limit,
        lives: RefCell::default(),
        left: Cell::new(planned),
        all_done: Notify::new(),
        closed: Cell::new(false),
        planned,
        extras: RefCell::default(),
        called: Notify::new(),
        crew: crew.clone(),
    });
    let failed = |error: GooseError| ExecuteError::Goose(error.to_string());
    let attack = attack(&flock, &steps).map_err(failed)?;
    let mut early = false;
    tokio::select! {
        biased;
        () = async { crew.phase.reached(Stage::Ending).await; crew.phase.quiet().await } => {}
        () = flock.all_done.notified() => early = true,
        over = attack.execute() => {
            drop(over.map_err(failed)?);
            if crew.hand.is_used() {
                // Goose does not know how long the pauses were.
                crew.phase.reached(Stage::Ending).await;
            }
        }
        () = flock.keep_number(population) => {}
    }
    // Users that goose may still have from now on rest, until their event loop ends.
    crew.phase.advance(Stage::Ending);
    crew.phase.quiet().await;
    crew.active.set(0);
    flock.close().await;
    Ok(early)
}

fn attack(flock: &Rc<Flock>, steps: &[(usize, usize)]) -> Result<GooseAttack, GooseError> {
    let journey = transaction(flock, Life::carry_on);
    let farewell = transaction(flock, Life::end);
    let scenario = Scenario::new("journey")
        .register_transaction(journey)
        .register_transaction(farewell.set_on_stop());
    // One shared client instead of one per user: it is never used, and ten thousand of them cost
    // more than a gigabyte.
    let client = goose::client::GooseClientBuilder::new().without_cookies();
    let attack = GooseAttack::initialize_with_config(configuration(steps))?
        .set_scheduler(GooseScheduler::Serial)
        .set_client_builder_without_cookies(client)?
        .register_scenario(scenario);
    Ok(*Box::new(attack))
}

/// Where a user's life pauses, and how it is told to end.
#[derive(Default)]
struct Pace {
    paused: Cell<bool>,
    leaving: Cell<bool>,
    /// Whether the user sits out for now.
    benched: Cell<bool>,
}

impl Pace {
    /// Ends the transaction that carries the life on.
    async fn pause(&self) {
        let mut passed = false;
        poll_fn(|_| {
            if std::mem::replace(&mut passed, true) {
                return Poll::Ready(());
            }
            self.paused.set(true);
            Poll::Pending
        })
        .await;
    }

    /// Does nothing more, until the user is told to leave.
    async fn rest(&self) {
        poll_fn(|_| if self.leaving.get() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// What one user does from its setup to its teardown.
struct Life {
    pace: Rc<Pace>,
    crew: Rc<Crew>,
    /// None when it is over.
    course: RefCell<Option<Pin<Box<dyn Future<Output = ()>>>>>,
}

impl Life {
    /// Carries it on to its next pause. It never comes to an end like this: a user who has
    /// nothing left to do rests, because goose cannot be told.
    fn carry_on(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut course = self.course.borrow_mut();
        let Some(running) = course.as_mut().filter(|_| !self.pace.leaving.get()) else {
            return Poll::Pending;
        };
        if running.as_mut().poll(cx).is_ready() {
            *course = None;
        }
        if self.pace.paused.replace(false) { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Carries it to its end: the teardown. One that goose ends goes on where the load was changed
    /// by hand: then goose does not know who is wanted.
    fn end(&self, cx: &mut Context<'_>) -> Poll<()> {
        let kept = self.crew.hand.is_used() && self.crew.phase.is_on();
        self.pace.leaving.set(!kept || self.pace.leaving.get());
        let mut course = self.course.borrow_mut();
        let Some(running) = course.as_mut() else { return Poll::Ready(()) };
        if running.as_mut().poll(cx).is_pending() {
            // A pause on the way is none: whoever leaves is not asked to wait.
            if self.pace.paused.replace(false) {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        *course = None;
        Poll::Ready(())
    }
}

/// A transaction that moves a user's life.
///
/// Goose asks for futures that may move between threads; these stay on the thread of their
/// worker's event loop, and the wrapper holds them to it. It looks at the thread each time it is
/// opened, so that is done once a poll and no more.
fn transaction(flock: &Rc<Flock>, act: fn(&Life, &mut Context<'_>) -> Poll<()>) -> Transaction {
    let held = Arc::new(SendWrapper::new(flock.clone()));
    Transaction::new(Arc::new(move |user: &mut GooseUser| {
        let (held, index) = (held.clone(), user.weighted_users_index);
        Box::pin(async move {
            poll_fn(|cx| match held.life(index) {
                Some(life) => act(&life, cx),
                None => Poll::Pending,
            })
            .await;
            Ok(())
        })
    }))
}

fn configuration(steps: &[(usize, usize)]) -> GooseConfiguration {
    // The test plan has no public setter that takes milliseconds; its serde form does.
    let mut whole = serde_json::to_value(GooseConfiguration::default()).unwrap_or_default();
    whole["test_plan"] = serde_json::json!({ "steps": steps, "current": 0 });
    let mut configuration: GooseConfiguration = serde_json::from_value(whole).unwrap_or_default();
    configuration.host = Some("http://unused.invalid/".to_string());
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.quiet = 2;
    configuration
}

impl Flock {
    /// The life of a user by its number; a new one where there was none. None once all are over:
    /// a new one would hold on to what it was made from, and nobody would end it.
    fn life(self: &Rc<Self>, index: usize) -> Option<Rc<Life>> {
        if self.closed.get() {
            return None;
        }
        let mut lives = self.lives.borrow_mut();
        if lives.len() <= index {
            lives.resize_with(index + 1, || None);
        }
        let life = lives[index].get_or_insert_with(|| {
            let pace = Rc::new(Pace::default());
            pace.benched.set(self.crew.hand.is_used());
            let course = Box::pin(self.clone().live(index, pace.clone()));
            let crew = self.crew.clone();
            Rc::new(Life { pace, crew, course: RefCell::new(Some(course)) })
        });
        Some(life.clone())
    }

    /// A user's life. Each journey is followed by a pause, where goose may end it.
    async fn live(self: Rc<Self>, index: usize, pace: Rc<Pace>) {
        // Setup and teardown are rare, and large: in boxes they cost a user who walks nothing.
        let Some(mut user) = Box::pin(self.arrive(index, &pace)).await else {
            return pace.rest().await;
        };
        while !pace.leaving.get() {
            if !self.crew.phase.is_on() {
                pace.rest().await;
                break;
            }
            if self.crew.turn().await {
                // It may have been told to leave meanwhile, or the load may be over.
                user.come_back();
                continue;
            }
            if pace.benched.get() {
                self.sit_out(&pace).await;
                user.come_back();
                continue;
            }
            if !self.walk(&mut user).await {
                Box::pin(self.leave(user)).await;
                self.one_less();
                return pace.rest().await;
            }
            pace.pause().await;
        }
        Box::pin(self.leave(user)).await;
    }

    /// One journey; whether there is anything left to do.
    async fn walk(&self, user: &mut User) -> bool {
        let done = user.iterations();
        if self.limit.is_some_and(|limit| done >= limit) {
            return false;
        }
        let number = match self.is_extra(user) {
            false => done * self.users + user.number(),
            true => roster::beyond(done, user.number()),
        };
        match self.crew.iterate(user, Call { number, due: None }).await {
            Ended::Completed | Ended::CutOff => make_room(user.waited()).await,
            Ended::NoRow => return false,
        }
        true
    }

    /// A new user, set up; none where there is no way to have one.
    async fn arrive(&self, index: usize, pace: &Pace) -> Option<User> {
        for tries in 1.. {
            // A setup is load as well.
            self.crew.turn().await;
            self.called(pace).await;
            if !self.crew.phase.is_on() || pace.leaving.get() {
                return None;
            }
            match self.crew.open_user(self.crew.number(index)).await {
                Ok(user) => {
                    self.crew.active.set(self.crew.active.get() + 1);
                    return Some(user);
                }
                Err(NoUser::Failed) if tries < TRIES => {
                    sleep(RETRY).await;
                    pace.pause().await;
                }
                Err(NoUser::Failed | NoUser::NoRow) => break,
            }
        }
        self.one_less();
        None
    }

    /// A user has nothing left to do.
    fn one_less(&self) {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            self.all_done.notify_one();
        }
    }

    async fn leave(&self, user: User) {
        self.crew.active.set(self.crew.active.get().saturating_sub(1));
        self.crew.close_user(user).await;
    }

    /// Ends all lives, all at once as goose does.
    async fn close(self: &Rc<Self>) {
        self.closed.set(true);
        // Nobody else shall carry their lives on.
        drop(std::mem::take(&mut *self.extras.borrow_mut()));
        let mut tasks = JoinSet::new();
        for life in std::mem::take(&mut *self.lives.borrow_mut()).into_iter().flatten() {
            tasks.spawn_local(async move { poll_fn(|cx| life.end(cx)).await });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap_or_else(raise_panic);
        }
    }
}
