//! The same seed, the same requests; and several files in one run.

use crate::http::server::Request;
use crate::support::{Sandbox, Service};

const DICE: &str = r#"
name: dice
data: { users: { csv: users.csv, pick: random } }
before-user:
  - post: /login
    json: { user: "{{ users.email }}", id: "{{ uuid() }}" }
    expect: { json: { $.data.token: { exists: true } } }
tests:
  - name: rolls
    steps:
      - get: /test/{{ random-int(1, 1000000) }}
        query: { who: "{{ users.email }}", text: "{{ random-text(8) }}" }
        expect: { json: { $.data: { exists: true } } }
load:
  journeys:
    - journey: walk
      weight: 3
      steps:
        - step: walk
          get: /walk/{{ random-int(1, 1000000) }}
          query: { who: "{{ users.email }}", what: '{{ random-item("a", "b", "c") }}' }
          expect: { json: { $.data: { exists: true } } }
    - journey: run
      steps:
        - step: run
          get: /run/{{ iteration() }}
          expect: { json: { $.data: { exists: true } } }
  profiles:
    smoke: { users: 1, iterations: 30 }
    open: { arrivals: 30/s, duration: 1s, max-users: 1 }
  sla: ["http_req_failed: rate<0.01"]
"#;

/// What was asked for, without what names the connection.
fn asked(request: &Request) -> String {
    format!("{} {}", request.line(), request.body())
}

fn requests(seed: &str, profile: &str) -> Vec<String> {
    let service = Service::healthy();
    let sandbox = Sandbox::with(DICE);
    let users: String = (0..50).map(|n| format!("u{n}@test.com\n")).collect();
    sandbox.write("users.csv", format!("email\n{users}"));
    let arguments = ["run", "s.yaml", "--target", &service.url, "--seed", seed, "--workers", "1"];
    let more = ["--threads", "1", "--profile", profile];
    let outcome = sandbox.run(&[&arguments[..], &more].concat());
    assert!(outcome.stdout.contains(&format!("seed {seed}")), "{outcome}");
    service.requests().iter().map(asked).collect()
}

#[test]
fn the_same_seed_sends_the_same_requests_and_another_seed_others() {
    for profile in ["smoke", "open"] {
        let (first, second) = (requests("7", profile), requests("7", profile));
        assert!(first.len() >= 30, "{profile}: {}", first.len());
        assert_eq!(first, second, "{profile}");
        assert_ne!(first, requests("8", profile), "{profile}");
        for part in ["/walk/", "/run/", "/test/", "/login"] {
            assert!(first.iter().any(|request| request.contains(part)), "{part}: {first:#?}");
        }
    }
}

fn file(name: &str, profiles: &str) -> String {
    format!(
        "name: {name}\nload:\n  journey:\n    - step: read\n      get: /{name}\n      \
         expect: {{ json: {{ $.data: {{ exists: true }} }} }}\n  profiles: {{ {profiles} }}\n  \
         sla: [\"http_req_failed: rate<0.01\"]\n"
    )
}

#[test]
fn several_files_run_together_each_with_its_own_profile() {
    let service = Service::healthy();
    let sandbox = Sandbox::new();
    sandbox
        .write("all/a.yaml", file("a", "smoke: { users: 1, iterations: 5 }"))
        .write("all/b.yaml", file("b", "smoke: { arrivals: 20/s, duration: 1s }"))
        .write("all/c.yaml", file("c", "other: { users: 1, iterations: 5 }"))
        .write("all/notes.txt", "not a scenario");
    let arguments = ["run", "all", "--target", &service.url, "--out", "out", "--profile", "smoke"];
    let outcome = sandbox.run(&arguments).says(&["scenarios: a, b, c", "profile: smoke"]);
    let result = sandbox.json("out/result.json");
    let loads: Vec<(String, String)> = result["scenarios"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["load"].is_object())
        .map(|one| (one["name"].to_string(), one["load"]["model"].to_string()))
        .collect();
    let pair = |name: &str, model: &str| (format!("\"{name}\""), format!("\"{model}\""));
    assert_eq!(loads, [pair("a", "closed"), pair("b", "open")], "{outcome}");
    let count = |path: &str| service.requests().iter().filter(|r| r.path() == path).count();
    assert_eq!((count("/a"), count("/b"), count("/c")), (5, 20, 0), "{outcome}");
    let steps = result["steps"].as_array().expect("a list");
    let counts: Vec<(&str, u64)> = steps
        .iter()
        .map(|step| (step["scenario"].as_str().unwrap(), step["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(counts, [("a", 5), ("b", 20)]);
    assert!([Some(0), Some(3)].contains(&outcome.code), "{outcome}");
}
