//! The closed model: goose drives virtual users that walk their journey again and again.
//!
//! Each worker has a goose of its own on its own thread, with its share of the users. A journey
//! is one transaction; goose's requests, metrics, printing and controllers stay off, and its one
//! client is never used: requests are the driver's.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
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
    here: RefCell<BTreeMap<usize, User>>,
    tries: RefCell<BTreeMap<usize, u32>>,
    /// Users of this worker who are not done with everything.
    left: Cell<usize>,
    all_done: Notify,
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
    let flock = Rc::new(Flock {
        users: launches(population),
        limit,
        here: RefCell::default(),
        tries: RefCell::default(),
        left: Cell::new(left.sum()),
        all_done: Notify::new(),
        crew: crew.clone(),
    });
    let failed = |error: GooseError| ExecuteError::Goose(error.to_string());
    let attack = attack(&flock, &steps).map_err(failed)?;
    let mut early = false;
    tokio::select! {
        biased;
        () = async { crew.phase.reached(Stage::Ending).await; crew.phase.quiet().await } => {}
        () = flock.all_done.notified() => early = true,
        over = attack.execute() => drop(over.map_err(failed)?),
    }
    // Users that goose may still have from now on rest, until their event loop ends.
    crew.phase.advance(Stage::Ending);
    crew.phase.quiet().await;
    crew.active.set(0);
    flock.close().await;
    Ok(early)
}

fn attack(flock: &Rc<Flock>, steps: &[(usize, usize)]) -> Result<GooseAttack, GooseError> {
    let journey = transaction(flock, |flock, index| async move { flock.turn(index).await });
    let farewell = transaction(flock, |flock, index| async move { flock.part(index).await });
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

/// Goose asks for futures that may move between threads; these stay on the thread of their
/// worker's event loop, and the wrapper holds them to it.
fn transaction<F, R>(flock: &Rc<Flock>, act: F) -> Transaction
where
    F: Fn(Rc<Flock>, usize) -> R + 'static,
    R: Future<Output = ()> + 'static,
{
    let held = SendWrapper::new((flock.clone(), act));
    Transaction::new(Arc::new(move |user: &mut GooseUser| {
        let (flock, act) = &*held;
        let turn = SendWrapper::new(act(flock.clone(), user.weighted_users_index));
        Box::pin(async move {
            turn.await;
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
    /// One transaction: an iteration, or a rest without end when there is nothing left to do.
    async fn turn(&self, index: usize) {
        if !self.crew.phase.is_on() {
            return pending().await;
        }
        let known = self.here.borrow_mut().remove(&index);
        let mut user = match known {
            Some(user) => user,
            None => match self.open(index).await {
                Some(user) => user,
                None => return,
            },
        };
        if !self.crew.phase.is_on() {
            self.here.borrow_mut().insert(index, user);
            return;
        }
        let done = user.iterations();
        if self.limit.is_some_and(|limit| done >= limit) {
            return self.finish(Some(user)).await;
        }
        let number = done * self.users + user.number();
        match self.crew.iterate(&mut user, Call { number, due: None }).await {
            Ended::Completed | Ended::CutOff => {
                let waited = user.waited();
                self.here.borrow_mut().insert(index, user);
                make_room(waited).await;
            }
            Ended::NoRow => self.finish(Some(user)).await,
        }
    }

    async fn open(&self, index: usize) -> Option<User> {
        match self.crew.open_user(self.crew.number(index)).await {
            Ok(user) => {
                self.crew.active.set(self.crew.active.get() + 1);
                return Some(user);
            }
            Err(NoUser::NoRow) => self.finish(None).await,
            Err(NoUser::Failed) => {
                let tries = {
                    let mut all = self.tries.borrow_mut();
                    let tries = all.entry(index).or_default();
                    *tries += 1;
                    *tries
                };
                if tries >= TRIES {
                    self.finish(None).await;
                }
                sleep(RETRY).await;
            }
        }
        None
    }

    /// Goose ends a user: its teardown.
    async fn part(&self, index: usize) {
        let user = self.here.borrow_mut().remove(&index);
        self.leave(user).await;
    }

    /// A user that has nothing left to do is torn down here, because goose cannot be told.
    async fn finish(&self, user: Option<User>) {
        self.leave(user).await;
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            self.all_done.notify_one();
        }
        pending().await
    }

    async fn leave(&self, user: Option<User>) {
        let Some(user) = user else { return };
        self.crew.active.set(self.crew.active.get().saturating_sub(1));
        self.crew.close_user(user).await;
    }

    /// Tears down all who are still here, all at once as goose does.
    async fn close(self: &Rc<Self>) {
        let mut tasks = JoinSet::new();
        for (_, user) in std::mem::take(&mut *self.here.borrow_mut()) {
            let flock = self.clone();
            tasks.spawn_local(async move { flock.leave(Some(user)).await });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap_or_else(raise_panic);
        }
    }
}
