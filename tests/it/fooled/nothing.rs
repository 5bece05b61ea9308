//! No data is never a pass, and too little data is none either.

use super::{findings, meet};
use crate::support::{Sandbox, Service};

const TAGGED: &str = r#"
name: tagged
tests:
  - name: one
    tags: [smoke]
    steps: [{ get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }]
"#;

#[test]
fn a_tag_that_no_test_has_is_no_pass() {
    let service = Service::healthy();
    let sandbox = Sandbox::with(TAGGED);
    let run = |tag| sandbox.run(&["test", "s.yaml", "--target", &service.url, "--tag", tag]);
    run("nosuch").exits(2).says(&["no test has the tag `nosuch`", "`smoke`"]);
    assert!(service.requests().is_empty());
    run("smoke").exits(0).says(&["PASS"]);
}

#[test]
fn load_that_sends_nothing_is_no_pass() {
    let scenario = r#"
name: shy
vars: { on: "no" }
load:
  journey:
    - step: never
      when: { vars.on: { equals: "yes" } }
      get: /x
      expect: { status: 200, json: { $.data: { exists: true } } }
    - { pause: 20ms }
  profiles: { smoke: { users: 1, duration: 1s } }
"#;
    let service = Service::healthy();
    let (sandbox, outcome) = meet(scenario, &service.url);
    let outcome = outcome.exits(4).says(&["nothing ran", "not one request", "`never`"]);
    assert!(outcome.headline().starts_with("INVALID"), "{outcome}");
    assert!(findings(&sandbox, "FAIL")[0].contains("never reached: `never`"));
    assert!(service.requests().is_empty());
}

#[test]
fn a_scenario_whose_tests_are_all_skipped_is_no_pass() {
    let scenario = TAGGED.replace("tags: [smoke]", "skip: not today");
    let service = Service::healthy();
    let (_, outcome) = meet(&scenario, &service.url);
    outcome.exits(4).says(&["nothing ran", "skipped"]);
}

/// A metric without samples passes in k6; that is how the database suite was green.
#[test]
fn a_bound_on_what_was_never_measured_fails() {
    let scenario = r#"
name: gaps
vars: { on: "no" }
load:
  journey:
    - { step: read, get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }
    - step: rare
      when: { vars.on: { equals: "yes" } }
      tags: { area: cart }
      get: /y
      expect: { status: 200, json: { $.data: { exists: true } } }
  profiles: { smoke: { users: 1, duration: 1s } }
  sla:
    - "http_req_duration{step:rare}: p(95)<500"
    - "http_req_duration{area:cart}: avg<500"
    - "http_req_failed{step:rare}: rate<0.01"
    - "checks{step:rare}: rate>0.9"
"#;
    let service = Service::healthy();
    let (sandbox, outcome) = meet(scenario, &service.url);
    outcome.exits(1).says(&["never reached: `rare`", "No data is never a pass"]);
    let slas = findings(&sandbox, "FAIL");
    for metric in ["p(95)", "avg", "rate of http_req_failed", "checks"] {
        let no_data = |found: &&String| {
            let found = found.to_lowercase();
            found.contains("no data") && found.contains(metric)
        };
        assert_eq!(slas.iter().filter(no_data).count(), 1, "{metric}: {slas:#?}");
    }
}

/// Few samples: the number there is, the number it takes, and an exit that is the user's choice.
#[test]
fn a_percentile_of_too_few_samples_is_inconclusive_and_says_how_many_it_takes() {
    let scenario = r#"
name: few
load:
  journey:
    - { step: read, get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }
  profiles: { smoke: { users: 1, iterations: 12 } }
  sla: ["http_req_duration: p(99)<2000"]
"#;
    let service = Service::healthy();
    let sandbox = Sandbox::with(scenario);
    for (choice, code) in [("warn", 3), ("fail", 1), ("pass", 0)] {
        let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "out"];
        let outcome = sandbox.run(&[&arguments[..], &["--inconclusive", choice]].concat());
        let outcome = outcome.exits(code).says(&["INCONCLUSIVE", "12", "300"]);
        assert!(outcome.headline().starts_with("INCONCLUSIVE"), "{outcome}");
        assert_eq!(sandbox.json("out/verdict.json")["verdict"], "INCONCLUSIVE");
    }
}
