//! Is what is known of one context: its tabs, their documents, and the worlds scripts run in.
//!
//! The handler of events writes it, the channel reads it and waits for it to change.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::network::Traffic;
use crate::driver::browser::socket::Line;
use crate::driver::browser::{Opening, SharedLog, Trouble};
use crate::plan::browser::{Emulation, LoadState};

/// One context, shared between its channel and the handler of events.
pub(super) struct Context {
    /// CDP's `browserContextId`.
    pub id: String,
    pub line: Line,
    /// The browser's own user agent.
    pub agent: String,
    state: Mutex<State>,
    changed: Notify,
}

/// What is known of it.
pub(super) struct State {
    /// In the order in which they were opened.
    pub tabs: Vec<Tab>,
    /// The target of the current tab.
    pub current: String,
    /// By CDP's session id.
    pub sessions: HashMap<String, Session>,
    /// What the scenario said about dialogs: accept, and what is typed.
    pub dialogs: Option<(bool, Option<String>)>,
    pub opening: Opening,
    /// Requests wait for the router.
    pub intercepts: bool,
    pub traffic: Traffic,
    /// What the page began to drag, as the browser tells it.
    pub drag: Option<serde_json::Value>,
    /// The context was closed or the browser is dead.
    pub gone: Option<String>,
}

/// A tab: a target of type `page`.
pub(super) struct Tab {
    pub target: String,
    pub session: String,
    /// All is set up: the page script is in and it pretends what it shall.
    pub ready: bool,
    /// Why it crashed.
    pub crashed: Option<String>,
    pub document: Document,
    /// How often a document came, or the page moved within one.
    pub moves: u64,
    /// The loaders of its last documents.
    pub loaders: VecDeque<String>,
}

/// How far a document has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    /// CDP's `loaderId`.
    pub loader: String,
    pub url: String,
    /// It stands for an address that could not be reached.
    pub unreachable: bool,
    pub parsed: bool,
    pub loaded: bool,
}

/// What a session is attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    /// A frame with a process of its own.
    Frame,
    Worker,
}

/// A CDP session.
pub(super) struct Session {
    pub kind: Kind,
    /// The target of the tab it belongs to; empty for workers of several tabs.
    pub tab: String,
    pub worlds: Vec<World>,
}

/// What JavaScript runs in: a frame has one of the page's own scripts and one of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct World {
    pub session: String,
    pub frame: String,
    /// That of the page script.
    pub ours: bool,
    /// Unique in its session.
    pub id: i64,
    /// Unique in the browser.
    pub unique: String,
}

impl Context {
    pub fn new(id: String, line: Line, agent: String, opening: Opening) -> Arc<Context> {
        Arc::new(Context {
            id,
            line,
            agent,
            state: Mutex::new(State {
                tabs: Vec::new(),
                current: String::new(),
                sessions: HashMap::new(),
                dialogs: None,
                opening,
                intercepts: false,
                traffic: Traffic::new(),
                drag: None,
                gone: None,
            }),
            changed: Notify::new(),
        })
    }

    /// Looks at the state.
    pub fn read(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and wakes who waits for it.
    pub fn write<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        let result = with(&mut self.read());
        self.changed.notify_waiters();
        result
    }

    /// The context is no more: who waits for it is told.
    pub fn end(&self, why: &str) {
        let sessions: Vec<String> = self.write(|state| {
            state.gone.get_or_insert(why.to_string());
            state.sessions.keys().cloned().collect()
        });
        for session in sessions {
            self.line.forget(&session, &Trouble::Gone(why.to_string()));
        }
    }

    /// The log.
    pub fn log(&self) -> SharedLog {
        self.read().opening.log.clone()
    }

    /// Waits until `found` finds something in the state.
    ///
    /// # Errors
    /// `TimedOut`, with what was waited for.
    pub async fn until<T>(
        &self,
        by: Instant,
        what: &str,
        found: impl Fn(&State) -> Option<T>,
    ) -> Result<T, Trouble> {
        let looking = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // Before looking, so that what is written in between is not missed.
                changed.as_mut().enable();
                if let Some(found) = found(&self.read()) {
                    return found;
                }
                changed.await;
            }
        };
        let late = || Trouble::TimedOut(format!("{what} took too long"));
        timeout_at(by, looking).await.map_err(|_| late())
    }

    /// The current tab's target and session.
    ///
    /// # Errors
    /// `Gone` when there is none or it crashed.
    pub fn current(&self) -> Result<(String, String), Trouble> {
        let state = self.read();
        let tab = state.tab()?;
        Ok((tab.target.clone(), tab.session.clone()))
    }
}

impl State {
    /// The current tab.
    ///
    /// # Errors
    /// `Gone` when there is none or it crashed.
    pub fn tab(&self) -> Result<&Tab, Trouble> {
        if let Some(why) = &self.gone {
            return Err(Trouble::Gone(why.clone()));
        }
        let tab = self.tabs.iter().find(|tab| tab.target == self.current);
        let tab = tab.ok_or_else(|| Trouble::Gone("all tabs are closed".to_string()))?;
        match &tab.crashed {
            Some(why) => Err(Trouble::Gone(why.clone())),
            None => Ok(tab),
        }
    }

    /// The tab with this target.
    pub fn tab_of(&mut self, target: &str) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.target == target)
    }

    /// The tab whose page this session is.
    pub fn tab_by_session(&mut self, session: &str) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.session == session)
    }

    /// Takes a tab away; the one opened before it becomes the current one.
    pub fn remove_tab(&mut self, target: &str) {
        let Some(at) = self.tabs.iter().position(|tab| tab.target == target) else { return };
        self.tabs.remove(at);
        if self.current == target {
            let next = self.tabs.get(at.saturating_sub(1));
            self.current = next.map(|tab| tab.target.clone()).unwrap_or_default();
        }
    }

    /// The world of this frame in this tab.
    pub fn world(&self, tab: &str, frame: &str, ours: bool) -> Option<&World> {
        let sessions = self.sessions.values().filter(|session| session.tab == tab);
        let mut worlds = sessions.flat_map(|session| &session.worlds);
        worlds.find(|world| world.frame == frame && world.ours == ours)
    }

    /// Whether a world is still there.
    pub fn has_world(&self, world: &World) -> bool {
        let session = self.sessions.get(&world.session);
        session.is_some_and(|session| session.worlds.iter().any(|one| one.unique == world.unique))
    }

    /// Whether a channel has it, and it is not only made beforehand.
    pub fn is_used(&self) -> bool {
        !self.opening.downloads.as_os_str().is_empty()
    }

    /// A world is gone, whether or not it was said.
    pub fn forget_world(&mut self, world: &World) {
        if let Some(session) = self.sessions.get_mut(&world.session) {
            session.worlds.retain(|one| one.unique != world.unique);
        }
    }

    pub fn emulation(&self) -> &Emulation {
        &self.opening.emulation
    }
}

impl Document {
    /// Whether it has come so far, as far as the document itself says.
    pub fn has_come(&self, to: LoadState) -> bool {
        match to {
            LoadState::Commit => true,
            LoadState::Dom => self.parsed,
            LoadState::Load | LoadState::Idle => self.loaded,
        }
    }
}
