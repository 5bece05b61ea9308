//! How tests are run and chosen from the command line, against real servers: each option.

mod flaky;
mod looking_on;
mod repeats;
mod shards;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::http::server::json;
use crate::support::{Outcome, Sandbox, Service, after};

/// So many tests, each of one request of its own.
pub fn suite(count: usize) -> String {
    let mut text = "name: shop\ntests:\n".to_string();
    for at in 1..=count {
        let tags = if at % 2 == 0 { "[even]" } else { "[odd, smoke]" };
        let steps = format!("[{{ get: /t{at}, expect: {{ json: {{ $.ok: true }} }} }}]");
        text.push_str(&format!("  - {{ name: test {at}, tags: {tags}, steps: {steps} }}\n"));
    }
    text
}

/// Answers well, but for these paths.
pub fn service(bad: &[&'static str]) -> Service {
    let bad: BTreeSet<&str> = bad.iter().copied().collect();
    Service::start(move |request| {
        let good = !bad.contains(request.path());
        after(0, json("200 OK", if good { r#"{"ok":true}"# } else { r#"{"ok":false}"# }))
    })
}

/// The same, but a path that fails does so only the first so many times.
pub fn recovering(path: &'static str, times: usize) -> Service {
    let seen = Arc::new(AtomicUsize::new(0));
    Service::start(move |request| {
        let bad = request.path() == path && seen.fetch_add(1, Ordering::SeqCst) < times;
        after(0, json("200 OK", if bad { r#"{"ok":false}"# } else { r#"{"ok":true}"# }))
    })
}

/// `taster test s.yaml` against a service, with everything in `out`.
pub fn test(sandbox: &Sandbox, service: &Service, more: &[&str]) -> Outcome {
    let arguments = ["test", "s.yaml", "--target", &service.url, "--out", "out"];
    sandbox.run(&[&arguments[..], more].concat())
}

/// Each test of a result with its status, in their order.
pub fn statuses(sandbox: &Sandbox, result: &str) -> Vec<(String, String)> {
    let result = sandbox.json(result);
    let text = |value: &Value| value.as_str().expect("a text").to_string();
    let tests = result["tests"].as_array().expect("a list").iter();
    tests.map(|test| (text(&test["name"]), text(&test["status"]))).collect()
}

/// The names alone.
pub fn names(sandbox: &Sandbox, result: &str) -> Vec<String> {
    statuses(sandbox, result).into_iter().map(|(name, _)| name).collect()
}

/// The paths that were asked for, sorted.
pub fn paths(service: &Service) -> Vec<String> {
    let mut paths: Vec<String> =
        service.requests().iter().map(|request| request.path().to_string()).collect();
    paths.sort();
    paths
}

#[test]
fn tests_are_chosen_by_name_and_tag() {
    let sandbox = Sandbox::with(&suite(6));
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--grep", "[12]$"], &["/t1", "/t2"]),
        (&["--grep", "^test 3$", "--grep", "shop › test 5"], &["/t3", "/t5"]),
        (&["--grep-invert", "test [1-4]"], &["/t5", "/t6"]),
        (&["--tag", "even", "--grep-invert", "6"], &["/t2", "/t4"]),
        (&["--tag", "even", "--tag", "smoke", "--grep", "[56]"], &["/t5", "/t6"]),
        (&["--grep", "(?i)TEST 1"], &["/t1"]),
    ];
    for (options, wanted) in cases {
        let service = service(&[]);
        test(&sandbox, &service, options).exits(0).says(&["PASS"]);
        assert_eq!(paths(&service), wanted, "{options:?}");
        let plan = sandbox.run(&[&["plan", "s.yaml"][..], options].concat()).exits(0);
        assert!(plan.stdout.contains(&format!("{} of 6 tests", wanted.len())), "{plan}");
    }
}

#[test]
fn a_choice_that_leaves_nothing_is_an_error_and_nothing_is_sent() {
    let sandbox = Sandbox::with(&suite(3));
    let service = service(&[]);
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--grep", "tset 2"], &["no test has a name that `--grep tset 2` matches", "`test 2`"]),
        (&["--grep", "1", "--grep", "zzz"], &["`--grep zzz`"]),
        (&["--grep-invert", "."], &["not one of 3 tests is left by `--grep-invert`"]),
        (&["--tag", "even", "--grep", "1"], &["by `--grep` and `--tag`", "leave one of them out"]),
        (&["--browser", "firefox"], &["no test runs in the browser `firefox`"]),
        (&["--grep", "("], &["--grep", "unclosed group"]),
    ];
    for (options, words) in cases {
        let outcome = test(&sandbox, &service, options).exits(2).says(words);
        outcome.never_says(&["PASS"]);
    }
    assert!(service.requests().is_empty() && !sandbox.path("out").exists());
}

/// Two tests in three engines each: `--browser` takes of them and never adds.
#[test]
fn an_engine_is_taken_from_those_that_a_test_names() {
    let steps = "steps: [{ goto: / }, { see: Shop }]";
    let sandbox = Sandbox::with(&format!(
        "name: shop\ntests:\n  - {{ name: buys, browser: [chromium, webkit], {steps} }}\n  \
         - {{ name: pays, browser: [firefox, webkit], {steps} }}\n  \
         - {{ name: api, steps: [{{ get: /x, expect: {{ json: {{ $.ok: true }} }} }}] }}\n"
    ));
    let planned = |options: &[&str]| {
        let plan = sandbox.run(&[&["plan", "s.yaml"][..], options].concat()).exits(0);
        ["buys", "pays"].map(|name| {
            let lines = plan.stdout.lines().filter(|line| line.contains(&format!("{name}: ")));
            lines
                .filter_map(|line| Some(line.split(" in ").nth(1)?.to_string()))
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(planned(&[]), [vec!["chromium and webkit"], vec!["firefox and webkit"]]);
    assert_eq!(planned(&["--browser", "webkit"]), [vec!["webkit"], vec!["webkit"]]);
    let both = ["--browser", "firefox", "--browser", "chromium"];
    assert_eq!(planned(&both), [vec!["chromium"], vec!["firefox"]]);
    let wrong = sandbox.run(&["plan", "s.yaml", "--browser", "chrome"]).exits(2);
    wrong.says(&["no test runs in the browser `chrome`", "did you mean `chromium`?"]);
}

#[test]
fn so_many_failures_end_the_tests_and_the_rest_is_told_as_not_run() {
    let sandbox = Sandbox::with(&suite(6));
    let service = service(&["/t2", "/t3", "/t5"]);
    let options = ["--max-failures", "2", "--workers", "1"];
    let outcome = test(&sandbox, &service, &options).exits(1);
    assert!(outcome.headline().starts_with("FAIL"), "{outcome}");
    assert_eq!(paths(&service), ["/t1", "/t2", "/t3"]);
    let statuses: Vec<String> =
        statuses(&sandbox, "out/result.json").into_iter().map(|(_, status)| status).collect();
    assert_eq!(statuses, ["passed", "failed", "failed", "not run", "not run", "not run"]);
    let outcome = outcome.says(&["3 tests were not run", "`test 4`, `test 5` and `test 6`"]);
    let outcome = outcome.says(&["1 passed, 2 failed, 3 not run", "--max-failures"]);
    outcome.says(&["tests 6/6, 2 failed, 3 not run"]);
    let junit = sandbox.read("out/junit.xml");
    assert_eq!(junit.matches("<skipped message=\"not run: ").count(), 3, "{junit}");
    let report = sandbox.read("out/report.md");
    assert_eq!(report.matches("| not run |").count(), 3, "{report}");
    // What is not known cannot be waved through with what failed.
    let verdict = sandbox.json("out/verdict.json");
    let found = verdict["findings"].as_array().expect("a list").iter();
    let not_run = found.filter(|found| found["observed"] == "not run");
    assert_eq!(not_run.map(|found| &found["verdict"]).collect::<Vec<_>>(), ["INCONCLUSIVE"]);
}

#[test]
fn the_last_failures_are_run_again_and_nothing_else() {
    let sandbox = Sandbox::with(&suite(5));
    let again = ["test", "s.yaml", "--last-failed", "--target"];
    let service = service(&["/t2", "/t4"]);
    // No last run is no reason to run all, and none to pass.
    let none = sandbox.run(&[&again[..], &[&service.url]].concat()).exits(2);
    none.says(&["`reports/latest` is not there"]).never_says(&["PASS"]);
    sandbox.run(&["test", "s.yaml", "--target", &service.url]).exits(1);
    let better = self::service(&["/t4"]);
    sandbox.run(&[&again[..], &[&better.url]].concat()).exits(1);
    assert_eq!(paths(&better), ["/t2", "/t4"]);
    let best = self::service(&[]);
    sandbox.run(&[&again[..], &[&best.url]].concat()).exits(0).says(&["PASS", "1 test"]);
    assert_eq!(paths(&best), ["/t4"]);
    let nothing = sandbox.run(&[&again[..], &[&best.url]].concat()).exits(2);
    nothing.says(&["--last-failed", "has one test, and it did not fail"]).never_says(&["PASS"]);
}

#[test]
fn the_last_run_of_a_folder_is_the_one_that_is_meant_there() {
    let sandbox = Sandbox::with(&suite(4));
    let bad = service(&["/t3"]);
    let options = ["--max-failures", "1", "--workers", "1"];
    test(&sandbox, &bad, &options).exits(1);
    let good = service(&[]);
    test(&sandbox, &good, &["--last-failed"]).exits(0);
    assert_eq!(paths(&good), ["/t3", "/t4"], "what was not reached is not known to be good");
    sandbox.write("s.yaml", suite(4).replace("test 3", "third").replace("test 4", "fourth"));
    test(&sandbox, &bad, &[]).exits(1);
    sandbox.write("s.yaml", suite(2));
    let gone = test(&sandbox, &good, &["--last-failed"]).exits(2);
    gone.says(&["not one of 2 tests is left by `--last-failed`", "other names now"]);
}

#[test]
fn the_durations_of_tests_are_remembered_where_they_can_be_kept() {
    let sandbox = Sandbox::with(&suite(3));
    let slow = Service::start(|request| {
        let ms = if request.path() == "/t2" { 300 } else { 0 };
        after(ms, json("200 OK", &format!(r#"{{"ok":{}}}"#, request.path() != "/t3")))
    });
    test(&sandbox, &slow, &[]).exits(1);
    let known = sandbox.json(".taster/durations.json");
    let ids: Vec<&String> = known["tests"].as_object().expect("a map").keys().collect();
    assert_eq!(ids, ["shop › test 1", "shop › test 2"], "a test that failed teaches nothing");
    assert!(known["tests"]["shop › test 2"].as_u64() >= Some(300), "{known}");
    sandbox.write(".taster/durations.json", "{\"tests\": 7}");
    let broken = test(&sandbox, &slow, &[]).exits(2);
    broken.says(&["durations.json", "delete it"]);
}
