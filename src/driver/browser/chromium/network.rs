//! Follows requests: into the log for those who explain, and which are on their way for those who
//! wait.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::Context;
use super::fields::{is, number, some_text, text};
use crate::driver::browser::{RequestSeen, SharedLog};

/// How long a body may take from the browser to us.
const BODY: Duration = Duration::from_secs(10);

/// What is known of requests beside the log.
pub(super) struct Traffic {
    /// When it was first looked at.
    began: Instant,
    /// Requests on their way, by id.
    flights: HashMap<String, Flight>,
    /// When a tab's requests last began or ended.
    last: HashMap<String, Instant>,
    hops: HashMap<String, Hops>,
    /// Requests that a stub or a HAR answered or refused.
    stubbed: HashSet<String>,
    /// The instant of the browser's time 0, as early as it was ever seen.
    origin: Option<Instant>,
    /// Bodies on their way to the log.
    pub bodies: usize,
}

struct Flight {
    tab: String,
    loader: String,
    url: String,
    began: Instant,
}

/// A request and its redirects: the nth is told of by the nth event of each kind.
#[derive(Default)]
struct Hops {
    seen: usize,
    sent: usize,
    answered: usize,
    /// Headers that were told of before their request.
    early: HashMap<usize, Headers>,
    /// Those whose answer's headers are known as they came over the network.
    whole: HashSet<usize>,
}

type Headers = Vec<(String, String)>;

impl Traffic {
    pub fn new() -> Traffic {
        Traffic {
            began: Instant::now(),
            flights: HashMap::new(),
            last: HashMap::new(),
            hops: HashMap::new(),
            stubbed: HashSet::new(),
            origin: None,
            bodies: 0,
        }
    }

    /// Since when a tab has no request on its way; none while it has.
    pub fn quiet_since(&self, tab: &str) -> Option<Instant> {
        let busy = self.flights.values().any(|flight| flight.tab == tab);
        let last = self.last.get(tab).copied();
        (!busy).then(|| last.unwrap_or(self.began))
    }

    /// The URL of the tab's request that has been on its way longest.
    pub fn oldest(&self, tab: &str) -> Option<&str> {
        let flights = self.flights.values().filter(|flight| flight.tab == tab);
        flights.min_by_key(|flight| flight.began).map(|flight| flight.url.as_str())
    }

    /// A tab has a new document: what the one before asked for ends with it, often unsaid.
    pub fn document_came(&mut self, tab: &str, loader: &str) {
        self.flights.retain(|_, flight| flight.tab != tab || flight.loader == loader);
        self.last.insert(tab.to_string(), Instant::now());
    }

    /// A stub or a HAR stands for the network here.
    pub fn stub(&mut self, id: &str) {
        self.stubbed.insert(id.to_string());
    }

    /// The browser's clock in ours. Events are late at times and never early, so the earliest
    /// origin is the best.
    fn instant(&mut self, params: &Value) -> Instant {
        let now = Instant::now();
        let seconds = Duration::try_from_secs_f64(number(params, "/timestamp"));
        let Ok(seconds) = seconds else { return now };
        let Some(origin) = now.checked_sub(seconds) else { return now };
        let origin = self.origin.map_or(origin, |known| known.min(origin));
        self.origin = Some(origin);
        origin + seconds
    }

    fn ends(&mut self, id: &str) {
        if let Some(flight) = self.flights.remove(id) {
            self.last.insert(flight.tab, Instant::now());
        }
    }
}

/// Hears an event of the Network domain.
pub(super) fn hear(context: &Arc<Context>, session: &str, method: &str, params: &Value) {
    let id = text(params, "/requestId");
    match method {
        "Network.requestWillBeSent" => sent(context, session, params),
        "Network.requestWillBeSentExtraInfo" => {
            let headers = headers(&params["headers"]);
            let at = context.write(|state| {
                let hops = state.traffic.hops.entry(id.to_string()).or_default();
                let at = hops.sent;
                hops.sent += 1;
                if hops.seen <= at {
                    hops.early.insert(at, headers.clone());
                }
                at
            });
            amend(context, &nth(id, at), |seen| seen.headers = headers);
        }
        "Network.responseReceivedExtraInfo" => {
            let at = context.write(|state| {
                let hops = state.traffic.hops.entry(id.to_string()).or_default();
                let at = hops.answered;
                hops.answered += 1;
                hops.whole.insert(at);
                at
            });
            let headers = headers(&params["headers"]);
            amend(context, &nth(id, at), |seen| seen.answer_headers = headers);
        }
        "Network.responseReceived" => {
            let last = last(context, id);
            answered(context, id, last, &params["response"]);
        }
        "Network.loadingFinished" => {
            let (ended, keeps) = context.write(|state| {
                state.traffic.ends(id);
                (state.traffic.instant(params), state.opening.keeps_bodies)
            });
            let seen = nth(id, last(context, id));
            amend(context, &seen, |seen| {
                seen.ended = Some(ended);
                seen.bytes = bytes(params, "/encodedDataLength");
            });
            if keeps {
                fetch_body(context, session, id, seen);
            }
        }
        "Network.loadingFailed" => {
            let ended = context.write(|state| {
                state.traffic.ends(id);
                state.traffic.instant(params)
            });
            let mut why = text(params, "/errorText").to_string();
            for reason in ["/blockedReason", "/corsErrorStatus/corsError"] {
                if let Some(reason) = some_text(params, reason) {
                    why = format!("{why} ({reason})");
                }
            }
            amend(context, &nth(id, last(context, id)), |seen| {
                seen.ended = Some(ended);
                seen.failed = Some(why);
            });
        }
        _ => {}
    }
}

fn sent(context: &Arc<Context>, session: &str, params: &Value) {
    let id = text(params, "/requestId");
    let url = text(params, "/request/url");
    if url.starts_with("data:") || (text(params, "/type") == "Other" && is_favicon(url)) {
        return;
    }
    let redirect = params.get("redirectResponse").filter(|redirect| redirect.is_object());
    if let Some(redirect) = redirect {
        let before = last(context, id);
        answered(context, id, before, redirect);
        let at = context.write(|state| {
            if !is(params, "/redirectHasExtraInfo")
                && let Some(hops) = state.traffic.hops.get_mut(id)
            {
                // No network was asked, so nothing more is told of this one.
                (hops.sent, hops.answered) = (hops.seen, hops.seen);
            }
            state.traffic.instant(params)
        });
        amend(context, &nth(id, before), |seen| seen.ended = Some(at));
    }
    let kind = text(params, "/type");
    let (at, began, early, stubbed) = context.write(|state| {
        let tab = state.sessions.get(session).map(|session| session.tab.clone());
        let began = state.traffic.instant(params);
        let flight = Flight {
            tab: tab.unwrap_or_default(),
            loader: text(params, "/loaderId").to_string(),
            url: url.to_string(),
            began,
        };
        let traffic = &mut state.traffic;
        traffic.last.insert(flight.tab.clone(), Instant::now());
        // A stream of events never ends, and no page is busy because of it.
        if kind != "EventSource" {
            traffic.flights.insert(id.to_string(), flight);
        }
        let hops = traffic.hops.entry(id.to_string()).or_default();
        let at = hops.seen;
        hops.seen += 1;
        (at, began, hops.early.remove(&at), traffic.stubbed.contains(id))
    });
    let seen = RequestSeen {
        id: nth(id, at),
        at: began,
        ended: None,
        method: text(params, "/request/method").to_string(),
        url: url.to_string() + text(params, "/request/urlFragment"),
        kind: named(kind).to_string(),
        headers: early.unwrap_or_else(|| headers(&params["request"]["headers"])),
        sent: some_text(params, "/request/postData"),
        status: None,
        answer_headers: Vec::new(),
        body: None,
        bytes: 0,
        failed: None,
        stubbed,
    };
    context.log().write(|log| log.requests.push(seen));
}

fn answered(context: &Context, id: &str, at: usize, response: &Value) {
    let whole = context.read().traffic.hops.get(id).is_some_and(|hops| hops.whole.contains(&at));
    let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    amend(context, &nth(id, at), |seen| {
        seen.status = status;
        seen.bytes = bytes(response, "/encodedDataLength");
        if !whole || seen.answer_headers.is_empty() {
            seen.answer_headers = headers(&response["headers"]);
        }
    });
}

/// A stub or a HAR decided about a request.
pub(super) fn stubbed(context: &Context, id: &str) {
    context.write(|state| state.traffic.stub(id));
    amend(context, &nth(id, last(context, id)), |seen| seen.stubbed = true);
}

fn last(context: &Context, id: &str) -> usize {
    let state = context.read();
    state.traffic.hops.get(id).map_or(0, |hops| hops.seen.saturating_sub(1))
}

fn nth(id: &str, at: usize) -> String {
    if at == 0 { id.to_string() } else { format!("{id}/{at}") }
}

fn amend(context: &Context, id: &str, with: impl FnOnce(&mut RequestSeen)) {
    let log: SharedLog = context.log();
    log.write(|log| log.requests.iter_mut().rev().find(|seen| seen.id == id).map(with));
}

/// Takes a body from the browser before it forgets it.
fn fetch_body(context: &Arc<Context>, session: &str, id: &str, seen: String) {
    let asked =
        context.line.send(Some(session), "Network.getResponseBody", json!({"requestId": id}));
    context.write(|state| state.traffic.bodies += 1);
    let context = context.clone();
    tokio::spawn(async move {
        // Some answers have none, such as redirects and what a crashed tab asked for.
        if let Ok(answer) = asked.by(Instant::now() + BODY).await {
            let body = text(&answer, "/body");
            let body = match is(&answer, "/base64Encoded") {
                true => STANDARD.decode(body).unwrap_or_default(),
                false => body.as_bytes().to_vec(),
            };
            amend(&context, &seen, |seen| seen.body = Some(body));
        }
        context.write(|state| state.traffic.bodies -= 1);
    });
}

/// Headers with names in lower case; what came several times stands several times.
pub(super) fn headers(headers: &Value) -> Headers {
    let fields = headers.as_object().into_iter().flatten();
    let fields = fields.flat_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let values = value.as_str().unwrap_or_default().split('\n');
        values.map(move |value| (name.clone(), value.to_string())).collect::<Vec<_>>()
    });
    fields.collect()
}

fn bytes(params: &Value, pointer: &str) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length")]
    let bytes = number(params, pointer).max(0.0) as u64;
    bytes
}

/// The browser asks for it by itself; that there is none is no fault of the page.
pub(super) fn is_favicon(url: &str) -> bool {
    url.split(['?', '#']).next().is_some_and(|path| path.ends_with("/favicon.ico"))
}

/// CDP's resource type in the log's words.
fn named(kind: &str) -> &'static str {
    match kind {
        "Document" => "document",
        "Stylesheet" => "stylesheet",
        "Script" => "script",
        "Image" => "image",
        "Font" => "font",
        "XHR" | "Fetch" | "EventSource" => "fetch",
        _ => "other",
    }
}
