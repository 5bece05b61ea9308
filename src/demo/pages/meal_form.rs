//! The form in which a meal is made or changed.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use rusqlite::OptionalExtension;
use serde_json::{Value, json};

use super::super::database::Db;
use super::super::flaw::Flaw;
use super::super::input::{Id, Json};
use super::super::meals::{self, etag};
use super::super::reply::Refusal;
use super::form::{Form, Label, Posted, number_of, show_again};
use super::notices;
use super::page::{Member, Page, Shown, fields, go};

const LABELS: [Label; 4] = [
    ("name", "name", "Name"),
    ("tags", "tags", "Tags"),
    ("instructions", "instructions", "Instructions"),
    ("ingredients", "ingredients", "Ingredients"),
];

/// How many empty rows of ingredients a new meal begins with.
const ROWS: usize = 2;

/// Which meal is in the form; a new one has no id.
struct Target<'a> {
    id: Option<&'a str>,
}

pub(super) async fn blank(page: Page, _: Member) -> Shown {
    let rows: Vec<Value> = (0..ROWS).map(|_| row("", "")).collect();
    page.show(
        "meal-form.html",
        json!({ "form": Form::default().fresh(), "rows": rows, "id": null }),
    )
}

fn row(name: &str, grams: &str) -> Value {
    json!({ "name": name, "grams": grams, "error": null })
}

pub(super) async fn create(page: Page, member: Member, Posted(form): Posted) -> Shown {
    let problem = match meals::make(&page.db, member.who, fields(meal(&page.db, &form)?)).await {
        Ok(made) => return Ok(go(&format!("/meals/{}?done=meal-created", made.meal.id))),
        Err(refusal) => refusal,
    };
    Ok(again(&page, &form, &problem, &Target { id: None }))
}

pub(super) async fn filled(page: Page, member: Member, Id(id): Id) -> Shown {
    let whole = meals::get(&page.db, member.who, &id)?;
    if !whole.meal.own {
        return Err(Refusal::forbidden("this meal is not yours").into());
    }
    let meal = json!(whole);
    let text = |name: &str| meal[name].as_str().unwrap_or_default().to_owned();
    let words = |name: &str| {
        let words = meal[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        words.collect::<Vec<_>>().join(", ")
    };
    let form = Form::of([
        ("name", text("name")),
        ("tags", words("tags")),
        ("instructions", text("instructions")),
        ("version", whole.version.to_string()),
    ]);
    let rows: Vec<Value> = meal["ingredients"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|each| {
            let grams = each["grams"].as_f64().unwrap_or_default();
            row(each["name"].as_str().unwrap_or_default(), &grams.to_string())
        })
        .collect();
    page.show("meal-form.html", json!({ "form": form.fresh(), "rows": rows, "id": id }))
}

pub(super) async fn update(page: Page, member: Member, Id(id): Id, Posted(form): Posted) -> Shown {
    let wanted = Json(fields(meal(&page.db, &form)?));
    let mut headers = HeaderMap::new();
    let version = form.get("version").parse::<i64>().unwrap_or_default();
    if let Ok(tag) = HeaderValue::try_from(etag(version)) {
        headers.insert(header::IF_MATCH, tag);
    }
    if page.has(Flaw::Conflict) {
        headers.clear();
    }
    let changed = meals::update(page.db.clone(), member.who, Id(id.clone()), headers, wanted).await;
    match changed {
        Ok(_) => Ok(go(&format!("/meals/{id}?done=meal-saved"))),
        Err(refusal) if refusal.status == StatusCode::FORBIDDEN => Err(refusal.into()),
        Err(refusal) => Ok(again(&page, &form, &refusal, &Target { id: Some(&id) })),
    }
}

/// The rows of the form that something was written in.
fn rows(form: &Form) -> Vec<(&str, &str)> {
    let rows = form.all("ingredient").zip(form.all("grams"));
    rows.filter(|(name, grams)| !name.trim().is_empty() || !grams.trim().is_empty()).collect()
}

/// The meal as the API wants it. It knows products by id, people know them by name.
fn meal(db: &Db, form: &Form) -> Result<Value, Refusal> {
    let ingredients = db.read(|database| {
        let mut select = database.prepare_cached("SELECT id FROM products WHERE name = ?1")?;
        let mut all = Vec::new();
        for (name, grams) in rows(form) {
            let known =
                select.query_row([name.trim()], |row| row.get::<_, String>(0)).optional()?;
            // Of a name that is not known the API says that there is no such product.
            let product = if name.trim().is_empty() {
                Value::Null
            } else {
                json!(known.unwrap_or_else(|| name.chars().take(64).collect()))
            };
            all.push(json!({ "productId": product, "grams": number_of(grams) }));
        }
        Ok(all)
    })?;
    let instructions = form.text("instructions");
    Ok(json!({
        "name": form.text("name"), "tags": form.words("tags"),
        "instructions": instructions, "ingredients": ingredients,
    }))
}

fn again(page: &Page, form: &Form, refusal: &Refusal, target: &Target) -> Response {
    let mut rows: Vec<Value> =
        rows(form).into_iter().map(|(name, grams)| row(name, grams)).collect();
    let mut rest = refusal.clone();
    if !page.has(Flaw::Errors) {
        for (at, row) in rows.iter_mut().enumerate() {
            let start = format!("ingredients[{at}].");
            let detail = refusal.details.iter().find(|each| each.field.starts_with(&start));
            row["error"] = json!(detail.map(|detail| {
                let what = if detail.field.ends_with("grams") { "Grams" } else { "Product:" };
                notices::sentence(&format!("{what} {}", detail.message))
            }));
        }
    }
    rest.details.retain(|detail| !detail.field.starts_with("ingredients["));
    while rows.len() < ROWS {
        rows.push(row("", ""));
    }
    let mut shown = form.refused(page, &rest, &LABELS);
    if refusal.code == "STALE" && !page.has(Flaw::Conflict) {
        shown["problem"] =
            json!("Somebody has changed this meal since you opened it. Open it again.");
    } else if rest.details.len() < refusal.details.len() {
        shown["problem"] = Value::Null;
    }
    let data = json!({ "form": shown, "rows": rows, "id": target.id });
    show_again(page, "meal-form.html", refusal, data)
}
