//! One meal: shown, made, changed, removed. What it is made of decides its nutrients.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::database::Db;
use super::food::{Nutrients, scores};
use super::input::{Fields, Id, Json};
use super::meal_list::{COLUMNS, Meal};
use super::menu::{self, Content, NewMeal, Portion};
use super::reply::{self, Detail, Refusal, Reply};
use super::session::SignedIn;
use super::{clock, identity, rules};

#[derive(Serialize)]
struct Ingredient {
    #[serde(rename = "productId")]
    product_id: String,
    name: String,
    grams: f64,
}

/// A meal with what it is made of.
#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    pub(super) meal: Meal,
    instructions: Option<String>,
    ingredients: Vec<Ingredient>,
    pub(super) version: i64,
}

/// A meal as a client writes it.
struct Draft {
    name: String,
    tags: Vec<String>,
    instructions: Option<String>,
    ingredients: Vec<(String, f64)>,
}

pub(super) async fn show(db: Db, who: SignedIn, Id(id): Id) -> Reply {
    tagged(get(&db, who, &id)?, reply::ok)
}

/// One meal.
pub(super) fn get(db: &Db, who: SignedIn, id: &str) -> Result<Whole, Refusal> {
    let found = db.read(|database| Ok(find(database, id, who)?))?;
    found.ok_or_else(missing)
}

pub(super) async fn create(db: Db, who: SignedIn, Json(fields): Json) -> Reply {
    tagged(make(&db, who, fields).await?, reply::created)
}

/// Makes a meal.
pub(super) async fn make(db: &Db, who: SignedIn, fields: Fields) -> Result<Whole, Refusal> {
    let draft = read(fields)?;
    let made = db.write(|database| {
        let (portions, content) = resolve(database, &draft)?;
        let id = identity::new_id();
        let meal = NewMeal {
            id: &id,
            owner_n: who.user_n,
            name: &draft.name,
            tags: &draft.tags,
            instructions: draft.instructions.as_deref(),
            created_at: clock::now(),
        };
        let meal_n = menu::insert(database, &meal, &content)?;
        menu::insert_portions(database, meal_n, &portions)?;
        find(database, &id, who)?.ok_or_else(missing)
    });
    made.await
}

pub(super) async fn update(
    db: Db,
    who: SignedIn,
    Id(id): Id,
    headers: HeaderMap,
    Json(fields): Json,
) -> Reply {
    let draft = read(fields)?;
    let changed = db.write(|database| {
        let meal_n = changeable(database, &id, who, &headers)?;
        let (portions, content) = resolve(database, &draft)?;
        overwrite(database, meal_n, &draft, &content)?;
        database
            .prepare_cached("DELETE FROM meal_ingredients WHERE meal_n = ?1")?
            .execute([meal_n])?;
        menu::insert_portions(database, meal_n, &portions)?;
        find(database, &id, who)?.ok_or_else(missing)
    });
    tagged(changed.await?, reply::ok)
}

pub(super) async fn remove(db: Db, who: SignedIn, Id(id): Id, headers: HeaderMap) -> Reply {
    let removed = db.write(|database| {
        let meal_n = changeable(database, &id, who, &headers)?;
        database.prepare_cached("DELETE FROM meals WHERE n = ?1")?.execute([meal_n])?;
        Ok(())
    });
    removed.await?;
    reply::no_content()
}

fn missing() -> Refusal {
    Refusal::not_found("meal")
}

/// The reply with the meal's version as its `etag`.
fn tagged(meal: Whole, reply: impl FnOnce(Whole) -> Reply) -> Reply {
    let tag = HeaderValue::try_from(etag(meal.version));
    let mut response: Response = reply(meal)?;
    if let Ok(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

/// A version as `if-match` names it.
pub(super) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

fn read(mut fields: Fields) -> Result<Draft, Refusal> {
    let draft = Draft {
        name: fields.required("name", rules::text(1..=120)),
        tags: fields.optional("tags", rules::tags(20)).unwrap_or_default(),
        instructions: fields.optional("instructions", rules::text(0..=10_000)),
        ingredients: fields.list("ingredients", 1..=50, |ingredient| {
            let product = ingredient.required("productId", rules::text(1..=64));
            (product, ingredient.required("grams", rules::number(0.1..=10_000.0)))
        }),
    };
    fields.finish()?;
    Ok(draft)
}

/// Looks the products up and sums them up.
fn resolve(database: &Connection, draft: &Draft) -> Result<(Vec<Portion>, Content), Refusal> {
    let mut select = database.prepare_cached(
        "SELECT n, calories, protein, fat, carbs, allergens, diet FROM products WHERE id = ?1",
    )?;
    let mut content = Content::default();
    let mut portions = Vec::with_capacity(draft.ingredients.len());
    let mut unknown = Vec::new();
    for (position, (product_id, grams)) in draft.ingredients.iter().enumerate() {
        let found = select
            .query_row([product_id], |row| {
                let [calories, protein, fat, carbs] =
                    [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
                content.add(
                    *grams,
                    Nutrients { calories, protein, fat, carbs },
                    (row.get(5)?, row.get(6)?),
                );
                Ok(Portion { product_n: row.get(0)?, grams: *grams })
            })
            .optional()?;
        match found {
            Some(portion) => portions.push(portion),
            None => unknown.push(Detail {
                field: format!("ingredients[{position}].productId"),
                message: "there is no such product".to_owned(),
            }),
        }
    }
    if unknown.is_empty() {
        return Ok((portions, content));
    }
    Err(Refusal::not_found("product").with_details(unknown))
}

/// The key of a meal that this user may change now.
fn changeable(
    database: &Connection,
    id: &str,
    who: SignedIn,
    headers: &HeaderMap,
) -> Result<i64, Refusal> {
    let mut select =
        database.prepare_cached("SELECT n, owner_n, version FROM meals WHERE id = ?1")?;
    let read = |row: &rusqlite::Row| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?));
    let (meal_n, owner_n, version) =
        select.query_row([id], read).optional()?.ok_or_else(missing)?;
    if owner_n != who.user_n {
        return Err(Refusal::forbidden("this meal is not yours"));
    }
    if is_stale(headers, version) {
        let message = "the meal has changed since; read it again";
        return Err(Refusal::conflict("STALE", message));
    }
    Ok(meal_n)
}

fn is_stale(headers: &HeaderMap, version: i64) -> bool {
    let Some(wanted) = headers.get(header::IF_MATCH) else {
        return false;
    };
    let known = |tag: &str| tag == "*" || tag == etag(version);
    !wanted.to_str().is_ok_and(|tags| tags.split(',').any(|tag| known(tag.trim())))
}

fn overwrite(
    database: &Connection,
    meal_n: i64,
    draft: &Draft,
    content: &Content,
) -> rusqlite::Result<()> {
    let nutrients = content.nutrients.rounded();
    let [mass, cut, maintain] = scores(nutrients.scaled(100.0 / content.weight.max(1.0)));
    let mut update = database.prepare_cached(
        "UPDATE meals SET name = ?2, tags = ?3, instructions = ?4, weight = ?5, calories = ?6,
             protein = ?7, fat = ?8, carbs = ?9, allergens = ?10, diet = ?11, score_mass = ?12,
             score_cut = ?13, score_maintain = ?14, version = version + 1 WHERE n = ?1",
    )?;
    update.execute((
        meal_n,
        &draft.name,
        serde_json::json!(draft.tags).to_string(),
        &draft.instructions,
        content.weight,
        nutrients.calories,
        nutrients.protein,
        nutrients.fat,
        nutrients.carbs,
        content.allergens,
        content.diet,
        mass,
        cut,
        maintain,
    ))?;
    Ok(())
}

fn find(database: &Connection, id: &str, who: SignedIn) -> rusqlite::Result<Option<Whole>> {
    let mut select = database.prepare_cached(&format!(
        "SELECT {COLUMNS}, m.instructions, m.version, m.n FROM meals AS m WHERE m.id = ?1"
    ))?;
    let read = |row: &rusqlite::Row| {
        let meal = Meal::from_row(row, who.user_n)?;
        let (instructions, version) = (row.get(12)?, row.get(13)?);
        let whole = Whole { meal, instructions, ingredients: Vec::new(), version };
        Ok((whole, row.get::<_, i64>(14)?))
    };
    let Some((mut whole, meal_n)) = select.query_row([id], read).optional()? else {
        return Ok(None);
    };
    let mut ingredients = database.prepare_cached(
        "SELECT p.id, p.name, i.grams FROM meal_ingredients AS i
         JOIN products AS p ON p.n = i.product_n WHERE i.meal_n = ?1 ORDER BY i.position",
    )?;
    let rows = ingredients.query_map([meal_n], |row| {
        Ok(Ingredient { product_id: row.get(0)?, name: row.get(1)?, grams: row.get(2)? })
    })?;
    whole.ingredients = rows.collect::<Result<_, _>>()?;
    Ok(Some(whole))
}
