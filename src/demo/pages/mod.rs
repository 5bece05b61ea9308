//! The web pages: what a browser shows of the service.
//!
//! They are the API with a face. A form becomes the fields that the API would get, and goes
//! through the same rules and queries; what the API would refuse, the page shows beside the
//! field. Everything but a few conveniences works without a script.

mod assets;
mod cart;
mod checkout;
mod entry;
mod form;
mod lists;
mod meal_form;
mod meals;
mod multipart;
mod notices;
mod orders;
mod page;
mod picture;
mod products;
mod profile;
mod recommendations;
mod render;
mod start;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use super::App;
pub(super) use page::not_found;
pub(super) use render::Renderer;

/// The routes of all pages.
pub(super) fn router(app: Arc<App>) -> Router<Arc<App>> {
    let pages = Router::new().merge(people()).merge(food()).merge(shop());
    let pages = pages.layer(from_fn_with_state(app, page::dress));
    pages.route("/assets/{name}", get(assets::serve))
}

fn people() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(start::home))
        .route("/uptime", get(start::uptime))
        .route("/signup", get(entry::sign_up_form).post(entry::sign_up))
        .route("/signin", get(entry::sign_in_form).post(entry::sign_in))
        .route("/signout", get(entry::sign_out_form).post(entry::sign_out))
        .route("/forgot", get(entry::forgot_form).post(entry::forgot))
        .route("/reset", get(entry::reset_form).post(entry::reset))
        .route("/profile", get(profile::show))
        .route("/profile/account", post(profile::save_account))
        .route("/profile/health", post(profile::save_health))
        .route("/profile/picture", get(picture::show).post(picture::save))
        .route("/profile/picture/remove", post(picture::remove))
}

fn food() -> Router<Arc<App>> {
    Router::new()
        .route("/meals", get(meals::list))
        .route("/meals/new", get(meal_form::blank).post(meal_form::create))
        .route("/meals/{id}", get(meals::show))
        .route("/meals/{id}/edit", get(meal_form::filled).post(meal_form::update))
        .route("/meals/{id}/delete", get(meals::ask_delete).post(meals::delete))
        .route("/meals/{id}/copy", post(meals::copy))
        .route("/recommendations", get(recommendations::list))
        .route("/recommendations/{id}/feedback", post(recommendations::feedback))
}

fn shop() -> Router<Arc<App>> {
    Router::new()
        .route("/products", get(products::list))
        .route("/cart", get(cart::show))
        .route("/cart/items", post(cart::add))
        .route("/cart/items/{id}", post(cart::change))
        .route("/cart/items/{id}/remove", post(cart::remove))
        .route("/cart/coupon", post(cart::redeem))
        .route("/checkout", get(checkout::form).post(checkout::buy))
        .route("/orders", get(orders::list))
        .route("/orders/{id}", get(orders::show))
        .route("/orders/{id}/print", get(orders::print))
        .route("/orders/{id}/cancel", post(orders::cancel))
        .route("/orders/{id}/receipt.csv", get(orders::receipt_csv))
        .route("/orders/{id}/receipt.txt", get(orders::receipt_text))
        .route("/help/delivery", get(orders::delivery))
}
