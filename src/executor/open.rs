//! The open model: work starts when it is due, whatever became of the work before it. Also
//! iterations that users share, which no schedule starts either.
//!
//! What is due and finds no user free waits, and that is part of its response time. Nothing is
//! kept for what waits: it is the next numbers of the schedule, and whoever becomes free takes
//! the first of them. So a target that cannot follow costs no memory.

use std::cell::{Cell, RefCell};
use std::iter::Peekable;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{JoinSet, yield_now};
use tokio::time::Instant;

use crate::executor::alarm::Alarm;
use crate::executor::crew::{Call, Crew, Due, Ended, User, make_room};
use crate::executor::once::raise_panic;
use crate::executor::phase::Stage;
use crate::plan::{Arrivals, Times};

/// Users whose setup or teardown runs at the same time, per worker.
const LANES: u32 = 16;

/// Arrivals released one after the other before answers are looked at again.
const BATCH: u32 = 64;

/// Users of one load on one worker: opened once, used again and again.
pub(super) struct Pool {
    crew: Rc<Crew>,
    /// Users at most; fewer when there is no way to open more.
    most: Cell<u32>,
    opened: Cell<u32>,
    /// Indices given to nobody: the next new one, and those whose setup failed.
    next: Cell<u32>,
    spare: RefCell<Vec<u32>>,
    /// Users without a task of their own.
    idle: RefCell<Vec<User>>,
    /// Users whose task waits for work.
    resting: RefCell<Vec<Rc<Desk>>>,
    /// This worker's part of the schedule, as far as nobody has taken it.
    schedule: RefCell<Option<Peekable<Times>>>,
    /// Since when one user or more has been free without a break; none while all are busy.
    free_since: Cell<Option<Instant>>,
    /// The schedule waits for a user.
    wanted: Cell<bool>,
    freed: Notify,
    /// Users that rest shall come to their end.
    dismissed: Cell<bool>,
    /// A feed has no row for this iteration, nor for any after it.
    rows_over: Cell<bool>,
}

/// Where a resting user is handed its next work.
#[derive(Default)]
struct Desk {
    call: Cell<Option<Call>>,
    waker: RefCell<Option<Waker>>,
}

impl Desk {
    fn give(&self, call: Call) {
        self.call.set(Some(call));
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// The next work; none when there will be no more.
    async fn call(&self, dismissed: &Cell<bool>) -> Option<Call> {
        std::future::poll_fn(|context| {
            if let Some(call) = self.call.take() {
                return Poll::Ready(Some(call));
            }
            if dismissed.get() {
                return Poll::Ready(None);
            }
            let mut waker = self.waker.borrow_mut();
            if !waker.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
                *waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
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
            resting: RefCell::default(),
            schedule: RefCell::default(),
            free_since: Cell::new(None),
            wanted: Cell::new(false),
            freed: Notify::new(),
            dismissed: Cell::new(false),
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

    fn has_free(&self) -> bool {
        self.opened.get() < self.most.get()
            || !self.resting.borrow().is_empty()
            || !self.idle.borrow().is_empty()
    }

    /// A user was taken; perhaps it was the last.
    fn took_user(&self) {
        if !self.has_free() {
            self.free_since.set(None);
        }
    }

    /// When the next arrival that nobody has taken is due.
    fn head(&self) -> Option<Instant> {
        let mut schedule = self.schedule.borrow_mut();
        let (_, after) = schedule.as_mut()?.peek()?;
        Some(self.crew.begins() + *after)
    }

    /// The next arrival, if it is due by `now`. Until `free` no user was.
    fn take(&self, now: Instant, free: Option<Instant>) -> Option<Call> {
        let at = self.head().filter(|at| *at <= now)?;
        let (number, _) = self.schedule.borrow_mut().as_mut()?.next()?;
        let blocked = free.map_or(Duration::ZERO, |free| free.saturating_duration_since(at));
        Some(Call { number, due: Some(Due { at, blocked }) })
    }

    /// Hands the next arrival to a free user, if it is due by `now` and there is one; whether
    /// there may be another.
    async fn hand_out(self: &Rc<Self>, now: Instant, tasks: &mut JoinSet<()>) -> bool {
        if self.is_over() || !self.has_free() || self.head().is_none_or(|at| at > now) {
            return false;
        }
        let resting = self.resting.borrow_mut().pop();
        if let Some(desk) = resting {
            let call = self.take(now, self.free_since.get());
            self.took_user();
            call.into_iter().for_each(|call| desk.give(call));
            return true;
        }
        let Some(user) = self.user().await else {
            self.took_user();
            return true;
        };
        // Somebody may have become free and taken it meanwhile.
        match self.take(now, self.free_since.get()) {
            Some(call) => drop(tasks.spawn_local(self.clone().serve(user, call))),
            None => self.idle.borrow_mut().push(user),
        }
        self.took_user();
        true
    }

    /// A user's life: one iteration after the other, and a rest while there is nothing to do.
    async fn serve(self: Rc<Self>, mut user: User, call: Call) {
        let desk = Rc::new(Desk::default());
        let mut next = Some(call);
        while let Some(call) = next.take() {
            let goes_on = self.work(&mut user, call).await;
            let now = user.left_off().unwrap_or_else(Instant::now);
            let on = self.crew.phase.is_on() && !self.crew.hand.is_paused();
            if goes_on && on && !self.is_over() {
                next = self.take(now, self.free_since.get().or(Some(now)));
            }
            if next.is_some() || !goes_on {
                continue;
            }
            if self.free_since.get().is_none() {
                self.free_since.set(Some(now));
            }
            self.resting.borrow_mut().push(desk.clone());
            self.tell_freed();
            next = desk.call(&self.dismissed).await;
        }
        self.idle.borrow_mut().push(user);
        self.tell_freed();
    }

    /// One iteration; whether the user may do another.
    async fn work(&self, user: &mut User, call: Call) -> bool {
        self.crew.active.set(self.crew.active.get() + 1);
        let ended = self.crew.iterate(user, call).await;
        self.crew.active.set(self.crew.active.get() - 1);
        match ended {
            Ended::Completed => make_room(user.waited()).await,
            Ended::NoRow => self.rows_over.set(true),
            Ended::CutOff => {}
        }
        ended == Ended::Completed
    }

    fn tell_freed(&self) {
        if self.wanted.replace(false) {
            self.freed.notify_one();
        }
    }

    /// Lets users that rest come to their end, and those at work when they are done.
    fn dismiss(&self) {
        self.dismissed.set(true);
        self.resting.borrow_mut().drain(..).for_each(|desk| desk.wake());
    }
}

/// Starts this worker's arrivals (every `of`th of all) when they are due, then waits for all
/// that were started. Tells whether it ended before its time: there is no row, or no user, left.
pub(super) async fn drive(pool: &Rc<Pool>, arrivals: &Arrivals, mut alarm: Alarm) -> bool {
    let crew = pool.crew.clone();
    let mine = (crew.worker.index as u64, crew.worker.of as u64);
    *pool.schedule.borrow_mut() = Some(arrivals.times(mine).peekable());
    pool.free_since.set(pool.has_free().then(|| crew.begins()));
    let mut tasks = JoinSet::new();
    tokio::select! {
        biased;
        () = crew.phase.reached(Stage::Ending) => {}
        () = release(pool, &mut alarm, &mut tasks) => {}
    }
    pool.dismiss();
    join(tasks).await;
    pool.is_over()
}

/// Releases one arrival after the other, until there are no more or nobody can do them.
async fn release(pool: &Rc<Pool>, alarm: &mut Alarm, tasks: &mut JoinSet<()>) {
    while !pool.is_over() {
        if pool.crew.held().await {
            // Whoever became free in a pause is free from now on: the schedule was moved by it.
            let free = pool.free_since.get().map(|free| free.max(Instant::now()));
            pool.free_since.set(free);
            continue;
        }
        let Some(due) = pool.head() else { return };
        if !pool.has_free() {
            // Whoever is done first takes it; the schedule goes on when somebody rests.
            pool.wanted.set(true);
            pool.freed.notified().await;
            continue;
        }
        alarm.until(due).await;
        if pool.crew.hand.is_paused() {
            continue;
        }
        // What a pause has moved meanwhile is not due yet, and is not handed out.
        let now = Instant::now();
        let mut released = 0;
        while released < BATCH && pool.hand_out(now, tasks).await {
            released += 1;
        }
        if released == BATCH {
            yield_now().await;
        }
    }
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
                if crew.held().await {
                    user.come_back();
                    continue;
                }
                let number = next.fetch_add(1, Ordering::Relaxed);
                let call = Call { number, due: None };
                if number >= all || crew.iterate(&mut user, call).await == Ended::NoRow {
                    break;
                }
                make_room(user.waited()).await;
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
