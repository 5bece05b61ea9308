//! Writes requests into the log, and lets those that are held out, answers or refuses them as the
//! router says.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::clock::Clock;
use super::hub::text;
use super::world::World;
use crate::driver::browser::socket::Line;
use crate::driver::browser::{Asked, Decision, Given, RequestSeen};

/// How long the browser may take to hand out a body.
const BODY: Duration = Duration::from_secs(10);

/// The longest body that the browser keeps for us, bytes.
pub(super) const LONGEST: u64 = 64 << 20;

/// A request was sent, or is held.
pub(super) fn sent(line: &Line, world: &Arc<World>, clock: &Clock, params: &Value) {
    let request = &params["request"];
    let seen = RequestSeen {
        id: id(params),
        at: clock.at(request["timings"]["requestTime"].as_f64()),
        ended: None,
        method: text(request, "method").to_string(),
        url: text(request, "url").to_string(),
        kind: kind(text(request, "destination"), text(request, "initiatorType")).to_string(),
        headers: headers(&request["headers"]),
        sent: None,
        status: None,
        answer_headers: Vec::new(),
        body: None,
        bytes: 0,
        failed: None,
        stubbed: false,
    };
    // Streams of events never end: a page with one is idle all the same.
    if text(request, "initiatorType") != "eventsource" {
        world.write(|state| state.stir(text(params, "context"), &seen.id, true));
    }
    let held = params["isBlocked"] == true;
    let has_body = request["bodySize"].as_u64().unwrap_or(0) > 0;
    let asked = Held { id: seen.id.clone(), request: request.clone() };
    world.log.write(|log| log.requests.push(seen));
    if has_body {
        let (line, world) = (line.clone(), world.clone());
        tokio::spawn(async move {
            let body = body(&line, text(&asked.request, "request"), "request").await;
            if let Some(body) = &body {
                let sent = String::from_utf8(body.clone()).ok();
                change(&world, &asked.id, |seen| seen.sent = sent);
            }
            if held {
                decide(&line, &world, asked, body.as_deref());
            }
        });
    } else if held {
        decide(line, world, asked, None);
    }
}

/// An answer is complete.
pub(super) fn answered(line: &Line, world: &Arc<World>, clock: &Clock, params: &Value) {
    let (id, response) = (id(params), &params["response"]);
    let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let ended = clock.at(params["timestamp"].as_f64());
    change(world, &id, |seen| {
        seen.ended = Some(ended.max(seen.at));
        seen.status = status;
        seen.headers = headers(&params["request"]["headers"]);
        seen.answer_headers = headers(&response["headers"]);
        seen.bytes = response["bytesReceived"].as_u64().unwrap_or(0);
    });
    world.write(|state| state.stir(text(params, "context"), &id, false));
    let redirects = status.is_some_and(|status| (300..400).contains(&status));
    if world.keeps_bodies && !redirects {
        let request = text(&params["request"], "request").to_string();
        let (line, world) = (line.clone(), world.clone());
        tokio::spawn(async move {
            let body = body(&line, &request, "response").await;
            change(&world, &id, |seen| seen.body = body);
        });
    }
}

/// A request failed.
pub(super) fn failed(world: &World, clock: &Clock, params: &Value) {
    let id = id(params);
    let ended = clock.at(params["timestamp"].as_f64());
    change(world, &id, |seen| {
        seen.ended = Some(ended.max(seen.at));
        seen.failed = Some(text(params, "errorText").to_string());
    });
    world.write(|state| state.stir(text(params, "context"), &id, false));
}

/// Lets a request out that nobody decides about.
pub(super) fn let_out(line: &Line, params: &Value) {
    if params["isBlocked"] == true {
        let request = &params["request"]["request"];
        line.tell(None, "network.continueRequest", json!({"request": request}));
    }
}

/// A request that is held.
struct Held {
    id: String,
    request: Value,
}

fn decide(line: &Line, world: &Arc<World>, held: Held, body: Option<&[u8]>) {
    let url = text(&held.request, "url");
    let (holds, latency) = {
        let state = world.read();
        (state.holds, state.latency)
    };
    // What comes from no server (`data:`, `blob:`) is nothing to decide about.
    let decision = match holds && url.starts_with("http") {
        true => world.router.decide(&Asked { method: text(&held.request, "method"), url, body }),
        false => Decision::Pass(Duration::ZERO, Vec::new()),
    };
    let (delay, method, params) = match decision {
        Decision::Pass(delay, more) => {
            let mut params = json!({"request": held.request["request"]});
            if !more.is_empty() {
                params["headers"] = with_headers(&held.request["headers"], &more);
            }
            (delay.max(latency), "network.continueRequest", params)
        }
        Decision::Fulfil(delay, given) => {
            change(world, &held.id, |seen| seen.stubbed = true);
            (delay, "network.provideResponse", provided(&held.request["request"], &given))
        }
        Decision::Abort(delay) => {
            change(world, &held.id, |seen| seen.stubbed = true);
            (delay, "network.failRequest", json!({"request": held.request["request"]}))
        }
    };
    if delay.is_zero() {
        return line.tell(None, method, params);
    }
    let line = line.clone();
    tokio::spawn(async move {
        sleep(delay).await;
        line.tell(None, method, params);
    });
}

fn provided(request: &Value, given: &Given) -> Value {
    let headers: Vec<Value> =
        given.headers.iter().map(|(name, value)| header(name, value)).collect();
    json!({
        "request": request,
        "statusCode": given.status,
        "reasonPhrase": "",
        "headers": headers,
        "body": {"type": "base64", "value": STANDARD.encode(&given.body)},
    })
}

/// A request's headers with these in place of, or beside, its own.
fn with_headers(own: &Value, more: &[(String, String)]) -> Value {
    let replaced = |of: &Value| {
        let name = text(of, "name");
        more.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    };
    let own = own.as_array().into_iter().flatten().filter(|own| !replaced(own)).cloned();
    own.chain(more.iter().map(|(name, value)| header(name, value))).collect()
}

/// A header as BiDi writes it.
pub(super) fn header(name: &str, value: &str) -> Value {
    json!({"name": name, "value": {"type": "string", "value": value}})
}

fn headers(of: &Value) -> Vec<(String, String)> {
    let all = of.as_array().into_iter().flatten();
    all.map(|header| {
        let value = bytes(&header["value"]).unwrap_or_default();
        let value = String::from_utf8_lossy(&value).into_owned();
        (text(header, "name").to_lowercase(), value)
    })
    .collect()
}

/// What BiDi calls a bytes value.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    let held = value["value"].as_str()?;
    match text(value, "type") {
        "base64" => STANDARD.decode(held).ok(),
        _ => Some(held.as_bytes().to_vec()),
    }
}

async fn body(line: &Line, request: &str, of: &str) -> Option<Vec<u8>> {
    let params = json!({"request": request, "dataType": of});
    let given = line.call(None, "network.getData", params, Instant::now() + BODY).await.ok()?;
    bytes(&given["bytes"])
}

fn change(world: &World, id: &str, with: impl FnOnce(&mut RequestSeen)) {
    world.log.write(|log| {
        if let Some(seen) = log.requests.iter_mut().rev().find(|seen| seen.id == id) {
            with(seen);
        }
    });
}

/// Redirects of a request have its id; each gets one of its own.
fn id(params: &Value) -> String {
    let request = text(&params["request"], "request");
    match params["redirectCount"].as_u64().unwrap_or(0) {
        0 => request.to_string(),
        nth => format!("{request}/{nth}"),
    }
}

fn kind(destination: &str, initiator: &str) -> &'static str {
    match (destination, initiator) {
        ("document" | "iframe" | "frame", _) => "document",
        ("style", _) => "stylesheet",
        ("script" | "worker" | "sharedworker" | "serviceworker", _) => "script",
        ("image", _) => "image",
        ("font", _) => "font",
        (_, "fetch" | "xmlhttprequest" | "beacon") => "fetch",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_headers_take_the_place_of_those_with_their_name() {
        let own = json!([header("Accept", "*/*"), header("X-A", "1")]);
        let all = with_headers(&own, &[("x-a".to_string(), "2".to_string())]);
        assert_eq!(
            headers(&all),
            [("accept", "*/*"), ("x-a", "2")].map(|(a, b)| (a.to_string(), b.to_string()))
        );
    }

    #[test]
    fn redirects_of_a_request_have_ids_of_their_own() {
        let of = |nth| id(&json!({"request": {"request": "7"}, "redirectCount": nth}));
        assert_eq!([of(0), of(1), of(2)], ["7", "7/1", "7/2"]);
    }

    #[test]
    fn bodies_are_text_or_base64() {
        assert_eq!(bytes(&json!({"type": "string", "value": "é"})), Some("é".into()));
        assert_eq!(bytes(&json!({"type": "base64", "value": "AP8="})), Some(vec![0, 255]));
        assert_eq!(bytes(&json!({"type": "base64", "value": "?"})), None);
        assert_eq!(bytes(&json!(null)), None);
    }
}
