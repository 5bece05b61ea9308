//! Where the time of an exchange went.

use std::time::Duration;

use taster::driver::Exchange;
use taster::sample::Phases;

use super::server::{Act, Server, ok, reply};
use super::step::*;

const NONE: Duration = Duration::ZERO;

/// The phases of an exchange, which are all of its service time.
fn phases(exchange: &Exchange) -> Phases {
    assert_eq!(exchange.phases.sum(), exchange.ended - exchange.started, "{exchange:?}");
    exchange.phases
}

#[tokio::test]
async fn the_phases_are_all_of_the_time() {
    let server = Server::start(|_| vec![Act::Send(ok("{}"))]).await;
    let mut session = session();
    let first = phases(&session.run(&get(server.url("/"))).await);
    assert!(first.connect > NONE && first.wait > NONE, "{first:?}");
    assert_eq!((first.dns, first.tls), (NONE, NONE), "an address, and no TLS");
    let second = phases(&session.run(&get(server.url("/"))).await);
    assert_eq!((second.dns, second.connect, second.tls), (NONE, NONE, NONE), "it was kept");
}

#[tokio::test]
async fn a_slow_beginning_is_waiting_and_a_slow_body_is_receiving() {
    const SLOW: Duration = Duration::from_millis(60);
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{";
    let server = Server::start(move |request| match request.path() {
        "/begin" => vec![Act::Wait(SLOW), Act::Send(ok("{}"))],
        _ => vec![Act::Send(head.into()), Act::Wait(SLOW), Act::Send(b"}".to_vec())],
    })
    .await;
    let mut session = session();
    let begin = phases(&session.run(&get(server.url("/begin"))).await);
    assert!(begin.wait >= SLOW, "{begin:?}");
    assert!(begin.receive < begin.wait, "{begin:?}");
    let body = phases(&session.run(&get(server.url("/body"))).await);
    // The two parts may be a little nearer together when they arrive than when they left.
    assert!(body.receive > SLOW / 2, "{body:?}");
    assert!(body.wait < body.receive, "{body:?}");
}

#[tokio::test]
async fn a_name_is_looked_up() {
    let server = Server::start(|_| vec![Act::Send(ok("{}"))]).await;
    let named = server.url("/").replace("127.0.0.1", "localhost");
    let first = phases(&session().run(&get(named)).await);
    assert!(first.dns > NONE && first.connect > NONE, "{first:?}");
}

#[tokio::test]
async fn phases_of_redirects_add_up() {
    let server = Server::start(|request| match request.path() {
        "/from" => vec![Act::Send(reply("302 Found", &[("location", "/to")], ""))],
        _ => vec![Act::Send(ok("{}"))],
    })
    .await;
    let exchange = session().run(&get(server.url("/from"))).await;
    assert_eq!(exchange.outcome, Ok(()));
    phases(&exchange);
}

#[tokio::test]
async fn what_breaks_has_phases_too() {
    let server = Server::start(|request| match request.path() {
        "/silence" => vec![Act::Silence],
        _ => vec![Act::Close],
    })
    .await;
    let mut session = session();
    let silence = phases(&session.run(&get(server.url("/silence")).timeout(80)).await);
    assert!(silence.wait >= Duration::from_millis(70), "{silence:?}");
    phases(&session.run(&get(server.url("/close"))).await);
    phases(&session.run(&get("http://127.0.0.1:1/")).await);
    let exchange = session.run(&get("http://127.0.0.1:1/").timeout(1)).await;
    phases(&exchange);
}
