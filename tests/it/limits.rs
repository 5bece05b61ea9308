//! Limits that can never fail, always would, or would never be decided: told before a run.

use taster::analysis::limits::{Limit, doubt, wide};
use taster::metric::Sla;
use taster::result::RunResult;

use crate::runs::{Did, SHOP, healthy, load};
use crate::support::Sandbox;

/// The code of what is wrong with an SLA beside these runs, and what is said of it.
fn told(sla: &str, samples: Option<f64>, runs: &[&RunResult]) -> Option<(&'static str, String)> {
    let sla: Sla = sla.parse().unwrap_or_else(|error| panic!("{sla}: {error}"));
    let found = doubt(&Limit { scenario: SHOP, sla: &sla, samples }, runs)?;
    assert!(!found.help.is_empty() && !found.label.is_empty(), "{found:?}");
    Some((found.code, found.problem))
}

#[track_caller]
fn is(sla: &str, samples: Option<f64>, runs: &[&RunResult], code: &str, said: &str) {
    let (found, problem) = told(sla, samples, runs).unwrap_or_else(|| panic!("{sla} is no doubt"));
    assert_eq!(found, code, "{sla}: {problem}");
    assert!(problem.contains(said), "{sla}: {problem}");
}

#[test]
fn what_can_never_fail_or_be_kept_by_its_form_is_told_without_a_run() {
    for sla in [
        "http_req_failed: rate<=1",
        "http_req_failed: rate>=0",
        "http_req_failed: rate<1",
        "checks: rate>=0",
        "checks: rate>-0.1",
        "http_req_duration: p(95)>=0",
        "http_reqs: count>=0",
        "dropped_iterations: count>=0",
        "http_req_duration: p(95)!=-1",
    ] {
        is(sla, None, &[], "limit-never-fails", "");
    }
    for sla in [
        "http_req_failed: rate<0",
        "checks: rate>1",
        "http_req_duration: p(95)<0",
        "http_req_duration: p(95)<=-1",
        "dropped_iterations: count<0",
        "http_reqs: count==-1",
    ] {
        is(sla, None, &[], "limit-always-fails", "can never be kept");
    }
    for sla in ["http_req_failed: rate<=0", "http_req_failed: rate==0", "checks: rate>=1"] {
        assert_eq!(told(sla, None, &[]), None, "{sla}");
    }
}

#[test]
fn a_limit_far_from_what_is_seen_can_never_fail() {
    let run = healthy();
    for (sla, said) in [
        ("http_req_duration{step:browse}: p(95)<500", "passes still"),
        ("http_req_duration{step:browse}: max<60000", "passes still"),
        ("http_req_failed: rate<0.5", "10% passes still"),
        ("checks: rate>0.5", "90% passes still"),
        ("http_reqs: rate>1", "passes still"),
        ("iteration_duration: p(95)<60000", "passes still"),
    ] {
        is(sla, None, &[&run], "limit-never-fails", said);
    }
    for sla in [
        "http_req_duration{step:browse}: p(95)<60",
        "http_req_duration: p(95)<500",
        "http_req_failed: rate<0.05",
        "http_req_failed: rate<0.01",
        "checks: rate>0.99",
        "http_reqs: rate>60",
        "vus: value<1000",
        "dropped_iterations: count<10",
    ] {
        assert_eq!(told(sla, None, &[&run]), None, "{sla}");
    }
    // Without a run nobody can say.
    assert_eq!(told("http_req_duration{step:browse}: p(95)<500", None, &[]), None);
}

#[test]
fn a_limit_that_no_accepted_run_keeps_would_always_fail() {
    let slow = load(&[("browse", Did::well(900, 30_000))]);
    let quick = load(&[("browse", Did::well(900, 10_000))]);
    let sla = "http_req_duration{step:browse}: p(95)<9";
    is(sla, None, &[&slow, &quick], "limit-always-fails", "in 2 accepted runs");
    assert_eq!(told("http_req_duration{step:browse}: p(95)<20", None, &[&slow, &quick]), None);
    let failing = load(&[("browse", Did::well(900, 9_000).but("timeout", 100, 1))]);
    is("http_req_failed: rate<0.05", None, &[&failing], "limit-always-fails", "it is 10%");
}

#[test]
fn a_percentile_of_too_few_samples_would_never_be_decided() {
    let short = load(&[("browse", Did::well(50, 9_000))]);
    let sla = "http_req_duration{step:browse}: p(95)<20";
    is(sla, None, &[&short], "limit-undecided", "takes 60 samples to decide");
    is(sla, Some(59.0), &[], "limit-undecided", "gives about 59");
    assert_eq!(told(sla, Some(60.0), &[&short]), None, "the plan knows better than an old run");
    assert_eq!(told(sla, None, &[]), None);
    is("http_req_duration: p(99.9)<99", Some(2_999.0), &[], "limit-undecided", "takes 3,000");
    assert_eq!(told("http_req_failed: rate<0.01", Some(2.0), &[]), None);
}

#[test]
fn a_limit_on_what_is_never_reached_is_told() {
    let run = load(&[("browse", Did::well(900, 9_000)), ("add item", Did::default())]);
    let sla = "http_req_duration{step:add item}: p(95)<20";
    is(sla, None, &[&run], "limit-unreached", "none of 1 accepted runs came to");
    is(sla, Some(0.4), &[], "limit-unreached", "does not come to once");
    // A step that is new is not reached by old runs, and one that was reached once can be.
    assert_eq!(told("http_req_duration{step:new}: p(95)<20", Some(90.0), &[&run]), None);
    let reached = load(&[("add item", Did::well(900, 9_000))]);
    assert_eq!(told(sla, None, &[&run, &reached]), None);
}

#[test]
fn a_margin_in_which_twice_as_slow_passes_is_told_with_the_steps() {
    let run = healthy();
    let (found, steps) = wide(0.10, 20_000, &[&run]).expect("browse takes 12 ms");
    assert_eq!(steps, ["browse"]);
    assert!(found.problem.contains("`browse` may be twice as slow"), "{}", found.problem);
    assert!(found.help.contains("--margin-floor 1"), "{}", found.help);
    assert_eq!(wide(0.10, 2_000, &[&run]), None);
    assert_eq!(wide(0.10, 20_000, &[]), None);
    assert!(wide(1.0, 0, &[]).is_some_and(|(found, _)| found.problem.contains("margin of 100%")));
}

const SHOPPING: &str = r#"name: shopping
load:
  journey:
    - { step: sign in, get: /in }
    - { step: browse, get: /browse }
    - { step: rarely, get: /rare, repeat: 2 }
  profiles:
    load: { users: 10, duration: 30s }
    rate: { arrivals: 2/s, duration: 10s }
  sla:
    - "http_req_duration{step:browse}: p(95)<5000"
    - "http_req_duration: p(99)<900"
    - "http_req_failed: rate<=1"
"#;

#[test]
fn a_plan_with_gate_doubts_each_limit_at_its_line() {
    let sandbox = Sandbox::with(SHOPPING);
    let few = sandbox.taster("plan s.yaml --gate --profile rate").exits(0);
    few.says(&[
        "limit-undecided",
        "`p(95)<5000` of http_req_duration{step:browse} takes 60 samples to decide, and this \
         profile gives about 20",
        "s.yaml:11",
        "takes 300 samples to decide, and this profile gives about 80",
        "s.yaml:12",
        "limit-never-fails",
        "`rate<=1` of http_req_failed can never fail: a share is from 0 to 1",
        "s.yaml:13",
    ]);
    let mut run = healthy();
    run.machine = taster::store::machine();
    run.run.git_revision = None;
    sandbox.write("ok/result.json", serde_json::to_vec(&run).expect("JSON"));
    sandbox.taster("baseline accept ok --why x").exits(0);
    let known = sandbox.taster("plan s.yaml --gate --profile load").exits(0);
    known.says(&[
        "`p(95)<5000` of http_req_duration{step:browse} is far from what is seen",
        "margin-never-fails",
        "`browse` may be twice as slow and pass",
        "s.yaml:5",
    ]);
    // Without --gate nothing of it is asked.
    let plain = sandbox.taster("plan s.yaml --profile rate").exits(0);
    plain.never_says(&["limit-", "passes still"]);
}
