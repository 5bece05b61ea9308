//! A forgotten password: asking for a token, and setting a new password with it.

use axum::http::StatusCode;
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::database::Db;
use super::input::{Fields, Json};
use super::reply::{self, Refusal, Reply};
use super::{clock, identity, password, rules, session};

/// Says the same to everybody: who has an account here is nobody's business. A real service
/// would mail the token.
pub(super) async fn request(db: Db, Json(fields): Json) -> Reply {
    let token = begin(&db, fields).await?;
    let message = "if the address is known, a token is on its way";
    reply::success(StatusCode::ACCEPTED, json!({ "message": message, "demoResetToken": token }))
}

/// Makes a token. It opens nothing for an address that nobody has.
pub(super) async fn begin(db: &Db, mut fields: Fields) -> Result<String, Refusal> {
    let email = fields.required("email", rules::email);
    fields.finish()?;
    if let Some(seconds) = db.app.reset_requests.blocked(&email) {
        return Err(Refusal::too_many(seconds));
    }
    db.app.reset_requests.count(&email);
    let token = identity::new_token();
    let expires = clock::after(db.app.lifetimes.reset);
    db.write(|database| Ok(keep(database, &email, &token, expires)?)).await?;
    Ok(token)
}

fn keep(database: &Connection, email: &str, token: &str, expires: i64) -> rusqlite::Result<()> {
    database.execute("DELETE FROM password_resets WHERE expires < ?1", [a_day_ago()])?;
    database.execute(
        "INSERT INTO password_resets (token_hash, user_n, expires)
         SELECT ?1, n, ?2 FROM users WHERE email = ?3",
        (identity::digest(token.as_bytes()), expires, email),
    )?;
    Ok(())
}

/// Until then an old token is called expired; later it is unknown.
fn a_day_ago() -> i64 {
    clock::now() - 24 * 60 * 60 * 1000
}

pub(super) async fn confirm(db: Db, Json(mut fields): Json) -> Reply {
    let token = fields.required("token", rules::text(1..=200));
    let password = fields.required("password", rules::new_password);
    fields.finish()?;
    let hash = password::hash(&password);
    db.write(|database| set_password(database, &token, &hash)).await?;
    reply::ok(json!({ "message": "the password is changed, sign in again" }))
}

fn set_password(database: &Connection, token: &str, hash: &str) -> Result<(), Refusal> {
    let digest = identity::digest(token.as_bytes());
    let found = database
        .query_row(
            "SELECT user_n, expires, spent FROM password_resets
             WHERE token_hash = ?1",
            [digest],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, bool>(2)?)),
        )
        .optional()?;
    let Some((user_n, expires, spent)) = found else {
        return Err(Refusal::bad_request("INVALID_RESET_TOKEN", "the token is wrong"));
    };
    if spent || expires <= clock::now() {
        return Err(Refusal::gone("RESET_TOKEN_GONE", "the token is spent or expired"));
    }
    database.execute("UPDATE users SET password = ?1 WHERE n = ?2", (hash, user_n))?;
    // Also those that were asked for and not used: they were for the old password.
    database.execute("UPDATE password_resets SET spent = 1 WHERE user_n = ?1", [user_n])?;
    Ok(session::close_all(database, user_n)?)
}
