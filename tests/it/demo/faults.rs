//! Each fault does what it says, and only where it is told to.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use taster::demo::Options;

use super::{Answer, Backend, PASSWORD};

/// Whether a path is answered soon, on a machine however busy; or not for a long time.
async fn is_answered(backend: &Backend, path: &str, within: Duration) -> bool {
    let client = backend.client();
    tokio::time::timeout(within, client.get(path)).await.is_ok()
}

const SOON: Duration = Duration::from_secs(30);
const A_WHILE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn slow_delays_what_it_is_scoped_to() {
    let backend = Backend::broken_by(&["slow=300ms@/api/v1/products"]).await;
    let began = Instant::now();
    backend.client().get("/products?limit=1").await.is(200);
    assert!(began.elapsed() >= Duration::from_millis(300));
    let backend = Backend::broken_by(&["slow=3000s@/api/v1/products"]).await;
    assert!(!is_answered(&backend, "/products", A_WHILE).await);
    assert!(is_answered(&backend, "/live", SOON).await);
}

#[tokio::test]
async fn a_share_of_the_time_is_waited_on_top_of_the_time_itself() {
    // Twice and three times as long as the 100 ms that everything takes.
    for (fault, least) in [("slow=100%", 200), ("tail=100%x3", 300)] {
        let backend = Backend::broken_by(&["slow=100ms", fault]).await;
        let began = Instant::now();
        backend.client().get("/live").await.is(200);
        assert!(began.elapsed() >= Duration::from_millis(least), "{fault}");
    }
}

#[tokio::test]
async fn stall_blocks_everything_for_a_part_of_each_period() {
    let backend = Backend::broken_by(&["stall=3000s/3600s"]).await;
    assert!(!is_answered(&backend, "/live", A_WHILE).await);
    let backend = Backend::broken_by(&["stall=100ms/3600s"]).await;
    assert!(is_answered(&backend, "/live", SOON).await);
}

#[tokio::test]
async fn errors_hit_their_share_and_the_same_requests_for_the_same_seed() {
    let mut runs = Vec::new();
    for seed in [3, 3, 4] {
        let faults = vec!["errors=30%".parse().expect("a fault")];
        let backend = Backend::with(Options { seed, faults, ..Options::default() }).await;
        let client = backend.client();
        let mut hits = Vec::new();
        for _ in 0..60 {
            let answer = client.get("/live").await;
            if answer.status != 200 {
                answer.refused(500, "INTERNAL");
                hits.push(true);
            } else {
                hits.push(false);
            }
        }
        runs.push(hits);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let share = runs[0].iter().filter(|hit| **hit).count();
    assert!((5..=35).contains(&share), "{share} of 60");
}

#[tokio::test]
async fn html_is_a_page_that_says_all_is_well() {
    let backend = Backend::broken_by(&["html"]).await;
    let answer = backend.client().get("/products").await.is(200);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.text.contains("502 Bad Gateway"));
    let backend = Backend::broken_by(&["html-502"]).await;
    let answer = backend.client().get("/live").await.is(502);
    assert!(answer.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn drop_closes_the_connection_without_an_answer() {
    let backend = Backend::broken_by(&["drop=100%@GET:/api/v1/products"]).await;
    let client = backend.client();
    assert!(client.request(Method::GET, "/products").send().await.is_err());
    client.get("/live").await.is(200);
    client.post("/products", json!({})).await.is(405);
}

#[tokio::test]
async fn with_the_database_down_only_what_needs_it_fails() {
    let backend = Backend::broken_by(&["database-down"]).await;
    let client = backend.client();
    client.get("/live").await.is(200);
    client.get("/metrics").await.is(200);
    for path in ["/ready", "/health"] {
        let answer = client.get(path).await.refused(503, "DATABASE_UNAVAILABLE");
        assert_eq!(answer.json()["data"]["status"], "unhealthy");
    }
    client.get("/products").await.refused(503, "DATABASE_UNAVAILABLE");
    let body = json!({ "email": "user1@test.com", "password": PASSWORD });
    client.post("/auth/login", body).await.refused(503, "DATABASE_UNAVAILABLE");
    let signed_in = client.clone().with_token("anything");
    signed_in.get("/users/profile").await.refused(503, "DATABASE_UNAVAILABLE");
    client.get("/users/profile").await.refused(401, "UNAUTHORIZED");
    client.get("/nowhere").await.refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn rate_limit_lets_so_many_through() {
    let backend = Backend::broken_by(&["rate-limit=3/m"]).await;
    let client = backend.client();
    for _ in 0..3 {
        client.get("/live").await.is(200);
    }
    let answer = client.get("/live").await.refused(429, "RATE_LIMITED");
    let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn unauthorized_breaks_every_sign_in_and_nothing_else() {
    let backend = Backend::broken_by(&["unauthorized"]).await;
    let client = backend.client();
    let body = json!({ "email": "user1@test.com", "password": PASSWORD });
    client.post("/auth/login", body).await.refused(401, "UNAUTHORIZED");
    client.clone().with_token("x").get("/meals").await.refused(401, "UNAUTHORIZED");
    client.get("/products").await.is(200);
    client.get("/health").await.is(200);
}

#[tokio::test]
async fn not_found_hides_every_route() {
    let backend = Backend::broken_by(&["not-found"]).await;
    for path in ["/live", "/products", "/nowhere"] {
        backend.client().get(path).await.refused(404, "NOT_FOUND");
    }
}

#[tokio::test]
async fn faults_add_up() {
    let faults = ["slow=200ms", "errors=100%@/api/v1/products", "html@/api/v1/live"];
    let backend = Backend::broken_by(&faults).await;
    let began = Instant::now();
    let client = backend.client();
    client.get("/products").await.refused(500, "INTERNAL");
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert!(client.get("/live").await.is(200).text.contains("<html>"));
    let answer = Answer::to(client.request(Method::GET, "/products")).await;
    assert_eq!(answer.header("x-request-id").len(), 36);
}
