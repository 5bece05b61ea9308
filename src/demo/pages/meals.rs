//! Meals: the list, one meal, its copy and its end.

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::super::flaw::Flaw;
use super::super::food::ALLERGENS;
use super::super::input::Id;
use super::super::reply::{Listed, Refusal};
use super::super::{meal_list, meals};
use super::form::Posted;
use super::lists::{Asked, complaints};
use super::page::{Member, Page, Shown, fields, go};

const NAMES: [&str; 7] =
    ["search", "tag", "maxCalories", "excludeAllergens", "sort", "order", "page"];

/// Tags that the seeded meals have.
const TAGS: [&str; 7] =
    ["breakfast", "lunch", "dinner", "snack", "quick", "vegetarian", "high-protein"];

pub(super) async fn list(page: Page, member: Member) -> Shown {
    let mut asked = Asked::of(&page);
    let mut data = json!({
        "asked": asked.values(&NAMES), "tags": TAGS, "allergens": ALLERGENS,
        "complaints": [], "meals": [], "total": 0, "links": null,
    });
    if page.has(Flaw::Search) {
        asked.forget("search");
    }
    match meal_list::find_all(&page.db, member.who, asked.fields(&NAMES)) {
        Ok(Listed { rows, total, page: part }) => {
            data["links"] = asked.links("/meals", (part.page, part.limit), total);
            data["meals"] = json!(rows);
            data["total"] = json!(total);
            page.show("meals.html", data)
        }
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => {
            data["complaints"] = json!(complaints(&refusal));
            Ok(page.draw(refusal.status, "meals.html", data))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

pub(super) async fn show(page: Page, member: Member, Id(id): Id) -> Shown {
    let meal = meals::get(&page.db, member.who, &id)?;
    let data = json!({ "meal": meal, "shares": shares(&json!(meal)) });
    page.show("meal.html", data)
}

/// The shares of the energy that come from protein, fat and carbohydrates, in percent.
fn shares(meal: &Value) -> Value {
    let energy = |name: &str, kcal: f64| meal[name].as_f64().unwrap_or_default() * kcal;
    let parts = [energy("protein", 4.0), energy("fat", 9.0), energy("carbs", 4.0)];
    let all = parts.iter().sum::<f64>().max(1.0);
    json!(parts.map(|part| (part / all * 100.0).round()))
}

pub(super) async fn ask_delete(page: Page, member: Member, Id(id): Id) -> Shown {
    let meal = meals::get(&page.db, member.who, &id)?;
    if !meal.meal.own {
        return Err(Refusal::forbidden("this meal is not yours").into());
    }
    page.show("meal-delete.html", json!({ "meal": meal }))
}

pub(super) async fn delete(page: Page, member: Member, Id(id): Id, _: Posted) -> Shown {
    if !page.has(Flaw::Delete) {
        meals::remove(page.db.clone(), member.who, Id(id), HeaderMap::new()).await?;
    }
    Ok(go("/meals?done=meal-deleted"))
}

pub(super) async fn copy(page: Page, member: Member, Id(id): Id, Posted(form): Posted) -> Shown {
    let meal = json!(meals::get(&page.db, member.who, &id)?);
    let name = match form.text("name") {
        Value::Null => json!(format!("Copy of {}", meal["name"].as_str().unwrap_or_default())),
        name => name,
    };
    let wanted = json!({
        "name": name, "tags": meal["tags"], "instructions": meal["instructions"],
        "ingredients": meal["ingredients"],
    });
    let made = meals::make(&page.db, member.who, fields(wanted)).await?;
    Ok(go(&format!("/meals/{}?done=meal-copied", made.meal.id)))
}
