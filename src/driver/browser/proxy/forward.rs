//! Answers one request: from a stub, or from its server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use tokio::time::{Instant, sleep};

use super::body::{Body, Entry, Passage, pass, whole};
use super::{Attached, Failed, Net, Shared, inject, tunnel};
use crate::driver::browser::{Asked, Decision, Given, RequestSeen};

/// Headers that concern one connection only (RFC 9110, 7.6.1).
const OF_CONNECTION: &[&str] = &[
    "connection",
    "proxy-connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "proxy-authorization",
    "proxy-authenticate",
];

/// Answers a request of the browser.
pub(super) async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Failed> {
    if request.method() == Method::CONNECT {
        return tunnel::connect(&shared, request).await;
    }
    if request.uri().authority().is_none() {
        let mut refusal = Response::new(whole("this is a proxy"));
        *refusal.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(refusal);
    }
    let attached = shared.attached();
    if request.headers().contains_key("upgrade") {
        return tunnel::upgrade(request).await;
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let own = attached
        .as_ref()
        .and_then(|attached| shared.injection.own(&head.uri, &body, &attached.log));
    if let Some(blank) = own {
        return Ok(Response::builder().header("content-type", "text/html").body(whole(blank))?);
    }
    match attached {
        Some(attached) => watched(&shared, attached, (head, body)).await,
        None => {
            let (request, authority) = outgoing(&head, body, &[])?;
            let answer = shared.upstream.send(&authority, request).await?;
            Ok(answer.map(|body| body.map_err(Failed::from).boxed_unsync()))
        }
    }
}

/// A request of a page: noted, decided about, and sent if that is what becomes of it.
async fn watched(
    shared: &Shared,
    attached: Arc<Attached>,
    (head, body): (hyper::http::request::Parts, Bytes),
) -> Result<Response<Body>, Failed> {
    let number = shared.count.fetch_add(1, Ordering::Relaxed);
    let mut entry = Entry::new(&attached.log, seen(number, &head, &body));
    let net = shared.net().clone();
    let added = match decide(&attached, &net, &head, &body).await {
        Decision::Fulfil(delay, given) => {
            sleep(delay).await;
            return fulfil(given, entry, attached.keeps_bodies);
        }
        Decision::Abort(delay) => {
            sleep(delay).await;
            entry.write(|request| request.stubbed = true);
            entry.fail("aborted by a stub");
            return Err("aborted".into());
        }
        Decision::Pass(delay, added) => {
            sleep(delay).await;
            added
        }
    };
    if net.offline {
        entry.fail("offline");
        return Err("offline".into());
    }
    let throttle = net.throttle.unwrap_or_default();
    sleep(throttle.latency + time_for(body.len(), throttle.upload)).await;
    let added: Vec<_> = net.headers.iter().chain(&added).cloned().collect();
    let passage = Passage { entry, keeps: attached.keeps_bodies, rate: throttle.download };
    forward(shared, (&head, body), &added, passage).await
}

/// Sends a request to its server and passes the answer on.
async fn forward(
    shared: &Shared,
    (head, body): (&hyper::http::request::Parts, Bytes),
    added: &[(String, String)],
    mut passage: Passage,
) -> Result<Response<Body>, Failed> {
    let document = inject::is_document(&head.headers);
    let (request, authority) = outgoing(head, body, added)?;
    let answer = match shared.upstream.send(&authority, request).await {
        Ok(answer) => answer,
        Err(failed) => {
            passage.entry.fail(&failed.to_string());
            return Err(failed);
        }
    };
    passage.entry.write(|request| {
        request.status = Some(answer.status().as_u16());
        request.answer_headers = pairs(answer.headers());
    });
    let (mut head, body) = answer.into_parts();
    strip(&mut head.headers);
    let body = match document && inject::is_html(&head) {
        true => shared.injection.add(&mut head, pass(body, passage)),
        false => pass(body, passage),
    };
    Ok(Response::from_parts(head, body))
}

async fn decide(
    attached: &Attached,
    net: &Net,
    head: &hyper::http::request::Parts,
    body: &Bytes,
) -> Decision {
    if !net.intercepts {
        return Decision::Pass(Duration::ZERO, Vec::new());
    }
    let url = head.uri.to_string();
    let body = (!body.is_empty()).then_some(body.as_ref());
    attached.router.decide(&Asked { method: head.method.as_str(), url: &url, body })
}

fn time_for(bytes: usize, rate: u64) -> Duration {
    let micros = (bytes as u64 * 1_000_000).checked_div(rate).unwrap_or(0);
    Duration::from_micros(micros)
}

/// The request as it is for the log.
fn seen(number: u64, head: &hyper::http::request::Parts, body: &Bytes) -> RequestSeen {
    let sent = (!body.is_empty()).then(|| std::str::from_utf8(body).ok().map(str::to_string));
    RequestSeen {
        id: number.to_string(),
        at: Instant::now(),
        ended: None,
        method: head.method.to_string(),
        url: head.uri.to_string(),
        kind: kind(&head.headers).to_string(),
        headers: pairs(&head.headers),
        sent: sent.flatten(),
        status: None,
        answer_headers: Vec::new(),
        body: None,
        bytes: 0,
        failed: None,
        stubbed: false,
    }
}

/// What the browser wants it for, by what it says itself (Fetch Metadata).
fn kind(headers: &HeaderMap) -> &'static str {
    let told = headers.get("sec-fetch-dest").and_then(|value| value.to_str().ok());
    match told {
        Some("document" | "iframe" | "frame") => "document",
        Some("style") => "stylesheet",
        Some("script" | "worker" | "sharedworker" | "serviceworker") => "script",
        Some("image") => "image",
        Some("font") => "font",
        Some("empty") => "fetch",
        Some(_) => "other",
        None if inject::is_document(headers) => "document",
        None => "other",
    }
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_string(), text(value))).collect()
}

fn strip(headers: &mut HeaderMap) {
    // Whatever else the header `connection` names concerns this connection as well.
    let named: Vec<String> = headers
        .get_all("connection")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    for name in OF_CONNECTION.iter().copied().chain(named.iter().map(String::as_str)) {
        headers.remove(name);
    }
}

/// The request as its server gets it, and where that is.
fn outgoing(
    head: &hyper::http::request::Parts,
    body: Bytes,
    added: &[(String, String)],
) -> Result<(Request<Full<Bytes>>, String), Failed> {
    let authority = head.uri.authority().ok_or("a request without a host")?;
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = path.parse::<Uri>()?;
    let mut headers = head.headers.clone();
    strip(&mut headers);
    if inject::is_document(&headers) {
        // A document is changed on its way: it must come as it is.
        headers.insert("accept-encoding", HeaderValue::from_static("identity"));
    }
    for (name, value) in added {
        headers.insert(HeaderName::try_from(name.as_str())?, HeaderValue::try_from(value)?);
    }
    if !headers.contains_key("host") {
        headers.insert("host", HeaderValue::try_from(authority.as_str())?);
    }
    *request.headers_mut() = headers;
    let port = authority.port_u16().unwrap_or(80);
    Ok((request, format!("{}:{port}", authority.host())))
}

/// An answer that no server gave.
fn fulfil(given: Given, mut entry: Entry, keeps: bool) -> Result<Response<Body>, Failed> {
    let mut answer = Response::new(whole(given.body.clone()));
    *answer.status_mut() = StatusCode::from_u16(given.status)?;
    for (name, value) in &given.headers {
        // Its length and its coding are those of what is sent now.
        let ours = ["content-length", "transfer-encoding", "connection"];
        if ours.iter().all(|own| !name.eq_ignore_ascii_case(own)) {
            let name = HeaderName::try_from(name.as_str())?;
            answer.headers_mut().append(name, HeaderValue::try_from(value)?);
        }
    }
    entry.write(|request| {
        request.stubbed = true;
        request.status = Some(given.status);
        request.answer_headers = pairs(answer.headers());
        request.bytes = given.body.len() as u64;
    });
    entry.end(keeps.then_some(given.body));
    Ok(answer)
}
