//! The seeded products: the foods of `foods.csv`, each from twenty lines.
//!
//! The names and the stock are the same for every seed, so that scenarios can rely on them;
//! ids, brands, prices and nutrients are drawn from it.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rusqlite::{Connection, named_params};
use serde::Deserialize;

use super::food::{ALLERGENS, DIETS, Nutrients, mask, round, scores};
use super::identity;

/// Twenty of a hundred foods make two thousand products. What is of the last line is out of
/// season: every second food of it is sold out, of the others a handful is left.
pub(super) const LINES: [&str; 20] = [
    "Alpine", "Classic", "Coastal", "Daily", "Farm", "Fine", "Garden", "Golden", "Harvest",
    "Heritage", "Local", "Market", "Natural", "Nordic", "Organic", "Premium", "Select", "Sunrise",
    "Valley", "Winter",
];

const BRANDS: [&str; 8] = [
    "Brightfield",
    "Fjordgard",
    "Greenway",
    "Hearthstone",
    "Kornel",
    "Meadowcroft",
    "Oakline",
    "Sunmill",
];

/// One food, as the table has it.
#[derive(Debug, Deserialize)]
struct Food {
    name: String,
    category: String,
    r#type: String,
    diet: String,
    calories: f64,
    protein: f64,
    fat: f64,
    carbs: f64,
    fiber: f64,
    price: i64,
    pack: i64,
    allergens: String,
}

/// A product that was seeded, for what is made of it.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) n: i64,
    pub(super) food: String,
    pub(super) name: String,
    pub(super) per_100: Nutrients,
    pub(super) allergens: i64,
    pub(super) diet: i64,
    pub(super) price: i64,
    stock: i64,
}

const INSERT: &str = "INSERT INTO products VALUES (:n, :id, :name, :brand, :category, :type,
    :calories, :protein, :fat, :carbs, :fiber, :allergens, :diet, :price, :pack_grams, :stock,
    :score_mass, :score_cut, :score_maintain)";

/// Puts the products into the tables. Those of one food lie together, in the order of `LINES`.
pub(super) fn seed(database: &Connection, seed: u64) -> rusqlite::Result<Vec<Product>> {
    let mut source = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut products = Vec::with_capacity(2_000);
    for (position, food) in foods().iter().enumerate() {
        for (line, line_name) in LINES.iter().enumerate() {
            let n = products.len() as i64 + 1;
            let stock = stock(position, line, &mut source);
            let product = Product { n, stock, ..draw(food, line_name, &mut source) };
            insert(database, food, &product, &mut source)?;
            products.push(product);
        }
    }
    database.execute("INSERT INTO product_words (product_words) VALUES ('rebuild')", [])?;
    Ok(products)
}

fn foods() -> Vec<Food> {
    let mut table = csv::Reader::from_reader(include_str!("foods.csv").as_bytes());
    let rows: Result<Vec<Food>, csv::Error> = table.deserialize().collect();
    rows.expect("the table is part of the program, and a test reads it")
}

/// A product without its key and its stock.
fn draw(food: &Food, line: &str, source: &mut impl Rng) -> Product {
    // Up to 6 % more or less of everything, and up to 15 % of the price.
    let vary = 0.94 + below(source, 121) as f64 / 1000.0;
    let dearer = 85 + below(source, 31) as i64;
    let Food { calories, protein, fat, carbs, .. } = *food;
    let allergens: Vec<&str> = food.allergens.split_whitespace().collect();
    Product {
        n: 0,
        stock: 0,
        food: food.name.clone(),
        name: format!("{line} {}", food.name),
        per_100: Nutrients { calories, protein, fat, carbs }.scaled(vary).rounded(),
        allergens: mask(&ALLERGENS, &allergens),
        diet: DIETS.iter().position(|diet| *diet == food.diet).map_or(3, |at| at as i64),
        price: food.price * dearer / 100,
    }
}

fn stock(food: usize, line: usize, source: &mut impl Rng) -> i64 {
    match (line + 1 == LINES.len(), food.is_multiple_of(2)) {
        (true, true) => 0,
        (true, false) => 1 + below(source, 5) as i64,
        // Enough for a load test that buys the same thing again and again.
        (false, _) => 50_000 + below(source, 50_000) as i64,
    }
}

fn insert(
    database: &Connection,
    food: &Food,
    product: &Product,
    source: &mut impl Rng,
) -> rusqlite::Result<()> {
    let [mass, cut, maintain] = scores(product.per_100);
    database.prepare_cached(INSERT)?.execute(named_params! {
        ":n": product.n,
        ":id": identity::id_from(source),
        ":name": product.name,
        ":brand": BRANDS[below(source, BRANDS.len() as u64) as usize],
        ":category": food.category,
        ":type": food.r#type,
        ":calories": product.per_100.calories,
        ":protein": product.per_100.protein,
        ":fat": product.per_100.fat,
        ":carbs": product.per_100.carbs,
        ":fiber": round(food.fiber),
        ":allergens": product.allergens,
        ":diet": product.diet,
        ":price": product.price,
        ":pack_grams": food.pack,
        ":stock": product.stock,
        ":score_mass": mass,
        ":score_cut": cut,
        ":score_maintain": maintain,
    })?;
    Ok(())
}

/// A number less than `end`. The bias is too small to matter, and unlike a library's range it
/// will be the same in every version.
pub(super) fn below(source: &mut impl Rng, end: u64) -> u64 {
    source.next_u64() % end
}

#[cfg(test)]
mod tests {
    use super::super::food::{CATEGORIES, TYPES};
    use super::*;

    #[test]
    fn the_table_holds_a_hundred_foods_of_known_words() {
        let foods = foods();
        assert_eq!(foods.len(), 100);
        for food in foods {
            assert!(CATEGORIES.contains(&food.category.as_str()), "{food:?}");
            assert!(TYPES.contains(&food.r#type.as_str()), "{food:?}");
            assert!(DIETS.contains(&food.diet.as_str()), "{food:?}");
            assert!(food.allergens.split_whitespace().all(|word| ALLERGENS.contains(&word)));
            assert!(food.price > 0 && food.pack > 0, "{food:?}");
        }
    }

    #[test]
    fn energy_fits_the_nutrients() {
        for food in foods() {
            let computed = food.protein * 4.0 + food.fat * 9.0 + food.carbs * 4.0;
            let off = (computed - food.calories).abs();
            assert!(off < 25.0 + food.calories * 0.2, "{food:?}: {computed}");
        }
    }
}
