//! Sessions: the tokens somebody signs in for, and who a request comes from.
//!
//! A token is random and means nothing in itself; the database knows its digest. So a session
//! can be ended, and an access token can never pass as a refresh token or the other way round.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::database::Db;
use super::reply::Refusal;
use super::{App, clock, identity};

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
        let token = bearer(parts).ok_or_else(Refusal::sign_in_required)?;
        if db.unauthorized() {
            return Err(Refusal::sign_in_required());
        }
        let found = db.read(|database| Ok(find(database, token)?))?;
        let wrong = || Refusal::unauthorized("INVALID_TOKEN", "the token is wrong or expired");
        found.ok_or_else(wrong)
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn find(database: &Connection, token: &str) -> rusqlite::Result<Option<SignedIn>> {
    let mut select = database.prepare_cached(
        "SELECT user_n, n FROM sessions WHERE access_hash = ?1 AND access_expires > ?2",
    )?;
    let wanted = (identity::digest(token.as_bytes()), clock::now());
    let read = |row: &rusqlite::Row| Ok(SignedIn { user_n: row.get(0)?, session_n: row.get(1)? });
    select.query_row(wanted, read).optional()
}
