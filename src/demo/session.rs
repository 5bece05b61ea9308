//! Sessions: the tokens somebody signs in for, and who a request comes from.
//!
//! A token is random and means nothing in itself; the database knows its digest. So a session
//! can be ended, and an access token can never pass as a refresh token or the other way round.
//!
//! Programs send the token as a bearer, browsers as a cookie. A browser sends a cookie along
//! whoever asks it to, so with a cookie nothing is changed without a token that only a page of
//! ours can know.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::database::Db;
use super::input::Fields;
use super::reply::Refusal;
use super::{App, clock, identity, rules};

/// The cookie with the access token.
pub(super) const SESSION_COOKIE: &str = "taster_session";

/// The header in which a page proves that it is one of ours.
const CSRF_HEADER: &str = "x-csrf-token";

/// How long each kind of token works.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lifetimes {
    pub(super) access: Duration,
    pub(super) refresh: Duration,
    pub(super) reset: Duration,
}

/// What a client gets to keep.
#[derive(Debug, Serialize)]
pub(super) struct Tokens {
    token: String,
    #[serde(rename = "refreshToken")]
    refresh_token: String,
}

impl Tokens {
    fn new() -> Self {
        Tokens { token: identity::new_token(), refresh_token: identity::new_token() }
    }

    /// The access token.
    pub(super) fn access(&self) -> &str {
        &self.token
    }
}

/// How a client wants to keep its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Token,
    Cookie,
}

/// `session=cookie` in the query asks for a cookie beside the tokens.
pub(super) fn read_carrier(mut query: Fields) -> Result<Carrier, Refusal> {
    let wanted = query.optional("session", rules::one_of(&["token", "cookie"]));
    query.finish()?;
    Ok(if wanted == Some("cookie") { Carrier::Cookie } else { Carrier::Token })
}

/// The session as a `set-cookie` header. It is not `Secure`: the demo speaks plain HTTP.
pub(super) fn cookie(token: &str, lifetime: Duration) -> HeaderValue {
    kept(SESSION_COOKIE, token, lifetime)
}

/// A cookie that no script reads, and that other sites only send with a link to here.
pub(super) fn kept(name: &str, value: &str, lifetime: Duration) -> HeaderValue {
    let seconds = lifetime.as_secs();
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("none="))
}

/// The value of a cookie that came with a request.
pub(super) fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name && !value.is_empty()).then_some(value)
    })
}

/// What a page shows to prove that it came from here: who does not have the cookie cannot work
/// it out, and who has it needs no proof.
pub(super) fn csrf_token(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(identity::digest(format!("csrf {secret}").as_bytes()))
}

/// Begins a session.
pub(super) fn open(
    database: &Connection,
    user_n: i64,
    lifetimes: Lifetimes,
) -> rusqlite::Result<Tokens> {
    let tokens = Tokens::new();
    let mut insert = database.prepare_cached(
        "INSERT INTO sessions (user_n, access_hash, access_expires, refresh_hash, refresh_expires)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    insert.execute((
        user_n,
        identity::digest(tokens.token.as_bytes()),
        clock::after(lifetimes.access),
        identity::digest(tokens.refresh_token.as_bytes()),
        clock::after(lifetimes.refresh),
    ))?;
    Ok(tokens)
}

/// Goes on with a session under new tokens; the old ones are spent. `None`: no such session.
pub(super) fn renew(
    database: &Connection,
    refresh_token: &str,
    lifetimes: Lifetimes,
) -> rusqlite::Result<Option<Tokens>> {
    let tokens = Tokens::new();
    let mut update = database.prepare_cached(
        "UPDATE sessions SET access_hash = ?1, access_expires = ?2,
             refresh_hash = ?3, refresh_expires = ?4
         WHERE refresh_hash = ?5 AND refresh_expires > ?6",
    )?;
    let renewed = update.execute((
        identity::digest(tokens.token.as_bytes()),
        clock::after(lifetimes.access),
        identity::digest(tokens.refresh_token.as_bytes()),
        clock::after(lifetimes.refresh),
        identity::digest(refresh_token.as_bytes()),
        clock::now(),
    ))?;
    Ok((renewed == 1).then_some(tokens))
}

/// Ends one session.
pub(super) fn close(database: &Connection, session_n: i64) -> rusqlite::Result<()> {
    database.prepare_cached("DELETE FROM sessions WHERE n = ?1")?.execute([session_n])?;
    Ok(())
}

/// Ends all sessions of somebody.
pub(super) fn close_all(database: &Connection, user_n: i64) -> rusqlite::Result<()> {
    database.prepare_cached("DELETE FROM sessions WHERE user_n = ?1")?.execute([user_n])?;
    Ok(())
}

/// Who the request comes from. A route that takes this refuses everybody else.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedIn {
    pub(super) user_n: i64,
    pub(super) session_n: i64,
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        let db = Db::from_request_parts(parts, app).await?;
        let by_bearer = bearer(parts);
        let token = by_bearer.or_else(|| cookie_of(&parts.headers, SESSION_COOKIE));
        let token = token.ok_or_else(Refusal::sign_in_required)?;
        if db.unauthorized() {
            return Err(Refusal::sign_in_required());
        }
        let found = db.read(|database| Ok(find(database, token)?))?;
        let wrong = || Refusal::unauthorized("INVALID_TOKEN", "the token is wrong or expired");
        let found = found.ok_or_else(wrong)?;
        if by_bearer.is_none() && !vouched(parts, token) {
            return Err(Refusal::csrf());
        }
        Ok(found)
    }
}

/// Whether a request that came with a cookie may do what it wants to.
fn vouched(parts: &Parts, token: &str) -> bool {
    let safe = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let given = parts.headers.get(CSRF_HEADER).map(HeaderValue::as_bytes);
    safe || given == Some(csrf_token(token).as_bytes())
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Whose access token it is.
pub(super) fn find(database: &Connection, token: &str) -> rusqlite::Result<Option<SignedIn>> {
    let mut select = database.prepare_cached(
        "SELECT user_n, n FROM sessions WHERE access_hash = ?1 AND access_expires > ?2",
    )?;
    let wanted = (identity::digest(token.as_bytes()), clock::now());
    let read = |row: &rusqlite::Row| Ok(SignedIn { user_n: row.get(0)?, session_n: row.get(1)? });
    select.query_row(wanted, read).optional()
}
