//! How far the end of a crew's load has come: first nothing new is begun, then what is still
//! going on is given up. Also who is at work, so that an end can wait for all of them.
//!
//! Iterations pass here millions of times, so none of them takes a lock: a user has a seat from
//! which it is called when its work is to be given up, and leaves word there only when the task
//! that walks it changes.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::{Poll, Waker};

use tokio::sync::Notify;

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Iterations are begun.
    On,
    /// What was begun may come to its end.
    Ending,
    /// It may not.
    Cut,
}

/// The phase that a crew is in. It stays on its worker's thread.
pub(super) struct Phase {
    stage: Cell<Stage>,
    at_work: Cell<u32>,
    panicked: Cell<bool>,
    changed: Notify,
    /// Whether anybody waits until nobody is at work.
    awaited: Cell<bool>,
    seats: RefCell<Seats>,
}

/// From where a user is called when its work is to be given up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat(usize);

#[derive(Default)]
struct Seats {
    /// Whom to wake, by seat.
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// Somebody is at work until this is dropped.
pub(super) struct AtWork<'p>(&'p Phase);

impl Phase {
    /// Before any end.
    pub fn new() -> Self {
        Self {
            stage: Cell::new(Stage::On),
            at_work: Cell::new(0),
            panicked: Cell::new(false),
            changed: Notify::new(),
            awaited: Cell::new(false),
            seats: RefCell::default(),
        }
    }

    /// Whether iterations may be begun.
    pub fn is_on(&self) -> bool {
        self.stage.get() == Stage::On
    }

    /// Comes nearer to the end, never back.
    pub fn advance(&self, stage: Stage) {
        self.stage.set(self.stage.get().max(stage));
        self.changed.notify_waiters();
        if self.stage.get() == Stage::Cut {
            let wakers =
                self.seats.borrow_mut().wakers.iter_mut().filter_map(Option::take).collect();
            let wakers: Vec<Waker> = wakers;
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    /// Waits until the end has come so far.
    pub async fn reached(&self, stage: Stage) {
        self.when(|| self.stage.get() >= stage).await;
    }

    /// Waits until nobody is at work.
    pub async fn quiet(&self) {
        self.awaited.set(true);
        self.when(|| self.at_work.get() == 0).await;
    }

    /// Marks somebody as at work.
    pub fn enter(&self) -> AtWork<'_> {
        self.at_work.set(self.at_work.get() + 1);
        AtWork(self)
    }

    /// Whether somebody at work panicked: goose keeps that to itself.
    pub fn panicked(&self) -> bool {
        self.panicked.get()
    }

    /// A seat for a new user.
    pub fn seat(&self) -> Seat {
        let mut seats = self.seats.borrow_mut();
        let free = seats.free.pop();
        Seat(free.unwrap_or_else(|| {
            seats.wakers.push(None);
            seats.wakers.len() - 1
        }))
    }

    /// The user of this seat is gone.
    pub fn leave(&self, seat: Seat) {
        let mut seats = self.seats.borrow_mut();
        seats.wakers[seat.0] = None;
        seats.free.push(seat.0);
    }

    /// Does `work` from `seat`, unless it is cut off: then there is nothing. Tells also whether
    /// it ever had to wait.
    pub async fn uncut<T>(&self, seat: Seat, work: impl Future<Output = T>) -> (Option<T>, bool) {
        let mut work = pin!(work);
        let mut waited = false;
        std::future::poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready((Some(done), waited));
            }
            waited = true;
            if self.stage.get() == Stage::Cut {
                return Poll::Ready((None, waited));
            }
            let mut seats = self.seats.borrow_mut();
            match &mut seats.wakers[seat.0] {
                Some(known) if known.will_wake(context.waker()) => {}
                known => *known = Some(context.waker().clone()),
            }
            Poll::Pending
        })
        .await
    }

    async fn when(&self, holds: impl Fn() -> bool) {
        loop {
            // Listens before it looks, so that no change falls between the two.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if holds() {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let phase = self.0;
        phase.at_work.set(phase.at_work.get() - 1);
        if std::thread::panicking() {
            phase.panicked.set(true);
            phase.advance(Stage::Cut);
        }
        if phase.at_work.get() == 0 && phase.awaited.get() {
            phase.changed.notify_waiters();
        }
    }
}
