//! Keeps what is known of one user context: its tabs, their documents, and the realms of scripts
//! in them, as the events tell.
//!
//! A call that waits in a document gets no answer when that document goes; that its realm is gone
//! is only told here.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::driver::browser::{Router, SharedLog};

/// The name of the world apart from the page's own scripts.
pub(super) const SANDBOX: &str = "taster";

/// One user context, shared by its channel and by what hears events.
pub(super) struct World {
    /// What the browser calls it.
    pub id: String,
    pub log: SharedLog,
    pub router: Arc<Router>,
    pub keeps_bodies: bool,
    state: Mutex<State>,
    changed: Notify,
}

pub(super) struct State {
    /// Tabs, in the order in which they were opened.
    pub tabs: Vec<String>,
    /// The tab that commands go to; empty when there is none.
    pub current: String,
    /// The tab that is in front, as far as known.
    pub front: String,
    /// By the name of their browsing context: of tabs and of all frames in them.
    pub documents: HashMap<String, Document>,
    /// Whether dialogs are accepted and with what; none until somebody has said.
    pub dialogs: Option<(bool, Option<String>)>,
    /// The router decides about requests.
    pub holds: bool,
    /// How long each request is held before it goes out.
    pub latency: Duration,
    /// What a new tab pretends by way of the browser's own scripts.
    pub pretence: Option<Value>,
    /// Requests under way, by tab.
    pub traffic: HashSet<(String, String)>,
    /// When a request began or ended last.
    pub stirred: Instant,
}

/// The document of a tab or a frame, and the one before it while they change.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub parent: Option<String>,
    pub url: String,
    /// The realm of the page's own scripts.
    pub page: Option<String>,
    /// The realm of ours.
    pub ours: Option<String>,
    /// Goes up when a document goes.
    pub epoch: u64,
    /// The blank document between two others.
    pub passing: bool,
    /// A navigation that has begun and is not done.
    pub started: Option<String>,
    /// The navigation that brought this document.
    pub committed: Option<String>,
    /// The last navigation that turned out to be a download.
    pub downloaded: Option<String>,
}

impl World {
    pub fn new(id: String, log: SharedLog, router: Arc<Router>, keeps_bodies: bool) -> Self {
        let state = State {
            tabs: Vec::new(),
            current: String::new(),
            front: String::new(),
            documents: HashMap::new(),
            dialogs: None,
            holds: false,
            latency: Duration::ZERO,
            pretence: None,
            traffic: HashSet::new(),
            stirred: Instant::now(),
        };
        let (state, changed) = (Mutex::new(state), Notify::new());
        World { id, log, router, keeps_bodies, state, changed }
    }

    pub fn read(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes who waits for it.
    pub fn write<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        let result = with(&mut self.read());
        self.changed.notify_waiters();
        result
    }

    /// Waits until something is found in the state.
    pub async fn find<T>(&self, by: Instant, found: impl Fn(&State) -> Option<T>) -> Option<T> {
        timeout_at(by, self.found(found)).await.ok()
    }

    /// Waits, however long, until something is found in the state.
    pub async fn found<T>(&self, found: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Before looking, so that a change in between is not missed.
            changed.as_mut().enable();
            if let Some(found) = found(&self.read()) {
                return found;
            }
            changed.await;
        }
    }
}

impl State {
    /// The tab in which a frame is.
    pub fn tab_of(&self, context: &str) -> String {
        let mut at = context;
        // Frames lie in each other a few deep; a ring of them cannot be.
        while let Some(parent) = self.documents.get(at).and_then(|it| it.parent.as_deref()) {
            at = parent;
        }
        at.to_string()
    }

    /// How often documents went in this context; none when it is gone itself.
    pub fn epoch(&self, context: &str) -> Option<u64> {
        self.documents.get(context).map(|document| document.epoch)
    }

    /// Whether a tab has frames with documents of their own.
    pub fn has_frames(&self, tab: &str) -> bool {
        self.documents.values().any(|document| document.parent.as_deref() == Some(tab))
    }

    /// A context came into being: a tab where it has no parent.
    pub fn created(&mut self, context: &str, parent: Option<&str>, url: &str) {
        let parent = parent.map(str::to_string);
        if parent.is_none() && !self.tabs.iter().any(|tab| tab == context) {
            self.tabs.push(context.to_string());
            // The browser brings a new tab to the front.
            self.front = context.to_string();
            if self.current.is_empty() {
                self.current = context.to_string();
            }
        }
        let document = self.documents.entry(context.to_string()).or_default();
        document.parent = parent;
        document.url = url.to_string();
    }

    /// A context went. The tab before it becomes the current one, as in a window.
    pub fn destroyed(&mut self, context: &str) {
        self.documents.remove(context);
        self.traffic.retain(|(tab, _)| tab != context);
        let Some(at) = self.tabs.iter().position(|tab| tab == context) else { return };
        self.tabs.remove(at);
        if self.current == context {
            let next = self.tabs.get(at.saturating_sub(1)).cloned();
            self.current = next.unwrap_or_default();
        }
        if self.front == context {
            self.front = String::new();
        }
    }

    /// A realm came into being in a context.
    pub fn realm_created(&mut self, context: &str, realm: &str, ours: bool, origin: &str) {
        let document = self.documents.entry(context.to_string()).or_default();
        document.passing = document.started.is_some() && origin == "null";
        let place = if ours { &mut document.ours } else { &mut document.page };
        *place = Some(realm.to_string());
    }

    /// A realm went.
    pub fn realm_destroyed(&mut self, realm: &str) {
        for document in self.documents.values_mut() {
            if document.ours.as_deref() == Some(realm) {
                document.ours = None;
                document.epoch += 1;
            }
            if document.page.as_deref() == Some(realm) {
                document.page = None;
                document.epoch += 1;
            }
        }
    }

    /// A navigation began.
    pub fn started(&mut self, context: &str, navigation: &str) {
        let document = self.documents.entry(context.to_string()).or_default();
        document.started = Some(navigation.to_string());
    }

    /// A navigation is done: it brought a document, failed, or was a download.
    pub fn done(&mut self, context: &str, navigation: &str) -> Option<&mut Document> {
        let document = self.documents.get_mut(context)?;
        if document.started.as_deref() == Some(navigation) {
            document.started = None;
            document.passing = false;
        }
        Some(document)
    }

    /// A request began or ended.
    pub fn stir(&mut self, context: &str, request: &str, begins: bool) {
        let key = (self.tab_of(context), request.to_string());
        if begins {
            self.traffic.insert(key);
        } else {
            self.traffic.remove(&key);
        }
        self.stirred = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::new("user".to_string(), SharedLog::default(), Arc::default(), false)
    }

    #[test]
    fn the_tab_before_a_closed_one_becomes_the_current_one() {
        let world = world();
        let mut state = world.read();
        for tab in ["a", "b", "c"] {
            state.created(tab, None, "about:blank");
        }
        state.current = "b".to_string();
        state.destroyed("b");
        assert_eq!((state.current.as_str(), state.tabs.len()), ("a", 2));
        state.destroyed("a");
        assert_eq!(state.current, "c");
        state.destroyed("c");
        assert_eq!(state.current, "");
    }

    #[test]
    fn the_blank_document_between_two_is_told_from_a_document_without_an_origin() {
        let world = world();
        let mut state = world.read();
        state.created("a", None, "about:blank");
        state.realm_created("a", "r1", true, "null");
        assert!(!state.documents["a"].passing);
        state.started("a", "n1");
        state.realm_destroyed("r1");
        state.realm_created("a", "r2", true, "null");
        assert!(state.documents["a"].passing);
        state.realm_destroyed("r2");
        state.realm_created("a", "r3", true, "http://127.0.0.1");
        assert!(!state.documents["a"].passing);
        assert_eq!(state.documents["a"].epoch, 2);
    }

    #[test]
    fn a_document_without_an_origin_is_there_once_its_navigation_is_done() {
        let world = world();
        let mut state = world.read();
        state.created("a", None, "about:blank");
        state.started("a", "n1");
        state.realm_created("a", "r1", true, "null");
        state.done("a", "other");
        assert!(state.documents["a"].passing);
        state.done("a", "n1");
        assert!(!state.documents["a"].passing);
    }

    #[test]
    fn requests_of_frames_count_for_their_tab() {
        let world = world();
        let mut state = world.read();
        state.created("a", None, "about:blank");
        state.created("f", Some("a"), "about:blank");
        state.created("g", Some("f"), "about:blank");
        state.stir("g", "1", true);
        assert!(state.traffic.contains(&("a".to_string(), "1".to_string())));
        state.stir("g", "1", false);
        assert!(state.traffic.is_empty());
    }

    #[tokio::test]
    async fn who_waits_is_woken_by_a_change() {
        let world = Arc::new(world());
        let writer = world.clone();
        tokio::spawn(async move { writer.write(|state| state.created("a", None, "")) });
        let by = Instant::now() + Duration::from_secs(5);
        let found = world.find(by, |state| state.tabs.first().cloned()).await;
        assert_eq!(found.as_deref(), Some("a"));
    }
}
