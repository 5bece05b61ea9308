//! The products: searched, filtered, sorted, one page at a time.

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde::Serialize;

use super::database::Db;
use super::filter::{Filter, search_words};
use super::food::{ALLERGENS, CATEGORIES, DIETS, TYPES, mask, words};
use super::input::{Fields, Id, PageOf, Query};
use super::reply::{self, Listed, Refusal, Reply};
use super::rules;

/// What every price is in.
pub(super) const CURRENCY: &str = "EUR";

const COLUMNS: &str = "p.id, p.name, p.brand, p.category, p.type, p.calories, p.protein, p.fat,
    p.carbs, p.fiber, p.allergens, p.diet, p.price, p.pack_grams, p.stock";

/// A product as clients see it.
#[derive(Serialize)]
pub(super) struct Product {
    id: String,
    name: String,
    brand: String,
    category: String,
    r#type: String,
    calories: f64,
    protein: f64,
    fat: f64,
    carbs: f64,
    fiber: f64,
    allergens: Vec<&'static str>,
    diet: &'static str,
    price: i64,
    currency: &'static str,
    #[serde(rename = "packGrams")]
    pack_grams: i64,
    stock: i64,
}

impl Product {
    fn from_row(row: &Row) -> rusqlite::Result<Self> {
        Ok(Product {
            id: row.get(0)?,
            name: row.get(1)?,
            brand: row.get(2)?,
            category: row.get(3)?,
            r#type: row.get(4)?,
            calories: row.get(5)?,
            protein: row.get(6)?,
            fat: row.get(7)?,
            carbs: row.get(8)?,
            fiber: row.get(9)?,
            allergens: words(&ALLERGENS, row.get(10)?),
            diet: diet(row.get(11)?),
            price: row.get(12)?,
            currency: CURRENCY,
            pack_grams: row.get(13)?,
            stock: row.get(14)?,
        })
    }
}

/// The word for a diet's position.
pub(super) fn diet(position: i64) -> &'static str {
    let known = usize::try_from(position).ok().and_then(|position| DIETS.get(position));
    known.copied().unwrap_or("omnivore")
}

/// What a list can be sorted by. Each is a column, and has an index.
pub(super) const SORTS: [&str; 5] = ["name", "price", "calories", "protein", "stock"];

/// What a client wants to see of the products.
struct Wanted {
    from: &'static str,
    filter: Filter,
    sort: &'static str,
    order: &'static str,
    page: PageOf,
}

pub(super) async fn list(db: Db, Query(fields): Query) -> Reply {
    let Listed { rows, total, page } = find_all(&db, fields)?;
    reply::listed(&rows, total, page)
}

/// One page of what the fields ask for.
pub(super) fn find_all(db: &Db, fields: Fields) -> Result<Listed<Product>, Refusal> {
    let wanted = read(fields)?;
    let (rows, total) = db.read(|database| Ok(select(database, &wanted)?))?;
    Ok(Listed { rows, total, page: wanted.page })
}

fn read(mut fields: Fields) -> Result<Wanted, Refusal> {
    let search = fields.optional("search", rules::text(1..=100));
    let energy = || rules::parsed(rules::number(0.0..=10_000.0));
    let least = fields.optional("minCalories", energy());
    let most = fields.optional("maxCalories", energy());
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        fields.reject("minCalories", "must not be more than maxCalories");
    }
    let category = fields.optional("category", rules::one_of(&CATEGORIES));
    let kind = fields.optional("type", rules::one_of(&TYPES));
    let avoided = fields.optional("allergens", rules::words_of(&ALLERGENS));
    let mut filter = Filter::default();
    filter.when("product_words MATCH ?", search.as_deref().map(search_words));
    filter.when("p.category = ?", category.map(str::to_owned));
    filter.when("p.type = ?", kind.map(str::to_owned));
    filter.when("p.brand = ?", fields.optional("brand", rules::text(1..=100)));
    filter.when("p.calories >= ?", least);
    filter.when("p.calories <= ?", most);
    filter.when("p.allergens & ? = 0", avoided.map(|words| mask(&ALLERGENS, &words)));
    let sort = fields.optional("sort", rules::one_of(&SORTS)).unwrap_or("name");
    let order = fields.optional("order", rules::one_of(&["asc", "desc"])).unwrap_or("asc");
    let page = fields.page(20);
    fields.finish()?;
    let from = match search {
        Some(_) => "product_words JOIN products AS p ON p.n = product_words.rowid",
        None => "products AS p",
    };
    Ok(Wanted { from, filter, sort, order, page })
}

fn select(database: &Connection, wanted: &Wanted) -> rusqlite::Result<(Vec<Product>, i64)> {
    let Wanted { from, filter, sort, order, page } = wanted;
    let clause = filter.clause();
    let mut count = database.prepare_cached(&format!("SELECT count(*) FROM {from} {clause}"))?;
    let total = count.query_row(params_from_iter(filter.values()), |row| row.get(0))?;
    let mut select = database.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM {from} {clause} ORDER BY p.{sort} {order}, p.n {order}
         LIMIT ? OFFSET ?"
    ))?;
    let values = filter.values_of_page(page.limit, page.offset());
    let rows = select.query_map(params_from_iter(values), Product::from_row)?;
    Ok((rows.collect::<Result<_, _>>()?, total))
}

pub(super) async fn show(db: Db, Id(id): Id) -> Reply {
    reply::ok(find(&db, &id)?)
}

/// One product.
pub(super) fn find(db: &Db, id: &str) -> Result<Product, Refusal> {
    let found = db.read(|database| {
        let mut select = database
            .prepare_cached(&format!("SELECT {COLUMNS} FROM products AS p WHERE p.id = ?1"))?;
        Ok(select.query_row([id], Product::from_row).optional()?)
    })?;
    found.ok_or_else(|| Refusal::not_found("product"))
}
