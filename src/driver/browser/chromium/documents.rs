//! Follows the documents of tabs and the worlds in them, by the browser's events.

use std::collections::VecDeque;

use serde_json::Value;

use super::WORLD;
use super::context::{Context, Document, State, Tab, World};
use super::fields::{is, number, text};

/// How many documents a tab remembers.
const LOADERS: usize = 32;

impl Tab {
    pub fn new(target: String, session: String, url: String) -> Tab {
        let document = Document { url, parsed: true, loaded: true, ..Document::default() };
        Tab {
            target,
            session,
            ready: false,
            crashed: None,
            document,
            moves: 0,
            loaders: VecDeque::new(),
        }
    }

    /// Whether the document of this loader has been here.
    pub fn has_seen(&self, loader: &str) -> bool {
        self.loaders.iter().any(|seen| seen == loader)
    }

    fn remember(&mut self, loader: &str) {
        self.loaders.push_back(loader.to_string());
        if self.loaders.len() > LOADERS {
            self.loaders.pop_front();
        }
    }
}

impl State {
    /// Whether this frame belongs to one of the tabs.
    pub fn has_frame(&self, frame: &str) -> bool {
        self.tabs.iter().any(|tab| tab.target == frame)
            || self
                .sessions
                .values()
                .any(|session| session.worlds.iter().any(|world| world.frame == frame))
    }
}

/// Whether an event is about documents.
pub(super) fn hears(method: &str) -> bool {
    method.starts_with("Page.") || method.starts_with("Runtime.executionContext")
}

/// Hears an event.
pub(super) fn hear(context: &Context, session: &str, method: &str, params: &Value) {
    match method {
        "Page.frameNavigated" if params.pointer("/frame/parentId").is_none() => {
            context.write(|state| navigated(state, session, params));
        }
        "Page.navigatedWithinDocument" => context.write(|state| {
            let frame = text(params, "/frameId");
            if let Some(tab) = state.tab_by_session(session).filter(|tab| tab.target == frame) {
                tab.document.url = text(params, "/url").to_string();
                tab.moves += 1;
            }
        }),
        "Page.lifecycleEvent" => context.write(|state| {
            let frame = text(params, "/frameId");
            let loader = text(params, "/loaderId");
            let tab = state.tab_by_session(session).filter(|tab| tab.target == frame);
            let Some(document) = tab.map(|tab| &mut tab.document) else { return };
            if document.loader == loader {
                match text(params, "/name") {
                    "DOMContentLoaded" => document.parsed = true,
                    "load" => (document.parsed, document.loaded) = (true, true),
                    _ => {}
                }
            }
        }),
        "Runtime.executionContextCreated" => created(context, session, params),
        "Runtime.executionContextDestroyed" => context.write(|state| {
            if let Some(session) = state.sessions.get_mut(session) {
                let unique = text(params, "/executionContextUniqueId");
                #[expect(clippy::cast_possible_truncation, reason = "ids are small integers")]
                let id = number(params, "/executionContextId") as i64;
                session.worlds.retain(|world| world.unique != unique && world.id != id);
            }
        }),
        "Runtime.executionContextsCleared" => context.write(|state| {
            if let Some(session) = state.sessions.get_mut(session) {
                session.worlds.clear();
            }
        }),
        _ => {}
    }
}

fn navigated(state: &mut State, session: &str, params: &Value) {
    let Some(tab) = state.tab_by_session(session) else { return };
    // A document that comes back from the browser's memory is complete and says nothing more.
    let restored = text(params, "/type") == "BackForwardCacheRestore";
    tab.document = Document {
        loader: text(params, "/frame/loaderId").to_string(),
        url: text(params, "/frame/url").to_string() + text(params, "/frame/urlFragment"),
        unreachable: !text(params, "/frame/unreachableUrl").is_empty(),
        parsed: restored,
        loaded: restored,
    };
    tab.moves += 1;
    let (target, loader) = (tab.target.clone(), tab.document.loader.clone());
    tab.remember(&loader);
    state.traffic.document_came(&target, &loader);
}

fn created(context: &Context, session: &str, params: &Value) {
    let main = is(params, "/context/auxData/isDefault");
    let ours = text(params, "/context/name") == WORLD;
    if !main && !ours {
        return;
    }
    #[expect(clippy::cast_possible_truncation, reason = "ids are small integers")]
    let id = number(params, "/context/id") as i64;
    let world = World {
        session: session.to_string(),
        frame: text(params, "/context/auxData/frameId").to_string(),
        ours: !main,
        id,
        unique: text(params, "/context/uniqueId").to_string(),
    };
    context.write(|state| {
        if let Some(session) = state.sessions.get_mut(session) {
            // A frame has one of each kind at a time.
            session.worlds.retain(|one| one.frame != world.frame || one.ours != world.ours);
            session.worlds.push(world);
        }
    });
}
