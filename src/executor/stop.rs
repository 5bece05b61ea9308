//! How a run is told to end: with a reason; gently, or soon if need be.

use std::sync::Arc;

use tokio::sync::watch;

/// A handle that ends a run; clones end the same run.
#[derive(Debug, Clone)]
pub struct Stop {
    state: Arc<watch::Sender<State>>,
}

#[derive(Debug, Clone, Default)]
struct State {
    reason: Option<String>,
    /// Whether what was begun may take its time.
    gentle: bool,
}

impl Stop {
    /// A handle for a run that goes on.
    pub fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())) }
    }

    /// Ends the run for `reason`, soon; the first reason stays.
    pub fn request(&self, reason: &str) {
        self.state.send_modify(|state| {
            state.reason.get_or_insert_with(|| reason.to_string());
            state.gentle = false;
        });
    }

    /// Begins nothing new, and lets what was begun come to its end as at the end of a load. One
    /// that is to end soon does so.
    pub fn request_gently(&self, reason: &str) {
        self.state.send_modify(|state| {
            state.gentle |= state.reason.is_none();
            state.reason.get_or_insert_with(|| reason.to_string());
        });
    }

    /// Why the run was ended early, if it was.
    pub fn reason(&self) -> Option<String> {
        self.state.borrow().reason.clone()
    }

    /// Whether it was.
    pub fn is_requested(&self) -> bool {
        self.state.borrow().reason.is_some()
    }

    /// Whether it was, and soon.
    pub fn is_urgent(&self) -> bool {
        self.state.borrow().is_urgent()
    }

    /// Waits until it is.
    pub async fn requested(&self) {
        let mut state = self.state.subscribe();
        // The sender lives as long as `self`, so this only ends with a reason.
        let _ = state.wait_for(|state| state.reason.is_some()).await;
    }

    /// Waits until it is, and soon.
    pub async fn urgent(&self) {
        let mut state = self.state.subscribe();
        let _ = state.wait_for(State::is_urgent).await;
    }
}

impl State {
    fn is_urgent(&self) -> bool {
        self.reason.is_some() && !self.gentle
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}
