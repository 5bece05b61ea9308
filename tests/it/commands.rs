//! Each command, as it is typed: what it prints, word by word, and what it leaves.

mod contract;
mod repeat;

use std::fs;
use std::path::Path;

use crate::http::server::json;
use crate::support::sandbox::{Outcome, redact};
use crate::support::{Sandbox, Service, after};

const SHOP: &str = r#"
name: shop
about: A cart and an order
vars: { base: /api }
http: { base: "{{ vars.base }}" }
before-user:
  - step: sign in
    post: /login
    json: { user: "u{{ user() }}" }
    expect: { json: { $.data.token: { exists: true } } }
    capture: { token: $.data.token }
tests:
  - name: lists
    tags: [smoke]
    steps:
      - step: list
        get: /list
        expect: { json: { $.data.items: { length: 2 } } }
  - name: orders
    skip: not yet
    steps: [{ use: list }]
load:
  journey: [list, { use: list, step: list again, query: { page: 2 } }]
  profiles:
    smoke: { users: 2, duration: 1s }
    rate: { arrivals: 30/s, duration: 1s }
    steady: { users: 2, duration: 12s }
  sla: ["http_req_failed: rate<0.01"]
"#;

/// Compares with a golden file, or writes it.
#[track_caller]
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli").join(name);
    let text = redact(text);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().expect("it is inside")).expect("a folder can be made");
        fs::write(&path, text).expect("the golden can be written");
        return;
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let differs = known.lines().zip(text.lines()).find(|(old, new)| old != new);
    let help = "UPDATE_GOLDEN=1 cargo test --test it commands records what is said now";
    assert!(known == text, "{name} differs: {differs:?}\n{text}\n{help}");
}

#[test]
fn the_help_of_each_command_is_as_recorded() {
    let sandbox = Sandbox::new();
    let top = sandbox.run(&["--help"]).exits(0);
    golden("help.txt", &top.stdout);
    let commands = top.stdout.lines().skip_while(|line| !line.starts_with("Commands:")).skip(1);
    let names = commands.take_while(|line| !line.is_empty());
    // A long description goes on in a line of its own, which begins further right.
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 9, "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let help = sandbox.run(&[name, "--help"]).exits(0);
        golden(&format!("help-{name}.txt"), &help.stdout);
        for line in help.stdout.lines() {
            assert!(line.chars().count() <= 100, "{name}: {line}");
        }
    }
    for name in ["accept", "list", "show", "calibrate", "pin", "unpin"] {
        let help = sandbox.run(&["baseline", name, "--help"]).exits(0);
        golden(&format!("help-baseline-{name}.txt"), &help.stdout);
    }
    sandbox.run(&["--version"]).exits(0).says(&[env!("CARGO_PKG_VERSION")]);
    sandbox.run(&[]).exits(2).says(&["Usage: taster", "run"]);
}

#[test]
fn a_plan_says_what_a_run_would_do_and_sends_nothing() {
    let service = Service::healthy();
    let sandbox = Sandbox::with(SHOP);
    let outcome = sandbox.run(&["plan", "s.yaml", "--target", &service.url]).exits(0);
    golden("plan.txt", &outcome.stdout);
    let rate = ["plan", "s.yaml", "--target", &service.url, "--profile", "rate", "--tag", "smoke"];
    golden("plan-rate.txt", &sandbox.run(&rate).exits(0).stdout);
    assert!(service.requests().is_empty());
    assert!(!sandbox.path("reports").exists());
}

#[test]
fn a_baseline_is_accepted_listed_shown_and_compared_with() {
    let service = Service::healthy();
    let sandbox = Sandbox::with(SHOP);
    golden("baseline-list-empty.txt", &sandbox.taster("baseline list").exits(0).all());
    sandbox.run(&["load", "s.yaml", "--target", &service.url, "--out", "first"]).exits(0);
    let accept = ["baseline", "accept", "first", "--why", "release 1.4"];
    let accepted = sandbox.run(&accept).exits(0);
    golden("baseline-accept.txt", &accepted.all());
    let kept = sandbox.files("baselines");
    assert_eq!(kept.len(), 1);
    let kept: serde_json::Value =
        serde_json::from_slice(&fs::read(&kept[0]).expect("a file")).expect("JSON");
    let mut result = sandbox.json("first/result.json");
    assert_eq!(kept["accepted"]["by"], "tester");
    assert_eq!(kept["accepted"]["why"], "release 1.4");
    // But for who accepted it, a baseline is the result file.
    result["accepted"] = kept["accepted"].clone();
    assert_eq!(kept, result);
    golden(
        "baseline-list.txt",
        &without_revision(&sandbox.taster("baseline list").exits(0).stdout),
    );
    let shown = sandbox.taster("baseline show smoke").exits(0);
    for word in ["by tester: release 1.4", "shop › list", "p50", "p95", "p99"] {
        assert!(shown.stdout.contains(word), "{word}: {shown}");
    }
    let run = ["load", "s.yaml", "--target", &service.url, "--out", "other", "--profile", "rate"];
    sandbox.run(&run).says(&["There is no baseline"]);
    // A second of two users says nothing of latencies: not even that a run is like itself.
    let same = sandbox.taster("compare first first").exits(3);
    same.says(&["o latency could be compared with the baselines", "1 run against 1 baseline"]);
    sandbox.taster("compare first first --inconclusive fail").exits(1);
    sandbox.taster("compare first first --inconclusive pass").exits(0);
    sandbox.taster("compare first").exits(2);
    // Who asks for a comparison acts on it, on the embedded backend too.
    let mut look = sandbox.json("first/result.json");
    look["run"]["embedded"] = true.into();
    sandbox.write("look.json", look.to_string());
    sandbox.taster("compare look.json look.json").says(&["o latency could be compared"]).exits(3);
    let several = sandbox.taster("compare first first first --also first").exits(3);
    several.says(&["2 runs against 2 baselines"]);
}

/// Where the other tests kept the machine too busy to judge latencies by, nothing is decided, and
/// rightly: such runs are made anew, as a person would make them, the baseline too, which may be
/// the one that was disturbed.
fn slower_than_its_baseline() -> (Sandbox, Outcome) {
    let body = r#"{"data":{"token":"t","items":[1,2]}}"#;
    let mut left = 5;
    loop {
        let sandbox = Sandbox::with(SHOP);
        let load = |service: &Service, out: &str| {
            let run = ["load", "s.yaml", "--target", &service.url, "--profile", "steady"];
            sandbox.run(&[&run[..], &["--out", out]].concat())
        };
        load(&Service::healthy(), "first").exits(0);
        sandbox.run(&["baseline", "accept", "first", "--why", "x"]).exits(0);
        let slower = Service::start(move |_| after(150, json("200 OK", body)));
        let worse = load(&slower, "second");
        left -= 1;
        let busy =
            ["may have been too slow", "(machine)"].iter().any(|said| worse.stdout.contains(said));
        if left == 0 || worse.code != Some(3) || !busy {
            return (sandbox, worse);
        }
    }
}

#[test]
fn a_run_that_is_much_slower_than_its_baseline_fails() {
    let (sandbox, worse) = slower_than_its_baseline();
    let compared = sandbox.taster("compare first second");
    for outcome in [&worse, &compared] {
        assert_eq!(outcome.code, Some(1), "thirty times slower: {outcome}");
        for said in ["Comparison: 1 run against 1 baseline", "90% interval", "FAIL shop"] {
            assert!(outcome.stdout.contains(said), "{said}: {outcome}");
        }
    }
    // A report judges from the files alone, and as the run did.
    let again = sandbox.taster("report second").exits(1);
    assert_eq!(again.headline(), worse.headline());
    let verdict = sandbox.json("second/verdict.json");
    let rows = verdict["comparison"]["rows"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row["verdict"] == "FAIL"), "{verdict}");
    for file in ["comparison.csv", "changes.svg", "junit.xml", "report.md", "report.html"] {
        assert!(sandbox.path("second").join(file).exists(), "{file}");
    }
}

/// A test's folder may lie in a checkout or not.
fn without_revision(text: &str) -> String {
    let revision = regex::Regex::new(r"  ([0-9a-f]{7,12}\+?|no revision)  ").expect("a pattern");
    revision.replace_all(text, "  REVISION  ").into_owned()
}

#[test]
fn shells_and_editors_get_what_they_need() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let text = sandbox.run(&["completions", shell]).exits(0).stdout;
        assert!(text.contains("taster") && text.contains("baseline"), "{shell}");
    }
    let schema = sandbox.run(&["schema"]).exits(0).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let step = serde_json::json!({ "get": "/x", "expect": { "status": 200 } });
    let good = serde_json::json!({ "name": "a", "tests": [{ "name": "t", "steps": [step] }] });
    assert!(validator.is_valid(&good));
    assert!(!validator.is_valid(&serde_json::json!({ "name": "a", "test": [] })));
}

/// A reader that has seen enough (`taster plan | head -1`) is no error.
#[test]
fn a_closed_pipe_is_no_error() {
    let sandbox = Sandbox::with(SHOP);
    let mut command = sandbox.command(&["plan", "s.yaml"]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    command.stdout(writer).stderr(std::process::Stdio::piped());
    let output = command.output().expect("it can be started");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn while_a_run_goes_on_the_first_ten_failures_are_told_and_the_rest_counted() {
    let mut file = "name: many\ntests:\n".to_string();
    for number in 1..=12 {
        let step = "[{ get: /x, expect: { status: 204 } }]";
        file.push_str(&format!("  - {{ name: test {number}, steps: {step} }}\n"));
    }
    let service = Service::always(0, json("200 OK", "{}"));
    let outcome = Sandbox::with(&file).run(&["test", "s.yaml", "--target", &service.url]).exits(1);
    let told = |words: &str| outcome.stderr.matches(words).count();
    assert_eq!((told("failed: many › test"), told("more failures")), (10, 1), "{outcome}");
    assert!(outcome.stderr.contains("tests 12/12, 12 failed"), "{outcome}");
}
