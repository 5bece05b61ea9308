//! The profile page: the account, the health profile, and the picture.

use axum::response::Response;
use serde_json::{Value, json};

use super::super::account;
use super::super::flaw::Flaw;
use super::super::food::{ALLERGENS, GOALS, PREFERENCES};
use super::super::health_profile::{self, GENDERS, LEVELS};
use super::super::input::Json;
use super::super::reply::Refusal;
use super::form::{Form, Label, Posted, show_again};
use super::page::{Declined, Member, Page, Shown, fields, go};
use super::picture;

const LABELS: [Label; 11] = [
    ("name", "name", "Name"),
    ("preferred_language", "language", "Language"),
    ("age", "age", "Age"),
    ("gender", "gender", "Gender"),
    ("weight", "weight", "Weight"),
    ("height", "height", "Height"),
    ("activity_level", "activity", "Activity"),
    ("goal", "goal", "Goal"),
    ("allergies", "allergies", "Allergies"),
    ("dietaryPreferences", "preferences", "Preferences"),
    ("picture", "picture", "The picture"),
];

/// Which of the page's forms was refused, and why.
pub(super) type Refused<'a> = (&'static str, &'a Form, &'a Refusal);

pub(super) async fn show(page: Page, member: Member) -> Shown {
    let data = data(&page, &member, None)?;
    page.show("profile.html", data)
}

/// The page again, with what was refused.
pub(super) fn again(page: &Page, member: &Member, refused: Refused) -> Result<Response, Declined> {
    let data = data(page, member, Some(refused))?;
    Ok(show_again(page, "profile.html", refused.2, data))
}

fn data(page: &Page, member: &Member, refused: Option<Refused>) -> Result<Value, Refusal> {
    let user_n = member.who.user_n;
    let (account, health, picture) = page.db.read(|database| {
        let account = account::profile(database, user_n)?;
        let health = health_profile::find(database, user_n)?;
        Ok((json!(account), health, picture::kept(database, user_n)?))
    })?;
    let health = json!(health.map(health_profile::HealthProfile::shown));
    let mut data = json!({
        "account_form": account_form(&account).fresh(),
        "health_form": health_form(&health).fresh(),
        "picture_form": Form::default().fresh(),
        "account": account,
        "health": health,
        "picture": picture,
        "genders": GENDERS, "levels": LEVELS, "goals": GOALS,
        "allergens": ALLERGENS, "preferences": PREFERENCES,
    });
    if let Some((which, form, refusal)) = refused {
        data[which] = form.refused(page, refusal, &LABELS);
    }
    Ok(data)
}

fn account_form(account: &Value) -> Form {
    Form::of([
        ("name", plain(&account["name"])),
        ("language", plain(&account["preferred_language"])),
    ])
}

fn health_form(health: &Value) -> Form {
    let single = [
        ("age", "age"),
        ("gender", "gender"),
        ("weight", "weight"),
        ("height", "height"),
        ("activity", "activity_level"),
        ("goal", "goal"),
    ];
    let several = [("allergies", "allergies"), ("preferences", "dietaryPreferences")];
    let one = single.into_iter().map(|(name, field)| (name, plain(&health[field])));
    let many = several.into_iter().flat_map(|(name, field)| {
        let words = health[field].as_array().cloned().unwrap_or_default();
        words.into_iter().map(move |word| (name, plain(&word)))
    });
    Form::of(one.chain(many))
}

/// A value as a field holds it.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string().trim_end_matches(".0").to_owned(),
        other => other.to_string(),
    }
}

pub(super) async fn save_account(page: Page, member: Member, Posted(form): Posted) -> Shown {
    let wanted = json!({
        "name": form.get("name"), "preferred_language": form.text("language"),
    });
    match account::update(page.db.clone(), member.who, Json(fields(wanted))).await {
        Ok(_) => Ok(go("/profile?done=account-saved")),
        Err(refusal) => again(&page, &member, ("account_form", &form, &refusal)),
    }
}

pub(super) async fn save_health(page: Page, member: Member, Posted(form): Posted) -> Shown {
    let allergies = if page.has(Flaw::Allergies) { json!([]) } else { form.list("allergies") };
    let wanted = json!({
        "age": form.number("age"), "gender": form.text("gender"),
        "weight": form.number("weight"), "height": form.number("height"),
        "activity_level": form.text("activity"), "goal": form.text("goal"),
        "allergies": allergies, "dietaryPreferences": form.list("preferences"),
    });
    let (db, who, json) = (page.db.clone(), member.who, Json(fields(wanted)));
    let known = db.read(|database| Ok(health_profile::find(database, who.user_n)?.is_some()))?;
    let saved = if known {
        health_profile::update(db, who, json).await
    } else {
        health_profile::create(db, who, json).await
    };
    match saved {
        Ok(_) => Ok(go("/profile?done=health-saved")),
        Err(refusal) => again(&page, &member, ("health_form", &form, &refusal)),
    }
}
