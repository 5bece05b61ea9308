//! The start page, and how the service itself is doing.

use axum::http::StatusCode;
use serde_json::json;

use super::super::{health, health_profile, meal_list, orders};
use super::page::{Page, Shown, fields};

/// The dashboard, or what this is for somebody who is not signed in.
pub(super) async fn home(page: Page) -> Shown {
    let Some(member) = page.member() else {
        return page.show("welcome.html", json!({}));
    };
    let who = member.who;
    let profile = page.db.read(|database| Ok(health_profile::find(database, who.user_n)?))?;
    let newest = json!({ "sort": "created", "order": "desc", "limit": "5" });
    let meals = meal_list::find_all(&page.db, who, fields(newest))?;
    let own: Vec<_> = meals.rows.into_iter().filter(|meal| meal.own).collect();
    let orders = orders::find_all(&page.db, who, fields(json!({ "limit": "3" })))?;
    let data = json!({
        "profile": profile.map(health_profile::HealthProfile::shown),
        "meals": own,
        "orders": orders.rows,
    });
    page.show("dashboard.html", data)
}

pub(super) async fn uptime(page: Page) -> Shown {
    let (well, health) = health::examine(&page.db);
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok(page.draw(status, "uptime.html", json!({ "well": well, "health": health })))
}
