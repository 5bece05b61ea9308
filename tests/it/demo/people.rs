//! Signing up, in and out; a forgotten password; profiles.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use taster::demo::Options;

use super::{Backend, PASSWORD, text};

#[tokio::test]
async fn somebody_registers_and_is_signed_in() {
    let backend = Backend::start().await;
    let body = json!({ "email": "Ann@New.Test.com", "password": "abcdefg1", "name": "Ann" });
    let answer = backend.client().post("/auth/register", body).await.is(201);
    let data = answer.data();
    assert_eq!(data["user"]["email"], "ann@new.test.com");
    assert_eq!(data["user"]["name"], "Ann");
    assert!(data["user"]["id"].is_string() && data["refreshToken"].is_string());
    let profile = backend.client().with_token(text(&data, "token")).get("/users/profile").await;
    assert_eq!(profile.is(200).data()["id"], data["user"]["id"]);
}

#[tokio::test]
async fn an_address_registers_once() {
    let backend = Backend::start().await;
    let body = json!({ "email": "USER1@test.com", "password": PASSWORD });
    backend.client().post("/auth/register", body).await.refused(409, "USER_EXISTS");
}

#[tokio::test]
async fn a_wrong_registration_names_every_wrong_field() {
    let backend = Backend::start().await;
    let client = backend.client();
    client.post("/auth/register", json!({})).await.invalid(&["email", "password"]);
    let body = json!({
        "email": "ann", "password": "short1", "name": "", "preferred_language": "klingon"
    });
    let all = ["email", "password", "name", "preferred_language"];
    client.post("/auth/register", body).await.invalid(&all);
    client.post("/auth/register", json!([1])).await.invalid(&[""]);
    let body = json!({ "email": 7, "password": PASSWORD });
    client.post("/auth/register", body).await.invalid(&["email"]);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let backend = Backend::start().await;
    let client = backend.client();
    let mut texts = Vec::new();
    for email in ["user1@test.com", "nobody@test.com"] {
        let body = json!({ "email": email, "password": "WrongPassword1" });
        let answer = client.post("/auth/login", body).await;
        texts.push(answer.refused(401, "INVALID_CREDENTIALS").text);
    }
    assert_eq!(texts[0], texts[1]);
    client.post("/auth/login", json!({ "email": "x" })).await.invalid(&["email", "password"]);
}

#[tokio::test]
async fn ten_failures_lock_one_account_for_a_while() {
    let backend = Backend::start().await;
    let client = backend.client();
    let wrong = json!({ "email": "user1@test.com", "password": "WrongPassword1" });
    for _ in 0..10 {
        client.post("/auth/login", wrong.clone()).await.refused(401, "INVALID_CREDENTIALS");
    }
    let right = json!({ "email": "user1@test.com", "password": PASSWORD });
    let answer = client.post("/auth/login", right).await.refused(429, "RATE_LIMITED");
    let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=61).contains(&seconds), "{seconds}");
    backend.user(2).await;
}

#[tokio::test]
async fn a_request_without_or_with_a_wrong_token_is_told_which() {
    let backend = Backend::start().await;
    let client = backend.client();
    let answer = client.get("/users/profile").await.refused(401, "UNAUTHORIZED");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let wrong = client.clone().with_token("nonsense");
    wrong.get("/users/profile").await.refused(401, "INVALID_TOKEN");
    let basic = client.request(Method::GET, "/users/profile").basic_auth("user1", Some("x"));
    super::Answer::to(basic).await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn every_guarded_route_refuses_strangers() {
    let backend = Backend::start().await;
    for (method, path) in [
        (Method::POST, "/auth/logout"),
        (Method::GET, "/users/profile"),
        (Method::PATCH, "/users/profile"),
        (Method::GET, "/health-profile"),
        (Method::POST, "/health-profile"),
        (Method::PUT, "/health-profile"),
        (Method::GET, "/meals"),
        (Method::POST, "/meals"),
        (Method::GET, "/meals/1"),
        (Method::PUT, "/meals/1"),
        (Method::DELETE, "/meals/1"),
        (Method::GET, "/recommendations"),
        (Method::POST, "/recommendations/1/feedback"),
        (Method::POST, "/meal-plan/generate"),
        (Method::POST, "/meal-plan/weekly"),
        (Method::GET, "/meal-plan/daily/2026-01-01"),
        (Method::POST, "/meal-plan/meals"),
        (Method::POST, "/meal-plan/batch"),
        (Method::DELETE, "/meal-plan/meals/1"),
        (Method::GET, "/nutrition/summary"),
        (Method::GET, "/cart"),
        (Method::POST, "/cart/items"),
        (Method::PATCH, "/cart/items/1"),
        (Method::DELETE, "/cart/items/1"),
        (Method::POST, "/cart/from-meal-plan"),
        (Method::POST, "/cart/coupon"),
        (Method::POST, "/checkout"),
        (Method::GET, "/orders"),
        (Method::GET, "/orders/1"),
        (Method::POST, "/orders/1/cancel"),
    ] {
        let answer = backend.client().send(method.clone(), path, Value::Null).await;
        assert_eq!(answer.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn a_refresh_token_works_once_and_is_no_access_token() {
    let backend = Backend::start().await;
    let client = backend.client();
    let body = json!({ "email": "user1@test.com", "password": PASSWORD });
    let first = client.post("/auth/login", body).await.is(200).data();
    let as_access = client.clone().with_token(text(&first, "refreshToken"));
    as_access.get("/users/profile").await.refused(401, "INVALID_TOKEN");
    let spend = json!({ "refreshToken": first["refreshToken"] });
    let second = client.post("/auth/refresh", spend.clone()).await.is(200).data();
    assert_ne!(first["token"], second["token"]);
    let renewed = client.clone().with_token(text(&second, "token"));
    renewed.get("/users/profile").await.is(200);
    client.post("/auth/refresh", spend).await.refused(401, "INVALID_REFRESH_TOKEN");
    let access = json!({ "refreshToken": second["token"] });
    client.post("/auth/refresh", access).await.refused(401, "INVALID_REFRESH_TOKEN");
    client.post("/auth/refresh", json!({})).await.invalid(&["refreshToken"]);
}

#[tokio::test]
async fn tokens_expire() {
    let backend = Backend::with(Options {
        access_lifetime: Duration::from_millis(1),
        refresh_lifetime: Duration::from_millis(2),
        ..Options::default()
    });
    let backend = backend.await;
    let client = backend.client();
    let body = json!({ "email": "user1@test.com", "password": PASSWORD });
    let tokens = client.post("/auth/login", body).await.is(200).data();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let late = client.clone().with_token(text(&tokens, "token"));
    late.get("/users/profile").await.refused(401, "INVALID_TOKEN");
    let refresh = json!({ "refreshToken": tokens["refreshToken"] });
    client.post("/auth/refresh", refresh).await.refused(401, "INVALID_REFRESH_TOKEN");
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    let backend = Backend::start().await;
    let (here, there) = (backend.user(1).await, backend.user(1).await);
    here.post("/auth/logout", Value::Null).await.is(204);
    here.get("/users/profile").await.refused(401, "INVALID_TOKEN");
    there.get("/users/profile").await.is(200);
}

#[tokio::test]
async fn a_forgotten_password_is_set_anew_and_ends_all_sessions() {
    let backend = Backend::start().await;
    let (client, signed_in) = (backend.client(), backend.user(3).await);
    let ask = json!({ "email": "user3@test.com" });
    let token = client.post("/auth/password-reset", ask).await.is(202).data();
    let confirm = json!({ "token": token["demoResetToken"], "password": "NewPassword456" });
    client.post("/auth/password-reset/confirm", confirm.clone()).await.is(200);
    signed_in.get("/users/profile").await.refused(401, "INVALID_TOKEN");
    let old = json!({ "email": "user3@test.com", "password": PASSWORD });
    client.post("/auth/login", old).await.refused(401, "INVALID_CREDENTIALS");
    client.signed_in("user3@test.com", "NewPassword456").await;
    let again = client.post("/auth/password-reset/confirm", confirm).await;
    again.refused(410, "RESET_TOKEN_GONE");
}

#[tokio::test]
async fn a_reset_does_not_tell_who_has_an_account() {
    let backend = Backend::start().await;
    let client = backend.client();
    let known = json!({ "email": "user1@test.com" });
    let unknown = json!({ "email": "nobody@test.com" });
    let known = client.post("/auth/password-reset", known).await.is(202).data();
    let unknown = client.post("/auth/password-reset", unknown).await.is(202).data();
    assert_eq!(known["message"], unknown["message"]);
    let length = |data: &Value| text(data, "demoResetToken").len();
    assert_eq!(length(&known), length(&unknown));
}

#[tokio::test]
async fn a_reset_is_refused_when_wrong_late_or_too_often() {
    let reset_lifetime = Duration::from_millis(1);
    let backend = Backend::with(Options { reset_lifetime, ..Options::default() }).await;
    let client = backend.client();
    let ask = json!({ "email": "user1@test.com" });
    let token = client.post("/auth/password-reset", ask.clone()).await.is(202).data();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let confirm = |token: &str| json!({ "token": token, "password": "NewPassword456" });
    let path = "/auth/password-reset/confirm";
    let late = client.post(path, confirm(text(&token, "demoResetToken"))).await;
    late.refused(410, "RESET_TOKEN_GONE");
    client.post(path, confirm("nonsense")).await.refused(400, "INVALID_RESET_TOKEN");
    client.post(path, json!({})).await.invalid(&["token", "password"]);
    client.post("/auth/password-reset", json!({ "email": "x" })).await.invalid(&["email"]);
    for _ in 0..9 {
        client.post("/auth/password-reset", ask.clone()).await.is(202);
    }
    client.post("/auth/password-reset", ask).await.refused(429, "RATE_LIMITED");
}

#[tokio::test]
async fn a_profile_changes_only_where_it_is_told_to() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    let before = user.get("/users/profile").await.is(200).data();
    for field in ["id", "email", "name", "preferred_language", "createdAt"] {
        assert!(before[field].is_string(), "{field}");
    }
    let change = json!({ "name": "Anna Two" });
    let after = user.send(Method::PATCH, "/users/profile", change).await.is(200).data();
    assert_eq!(after["name"], "Anna Two");
    assert_eq!(after["preferred_language"], before["preferred_language"]);
    let wrong = json!({ "preferred_language": 5 });
    let answer = user.send(Method::PATCH, "/users/profile", wrong).await;
    answer.invalid(&["preferred_language"]);
}

#[tokio::test]
async fn a_health_profile_is_made_once_and_then_changed() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let path = "/health-profile";
    assert!(user.get(path).await.is(200).data().is_null());
    let mut profile = json!({
        "age": 34, "gender": "female", "weight": 62.5, "height": 171, "goal": "cut",
        "activity_level": "high", "allergies": ["nuts"], "dietaryPreferences": ["vegetarian"],
    });
    user.send(Method::PUT, path, profile.clone()).await.refused(404, "NOT_FOUND");
    let made = user.post(path, profile.clone()).await.is(201).data();
    assert_eq!(made["allergies"], json!(["nuts"]));
    assert!(made["dailyCalories"].as_f64().is_some_and(|kcal| kcal > 1500.0));
    user.post(path, profile.clone()).await.refused(409, "PROFILE_EXISTS");
    profile["goal"] = json!("mass");
    user.send(Method::PUT, path, profile).await.is(200);
    let seen = user.get(path).await.is(200).data();
    assert_eq!((&seen["goal"], &seen["weight"]), (&json!("mass"), &json!(62.5)));
}

#[tokio::test]
async fn a_wrong_health_profile_names_every_wrong_field() {
    let backend = Backend::start().await;
    let user = backend.newcomer("ann").await;
    let wrong = json!({
        "age": 12, "gender": "robot", "weight": 0, "height": "tall", "goal": "win",
        "activity_level": "extreme", "allergies": ["glass"], "dietaryPreferences": "vegan",
    });
    user.post("/health-profile", wrong.clone()).await.invalid(&[
        "age",
        "gender",
        "weight",
        "height",
        "goal",
        "activity_level",
        "allergies",
        "dietaryPreferences",
    ]);
    let required = ["age", "gender", "weight", "height", "goal", "activity_level"];
    backend.user(1).await.post("/health-profile", json!({})).await.invalid(&required);
}
