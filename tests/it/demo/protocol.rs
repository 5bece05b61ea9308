//! What holds for every route: envelopes, headers, limits; the data of a seed; restarts.

use std::net::SocketAddr;

use reqwest::Method;
use serde_json::{Value, json};
use taster::demo::{DemoError, Options, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Answer, Backend, PASSWORD};

async fn connect(backend: &Backend) -> TcpStream {
    let address = backend.base.trim_start_matches("http://").trim_end_matches("/api/v1");
    let address: SocketAddr = address.parse().expect("an address");
    TcpStream::connect(address).await.expect("a connection")
}

/// Reads until this text has come.
async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).await.expect("still open");
        assert!(read > 0, "closed after {seen}");
        seen.push_str(&String::from_utf8_lossy(&piece[..read]));
    }
    seen
}

#[tokio::test]
async fn health_says_what_is_up() {
    let backend = Backend::start().await;
    let client = backend.client();
    assert_eq!(client.get("/live").await.is(200).data()["status"], "alive");
    assert_eq!(client.get("/ready").await.is(200).data()["status"], "ready");
    let health = client.get("/health").await.is(200).data();
    assert_eq!(health["status"], "healthy");
    assert_eq!(health["database"]["status"], "up");
    assert!(health["database"]["responseTimeMs"].is_number());
    assert!(health["uptime"].is_number() && health["version"].is_string());
    assert!(health["memory"].is_object());
}

#[tokio::test]
async fn metrics_count_answers_by_status() {
    let backend = Backend::start().await;
    let client = backend.client();
    client.get("/live").await.is(200);
    client.get("/nowhere").await.is(404);
    let metrics = client.get("/metrics").await.is(200);
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    assert!(metrics.text.contains("http_requests_total{method=\"GET\",status=\"404\"} 1\n"));
    assert!(metrics.text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn every_answer_has_its_id_and_says_what_the_database_took() {
    let backend = Backend::start().await;
    let client = backend.client();
    for path in ["/live", "/products", "/nowhere", "/users/profile"] {
        let answer = client.get(path).await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
        let timing = answer.header("server-timing").strip_prefix("db;dur=").expect(path);
        let millis: f64 = timing.parse().expect(path);
        assert_eq!(millis > 0.0, path == "/products", "{path}: {millis}");
    }
    let own = client.request(Method::GET, "/live").header("x-request-id", "mine-1");
    assert_eq!(Answer::to(own).await.header("x-request-id"), "mine-1");
    let long = client.request(Method::GET, "/live").header("x-request-id", "x".repeat(99));
    assert_eq!(Answer::to(long).await.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_told_apart() {
    let backend = Backend::start().await;
    let client = backend.client();
    for path in ["/nowhere", "/products/1/2", "/live/", ""] {
        client.get(path).await.refused(404, "NOT_FOUND");
    }
    let answer = client.post("/products", json!({})).await.refused(405, "METHOD_NOT_ALLOWED");
    assert!(answer.header("allow").contains("GET"));
    client.delete("/cart").await.refused(405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let backend = Backend::start().await;
    let client = backend.client();
    let get = client.get("/products?limit=3").await.is(200);
    let head = Answer::to(client.request(Method::HEAD, "/products?limit=3")).await.is(200);
    assert_eq!(head.text, "");
    assert_eq!(head.header("content-length"), get.text.len().to_string());
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    let backend = Backend::start().await;
    let client = backend.client();
    for body in ["", "{", "{\"email\":}", "\u{0}"] {
        let request = client.request(Method::POST, "/auth/login").body(body);
        Answer::to(request).await.refused(400, "MALFORMED_JSON");
    }
    let not_utf8 = client.request(Method::POST, "/auth/login").body(vec![b'"', 0xFF, b'"']);
    Answer::to(not_utf8).await.refused(400, "MALFORMED_JSON");
    let large = client.request(Method::POST, "/auth/login").body(vec![b' '; (1 << 20) + 1]);
    Answer::to(large).await.refused(413, "PAYLOAD_TOO_LARGE");
    let mut just_fits = vec![b' '; 1 << 20];
    just_fits[..2].copy_from_slice(b"{}");
    let request = client.request(Method::POST, "/auth/login").body(just_fits);
    Answer::to(request).await.invalid(&["email", "password"]);
    let deep = client.request(Method::POST, "/auth/login").body("[".repeat(100_000));
    Answer::to(deep).await.refused(400, "MALFORMED_JSON");
}

#[tokio::test]
async fn odd_requests_get_an_answer_and_never_a_broken_connection() {
    let backend = Backend::start().await;
    let user = backend.user(1).await;
    for path in [
        "/products/%FF%FE",
        "/products/%00",
        "/products?search=%FF",
        "/products?search=\"%20OR%20*",
        "/products?search=%25%25",
        "/products?&&==&",
        "/products?page=1000000&limit=100",
        "/meal-plan/daily/%E2%80%8B",
        "/meals?tag=%27%20OR%201=1",
        "/orders/%2e%2e",
    ] {
        let answer = user.get(path).await;
        assert!([200, 400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(answer.json().is_object(), "{path}");
    }
    user.get("/products?page=0").await.invalid(&["page"]);
    user.get("/products?page=99999999999999999999").await.invalid(&["page"]);
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let backend = Backend::start().await;
    let mut stream = connect(&backend).await;
    let request = "GET /api/v1/live HTTP/1.1\r\nhost: x\r\n\r\n";
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).await.expect("sent");
        read_until(&mut stream, "\"alive\"").await;
    }
}

async fn seen_of(seed: u64) -> Vec<Value> {
    let backend = Backend::with(Options { seed, ..Options::default() }).await;
    let user = backend.user(4).await;
    let mut seen = Vec::new();
    for path in [
        "/products?limit=100&sort=price",
        "/products?limit=100&page=20",
        "/meals?limit=100&sort=calories",
        "/users/profile",
        "/health-profile",
        "/recommendations?limit=50",
        "/orders",
    ] {
        seen.push(user.get(path).await.is(200).json());
    }
    seen
}

#[tokio::test]
async fn the_same_seed_gives_the_same_data() {
    let first = seen_of(7).await;
    assert_eq!(first, seen_of(7).await);
    let other = seen_of(8).await;
    assert!(first.iter().zip(&other).take(4).all(|(one, two)| one != two));
    assert_eq!(first[0]["meta"]["total"], 2000);
    assert_eq!(first[2]["meta"]["total"], 200);
}

#[tokio::test]
async fn there_are_a_hundred_users_and_sixty_have_a_health_profile() {
    let backend = Backend::start().await;
    for (number, has) in [(1, true), (60, true), (61, false), (100, false)] {
        let profile = backend.user(number).await.get("/health-profile").await.is(200).data();
        assert_eq!(!profile.is_null(), has, "user{number}");
    }
    let body = json!({ "email": "user101@test.com", "password": PASSWORD });
    backend.client().post("/auth/login", body).await.refused(401, "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn a_database_file_outlives_the_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Some(folder.path().join("demo.sqlite"));
    let options = |seed| Options { database: database.clone(), seed, ..Options::default() };
    let backend = Backend::with(options(1)).await;
    let user = backend.newcomer("ann").await;
    let product = user.first("/products?limit=1").await;
    let item = json!({ "productId": product["id"], "quantity": 2 });
    user.post("/cart/items", item).await.is(201);
    backend.stop().await;

    let backend = Backend::with(options(2)).await;
    let token = user.token.clone().expect("signed in");
    let cart = backend.client().with_token(&token).get("/cart").await.is(200).data();
    assert_eq!(cart["items"][0]["productId"], product["id"]);
    assert_eq!(backend.client().get("/products").await.total(), 2000);
    backend.stop().await;
}

async fn refusal_of(database: std::path::PathBuf) -> DemoError {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let options = Options { database: Some(database), ..Options::default() };
    let served = serve(listener, options, std::future::ready(())).await;
    served.expect_err("it is no database of the demo")
}

#[tokio::test]
async fn a_file_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("notes.txt");
    let notes = "these are notes, and they are longer than the header of a database file\n";
    std::fs::write(&text, notes.repeat(20)).expect("written");
    assert!(matches!(refusal_of(text.clone()).await, DemoError::Database { .. }));
    assert_eq!(std::fs::read_to_string(text).expect("still there"), notes.repeat(20));

    let other = folder.path().join("other.sqlite");
    let connection = rusqlite::Connection::open(&other).expect("opened");
    connection.execute_batch("CREATE TABLE t (x)").expect("made");
    let before = std::fs::read(&other).expect("readable");
    assert!(matches!(refusal_of(other.clone()).await, DemoError::ForeignDatabase { .. }));
    assert_eq!(std::fs::read(&other).expect("readable"), before);
    assert!(matches!(
        refusal_of(folder.path().join("no/such/folder.sqlite")).await,
        DemoError::Database { .. }
    ));
}

#[tokio::test]
async fn a_file_of_another_version_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("demo.sqlite");
    let database = Some(path.clone());
    Backend::with(Options { database, ..Options::default() }).await.stop().await;
    let connection = rusqlite::Connection::open(&path).expect("opened");
    connection.pragma_update(None, "user_version", 99).expect("changed");
    drop(connection);
    let refusal = refusal_of(path).await.to_string();
    assert!(refusal.contains("schema 99") && refusal.contains("remove the file"), "{refusal}");
}

#[tokio::test]
async fn requests_that_were_begun_are_finished_at_the_end() {
    let backend = Backend::start().await;
    let mut stream = connect(&backend).await;
    let body = json!({ "email": "user1@test.com", "password": PASSWORD }).to_string();
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    // The service asks for the body, so it has begun.
    read_until(&mut stream, "100 Continue\r\n\r\n").await;
    let finish = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        stream.write_all(body.as_bytes()).await.expect("sent");
        read_until(&mut stream, "\"refreshToken\"").await
    };
    let ((), answer) = tokio::join!(backend.stop(), finish);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}
