//! Keeps a small picture of the page at hand: the browser sends one when something has changed,
//! and the next one only when this one was taken. So a step gets its picture without asking.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::context::Context;
use super::fields::text;

/// At most so many pictures a second: drawing them is work that the page waits for.
const BETWEEN: Duration = Duration::from_millis(100);

/// The command that begins it.
pub(super) fn begin() -> (&'static str, Value) {
    let params = json!({"format": "jpeg", "quality": 45, "maxWidth": 320, "maxHeight": 320});
    ("Page.startScreencast", params)
}

/// A picture came.
pub(super) fn hear(context: &Arc<Context>, session: &str, params: &Value) {
    if let Ok(picture) = STANDARD.decode(text(params, "/data")) {
        let log = context.read().opening.log.clone();
        log.read().glance = Some(picture);
    }
    let (line, session) = (context.line.clone(), session.to_string());
    let taken = json!({"sessionId": params["sessionId"]});
    tokio::spawn(async move {
        sleep(BETWEEN).await;
        // Nobody waits for the answer.
        drop(line.send(Some(&session), "Page.screencastFrameAck", taken));
    });
}
