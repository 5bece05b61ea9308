//! The endpoint that a Prometheus reads while a run goes on.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;

use super::{Shared, over};
use crate::report::Exposition;

/// How long an answer that was begun may still take at the end.
const GRACE: Duration = Duration::from_secs(1);

/// What requests share.
#[derive(Clone)]
struct Endpoint {
    shared: Arc<Shared>,
    ended: watch::Receiver<bool>,
    /// The last text of each form, with the version it is of: however often it is asked for, it is
    /// written once a second.
    last: Arc<Mutex<[(u64, String); 2]>>,
}

/// Answers until the run is over, and then until it was read once more, at most for the linger.
pub(super) async fn serve(
    listener: Option<TcpListener>,
    shared: &Arc<Shared>,
    linger: Duration,
    mut ended: watch::Receiver<bool>,
) {
    let Some(listener) = listener else { return };
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return shared.tell(format!("metrics: cannot listen any more: {error}")),
    };
    let last = Arc::default();
    let endpoint = Endpoint { shared: Arc::clone(shared), ended: ended.clone(), last };
    let routes = Router::new().route("/metrics", get(metrics)).route("/", get(hint));
    let (close, mut closed) = watch::channel(());
    let closing = async move {
        // An error is the end as well.
        let _ = closed.changed().await;
    };
    let serving = axum::serve(listener, routes.with_state(endpoint));
    let serving = tokio::spawn(serving.with_graceful_shutdown(closing).into_future());
    if over(&mut ended).await {
        let _ = tokio::time::timeout(linger, shared.read.notified()).await;
    }
    drop(close);
    let _ = tokio::time::timeout(GRACE, serving).await;
}

async fn hint() -> &'static str {
    "Taster's metrics are at /metrics\n"
}

async fn metrics(State(endpoint): State<Endpoint>, headers: HeaderMap) -> Response {
    let form = form(&headers);
    let over = *endpoint.ended.borrow();
    let text = endpoint.text(form);
    if over {
        endpoint.shared.read.notify_one();
    }
    ([(CONTENT_TYPE, form.content_type())], text).into_response()
}

/// The newer form for whoever says that he reads it.
fn form(headers: &HeaderMap) -> Exposition {
    let asked = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    match asked.flat_map(|accept| accept.split(',')).any(reads_openmetrics) {
        true => Exposition::OpenMetrics,
        false => Exposition::Prometheus,
    }
}

fn reads_openmetrics(accept: &str) -> bool {
    let mut parts = accept.split(';').map(str::trim);
    let named = parts.next().is_some_and(|kind| kind == "application/openmetrics-text");
    named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "version=0.0.1"))
}

impl Endpoint {
    fn text(&self, form: Exposition) -> String {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut last[usize::from(form == Exposition::OpenMetrics)];
        let meters = self.shared.meters();
        // The verdict comes without an entry, so the end is a version of its own.
        let version = 2 * meters.version + u64::from(meters.readings.verdict.is_some()) + 1;
        if kept.0 != version {
            *kept = (version, form.write(&meters.readings));
        }
        kept.1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_form_is_for_who_asks_for_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0,\
                          application/openmetrics-text;version=0.0.1;q=0.75,\
                          text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        for (accept, is) in [
            (prometheus, Exposition::OpenMetrics),
            ("application/openmetrics-text", Exposition::OpenMetrics),
            ("text/plain;version=0.0.4", Exposition::Prometheus),
            ("application/openmetrics-text; q=0, text/plain", Exposition::Prometheus),
            ("*/*", Exposition::Prometheus),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, accept.parse().unwrap())]);
            assert_eq!(form(&headers), is, "{accept}");
        }
        assert_eq!(form(&HeaderMap::new()), Exposition::Prometheus);
    }
}
