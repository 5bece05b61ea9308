//! Coming in and going out: sign up, sign in, sign out, and passwords that were forgotten.

use axum::http::header;
use axum::response::Response;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::database::Db;
use super::super::flaw::Flaw;
use super::super::input::Json;
use super::super::reply::Refusal;
use super::super::session::{self, SESSION_COOKIE};
use super::super::{auth, password_reset};
use super::form::{Form, Label, Posted, show_again};
use super::page::{Member, Page, Shown, fields, go, safe_place};

const LABELS: [Label; 4] = [
    ("email", "email", "E-mail address"),
    ("password", "password", "Password"),
    ("name", "name", "Name"),
    ("token", "token", "The link"),
];

pub(super) async fn sign_up_form(page: Page) -> Shown {
    page.show("signup.html", json!({ "form": Form::default().fresh() }))
}

pub(super) async fn sign_up(page: Page, Posted(form): Posted) -> Shown {
    let account = json!({
        "email": form.text("email"), "password": form.get("password"), "name": form.text("name"),
    });
    let problem = match auth::join(&page.db, fields(account)).await {
        Ok(entry) => return Ok(come_in(&page.db, &entry, "/?done=signed-up")),
        Err(refusal) => refusal,
    };
    let shown = form.refused(&page, &problem, &LABELS);
    Ok(show_again(&page, "signup.html", &problem, json!({ "form": shown })))
}

pub(super) async fn sign_in_form(page: Page) -> Shown {
    let shown = Form::default().fresh();
    page.show("signin.html", sign_in_data(&page, &page.asked("next"), shown))
}

fn sign_in_data(page: &Page, next: &str, form: Value) -> Value {
    json!({ "form": form, "next": next, "lost_label": page.has(Flaw::Label) })
}

pub(super) async fn sign_in(page: Page, Posted(form): Posted) -> Shown {
    let credentials = json!({ "email": form.text("email"), "password": form.text("password") });
    let problem = match auth::enter(&page.db, fields(credentials)).await {
        Ok(entry) => {
            let place = match safe_place(form.get("next")) {
                _ if page.has(Flaw::Landing) => "/uptime",
                "/" => "/?done=signed-in",
                place => place,
            };
            return Ok(come_in(&page.db, &entry, place));
        }
        Err(refusal) => refusal,
    };
    let shown = form.refused(&page, &problem, &LABELS);
    let data = sign_in_data(&page, form.get("next"), shown);
    Ok(show_again(&page, "signin.html", &problem, data))
}

fn come_in(db: &Db, entry: &auth::Entry, place: &str) -> Response {
    let mut response = go(place);
    let cookie = session::cookie(entry.tokens.access(), db.app.lifetimes.access);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

pub(super) async fn sign_out_form(page: Page, _: Member) -> Shown {
    page.show("signout.html", json!({}))
}

pub(super) async fn sign_out(page: Page, member: Member, _: Posted) -> Shown {
    let mut response = go("/signin?done=signed-out");
    if !page.has(Flaw::SignOut) {
        auth::leave(&page.db, member.who).await?;
        let over = session::kept(SESSION_COOKIE, "over", std::time::Duration::ZERO);
        response.headers_mut().append(header::SET_COOKIE, over);
    }
    Ok(response)
}

pub(super) async fn forgot_form(page: Page) -> Shown {
    page.show("forgot.html", json!({ "form": Form::default().fresh(), "link": null }))
}

/// Says the same whether anybody has that address. A real service would mail the link.
pub(super) async fn forgot(page: Page, Posted(form): Posted) -> Shown {
    let wanted = fields(json!({ "email": form.text("email") }));
    match password_reset::begin(&page.db, wanted).await {
        Ok(token) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("token", &token)
                .finish();
            let link = format!("/reset?{query}");
            page.show("forgot.html", json!({ "form": form.fresh(), "link": link }))
        }
        Err(problem) => {
            let data = json!({ "form": form.refused(&page, &problem, &LABELS), "link": null });
            Ok(show_again(&page, "forgot.html", &problem, data))
        }
    }
}

pub(super) async fn reset_form(page: Page) -> Shown {
    let token = page.asked("token");
    if token.is_empty() {
        return Err(Refusal::bad_request("INVALID_RESET_TOKEN", "the link is not whole").into());
    }
    page.show("reset.html", json!({ "form": Form::of([("token", token)]).fresh() }))
}

pub(super) async fn reset(page: Page, Posted(form): Posted) -> Shown {
    if form.get("password") != form.get("again") {
        let problem = Refusal::invalid("again", "must be the same password once more");
        let labels = [("again", "again", "The repetition")];
        let data = json!({ "form": form.refused(&page, &problem, &labels) });
        return Ok(show_again(&page, "reset.html", &problem, data));
    }
    let wanted = json!({ "token": form.text("token"), "password": form.get("password") });
    let problem = match password_reset::confirm(page.db.clone(), Json(fields(wanted))).await {
        Ok(_) => return Ok(go("/signin?done=password-changed")),
        Err(refusal) => refusal,
    };
    let data = json!({ "form": form.refused(&page, &problem, &LABELS) });
    Ok(show_again(&page, "reset.html", &problem, data))
}
