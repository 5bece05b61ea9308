//! Takes small pictures of the page that cost nearly nothing: the browser sends one as it draws,
//! nobody waits for it, and after the first it sends no more until it is asked again.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::context::Context;
use super::fields::text;

/// Asks for one.
pub(super) fn ask(context: &Arc<Context>) {
    let session = match context.read().tab() {
        Ok(tab) => tab.session.clone(),
        Err(_) => return,
    };
    let params = json!({"format": "jpeg", "quality": 45, "maxWidth": 320, "maxHeight": 320});
    drop(context.line.send(Some(&session), "Page.startScreencast", params));
}

/// It came.
pub(super) fn hear(context: &Arc<Context>, session: &str, params: &Value) {
    drop(context.line.send(Some(session), "Page.stopScreencast", json!({})));
    if let Ok(picture) = STANDARD.decode(text(params, "/data")) {
        let log = context.read().opening.log.clone();
        log.read().glance = Some(picture);
    }
}
