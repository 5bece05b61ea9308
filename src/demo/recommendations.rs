//! What somebody might like to eat: by goal, allergies and diet, and by what they said of
//! earlier recommendations.
//!
//! How well a food serves each goal is stored with it. So the best candidates come out of an
//! index in order, and only those few are weighed for this person.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::database::Db;
use super::food::widest_diet;
use super::health_profile::{self, HealthProfile};
use super::input::{Fields, Id, Json, Query};
use super::reply::{self, Listed, Refusal, Reply};
use super::rules;
use super::session::SignedIn;

const KINDS: [&str; 2] = ["product", "meal"];

/// How much of the score is the food's own; the rest is for what the person said.
const OWN_WEIGHT: f64 = 0.8;
const LIKED: f64 = 0.2;
const CATEGORY_LIKED: f64 = 0.05;

/// How much each earlier one of the same category takes off, so that a list is not one kind of
/// powder in ten packings.
const REPETITION: f64 = 0.06;

/// Something that is recommended, and why.
#[derive(Debug, Serialize)]
pub(super) struct Recommendation {
    id: String,
    kind: &'static str,
    name: String,
    score: f64,
    reasons: Vec<String>,
}

/// Something that may be recommended.
#[derive(Debug, Clone)]
struct Candidate {
    kind: &'static str,
    n: i64,
    id: String,
    category: String,
    score: f64,
    liked: bool,
}

/// What somebody said before.
#[derive(Debug, Default)]
struct Opinions {
    items: HashMap<String, bool>,
    categories: HashMap<String, f64>,
}

pub(super) async fn list(db: Db, who: SignedIn, Query(fields): Query) -> Reply {
    let Listed { rows, total, page } = find_all(&db, who, fields)?;
    reply::listed(&rows, total, page)
}

/// One page of what the fields ask for.
pub(super) fn find_all(
    db: &Db,
    who: SignedIn,
    mut fields: Fields,
) -> Result<Listed<Recommendation>, Refusal> {
    let kind = fields.optional("type", rules::one_of(&KINDS));
    let page = fields.page(10);
    fields.finish()?;
    let (rows, total) = db.read(|database| {
        let profile = health_profile::needed(database, who.user_n)?;
        let opinions = opinions(database, who.user_n)?;
        let mut pool = Vec::new();
        for wanted in KINDS.into_iter().filter(|each| kind.is_none_or(|kind| kind == *each)) {
            pool.extend(candidates(database, &profile, &opinions, wanted)?);
        }
        let total = pool.len() as i64;
        let chosen = choose(pool, (page.offset() + page.limit) as usize);
        let shown = chosen.iter().skip(page.offset() as usize);
        let rows = shown.map(|candidate| describe(database, candidate, &profile));
        Ok((rows.collect::<Result<Vec<_>, _>>()?, total))
    })?;
    Ok(Listed { rows, total, page })
}

fn opinions(database: &Connection, user_n: i64) -> rusqlite::Result<Opinions> {
    let mut select = database
        .prepare_cached("SELECT item_id, category, liked FROM feedback WHERE user_n = ?1")?;
    let mut rows = select.query([user_n])?;
    let mut opinions = Opinions::default();
    while let Some(row) = rows.next()? {
        let liked: bool = row.get(2)?;
        let weight = if liked { CATEGORY_LIKED } else { -CATEGORY_LIKED };
        *opinions.categories.entry(row.get(1)?).or_default() += weight;
        opinions.items.insert(row.get(0)?, liked);
    }
    Ok(opinions)
}

/// The best of one kind, and all that was liked, without what was disliked.
fn candidates(
    database: &Connection,
    profile: &HealthProfile,
    opinions: &Opinions,
    kind: &'static str,
) -> rusqlite::Result<Vec<Candidate>> {
    let score = match profile.goal.as_str() {
        "mass" => "score_mass",
        "cut" => "score_cut",
        _ => "score_maintain",
    };
    let (from, category, also) = match kind {
        "product" => ("products", "category", ""),
        _ => ("meals", "'meal'", "owner_n = 0 AND"),
    };
    let mut select = database.prepare_cached(&format!(
        "SELECT n, id, {category}, {score} FROM {from}
         WHERE {also} allergens & ?1 = 0 AND diet <= ?2
         ORDER BY {score} DESC, n LIMIT 120"
    ))?;
    let diet = widest_diet(profile.preferences);
    let mut rows = select.query((profile.allergens, diet))?;
    let mut all = Vec::with_capacity(120);
    while let Some(row) = rows.next()? {
        let id: String = row.get(1)?;
        let opinion = opinions.items.get(&id).copied();
        if opinion == Some(false) {
            continue;
        }
        let category: String = row.get(2)?;
        let taste = opinions.categories.get(&category).copied().unwrap_or_default();
        let liked = opinion == Some(true);
        let base = row.get::<_, f64>(3)? * OWN_WEIGHT + taste.clamp(-0.1, 0.1);
        let score = base + if liked { LIKED } else { 0.0 };
        all.push(Candidate { kind, n: row.get(0)?, id, category, score, liked });
    }
    Ok(all)
}

/// The best so many, one after the other, each a little less when there was one like it.
fn choose(mut pool: Vec<Candidate>, count: usize) -> Vec<Candidate> {
    let mut seen: HashMap<String, f64> = HashMap::new();
    let mut chosen = Vec::with_capacity(count.min(pool.len()));
    while chosen.len() < count && !pool.is_empty() {
        let worth = |candidate: &Candidate| {
            let repeated = seen.get(&candidate.category).copied().unwrap_or_default();
            let off = if candidate.liked { 0.0 } else { repeated * REPETITION };
            candidate.score - off
        };
        let mut best = (0, f64::NEG_INFINITY);
        for (position, candidate) in pool.iter().enumerate() {
            let worth = worth(candidate);
            if worth > best.1 {
                best = (position, worth);
            }
        }
        // Not `swap_remove`: among equals the earlier one must win, whatever went before.
        let mut candidate = pool.remove(best.0);
        candidate.score = (best.1.clamp(0.0, 1.0) * 1000.0).round() / 1000.0;
        *seen.entry(candidate.category.clone()).or_default() += 1.0;
        chosen.push(candidate);
    }
    chosen
}

fn describe(
    database: &Connection,
    candidate: &Candidate,
    profile: &HealthProfile,
) -> Result<Recommendation, Refusal> {
    let (from, weight) = match candidate.kind {
        "product" => ("products", "100.0"),
        _ => ("meals", "weight"),
    };
    let mut select = database.prepare_cached(&format!(
        "SELECT name, protein * 100 / {weight} FROM {from} WHERE n = ?1"
    ))?;
    let read = |row: &rusqlite::Row| Ok((row.get::<_, String>(0)?, row.get::<_, f64>(1)?));
    let (name, protein) = select.query_row([candidate.n], read)?;
    let mut reasons = vec![format!("fits your goal: {}", profile.goal)];
    if protein >= 15.0 {
        reasons.push("high in protein".to_owned());
    }
    if profile.allergens != 0 {
        reasons.push("free of what you are allergic to".to_owned());
    }
    if candidate.liked {
        reasons.push("you liked it".to_owned());
    }
    let Candidate { id, kind, score, .. } = candidate.clone();
    Ok(Recommendation { id, kind, name, score, reasons })
}

pub(super) async fn feedback(db: Db, who: SignedIn, Id(id): Id, Json(mut fields): Json) -> Reply {
    let liked = fields.required("liked", rules::flag);
    fields.finish()?;
    let kept = db.write(|database| {
        let category = category(database, &id)?;
        let category = category.ok_or_else(|| Refusal::not_found("recommendation"))?;
        let mut insert =
            database.prepare_cached("INSERT OR REPLACE INTO feedback VALUES (?1, ?2, ?3, ?4)")?;
        insert.execute((who.user_n, &id, category, liked))?;
        Ok(())
    });
    kept.await?;
    reply::no_content()
}

fn category(database: &Connection, id: &str) -> rusqlite::Result<Option<String>> {
    let mut select = database.prepare_cached(
        "SELECT category FROM products WHERE id = ?1
         UNION ALL SELECT 'meal' FROM meals WHERE id = ?1 AND owner_n = 0",
    )?;
    select.query_row([id], |row| row.get(0)).optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(n: i64, category: &str, score: f64) -> Candidate {
        let (id, category) = (n.to_string(), category.to_owned());
        Candidate { kind: "product", n, id, category, score, liked: false }
    }

    #[test]
    fn a_list_is_not_of_one_category_alone() {
        let mut pool: Vec<_> = (1..10).map(|n| candidate(n, "powder", 0.8)).collect();
        pool.push(candidate(10, "fish", 0.7));
        let order: Vec<i64> = choose(pool, 4).iter().map(|chosen| chosen.n).collect();
        assert_eq!(order, [1, 2, 10, 3]);
    }

    #[test]
    fn equals_keep_their_order() {
        let pool = (1..5).map(|n| candidate(n, &n.to_string(), 0.5)).collect();
        let order: Vec<i64> = choose(pool, 9).iter().map(|chosen| chosen.n).collect();
        assert_eq!(order, [1, 2, 3, 4]);
    }
}
