//! The profile of somebody who is signed in: who they are, not what they eat.

use rusqlite::Connection;
use serde::Serialize;

use super::database::Db;
use super::input::Json;
use super::reply::{self, Reply};
use super::session::SignedIn;
use super::{clock, rules};

/// Who somebody is.
#[derive(Serialize)]
pub(super) struct Profile {
    id: String,
    email: String,
    name: String,
    preferred_language: String,
    #[serde(rename = "createdAt")]
    created_at: String,
}

pub(super) async fn show(db: Db, who: SignedIn) -> Reply {
    reply::ok(db.read(|database| Ok(profile(database, who.user_n)?))?)
}

pub(super) async fn update(db: Db, who: SignedIn, Json(mut fields): Json) -> Reply {
    let name = fields.optional("name", rules::text(1..=100));
    let language = fields.optional("preferred_language", rules::language);
    fields.finish()?;
    let changed = db.write(|database| {
        let mut update = database.prepare_cached(
            "UPDATE users SET name = coalesce(?1, name),
                 preferred_language = coalesce(?2, preferred_language) WHERE n = ?3",
        )?;
        update.execute((&name, &language, who.user_n))?;
        Ok(profile(database, who.user_n)?)
    });
    reply::ok(changed.await?)
}

/// The profile of somebody who exists.
pub(super) fn profile(database: &Connection, user_n: i64) -> rusqlite::Result<Profile> {
    let mut select = database.prepare_cached(
        "SELECT id, email, name, preferred_language, created_at FROM users WHERE n = ?1",
    )?;
    select.query_row([user_n], |row| {
        Ok(Profile {
            id: row.get(0)?,
            email: row.get(1)?,
            name: row.get(2)?,
            preferred_language: row.get(3)?,
            created_at: clock::written(row.get(4)?),
        })
    })
}
