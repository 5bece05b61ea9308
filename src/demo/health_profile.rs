//! What somebody's body and plans are: the ground of every plan and recommendation.

use axum::http::StatusCode;
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::Serialize;

use super::database::Db;
use super::food::{ALLERGENS, GOALS, PREFERENCES, mask, words};
use super::input::{Fields, Json};
use super::reply::{self, Refusal, Reply};
use super::session::SignedIn;
use super::{clock, rules};

pub(super) const GENDERS: [&str; 3] = ["female", "male", "other"];
pub(super) const LEVELS: [&str; 3] = ["low", "moderate", "high"];

/// A health profile as it is stored.
#[derive(Debug, Clone)]
pub(super) struct HealthProfile {
    age: i64,
    gender: String,
    weight: f64,
    height: f64,
    activity_level: String,
    pub(super) goal: String,
    pub(super) allergens: i64,
    pub(super) preferences: i64,
    updated_at: i64,
}

/// The same as clients see it.
#[derive(Serialize)]
pub(super) struct Shown {
    age: i64,
    gender: String,
    weight: f64,
    height: f64,
    activity_level: String,
    goal: String,
    allergies: Vec<&'static str>,
    #[serde(rename = "dietaryPreferences")]
    preferences: Vec<&'static str>,
    #[serde(rename = "dailyCalories")]
    daily_calories: f64,
    #[serde(rename = "updatedAt")]
    updated_at: String,
}

impl HealthProfile {
    /// What the person should eat a day, in kcal: Mifflin and St Jeor's resting energy, times
    /// how active they are, more or less by a sixth for their goal.
    pub(super) fn daily_calories(&self) -> f64 {
        let sex = match self.gender.as_str() {
            "male" => 5.0,
            "female" => -161.0,
            _ => -78.0,
        };
        let resting = 10.0 * self.weight + 6.25 * self.height - 5.0 * self.age as f64 + sex;
        let activity = match self.activity_level.as_str() {
            "low" => 1.375,
            "moderate" => 1.55,
            _ => 1.725,
        };
        let goal = match self.goal.as_str() {
            "mass" => 1.15,
            "cut" => 0.85,
            _ => 1.0,
        };
        // The formula is for adults; nobody is sent to bed with less than this.
        (resting * activity * goal).round().max(1200.0)
    }

    pub(super) fn shown(self) -> Shown {
        Shown {
            daily_calories: self.daily_calories(),
            age: self.age,
            gender: self.gender,
            weight: self.weight,
            height: self.height,
            activity_level: self.activity_level,
            goal: self.goal,
            allergies: words(&ALLERGENS, self.allergens),
            preferences: words(&PREFERENCES, self.preferences),
            updated_at: clock::written(self.updated_at),
        }
    }
}

/// The profile, or a refusal that says to fill it in.
pub(super) fn needed(database: &Connection, user_n: i64) -> Result<HealthProfile, Refusal> {
    find(database, user_n)?.ok_or_else(Refusal::profile_required)
}

pub(super) async fn show(db: Db, who: SignedIn) -> Reply {
    let found = db.read(|database| Ok(find(database, who.user_n)?))?;
    reply::ok(found.map(HealthProfile::shown))
}

pub(super) async fn create(db: Db, who: SignedIn, Json(fields): Json) -> Reply {
    let profile = read(fields)?;
    let saved = db.write(|database| {
        if find(database, who.user_n)?.is_some() {
            let message = "there is a health profile already; change it with PUT";
            return Err(Refusal::conflict("PROFILE_EXISTS", message));
        }
        save(database, who.user_n, &profile)?;
        Ok(())
    });
    saved.await?;
    reply::created(profile.shown())
}

pub(super) async fn update(db: Db, who: SignedIn, Json(fields): Json) -> Reply {
    let profile = read(fields)?;
    let saved = db.write(|database| {
        if find(database, who.user_n)?.is_none() {
            return Err(Refusal::not_found("health profile"));
        }
        save(database, who.user_n, &profile)?;
        Ok(())
    });
    saved.await?;
    reply::success(StatusCode::OK, profile.shown())
}

fn read(mut fields: Fields) -> Result<HealthProfile, Refusal> {
    let allergies = fields.optional("allergies", rules::several_of(&ALLERGENS));
    let preferences = fields.optional("dietaryPreferences", rules::several_of(&PREFERENCES));
    let profile = HealthProfile {
        age: fields.required("age", rules::integer(13..=120)),
        gender: fields.required("gender", rules::one_of(&GENDERS)).to_owned(),
        weight: fields.required("weight", rules::number(20.0..=400.0)),
        height: fields.required("height", rules::number(80.0..=260.0)),
        activity_level: fields.required("activity_level", rules::one_of(&LEVELS)).to_owned(),
        goal: fields.required("goal", rules::one_of(&GOALS)).to_owned(),
        allergens: mask(&ALLERGENS, &allergies.unwrap_or_default()),
        preferences: mask(&PREFERENCES, &preferences.unwrap_or_default()),
        updated_at: clock::now(),
    };
    fields.finish()?;
    Ok(profile)
}

/// Somebody's profile, if there is one.
pub(super) fn find(database: &Connection, user_n: i64) -> rusqlite::Result<Option<HealthProfile>> {
    let mut select = database.prepare_cached(
        "SELECT age, gender, weight, height, activity_level, goal, allergens, preferences,
             updated_at FROM health_profiles WHERE user_n = ?1",
    )?;
    let read = |row: &rusqlite::Row| {
        Ok(HealthProfile {
            age: row.get(0)?,
            gender: row.get(1)?,
            weight: row.get(2)?,
            height: row.get(3)?,
            activity_level: row.get(4)?,
            goal: row.get(5)?,
            allergens: row.get(6)?,
            preferences: row.get(7)?,
            updated_at: row.get(8)?,
        })
    };
    select.query_row([user_n], read).optional()
}

fn save(database: &Connection, user_n: i64, profile: &HealthProfile) -> rusqlite::Result<()> {
    let mut insert = database.prepare_cached(
        "INSERT OR REPLACE INTO health_profiles VALUES (:user_n, :age, :gender, :weight, :height,
             :activity_level, :goal, :allergens, :preferences, :updated_at)",
    )?;
    insert.execute(named_params! {
        ":user_n": user_n,
        ":age": profile.age,
        ":gender": profile.gender,
        ":weight": profile.weight,
        ":height": profile.height,
        ":activity_level": profile.activity_level,
        ":goal": profile.goal,
        ":allergens": profile.allergens,
        ":preferences": profile.preferences,
        ":updated_at": profile.updated_at,
    })?;
    Ok(())
}
