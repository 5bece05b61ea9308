//! The open model: work starts when it is due, whatever became of the work before it. Also
//! iterations that users share, which no schedule starts either.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::executor::crew::{Crew, Ended, User};
use crate::executor::once::raise_panic;
use crate::executor::phase::Stage;
use crate::plan::Arrivals;

/// Users whose setup or teardown runs at the same time, per worker.
const LANES: u32 = 16;

/// Users of one load on one worker: opened once, used again and again.
pub(super) struct Pool {
    crew: Rc<Crew>,
    /// Users at most; fewer when there is no way to open more.
    most: Cell<u32>,
    opened: Cell<u32>,
    /// Indices given to nobody: the next new one, and those whose setup failed.
    next: Cell<u32>,
    spare: RefCell<Vec<u32>>,
    idle: RefCell<Vec<User>>,
    /// Due, with no user free: the wait is part of their response time.
    waiting: RefCell<VecDeque<Due>>,
    /// A feed has no row for this iteration, nor for any after it.
    rows_over: Cell<bool>,
}

/// An iteration of the schedule.
#[derive(Debug, Clone, Copy)]
struct Due {
    number: u64,
    at: Instant,
}

impl Pool {
    /// An empty pool for this worker's share of at most `max_users`.
    pub fn new(crew: Rc<Crew>, max_users: u32) -> Rc<Self> {
        let (index, of) = (crew.worker.index as u32, crew.worker.of as u32);
        Rc::new(Self {
            crew,
            most: Cell::new(max_users / of + u32::from(index < max_users % of)),
            opened: Cell::new(0),
            next: Cell::new(0),
            spare: RefCell::default(),
            idle: RefCell::default(),
            waiting: RefCell::default(),
            rows_over: Cell::new(false),
        })
    }

    /// Opens users before the load begins, so that their setup is nobody's latency: all of them
    /// where there is setup, else they cost nothing and come when they are needed.
    pub async fn fill(self: &Rc<Self>) {
        let hooks = &self.crew.job.plan.hooks;
        if hooks.before_each.is_empty() && hooks.before_user.is_empty() {
            return;
        }
        self.lanes(|pool| async move {
            while pool.crew.phase.is_on() && pool.opened.get() < pool.most.get() {
                match pool.open().await {
                    Some(user) => pool.idle.borrow_mut().push(user),
                    // What failed is told; the others would fail alike.
                    None => break,
                }
            }
        })
        .await;
        // A user that is opened later would be set up inside of the measured part.
        self.most.set(self.opened.get());
        self.idle.borrow_mut().sort_by_key(|user| std::cmp::Reverse(user.number()));
    }

    fn is_over(&self) -> bool {
        self.rows_over.get() || self.most.get() == 0
    }

    /// Tears all users down.
    pub async fn close(self: &Rc<Self>) {
        self.lanes(|pool| async move {
            loop {
                let user = pool.idle.borrow_mut().pop();
                let Some(user) = user else { break };
                pool.crew.close_user(user).await;
            }
        })
        .await;
    }

    async fn lanes<R: Future<Output = ()> + 'static>(self: &Rc<Self>, lane: fn(Rc<Self>) -> R) {
        let mut tasks = JoinSet::new();
        for _ in 0..self.most.get().min(LANES) {
            tasks.spawn_local(lane(self.clone()));
        }
        join(tasks).await;
    }

    async fn open(&self) -> Option<User> {
        let spare = self.spare.borrow_mut().pop();
        let index = spare.unwrap_or_else(|| self.next.replace(self.next.get() + 1));
        self.opened.set(self.opened.get() + 1);
        let user = self.crew.open_user(self.crew.number(index as usize)).await;
        if user.is_err() {
            self.opened.set(self.opened.get() - 1);
            self.spare.borrow_mut().push(index);
        }
        user.ok()
    }

    /// An idle user, or a new one.
    async fn user(&self) -> Option<User> {
        let idle = self.idle.borrow_mut().pop();
        if idle.is_some() || self.opened.get() >= self.most.get() {
            return idle;
        }
        let new = self.open().await;
        if new.is_none() {
            // There is no row for another user, and so there never will be.
            self.most.set(self.opened.get());
        }
        new.or_else(|| self.idle.borrow_mut().pop())
    }

    /// Does one iteration, and whatever waits for a user meanwhile.
    async fn serve(self: Rc<Self>, mut user: User, due: Due) {
        self.crew.active.set(self.crew.active.get() + 1);
        let mut next = Some(due);
        while let Some(due) = next.take() {
            match self.crew.iterate(&mut user, Some(due.at), due.number).await {
                Ended::Completed if self.crew.phase.is_on() => {
                    next = self.waiting.borrow_mut().pop_front();
                }
                Ended::NoRow => self.rows_over.set(true),
                Ended::Completed | Ended::CutOff => {}
            }
        }
        self.crew.active.set(self.crew.active.get() - 1);
        self.idle.borrow_mut().push(user);
    }
}

/// Starts this worker's arrivals (every `of`th of all) when they are due, then waits for all
/// that were started. Tells whether it ended before its time: there is no row, or no user, left.
pub(super) async fn drive(pool: &Rc<Pool>, arrivals: &Arrivals) -> bool {
    let crew = pool.crew.clone();
    let begins = crew.begins();
    let mut tasks = JoinSet::new();
    let mut ending = std::pin::pin!(crew.phase.reached(Stage::Ending));
    let mine = (crew.worker.index as u64..arrivals.count()).step_by(crew.worker.of);
    for number in mine {
        let Some(after) = arrivals.due(number) else { break };
        let due = Due { number, at: begins + after };
        tokio::select! {
            biased;
            () = &mut ending => break,
            () = sleep_until(due.at) => {}
        }
        if pool.is_over() {
            break;
        }
        match pool.user().await {
            Some(user) => drop(tasks.spawn_local(pool.clone().serve(user, due))),
            None => pool.waiting.borrow_mut().push_back(due),
        }
        while let Some(done) = tasks.try_join_next() {
            done.unwrap_or_else(raise_panic);
        }
    }
    join(tasks).await;
    pool.is_over()
}

/// Lets this worker's users take iterations from a number that all workers share. Tells whether
/// none was left.
pub(super) async fn share(pool: &Rc<Pool>, (next, all): (Arc<AtomicU64>, u64)) -> bool {
    let mut tasks = JoinSet::new();
    for _ in 0..pool.most.get() {
        let (pool, next) = (pool.clone(), next.clone());
        tasks.spawn_local(async move {
            let crew = &pool.crew;
            let Some(mut user) = pool.user().await else { return };
            crew.active.set(crew.active.get() + 1);
            while crew.phase.is_on() {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= all || crew.iterate(&mut user, None, number).await == Ended::NoRow {
                    break;
                }
                // A journey without any waiting would keep the thread from everybody else.
                tokio::task::yield_now().await;
            }
            crew.active.set(crew.active.get() - 1);
            pool.idle.borrow_mut().push(user);
        });
    }
    join(tasks).await;
    pool.crew.phase.is_on()
}

async fn join(mut tasks: JoinSet<()>) {
    while let Some(done) = tasks.join_next().await {
        done.unwrap_or_else(raise_panic);
    }
}
