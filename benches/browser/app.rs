//! Serves the pages that both tools try: a list behind a sign-in, a counter, and a text that
//! changes after a while.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

/// The lists, by session.
type Lists = Arc<Mutex<HashMap<String, Vec<String>>>>;

/// Serves on a free port of this machine until the process ends.
///
/// # Errors
/// When there is no port.
pub async fn serve() -> std::io::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = Router::new()
        .route("/", get(|| async { page("Sign in", SIGN_IN) }))
        .route("/signin", post(sign_in))
        .route("/items", get(items).post(add))
        .route("/counter", get(|| async { page("Counter", COUNTER) }))
        .route("/later", get(|| async { page("Later", LATER) }))
        .with_state(Lists::default());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

const SIGN_IN: &str = r#"<form method="post" action="/signin"><label>User <input name="user"></label>
<label>Password <input name="password" type="password"></label><button>Sign in</button></form>"#;

const COUNTER: &str = r#"<p id="count">0</p><button>Count</button><script>
let n = 0;
document.querySelector('button').addEventListener('click', () => {
  document.querySelector('#count').textContent = String(++n);
});</script>"#;

/// `?after=MS`: the text changes so long after the page was loaded, and the page keeps when.
const LATER: &str = r#"<p id="state">waiting</p><script>
const after = Number(new URLSearchParams(location.search).get('after'));
setTimeout(() => {
  document.querySelector('#state').textContent = 'done';
  window.changed = performance.timeOrigin + performance.now();
}, after);</script>"#;

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><title>{title}</title><link rel=\"icon\" href=\"data:,\">\
         <h1>{title}</h1>{body}</html>"
    ))
}

async fn sign_in(State(lists): State<Lists>, body: Bytes) -> Response {
    let user = field(&body, "user");
    if field(&body, "password") != "secret" {
        return (StatusCode::FORBIDDEN, page("Wrong password", "")).into_response();
    }
    let mut lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
    let session = format!("{user}-{}", lists.len());
    lists.insert(session.clone(), vec!["milk".to_string()]);
    let cookie = format!("session={session}; Path=/; HttpOnly; SameSite=Lax");
    let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, "/items".to_string())];
    (StatusCode::SEE_OTHER, headers).into_response()
}

async fn items(State(lists): State<Lists>, headers: HeaderMap) -> Response {
    let lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
    match session(&headers).and_then(|session| lists.get(&session)) {
        Some(list) => shown(list).into_response(),
        None => (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response(),
    }
}

async fn add(State(lists): State<Lists>, headers: HeaderMap, body: Bytes) -> Response {
    let mut lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
    match session(&headers).and_then(|session| lists.get_mut(&session)) {
        Some(list) => {
            list.push(field(&body, "item"));
            (StatusCode::SEE_OTHER, [(header::LOCATION, "/items")]).into_response()
        }
        None => StatusCode::FORBIDDEN.into_response(),
    }
}

fn shown(list: &[String]) -> Html<String> {
    let rows: String = list.iter().map(|item| format!("<li>{item}</li>")).collect();
    page(
        "Items",
        &format!(
            "<ul>{rows}</ul><form method=\"post\" action=\"/items\"><label>New item \
             <input name=\"item\"></label><button>Add</button></form>\
             <p role=\"status\">{} items</p>",
            list.len()
        ),
    )
}

fn session(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let found = cookies.split("; ").find_map(|one| one.strip_prefix("session="));
    found.map(str::to_string)
}

/// A field of a URL-encoded form; the names and values here need no decoding.
fn field(body: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.clone().find(|(key, _)| *key == name);
    found.map_or(String::new(), |(_, value)| value.replace('+', " "))
}
