//! Whether the service lives, is ready and is well; and its numbers for a monitor.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::database::Db;
use super::reply::{self, Reply};
use super::{App, metrics};

/// It answers, so it lives. Nothing else is asked.
pub(super) async fn live(State(app): State<Arc<App>>) -> Reply {
    reply::ok(json!({ "status": "alive", "uptime": uptime(&app) }))
}

pub(super) async fn ready(db: Db) -> Response {
    match ping(&db) {
        Some(_) => well(json!({ "status": "ready" })),
        None => unwell(json!({ "status": "unhealthy" })),
    }
}

pub(super) async fn health(db: Db) -> Response {
    let (is_well, data) = examine(&db);
    if is_well { well(data) } else { unwell(data) }
}

/// Whether all is well, and the numbers.
pub(super) fn examine(db: &Db) -> (bool, Value) {
    let millis = ping(db);
    let state = |up: &'static str, down: &'static str| if millis.is_some() { up } else { down };
    let data = json!({
        "status": state("healthy", "unhealthy"),
        "version": env!("CARGO_PKG_VERSION"),
        "uptime": uptime(&db.app),
        "database": { "status": state("up", "down"), "responseTimeMs": millis },
        "memory": { "rssBytes": resident_bytes() },
    });
    (millis.is_some(), data)
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let text = app.metrics.render(app.started.elapsed());
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}

fn well(data: Value) -> Response {
    Json(json!({ "success": true, "data": data })).into_response()
}

fn unwell(data: Value) -> Response {
    let error = json!({
        "message": "the database does not answer", "code": "DATABASE_UNAVAILABLE"
    });
    let body = json!({ "success": false, "data": data, "error": error });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

/// How long the database took to answer, in milliseconds; `None` if it did not.
fn ping(db: &Db) -> Option<f64> {
    let began = Instant::now();
    let answer = db.read(|database| {
        let mut select = database.prepare_cached("SELECT count(*) FROM coupons")?;
        Ok(select.query_row([], |row| row.get::<_, i64>(0))?)
    });
    answer.ok().map(|_| (began.elapsed().as_secs_f64() * 1e6).round() / 1e3)
}

fn uptime(app: &App) -> f64 {
    (app.started.elapsed().as_secs_f64() * 1e3).round() / 1e3
}

/// The memory of this process, where the system says it in this way.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
