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
use crate::plan::Arrivals;

/// Users of the open model on one worker.
pub(super) struct Pool {
    crew: Rc<Crew>,
    most: u32,
    opened: Cell<u32>,
    idle: RefCell<Vec<User>>,
    /// Due, with no user free: the wait is part of their response time.
    waiting: RefCell<VecDeque<Due>>,
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
        let most = (max_users / of + u32::from(index < max_users % of)).max(1);
        let (opened, idle) = (Cell::new(0), RefCell::default());
        Rc::new(Self { crew, most, opened, idle, waiting: RefCell::default() })
    }

    /// Opens users before the load begins, so that their setup is nobody's latency: all of them
    /// where there is setup, else they cost nothing and come when they are needed.
    pub async fn fill(self: &Rc<Self>) {
        let hooks = &self.crew.job.plan.hooks;
        if hooks.before_each.is_empty() && hooks.before_user.is_empty() {
            return;
        }
        let mut tasks = JoinSet::new();
        for _ in 0..self.most.min(SETUP_AT_ONCE) {
            let pool = self.clone();
            tasks.spawn_local(async move {
                while pool.opened.get() < pool.most {
                    match pool.open().await {
                        Some(user) => pool.idle.borrow_mut().push(user),
                        // What failed is told; the others would fail alike.
                        None => break,
                    }
                }
            });
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn open(&self) -> Option<User> {
        let index = self.opened.get();
        self.opened.set(index + 1);
        let user = self.crew.open_user(self.crew.number(index as usize)).await;
        if user.is_none() {
            self.opened.set(self.opened.get() - 1);
        }
        user
    }

    /// Does one iteration, and whatever waits for a user meanwhile.
    async fn serve(self: Rc<Self>, user: Option<User>, mut due: Due) {
        self.crew.active.set(self.crew.active.get() + 1);
        let mut user = match user {
            Some(user) => Some(user),
            None => self.open().await,
        };
        while let Some(serving) = user.as_mut() {
            if self.crew.iterate(serving, Some(due.at), due.number).await == Ended::NoRow {
                break;
            }
            let next = self.waiting.borrow_mut().pop_front();
            match next {
                Some(next) => due = next,
                None => break,
            }
        }
        self.crew.active.set(self.crew.active.get() - 1);
        self.idle.borrow_mut().extend(user);
    }

    async fn close(&self) {
        loop {
            let user = self.idle.borrow_mut().pop();
            let Some(user) = user else { break };
            self.crew.close_user(user).await;
        }
    }
}

/// Users whose setup runs at the same time, per worker.
const SETUP_AT_ONCE: u32 = 8;

/// Starts this worker's arrivals (every `of`th of all) when they are due, then waits for all
/// that were started.
pub(super) async fn drive(pool: Rc<Pool>, arrivals: &Arrivals) {
    let crew = pool.crew.clone();
    let begins = crew.begins();
    let mut tasks = JoinSet::new();
    let mine = (crew.worker.index as u64..arrivals.count()).step_by(crew.worker.of);
    for number in mine {
        let Some(after) = arrivals.due(number) else { break };
        let due = Due { number, at: begins + after };
        sleep_until(due.at).await;
        if crew.feed_ended.borrow().is_some() {
            break;
        }
        let user = pool.idle.borrow_mut().pop();
        if user.is_some() || pool.opened.get() < pool.most {
            tasks.spawn_local(pool.clone().serve(user, due));
        } else {
            pool.waiting.borrow_mut().push_back(due);
        }
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
    pool.close().await;
}

/// Lets this worker's users take iterations from a number that all workers share.
pub(super) async fn share(pool: Rc<Pool>, (next, all): (Arc<AtomicU64>, u64), ends: Instant) {
    let mut tasks = JoinSet::new();
    for _ in 0..pool.most {
        let (pool, next) = (pool.clone(), next.clone());
        tasks.spawn_local(async move {
            let ready = pool.idle.borrow_mut().pop();
            let user = match ready {
                Some(user) => Some(user),
                None => pool.open().await,
            };
            let Some(mut user) = user else { return };
            pool.crew.active.set(pool.crew.active.get() + 1);
            while Instant::now() < ends {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let over = number >= all;
                if over || pool.crew.iterate(&mut user, None, number).await == Ended::NoRow {
                    break;
                }
                tokio::task::yield_now().await;
            }
            pool.crew.active.set(pool.crew.active.get() - 1);
            pool.crew.close_user(user).await;
        });
    }
    while tasks.join_next().await.is_some() {}
}
