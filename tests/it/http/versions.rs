//! What only the full lane does: HTTP/2, proxies.

use std::sync::Arc;

use taster::driver::{Client, Identity};
use taster::plan::{ConnectionPlan, HttpVersion, Lane, LaneWish};
use tokio::net::TcpListener;

use super::server::{Act, Server, ok};
use super::step::*;

fn session_of(connection: ConnectionPlan) -> Session {
    let mut plan = plan();
    plan.connection = connection;
    let client = Client::new(&Arc::new(plan)).expect("works in a test");
    Session::open(&client, Identity { user: 1, seed: 1 })
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_whole_url() {
    let proxy = Server::start(|_| vec![Act::Send(ok("{\"id\":1}"))]).await;
    let url = Some(proxy.url(""));
    let mut session = session_of(ConnectionPlan { proxy: url, ..ConnectionPlan::default() });
    let step = get("http://shop.invalid/x?y=1").json("$.id", equals(1));
    let exchange = session.run(&step).await;
    assert_eq!(exchange.outcome, Ok(()), "{:?}", exchange.exemplar);
    assert_eq!(proxy.requests()[0].line(), "GET http://shop.invalid/x?y=1 HTTP/1.1");
}

#[tokio::test]
async fn http2_is_spoken_without_tls_where_that_is_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let head = hyper::Response::builder().status(200).body(()).unwrap();
            let mut body = respond.send_response(head, false).unwrap();
            body.send_data("{\"id\":2}".into(), true).unwrap();
        }
    });
    let version = HttpVersion::Two;
    let mut session = session_of(ConnectionPlan { version, ..ConnectionPlan::default() });
    for _ in 0..2 {
        let step = get(format!("http://{place}/x")).json("$.id", equals(2));
        let exchange = session.run(&step).await;
        assert_eq!(exchange.outcome, Ok(()), "{:?}", exchange.exemplar);
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_http2_is_doubted_aloud() {
    let server = Server::start(|_| vec![Act::Close]).await;
    let version = HttpVersion::Two;
    let mut session = session_of(ConnectionPlan { version, ..ConnectionPlan::default() });
    let exchange = session.run(&get(server.url("/"))).await;
    let (_, message) = wrong(&exchange);
    assert!(message.contains("speaks HTTP/2 from the first byte"), "{message}");
}

#[test]
fn the_lane_is_the_fast_one_unless_more_is_asked_for() {
    let plain = ConnectionPlan::default();
    assert_eq!((plain.lane(), plain.to_string().as_str()), (Lane::Fast, "fast lane, HTTP/1.1"));
    let two = ConnectionPlan { version: HttpVersion::Two, ..plain.clone() };
    assert_eq!((two.lane(), two.to_string().as_str()), (Lane::Full, "full lane, HTTP/2"));
    let wish = ConnectionPlan { lane: LaneWish::Full, ..plain.clone() };
    let words = "full lane, HTTP/2 or HTTP/1.1";
    assert_eq!((wish.lane(), wish.to_string().as_str()), (Lane::Full, words));
    let proxy = ConnectionPlan { proxy: Some("http://p:1".into()), ..plain };
    assert_eq!(proxy.to_string(), format!("{words}, through a proxy"));
}
