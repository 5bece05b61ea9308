//! The seeded meals: the dishes of `dishes.csv`, each in four sizes.
//!
//! What a meal is made of decides its nutrients, allergens and diet; `Content` sums that up for
//! these meals and for those that people make.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rusqlite::{Connection, named_params};
use serde::Deserialize;

use super::catalogue::{LINES, Product, below};
use super::food::{Nutrients, scores};
use super::identity;

/// The moment at which everything seeded was made: 2026-01-01.
pub(super) const SEEDED_AT: i64 = 1_767_225_600_000;

const SIZES: [(&str, f64); 4] = [("", 1.0), ("Light ", 0.75), ("Hearty ", 1.25), ("Double ", 2.0)];

#[derive(Debug, Deserialize)]
struct Dish {
    name: String,
    slot: String,
    tags: String,
    ingredients: String,
}

/// So much of a product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portion {
    pub(super) product_n: i64,
    pub(super) grams: f64,
}

/// What the ingredients of a meal come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Content {
    pub(super) weight: f64,
    pub(super) nutrients: Nutrients,
    pub(super) allergens: i64,
    pub(super) diet: i64,
}

impl Content {
    /// Adds grams of something with these nutrients for 100 g.
    pub(super) fn add(&mut self, grams: f64, per_100: Nutrients, (allergens, diet): (i64, i64)) {
        self.weight += grams;
        self.nutrients = self.nutrients.plus(per_100.scaled(grams / 100.0));
        self.allergens |= allergens;
        self.diet = self.diet.max(diet);
    }
}

/// A meal as it is stored.
#[derive(Debug)]
pub(super) struct NewMeal<'a> {
    pub(super) id: &'a str,
    pub(super) owner_n: i64,
    pub(super) name: &'a str,
    pub(super) tags: &'a [String],
    pub(super) instructions: Option<&'a str>,
    pub(super) created_at: i64,
}

const INSERT: &str = "INSERT INTO meals (id, owner_n, name, tags, instructions, weight, calories,
    protein, fat, carbs, allergens, diet, version, created_at, score_mass, score_cut,
    score_maintain) VALUES (:id, :owner_n, :name, :tags, :instructions, :weight, :calories,
    :protein, :fat, :carbs, :allergens, :diet, 1, :created_at, :mass, :cut, :maintain)";

/// Puts a meal into the tables, without its ingredients, and says its key.
pub(super) fn insert(
    database: &Connection,
    meal: &NewMeal,
    content: &Content,
) -> rusqlite::Result<i64> {
    let nutrients = content.nutrients.rounded();
    let [mass, cut, maintain] = scores(nutrients.scaled(100.0 / content.weight.max(1.0)));
    database.prepare_cached(INSERT)?.execute(named_params! {
        ":id": meal.id,
        ":owner_n": meal.owner_n,
        ":name": meal.name,
        ":tags": serde_json::json!(meal.tags).to_string(),
        ":instructions": meal.instructions,
        ":weight": content.weight,
        ":calories": nutrients.calories,
        ":protein": nutrients.protein,
        ":fat": nutrients.fat,
        ":carbs": nutrients.carbs,
        ":allergens": content.allergens,
        ":diet": content.diet,
        ":created_at": meal.created_at,
        ":mass": mass,
        ":cut": cut,
        ":maintain": maintain,
    })?;
    Ok(database.last_insert_rowid())
}

/// Puts the ingredients of a meal into the tables.
pub(super) fn insert_portions(
    database: &Connection,
    meal_n: i64,
    portions: &[Portion],
) -> rusqlite::Result<()> {
    let mut insert = database.prepare_cached(
        "INSERT INTO meal_ingredients (meal_n, position, product_n, grams) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (position, portion) in portions.iter().enumerate() {
        insert.execute((meal_n, position as i64, portion.product_n, portion.grams))?;
    }
    Ok(())
}

/// Puts the seeded meals into the tables.
pub(super) fn seed(database: &Connection, seed: u64, products: &[Product]) -> rusqlite::Result<()> {
    // Another stream than that of the products: one more food then changes no meal's id.
    let mut source = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x6D65_616C);
    for dish in dishes() {
        for (size, factor) in SIZES {
            let (portions, content) = cook(&dish, factor, products, &mut source);
            let tags: Vec<String> = std::iter::once(dish.slot.as_str())
                .chain(dish.tags.split_whitespace())
                .map(str::to_owned)
                .collect();
            let meal = NewMeal {
                id: &identity::id_from(&mut source),
                owner_n: 0,
                name: &format!("{size}{}", dish.name),
                tags: &tags,
                instructions: Some("Prepare the ingredients, cook, season and serve."),
                created_at: SEEDED_AT,
            };
            let meal_n = insert(database, &meal, &content)?;
            insert_portions(database, meal_n, &portions)?;
        }
    }
    Ok(())
}

fn dishes() -> Vec<Dish> {
    let mut table = csv::Reader::from_reader(include_str!("dishes.csv").as_bytes());
    let rows: Result<Vec<Dish>, csv::Error> = table.deserialize().collect();
    rows.expect("the table is part of the program, and a test reads it")
}

fn cook(
    dish: &Dish,
    factor: f64,
    products: &[Product],
    source: &mut impl Rng,
) -> (Vec<Portion>, Content) {
    let mut content = Content::default();
    let mut portions = Vec::new();
    for (food, grams) in ingredients(dish) {
        let grams = (grams * factor).round();
        // The last line is out of season, so no meal is made of it.
        let line = below(source, LINES.len() as u64 - 1) as usize;
        if let Some(product) = products.iter().filter(|product| product.food == food).nth(line) {
            content.add(grams, product.per_100, (product.allergens, product.diet));
            portions.push(Portion { product_n: product.n, grams });
        }
    }
    (portions, content)
}

fn ingredients(dish: &Dish) -> Vec<(&str, f64)> {
    // "Rolled Oats:70 Apple:120": a food ends where its grams do.
    let mut all = Vec::new();
    let mut rest = dish.ingredients.as_str();
    while let Some((food, after)) = rest.split_once(':') {
        let (grams, next) = after.split_once(' ').unwrap_or((after, ""));
        all.push((food, grams.parse().unwrap_or(0.0)));
        rest = next;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::food::SLOTS;
    use super::*;

    #[test]
    fn the_table_holds_fifty_dishes_of_known_foods() {
        let foods = include_str!("foods.csv");
        let dishes = dishes();
        assert_eq!(dishes.len(), 50);
        for dish in dishes {
            assert!(SLOTS.contains(&dish.slot.as_str()), "{dish:?}");
            assert!(ingredients(&dish).len() >= 2, "{dish:?}");
            for (food, grams) in ingredients(&dish) {
                assert!(foods.contains(&format!("\n{food},")), "{food} of {}", dish.name);
                assert!(grams > 0.0, "{dish:?}");
            }
        }
    }

    #[test]
    fn a_content_sums_up_its_parts() {
        let per_100 = Nutrients { calories: 50.0, protein: 2.0, fat: 1.0, carbs: 8.0 };
        let mut content = Content::default();
        content.add(200.0, per_100, (1, 0));
        content.add(50.0, per_100, (4, 2));
        assert_eq!(content.weight, 250.0);
        assert_eq!(content.nutrients.calories, 125.0);
        assert_eq!((content.allergens, content.diet), (5, 2));
    }
}
