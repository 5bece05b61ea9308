//! The shop: products to find and to put into the cart.

use axum::http::StatusCode;
use serde_json::json;

use super::super::flaw::Flaw;
use super::super::food::{ALLERGENS, CATEGORIES};
use super::super::products::{self, SORTS};
use super::super::reply::Listed;
use super::lists::{Asked, complaints};
use super::page::{Page, Shown};

const NAMES: [&str; 8] =
    ["search", "category", "minCalories", "maxCalories", "allergens", "sort", "order", "page"];

pub(super) async fn list(page: Page) -> Shown {
    let mut asked = Asked::of(&page);
    let mut data = json!({
        "asked": asked.values(&NAMES), "categories": CATEGORIES, "allergens": ALLERGENS,
        "sorts": SORTS, "complaints": [], "products": [], "total": 0, "links": null,
    });
    if page.has(Flaw::Search) {
        asked.forget("search");
    }
    match products::find_all(&page.db, asked.fields(&NAMES)) {
        Ok(Listed { rows, total, page: part }) => {
            data["links"] = asked.links("/products", (part.page, part.limit), total);
            data["products"] = json!(rows);
            data["total"] = json!(total);
            page.show("products.html", data)
        }
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            data["complaints"] = json!(complaints(&refusal));
            Ok(page.draw(refusal.status, "products.html", data))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
