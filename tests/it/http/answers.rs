//! Answers are read, checked, captured from, and shown when they are not what was wanted.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use taster::plan::{BodyPlan, CaptureSource, CheckWhat, ComparisonPlan, Spelling, ValuePlan};
use taster::sample::Failure;

use super::server::{Server, json, ok, reply};
use super::step::*;

fn contains(part: &str) -> taster::plan::MatcherPlan {
    matcher(ComparisonPlan::Contains(ValuePlan::Fixed(part.into())))
}

#[tokio::test]
async fn a_compressed_body_is_read_and_its_true_size_counted() {
    let text = format!("{{\"id\":1,\"pad\":\"{}\"}}", "x".repeat(10_000));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    let server =
        Server::always(reply("200 OK", &[("content-encoding", "gzip")], encoder.finish().unwrap()))
            .await;
    let step = get(server.url("/"))
        .json("$.id", equals(1))
        .expect(CheckWhat::Header("content-encoding".into(), equals("gzip")));
    let exchange = session().run(&step).await;
    assert_eq!(exchange.outcome, Ok(()), "{:?}", exchange.exemplar);
    assert!(exchange.bytes_received < 500, "{}", exchange.bytes_received);
    assert_eq!(exchange.bytes_sent, server.last().head.len() as u64 + 4);
}

#[tokio::test]
async fn all_checks_are_made_and_the_first_is_told() {
    let server = Server::always(json("200 OK", "{\"id\":5,\"name\":\"x\"}")).await;
    let step = get(server.url("/"))
        .json("$.id", equals(5))
        .json("$.name", equals("y"))
        .expect(CheckWhat::Header("x-gone".into(), equals("1")))
        .expect(CheckWhat::Body(contains("name")))
        .expect(CheckWhat::Within(Duration::ZERO));
    let exchange = session().run(&step).await;
    assert_eq!(
        wrong(&exchange),
        (Failure::Check, "`$.name` should be \"y\", but is \"x\" (2 more checks fail)")
    );
    assert_eq!((exchange.checks, exchange.failed_checks), (6, 0b10_1100));
    assert_eq!(exchange.exemplar.unwrap().site.text, "$.name");
}

#[tokio::test]
async fn each_check_says_what_was_wanted_and_what_came() {
    let server = Server::always(json("201 Created", "{\"data\":{\"total\":-1},\"m\":\"x\"}")).await;
    let schema = json!({
        "type": "object",
        "properties": { "data": { "properties": { "total": { "minimum": 0 } } } },
    });
    let schema = Arc::new(jsonschema::validator_for(&schema).unwrap());
    let mut session = session();
    for (what, message) in [
        (
            CheckWhat::Header("content-type".into(), equals("text/plain")),
            "the header `content-type` should be \"text/plain\", but is \"application/json\"",
        ),
        (
            CheckWhat::Body(contains("Welcome")),
            "the body should contain \"Welcome\", \
             but is \"{\\\"data\\\":{\\\"total\\\":-1},\\\"m\\\":\\\"x\\\"}\"",
        ),
        (
            CheckWhat::Schema(schema),
            "the body does not fit the schema at `$.data.total`: \
             -1 is less than the minimum of 0",
        ),
    ] {
        let exchange = session.run(&get(server.url("/")).expect(what)).await;
        assert_eq!(wrong(&exchange), (Failure::Check, message));
        session = super::step::session();
    }
    let exchange = session.run(&get(server.url("/")).status(200)).await;
    assert_eq!(
        wrong(&exchange),
        (
            Failure::Status(201),
            "the status is 201 Created, not 200; \
             the body begins `{\"data\":{\"total\":-1},\"m\":\"x\"}`"
        )
    );
}

#[tokio::test]
async fn a_time_limit_names_both_times() {
    let server = Server::always(ok("")).await;
    let step = get(server.url("/")).expect(CheckWhat::Within(Duration::from_nanos(1)));
    let exchange = session().run(&step).await;
    let (failure, message) = wrong(&exchange);
    assert_eq!(failure, Failure::Check);
    assert!(message.starts_with("the answer took "), "{message}");
    assert!(message.contains(", and must be there within "), "{message}");
}

#[tokio::test]
async fn json_under_a_wrong_content_type_is_still_json() {
    let body = "\u{feff} {\"id\":1}";
    let server = Server::always(reply("200 OK", &[("content-type", "text/html")], body)).await;
    let exchange = session().run(&get(server.url("/")).json("$.id", equals(1))).await;
    assert_eq!(exchange.outcome, Ok(()), "{:?}", exchange.exemplar);
}

#[tokio::test]
async fn values_are_captured_from_each_place() {
    let body = "{\"data\":{\"n\":5,\"list\":[\"a\",\"b\"]},\"html\":\"id=42;\"}";
    let server = Server::always(reply("201 Created", &[("location", "/x/7")], body)).await;
    let mut session = session();
    for (from, value) in [
        (None, json!(5)),
        (Some(CaptureSource::Header("location".into())), json!("/x/7")),
        (Some(CaptureSource::Body), json!(body)),
    ] {
        let step = get(server.url("/"));
        let step = match from {
            Some(from) => step.capture(TOKEN, from),
            None => step.capture_json(TOKEN, "$.data.n"),
        };
        assert_eq!(session.run(&step).await.outcome, Ok(()));
        assert_eq!(session.get(TOKEN), Some(&value));
    }
    let step = get(server.url("/")).capture_regex(ID, r"id=(\d+)", 1);
    assert_eq!(session.run(&step).await.outcome, Ok(()));
    let first = get(server.url("/")).capture_json(TOKEN, "$.data.list[*]");
    assert_eq!(session.run(&first).await.outcome, Ok(()));
    assert_eq!(session.captured(), [(TOKEN, json!("a")), (ID, json!("42"))]);
    // And it is used: as a number, where it is one.
    session.set(TOKEN, json!(5));
    let next = step_with_captured(&server);
    assert_eq!(session.run(&next).await.outcome, Ok(()));
    assert_eq!(server.last().body(), "{\"n\":5");
}

fn step_with_captured(server: &Server) -> taster::plan::HttpPlan {
    step("POST", server.url("/")).body(BodyPlan::Json(hole("{\"n\":", TOKEN, Spelling::Json)))
}

#[tokio::test]
async fn a_capture_that_finds_nothing_says_what_there_is() {
    let server = Server::always(json("200 OK", "{\"error\":\"no\",\"data\":{\"accessToken\":1}}"));
    let server = server.await;
    for (step, message) in [
        (
            get(server.url("/")).capture_json(TOKEN, "$.result.token"),
            "captures `token` from $.result.token: nothing there; \
             the answer has: $.error, $.data",
        ),
        (
            get(server.url("/")).capture_json(TOKEN, "$.data.token"),
            "captures `token` from $.data.token: nothing there; \
             `$.data` has: $.data.accessToken; did you mean `$.data.accessToken`?",
        ),
        (
            get(server.url("/")).capture(TOKEN, CaptureSource::Header("location".into())),
            "captures `token` from the header `location`: the answer has no such header",
        ),
        (
            get(server.url("/")).capture(TOKEN, CaptureSource::Cookie("sid".into())),
            "captures `token` from the cookie `sid`: no cookie was set",
        ),
        (
            get(server.url("/")).capture_regex(TOKEN, r"id=(\d+)", 1),
            "captures `token` from `id=(\\d+)`: not found; \
             the body begins `{\"error\":\"no\",\"data\":{\"accessToken\":1}}`",
        ),
    ] {
        let mut session = session();
        let exchange = session.run(&step).await;
        assert_eq!(wrong(&exchange), (Failure::Check, message));
        assert_eq!(exchange.failed_checks, 0);
        assert_eq!(session.get(TOKEN), None);
    }
}

#[tokio::test]
async fn what_was_made_is_captured_even_if_a_check_fails() {
    let server = Server::always(json("200 OK", "{\"id\":7}")).await;
    let step = get(server.url("/")).json("$.name", equals("x")).capture_json(ID, "$.id");
    let mut session = session();
    assert_eq!(session.run(&step).await.outcome, Err(Failure::Check));
    assert_eq!(session.get(ID), Some(&json!(7)));
}

#[tokio::test]
async fn a_failure_is_shown_in_full_without_its_secrets() {
    let headers = [("set-cookie", "sid=s3cret; Path=/"), ("x-odd", "a\tb")];
    let body = "{\"error\":\"bad\u{1b}[31m\",\"refreshToken\":\"r-1\",\"echo\":\"open-sesame\"}";
    let server = Server::always(reply("401 Unauthorized", &headers, body)).await;
    let step = step("POST", server.url("/login?access_token=abc&page=2"))
        .header("authorization", "Bearer t-1")
        .body(BodyPlan::Json(template("{\"email\":\"a@b.c\",\"password\":\"p-1\"}")));
    let exchange = session().run(&step).await;
    let exemplar = exchange.exemplar.unwrap();
    assert_eq!(
        exemplar.request,
        format!(
            "POST /login?access_token=...&page=2 HTTP/1.1\n\
             host: {}\n\
             authorization: Bearer ...\n\
             content-type: application/json\n\
             accept: */*\n\
             accept-encoding: gzip, deflate, br\n\
             user-agent: taster/{}\n\
             content-length: 34\n\
             \n\
             {{\"email\":\"a@b.c\",\"password\":\"...\"}}",
            server.addr,
            env!("CARGO_PKG_VERSION"),
        )
    );
    assert_eq!(
        exemplar.response.unwrap(),
        format!(
            "HTTP/1.1 401 Unauthorized\n\
             content-length: {}\n\
             set-cookie: sid=...; Path=/\n\
             x-odd: a\\tb\n\
             \n\
             {{\"error\":\"bad\\u{{1b}}[31m\",\"refreshToken\":\"...\",\"echo\":\"[secret KEY]\"}}",
            body.len(),
        )
    );
    assert_eq!(
        exemplar.message,
        "the status is 401 Unauthorized, not 2xx or 3xx; the body begins \
         `{\"error\":\"bad\\u{1b}[31m\",\"refreshToken\":\"...\",\"echo\":\"[secret KEY]\"}`"
    );
}

#[tokio::test]
async fn only_the_first_failures_of_a_kind_are_shown_in_full() {
    let server = Server::always(reply("500 Oops", &[], "")).await;
    let mut session = session();
    let mut shown = 0;
    for _ in 0..10 {
        shown += u32::from(session.run(&get(server.url("/"))).await.exemplar.is_some());
    }
    assert_eq!(shown, 3);
    assert!(session.run(&get(server.url("/")).status(200)).await.exemplar.is_none());
    let other = get(server.url("/")).status(500).json("$", equals(1));
    assert!(session.run(&other).await.exemplar.is_some());
}
