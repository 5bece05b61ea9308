//! The cart: what somebody wants to buy, at today's prices.
//!
//! A cart takes nothing from the stock; only checkout does.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde_json::json;

use super::database::Db;
use super::input::{Id, Json};
use super::products::CURRENCY;
use super::reply::{self, Detail, Refusal, Reply};
use super::session::SignedIn;
use super::{clock, identity, rules};

const MOST: i64 = 99;

/// One product in the cart.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    id: String,
    #[serde(rename = "productId")]
    pub(super) product_id: String,
    pub(super) name: String,
    pub(super) quantity: i64,
    #[serde(rename = "unitPrice")]
    pub(super) unit_price: i64,
    total: i64,
    #[serde(rename = "inStock")]
    in_stock: bool,
    #[serde(skip)]
    pub(super) product_n: i64,
}

/// The whole cart, with what it costs.
#[derive(Debug, Serialize)]
pub(super) struct Cart {
    pub(super) items: Vec<Item>,
    pub(super) subtotal: i64,
    pub(super) discount: i64,
    pub(super) total: i64,
    currency: &'static str,
    pub(super) coupon: Option<String>,
}

struct Coupon {
    code: String,
    percent: i64,
    amount: i64,
    minimum: i64,
    expires: i64,
}

impl Coupon {
    /// What it takes off. Nothing, if it is over or the cart is too small for it.
    fn discount(&self, subtotal: i64) -> i64 {
        if self.expires <= clock::now() || subtotal < self.minimum {
            return 0;
        }
        (subtotal * self.percent / 100 + self.amount).min(subtotal)
    }
}

/// Somebody's cart.
pub(super) fn find(database: &Connection, user_n: i64) -> rusqlite::Result<Cart> {
    let mut select = database.prepare_cached(
        "SELECT c.id, p.id, p.name, c.quantity, p.price, p.stock, p.n FROM cart_items AS c
         JOIN products AS p ON p.n = c.product_n WHERE c.user_n = ?1 ORDER BY c.n",
    )?;
    let rows = select.query_map([user_n], |row| {
        let (quantity, unit_price): (i64, i64) = (row.get(3)?, row.get(4)?);
        Ok(Item {
            id: row.get(0)?,
            product_id: row.get(1)?,
            name: row.get(2)?,
            quantity,
            unit_price,
            total: quantity * unit_price,
            in_stock: quantity <= row.get(5)?,
            product_n: row.get(6)?,
        })
    })?;
    let items = rows.collect::<Result<Vec<_>, _>>()?;
    let coupon = coupon_of(database, user_n)?;
    let subtotal: i64 = items.iter().map(|item| item.total).sum();
    let discount = coupon.as_ref().map_or(0, |coupon| coupon.discount(subtotal));
    let total = subtotal - discount;
    let coupon = coupon.map(|coupon| coupon.code);
    Ok(Cart { items, subtotal, discount, total, currency: CURRENCY, coupon })
}

fn coupon_of(database: &Connection, user_n: i64) -> rusqlite::Result<Option<Coupon>> {
    let mut select = database.prepare_cached(
        "SELECT c.* FROM cart_coupons JOIN coupons AS c USING (code) WHERE user_n = ?1",
    )?;
    select.query_row([user_n], read_coupon).optional()
}

fn read_coupon(row: &rusqlite::Row) -> rusqlite::Result<Coupon> {
    Ok(Coupon {
        code: row.get(0)?,
        percent: row.get(1)?,
        amount: row.get(2)?,
        minimum: row.get(3)?,
        expires: row.get(4)?,
    })
}

/// Empties it, and forgets the coupon.
pub(super) fn clear(database: &Connection, user_n: i64) -> rusqlite::Result<()> {
    database.prepare_cached("DELETE FROM cart_items WHERE user_n = ?1")?.execute([user_n])?;
    database.prepare_cached("DELETE FROM cart_coupons WHERE user_n = ?1")?.execute([user_n])?;
    Ok(())
}

pub(super) async fn show(db: Db, who: SignedIn) -> Reply {
    reply::ok(db.read(|database| Ok(find(database, who.user_n)?))?)
}

pub(super) async fn add(db: Db, who: SignedIn, Json(mut fields): Json) -> Reply {
    let product_id = fields.required("productId", rules::text(1..=64));
    let quantity = fields.required("quantity", rules::integer(1..=MOST));
    fields.finish()?;
    let cart = db.write(|database| {
        let mut select = database.prepare_cached(
            "SELECT p.n, p.stock, coalesce(c.quantity, 0) FROM products AS p
             LEFT JOIN cart_items AS c ON c.product_n = p.n AND c.user_n = ?2 WHERE p.id = ?1",
        )?;
        let read = |row: &rusqlite::Row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?));
        let found = select.query_row((&product_id, who.user_n), read).optional()?;
        let (product_n, stock, already) = found.ok_or_else(|| Refusal::not_found("product"))?;
        if already + quantity > MOST {
            return Err(Refusal::invalid("quantity", "must come to at most 99 in the cart"));
        }
        refuse_more_than(stock, already + quantity)?;
        put(database, who.user_n, product_n, already + quantity)?;
        Ok(find(database, who.user_n)?)
    });
    reply::created(cart.await?)
}

fn put(database: &Connection, user_n: i64, product_n: i64, quantity: i64) -> rusqlite::Result<()> {
    let mut insert = database.prepare_cached(
        "INSERT INTO cart_items (id, user_n, product_n, quantity) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user_n, product_n) DO UPDATE SET quantity = excluded.quantity",
    )?;
    insert.execute((identity::new_id(), user_n, product_n, quantity))?;
    Ok(())
}

fn refuse_more_than(stock: i64, quantity: i64) -> Result<(), Refusal> {
    if quantity <= stock {
        return Ok(());
    }
    let (field, message) = ("quantity".to_owned(), format!("{stock} left"));
    let refusal = Refusal::conflict("OUT_OF_STOCK", "there is not enough of this product");
    Err(refusal.with_details(vec![Detail { field, message }]))
}

pub(super) async fn update(db: Db, who: SignedIn, Id(id): Id, Json(mut fields): Json) -> Reply {
    let quantity = fields.required("quantity", rules::integer(1..=MOST));
    fields.finish()?;
    let cart = db.write(|database| {
        let mut select = database.prepare_cached(
            "SELECT p.stock FROM cart_items AS c JOIN products AS p ON p.n = c.product_n
             WHERE c.id = ?1 AND c.user_n = ?2",
        )?;
        let stock = select.query_row((&id, who.user_n), |row| row.get(0)).optional()?;
        refuse_more_than(stock.ok_or_else(|| Refusal::not_found("item"))?, quantity)?;
        database
            .prepare_cached("UPDATE cart_items SET quantity = ?1 WHERE id = ?2")?
            .execute((quantity, &id))?;
        Ok(find(database, who.user_n)?)
    });
    reply::ok(cart.await?)
}

pub(super) async fn remove(db: Db, who: SignedIn, Id(id): Id) -> Reply {
    let removed = db.write(|database| {
        let mut delete =
            database.prepare_cached("DELETE FROM cart_items WHERE id = ?1 AND user_n = ?2")?;
        Ok(delete.execute((&id, who.user_n))?)
    });
    if removed.await? == 0 {
        return Err(Refusal::not_found("item"));
    }
    reply::no_content()
}

pub(super) async fn add_meal_plan(db: Db, who: SignedIn, Json(mut fields): Json) -> Reply {
    let date = fields.required("date", rules::date);
    fields.finish()?;
    let filled = db.write(|database| {
        let needed = needed_packs(database, who.user_n, &date)?;
        if needed.is_empty() {
            return Err(Refusal::not_found("plan for this day"));
        }
        let mut skipped = Vec::new();
        for (product_n, packs, stock, product_id) in needed {
            if packs > stock {
                skipped.push(json!({ "productId": product_id, "reason": "out of stock" }));
            } else {
                put(database, who.user_n, product_n, packs)?;
            }
        }
        Ok((find(database, who.user_n)?, skipped))
    });
    let (cart, skipped) = filled.await?;
    let mut data = serde_json::to_value(cart)?;
    data["skipped"] = json!(skipped);
    reply::ok(data)
}

/// How many packs of each product a day's meals take, or the cart has already, if more: asking
/// twice for the same day buys nothing twice.
fn needed_packs(
    database: &Connection,
    user_n: i64,
    date: &str,
) -> rusqlite::Result<Vec<(i64, i64, i64, String)>> {
    let mut select = database.prepare_cached(
        "SELECT p.n, p.pack_grams, sum(i.grams * e.portion / m.weight), coalesce(c.quantity, 0),
             p.stock, p.id
         FROM plan_days AS d JOIN plan_entries AS e ON e.day_n = d.n
         JOIN meals AS m ON m.id = e.meal_id JOIN meal_ingredients AS i ON i.meal_n = m.n
         JOIN products AS p ON p.n = i.product_n
         LEFT JOIN cart_items AS c ON c.product_n = p.n AND c.user_n = d.user_n
         WHERE d.user_n = ?1 AND d.date = ?2 GROUP BY p.n ORDER BY p.name",
    )?;
    let rows = select.query_map((user_n, date), |row| {
        let (pack, grams): (f64, f64) = (row.get::<_, i64>(1)? as f64, row.get(2)?);
        let packs = ((grams / pack).ceil() as i64).clamp(1, MOST).max(row.get(3)?);
        Ok((row.get(0)?, packs, row.get(4)?, row.get(5)?))
    })?;
    rows.collect()
}

pub(super) async fn redeem(db: Db, who: SignedIn, Json(mut fields): Json) -> Reply {
    let code = fields.required("code", rules::text(1..=40)).to_uppercase();
    fields.finish()?;
    let cart = db.write(|database| {
        let mut select = database.prepare_cached("SELECT * FROM coupons WHERE code = ?1")?;
        let Some(coupon) = select.query_row([&code], read_coupon).optional()? else {
            return Err(Refusal::bad_request("INVALID_COUPON", "there is no such coupon"));
        };
        if coupon.expires <= clock::now() {
            return Err(Refusal::gone("COUPON_EXPIRED", "the coupon has expired"));
        }
        if find(database, who.user_n)?.subtotal < coupon.minimum {
            let message = format!("the coupon is for carts of {} or more", coupon.minimum);
            return Err(Refusal::bad_request("COUPON_MINIMUM", &message));
        }
        let mut insert =
            database.prepare_cached("INSERT OR REPLACE INTO cart_coupons VALUES (?1, ?2)")?;
        insert.execute((who.user_n, &code))?;
        Ok(find(database, who.user_n)?)
    });
    reply::ok(cart.await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coupon(percent: i64, amount: i64, minimum: i64) -> Coupon {
        Coupon { code: String::new(), percent, amount, minimum, expires: i64::MAX }
    }

    #[test]
    fn a_coupon_takes_off_a_share_or_an_amount_but_never_more_than_there_is() {
        assert_eq!(coupon(10, 0, 0).discount(1999), 199);
        assert_eq!(coupon(0, 500, 2000).discount(2000), 500);
        assert_eq!(coupon(0, 500, 2000).discount(1999), 0);
        assert_eq!(coupon(0, 500, 0).discount(300), 300);
        assert_eq!(Coupon { expires: 0, ..coupon(50, 0, 0) }.discount(1000), 0);
    }
}
