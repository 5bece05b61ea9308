//! Finds out whether a page began to drag something: the system's own drag and drop would take the
//! pointer away, so the browser is told to hand it over.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::{Context, World};
use super::fields::is;
use crate::driver::browser::Trouble;

/// Remembers the event that begins a drag.
const WATCH: &str = "globalThis.__taster_drag = null; \
    window.addEventListener('dragstart', event => { globalThis.__taster_drag = event; }, \
    { capture: true, once: true }); undefined";

/// Whether there was one and the page let it begin.
const BEGUN: &str = "!!globalThis.__taster_drag && !globalThis.__taster_drag.defaultPrevented";

/// From now on a drag is seen and handed over.
pub(super) async fn watch(context: &Context, session: &str, by: Instant) {
    context.write(|state| state.drag = None);
    let on = json!({"enabled": true});
    let mut sent = vec![context.line.send(Some(session), "Input.setInterceptDrags", on)];
    for world in worlds(context) {
        sent.push(evaluate(context, &world, WATCH));
    }
    for answer in sent {
        // A frame that is gone drags nothing.
        answer.by(by).await.ok();
    }
}

/// What is dragged, once something is.
pub(super) async fn begun(context: &Context, by: Instant) -> Result<Option<Value>, Trouble> {
    let sent: Vec<_> =
        worlds(context).iter().map(|world| evaluate(context, world, BEGUN)).collect();
    let mut begun = context.read().drag.is_some();
    for answer in sent {
        begun |= answer.by(by).await.is_ok_and(|answer| is(&answer, "/result/value"));
    }
    if !begun {
        return Ok(None);
    }
    let taken = context.until(by, "dragging", |state| match state.tab() {
        Err(trouble) => Some(Err(trouble)),
        Ok(_) => state.drag.clone().map(Ok),
    });
    taken.await?.map(Some)
}

fn worlds(context: &Context) -> Vec<World> {
    let state = context.read();
    let Ok(tab) = state.tab() else { return Vec::new() };
    let sessions = state.sessions.values().filter(|session| session.tab == tab.target);
    sessions.flat_map(|session| &session.worlds).filter(|world| world.ours).cloned().collect()
}

fn evaluate(
    context: &Context,
    world: &World,
    expression: &str,
) -> crate::driver::browser::socket::Answer {
    let params = json!({"expression": expression, "uniqueContextId": world.unique,
        "returnByValue": true});
    context.line.send(Some(&world.session), "Runtime.evaluate", params)
}
