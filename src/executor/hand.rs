//! What was changed by hand (`control`), as one worker knows it, and who waits because of it.
//!
//! All of it stays on the worker's thread: to see that nothing was changed, which is all that an
//! iteration does, costs a look at a cell.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::executor::Control;
use crate::executor::control::What;
use crate::executor::crew::Crew;
use crate::executor::phase::Stage;
use crate::recorder::Pauses;

/// What was changed so far.
#[derive(Default)]
pub(super) struct Hand {
    paused: Cell<bool>,
    /// How long all pauses were that are over.
    lost: Cell<Duration>,
    used: Cell<bool>,
    pauses: RefCell<Pauses>,
    /// Users by scenario, where somebody has set them.
    users: RefCell<BTreeMap<usize, u32>>,
    changed: Notify,
}

impl Hand {
    /// Whether nothing new may be begun.
    pub fn is_paused(&self) -> bool {
        self.paused.get()
    }

    /// Whether anything was changed.
    pub fn is_used(&self) -> bool {
        self.used.get()
    }

    /// By how much schedules are moved.
    pub fn lost(&self) -> Duration {
        self.lost.get()
    }

    /// How much of the load's own time had passed at a time since it began.
    pub fn passed(&self, since: Duration) -> Duration {
        if self.used.get() { self.pauses.borrow().passed(since) } else { since }
    }

    /// The users of a scenario, where somebody has set them.
    pub fn users(&self, scenario: usize) -> Option<u32> {
        self.users.borrow().get(&scenario).copied()
    }

    /// Waits until something is so.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        loop {
            // Listens before it looks, so that no change falls between the two.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if holds(self) {
                return;
            }
            changed.await;
        }
    }

    /// Waits until something is changed.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn apply(&self, since: Duration, what: What) {
        self.used.set(true);
        let mut pauses = self.pauses.borrow_mut();
        match what {
            What::Pause => pauses.begin(since),
            What::GoOn => pauses.end(since),
            What::Users(scenario, users) => {
                self.users.borrow_mut().insert(scenario, users);
            }
        }
        self.paused.set(pauses.is_on());
        self.lost.set(pauses.lost());
    }
}

/// Hears of every change, as long as the worker does anything.
pub(super) async fn attend(control: &Control, hand: &Hand, crews: &[Rc<Crew>], origin: Instant) {
    let mut state = control.listen();
    let mut known = 0;
    loop {
        let moves = state.borrow_and_update().moves.get(known..).unwrap_or_default().to_vec();
        known += moves.len();
        for one in &moves {
            hand.apply(one.at.saturating_duration_since(origin), one.what);
        }
        for crew in crews.iter().filter(|_| !moves.is_empty()) {
            crew.recorder.borrow_mut().pauses.clone_from(&hand.pauses.borrow());
        }
        hand.changed.notify_waiters();
        if state.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}

impl Crew {
    /// When this scenario's load begins, moved by pauses as all of its schedule is.
    pub fn begins(&self) -> Instant {
        self.origin.get() + self.hand.lost() + self.load().start_after
    }

    /// Waits while the load is paused; tells whether it was. The end of the load ends it too.
    pub async fn held(&self) -> bool {
        if !self.hand.is_paused() {
            return false;
        }
        // In a box: it is rare, and users shall not have room for it.
        Box::pin(async {
            tokio::select! {
                biased;
                () = self.phase.reached(Stage::Ending) => {}
                () = self.hand.until(|hand| !hand.is_paused()) => {}
            }
        })
        .await;
        true
    }

    /// Waits until so much of the load's own time has passed.
    pub async fn passed(&self, time: Duration) {
        let at = || self.origin.get() + time + self.hand.lost();
        loop {
            self.hand.until(|hand| !hand.is_paused()).await;
            let due = at();
            tokio::select! {
                biased;
                () = self.hand.until(|hand| hand.is_paused() || at() != due) => {}
                () = sleep_until(due) => return,
            }
        }
    }

    /// How much of the load's own time had passed then.
    pub fn time(&self, instant: Instant) -> Duration {
        self.hand.passed(self.since(instant))
    }
}
