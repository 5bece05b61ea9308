//! Hears what happens in the browser, and writes it where the user context it happened in keeps
//! it. Dialogs are answered here, since whoever waits for an answer cannot.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::clock::Clock;
use super::world::{SANDBOX, World};
use super::{network, pretend};
use crate::driver::browser::socket::{Heard, Line};
use crate::driver::browser::{DialogSeen, DownloadSeen, MessageSeen};

/// What is subscribed to.
pub(super) const EVENTS: &[&str] = &[
    "browsingContext.contextCreated",
    "browsingContext.contextDestroyed",
    "browsingContext.downloadEnd",
    "browsingContext.downloadWillBegin",
    "browsingContext.fragmentNavigated",
    "browsingContext.historyUpdated",
    "browsingContext.navigationCommitted",
    "browsingContext.navigationFailed",
    "browsingContext.navigationStarted",
    "browsingContext.userPromptOpened",
    "log.entryAdded",
    "network.beforeRequestSent",
    "network.fetchError",
    "network.responseCompleted",
    "script.realmCreated",
    "script.realmDestroyed",
];

/// What is subscribed to where the browser knows it: Firefox 153 tells all that ends without a page
/// as failed.
pub(super) const NEWER: &str = "browsingContext.navigationAborted";

/// All user contexts of one browser.
#[derive(Default)]
pub(super) struct Hub {
    index: Mutex<Index>,
    /// A context could not be ended: the browser is not to be used again.
    stuck: AtomicBool,
    pub clock: Clock,
}

#[derive(Default)]
struct Index {
    /// By user context.
    worlds: HashMap<String, Arc<World>>,
    /// The user context of each tab and frame.
    homes: HashMap<String, String>,
    /// The browser's own window, in which its own scripts run.
    chrome: Option<String>,
}

impl Hub {
    pub fn add(&self, world: &Arc<World>) {
        self.index().worlds.insert(world.id.clone(), world.clone());
    }

    pub fn forget(&self, id: &str) {
        let mut index = self.index();
        index.worlds.remove(id);
        index.homes.retain(|_, home| home != id);
    }

    pub fn set_chrome(&self, chrome: Option<String>) {
        self.index().chrome = chrome;
    }

    /// The browser's own window, where its scripts may be used.
    pub fn chrome(&self) -> Option<String> {
        self.index().chrome.clone()
    }

    pub fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Relaxed)
    }

    pub fn set_stuck(&self) {
        self.stuck.store(true, Ordering::Relaxed);
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a tab or frame belongs.
    fn home(&self, context: &str) -> Option<Arc<World>> {
        let index = self.index();
        index.worlds.get(index.homes.get(context)?).cloned()
    }

    /// Takes what the socket heard.
    pub fn hear(&self, line: &Line, heard: Heard) {
        match heard {
            Heard::Event { method, params, .. } => match method.as_str() {
                "browsingContext.contextCreated" => self.created(line, &params),
                "browsingContext.contextDestroyed" => self.destroyed(&params),
                "script.realmDestroyed" => {
                    let worlds: Vec<_> = self.index().worlds.values().cloned().collect();
                    for world in worlds {
                        world.write(|state| state.realm_destroyed(text(&params, "realm")));
                    }
                }
                "log.entryAdded" => self.entry(&params),
                _ => self.event(line, &method, &params),
            },
            Heard::Ended(why) => {
                let worlds: Vec<_> = self.index().worlds.values().cloned().collect();
                for world in worlds {
                    world.log.write(|log| log.crash.get_or_insert_with(|| why.clone()).clone());
                    world.write(|_| ());
                }
            }
        }
    }

    fn event(&self, line: &Line, method: &str, params: &Value) {
        let context = text(params, "context");
        let Some(world) = self.home(context) else {
            // A request of nobody's tab, held because somebody else holds theirs.
            network::let_out(line, params);
            return;
        };
        match method {
            "script.realmCreated" => {
                let ours = params["sandbox"] == SANDBOX;
                if ours || params["sandbox"].is_null() {
                    let (realm, origin) = (text(params, "realm"), text(params, "origin"));
                    world.write(|state| state.realm_created(context, realm, ours, origin));
                }
            }
            "browsingContext.userPromptOpened" => dialog(line, &world, params),
            "network.beforeRequestSent" => network::sent(line, &world, &self.clock, params),
            "network.responseCompleted" => network::answered(line, &world, &self.clock, params),
            "network.fetchError" => network::failed(&world, &self.clock, params),
            _ => navigation(&world, method, params),
        }
    }

    fn created(&self, line: &Line, params: &Value) {
        let (context, user) = (text(params, "context"), text(params, "userContext"));
        let Some(world) = self.index().worlds.get(user).cloned() else { return };
        self.index().homes.insert(context.to_string(), user.to_string());
        let parent = params["parent"].as_str();
        world.write(|state| state.created(context, parent, text(params, "url")));
        let pretence = world.read().pretence.clone();
        if let (None, Some(pretence), Some(chrome)) = (parent, pretence, self.chrome()) {
            line.tell(None, "script.callFunction", pretend::command(&chrome, context, &pretence));
        }
    }

    fn destroyed(&self, params: &Value) {
        let context = text(params, "context");
        let Some(world) = self.home(context) else { return };
        self.index().homes.remove(context);
        world.write(|state| state.destroyed(context));
    }

    fn entry(&self, params: &Value) {
        let Some(world) = self.home(text(&params["source"], "context")) else { return };
        let frame = &params["stackTrace"]["callFrames"][0];
        let place = frame["url"].as_str().filter(|url| !url.is_empty());
        // Lines are counted from 0.
        let number = frame["lineNumber"].as_u64().unwrap_or(0) + 1;
        let level = match (text(params, "type"), text(params, "level")) {
            ("javascript", "error") => "uncaught",
            (_, "warn") => "warning",
            (_, level) => level,
        };
        let message = MessageSeen {
            at: self.clock.at(params["timestamp"].as_f64()),
            level: level.to_string(),
            text: text(params, "text").to_string(),
            place: place.map(|url| format!("{url}:{number}")),
        };
        world.log.write(|log| log.messages.push(message));
    }
}

/// A field's text; empty where there is none.
pub(super) fn text<'a>(of: &'a Value, field: &str) -> &'a str {
    of.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn navigation(world: &World, method: &str, params: &Value) {
    let (context, id) = (text(params, "context"), text(params, "navigation"));
    match method {
        "browsingContext.navigationStarted" => world.write(|state| state.started(context, id)),
        "browsingContext.navigationCommitted" => world.write(|state| {
            if let Some(document) = state.done(context, id) {
                document.committed = Some(id.to_string());
                document.url = text(params, "url").to_string();
            }
        }),
        "browsingContext.navigationFailed" | "browsingContext.navigationAborted" => {
            world.write(|state| state.done(context, id).map(|_| ()));
        }
        "browsingContext.fragmentNavigated" | "browsingContext.historyUpdated" => {
            world.write(|state| {
                if let Some(document) = state.documents.get_mut(context) {
                    document.url = text(params, "url").to_string();
                }
            });
        }
        "browsingContext.downloadWillBegin" => {
            world.write(|state| {
                if let Some(document) = state.done(context, id) {
                    document.downloaded = Some(id.to_string());
                }
            });
            let name = text(params, "suggestedFilename").to_string();
            let seen = DownloadSeen { id: download(params), name, file: None, failed: None };
            world.log.write(|log| log.downloads.push(seen));
        }
        "browsingContext.downloadEnd" => downloaded(world, params),
        _ => {}
    }
}

/// What a download is called: its navigation, or its address where a page's own data is saved.
fn download(params: &Value) -> String {
    match params["navigation"].as_str() {
        Some(navigation) => navigation.to_string(),
        None => text(params, "url").to_string(),
    }
}

fn downloaded(world: &World, params: &Value) {
    let (id, file) = (download(params), params["filepath"].as_str());
    world.log.write(|log| {
        let mut open = log.downloads.iter_mut().filter(|seen| seen.id == id);
        let open = open.find(|seen| seen.file.is_none() && seen.failed.is_none());
        let Some(seen) = open else { return };
        match (text(params, "status"), file) {
            ("complete", Some(file)) => seen.file = Some(file.into()),
            (status, _) => seen.failed = Some(format!("the download ended as {status}")),
        }
    });
}

fn dialog(line: &Line, world: &World, params: &Value) {
    let kind = text(params, "type");
    let told = world.read().dialogs.clone();
    // Nobody who navigates away wants to stay, unless a test says so.
    let (accept, with) = told.unwrap_or((kind == "beforeunload", None));
    let message = text(params, "message").to_string();
    let mut answer = json!({"context": params["context"], "accept": accept});
    if let (Some(with), "prompt") = (with, kind) {
        answer["userText"] = with.into();
    }
    line.tell(None, "browsingContext.handleUserPrompt", answer);
    let seen = DialogSeen { kind: kind.to_string(), message, accepted: accept };
    world.log.write(|log| log.dialogs.push(seen));
}
