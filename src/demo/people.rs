//! The seeded users, their health profiles, what some of them once ordered, and the coupons.
//!
//! Who has what depends on the number of the user alone, so that scenarios can rely on it.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rusqlite::Connection;

use super::catalogue::{Product, below};
use super::food::{ALLERGENS, GOALS, PREFERENCES, mask};
use super::identity;
use super::menu::SEEDED_AT;
use super::password;

const PASSWORD: &str = "TestPassword123!";
const USERS: i64 = 100;
const WITH_PROFILE: i64 = 60;
const WITH_ORDER: i64 = 20;

const FIRST: [&str; 10] =
    ["Anna", "Ben", "Carla", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas"];
const LAST: [&str; 10] = [
    "Adler", "Brandt", "Costa", "Dahl", "Eriksen", "Fischer", "Garcia", "Horvat", "Ivanova",
    "Jansen",
];

/// 2020-01-01 and 2100-01-01: one coupon is over for good, the others outlive the program.
const LONG_OVER: i64 = 1_577_836_800_000;
const FAR_OFF: i64 = 4_102_444_800_000;

/// Puts the people into the tables.
pub(super) fn seed(database: &Connection, seed: u64, products: &[Product]) -> rusqlite::Result<()> {
    let mut source = Xoshiro256PlusPlus::seed_from_u64(seed ^ 0x7065_6F70);
    // All have the same password: hashing it a hundred times would only be slow.
    let password = password::hash_with_salt(PASSWORD, &seed.to_le_bytes());
    for number in 1..=USERS {
        let at = (number - 1) as usize;
        let name = format!("{} {}", FIRST[at % 10], LAST[at / 10]);
        database.execute(
            "INSERT INTO users VALUES (?1, ?2, ?3, ?4, ?5, 'en', ?6)",
            (
                number,
                identity::id_from(&mut source),
                format!("user{number}@test.com"),
                name,
                &password,
                SEEDED_AT,
            ),
        )?;
        if number <= WITH_PROFILE {
            add_profile(database, number, &mut source)?;
        }
        if number <= WITH_ORDER {
            add_shipped_order(database, number, products, &mut source)?;
        }
    }
    add_coupons(database)
}

fn add_profile(database: &Connection, number: i64, source: &mut impl Rng) -> rusqlite::Result<()> {
    let mut allergies = Vec::new();
    let mut preferences = Vec::new();
    if number % 4 == 0 {
        allergies.extend(["nuts", "peanuts"]);
    }
    if number % 7 == 0 {
        allergies.push("dairy");
    }
    if number % 10 == 5 {
        allergies.push("gluten");
    }
    if number % 6 == 0 {
        preferences.push(if number % 12 == 0 { "vegan" } else { "vegetarian" });
    }
    if number % 5 == 2 {
        preferences.push("high_protein");
    }
    database.execute(
        "INSERT INTO health_profiles VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        (
            number,
            18 + below(source, 50) as i64,
            ["female", "male"][(number % 2) as usize],
            55.0 + below(source, 40) as f64,
            155.0 + below(source, 40) as f64,
            ["low", "moderate", "high"][below(source, 3) as usize],
            GOALS[(number % 3) as usize],
            mask(&ALLERGENS, &allergies),
            mask(&PREFERENCES, &preferences),
            SEEDED_AT,
        ),
    )?;
    Ok(())
}

/// Something to be seen in a history, and that is too late to cancel.
fn add_shipped_order(
    database: &Connection,
    number: i64,
    products: &[Product],
    source: &mut impl Rng,
) -> rusqlite::Result<()> {
    let chosen = [0, 1].map(|_| &products[below(source, products.len() as u64) as usize]);
    let subtotal: i64 = chosen.iter().map(|product| product.price * 2).sum();
    let address = r#"{"name":"Test User","street":"1 Sample Street","city":"Sampleton",
        "postalCode":"10001","country":"DE"}"#;
    database.execute(
        "INSERT INTO orders VALUES (?1, ?2, ?1, 'shipped', ?3, 0, NULL, ?4, 'card', '4242',
            'seeded', x'', ?5)",
        (number, identity::id_from(source), subtotal, address, SEEDED_AT),
    )?;
    for (position, product) in chosen.iter().enumerate() {
        database.execute(
            "INSERT INTO order_items VALUES (?1, ?2, ?3, ?4, 2, ?5)",
            (number, position as i64, product.n, &product.name, product.price),
        )?;
    }
    Ok(())
}

fn add_coupons(database: &Connection) -> rusqlite::Result<()> {
    for (code, percent, amount, minimum, expires) in [
        ("WELCOME10", 10, 0, 0, FAR_OFF),
        ("SAVE500", 0, 500, 2000, FAR_OFF),
        ("EXPIRED20", 20, 0, 0, LONG_OVER),
    ] {
        database.execute(
            "INSERT INTO coupons VALUES (?1, ?2, ?3, ?4, ?5)",
            (code, percent, amount, minimum, expires),
        )?;
    }
    Ok(())
}
