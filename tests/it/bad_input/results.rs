//! Result files that are none, or no longer: told what they are, by whichever command reads them.

use super::GOOD;
use crate::http::server::json;
use crate::support::{Sandbox, Service};

/// A folder with a good run in `ok`.
fn with_a_run() -> (Sandbox, Service) {
    let service = Service::healthy();
    let sandbox = Sandbox::with(GOOD);
    let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "ok"];
    sandbox.run(&arguments).exits(0);
    (sandbox, service)
}

/// What is left when the text ends with the point of its first number that has one.
fn inside_a_number(text: &str) -> String {
    let between_digits = |at: &usize| {
        let digit = |at: usize| text.as_bytes()[at].is_ascii_digit();
        text[..*at].rfind([':', ',', '[']).is_some_and(|start| (start + 1..*at).all(digit))
            && digit(at + 1)
    };
    let mut points = text.match_indices('.').map(|(at, _)| at);
    let point = points.find(between_digits).expect("a number with a fraction");
    text[..=point].to_string()
}

#[test]
fn what_is_no_result_is_told_what_it_is_by_every_command() {
    let (sandbox, _) = with_a_run();
    let good = sandbox.read("ok/result.json");
    let version = |to: &str| good.replacen("\"format\":1", &format!("\"format\":{to}"), 1);
    let newer = version("99").replacen("\"tool_version\":\"", "\"tool_version\":\"9.9-", 1);
    let cases: &[(&str, String, &[&str])] = &[
        ("cut.json", good[..good.len() / 2].into(), &["is cut short", "restore it or run again"]),
        ("number.json", inside_a_number(&good), &["is cut short", "restore it or run again"]),
        ("empty.json", String::new(), &["`empty.json` is empty", "restore it or run again"]),
        ("newer.json", newer, &["is too new", "format 99", "Taster 9.9-0"]),
        ("older.json", version("0"), &["is too old", "format 0", "record it again"]),
        ("foreign.json", "{\"metrics\":{}}".into(), &["no `format`", "`result.json` of a run"]),
        ("text.json", "hello".into(), &["not a result file", "`result.json` of a run"]),
        ("list.json", "[]".into(), &["not a result file", "`result.json` of a run"]),
        ("damaged.json", good.replace("\"steps\":[{", "\"steps\":[7,{"), &["not a result file"]),
        ("folder/x.txt", String::new(), &["`folder` has no `result.json`", "reports/latest"]),
        ("begun/result.journal", "{\"Beg".into(), &["begun/result.journal", "never began"]),
    ];
    let mut problems = Vec::new();
    for (name, content, words) in cases {
        sandbox.write(name, content);
        let name = match name.split_once('/') {
            Some((folder, _)) => folder,
            None => name,
        };
        for line in [
            format!("report {name}"),
            format!("report ok {name}"),
            format!("compare {name} ok"),
            format!("compare ok {name}"),
            format!("baseline accept {name} --why x"),
        ] {
            problems.extend(sandbox.taster(&line).misses(2, &[words, &[name][..]].concat()));
        }
        assert!(!sandbox.path("baselines").exists(), "{name}: nothing is accepted");
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(sandbox.read("ok/result.json"), good, "reading changes nothing");
    for line in ["report nowhere", "compare ok nowhere", "baseline accept nowhere --why x"] {
        sandbox.taster(line).exits(2).says(&["`nowhere` is not there", "reports/latest"]);
    }
    sandbox.taster("baseline accept --why x").exits(2).says(&["`reports/latest` is not there"]);
}

#[test]
fn only_a_pass_can_be_a_baseline() {
    let (sandbox, _) = with_a_run();
    let broken = Service::always(5, json("500 Internal Server Error", "{}"));
    sandbox.run(&["run", "s.yaml", "--target", &broken.url, "--out", "bad"]).exits(1);
    let refused = sandbox.taster("baseline accept bad --why hurry").exits(1);
    refused.says(&["did not PASS and cannot be a baseline", "inside the service (500)"]);
    assert!(!sandbox.path("baselines").exists());
    sandbox
        .run(&["test", "s.yaml", "--target", &Service::healthy().url, "--out", "tests"])
        .exits(0);
    sandbox.taster("baseline accept tests --why x").exits(2).says(&["has no load"]);
    sandbox.taster("baseline accept ok").exits(2).says(&["--why"]);
    sandbox.taster("baseline show").exits(2).says(&["no baseline of the profile `smoke`"]);
}

/// Ten minutes of load and no verdict, because of a file that could be read before.
#[test]
fn a_baseline_that_cannot_be_read_is_known_before_the_run() {
    let (sandbox, service) = with_a_run();
    sandbox.taster("baseline accept ok --why good").exits(0);
    let kept = sandbox.files("baselines").remove(0);
    let good = std::fs::read_to_string(&kept).expect("a file");
    std::fs::write(&kept, &good[..good.len() / 3]).expect("it can be written");
    let seen = service.requests().len();
    let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "new"];
    let outcome = sandbox.run(&arguments).exits(2);
    outcome.says(&["baselines/smoke/", "is cut short", "restore it"]);
    assert_eq!(service.requests().len(), seen, "it was known too late");
    let outcome = sandbox.run(&[&arguments[..], &["--no-baseline"]].concat());
    outcome.exits(0).says(&["PASS"]);
    for line in ["baseline list", "baseline show", "report ok"] {
        sandbox.taster(line).exits(2).says(&["baselines/smoke/", "is cut short"]);
    }
}
