//! The load that was asked for, and whether it was there at all.

use std::sync::Mutex;
use std::time::Duration;

use super::{findings, meet};
use crate::http::server::{Act, json};
use crate::support::{Service, after};

/// An open model against a service that is slower than the rate, with one user: what waits is
/// said before anything else, and its wait is in its latency.
#[test]
fn a_rate_that_was_not_reached_is_said_first() {
    let scenario = r#"
name: queue
load:
  journey:
    - { step: read, get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }
  profiles:
    smoke: { arrivals: 40/s, duration: 1s, max-users: 1, graceful-stop: 0s }
  sla: ["http_req_duration: max<50000"]
"#;
    let service = Service::always(200, json("200 OK", r#"{"data":{}}"#));
    let sandbox = crate::support::Sandbox::with(scenario);
    let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "out", "--threads", "1"];
    let outcome = sandbox.run(&arguments).exits(1);
    assert!(outcome.headline().starts_with("FAIL: "), "{outcome}");
    let first = findings(&sandbox, "FAIL").remove(0);
    for word in ["offered load was not reached", "of 40 iterations", "never begun", "max-users"] {
        assert!(first.contains(word), "`{word}` is not in: {first}");
    }
    assert!(outcome.headline().contains("the offered load was not reached"), "{outcome}");
    let result = sandbox.json("out/result.json");
    let load = &result["scenarios"][0]["load"];
    let number = |name: &str| load[name].as_u64().expect("a number");
    assert_eq!(number("offered"), 40);
    assert_eq!(number("started") + number("dropped"), 40);
    assert!(number("dropped") >= 30, "{load}");
    // The fifth was due at 100 ms and begun at 800 ms or later.
    assert!(result["steps"][0]["response_us"]["max"].as_u64() > Some(400_000));
}

/// A service that stands still for a while: in an open model, those that were due meanwhile have
/// waited, and say so. A closed model would have sent one slow request.
#[test]
fn a_stall_is_in_the_latency_of_all_that_were_due_in_it() {
    let began = Mutex::new(None);
    let service = Service::start(move |_| {
        let mut began = began.lock().expect("no panic");
        let began: &mut std::time::Instant = began.get_or_insert_with(std::time::Instant::now);
        let since = began.elapsed();
        let stalled = Duration::from_millis(700).saturating_sub(since);
        let wait = if since > Duration::from_millis(200) { stalled } else { Duration::ZERO };
        vec![Act::Wait(wait), Act::Send(json("200 OK", r#"{"data":{}}"#))]
    });
    let scenario = r#"
name: stall
load:
  journey:
    - { step: read, get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }
  profiles:
    smoke: { arrivals: 50/s, duration: 1s, max-users: 2 }
  sla: ["http_req_duration: p(90)<100"]
"#;
    let (sandbox, outcome) = meet(scenario, &service.url);
    outcome.exits(1);
    let step = sandbox.json("out/result.json")["steps"][0].clone();
    // 500 ms of 1 s: the p90 of what was due is far above what any but two requests took.
    assert!(step["response_us"]["p90"].as_u64() > Some(200_000), "{}", step["response_us"]);
    assert!(step["service_us"]["p50"].as_u64() < step["response_us"]["p90"].as_u64());
}

#[test]
fn an_sla_that_may_end_the_run_ends_it_and_is_named() {
    let scenario = r#"
name: abort
load:
  journey:
    - { step: read, get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }
  profiles: { smoke: { users: 2, duration: 60s } }
  sla:
    - { sla: "http_req_failed: rate<0.1", abort-on-fail: true }
"#;
    let service = Service::always(10, json("500 Internal Server Error", "{}"));
    let began = std::time::Instant::now();
    let (sandbox, outcome) = meet(scenario, &service.url);
    let outcome = outcome.exits(1).says(&["aborted by SLA", "http_req_failed", "rate<0.1"]);
    assert!(outcome.headline().starts_with("FAIL"), "{outcome}");
    assert!(began.elapsed() < Duration::from_secs(60), "it ran to its end");
    let run = sandbox.json("out/result.json")["run"].clone();
    assert!(run["ended_early"].as_str().is_some_and(|why| why.starts_with("aborted by SLA")));
    assert!(run["duration_ms"].as_u64() < Some(30_000), "{run}");
    assert!(sandbox.path("out/report.html").is_file());
}

#[test]
fn a_fixed_number_of_iterations_that_ran_out_of_time_is_a_failure() {
    let scenario = r#"
name: counted
load:
  journey:
    - { step: read, get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }
  profiles:
    smoke: { users: 2, shared-iterations: 100, max-duration: 1s }
"#;
    let service = Service::start(|_| after(100, json("200 OK", r#"{"data":{}}"#)));
    let (sandbox, outcome) = meet(scenario, &service.url);
    outcome.exits(1).says(&["of 100 iterations", "never begun", "max-duration"]);
    assert!(findings(&sandbox, "FAIL")[0].contains("offered load was not reached"));
}
