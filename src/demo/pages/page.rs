//! One page view: who looks, what they may do, and how the answer leaves.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::database::Db;
use super::super::flaw::Flaw;
use super::super::input::Fields;
use super::super::reply::Refusal;
use super::super::session::{self, SESSION_COOKIE, SignedIn};
use super::super::{App, identity};
use super::notices;

/// Somebody without a session has this cookie, so that their forms can be told from foreign ones.
const VISIT_COOKIE: &str = "taster_visit";

const VISIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Everything from here, nothing inline; frames only within each other.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'self'; object-src 'none'";

/// Who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) who: SignedIn,
    name: String,
    email: String,
    /// Pieces in the cart.
    pieces: i64,
}

/// What a page knows before it does anything.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) db: Db,
    /// Where this is, with its query.
    pub(super) place: String,
    secret: String,
    new_visit: bool,
    member: Option<Member>,
}

/// Why there is no such page for this visitor.
#[derive(Debug, Clone)]
pub(super) enum Declined {
    /// They must sign in first, and then come back here.
    SignIn(String),
    /// The service refuses.
    Refused(Box<Refusal>),
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        Declined::Refused(Box::new(refusal))
    }
}

impl IntoResponse for Declined {
    /// A note for `dress`, which can draw a page; handlers need not hand theirs around.
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What a page's handler returns.
pub(super) type Shown = Result<Response, Declined>;

impl Page {
    fn look_up(headers: &HeaderMap, place: String, db: &Db) -> Result<Page, Refusal> {
        let mut page = Page::of_nobody(headers, place, db);
        let token = session::cookie_of(headers, SESSION_COOKIE);
        if let Some(token) = token.filter(|_| !db.unauthorized()) {
            page.member = db.read(|database| Ok(find_member(database, token)?))?;
        }
        if let (Some(token), Some(_)) = (token, &page.member) {
            page.secret = token.to_owned();
            page.new_visit = false;
        }
        Ok(page)
    }

    fn of_nobody(headers: &HeaderMap, place: String, db: &Db) -> Page {
        let visit = session::cookie_of(headers, VISIT_COOKIE);
        let secret = visit.map_or_else(identity::new_token, str::to_owned);
        Page { db: db.clone(), place, secret, new_visit: visit.is_none(), member: None }
    }

    pub(super) fn member(&self) -> Option<&Member> {
        self.member.as_ref()
    }

    /// What a form of this page proves itself with.
    pub(super) fn csrf_token(&self) -> String {
        session::csrf_token(&self.secret)
    }

    pub(super) fn has(&self, flaw: Flaw) -> bool {
        self.db.defects().has(flaw)
    }

    /// The value of a field of the query.
    pub(super) fn asked(&self, name: &str) -> String {
        let query = self.place.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map_or_else(String::new, |(_, value)| value.into())
    }

    /// 200 with this template.
    pub(super) fn show(&self, template: &str, data: Value) -> Shown {
        Ok(self.draw(StatusCode::OK, template, data))
    }

    /// The template with this status. `data` is an object.
    pub(super) fn draw(&self, status: StatusCode, template: &str, mut data: Value) -> Response {
        let notice = notices::text(&self.asked("done"));
        let stale_badge = self.has(Flaw::Badge);
        let pieces = |member: &Member| if stale_badge { 0 } else { member.pieces };
        let me = self.member.as_ref().map(|member| {
            json!({ "name": member.name, "email": member.email, "pieces": pieces(member) })
        });
        data["me"] = json!(me);
        data["csrf"] = json!(self.csrf_token());
        data["place"] = json!(self.place);
        data["path"] = json!(self.place.split('?').next());
        data["notice"] = json!(notice);
        data["hindrances"] = json!(self.db.defects().hindrances());
        data["stale_badge"] = json!(stale_badge);
        match self.db.app.renderer.render(template, &data) {
            Ok(text) => {
                let kind = HeaderValue::from_static("text/html; charset=utf-8");
                (status, [(header::CONTENT_TYPE, kind)], text).into_response()
            }
            Err(error) => {
                log::error!("the page {template}: {error:#}");
                (StatusCode::INTERNAL_SERVER_ERROR, "this page is broken\n").into_response()
            }
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response {
        let message = notices::sentence(&refusal.message);
        let details: Vec<String> = refusal
            .details
            .iter()
            .map(|detail| format!("{} {}", detail.field, detail.message))
            .collect();
        let status = refusal.status.as_u16();
        let data = json!({ "status": status, "message": message, "details": details });
        let mut response = self.draw(refusal.status, "error.html", data);
        if let Some(seconds) = refusal.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// To another page, which is then asked for with GET.
pub(super) fn go(place: &str) -> Response {
    let place = HeaderValue::try_from(place).unwrap_or_else(|_| HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

/// A place on this service that somebody may be sent to; the start for any other.
pub(super) fn safe_place(place: &str) -> &str {
    // `//host` and `/\host` are other places to a browser; so is what it strips before it looks.
    let here = place.starts_with('/') && !place.starts_with("//");
    let plain = place.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if here && plain { place } else { "/" }
}

fn find_member(database: &Connection, token: &str) -> rusqlite::Result<Option<Member>> {
    let Some(who) = session::find(database, token)? else {
        return Ok(None);
    };
    let mut select = database.prepare_cached(
        "SELECT name, email, (SELECT coalesce(sum(quantity), 0) FROM cart_items
             WHERE user_n = users.n) FROM users WHERE n = ?1",
    )?;
    let read = |row: &rusqlite::Row| {
        Ok(Member { who, name: row.get(0)?, email: row.get(1)?, pieces: row.get(2)? })
    };
    select.query_row([who.user_n], read).optional()
}

/// What every page gets: its visitor before, its looks and its headers after.
pub(super) async fn dress(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let db = Db::of(&parts, &app);
    let place = parts.uri.path_and_query().map_or("/", |place| place.as_str()).to_owned();
    let (page, mut response) = match Page::look_up(&parts.headers, place.clone(), &db) {
        Ok(page) => {
            parts.extensions.insert(page.clone());
            (page, next.run(Request::from_parts(parts, body)).await)
        }
        Err(refusal) => {
            let page = Page::of_nobody(&parts.headers, place, &db);
            (page, Declined::from(refusal).into_response())
        }
    };
    match response.extensions_mut().remove::<Declined>() {
        Some(Declined::Refused(refusal)) => response = page.refuse(&refusal),
        Some(Declined::SignIn(next)) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("next", &next)
                .append_pair("done", "sign-in-first")
                .finish();
            response = go(&format!("/signin?{query}"));
        }
        None => {}
    }
    if page.new_visit {
        let cookie = session::kept(VISIT_COOKIE, &page.secret, VISIT);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    protect(response.headers_mut());
    response
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The page for a path that nothing is at.
pub(in super::super) fn not_found(headers: &HeaderMap, db: &Db, place: String) -> Response {
    let page = Page::look_up(headers, place.clone(), db)
        .unwrap_or_else(|_| Page::of_nobody(headers, place, db));
    let mut response = page.refuse(&Refusal::not_found("page"));
    protect(response.headers_mut());
    response
}

impl FromRequestParts<Arc<App>> for Page {
    type Rejection = Declined;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Declined> {
        let page = parts.extensions.get::<Page>().cloned();
        page.ok_or_else(|| Refusal::internal().into())
    }
}

impl FromRequestParts<Arc<App>> for Member {
    type Rejection = Declined;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Declined> {
        let page = Page::from_request_parts(parts, app).await?;
        let wanted = if parts.method.is_safe() { page.place.clone() } else { "/".to_owned() };
        page.member.ok_or(Declined::SignIn(wanted))
    }
}

/// The fields of a JSON object that a page made itself.
pub(super) fn fields(object: Value) -> Fields {
    Fields::from_value(object, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_away_from_here() {
        assert_eq!(safe_place("/meals?tag=quick"), "/meals?tag=quick");
        for away in
            ["", "meals", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil"]
        {
            assert_eq!(safe_place(away), "/", "{away}");
        }
    }
}
