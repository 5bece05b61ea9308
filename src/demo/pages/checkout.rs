//! Checkout: where it goes to and how it is paid.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::super::checkout::{self, KEY, METHODS};
use super::super::flaw::Flaw;
use super::super::identity;
use super::super::input::Raw;
use super::cart;
use super::form::{Form, Label, Posted, show_again};
use super::page::{Member, Page, Shown, go};

const LABELS: [Label; 7] = [
    ("address.name", "name", "Name"),
    ("address.street", "street", "Street"),
    ("address.city", "city", "City"),
    ("address.postalCode", "postal-code", "Postal code"),
    ("address.country", "country", "Country"),
    ("payment.method", "method", "Payment"),
    ("payment.cardNumber", "card-number", "Card number"),
];

pub(super) async fn form(page: Page, member: Member) -> Shown {
    let cart = cart::contents(&page, &member)?;
    // A form that is sent twice has the same key twice, and orders once.
    let form = Form::of([("key", identity::new_id()), ("method", "card".to_owned())]);
    page.show("checkout.html", json!({ "cart": cart, "form": form.fresh(), "methods": METHODS }))
}

pub(super) async fn buy(page: Page, member: Member, Posted(form): Posted) -> Shown {
    let mut headers = HeaderMap::new();
    if let Ok(key) = HeaderValue::try_from(form.get("key")) {
        headers.insert(KEY, key);
    }
    let raw = Raw(purchase(&page, &form).to_string().into_bytes());
    let problem = match checkout::order(&page.db, member.who, &headers, &raw).await {
        Ok(order) => return Ok(go(&format!("/orders/{}?done=ordered", order.head.id))),
        Err(refusal) => refusal,
    };
    let cart = cart::contents(&page, &member)?;
    let mut shown = form.refused(&page, &problem, &LABELS);
    if problem.status == StatusCode::PAYMENT_REQUIRED && !page.has(Flaw::Errors) {
        shown["problem"] = json!("The card was declined. Nothing was bought; try another card.");
    }
    let data = json!({ "cart": cart, "form": shown, "methods": METHODS });
    Ok(show_again(&page, "checkout.html", &problem, data))
}

/// The purchase as the API wants it.
fn purchase(page: &Page, form: &Form) -> Value {
    let mut card = form.text("card-number");
    if page.has(Flaw::Card) && form.get("card-number").trim().ends_with("0002") {
        card = json!("4242 4242 4242 4242");
    }
    let mut payment = json!({ "method": form.text("method") });
    if form.get("method") == "card" {
        payment["cardNumber"] = card;
    }
    json!({
        "address": {
            "name": form.text("name"), "street": form.text("street"), "city": form.text("city"),
            "postalCode": form.text("postal-code"), "country": form.text("country"),
        },
        "payment": payment,
    })
}
