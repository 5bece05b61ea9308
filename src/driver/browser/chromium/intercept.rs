//! Holds requests until the router has said what becomes of them.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::context::Context;
use super::fields::text;
use super::network;
use crate::driver::browser::{Asked, Decision, Given, Router, Trouble};

/// What `Fetch.enable` is told: all requests are held.
pub(super) fn all() -> Value {
    json!({"patterns": [{"urlPattern": "*"}]})
}

/// A request is held.
pub(super) fn paused(context: &Arc<Context>, session: &str, params: &Value) {
    let router = context.read().opening.router.clone();
    if let Some(allowed) = allowed_beforehand(&router, params) {
        context.line.tell(Some(session), "Fetch.fulfillRequest", allowed);
        return;
    }
    let body = body(params);
    let asked = Asked {
        method: text(params, "/request/method"),
        url: text(params, "/request/url"),
        body: body.as_deref(),
    };
    let (delay, method, what) = match router.decide(&asked) {
        Decision::Pass(delay, added) => {
            let mut what = json!({});
            if !added.is_empty() {
                what["headers"] = with(&params["request"]["headers"], &added);
            }
            (delay, "Fetch.continueRequest", what)
        }
        Decision::Fulfil(delay, given) => {
            network::stubbed(context, text(params, "/networkId"));
            (delay, "Fetch.fulfillRequest", fulfilled(given, params))
        }
        Decision::Abort(delay) => {
            network::stubbed(context, text(params, "/networkId"));
            (delay, "Fetch.failRequest", json!({"errorReason": "ConnectionRefused"}))
        }
    };
    let mut what = what;
    what["requestId"] = params["requestId"].clone();
    if delay == Duration::ZERO {
        context.line.tell(Some(session), method, what);
        return;
    }
    let (line, session) = (context.line.clone(), session.to_string());
    tokio::spawn(async move {
        sleep(delay).await;
        line.tell(Some(&session), method, what);
    });
}

/// The body, in whose pieces the browser tells bytes that are no text.
fn body(params: &Value) -> Option<Vec<u8>> {
    let pieces = params.pointer("/request/postDataEntries").and_then(Value::as_array);
    let pieces = pieces.map(|pieces| {
        pieces.iter().flat_map(|piece| STANDARD.decode(text(piece, "/bytes")).unwrap_or_default())
    });
    match pieces {
        Some(pieces) => Some(pieces.collect()),
        None => Some(text(params, "/request/postData").as_bytes().to_vec())
            .filter(|body| !body.is_empty()),
    }
}

/// The request's headers with others added; one of the same name is replaced.
fn with(headers: &Value, added: &[(String, String)]) -> Value {
    let is_added = |name: &str| added.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    let kept = headers.as_object().into_iter().flatten().filter(|(name, _)| !is_added(name));
    let kept = kept.map(|(name, value)| json!({"name": name, "value": value}));
    let added = added.iter().map(|(name, value)| json!({"name": name, "value": value}));
    kept.chain(added).collect()
}

/// A browser asks another origin beforehand whether a request may be sent. Where the request
/// itself will never reach that origin, this does not either and is allowed; else it goes out.
fn allowed_beforehand(router: &Router, params: &Value) -> Option<Value> {
    let header = |name: &str| header(params, name);
    let method = header("access-control-request-method")?;
    let asked = Asked { method, url: text(params, "/request/url"), body: None };
    if text(params, "/request/method") != "OPTIONS" || !router.stands_in(&asked) {
        return None;
    }
    let headers = [
        ("Access-Control-Allow-Origin", header("origin").unwrap_or("*")),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", method),
        ("Access-Control-Allow-Headers", header("access-control-request-headers").unwrap_or("")),
    ];
    let headers = headers.map(|(name, value)| json!({"name": name, "value": value}));
    Some(json!({"requestId": params["requestId"], "responseCode": 204,
        "responseHeaders": headers}))
}

/// A header of the request.
fn header<'a>(params: &'a Value, name: &str) -> Option<&'a str> {
    let headers = params.pointer("/request/headers").and_then(Value::as_object)?;
    let (_, value) = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    value.as_str()
}

fn fulfilled(mut given: Given, params: &Value) -> Value {
    let allow = "Access-Control-Allow-Origin";
    let decided = given.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(allow));
    // Whoever stubs another origin wants the page to get it.
    if let (Some(origin), false) = (header(params, "origin"), decided) {
        given.headers.push((allow.to_string(), origin.to_string()));
        given.headers.push(("Access-Control-Allow-Credentials".to_string(), "true".to_string()));
    }
    let headers: Vec<Value> =
        given.headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"responseCode": given.status, "responseHeaders": headers,
           "body": STANDARD.encode(&given.body)})
}

/// Holds all requests of the context from now on, or none any more.
pub(super) async fn set(context: &Context, on: bool, by: Instant) -> Result<(), Trouble> {
    let sent: Vec<_> = context.write(|state| {
        if state.intercepts == on {
            return Vec::new();
        }
        state.intercepts = on;
        let tell = |session: &String| match on {
            true => context.line.send(Some(session), "Fetch.enable", all()),
            false => context.line.send(Some(session), "Fetch.disable", json!({})),
        };
        state.sessions.keys().map(tell).collect()
    });
    for answer in sent {
        match answer.by(by).await {
            // A target that went away asks for nothing, and some workers never do.
            Ok(_) | Err(Trouble::Navigated | Trouble::Refused(_)) => {}
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(())
}
