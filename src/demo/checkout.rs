//! Checkout: the cart becomes an order, and the stock goes down with it, in one transaction.
//!
//! Writes queue up for one writer, and the stock is taken by an update that checks it. So no
//! two orders get the same last piece, and a request that is sent twice orders once.

use axum::http::{HeaderMap, StatusCode};
use rusqlite::{Connection, OptionalExtension, named_params};
use serde::Serialize;

use super::cart::{self, Cart};
use super::database::Db;
use super::input::{Fields, Raw};
use super::orders::{self, Order};
use super::reply::{self, Detail, Refusal, Reply};
use super::session::SignedIn;
use super::{clock, identity, rules};

pub(super) const KEY: &str = "idempotency-key";
pub(super) const METHODS: [&str; 3] = ["card", "paypal", "cash"];

/// A card that no bank takes.
const DECLINED: &str = "0002";

#[derive(Debug, Serialize)]
struct Address {
    name: String,
    street: String,
    city: String,
    #[serde(rename = "postalCode")]
    postal_code: String,
    country: String,
}

/// What somebody sends to check out.
struct Purchase {
    key: String,
    fingerprint: [u8; 32],
    address: Address,
    method: &'static str,
    last4: Option<String>,
}

pub(super) async fn checkout(db: Db, who: SignedIn, headers: HeaderMap, raw: Raw) -> Reply {
    reply::created(order(&db, who, &headers, &raw).await?)
}

/// The order that this request makes, or made before.
pub(super) async fn order(
    db: &Db,
    who: SignedIn,
    headers: &HeaderMap,
    raw: &Raw,
) -> Result<Order, Refusal> {
    let purchase = read(headers, raw)?;
    let ship_after = db.app.ship_after;
    let order = db.write(|database| {
        let order_n = match earlier(database, who.user_n, &purchase)? {
            Some(order_n) => order_n,
            None => buy(database, who.user_n, &purchase)?,
        };
        Ok(orders::load(database, order_n, ship_after)?)
    });
    order.await
}

fn read(headers: &HeaderMap, raw: &Raw) -> Result<Purchase, Refusal> {
    let mut fields = raw.fields()?;
    let key = headers.get(KEY).and_then(|key| key.to_str().ok()).unwrap_or_default().trim();
    if key.is_empty() || key.len() > 128 {
        fields.reject(KEY, "must be a header of 1 to 128 characters");
    }
    let address = fields.object("address", |address| Address {
        name: address.required("name", rules::text(1..=100)),
        street: address.required("street", rules::text(1..=200)),
        city: address.required("city", rules::text(1..=100)),
        postal_code: address.required("postalCode", rules::text(2..=12)),
        country: address.required("country", rules::text(2..=60)),
    });
    let (method, last4) = fields.object("payment", read_payment);
    fields.finish()?;
    let fingerprint = identity::digest(&raw.0);
    Ok(Purchase { key: key.to_owned(), fingerprint, address, method, last4 })
}

/// How it is paid. Of a card, only the last digits go any further.
fn read_payment(payment: &mut Fields) -> (&'static str, Option<String>) {
    let method = payment.required("method", rules::one_of(&METHODS));
    if method != "card" {
        return (method, None);
    }
    let number = payment.required("cardNumber", rules::text(1..=40));
    let digits: String = number.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || !(12..=19).contains(&digits.len()) {
        if !number.is_empty() {
            payment.reject("cardNumber", "must have 12 to 19 digits");
        }
        return (method, None);
    }
    (method, digits.get(digits.len() - 4..).map(str::to_owned))
}

/// The order that the same request made before.
fn earlier(
    database: &Connection,
    user_n: i64,
    purchase: &Purchase,
) -> Result<Option<i64>, Refusal> {
    let mut select = database.prepare_cached(
        "SELECT n, fingerprint FROM orders WHERE user_n = ?1 AND idempotency_key = ?2",
    )?;
    let read = |row: &rusqlite::Row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?));
    match select.query_row((user_n, &purchase.key), read).optional()? {
        Some((order_n, fingerprint)) if fingerprint == purchase.fingerprint => Ok(Some(order_n)),
        Some(_) => {
            let message = "the idempotency-key was used for another checkout";
            Err(Refusal::conflict("IDEMPOTENCY_KEY_REUSED", message))
        }
        None => Ok(None),
    }
}

fn buy(database: &Connection, user_n: i64, purchase: &Purchase) -> Result<i64, Refusal> {
    let cart = cart::find(database, user_n)?;
    if cart.items.is_empty() {
        return Err(Refusal::conflict("CART_EMPTY", "there is nothing in the cart"));
    }
    take_stock(database, &cart)?;
    if purchase.last4.as_deref() == Some(DECLINED) {
        let message = "the card was declined";
        return Err(Refusal::new(StatusCode::PAYMENT_REQUIRED, "PAYMENT_DECLINED", message));
    }
    let order_n = insert(database, user_n, purchase, &cart)?;
    cart::clear(database, user_n)?;
    Ok(order_n)
}

fn take_stock(database: &Connection, cart: &Cart) -> Result<(), Refusal> {
    let mut update = database
        .prepare_cached("UPDATE products SET stock = stock - ?1 WHERE n = ?2 AND stock >= ?1")?;
    let mut sold_out = Vec::new();
    for (position, item) in cart.items.iter().enumerate() {
        if update.execute((item.quantity, item.product_n))? == 0 {
            let field = format!("items[{position}]");
            let message = format!("{} ({}) is sold out", item.name, item.product_id);
            sold_out.push(Detail { field, message });
        }
    }
    if sold_out.is_empty() {
        return Ok(());
    }
    let message = "something in the cart is sold out";
    Err(Refusal::conflict("OUT_OF_STOCK", message).with_details(sold_out))
}

fn insert(
    database: &Connection,
    user_n: i64,
    purchase: &Purchase,
    cart: &Cart,
) -> Result<i64, Refusal> {
    let mut order = database.prepare_cached(
        "INSERT INTO orders (id, user_n, status, subtotal, discount, coupon, address,
             payment_method, card_last4, idempotency_key, fingerprint, created_at)
         VALUES (:id, :user_n, 'placed', :subtotal, :discount, :coupon, :address, :method,
             :last4, :key, :fingerprint, :created_at)",
    )?;
    let order_n = order.insert(named_params! {
        ":id": identity::new_id(),
        ":user_n": user_n,
        ":subtotal": cart.subtotal,
        ":discount": cart.discount,
        ":coupon": cart.coupon.as_ref().filter(|_| cart.discount > 0),
        ":address": serde_json::to_string(&purchase.address)?,
        ":method": purchase.method,
        ":last4": purchase.last4,
        ":key": purchase.key,
        ":fingerprint": purchase.fingerprint,
        ":created_at": clock::now(),
    })?;
    let mut line =
        database.prepare_cached("INSERT INTO order_items VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (position, item) in cart.items.iter().enumerate() {
        let place = position as i64;
        let sold = (item.product_n, &item.name, item.quantity, item.unit_price);
        line.execute((order_n, place, sold.0, sold.1, sold.2, sold.3))?;
    }
    Ok(order_n)
}
