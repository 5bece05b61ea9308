//! Cart, coupons, checkout and orders; and that nothing is ever sold twice.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use taster::demo::Options;

use super::{Answer, Backend, Client, NOBODY, text};

fn purchase(card: &str) -> Value {
    json!({
        "address": {
            "name": "Anna Adler", "street": "1 Sample Street", "city": "Sampleton",
            "postalCode": "10001", "country": "DE",
        },
        "payment": { "method": "card", "cardNumber": card },
    })
}

async fn check_out(client: &Client, key: &str, body: &Value) -> Answer {
    let request = client.request(Method::POST, "/checkout").header("idempotency-key", key);
    Answer::to(request.body(body.to_string())).await
}

async fn add(client: &Client, product: &Value, quantity: i64) -> Answer {
    let body = json!({ "productId": product["id"], "quantity": quantity });
    client.post("/cart/items", body).await
}

async fn stock(client: &Client, product: &Value) -> i64 {
    let shown = client.get(&format!("/products/{}", text(product, "id"))).await.is(200).data();
    shown["stock"].as_i64().expect("a stock")
}

/// A product of which one to five are left.
async fn scarce(client: &Client) -> Value {
    let rows = client.get("/products?search=winter&sort=stock&limit=100").await.is(200).rows();
    rows.into_iter().find(|row| row["stock"] != 0).expect("half of the line is left")
}

#[tokio::test]
async fn a_cart_sums_up_what_is_in_it() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let empty = user.get("/cart").await.is(200).data();
    assert_eq!((&empty["items"], &empty["total"]), (&json!([]), &json!(0)));
    let product = user.first("/products?search=apple&limit=1").await;
    let price = product["price"].as_i64().expect("a price");
    add(&user, &product, 2).await.is(201);
    let cart = add(&user, &product, 1).await.is(201).data();
    assert_eq!(cart["items"].as_array().map(Vec::len), Some(1));
    assert_eq!((&cart["items"][0]["quantity"], &cart["total"]), (&json!(3), &json!(price * 3)));
    let path = format!("/cart/items/{}", text(&cart["items"][0], "id"));
    let changed = user.send(Method::PATCH, &path, json!({ "quantity": 5 })).await.is(200).data();
    assert_eq!(changed["subtotal"], price * 5);
    user.delete(&path).await.is(204);
    user.delete(&path).await.refused(404, "NOT_FOUND");
    assert_eq!(user.get("/cart").await.data()["items"], json!([]));
}

#[tokio::test]
async fn a_wrong_item_is_refused() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    user.post("/cart/items", json!({})).await.invalid(&["productId", "quantity"]);
    let product = user.first("/products?search=apple&limit=1").await;
    for quantity in [0, 100] {
        add(&user, &product, quantity).await.invalid(&["quantity"]);
    }
    let cart = add(&user, &product, 99).await.is(201).data();
    add(&user, &product, 1).await.invalid(&["quantity"]);
    add(&user, &json!({ "id": NOBODY }), 1).await.refused(404, "NOT_FOUND");
    let path = format!("/cart/items/{}", text(&cart["items"][0], "id"));
    let one = json!({ "quantity": 1 });
    user.send(Method::PATCH, &path, json!({ "quantity": 0 })).await.invalid(&["quantity"]);
    let other = backend.user(1).await;
    other.send(Method::PATCH, &path, one.clone()).await.refused(404, "NOT_FOUND");
    other.delete(&path).await.refused(404, "NOT_FOUND");
    let missing = format!("/cart/items/{NOBODY}");
    user.send(Method::PATCH, &missing, one).await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn what_is_out_of_stock_does_not_go_into_the_cart() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let sold_out = user.first("/products?search=winter&sort=stock&limit=1").await;
    assert_eq!(sold_out["stock"], 0);
    add(&user, &sold_out, 1).await.refused(409, "OUT_OF_STOCK");
    let scarce = scarce(&user).await;
    let left = scarce["stock"].as_i64().expect("a stock");
    add(&user, &scarce, left + 1).await.refused(409, "OUT_OF_STOCK");
    let cart = add(&user, &scarce, left).await.is(201).data();
    add(&user, &scarce, 1).await.refused(409, "OUT_OF_STOCK");
    let path = format!("/cart/items/{}", text(&cart["items"][0], "id"));
    let more = json!({ "quantity": left + 1 });
    user.send(Method::PATCH, &path, more).await.refused(409, "OUT_OF_STOCK");
}

#[tokio::test]
async fn a_days_plan_becomes_a_cart_once() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let body = json!({ "date": "2026-05-01" });
    user.post("/cart/from-meal-plan", body.clone()).await.refused(404, "NOT_FOUND");
    user.post("/meal-plan/generate", body.clone()).await.is(200);
    let cart = user.post("/cart/from-meal-plan", body.clone()).await.is(200).data();
    assert!(cart["items"].as_array().is_some_and(|items| items.len() >= 6), "{cart}");
    assert_eq!(cart["skipped"], json!([]));
    let again = user.post("/cart/from-meal-plan", body).await.is(200).data();
    assert_eq!(again["total"], cart["total"]);
    user.post("/cart/from-meal-plan", json!({})).await.invalid(&["date"]);
}

#[tokio::test]
async fn coupons_take_off_what_they_say() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let code = |code: &str| json!({ "code": code });
    let path = "/cart/coupon";
    user.post(path, code("SAVE500")).await.refused(400, "COUPON_MINIMUM");
    let product = user.first("/products?search=whey%20isolate&limit=1").await;
    let cart = add(&user, &product, 1).await.is(201).data();
    let subtotal = cart["subtotal"].as_i64().expect("a sum");
    let cart = user.post(path, code("welcome10")).await.is(200).data();
    assert_eq!((&cart["coupon"], &cart["discount"]), (&json!("WELCOME10"), &json!(subtotal / 10)));
    assert_eq!(cart["total"], subtotal - subtotal / 10);
    let cart = user.post(path, code("SAVE500")).await.is(200).data();
    assert_eq!(cart["discount"], 500);
    user.post(path, code("EXPIRED20")).await.refused(410, "COUPON_EXPIRED");
    user.post(path, code("NONSENSE")).await.refused(400, "INVALID_COUPON");
    user.post(path, json!({})).await.invalid(&["code"]);
}

#[tokio::test]
async fn checkout_takes_the_stock_and_empties_the_cart() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let product = user.first("/products?search=whey%20isolate&limit=1").await;
    let before = stock(&user, &product).await;
    add(&user, &product, 3).await.is(201);
    user.post("/cart/coupon", json!({ "code": "WELCOME10" })).await.is(200);
    let order = check_out(&user, "k1", &purchase("4242 4242 4242 4242")).await.is(201).data();
    assert_eq!((&order["status"], &order["coupon"]), (&json!("placed"), &json!("WELCOME10")));
    assert_eq!(order["payment"], json!({ "method": "card", "last4": "4242" }));
    assert_eq!(order["address"]["city"], "Sampleton");
    assert_eq!((&order["items"][0]["quantity"], &order["itemCount"]), (&json!(3), &json!(3)));
    assert_eq!(stock(&user, &product).await, before - 3);
    let cart = user.get("/cart").await.data();
    assert_eq!((&cart["items"], &cart["coupon"]), (&json!([]), &Value::Null));
    let shown = user.get(&format!("/orders/{}", text(&order, "id"))).await.is(200).data();
    assert_eq!(shown, order);
    assert_eq!(user.get("/orders").await.is(200).rows()[0]["id"], order["id"]);
}

#[tokio::test]
async fn the_same_key_gives_the_same_order() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let product = user.first("/products?search=apple&limit=1").await;
    add(&user, &product, 1).await.is(201);
    let body = purchase("4242424242424242");
    let first = check_out(&user, "k1", &body).await.is(201).data();
    let left = stock(&user, &product).await;
    assert_eq!(check_out(&user, "k1", &body).await.is(201).data(), first);
    add(&user, &product, 1).await.is(201);
    assert_eq!(check_out(&user, "k1", &body).await.is(201).data(), first);
    assert_eq!(stock(&user, &product).await, left);
    let other = purchase("5555555555554444");
    check_out(&user, "k1", &other).await.refused(409, "IDEMPOTENCY_KEY_REUSED");
    let second = check_out(&user, "k2", &body).await.is(201).data();
    assert_ne!(second["id"], first["id"]);
    assert_eq!(user.get("/orders").await.total(), 2);
}

#[tokio::test]
async fn a_wrong_checkout_is_refused_and_takes_nothing() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let good = purchase("4242424242424242");
    check_out(&user, "k1", &good).await.refused(409, "CART_EMPTY");
    let product = user.first("/products?search=apple&limit=1").await;
    let before = stock(&user, &product).await;
    add(&user, &product, 2).await.is(201);
    user.post("/checkout", good.clone()).await.invalid(&["idempotency-key"]);
    check_out(&user, "k1", &json!({})).await.invalid(&["address", "payment"]);
    let wrong = json!({ "address": { "name": "" }, "payment": { "method": "shells" } });
    check_out(&user, "k1", &wrong).await.invalid(&[
        "address.name",
        "address.street",
        "address.city",
        "address.postalCode",
        "address.country",
        "payment.method",
    ]);
    for card in ["4242", "4242-4242-4242-424x", "ééééééééééééé"] {
        check_out(&user, "k1", &purchase(card)).await.invalid(&["payment.cardNumber"]);
    }
    let declined = purchase("4000 0000 0000 0002");
    check_out(&user, "k1", &declined).await.refused(402, "PAYMENT_DECLINED");
    assert_eq!(stock(&user, &product).await, before);
    assert_eq!(user.get("/cart").await.data()["items"][0]["quantity"], 2);
    assert_eq!(check_out(&user, "k1", &good).await.is(201).data()["itemCount"], 2);
}

#[tokio::test]
async fn another_way_to_pay_needs_no_card() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let product = user.first("/products?search=apple&limit=1").await;
    add(&user, &product, 1).await.is(201);
    let mut body = purchase("");
    body["payment"] = json!({ "method": "paypal" });
    let order = check_out(&user, "k1", &body).await.is(201).data();
    assert_eq!(order["payment"], json!({ "method": "paypal", "last4": null }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_checkouts_never_sell_what_is_not_there() {
    let backend = Backend::start().await;
    let scarce = scarce(&backend.client()).await;
    let left = scarce["stock"].as_i64().expect("a stock");
    let mut buyers = Vec::new();
    for number in 0..24 {
        let buyer = backend.newcomer(&format!("buyer{number}")).await;
        add(&buyer, &scarce, 1).await.is(201);
        buyers.push(buyer);
    }
    let attempts: Vec<_> = buyers
        .into_iter()
        .map(|buyer| {
            tokio::spawn(async move {
                let answer = check_out(&buyer, "k1", &purchase("4242424242424242")).await;
                if answer.status != 201 {
                    answer.refused(409, "OUT_OF_STOCK");
                    return 0;
                }
                1
            })
        })
        .collect();
    let mut sold = 0;
    for attempt in attempts {
        sold += attempt.await.expect("no panic");
    }
    assert_eq!(sold, left);
    assert_eq!(stock(&backend.client(), &scarce).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_checkout_that_is_sent_many_times_at_once_orders_once() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let product = user.first("/products?search=apple&limit=1").await;
    let before = stock(&user, &product).await;
    add(&user, &product, 1).await.is(201);
    let send = |user: Client| async move {
        check_out(&user, "k1", &purchase("4242424242424242")).await.is(201).data()["id"].clone()
    };
    let sent: Vec<_> = (0..12).map(|_| tokio::spawn(send(user.clone()))).collect();
    let mut ids = Vec::new();
    for each in sent {
        ids.push(each.await.expect("no panic"));
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(stock(&user, &product).await, before - 1);
}

#[tokio::test]
async fn a_cancelled_order_gives_its_stock_back_once() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let product = user.first("/products?search=apple&limit=1").await;
    let before = stock(&user, &product).await;
    add(&user, &product, 4).await.is(201);
    let order = check_out(&user, "k1", &purchase("4242424242424242")).await.is(201).data();
    let path = format!("/orders/{}/cancel", text(&order, "id"));
    backend.user(1).await.post(&path, Value::Null).await.refused(403, "FORBIDDEN");
    assert_eq!(user.post(&path, Value::Null).await.is(200).data()["status"], "cancelled");
    assert_eq!(stock(&user, &product).await, before);
    user.post(&path, Value::Null).await.refused(409, "ALREADY_CANCELLED");
    assert_eq!(stock(&user, &product).await, before);
}

#[tokio::test]
async fn orders_are_seen_by_their_owner_alone() {
    let backend = Backend::start().await;
    let (user, other) = (backend.user(1).await, backend.user(2).await);
    let rows = user.get("/orders?page=1&limit=5").await.is(200).rows();
    let path = format!("/orders/{}", text(&rows[0], "id"));
    assert_eq!(user.get(&path).await.is(200).data()["status"], "shipped");
    other.get(&path).await.refused(403, "FORBIDDEN");
    user.get(&format!("/orders/{NOBODY}")).await.refused(404, "NOT_FOUND");
    let cancel = format!("{path}/cancel");
    user.post(&cancel, Value::Null).await.refused(409, "ALREADY_SHIPPED");
    let missing = format!("/orders/{NOBODY}/cancel");
    user.post(&missing, Value::Null).await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_order_ships_in_time() {
    let ship_after = Duration::from_millis(1);
    let backend = Backend::with(Options { ship_after, ..Options::default() }).await;
    let user = backend.newcomer("ann").await;
    let product = user.first("/products?search=apple&limit=1").await;
    add(&user, &product, 1).await.is(201);
    let order = check_out(&user, "k1", &purchase("4242424242424242")).await.is(201).data();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let path = format!("/orders/{}", text(&order, "id"));
    assert_eq!(user.get(&path).await.data()["status"], "shipped");
    let cancel = user.post(&format!("{path}/cancel"), Value::Null).await;
    cancel.refused(409, "ALREADY_SHIPPED");
}
