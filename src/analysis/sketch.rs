//! Traces by hand, for tests.

use serde_json::Value;

use crate::result::TestStatus;
use crate::result::trace::{Trace, TraceEnd, TraceMessage, TraceRequest, TraceStep};

/// An attempt that passed: three steps, two requests.
pub fn green() -> Trace {
    Trace {
        scenario: "shopping".to_string(),
        test: "puts an item into the cart".to_string(),
        place: "shopping.yaml:12".to_string(),
        browser: "chromium".to_string(),
        version: "Chromium 156.0".to_string(),
        attempt: 1,
        status: TestStatus::Passed,
        duration_ms: 900,
        failure: None,
        steps: vec![
            step("goto /shop", 0.0, 120.0, 30_000.0),
            step("click button \"Add\"", 130.0, 40.0, 10_000.0),
            step("expect text \"1 item\"", 180.0, 90.0, 5_000.0),
        ],
        requests: vec![
            request(5.0, Some(31.0), "GET", "http://127.0.0.1:4000/shop", Some(200)),
            request(140.0, Some(60.0), "POST", "http://127.0.0.1:4000/api/v1/cart/7", Some(201)),
        ],
        messages: Vec::new(),
        last: Some(TraceEnd {
            url: "http://127.0.0.1:4000/shop".to_string(),
            title: "Shop".to_string(),
            screenshot: None,
            aria: "- heading \"Shop\"\n- text: 1 item\n- button \"Check out\"".to_string(),
            kept: Vec::new(),
        }),
        crash: None,
        starved: Some(0.02),
        began_ms: 10_000,
    }
}

/// The same, with its last step failed.
pub fn red() -> Trace {
    let mut trace = green();
    trace.status = TestStatus::Failed;
    trace.steps[2].took_ms = 5_000.0;
    trace.steps[2].failure = Some("expected \"1 item\", got \"0 items\"".to_string());
    trace.steps[2].why = serde_json::json!({
        "kind": "wrong", "message": "the text is \"0 items\"", "wanted": "1 item", "got": "0 items"
    });
    trace.duration_ms = 5_300;
    trace
}

/// A step that passed.
pub fn step(name: &str, at: f64, took: f64, within: f64) -> TraceStep {
    TraceStep {
        name: name.to_string(),
        verb: name.split(' ').next().unwrap_or("").to_string(),
        place: "shopping.yaml:15".to_string(),
        line: format!("- {name}"),
        at_ms: at,
        took_ms: took,
        within_ms: within,
        failure: None,
        soft: false,
        why: Value::Null,
        late_ms: None,
        url: "http://127.0.0.1:4000/shop".to_string(),
        thumbnail: None,
    }
}

/// A request.
pub fn request(
    at: f64,
    took: Option<f64>,
    method: &str,
    url: &str,
    status: Option<u16>,
) -> TraceRequest {
    TraceRequest {
        at_ms: at,
        took_ms: took,
        method: method.to_string(),
        url: url.to_string(),
        kind: "fetch".to_string(),
        status,
        bytes: 640,
        failed: None,
        stubbed: false,
    }
}

/// A message on the console.
pub fn message(level: &str, text: &str) -> TraceMessage {
    TraceMessage { at_ms: 200.0, level: level.to_string(), text: text.to_string(), place: None }
}
