//! The cart.

use axum::response::Response;
use serde_json::{Value, json};

use super::super::cart;
use super::super::flaw::Flaw;
use super::super::input::{Id, Json};
use super::super::reply::Refusal;
use super::form::{Form, Label, Posted, show_again};
use super::page::{Member, Page, Shown, fields, go, safe_place};

const LABELS: [Label; 2] =
    [("code", "code", "The coupon"), ("quantity", "quantity", "The quantity")];

/// What the cart holds and costs.
pub(super) fn contents(page: &Page, member: &Member) -> Result<Value, Refusal> {
    let cart = page.db.read(|database| Ok(cart::find(database, member.who.user_n)?))?;
    let mut cart = json!(cart);
    if page.has(Flaw::Total) {
        cart["total"] = json!(cart["total"].as_i64().unwrap_or_default() + 1);
    }
    Ok(cart)
}

pub(super) async fn show(page: Page, member: Member) -> Shown {
    let cart = contents(&page, &member)?;
    page.show("cart.html", json!({ "cart": cart, "form": Form::default().fresh() }))
}

fn again(
    page: &Page,
    member: &Member,
    form: &Form,
    refusal: &Refusal,
) -> Result<Response, Refusal> {
    let cart = contents(page, member)?;
    let data = json!({ "cart": cart, "form": form.refused(page, refusal, &LABELS) });
    Ok(show_again(page, "cart.html", refusal, data))
}

pub(super) async fn add(page: Page, member: Member, Posted(form): Posted) -> Shown {
    let wanted = json!({
        "productId": form.text("productId"), "quantity": form.number("quantity"),
    });
    match cart::add(page.db.clone(), member.who, Json(fields(wanted))).await {
        Ok(_) => {
            let place = safe_place(form.get("back"));
            let mark = if place.contains('?') { '&' } else { '?' };
            Ok(go(&format!("{place}{mark}done=cart-changed")))
        }
        Err(refusal) => Ok(again(&page, &member, &form, &refusal)?),
    }
}

pub(super) async fn change(page: Page, member: Member, Id(id): Id, Posted(form): Posted) -> Shown {
    let wanted = Json(fields(json!({ "quantity": form.number("quantity") })));
    match cart::update(page.db.clone(), member.who, Id(id), wanted).await {
        Ok(_) => Ok(go("/cart?done=cart-changed")),
        Err(refusal) => Ok(again(&page, &member, &form, &refusal)?),
    }
}

pub(super) async fn remove(page: Page, member: Member, Id(id): Id, _: Posted) -> Shown {
    cart::remove(page.db.clone(), member.who, Id(id)).await?;
    Ok(go("/cart?done=cart-changed"))
}

pub(super) async fn redeem(page: Page, member: Member, Posted(form): Posted) -> Shown {
    let wanted = Json(fields(json!({ "code": form.text("code") })));
    match cart::redeem(page.db.clone(), member.who, wanted).await {
        Ok(_) => Ok(go("/cart?done=coupon-added")),
        Err(mut refusal) => {
            if refusal.details.is_empty() {
                // What is wrong with a coupon is wrong with its field.
                let text = refusal.message.trim_start_matches("the coupon ").to_owned();
                let named = refusal.message.starts_with("the coupon ");
                let text = if named { text } else { "is not known".to_owned() };
                refusal.details = Refusal::invalid("code", &text).details;
            }
            Ok(again(&page, &member, &form, &refusal)?)
        }
    }
}
