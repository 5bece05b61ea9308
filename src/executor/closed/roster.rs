//! Who of a flock works once its load was changed by hand: as many as somebody has set, or as the
//! profile has at this time of the load.
//!
//! Whoever is too many sits out, keeps what it has, and is called back first. Users beyond those
//! that goose brings are carried on by tasks of their own.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use super::{Flock, Life, Pace};
use crate::executor::crew::User;
use crate::executor::phase::Stage;
use crate::plan::Population;

/// How often the number of users is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The iterations of users beyond the planned ones have numbers from here on, so that none of them
/// is asked for what a planned one asks for.
const BEYOND: u64 = 1 << 48;

/// More users than ever are beyond the planned ones.
const MANY: u64 = 1 << 24;

/// The number of an iteration of a user beyond the planned ones.
pub(super) fn beyond(done: u64, user: u64) -> u64 {
    BEYOND + done * MANY + user % MANY
}

impl Flock {
    /// Keeps the number of users as it should be, from the first change by hand on.
    pub(super) async fn keep_number(self: &Rc<Self>, population: &Population) {
        let hand = &self.crew.hand;
        hand.until(|hand| hand.is_used()).await;
        loop {
            if let Some(wanted) = self.wanted(population).filter(|_| !hand.is_paused()) {
                self.keep(wanted);
            }
            tokio::select! {
                () = hand.changed() => {}
                () = sleep(LOOK) => {}
            }
        }
    }

    /// This worker's share of the users that there should be; none after the end.
    fn wanted(&self, population: &Population) -> Option<usize> {
        let crew = &self.crew;
        let passed = crew.time(Instant::now()).saturating_sub(crew.load().start_after);
        if passed >= population.duration() {
            return None;
        }
        let set = crew.hand.users(crew.job.scenario);
        let all = set.unwrap_or_else(|| population.users_at(passed)) as usize;
        let (index, of) = (crew.worker.index, crew.worker.of);
        Some(all / of + usize::from(index < all % of))
    }

    fn keep(self: &Rc<Self>, wanted: usize) {
        let lives: Vec<Rc<Life>> = self.lives.borrow().iter().flatten().cloned().collect();
        let there = lives.iter().filter(|life| life.course.borrow().is_some());
        let (benched, at_work): (Vec<_>, Vec<_>) = there.partition(|life| life.pace.benched.get());
        let too_many = at_work.len().saturating_sub(wanted);
        let mut too_few = wanted.saturating_sub(at_work.len());
        at_work.iter().rev().take(too_many).for_each(|life| life.pace.benched.set(true));
        for life in benched.iter().take(too_few) {
            life.pace.benched.set(false);
            too_few -= 1;
        }
        self.called.notify_waiters();
        // A fixed number of iterations is that of the planned users.
        if self.limit.is_none() {
            (0..too_few).for_each(|_| self.bring());
        }
    }

    /// A user more than goose will ever bring.
    fn bring(self: &Rc<Self>) {
        let index = self.planned.max(self.lives.borrow().len());
        let Some(life) = self.life(index) else { return };
        life.pace.benched.set(false);
        self.left.set(self.left.get() + 1);
        self.extras.borrow_mut().spawn_local(async move {
            loop {
                poll_fn(|cx| life.carry_on(cx)).await;
                yield_now().await;
            }
        });
    }

    /// Whether a user is beyond the planned ones.
    pub(super) fn is_extra(&self, user: &User) -> bool {
        user.number() as usize / self.crew.worker.of >= self.planned
    }

    /// A user at work sits out until it is called back, or the load is over.
    pub(super) async fn sit_out(&self, pace: &Pace) {
        self.crew.active.set(self.crew.active.get().saturating_sub(1));
        self.called(pace).await;
        self.crew.active.set(self.crew.active.get() + 1);
    }

    /// Waits until a user is called from the bench, or the load is over.
    pub(super) async fn called(&self, pace: &Pace) {
        while pace.benched.get() && self.crew.phase.is_on() {
            let mut called = pin!(self.called.notified());
            called.as_mut().enable();
            if !pace.benched.get() {
                return;
            }
            tokio::select! {
                biased;
                () = self.crew.phase.reached(Stage::Ending) => return,
                () = called => {}
            }
        }
    }
}
