//! How far the end of a crew's load has come: first nothing new is begun, then what is still
//! going on is given up. Also who is at work, so that an end can wait for all of them.

use std::cell::Cell;

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
}

/// Somebody is at work until this is dropped.
pub(super) struct AtWork<'p>(&'p Phase);

impl Phase {
    /// Before any end.
    pub fn new() -> Self {
        let (stage, at_work) = (Cell::new(Stage::On), Cell::new(0));
        Self { stage, at_work, panicked: Cell::new(false), changed: Notify::new() }
    }

    /// Whether iterations may be begun.
    pub fn is_on(&self) -> bool {
        self.stage.get() == Stage::On
    }

    /// Comes nearer to the end, never back.
    pub fn advance(&self, stage: Stage) {
        self.stage.set(self.stage.get().max(stage));
        self.changed.notify_waiters();
    }

    /// Waits until the end has come so far.
    pub async fn reached(&self, stage: Stage) {
        self.when(|| self.stage.get() >= stage).await;
    }

    /// Waits until nobody is at work.
    pub async fn quiet(&self) {
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

    async fn when(&self, holds: impl Fn() -> bool) {
        loop {
            // Listens before it looks, so that no change falls between the two.
            let mut changed = std::pin::pin!(self.changed.notified());
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
        if phase.at_work.get() == 0 {
            phase.changed.notify_waiters();
        }
    }
}
