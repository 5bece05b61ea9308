//! What somebody plans to eat on a day: entries that come and go, the day's sums.
//!
//! Filling whole days on its own is in `plan_generator`.

use axum::extract::Path;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::Serialize;
use serde_json::json;

use super::database::Db;
use super::food::{Nutrients, round};
use super::identity;
use super::input::{Fields, Id, Json, Query};
use super::reply::{self, Detail, Refusal, Reply};
use super::rules;
use super::session::SignedIn;

/// How many entries of one day are shown. The totals are of all.
const SHOWN: i64 = 200;

/// A planned meal; `portion` is in grams.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    id: String,
    date: String,
    #[serde(rename = "mealId")]
    meal_id: String,
    name: String,
    slot: Option<String>,
    portion: f64,
    #[serde(flatten)]
    nutrients: Nutrients,
}

/// A day's plan.
#[derive(Debug, Serialize)]
pub(super) struct Day {
    id: String,
    date: String,
    meals: Vec<Entry>,
    totals: Totals,
}

#[derive(Debug, Serialize)]
struct Totals {
    meals: i64,
    #[serde(flatten)]
    nutrients: Nutrients,
}

/// What is wanted on the plan.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) meal_id: String,
    pub(super) date: String,
    pub(super) portion: f64,
    /// The part of the day, for an entry that was generated.
    pub(super) slot: Option<&'static str>,
}

fn read(fields: &mut Fields) -> Planned {
    Planned {
        meal_id: fields.required("mealId", rules::text(1..=64)),
        date: fields.required("date", rules::date),
        portion: fields.required("portion", rules::number(1.0..=5000.0)),
        slot: None,
    }
}

pub(super) async fn add(db: Db, who: SignedIn, Json(mut fields): Json) -> Reply {
    let planned = read(&mut fields);
    fields.finish()?;
    let added = db.write(|database| {
        let entry = insert(database, who.user_n, &planned)?;
        entry.ok_or_else(|| Refusal::not_found("meal"))
    });
    reply::created(added.await?)
}

pub(super) async fn add_all(db: Db, who: SignedIn, Json(mut fields): Json) -> Reply {
    let all = fields.list("meals", 1..=50, read);
    fields.finish()?;
    let added = db.write(|database| {
        let mut ids = Vec::with_capacity(all.len());
        let mut unknown = Vec::new();
        for (position, planned) in all.iter().enumerate() {
            match insert(database, who.user_n, planned)? {
                Some(entry) => ids.push(entry.id),
                None => unknown.push(Detail {
                    field: format!("meals[{position}].mealId"),
                    message: "there is no such meal".to_owned(),
                }),
            }
        }
        if unknown.is_empty() { Ok(ids) } else { Err(Refusal::validation(unknown)) }
    });
    let ids = added.await?;
    reply::created(json!({ "count": ids.len(), "ids": ids }))
}

/// Puts an entry on the plan. `None`: there is no such meal.
pub(super) fn insert(
    database: &Connection,
    user_n: i64,
    planned: &Planned,
) -> rusqlite::Result<Option<Entry>> {
    let mut meal = database.prepare_cached(
        "SELECT name, weight, calories, protein, fat, carbs FROM meals WHERE id = ?1",
    )?;
    let read = |row: &Row| Ok((row.get::<_, String>(0)?, row.get::<_, f64>(1)?, nutrients(row)?));
    let Some((name, weight, whole)) = meal.query_row([&planned.meal_id], read).optional()? else {
        return Ok(None);
    };
    let entry = Entry {
        id: identity::new_id(),
        date: planned.date.clone(),
        meal_id: planned.meal_id.clone(),
        name,
        slot: planned.slot.map(str::to_owned),
        portion: planned.portion,
        nutrients: whole.scaled(planned.portion / weight.max(0.1)).rounded(),
    };
    let day_n = day(database, user_n, &planned.date)?;
    store(database, day_n, &entry)?;
    Ok(Some(entry))
}

/// Nutrients in the columns 2 to 5.
fn nutrients(row: &Row) -> rusqlite::Result<Nutrients> {
    let [calories, protein, fat, carbs] = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?];
    Ok(Nutrients { calories, protein, fat, carbs })
}

/// The key of a day, which is made if need be.
pub(super) fn day(database: &Connection, user_n: i64, date: &str) -> rusqlite::Result<i64> {
    let mut select =
        database.prepare_cached("SELECT n FROM plan_days WHERE user_n = ?1 AND date = ?2")?;
    if let Some(n) = select.query_row((user_n, date), |row| row.get(0)).optional()? {
        return Ok(n);
    }
    let mut insert =
        database.prepare_cached("INSERT INTO plan_days (id, user_n, date) VALUES (?1, ?2, ?3)")?;
    insert.insert((identity::new_id(), user_n, date))
}

fn store(database: &Connection, day_n: i64, entry: &Entry) -> rusqlite::Result<()> {
    let mut insert = database.prepare_cached(
        "INSERT INTO plan_entries (id, day_n, meal_id, name, slot, portion, calories, protein,
             fat, carbs) VALUES (:id, :day_n, :meal_id, :name, :slot, :portion, :calories,
             :protein, :fat, :carbs)",
    )?;
    insert.execute(named_params! {
        ":id": entry.id,
        ":day_n": day_n,
        ":meal_id": entry.meal_id,
        ":name": entry.name,
        ":slot": entry.slot,
        ":portion": entry.portion,
        ":calories": entry.nutrients.calories,
        ":protein": entry.nutrients.protein,
        ":fat": entry.nutrients.fat,
        ":carbs": entry.nutrients.carbs,
    })?;
    Ok(())
}

pub(super) async fn remove(db: Db, who: SignedIn, Id(id): Id) -> Reply {
    let removed = db.write(|database| {
        let mut delete = database.prepare_cached(
            "DELETE FROM plan_entries WHERE id = ?1
             AND day_n IN (SELECT n FROM plan_days WHERE user_n = ?2)",
        )?;
        Ok(delete.execute((&id, who.user_n))?)
    });
    if removed.await? == 0 {
        return Err(Refusal::not_found("planned meal"));
    }
    reply::no_content()
}

pub(super) async fn daily(db: Db, who: SignedIn, Path(date): Path<String>) -> Reply {
    let date = rules::date(&date.into()).map_err(|message| Refusal::invalid("date", &message))?;
    reply::ok(db.read(|database| Ok(find(database, who.user_n, &date)?))?)
}

/// The plan of a day, if there is anything on it.
pub(super) fn find(
    database: &Connection,
    user_n: i64,
    date: &str,
) -> rusqlite::Result<Option<Day>> {
    let mut select = database.prepare_cached(
        "SELECT n, meals, calories, protein, fat, carbs, id FROM plan_days
         WHERE user_n = ?1 AND date = ?2 AND meals > 0",
    )?;
    let read = |row: &Row| {
        let totals = Totals { meals: row.get(1)?, nutrients: nutrients(row)?.rounded() };
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(6)?, totals))
    };
    let Some((day_n, id, totals)) = select.query_row((user_n, date), read).optional()? else {
        return Ok(None);
    };
    let mut entries = database.prepare_cached(
        "SELECT id, meal_id, calories, protein, fat, carbs, name, slot, portion
         FROM plan_entries WHERE day_n = ?1 ORDER BY n LIMIT ?2",
    )?;
    let rows = entries.query_map([day_n, SHOWN], |row| {
        Ok(Entry {
            id: row.get(0)?,
            date: date.to_owned(),
            meal_id: row.get(1)?,
            nutrients: nutrients(row)?,
            name: row.get(6)?,
            slot: row.get(7)?,
            portion: row.get(8)?,
        })
    })?;
    let meals = rows.collect::<Result<_, _>>()?;
    Ok(Some(Day { id, date: date.to_owned(), meals, totals }))
}

pub(super) async fn summary(db: Db, who: SignedIn, Query(mut fields): Query) -> Reply {
    let date = fields.required("date", rules::date);
    fields.finish()?;
    let found = db.read(|database| {
        let mut select = database.prepare_cached(
            "SELECT n, meals, calories, protein, fat, carbs FROM plan_days
             WHERE user_n = ?1 AND date = ?2",
        )?;
        let read = |row: &Row| Ok((row.get::<_, i64>(1)?, nutrients(row)?));
        Ok(select.query_row((who.user_n, &date), read).optional()?)
    })?;
    let (meals, total) = found.unwrap_or_default();
    reply::ok(json!({
        "date": date,
        "totalCalories": round(total.calories),
        "protein": round(total.protein),
        "fat": round(total.fat),
        "carbs": round(total.carbs),
        "meals": meals,
    }))
}
