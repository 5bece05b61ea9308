//! The embedded backend, broken on purpose: the gate turns red, and says at which step.

use super::findings;
use crate::support::Sandbox;

const SMALL: &str = r#"
name: small
vars: { base: /api/v1 }
http: { base: "{{ vars.base }}" }
before-user:
  - step: sign in
    post: /auth/login
    json: { email: user1@test.com, password: TestPassword123! }
    expect: { status: 200, json: { $.data: { type: object } } }
tests:
  - name: a search finds something
    steps:
      - step: search
        get: /products
        query: { search: apple, limit: 5 }
        expect: { status: 200, json: { $.data: { length: { gt: 0 } } } }
load:
  journey: [search]
  think: 20ms
  profiles:
    smoke: { users: 4, duration: 1s }
    rate: { arrivals: 60/s, duration: 1s }
  sla:
    - "http_req_duration{step:search}: p(90)<150"
    - "http_req_failed{step:search}: rate<0.01"
"#;

/// Runs the small scenario; the load is what the fault is for, so the sign-in stays whole.
fn with_fault(fault: &str, profile: &str) -> (Sandbox, crate::support::Outcome) {
    let sandbox = Sandbox::with(SMALL);
    let fault = format!("--fault={fault}");
    let arguments = ["run", "s.yaml", "--out", "out", &fault, "--profile", profile, "--seed", "3"];
    let outcome = sandbox.run(&arguments);
    (sandbox, outcome)
}

#[test]
fn the_small_scenario_holds_where_nothing_is_broken() {
    let sandbox = Sandbox::with(&SMALL.replace("p(90)<150", "p(90)<15000"));
    let outcome = sandbox.run(&["run", "s.yaml", "--out", "out"]);
    let outcome = outcome.says(&["the embedded backend"]);
    // On a machine that is busy the latency may be doubted; nothing else may.
    assert!([Some(0), Some(3)].contains(&outcome.code), "{outcome}");
    assert!(findings(&sandbox, "FAIL").is_empty(), "{outcome}");
}

#[test]
fn each_fault_turns_the_run_red_at_its_step_and_bound() {
    let cases: [(&str, &[&str]); 4] = [
        ("slow=300ms@/api/v1/products", &["p(90) of http_req_duration{step:search}", "< 150 ms"]),
        ("errors=50%@/api/v1/products", &["an error inside the service (500)", "rate<0.01"]),
        ("html@/api/v1/products", &["HTML where JSON was expected", "no data for p(90)"]),
        ("stall=600ms/900ms@/api/v1/products", &["p(90) of http_req_duration{step:search}"]),
    ];
    for (fault, words) in cases {
        // Users that wait send nothing: only arrivals see how long a stall is.
        let profile = if fault.starts_with("stall") { "rate" } else { "smoke" };
        let (sandbox, outcome) = with_fault(fault, profile);
        let outcome = outcome.exits(1).says(&[fault.split('@').next().unwrap()]);
        assert!(outcome.headline().starts_with("FAIL"), "{fault}: {outcome}");
        let told = sandbox.json("out/verdict.json").to_string() + &outcome.all();
        let told = told.to_lowercase();
        for word in words.iter().chain(&["small › search"]) {
            assert!(told.contains(&word.to_lowercase()), "{fault}: `{word}` in {outcome}");
        }
    }
}

/// Without a value and a place, each has one that hurts.
#[test]
fn a_fault_by_its_bare_name_is_enough() {
    for fault in ["slow", "errors", "html"] {
        let (_, outcome) = with_fault(fault, "smoke");
        outcome.exits(1).says(&["FAIL small › search"]);
    }
}

/// What closed users hardly see, the suites that come with the program see by default.
#[test]
fn a_backend_that_stands_still_turns_the_default_run_red() {
    let sandbox = Sandbox::new();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["health.yaml", "schemas/health.json", "schemas/error.json"] {
        let content = std::fs::read(root.join("scenarios").join(file));
        sandbox.write(file, content.expect("the suite is there"));
    }
    let outcome = sandbox.run(&["load", "health.yaml", "--fault=stall", "--out", "out"]).exits(1);
    assert!(outcome.headline().starts_with("FAIL"), "{outcome}");
    outcome.says(&["p(95) of http_req_duration{step:alive}", "< 250 ms"]);
}

#[test]
fn the_exit_codes_of_k6_are_used_where_they_are_asked_for() {
    let sandbox = Sandbox::with(SMALL);
    let run = |arguments: &[&str]| {
        sandbox.run(&[&["run", "s.yaml", "--exit-codes", "k6", "--out", "out"], arguments].concat())
    };
    run(&["--fault=html"]).exits(99);
    run(&["--profile", "nosuch"]).exits(104).says(&["nosuch"]);
    run(&["--target", "http://example.invalid"]).exits(104).says(&["--allow-load"]);
    run(&["--target", "http://127.0.0.1:1"]).exits(107).says(&["nothing listens"]);
}
