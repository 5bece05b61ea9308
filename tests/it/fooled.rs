//! The judge cannot be fooled: services that are broken in the ways that fooled the suites which
//! Taster replaces, on real sockets, and what the program makes of them.

mod broken;
mod ends;
mod everything;
mod faults;
mod nothing;
mod offered;
mod secrets;

use crate::support::{Outcome, Sandbox, Service};

/// A shop whose journey signs in, lists and orders; one second of two users.
const SHOP: &str = r#"
name: shop
tests:
  - name: lists
    steps:
      - get: /list
        expect: { status: 200, json: { $.data.items: { exists: true } } }
load:
  journey:
    - step: sign in
      post: /login
      json: { user: u, password: p }
      expect: { status: 200, json: { $.data.token: { exists: true } }, within: 500ms }
      capture: { token: $.data.token }
    - step: list
      get: /list
      headers: { authorization: "Bearer {{ token }}" }
      expect: { status: 200, json: { $.data.items: { length: 2 } }, within: 500ms }
    - step: order
      post: /order
      json: { items: [1] }
      expect: { status: 200, json: { $.data: { exists: true } }, within: 500ms }
  profiles:
    smoke: { users: 2, duration: 1s }
  sla:
    - "http_req_duration{step:sign in}: p(95)<500"
    - "http_req_failed: rate<0.01"
"#;

/// Runs the shop against a service, with all reports in `out`.
fn shop(service: &Service) -> (Sandbox, Outcome) {
    meet(SHOP, &service.url)
}

/// Runs a scenario against an address, with all reports in `out`.
fn meet(scenario: &str, url: &str) -> (Sandbox, Outcome) {
    let sandbox = Sandbox::with(scenario);
    let outcome = sandbox.run(&["run", "s.yaml", "--target", url, "--out", "out"]);
    (sandbox, outcome)
}

/// The messages of the findings with this word, gravest first.
fn findings(sandbox: &Sandbox, word: &str) -> Vec<String> {
    let verdict = sandbox.json("out/verdict.json");
    let found = verdict["findings"].as_array().expect("a list").iter();
    let of_word = found.filter(|found| found["verdict"] == word);
    of_word.map(|found| found["message"].as_str().expect("a text").to_string()).collect()
}
