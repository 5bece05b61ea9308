//! How a load is changed by hand while it goes on: paused, let go on, or its users set to another
//! number.
//!
//! Whoever has a key writes here; each worker hears of it (`hand`) and looks only at its own copy.
//! What was changed is in the result, so that nobody takes the run for the one that was written.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::plan::{Population, ShapePlan};
use crate::recorder::Pauses;
use crate::result::{Alteration, Altered};

/// A handle on the load of a run; clones are of the same run.
#[derive(Debug, Clone)]
pub struct Control {
    state: Arc<watch::Sender<State>>,
}

/// By how much the number of users changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// One more.
    OneMore,
    /// One fewer.
    OneLess,
    /// A tenth more, at least one.
    TenthMore,
    /// A tenth fewer, at least one.
    TenthLess,
}

/// One change, and when it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    /// Then.
    pub at: Instant,
    /// It.
    pub what: What,
}

/// What can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Nothing new is begun.
    Pause,
    /// What would have been begun meanwhile is begun from now on.
    GoOn,
    /// The users of the scenario with this number, on all workers together.
    Users(usize, u32),
}

/// A load whose users can be set: the closed model, for a time.
#[derive(Debug, Clone)]
pub(super) struct Scalable {
    /// The number of its scenario.
    pub scenario: usize,
    /// Its name.
    pub name: String,
    /// The users it was planned to have, and how long after the others it begins.
    pub population: (Population, Duration),
    /// The users that somebody has set.
    pub users: Option<u32>,
}

/// What all workers see.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// When the load began; none before that, and none once it is over.
    origin: Option<Instant>,
    begun: bool,
    pauses: Pauses,
    loads: Vec<Scalable>,
    /// All changes so far.
    pub moves: Vec<Move>,
    told: Vec<Alteration>,
}

impl Control {
    /// On a load that has not begun yet.
    pub fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())) }
    }

    /// Pauses the load: no new iteration is begun, those that go on come to their end. Nothing
    /// before its beginning and after its end.
    pub fn pause(&self) {
        self.change(State::pause);
    }

    /// Lets it go on where it was; schedules are moved by the pause, so nothing is owed.
    pub fn go_on(&self) {
        self.change(State::go_on);
    }

    /// Whether it is paused.
    pub fn is_paused(&self) -> bool {
        self.state.borrow().pauses.is_on()
    }

    /// Whether anything was changed.
    pub fn is_used(&self) -> bool {
        !self.state.borrow().moves.is_empty()
    }

    /// Changes the users of each load that has users for a time, and tells their new numbers by
    /// scenario; none where no load has. From then on the profile's own numbers do not count.
    pub fn scale(&self, by: Scale) -> Vec<(String, u32)> {
        let mut set = Vec::new();
        self.change(|state, now| set = state.scale(by, now));
        set
    }

    fn change(&self, change: impl FnOnce(&mut State, Instant)) {
        self.state.send_if_modified(|state| {
            let before = state.moves.len();
            if state.origin.is_some() {
                change(state, Instant::now());
            }
            state.moves.len() > before
        });
    }

    /// The load begins, once.
    pub(super) fn begin(&self, origin: Instant, loads: Vec<Scalable>) {
        self.state.send_modify(|state| {
            if !state.begun {
                (state.begun, state.origin, state.loads) = (true, Some(origin), loads);
            }
        });
    }

    /// The load is over; so is a pause in it.
    pub(super) fn end(&self) {
        self.go_on();
        self.state.send_modify(|state| state.origin = None);
    }

    /// What there is to tell of it, from the one of this number on.
    pub(super) fn told(&self, from: usize) -> Vec<Alteration> {
        let state = self.state.borrow();
        state.told.get(from..).unwrap_or_default().to_vec()
    }

    /// Hears of every change.
    pub(super) fn listen(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }
}

impl Default for Control {
    fn default() -> Self {
        Self::new()
    }
}

impl State {
    /// The time since the load began.
    fn since(&self, now: Instant) -> Duration {
        self.origin.map_or(Duration::ZERO, |origin| now.saturating_duration_since(origin))
    }

    fn pause(&mut self, now: Instant) {
        if self.pauses.is_on() {
            return;
        }
        self.pauses.begin(self.since(now));
        self.moves.push(Move { at: now, what: What::Pause });
        self.tell(now, Altered::Paused { lasted_ms: None });
    }

    fn go_on(&mut self, now: Instant) {
        if !self.pauses.is_on() {
            return;
        }
        let before = self.pauses.lost();
        self.pauses.end(self.since(now));
        self.moves.push(Move { at: now, what: What::GoOn });
        let lasted_ms = Some((self.pauses.lost() - before).as_millis() as u64);
        self.tell(now, Altered::Paused { lasted_ms });
    }

    fn scale(&mut self, by: Scale, now: Instant) -> Vec<(String, u32)> {
        let passed = self.pauses.passed(self.since(now));
        let mut set = Vec::new();
        for load in &mut self.loads {
            let (population, after) = &load.population;
            let planned = || population.users_at(passed.saturating_sub(*after));
            let before = load.users.unwrap_or_else(planned);
            let users = by.of(before);
            if users != before {
                load.users = Some(users);
                set.push((load.scenario, load.name.clone(), users));
            }
        }
        for (scenario, name, users) in &set {
            self.moves.push(Move { at: now, what: What::Users(*scenario, *users) });
            self.tell(now, Altered::Users { scenario: name.clone(), users: *users });
        }
        set.into_iter().map(|(_, name, users)| (name, users)).collect()
    }

    fn tell(&mut self, now: Instant, what: Altered) {
        let at_ms = self.pauses.passed(self.since(now)).as_millis() as u64;
        self.told.push(Alteration { at_ms, what });
    }
}

impl Scale {
    /// The number that comes of one; never none, which would be a pause.
    fn of(self, users: u32) -> u32 {
        let tenth = (users / 10).max(1);
        let scaled = match self {
            Scale::OneMore => users.saturating_add(1),
            Scale::OneLess => users.saturating_sub(1),
            Scale::TenthMore => users.saturating_add(tenth),
            Scale::TenthLess => users.saturating_sub(tenth),
        };
        scaled.clamp(1, MOST)
    }
}

/// A key that is held down makes no more users than this.
const MOST: u32 = 1_000_000;

/// The load of a shape as far as its users can be set.
pub(super) fn scalable(
    (scenario, name): (usize, &str),
    shape: &ShapePlan,
    start_after: Duration,
) -> Option<Scalable> {
    let ShapePlan::Closed(population) = shape else { return None };
    let population = (population.clone(), start_after);
    Some(Scalable { scenario, name: name.to_string(), population, users: None })
}
