//! Hears all events of a browser and gives each to the context it belongs to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::{Context, Kind, Session, Tab};
use super::fields::{some_text, text};
use super::{attach, console, dialogs, documents, downloads, glance, intercept, network};
use crate::driver::browser::Trouble;
use crate::driver::browser::socket::{Heard, Line};

/// The contexts of a browser.
#[derive(Clone)]
pub(super) struct Hub {
    pub line: Line,
    known: Arc<Mutex<Known>>,
    mute: Arc<AtomicBool>,
}

#[derive(Default)]
struct Known {
    /// By `browserContextId`.
    contexts: HashMap<String, Arc<Context>>,
    /// By session id.
    sessions: HashMap<String, Arc<Context>>,
}

impl Hub {
    pub fn new(line: Line) -> Hub {
        Hub { line, known: Arc::default(), mute: Arc::default() }
    }

    /// From now on events of this context reach it.
    pub fn add(&self, context: &Arc<Context>) {
        self.known().contexts.insert(context.id.clone(), context.clone());
    }

    /// The context is closed: nothing of it is heard any more.
    pub fn remove(&self, context: &Context) {
        let mut known = self.known();
        known.contexts.remove(&context.id);
        known.sessions.retain(|_, other| other.id != context.id);
    }

    /// The browser itself did not answer in time: it is of no more use.
    pub fn is_mute(&self) -> bool {
        self.mute.load(Ordering::Relaxed)
    }

    /// Asks the browser itself, which always answers soon when it is well.
    ///
    /// # Errors
    /// As of `Line::call`.
    pub async fn ask(&self, method: &str, params: Value, by: Instant) -> Result<Value, Trouble> {
        let answer = self.line.call(None, method, params, by).await;
        if matches!(answer, Err(Trouble::TimedOut(_))) {
            self.mute.store(true, Ordering::Relaxed);
        }
        answer
    }

    /// Hears something.
    pub fn hear(&self, heard: Heard) {
        match heard {
            Heard::Event { session: None, method, params } => self.hear_browser(&method, &params),
            Heard::Event { session: Some(session), method, params } => {
                let context = self.known().sessions.get(&session).cloned();
                if let Some(context) = context {
                    self.hear_context(&context, &session, &method, &params);
                } else if method == "Target.attachedToTarget" {
                    self.let_go(Some(&session), &params);
                }
            }
            Heard::Ended(why) => {
                let contexts: Vec<_> = self.known().contexts.values().cloned().collect();
                for context in contexts {
                    context.write(|state| state.gone = Some(why.clone()));
                    context.log().write(|log| log.crash.get_or_insert(why.clone()).len());
                }
            }
        }
    }

    fn hear_browser(&self, method: &str, params: &Value) {
        match method {
            "Target.attachedToTarget" => {
                let id = text(params, "/targetInfo/browserContextId");
                let context = self.known().contexts.get(id).cloned();
                match context {
                    Some(context) => self.attached(&context, "", params),
                    None => self.let_go(None, params),
                }
            }
            "Target.detachedFromTarget" => self.detached(params),
            "Browser.downloadWillBegin" => {
                let frame = text(params, "/frameId");
                let contexts: Vec<_> = self.known().contexts.values().cloned().collect();
                let of = contexts.iter().find(|context| context.read().has_frame(frame));
                // The frame may be gone; then it can only be told whose it is where one is in use.
                let mut used = contexts.iter().filter(|context| context.read().is_used());
                let only = used.next().filter(|_| used.next().is_none());
                if let Some(context) = of.or(only) {
                    downloads::begins(context, params);
                }
            }
            "Browser.downloadProgress" => {
                let contexts: Vec<_> = self.known().contexts.values().cloned().collect();
                for context in contexts {
                    downloads::goes_on(&context, params);
                }
            }
            _ => {}
        }
    }

    fn hear_context(&self, context: &Arc<Context>, session: &str, method: &str, params: &Value) {
        match method {
            "Target.attachedToTarget" => return self.attached(context, session, params),
            "Target.detachedFromTarget" => return self.detached(params),
            "Inspector.targetCrashed" => return crashed(context, session),
            "Page.javascriptDialogOpening" => return dialogs::opens(context, session, params),
            "Input.dragIntercepted" => {
                return context.write(|state| state.drag = Some(params["data"].clone()));
            }
            "Page.screencastFrame" => return glance::hear(context, session, params),
            "Fetch.requestPaused" => return intercept::paused(context, session, params),
            _ => {}
        }
        match method.split('.').next().unwrap_or_default() {
            "Page" | "Runtime" if documents::hears(method) => {
                documents::hear(context, session, method, params);
            }
            "Network" => network::hear(context, session, method, params),
            "Runtime" | "Log" => console::hear(context, method, params),
            _ => {}
        }
    }

    fn attached(&self, context: &Arc<Context>, parent: &str, params: &Value) {
        let session = text(params, "/sessionId").to_string();
        let target = text(params, "/targetInfo/targetId").to_string();
        let kind = match text(params, "/targetInfo/type") {
            "page" => Kind::Page,
            "iframe" => Kind::Frame,
            "worker" | "shared_worker" | "service_worker" => Kind::Worker,
            _ => return self.let_go(Some(parent).filter(|parent| !parent.is_empty()), params),
        };
        self.known().sessions.insert(session.clone(), context.clone());
        context.write(|state| {
            let tab = match (kind, state.sessions.get(parent)) {
                (Kind::Page, _) => target.clone(),
                (_, Some(parent)) => parent.tab.clone(),
                (_, None) => String::new(),
            };
            let worlds = Vec::new();
            state.sessions.insert(session.clone(), Session { kind, tab, worlds });
            if kind == Kind::Page {
                let url = some_text(params, "/targetInfo/url").unwrap_or_default();
                state.tabs.push(Tab::new(target.clone(), session.clone(), url));
            }
        });
        attach::prepare(context, session, kind);
    }

    fn detached(&self, params: &Value) {
        let session = text(params, "/sessionId");
        let Some(context) = self.known().sessions.remove(session) else { return };
        let crash = context.write(|state| {
            let tab = state.tab_by_session(session).map(|tab| tab.target.clone());
            let crash = state.tab_by_session(session).and_then(|tab| tab.crashed.clone());
            state.sessions.remove(session);
            // A crashed tab stays the current one, so that it is not taken for one closed.
            if let (Some(tab), None) = (tab, &crash) {
                state.remove_tab(&tab);
            }
            crash
        });
        let trouble = crash.map_or(Trouble::Navigated, Trouble::Gone);
        context.line.forget(session, &trouble);
    }

    /// What is not ours is let go on as if nobody had looked.
    fn let_go(&self, parent: Option<&str>, params: &Value) {
        let session = text(params, "/sessionId");
        self.line.tell(Some(session), "Runtime.runIfWaitingForDebugger", json!({}));
        let detach = json!({"sessionId": session});
        self.line.tell(parent, "Target.detachFromTarget", detach);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The renderer of a tab died: who waits for it is told.
fn crashed(context: &Context, session: &str) {
    let why = context.write(|state| {
        if let Some(session) = state.sessions.get_mut(session) {
            session.worlds.clear();
        }
        let tab = state.tab_by_session(session)?;
        let why = format!("the tab crashed at {}", tab.document.url);
        tab.crashed = Some(why.clone());
        Some(why)
    });
    match why {
        Some(why) => {
            context.log().write(|log| log.crash = Some(why.clone()));
            context.line.forget(session, &Trouble::Gone(why));
        }
        // A frame with a process of its own: its tab lives.
        None => context.line.forget(session, &Trouble::Navigated),
    }
}
