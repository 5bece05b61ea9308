//! Answers dialogs at once, by what the scenario said, even while a command waits.

use serde_json::{Value, json};

use super::context::Context;
use super::fields::text;
use crate::driver::browser::DialogSeen;

/// A dialog opened.
pub(super) fn opens(context: &Context, session: &str, params: &Value) {
    let kind = text(params, "/type").to_string();
    let answer = context.read().dialogs.clone();
    // A page that asks whether it may be left would hold up each `goto`: unless the scenario says
    // otherwise it may.
    let (accepted, with) = answer.unwrap_or((kind == "beforeunload", None));
    let mut reply = json!({"accept": accepted});
    if let (true, "prompt") = (accepted, kind.as_str()) {
        reply["promptText"] = with.unwrap_or(text(params, "/defaultPrompt").to_string()).into();
    }
    context.line.tell(Some(session), "Page.handleJavaScriptDialog", reply);
    let message = text(params, "/message").to_string();
    let log = context.log();
    log.write(|log| log.dialogs.push(DialogSeen { kind, message, accepted }));
}
