//! What is published beside the reports, with real receivers: a chat, a collector of OTLP, a real
//! Prometheus.

mod chat;
mod otlp;
mod prometheus;
mod webhook;

pub use prometheus::get;

use serde_json::Value;

use crate::http::server::{Request, reply};
use crate::support::{Sandbox, Service, after, json_ok};

/// A journey of two steps, one of which fails now and then, under arrivals; and two tests.
fn suite(seconds: u32) -> Sandbox {
    Sandbox::with(&format!(
        "name: shop\ntests:\n  \
         - {{ name: looks, steps: [{{ get: /look, expect: {{ status: 200 }} }}] }}\n  \
         - {{ name: buys, steps: [{{ get: /buy, expect: {{ status: 404 }} }}] }}\n\
         load:\n  journey:\n    \
         - {{ step: look, get: /look, expect: {{ status: 200 }} }}\n    \
         - {{ step: buy, get: /buy, expect: {{ status: 200 }} }}\n  \
         profiles: {{ p: {{ arrivals: 40/s, duration: {seconds}s, max-users: 20 }} }}\n  \
         sla: [\"http_req_duration: p(95)<500\"]\n"
    ))
}

/// Answers slowly enough for a percentile of some milliseconds; every fourth purchase fails.
fn shop() -> Service {
    let bought = std::sync::atomic::AtomicU64::new(0);
    Service::start(move |request: &Request| {
        let nth = bought
            .fetch_add(u64::from(request.path() == "/buy"), std::sync::atomic::Ordering::Relaxed);
        match request.path() {
            "/buy" if nth % 4 == 3 => after(2, reply("503 Service Unavailable", &[], "full")),
            _ => json_ok(),
        }
    })
}

/// The step of a result.
fn step<'r>(result: &'r Value, name: &str) -> &'r Value {
    let steps = result["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["step"] == name).unwrap_or_else(|| panic!("no step {name}"))
}

/// A number of a result.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("no number: {value}"))
}
