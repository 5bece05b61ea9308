//! Which path and method is whose.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, Uri, header};
use axum::routing::{delete, get, patch, post};

use super::database::Db;
use super::reply::{Refusal, Reply};
use super::{
    App, account, auth, cart, checkout, health, health_profile, meal_list, meals, orders, pages,
    password_reset, plan, plan_generator, products, recommendations,
};

/// All routes of the service.
pub(super) fn router(app: Arc<App>) -> Router {
    let api = Router::new().merge(people()).merge(food()).merge(shop());
    Router::new()
        .nest("/api/v1", api)
        .merge(pages::router(Arc::clone(&app)))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

fn people() -> Router<Arc<App>> {
    Router::new()
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/health", get(health::health))
        .route("/metrics", get(health::metrics))
        .route("/auth/register", post(auth::register))
        .route("/auth/login", post(auth::login))
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/logout", post(auth::logout))
        .route("/auth/password-reset", post(password_reset::request))
        .route("/auth/password-reset/confirm", post(password_reset::confirm))
        .route("/users/profile", get(account::show).patch(account::update))
        .route(
            "/health-profile",
            get(health_profile::show).post(health_profile::create).put(health_profile::update),
        )
}

fn food() -> Router<Arc<App>> {
    Router::new()
        .route("/products", get(products::list))
        .route("/products/{id}", get(products::show))
        .route("/meals", get(meal_list::list).post(meals::create))
        .route("/meals/{id}", get(meals::show).put(meals::update).delete(meals::remove))
        .route("/recommendations", get(recommendations::list))
        .route("/recommendations/{id}/feedback", post(recommendations::feedback))
        .route("/meal-plan/generate", post(plan_generator::generate))
        .route("/meal-plan/weekly", post(plan_generator::generate_week))
        .route("/meal-plan/daily/{date}", get(plan::daily))
        .route("/meal-plan/meals", post(plan::add))
        .route("/meal-plan/meals/{id}", delete(plan::remove))
        .route("/meal-plan/batch", post(plan::add_all))
        .route("/nutrition/summary", get(plan::summary))
}

fn shop() -> Router<Arc<App>> {
    Router::new()
        .route("/cart", get(cart::show))
        .route("/cart/items", post(cart::add))
        .route("/cart/items/{id}", patch(cart::update).delete(cart::remove))
        .route("/cart/from-meal-plan", post(cart::add_meal_plan))
        .route("/cart/coupon", post(cart::redeem))
        .route("/checkout", post(checkout::checkout))
        .route("/orders", get(orders::list))
        .route("/orders/{id}", get(orders::show))
        .route("/orders/{id}/cancel", post(orders::cancel))
}

/// Programs are told in JSON, people by a page.
async fn unknown(db: Db, headers: HeaderMap, place: Uri) -> Reply {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    let wants_page = accepted.is_some_and(|accepted| accepted.contains("text/html"));
    if wants_page && !place.path().starts_with("/api/") {
        return Ok(pages::not_found(&headers, &db, place.to_string()));
    }
    Err(Refusal::not_found("route"))
}

async fn wrong_method() -> Reply {
    Err(Refusal::method_not_allowed())
}
