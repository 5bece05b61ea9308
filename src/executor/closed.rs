//! The closed model: goose drives virtual users that walk their journey again and again.
//!
//! Each worker has a goose of its own on its own thread, with its share of the users. A journey
//! is one transaction; goose's requests, metrics, printing and controllers stay off, and its one
//! client is never used: requests are the driver's.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use goose::GooseScheduler;
use goose::config::GooseConfiguration;
use goose::prelude::*;
use send_wrapper::SendWrapper;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::executor::ExecuteError;
use crate::executor::crew::{Crew, Ended, User};
use crate::plan::Population;

/// Goose looks for users to end twice a second; a user that is done waits in such turns.
const IDLE: Duration = Duration::from_millis(20);

/// A user whose setup failed tries again after this.
const RETRY: Duration = Duration::from_secs(1);

/// Users that goose drives.
struct Flock {
    crew: Rc<Crew>,
    /// The most users of all workers: spreads iterations over the rows of a feed.
    users: u64,
    /// Iterations of each, where they are counted.
    limit: Option<u64>,
    ends: Instant,
    here: RefCell<BTreeMap<usize, User>>,
    left: Cell<u32>,
    all_done: Notify,
}

/// Drives this worker's share of a population until its end, and all its iterations with it.
///
/// # Errors
/// When goose does not start.
pub(super) async fn drive(
    crew: Rc<Crew>,
    population: &Population,
    limit: Option<u64>,
) -> Result<(), ExecuteError> {
    let share = population.share(crew.worker.index as u32, crew.worker.of as u32);
    if share.max() == 0 {
        return Ok(());
    }
    let flock = Rc::new(Flock {
        ends: crew.begins() + population.duration(),
        users: u64::from(population.max()),
        limit,
        here: RefCell::new(BTreeMap::new()),
        left: Cell::new(share.max()),
        all_done: Notify::new(),
        crew,
    });
    let attack = attack(&flock, &share).map_err(|error| ExecuteError::Goose(error.to_string()))?;
    tokio::select! {
        over = attack.execute() => {
            over.map(|_| ()).map_err(|error| ExecuteError::Goose(error.to_string()))
        }
        () = flock.all_done.notified() => Ok(()),
    }
}

fn attack(flock: &Rc<Flock>, share: &Population) -> Result<GooseAttack, GooseError> {
    let journey = transaction(flock, |flock, index| async move { flock.turn(index).await });
    let farewell = transaction(flock, |flock, index| async move { flock.part(index).await });
    let scenario = Scenario::new("journey")
        .register_transaction(journey)
        .register_transaction(farewell.set_on_stop());
    // One shared client instead of one per user: it is never used, and ten thousand of them cost
    // more than a gigabyte.
    let client = goose::client::GooseClientBuilder::new().without_cookies();
    let attack = GooseAttack::initialize_with_config(configuration(share))?
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

fn configuration(share: &Population) -> GooseConfiguration {
    let mut steps = vec![(share.start as usize, 0)];
    steps.extend(share.stages.iter().map(|(time, users)| (*users as usize, millis(*time))));
    if share.start == 0 {
        steps.remove(0);
    }
    if steps.last().is_some_and(|(users, _)| *users > 0) {
        steps.push((0, 0));
    }
    let plan = serde_json::json!({ "test_plan": { "steps": steps, "current": 0 } });
    // The test plan has no public setter that takes milliseconds; its serde form does.
    let mut whole = serde_json::to_value(GooseConfiguration::default()).unwrap_or_default();
    whole["test_plan"] = plan["test_plan"].clone();
    let mut configuration: GooseConfiguration = serde_json::from_value(whole).unwrap_or_default();
    configuration.host = Some("http://unused.invalid/".to_string());
    configuration.no_metrics = true;
    configuration.no_print_metrics = true;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    configuration.quiet = 2;
    configuration
}

fn millis(duration: Duration) -> usize {
    duration.as_millis() as usize
}

impl Flock {
    /// One transaction: an iteration, or a short rest when there is nothing left to do.
    async fn turn(&self, index: usize) {
        if Instant::now() >= self.ends {
            return sleep(IDLE).await;
        }
        let known = self.here.borrow_mut().remove(&index);
        let mut user = match known {
            Some(user) => user,
            None => match self.open(index).await {
                Some(user) => user,
                None => return,
            },
        };
        let done = user.iterations();
        if self.limit.is_some_and(|limit| done >= limit) {
            return self.finish(user).await;
        }
        let number = done * self.users + self.crew.number(index);
        match self.crew.iterate(&mut user, None, number).await {
            Ended::Completed => {
                self.here.borrow_mut().insert(index, user);
            }
            Ended::NoRow => self.finish(user).await,
        }
        // A journey without any waiting would otherwise keep the thread from everybody else.
        tokio::task::yield_now().await;
    }

    async fn open(&self, index: usize) -> Option<User> {
        let user = self.crew.open_user(self.crew.number(index)).await;
        match user {
            Some(_) => self.crew.active.set(self.crew.active.get() + 1),
            None if self.crew.feed_ended.borrow().is_some() => self.park().await,
            None => sleep(RETRY).await,
        }
        user
    }

    /// Goose ends a user: its teardown.
    async fn part(&self, index: usize) {
        let user = self.here.borrow_mut().remove(&index);
        if let Some(user) = user {
            self.crew.active.set(self.crew.active.get().saturating_sub(1));
            self.crew.close_user(user).await;
        }
    }

    /// A user that has nothing left to do is torn down here, because goose cannot be told.
    async fn finish(&self, user: User) {
        self.crew.active.set(self.crew.active.get().saturating_sub(1));
        self.crew.close_user(user).await;
        self.park().await;
    }

    async fn park(&self) {
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0 {
            self.all_done.notify_one();
        }
        std::future::pending().await
    }
}
