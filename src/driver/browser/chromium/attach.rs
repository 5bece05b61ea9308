//! Sets up what was attached to, before anything runs in it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::{Context, Kind};
use super::{WORLD, emulate};
use crate::driver::browser::socket::Answer;
use crate::driver::browser::{OBJECT, SCRIPT};

/// What shall be attached to.
const TYPES: [&str; 5] = ["page", "iframe", "worker", "shared_worker", "service_worker"];

/// How long a new tab may take to be set up. It is a wait for the browser's processes, not for a
/// page, and whoever waits for the tab has a deadline of his own.
const SETUP: Duration = Duration::from_secs(30);

/// Bodies up to this size are told with the request, bytes.
const POST_DATA: u64 = 1 << 20;

/// What a browser or a target is told to attach us to all that comes of it, before it runs.
pub(super) fn automatically() -> Value {
    let filter: Vec<Value> = TYPES.iter().map(|kind| json!({"type": kind})).collect();
    json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": filter})
}

/// Sets a target up and lets it run. A tab is `ready` when all of it has been done.
pub(super) fn prepare(context: &Arc<Context>, session: String, kind: Kind) {
    let answers = tell(context, &session, kind);
    if kind != Kind::Page {
        return;
    }
    let context = context.clone();
    tokio::spawn(async move {
        let by = Instant::now() + SETUP;
        for answer in answers {
            // What this browser does not know does not keep the tab from being used: what was
            // asked for by the scenario is asked again by `emulate`, and refused there.
            answer.by(by).await.ok();
        }
        context.write(|state| {
            if let Some(tab) = state.tab_by_session(&session) {
                tab.ready = true;
            }
        });
    });
}

fn tell(context: &Context, session: &str, kind: Kind) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut tell = |method: &str, params: Value| {
        answers.push(context.line.send(Some(session), method, params));
    };
    let state = context.read();
    if kind != Kind::Worker {
        tell("Page.enable", json!({}));
        tell("Page.setLifecycleEventsEnabled", json!({"enabled": true}));
        let source = format!("globalThis.{OBJECT} = ({SCRIPT});");
        let script = json!({"source": source, "worldName": WORLD, "runImmediately": true});
        tell("Page.addScriptToEvaluateOnNewDocument", script);
        // No window of the system asks for files, which nobody could answer.
        tell("Page.setInterceptFileChooserDialog", json!({"enabled": true}));
        tell("Log.enable", json!({}));
    }
    if kind == Kind::Page {
        tell("Emulation.setFocusEmulationEnabled", json!({"enabled": true}));
        // A page made beforehand would be another target, with nothing of ours in it.
        tell("Page.setPrerenderingAllowed", json!({"isAllowed": false}));
    }
    tell("Runtime.enable", json!({}));
    tell("Network.enable", json!({"maxPostDataSize": POST_DATA}));
    tell("Target.setAutoAttach", automatically());
    let pretends = emulate::commands(None, state.emulation(), kind, &context.agent);
    for (_, (method, params)) in pretends {
        tell(method, params);
    }
    if state.intercepts {
        tell("Fetch.enable", super::intercept::all());
    }
    tell("Runtime.runIfWaitingForDebugger", json!({}));
    answers
}
