//! Redirects are followed as browsers do, with the cookies set on the way.

use std::sync::Arc;

use taster::driver::{Client, Identity};
use taster::plan::BodyPlan;
use taster::sample::Failure;

use super::server::{Request, Server, ok, reply, send};
use super::step::*;

fn to(status: &str, location: &str) -> Vec<u8> {
    reply(status, &[("location", location)], "moved")
}

async fn server() -> Server {
    Server::start(|request: &Request| match request.path() {
        "/cookie" => {
            let headers = [("location", "/end"), ("set-cookie", "seen=1; Path=/")];
            send(reply("302 Found", &headers, ""))
        }
        "/end" => send(ok("end")),
        "/loop" => send(to("302 Found", "/loop")),
        "/bad" => send(to("302 Found", "http://")),
        "/app" => send(to("302 Found", "myapp://done")),
        "/none" => send(reply("302 Found", &[], "")),
        "/html" => send(to("302 Found", "/login")),
        "/login" => send(reply("200 OK", &[("content-type", "text/html")], "<h1>Log in</h1>")),
        path => match path.trim_start_matches('/').parse::<u16>() {
            Ok(status) => send(to(&format!("{status} Redirect"), "/end")),
            Err(_) => send(reply("404 Not Found", &[], "")),
        },
    })
    .await
}

#[tokio::test]
async fn the_method_and_the_body_change_as_in_a_browser() {
    let server = server().await;
    let mut session = session();
    for (status, method, then, body) in [
        (301, "POST", "GET", ""),
        (302, "POST", "GET", ""),
        (303, "PUT", "GET", ""),
        (302, "PUT", "PUT", "x"),
        (307, "POST", "POST", "x"),
        (308, "PATCH", "PATCH", "x"),
    ] {
        let step = step(method, server.url(&format!("/{status}")))
            .body(BodyPlan::Text(template("x")))
            .status(200);
        assert_eq!(session.run(&step).await.outcome, Ok(()));
        let request = server.last();
        assert_eq!(request.line(), format!("{then} /end HTTP/1.1"), "{status}");
        assert_eq!(request.body(), body);
        assert_eq!(request.header("content-type").is_empty(), body.is_empty());
    }
}

#[tokio::test]
async fn cookies_set_on_the_way_are_sent_on() {
    let server = server().await;
    assert_eq!(session().run(&get(server.url("/cookie"))).await.outcome, Ok(()));
    assert_eq!(server.last().path(), "/end");
    assert_eq!(server.last().header("cookie"), "seen=1");
}

#[tokio::test]
async fn a_redirect_that_is_not_followed_is_the_answer() {
    let server = server().await;
    let mut session = session();
    let stopped = get(server.url("/302")).redirects(0).status(302);
    assert_eq!(session.run(&stopped).await.outcome, Ok(()));
    let without_location = get(server.url("/none")).status(302);
    assert_eq!(session.run(&without_location).await.outcome, Ok(()));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_are_told_apart() {
    let server = server().await;
    let mut session = session();
    let url = |path: &str| server.url(path);
    for (path, most, failure, message) in [
        (
            "/loop",
            3,
            Failure::Protocol,
            format!(
                "more than 3 redirects: they go round in a circle to {0} \
                 (after 3 redirects, at {0})",
                url("/loop")
            ),
        ),
        (
            "/bad",
            10,
            Failure::Protocol,
            "the redirect leads to `http://`, which is no URL: empty host".to_string(),
        ),
        (
            "/app",
            10,
            Failure::Protocol,
            "the redirect leads to `myapp://done`, which is not HTTP; \
             `redirects: stop` takes the redirect itself as the answer"
                .to_string(),
        ),
        (
            "/html",
            10,
            Failure::Html,
            format!(
                "HTML where JSON was expected: status 200, the page begins `<h1>Log in</h1>` \
                 (after 1 redirect, at {})",
                url("/login")
            ),
        ),
    ] {
        let step = get(url(path)).redirects(most).with(|step| step.wants_json = true);
        let exchange = session.run(&step).await;
        assert_eq!(wrong(&exchange), (failure, message.as_str()));
    }
}

#[tokio::test]
async fn credentials_do_not_follow_to_another_origin() {
    let there = Server::always(ok("")).await;
    let location = there.url("/there");
    let here = Server::start(move |request| match request.path() {
        "/same" => send(to("307 Temporary Redirect", "/end")),
        "/other" => send(to("307 Temporary Redirect", &location)),
        _ => send(ok("")),
    })
    .await;
    let mut session = session();
    let with_credentials = |path: &str| {
        get(here.url(path))
            .header("authorization", "Bearer x")
            .header("x-trace", "1")
            .with(|step| step.cookies.push(("c".into(), template("1"))))
    };
    assert_eq!(session.run(&with_credentials("/same")).await.outcome, Ok(()));
    assert_eq!(here.last().path(), "/end");
    assert_eq!(here.last().header("authorization"), "Bearer x");
    assert_eq!(here.last().header("cookie"), "c=1");
    assert_eq!(session.run(&with_credentials("/other")).await.outcome, Ok(()));
    assert_eq!(there.last().header("authorization"), "");
    assert_eq!(there.last().header("cookie"), "");
    assert_eq!(there.last().header("x-trace"), "1");
    assert_eq!(there.last().header("host"), there.addr.to_string());
}

#[tokio::test]
async fn load_is_not_led_to_a_host_that_is_not_allowed() {
    // The address is one for documentation (RFC 5737): nobody is there, and nobody is asked.
    let server = Server::always(to("302 Found", "http://192.0.2.7:81/x")).await;
    let client = Client::for_load(&Arc::new(plan())).expect("works in a test");
    let mut session = Session::open(&client, Identity { user: 1, seed: 1 });
    let exchange = session.run(&get(server.url("/"))).await;
    assert_eq!(exchange.outcome, Err(Failure::Protocol));
    let message = exchange.exemplar.expect("a first failure is shown").message;
    assert!(message.contains("put load on `192.0.2.7:81`"), "{message}");
    assert!(message.contains("--allow-load"), "{message}");
}
