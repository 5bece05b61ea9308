//! Registering, signing in, staying signed in, signing out.

use axum::http::{StatusCode, header};
use rusqlite::OptionalExtension;
use serde::Serialize;

use super::database::Db;
use super::input::{Fields, Json, Query};
use super::reply::{self, Refusal, Reply};
use super::session::{self, Carrier, SignedIn, Tokens};
use super::{clock, identity, password, rules};

/// What somebody who came in gets.
#[derive(Serialize)]
pub(super) struct Entry {
    user: Person,
    #[serde(flatten)]
    pub(super) tokens: Tokens,
}

/// The same for a client that keeps the session as a cookie.
#[derive(Serialize)]
struct WithCookie {
    #[serde(flatten)]
    entry: Entry,
    #[serde(rename = "csrfToken")]
    csrf_token: String,
}

#[derive(Serialize)]
struct Person {
    id: String,
    email: String,
    name: String,
}

pub(super) async fn register(db: Db, Query(query): Query, Json(fields): Json) -> Reply {
    let carrier = session::read_carrier(query)?;
    give(&db, StatusCode::CREATED, carrier, join(&db, fields).await?)
}

/// Makes an account, and begins its first session.
pub(super) async fn join(db: &Db, mut fields: Fields) -> Result<Entry, Refusal> {
    refuse_all_sign_ins(db)?;
    let email = fields.required("email", rules::email);
    let password = fields.required("password", rules::new_password);
    let name = fields.optional("name", rules::text(1..=100));
    let language = fields.optional("preferred_language", rules::language);
    fields.finish()?;
    let local = email.split('@').next().unwrap_or_default().to_owned();
    let person = Person { id: identity::new_id(), name: name.unwrap_or(local), email };
    let language = language.unwrap_or_else(|| "en".to_owned());
    let hash = password::hash(&password);
    let lifetimes = db.app.lifetimes;
    let tokens = db.write(|database| {
        let mut insert = database.prepare_cached(
            "INSERT INTO users (id, email, name, password, preferred_language, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (email) DO NOTHING",
        )?;
        let values = (&person.id, &person.email, &person.name, &hash, &language, clock::now());
        if insert.execute(values)? == 0 {
            let message = "somebody has registered with this e-mail address";
            return Err(Refusal::conflict("USER_EXISTS", message));
        }
        Ok(session::open(database, database.last_insert_rowid(), lifetimes)?)
    });
    let tokens = tokens.await?;
    Ok(Entry { user: person, tokens })
}

pub(super) async fn login(db: Db, Query(query): Query, Json(fields): Json) -> Reply {
    let carrier = session::read_carrier(query)?;
    give(&db, StatusCode::OK, carrier, enter(&db, fields).await?)
}

/// Begins a session for somebody who knows the password.
pub(super) async fn enter(db: &Db, mut fields: Fields) -> Result<Entry, Refusal> {
    refuse_all_sign_ins(db)?;
    let email = fields.required("email", rules::email);
    let password = fields.required("password", rules::typed_password);
    fields.finish()?;
    let failures = &db.app.sign_in_failures;
    if let Some(seconds) = failures.blocked(&email) {
        return Err(Refusal::too_many(seconds));
    }
    let Some((user_n, user)) = recognise(db, &email, &password)? else {
        failures.count(&email);
        let message = "the e-mail address or the password is wrong";
        return Err(Refusal::unauthorized("INVALID_CREDENTIALS", message));
    };
    failures.forget(&email);
    let lifetimes = db.app.lifetimes;
    let tokens = db.write(|database| Ok(session::open(database, user_n, lifetimes)?)).await?;
    Ok(Entry { user, tokens })
}

fn recognise(db: &Db, email: &str, password: &str) -> Result<Option<(i64, Person)>, Refusal> {
    let found = db.read(|database| {
        let mut select = database
            .prepare_cached("SELECT n, id, email, name, password FROM users WHERE email = ?1")?;
        let read = |row: &rusqlite::Row| {
            let person = Person { id: row.get(1)?, email: row.get(2)?, name: row.get(3)? };
            Ok((row.get::<_, i64>(0)?, person, row.get::<_, String>(4)?))
        };
        Ok(select.query_row([email], read).optional()?)
    })?;
    let Some((user_n, person, hash)) = found else {
        password::pretend(password);
        return Ok(None);
    };
    Ok(password::matches(password, &hash).then_some((user_n, person)))
}

pub(super) async fn refresh(db: Db, Json(mut fields): Json) -> Reply {
    refuse_all_sign_ins(&db)?;
    let token = fields.required("refreshToken", rules::text(1..=200));
    fields.finish()?;
    let lifetimes = db.app.lifetimes;
    let renewed = db.write(|database| Ok(session::renew(database, &token, lifetimes)?)).await?;
    let wrong = || {
        let message = "the refresh token is wrong, spent or expired";
        Refusal::unauthorized("INVALID_REFRESH_TOKEN", message)
    };
    reply::success(StatusCode::OK, renewed.ok_or_else(wrong)?)
}

pub(super) async fn logout(db: Db, who: SignedIn) -> Reply {
    leave(&db, who).await?;
    reply::no_content()
}

/// Ends the session.
pub(super) async fn leave(db: &Db, who: SignedIn) -> Result<(), Refusal> {
    db.write(|database| Ok(session::close(database, who.session_n)?)).await
}

/// The session as the client wants to keep it.
fn give(db: &Db, status: StatusCode, carrier: Carrier, entry: Entry) -> Reply {
    if carrier == Carrier::Token {
        return reply::success(status, entry);
    }
    let csrf_token = session::csrf_token(entry.tokens.access());
    let cookie = session::cookie(entry.tokens.access(), db.app.lifetimes.access);
    let mut response = reply::success(status, WithCookie { entry, csrf_token })?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

fn refuse_all_sign_ins(db: &Db) -> Result<(), Refusal> {
    if db.unauthorized() { Err(Refusal::sign_in_required()) } else { Ok(()) }
}
