//! What is sent arrives as it was meant.

use std::sync::Arc;

use taster::plan::{BodyPlan, Expression, Function, PartPlan, Spelling};
use taster::plan::{Segment, Template};
use taster::sample::Failure;

use super::server::{Server, ok};
use super::step::*;

#[tokio::test]
async fn every_method_arrives() {
    let server = Server::always(ok("")).await;
    let mut session = session();
    for method in [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "M-SEARCH",
    ] {
        let exchange = session.run(&step(method, server.url("/x"))).await;
        assert_eq!(exchange.outcome, Ok(()), "{method}: {:?}", exchange.exemplar);
        assert_eq!(server.last().line(), format!("{method} /x HTTP/1.1"));
    }
}

#[tokio::test]
async fn a_query_is_encoded_and_keeps_what_the_url_has() {
    let server = Server::always(ok("")).await;
    let mut session = session();
    session.set(TOKEN, "a/b&c=d é".into());
    let step = get(server.url("/x?a=1")).with(|step| {
        step.query.push(("tag".into(), template("x y")));
        step.query.push(("tag".into(), hole("", TOKEN, Spelling::Plain)));
    });
    assert_eq!(session.run(&step).await.outcome, Ok(()));
    assert_eq!(server.last().path(), "/x?a=1&tag=x+y&tag=a%2Fb%26c%3Dd+%C3%A9");
}

#[tokio::test]
async fn headers_arrive_and_a_step_may_replace_the_usual_ones() {
    let server = Server::always(ok("")).await;
    let mut session = session();
    session.set(TOKEN, "t-1".into());
    let step = get(server.url("/"))
        .header("x-one", "1")
        .header("x-utf8", "é")
        .header("user-agent", "mine")
        .with(|step| {
            let bearer = hole("Bearer ", TOKEN, Spelling::Plain);
            step.headers.push(("authorization".into(), bearer));
        });
    assert_eq!(session.run(&step).await.outcome, Ok(()));
    let request = server.last();
    assert_eq!(request.header("x-one"), "1");
    assert_eq!(request.header("x-utf8"), "é");
    assert_eq!(request.header("user-agent"), "mine");
    assert_eq!(request.header("authorization"), "Bearer t-1");
    assert_eq!(request.header("accept"), "*/*");
    assert_eq!(request.header("accept-encoding"), "gzip, deflate, br");
    assert_eq!(request.header("host"), server.addr.to_string());
}

#[tokio::test]
async fn basic_authentication_is_encoded() {
    let server = Server::always(ok("")).await;
    let step =
        get(server.url("/")).with(|step| step.basic = Some((template("Aladdin"), template("ö:x"))));
    assert_eq!(session().run(&step).await.outcome, Ok(()));
    assert_eq!(server.last().header("authorization"), "Basic QWxhZGRpbjrDtjp4");
    let step = get(format!("http://Aladdin:%C3%B6+@{}/", server.addr));
    assert_eq!(session().run(&step).await.outcome, Ok(()));
    assert_eq!(server.last().header("authorization"), "Basic QWxhZGRpbjrDtis=");
}

#[tokio::test]
async fn each_kind_of_body_arrives_exactly() {
    let server = Server::always(ok("")).await;
    let mut session = session();
    session.set(TOKEN, "a\"b\n".into());
    let json = hole("{\"t\":", TOKEN, Spelling::Json);
    let json = Template { segments: [json.segments, vec![Segment::Text("}".into())]].concat() };
    let fields = vec![
        ("a b".to_string(), template("1&2")),
        ("t".to_string(), hole("", TOKEN, Spelling::Plain)),
    ];
    for (body, kind, sent) in [
        (BodyPlan::Json(json), "application/json", "{\"t\":\"a\\\"b\\n\"}"),
        (BodyPlan::Form(fields), "application/x-www-form-urlencoded", "a+b=1%262&t=a%22b%0A"),
        (BodyPlan::Text(template("line\n")), "text/plain; charset=utf-8", "line\n"),
        (BodyPlan::Bytes(Arc::from(&b"\0\x01raw"[..])), "application/octet-stream", "\0\u{1}raw"),
    ] {
        let exchange = session.run(&step("POST", server.url("/")).body(body)).await;
        assert_eq!(exchange.outcome, Ok(()));
        let request = server.last();
        assert_eq!((request.header("content-type"), request.body().as_str()), (kind, sent));
        assert_eq!(request.header("content-length"), sent.len().to_string());
    }
    let vendor = step("POST", server.url("/"))
        .header("content-type", "application/vnd.api+json")
        .body(BodyPlan::Json(template("{}")));
    assert_eq!(session.run(&vendor).await.outcome, Ok(()));
    assert_eq!(server.last().header("content-type"), "application/vnd.api+json");
}

#[tokio::test]
async fn a_multipart_body_has_its_fields_and_files() {
    let server = Server::always(ok("")).await;
    let file =
        PartPlan::File(Arc::from(&b"\x89PNG\r\n"[..]), "a\"b.png".into(), "image/png".into());
    let fields =
        vec![("note".to_string(), PartPlan::Text(template("hello"))), ("photo".to_string(), file)];
    let step = step("POST", server.url("/")).body(BodyPlan::Multipart(fields));
    let mut session = session();
    assert_eq!(session.run(&step).await.outcome, Ok(()));
    let request = server.last();
    let kind = request.header("content-type");
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"photo\"; \
         filename=\"a%22b.png\"\r\ncontent-type: image/png\r\n\r\n\u{fffd}PNG\r\n\r\n\
         --{boundary}--\r\n"
    );
    assert_eq!(request.body(), body);
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_before_anything_is_sent() {
    let server = Server::always(ok("")).await;
    for (step, failure, message) in [
        (
            get("/relative"),
            Failure::Protocol,
            "the request cannot be sent: `/relative` is no URL: relative URL without a base",
        ),
        (
            get("ftp://a.test/x"),
            Failure::Protocol,
            "the request cannot be sent: `ftp://a.test/x` is neither `http:` nor `https:`",
        ),
        (
            step("GE T", server.url("/")),
            Failure::Protocol,
            "the request cannot be sent: `GE T` is no method",
        ),
        (
            get(server.url("/"))
                .with(|step| step.headers.push(("x-id".into(), hole("", ID, Spelling::Plain)))),
            Failure::Protocol,
            "the request cannot be sent: \
             the header `x-id` has a control character, such as a line break",
        ),
        (
            get(server.url("/"))
                .with(|step| step.headers.push(("x-t".into(), hole("", TOKEN, Spelling::Plain)))),
            Failure::Missing,
            "the header `x-t` cannot be made: the variable `token` has no value",
        ),
    ] {
        let mut session = session();
        session.set(ID, "a\r\nx-evil: 1".into());
        let exchange = session.run(&step).await;
        assert_eq!(wrong(&exchange), (failure, message));
        assert_eq!((exchange.checks, exchange.failed_checks), (1, 1));
        assert_eq!(exchange.bytes_sent, 0);
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_same_seed_sends_the_same_whatever_the_timing() {
    let server = Server::always(ok("")).await;
    let client = client();
    let uuid = Segment::Hole(Expression::Call(Function::Uuid), Spelling::Plain);
    let step = step("POST", server.url("/"))
        .body(BodyPlan::Text(Template { segments: vec![uuid.clone(), uuid] }));
    let mut sent = Vec::new();
    for (user, seed, iteration, pauses) in
        [(1, 7, 1, 0), (1, 7, 1, 3), (1, 7, 2, 0), (2, 7, 1, 0), (1, 8, 1, 0)]
    {
        let identity = taster::driver::Identity { user, seed };
        let mut session = Session::open(&client, identity);
        session.begin_iteration(iteration);
        for _ in 0..pauses {
            let second = std::time::Duration::from_secs(1);
            session.draw(taster::units::Pause { least: second, most: second * 2 });
        }
        assert_eq!(session.run(&step).await.outcome, Ok(()));
        sent.push(server.last().body());
    }
    assert_eq!(sent[0], sent[1]);
    sent.remove(0);
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), 4);
}
