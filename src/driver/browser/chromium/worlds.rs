//! Runs JavaScript: functions of the page script in a world of their own, and the user's among the
//! page's own scripts.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::WORLD;
use super::context::{Context, State, World};
use super::fields::{is, some_text, text};
use crate::driver::browser::{OBJECT, SCRIPT, Trouble};

/// How long a document may be without a world of ours before one is made: the browser makes one
/// in each document that can run scripts.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long after the end of a document the answer to what was asked in it may come.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What the caller gives instead of an answer where the page script is missing.
const MISSING: &str = "__taster_missing";

/// Calls a function of the page script and gives its JSON.
pub(super) async fn call(
    context: &Context,
    frames: &[u64],
    function: &str,
    argument: &Value,
    by: Instant,
) -> Result<Value, Trouble> {
    let declaration = format!(
        "function (name, argument) {{ const script = globalThis.{OBJECT}; \
         return script ? script[name](argument) : {{ {MISSING}: true }}; }}"
    );
    let arguments = json!([{"value": function}, {"value": argument}]);
    let params = json!({"functionDeclaration": declaration, "arguments": arguments});
    loop {
        let (world, answer) = run(context, (frames, true), &params, by).await?;
        if !is(&answer, &format!("/{MISSING}")) {
            return Ok(answer);
        }
        bring(context, &world, by).await?;
    }
}

/// Calls the user's function, with one argument, as if the user had just clicked: some things a
/// page may only do then.
pub(super) async fn evaluate(
    context: &Context,
    frames: &[u64],
    function: &str,
    argument: &Value,
    by: Instant,
) -> Result<Value, Trouble> {
    // In brackets on lines of their own: an arrow function is none of its own here, and a comment
    // may end it.
    let declaration =
        format!("async function (argument) {{ return await (\n{function}\n)(argument); }}");
    let params = json!({"functionDeclaration": declaration, "arguments": [{"value": argument}],
        "userGesture": true});
    Ok(run(context, (frames, false), &params, by).await?.1)
}

/// The element with this handle, as CDP's `objectId`, with the session it is of.
pub(super) async fn element(
    context: &Context,
    frames: &[u64],
    handle: u64,
    by: Instant,
) -> Result<(String, String), Trouble> {
    let world = find(context, frames, true, by).await?;
    element_in(context, &world, handle, by).await
}

async fn element_in(
    context: &Context,
    world: &World,
    handle: u64,
    by: Instant,
) -> Result<(String, String), Trouble> {
    let declaration =
        format!("function (handle) {{ return globalThis.{OBJECT}?.element(handle); }}");
    let params = json!({"functionDeclaration": declaration, "arguments": [{"value": handle}],
        "uniqueContextId": world.unique});
    let answer = context.line.call(Some(&world.session), "Runtime.callFunctionOn", params, by);
    let answer = answer.await.map_err(|trouble| meant(context, world, trouble))?;
    match some_text(&answer, "/result/objectId") {
        Some(object) => Ok((world.session.clone(), object)),
        // Handles are of one document; what was kept in another one is gone with it.
        None => Err(Trouble::Navigated),
    }
}

/// The world of a document: that of the tab, or of the frame that the handles lead to.
async fn find(
    context: &Context,
    frames: &[u64],
    ours: bool,
    by: Instant,
) -> Result<World, Trouble> {
    let (tab, session) = context.current()?;
    let mut frame = tab.clone();
    for handle in frames {
        let around = world(context, (&tab, &session), &frame, true, by).await?;
        let (session, object) = element_in(context, &around, *handle, by).await?;
        let described = context
            .line
            .call(Some(&session), "DOM.describeNode", json!({"objectId": object}), by)
            .await
            .map_err(|trouble| meant(context, &around, trouble))?;
        context.line.tell(Some(&session), "Runtime.releaseObject", json!({"objectId": object}));
        frame = some_text(&described, "/node/frameId").ok_or_else(|| {
            let name = text(&described, "/node/localName");
            Trouble::Refused(format!("<{name}> is no frame with a document"))
        })?;
    }
    world(context, (&tab, &session), &frame, ours, by).await
}

/// Waits for the world of a frame; makes one of ours where there is none in time.
async fn world(
    context: &Context,
    (tab, session): (&str, &str),
    frame: &str,
    ours: bool,
    by: Instant,
) -> Result<World, Trouble> {
    let found = |soon| {
        context.until(soon, "a document that runs scripts", |state| {
            if let Err(trouble) = state.tab() {
                return Some(Err(trouble));
            }
            if !state.sessions.contains_key(session) {
                return Some(Err(Trouble::Navigated));
            }
            state.world(tab, frame, ours).map(|world| Ok(world.clone()))
        })
    };
    let soon = by.min(Instant::now() + PATIENCE);
    match found(soon).await {
        Err(Trouble::TimedOut(_)) if soon < by => {
            if ours {
                let params = json!({"frameId": frame, "worldName": WORLD});
                context.line.tell(Some(session), "Page.createIsolatedWorld", params);
            }
            found(by).await?
        }
        other => other?,
    }
}

/// Brings the page script into a world.
async fn bring(context: &Context, world: &World, by: Instant) -> Result<(), Trouble> {
    let script = format!("globalThis.{OBJECT} = ({SCRIPT}); undefined");
    let params = json!({"expression": script, "uniqueContextId": world.unique});
    let answer = context.line.call(Some(&world.session), "Runtime.evaluate", params, by).await;
    let answer = answer.map_err(|trouble| meant(context, world, trouble))?;
    thrown(&answer)
}

/// Calls a function in the world of a frame (`ours` or not), and waits for what it gives or for
/// the end of its document.
async fn run(
    context: &Context,
    (frames, ours): (&[u64], bool),
    params: &Value,
    by: Instant,
) -> Result<(World, Value), Trouble> {
    let mut params = params.clone();
    params["awaitPromise"] = true.into();
    params["returnByValue"] = true.into();
    loop {
        let world = find(context, frames, ours, by).await?;
        params["uniqueContextId"] = world.unique.as_str().into();
        let answer = match ask(context, &world, params.clone(), by).await {
            // The document went away before the function was called: the next one is asked.
            Err(Trouble::Refused(said)) if NEVER.iter().any(|words| said.contains(words)) => {
                context.write(|state| state.forget_world(&world));
                continue;
            }
            answer => answer.map_err(|trouble| meant(context, &world, trouble)),
        };
        if answer == Err(Trouble::Navigated) {
            // The end of a world may be told later than what ended with it.
            context.write(|state| state.forget_world(&world));
        }
        let mut answer = answer?;
        thrown(&answer)?;
        let value = answer.pointer_mut("/result/value").map(Value::take).unwrap_or_default();
        return Ok((world, value));
    }
}

async fn ask(
    context: &Context,
    world: &World,
    params: Value,
    by: Instant,
) -> Result<Value, Trouble> {
    let answer = context.line.send(Some(&world.session), "Runtime.callFunctionOn", params);
    let ended = async {
        let gone = |state: &State| (!state.has_world(world)).then_some(());
        context.until(by, "the script", gone).await?;
        // The answer says whether it was called at all, where there is one.
        sleep(LAST_WORDS).await;
        Err(Trouble::Navigated)
    };
    tokio::select! {
        biased;
        answer = answer => answer,
        ended = ended => ended,
        () = sleep_until(by) => Err(Trouble::TimedOut("the script took too long".to_string())),
    }
}

/// What a script threw.
fn thrown(answer: &Value) -> Result<(), Trouble> {
    let Some(details) = answer.get("exceptionDetails") else { return Ok(()) };
    Err(Trouble::Script(exception(details)))
}

/// The words of an exception, without the places it went through.
pub(super) fn exception(details: &Value) -> String {
    let described = text(details, "/exception/description");
    let described = described.split("\n    at ").next().unwrap_or_default();
    match (described, details.pointer("/exception/value")) {
        ("", Some(Value::String(value))) => value.clone(),
        ("", Some(value)) => value.to_string(),
        ("", None) => text(details, "/text").to_string(),
        (described, _) => described.to_string(),
    }
}

/// What the browser's refusal means: mostly that the document went away.
fn meant(context: &Context, world: &World, trouble: Trouble) -> Trouble {
    // Whatever it says, a crash is why.
    if let Err(gone) = context.read().tab() {
        return gone;
    }
    let Trouble::Refused(said) = &trouble else { return trouble };
    let has = |words: &[&str]| words.iter().any(|words| said.contains(words));
    if !context.read().has_world(world) || is_away(said) {
        return Trouble::Navigated;
    }
    if has(&["Promise was collected"]) {
        return Trouble::Script("its promise can never be settled".to_string());
    }
    if has(&["returned by value", "reference chain is too long"]) {
        return Trouble::Script("what it gives cannot be written as JSON".to_string());
    }
    trouble
}

/// Whether the browser says that what it was told about went away.
pub(super) fn is_away(said: &str) -> bool {
    AWAY.iter().any(|words| said.contains(words))
}

/// What the browser says when a function was never called, since its document was gone.
const NEVER: &[&str] = &["Cannot find context", "uniqueContextId not found"];

/// What the browser says when a document went away while something was asked of it.
const AWAY: &[&str] = &[
    "context was destroyed",
    "Cannot find context",
    "uniqueContextId not found",
    "target navigated or closed",
    "Session with given id not found",
    "No session with given id",
    "Target closed",
    "not attached to an active page",
];
