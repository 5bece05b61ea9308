//! Meals as clients see them, and lists of them.
//!
//! A list holds the catalogue's meals and one's own. Making and changing one is in `meals`.

use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;

use super::clock;
use super::database::Db;
use super::filter::{Filter, search_words};
use super::food::{ALLERGENS, mask, words};
use super::input::{Fields, PageOf, Query};
use super::products::diet;
use super::reply::{self, Listed, Refusal, Reply};
use super::rules;
use super::session::SignedIn;

/// The columns that `Meal::from_row` reads, of a table called `m`.
pub(super) const COLUMNS: &str = "m.id, m.name, m.tags, m.weight, m.calories, m.protein, m.fat,
    m.carbs, m.allergens, m.diet, m.owner_n, m.created_at";

/// A meal without what it is made of.
#[derive(Debug, Serialize)]
pub(super) struct Meal {
    pub(super) id: String,
    name: String,
    tags: Vec<String>,
    weight: f64,
    calories: f64,
    protein: f64,
    fat: f64,
    carbs: f64,
    allergens: Vec<&'static str>,
    diet: &'static str,
    pub(super) own: bool,
    #[serde(rename = "createdAt")]
    created_at: String,
}

impl Meal {
    pub(super) fn from_row(row: &Row, user_n: i64) -> rusqlite::Result<Self> {
        let tags = row.get_ref(2)?.as_str()?;
        Ok(Meal {
            id: row.get(0)?,
            name: row.get(1)?,
            // Only this program writes the column.
            tags: serde_json::from_str(tags).unwrap_or_default(),
            weight: row.get(3)?,
            calories: row.get(4)?,
            protein: row.get(5)?,
            fat: row.get(6)?,
            carbs: row.get(7)?,
            allergens: words(&ALLERGENS, row.get(8)?),
            diet: diet(row.get(9)?),
            own: row.get::<_, i64>(10)? == user_n,
            created_at: clock::written(row.get(11)?),
        })
    }
}

pub(super) const SORTS: [&str; 4] = ["name", "calories", "protein", "created"];

struct Wanted {
    from: &'static str,
    filter: Filter,
    sort: &'static str,
    order: &'static str,
    page: PageOf,
}

pub(super) async fn list(db: Db, who: SignedIn, Query(fields): Query) -> Reply {
    let Listed { rows, total, page } = find_all(&db, who, fields)?;
    reply::listed(&rows, total, page)
}

/// One page of what the fields ask for.
pub(super) fn find_all(db: &Db, who: SignedIn, fields: Fields) -> Result<Listed<Meal>, Refusal> {
    let wanted = read(fields, who)?;
    let (rows, total) = db.read(|database| Ok(select(database, &wanted, who)?))?;
    Ok(Listed { rows, total, page: wanted.page })
}

fn read(mut fields: Fields, who: SignedIn) -> Result<Wanted, Refusal> {
    let search = fields.optional("search", rules::text(1..=100));
    let most = fields.optional("maxCalories", rules::parsed(rules::number(0.0..=100_000.0)));
    let avoided = fields.optional("excludeAllergens", rules::words_of(&ALLERGENS));
    let tag = fields.optional("tag", rules::text(1..=30));
    let mut filter = Filter::default();
    filter.when("meal_words MATCH ?", search.as_deref().map(search_words));
    filter.when("m.owner_n IN (0, ?)", Some(who.user_n));
    filter.when("m.calories <= ?", most);
    filter.when("m.allergens & ? = 0", avoided.map(|words| mask(&ALLERGENS, &words)));
    filter.when(
        "EXISTS (SELECT 1 FROM json_each(m.tags) WHERE value = ?)",
        tag.map(|tag| tag.to_lowercase()),
    );
    let sort = match fields.optional("sort", rules::one_of(&SORTS)) {
        Some("created") => "created_at",
        sort => sort.unwrap_or("name"),
    };
    let order = fields.optional("order", rules::one_of(&["asc", "desc"])).unwrap_or("asc");
    let page = fields.page(20);
    fields.finish()?;
    let from = match search {
        Some(_) => "meal_words JOIN meals AS m ON m.n = meal_words.rowid",
        None => "meals AS m",
    };
    Ok(Wanted { from, filter, sort, order, page })
}

fn select(
    database: &Connection,
    wanted: &Wanted,
    who: SignedIn,
) -> rusqlite::Result<(Vec<Meal>, i64)> {
    let Wanted { from, filter, sort, order, page } = wanted;
    let clause = filter.clause();
    let mut count = database.prepare_cached(&format!("SELECT count(*) FROM {from} {clause}"))?;
    let total = count.query_row(params_from_iter(filter.values()), |row| row.get(0))?;
    // The page is chosen by key first: the sort then carries no wide rows.
    let mut select = database.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM meals AS m JOIN (
             SELECT m.n AS n FROM {from} {clause} ORDER BY m.{sort} {order}, m.n {order}
             LIMIT ? OFFSET ?
         ) AS chosen ON chosen.n = m.n ORDER BY m.{sort} {order}, m.n {order}"
    ))?;
    let values = filter.values_of_page(page.limit, page.offset());
    let rows = select.query_map(params_from_iter(values), |row| Meal::from_row(row, who.user_n))?;
    Ok((rows.collect::<Result<_, _>>()?, total))
}
