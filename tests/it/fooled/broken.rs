//! Services that answer, and not as they should.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{SHOP, findings, meet, shop};
use crate::http::server::{Act, json, reply};
use crate::support::sandbox::one_line;
use crate::support::{Sandbox, Service, after, json_ok};

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head></html>";

fn page(status: &str) -> Vec<u8> {
    reply(status, &[("content-type", "text/html; charset=utf-8")], PAGE)
}

/// The baseline that this program exists to prevent: a page of errors in 11 ms, "excellent".
#[test]
fn an_error_page_for_everything_is_a_failure_and_has_no_latency() {
    for status in ["200 OK", "500 Internal Server Error", "502 Bad Gateway"] {
        let service = Service::always(11, page(status));
        let (sandbox, outcome) = shop(&service);
        let outcome = outcome.exits(1).says(&["`sign in`", "the page \"502 Bad Gateway\""]);
        let first: Vec<&str> = outcome.stdout.lines().take(5).collect();
        let first = first.join("\n");
        assert!(first.starts_with("FAIL"), "{first}");
        assert!(first.contains("HTML where JSON was expected"), "{first}");
        assert_no_latency(&sandbox, &outcome.stdout, "sign in");
    }
}

/// In no report is there a latency for a step without any success.
fn assert_no_latency(sandbox: &Sandbox, stdout: &str, step: &str) {
    let csv = sandbox.read("out/steps.csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let heads = reader.headers().expect("columns").clone();
    let mut rows = reader.records().map(|row| row.expect("a row"));
    let row = rows.find(|row| &row[1] == step).expect("a row for the step");
    for (head, cell) in heads.iter().zip(&row) {
        if head.starts_with("response_") || head.starts_with("service_") {
            assert_eq!(cell, "", "{head}");
        }
    }
    let latency = regex::Regex::new(r"\d (ms|µs|s)\b").expect("a pattern");
    let mut seen = 0;
    let table = stdout.split("\nSteps (").nth(1).expect("a table of steps");
    let lines = table.lines().take_while(|line| !line.is_empty()).map(str::to_string);
    let markdown = sandbox.read("out/report.md");
    let rows = markdown.lines().filter(|line| line.starts_with('|') && !line.contains("p(95)"));
    let html = sandbox.read("out/report.html");
    let cells = html.split("<tr").skip(1).map(|row| row.split("</tr>").next().unwrap_or(""));
    let cells = cells.filter(|row| row.contains("no successful response"));
    let all = lines.chain(rows.map(str::to_string)).chain(cells.map(str::to_string));
    for row in all.filter(|row| row.contains(step)) {
        assert!(!latency.is_match(&row), "a latency in {row}");
        seen += 1;
    }
    assert!(seen >= 3, "text, page and comment have a row for `{step}`, found {seen}");
    let result = sandbox.json("out/result.json");
    assert_eq!(result["steps"][0]["response_us"]["count"], 0);
    assert_eq!(result["steps"][0]["response_us"]["p95"], 0);
}

#[test]
fn what_a_failed_sign_in_kept_from_happening_is_listed() {
    let service = Service::start(|request| match request.path() {
        "/login" => after(4, json("401 Unauthorized", r#"{"error":"wrong password"}"#)),
        _ => json_ok(),
    });
    let (sandbox, outcome) = shop(&service);
    outcome.exits(1).says(&["never reached: `list` and `order`", "`sign in` stopped the run"]);
    let steps = sandbox.json("out/result.json")["steps"].clone();
    assert_eq!((&steps[1]["count"], &steps[2]["count"]), (&0.into(), &0.into()));
    assert!(findings(&sandbox, "FAIL").iter().any(|found| found.contains("`order`")));
}

/// Runs the shop against an answer that is the same for all, and gives what is said first.
fn cause_of(answer: Vec<u8>) -> String {
    let service = Service::start(move |request| match request.path() {
        "/live" => json_ok(),
        _ => after(4, &answer),
    });
    let (sandbox, outcome) = shop(&service);
    let outcome = outcome.exits(1);
    assert!(outcome.headline().starts_with("FAIL: "), "{outcome}");
    findings(&sandbox, "FAIL").remove(0).replace(&service.url, "TARGET")
}

/// The four that looked alike in the replaced suites, and two more: each has a sentence of its
/// own, with the likely cause and with what to look at.
#[test]
fn each_way_to_be_broken_has_its_own_sentence() {
    let refused = |status, text: &str| json(status, &format!(r#"{{"error":"{text}"}}"#));
    let mut told = vec![
        cause_of(page("200 OK")),
        cause_of(refused("404 Not Found", "no such route")),
        cause_of(refused("429 Too Many Requests", "slow down")),
        cause_of(refused("503 Service Unavailable", "database")),
        cause_of(refused("401 Unauthorized", "who are you")),
        cause_of(refused("500 Internal Server Error", "null")),
    ];
    let words: [&[&str]; 6] = [
        &["HTML where JSON was expected", "proxy's error page", "Look at what TARGET is"],
        &["404 Not Found", "does not know these paths", "`http.base`"],
        &["rate limiter (429)", "Lower the rate", "raise the limit"],
        &["503 Service Unavailable", "database", "down", "readiness probe"],
        &["not signed in (401)", "sign-in gives no usable token", "captures"],
        &["an error inside the service (500)", "log"],
    ];
    for (said, words) in told.iter().zip(words) {
        for word in words {
            assert!(lower(said).contains(&lower(word)), "`{word}` is not in: {said}");
        }
    }
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 6);
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

#[test]
fn a_target_that_refuses_once_the_run_has_begun_is_named() {
    // The first connection only asks whether somebody is there; then nobody is any more.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let gone = std::thread::spawn(move || drop(listener.accept()));
    let (sandbox, outcome) = meet(SHOP, &url);
    gone.join().expect("it accepted");
    outcome.exits(1).says(&["no connection to", "Nothing accepts connections at", &url]);
    assert!(findings(&sandbox, "FAIL")[0].contains("look whether the service runs"));
}

#[test]
fn a_target_that_refuses_at_the_start_is_no_verdict() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let (sandbox, outcome) = meet(SHOP, &format!("http://{address}"));
    let words = ["nothing listens at", &address.to_string(), "start the service", "--target"];
    outcome.exits(6).says(&words).never_says(&["FAIL", "PASS"]);
    assert!(!sandbox.path("out").exists(), "nothing ran, so there is nothing to keep");
}

/// The replaced suites were green by "the answer took less than 500 ms".
#[test]
fn checks_on_time_alone_do_not_make_failures_good() {
    let scenario = r#"
name: quick
load:
  journey:
    - { step: read, get: /x, expect: { status: 200, within: 500ms } }
  profiles: { smoke: { users: 2, duration: 1s } }
  sla: ["http_req_duration: p(95)<500"]
"#;
    let service = Service::always(2, json("500 Internal Server Error", r#"{"error":"x"}"#));
    let (sandbox, outcome) = meet(scenario, &service.url);
    let outcome = outcome.exits(1).says(&["an error inside the service (500)"]);
    assert!(outcome.headline().contains("(500)"), "{outcome}");
    let result = sandbox.json("out/result.json");
    let checks = result["steps"][0]["checks"].as_array().expect("checks");
    let within = checks.iter().find(|check| check["check"].as_str().unwrap().contains("500ms"));
    assert!(within.is_some(), "{checks:?}");
}

/// A service that fails fast is not a fast service: half its answers are errors in no time.
#[test]
fn errors_are_judged_before_latency_and_are_in_none() {
    let turn = AtomicUsize::new(0);
    let service = Service::start(move |_| match turn.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => after(40, json("200 OK", r#"{"data":{}}"#)),
        _ => after(0, json("500 Internal Server Error", "{}")),
    });
    let scenario = r#"
name: half
load:
  journey:
    - { step: read, get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }
  profiles: { smoke: { users: 8, duration: 1s } }
  sla: ["http_req_duration: med<20", "http_req_duration: p(50)<1000"]
"#;
    let (sandbox, outcome) = meet(scenario, &service.url);
    let outcome = outcome.exits(1);
    assert!(outcome.headline().contains("(500)"), "{outcome}");
    let failed = findings(&sandbox, "FAIL");
    let at = |word: &str| failed.iter().position(|f| lower(f).contains(word)).unwrap_or(99);
    assert!(at("inside the service") < at("med of http_req_duration"), "{failed:#?}");
    assert!(at("med of http_req_duration") < 99, "{failed:#?}");
    let step = sandbox.json("out/result.json")["steps"][0].clone();
    let fastest = step["response_us"]["min"].as_u64().expect("a number");
    assert!(fastest >= 40_000, "an error is among the successes: {fastest} µs");
}

#[test]
fn a_test_that_passes_when_tried_again_is_flaky_and_not_clean() {
    let seen = AtomicUsize::new(0);
    let service = Service::start(move |_| match seen.fetch_add(1, Ordering::Relaxed) {
        0 => after(1, json("503 Service Unavailable", "{}")),
        _ => json_ok(),
    });
    let scenario = r#"
name: moody
tests:
  - name: sometimes
    retries: 2
    steps: [{ get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }]
"#;
    let (sandbox, outcome) = meet(scenario, &service.url);
    let outcome = outcome.exits(0).says(&["flaky", "passed only at attempt 2"]);
    assert!(outcome.headline().contains("only when it was tried again"), "{outcome}");
    let test = sandbox.json("out/result.json")["tests"][0].clone();
    assert_eq!((&test["status"], &test["attempts"]), (&"flaky".into(), &2.into()));
    for file in ["out/report.md", "out/report.html", "out/junit.xml"] {
        assert!(sandbox.read(file).to_lowercase().contains("flaky"), "{file}");
    }
}

#[test]
fn a_reset_in_the_middle_is_no_slow_answer() {
    let service = Service::start(|_| vec![Act::Reset]);
    let (_, outcome) = shop(&service);
    let outcome = outcome.exits(1).says(&["connection lost within the exchange", "crashes"]);
    assert!(one_line(&outcome.stdout).contains("no successful response"));
}
