//! The edge of the service: what every request gets, whatever its route says.
//!
//! Here requests get their id, faults strike, and every answer is timed and counted.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::database::Call;
use super::injection::Instead;
use super::reply::Refusal;
use super::{App, identity};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// A timer is not later than this.
const TIMER_STEPS: Duration = Duration::from_millis(2);

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped by a fault")]
pub(super) struct Dropped;

/// Answers one request.
pub(super) async fn answer(
    app: Arc<App>,
    routes: Router,
    mut request: Request<Incoming>,
) -> Result<Response, Dropped> {
    let began = Instant::now();
    let method = request.method().clone();
    let id = request_id(&request);
    let injected = app.injection.draw(&method, request.uri().path());
    if !injected.delay.is_zero() {
        tokio::time::sleep(injected.delay).await;
    }
    let call = Call {
        database_down: injected.database_down,
        unauthorized: injected.unauthorized,
        defects: injected.defects,
        ..Call::default()
    };
    let spent_nanos = Arc::clone(&call.spent_nanos);
    let mut response = match injected.instead {
        Some(instead) => give(instead)?,
        None => {
            request.extensions_mut().insert(call);
            match TowerToHyperService::new(routes).call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    };
    if injected.stretch > 0.0 {
        stretch(began, injected.stretch).await;
    }
    let nanos = spent_nanos.load(Ordering::Relaxed);
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.insert(SERVER_TIMING, server_timing(nanos));
    app.metrics.count(label(&method), response.status().as_u16(), began.elapsed(), nanos);
    Ok(response)
}

/// Waits for so large a share of the time that has passed since `began`.
///
/// Most answers take less than a millisecond, which is the smallest step of a timer: the end of
/// the wait is spent awake, while others are served.
async fn stretch(began: Instant, share: f64) {
    let now = Instant::now();
    let length = now.duration_since(began).mul_f64(share);
    if let Some(coarse) = length.checked_sub(TIMER_STEPS) {
        tokio::time::sleep(coarse).await;
    }
    while now.elapsed() < length {
        tokio::task::yield_now().await;
    }
}

fn give(instead: Instead) -> Result<Response, Dropped> {
    match instead {
        Instead::Nothing => Err(Dropped),
        Instead::Html => Ok(error_page(StatusCode::OK)),
        Instead::Html502 => Ok(error_page(StatusCode::BAD_GATEWAY)),
        Instead::Error => Ok(Refusal::internal().into_response()),
        Instead::NotFound => Ok(Refusal::not_found("route").into_response()),
        Instead::TooMany { retry_after } => Ok(Refusal::too_many(retry_after).into_response()),
    }
}

/// What a proxy shows when the service behind it is gone.
fn error_page(status: StatusCode) -> Response {
    let page = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body>\
        <center><h1>502 Bad Gateway</h1></center><hr></body></html>\n";
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], Body::from(page)).into_response()
}

/// The id that the client gave, so that its log and ours speak of the same; or a new one.
fn request_id(request: &Request<Incoming>) -> HeaderValue {
    let usable = |id: &&HeaderValue| {
        (1..=64).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    match request.headers().get(REQUEST_ID).filter(usable) {
        Some(id) => id.clone(),
        None => HeaderValue::try_from(identity::new_id())
            .unwrap_or_else(|_| HeaderValue::from_static("none")),
    }
}

fn server_timing(nanos: u64) -> HeaderValue {
    let millis = Duration::from_nanos(nanos).as_secs_f64() * 1e3;
    HeaderValue::try_from(format!("db;dur={millis:.3}"))
        .unwrap_or_else(|_| HeaderValue::from_static("db;dur=0"))
}

/// Clients may send any method; only so many become a label.
fn label(method: &Method) -> &str {
    match *method {
        Method::GET | Method::HEAD | Method::POST => method.as_str(),
        Method::PUT | Method::PATCH | Method::DELETE => method.as_str(),
        _ => "other",
    }
}
