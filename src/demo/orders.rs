//! Orders that were made: shown, listed, cancelled as long as they have not shipped.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use serde_json::Value;

use super::clock;
use super::database::Db;
use super::input::{Fields, Id, Query};
use super::products::CURRENCY;
use super::reply::{self, Listed, Refusal, Reply};
use super::session::SignedIn;

/// One product of an order, at the price of that day.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    #[serde(rename = "productId")]
    product_id: String,
    pub(super) name: String,
    pub(super) quantity: i64,
    #[serde(rename = "unitPrice")]
    pub(super) unit_price: i64,
    pub(super) total: i64,
}

#[derive(Debug, Serialize)]
struct Payment {
    method: String,
    last4: Option<String>,
}

/// An order with all that is in it.
#[derive(Debug, Serialize)]
pub(super) struct Order {
    #[serde(flatten)]
    pub(super) head: Head,
    pub(super) items: Vec<Line>,
    coupon: Option<String>,
    address: Value,
    payment: Payment,
}

/// An order in a list.
#[derive(Debug, Serialize)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) subtotal: i64,
    pub(super) discount: i64,
    pub(super) total: i64,
    currency: &'static str,
    #[serde(rename = "itemCount")]
    item_count: i64,
    #[serde(rename = "createdAt")]
    created_at: String,
}

/// The columns that `Head::from_row` reads, of a table called `o`.
const HEAD: &str = "o.id, o.status, o.subtotal, o.discount, o.created_at,
    (SELECT sum(quantity) FROM order_items WHERE order_n = o.n)";

impl Head {
    fn from_row(row: &Row, ship_after: Duration) -> rusqlite::Result<Self> {
        let (subtotal, discount): (i64, i64) = (row.get(2)?, row.get(3)?);
        let created_at = row.get(4)?;
        Ok(Head {
            id: row.get(0)?,
            status: status(row.get_ref(1)?.as_str()?, created_at, ship_after),
            subtotal,
            discount,
            total: subtotal - discount,
            currency: CURRENCY,
            item_count: row.get(5)?,
            created_at: clock::written(created_at),
        })
    }
}

/// Nobody packs anything here: an order ships by growing old.
fn status(stored: &str, created_at: i64, ship_after: Duration) -> &'static str {
    let old = clock::now().saturating_sub(created_at) >= clock::millis(ship_after);
    match stored {
        "cancelled" => "cancelled",
        "placed" if !old => "placed",
        _ => "shipped",
    }
}

/// One whole order.
pub(super) fn load(
    database: &Connection,
    order_n: i64,
    ship_after: Duration,
) -> rusqlite::Result<Order> {
    let mut lines = database.prepare_cached(
        "SELECT p.id, i.name, i.quantity, i.unit_price FROM order_items AS i
         JOIN products AS p ON p.n = i.product_n WHERE i.order_n = ?1 ORDER BY i.position",
    )?;
    let rows = lines.query_map([order_n], |row| {
        let (quantity, unit_price): (i64, i64) = (row.get(2)?, row.get(3)?);
        let (product_id, name) = (row.get(0)?, row.get(1)?);
        Ok(Line { product_id, name, quantity, unit_price, total: quantity * unit_price })
    })?;
    let items = rows.collect::<Result<Vec<_>, _>>()?;
    let mut order = database.prepare_cached(&format!(
        "SELECT {HEAD}, o.coupon, o.address, o.payment_method, o.card_last4
         FROM orders AS o WHERE o.n = ?1"
    ))?;
    order.query_row([order_n], |row| {
        Ok(Order {
            head: Head::from_row(row, ship_after)?,
            items,
            coupon: row.get(6)?,
            // Only this program writes the column.
            address: serde_json::from_str(row.get_ref(7)?.as_str()?).unwrap_or_default(),
            payment: Payment { method: row.get(8)?, last4: row.get(9)? },
        })
    })
}

pub(super) async fn list(db: Db, who: SignedIn, Query(fields): Query) -> Reply {
    let Listed { rows, total, page } = find_all(&db, who, fields)?;
    reply::listed(&rows, total, page)
}

/// One page of somebody's orders, the newest first.
pub(super) fn find_all(
    db: &Db,
    who: SignedIn,
    mut fields: Fields,
) -> Result<Listed<Head>, Refusal> {
    let page = fields.page(20);
    fields.finish()?;
    let ship_after = db.app.ship_after;
    let (rows, total) = db.read(|database| {
        let mut count = database.prepare_cached("SELECT count(*) FROM orders WHERE user_n = ?1")?;
        let total = count.query_row([who.user_n], |row| row.get(0))?;
        let mut select = database.prepare_cached(&format!(
            "SELECT {HEAD} FROM orders AS o WHERE o.user_n = ?1 ORDER BY o.n DESC
             LIMIT ?2 OFFSET ?3"
        ))?;
        let wanted = (who.user_n, page.limit, page.offset());
        let rows = select.query_map(wanted, |row| Head::from_row(row, ship_after))?;
        Ok((rows.collect::<Result<Vec<_>, _>>()?, total))
    })?;
    Ok(Listed { rows, total, page })
}

pub(super) async fn show(db: Db, who: SignedIn, Id(id): Id) -> Reply {
    reply::ok(get(&db, who, &id)?)
}

/// One order, if it is theirs.
pub(super) fn get(db: &Db, who: SignedIn, id: &str) -> Result<Order, Refusal> {
    let ship_after = db.app.ship_after;
    db.read(|database| {
        let order_n = own(database, id, who)?;
        Ok(load(database, order_n, ship_after)?)
    })
}

pub(super) async fn cancel(db: Db, who: SignedIn, Id(id): Id) -> Reply {
    let ship_after = db.app.ship_after;
    let order = db.write(|database| {
        let order_n = own(database, &id, who)?;
        match load(database, order_n, ship_after)?.head.status {
            "placed" => {}
            "cancelled" => {
                return Err(Refusal::conflict("ALREADY_CANCELLED", "the order is cancelled"));
            }
            _ => return Err(Refusal::conflict("ALREADY_SHIPPED", "the order has shipped")),
        }
        database
            .prepare_cached("UPDATE orders SET status = 'cancelled' WHERE n = ?1")?
            .execute([order_n])?;
        give_back(database, order_n)?;
        Ok(load(database, order_n, ship_after)?)
    });
    reply::ok(order.await?)
}

fn give_back(database: &Connection, order_n: i64) -> rusqlite::Result<()> {
    let mut update = database.prepare_cached(
        "UPDATE products SET stock = stock + i.quantity FROM order_items AS i
         WHERE i.order_n = ?1 AND i.product_n = products.n",
    )?;
    update.execute([order_n])?;
    Ok(())
}

/// The key of an order, if it is this user's.
fn own(database: &Connection, id: &str, who: SignedIn) -> Result<i64, Refusal> {
    let mut select = database.prepare_cached("SELECT n, user_n FROM orders WHERE id = ?1")?;
    let read = |row: &Row| Ok((row.get(0)?, row.get::<_, i64>(1)?));
    let found = select.query_row([id], read).optional()?;
    let (order_n, user_n) = found.ok_or_else(|| Refusal::not_found("order"))?;
    if user_n != who.user_n {
        return Err(Refusal::forbidden("this order is not yours"));
    }
    Ok(order_n)
}
