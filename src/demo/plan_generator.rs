//! Fills days with meals from the catalogue that fit somebody's profile.
//!
//! What is chosen depends on the person and the date alone: asking again gives the same day and
//! adds nothing. What somebody put on the plan by hand stays.

use jiff::ToSpan;
use jiff::civil::Date;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rusqlite::Connection;

use super::catalogue::below;
use super::database::Db;
use super::food::{SLOTS, widest_diet};
use super::health_profile::{self, HealthProfile};
use super::input::Json;
use super::plan::{self, Day, Planned};
use super::reply::{self, Refusal, Reply};
use super::rules;
use super::session::SignedIn;

/// The share of a day's energy that each of `SLOTS` has.
const SHARES: [f64; 4] = [0.25, 0.35, 0.30, 0.10];

pub(super) async fn generate(db: Db, who: SignedIn, Json(mut fields): Json) -> Reply {
    let date = fields.required("date", rules::date);
    fields.finish()?;
    let day = db.write(|database| {
        let profile = health_profile::needed(database, who.user_n)?;
        fill(database, who.user_n, &profile, &date)
    });
    reply::ok(day.await?)
}

pub(super) async fn generate_week(db: Db, who: SignedIn, Json(mut fields): Json) -> Reply {
    let start = fields.required("start_date", rules::date);
    fields.finish()?;
    let dates = week(&start).ok_or_else(|| Refusal::invalid("start_date", "is too late"))?;
    let days = db.write(|database| {
        let profile = health_profile::needed(database, who.user_n)?;
        let days = dates.iter().map(|date| fill(database, who.user_n, &profile, date));
        days.collect::<Result<Vec<_>, _>>()
    });
    reply::ok(days.await?)
}

fn week(start: &str) -> Option<Vec<String>> {
    let start: Date = start.parse().ok()?;
    let day = |number: i64| Some(start.checked_add(number.days()).ok()?.to_string());
    (0..7).map(day).collect()
}

fn fill(
    database: &Connection,
    user_n: i64,
    profile: &HealthProfile,
    date: &str,
) -> Result<Option<Day>, Refusal> {
    let day_n = plan::day(database, user_n, date)?;
    database
        .prepare_cached("DELETE FROM plan_entries WHERE day_n = ?1 AND slot IS NOT NULL")?
        .execute([day_n])?;
    let mut source = source(user_n, date);
    for (slot, share) in SLOTS.iter().zip(SHARES) {
        let fitting = fitting(database, profile, slot)?;
        if fitting.is_empty() {
            continue;
        }
        let (meal_id, energy) = &fitting[below(&mut source, fitting.len() as u64) as usize];
        let grams = profile.daily_calories() * share / energy.max(0.05);
        let planned = Planned {
            meal_id: meal_id.clone(),
            date: date.to_owned(),
            portion: ((grams / 5.0).round() * 5.0).clamp(30.0, 1500.0),
            slot: Some(slot),
        };
        plan::insert(database, user_n, &planned)?;
    }
    Ok(plan::find(database, user_n, date)?)
}

fn source(user_n: i64, date: &str) -> impl Rng {
    let mixed = date.bytes().fold(user_n.unsigned_abs(), |mixed, byte| {
        mixed.wrapping_mul(1_099_511_628_211) ^ u64::from(byte)
    });
    SplitMix64::seed_from_u64(mixed)
}

/// The meals of the catalogue that somebody may eat at this time of the day, with their energy
/// in kcal for a gram.
fn fitting(
    database: &Connection,
    profile: &HealthProfile,
    slot: &str,
) -> rusqlite::Result<Vec<(String, f64)>> {
    let mut select = database.prepare_cached(
        "SELECT id, calories / weight FROM meals
         WHERE owner_n = 0 AND allergens & ?1 = 0 AND diet <= ?2 AND instr(tags, ?3) > 0
         ORDER BY n",
    )?;
    let wanted = (profile.allergens, widest_diet(profile.preferences), format!("\"{slot}\""));
    let rows = select.query_map(wanted, |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_seven_days_across_months() {
        let days = week("2024-02-27").expect("it is a date");
        assert_eq!(days.len(), 7);
        assert_eq!(days[2], "2024-02-29");
        assert_eq!(days[6], "2024-03-04");
        assert_eq!(week("9999-12-28"), None);
    }
}
