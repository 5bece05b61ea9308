//! Tests of setup, tests and teardown: what is done once, in a paused time.

use std::time::Duration;

use super::{Trial, after, plan};
use crate::driver::Turn;
use crate::result::TestStatus;
use crate::sample::Failure;

const HOOKS: &str = "before-run: [{ step: seed, post: /seed }]\n\
                     before-each: [{ step: sign in, post: /in }]\n\
                     after-test: [{ step: undo, post: /undo }]\n\
                     after-each: [{ step: sign out, post: /out }]\n\
                     after-run: [{ step: clean, post: /clean }]\n";

fn tests(extra: &str, count: usize) -> String {
    let one = |at| format!("  - {{ name: t{at}, {extra} steps: [{{ step: s{at}, get: /s }}] }}\n");
    let all: String = (0..count).map(one).collect();
    format!("name: t\n{HOOKS}tests:\n{all}")
}

fn fails(name: &'static str) -> impl Fn(&crate::driver::Call<'_>) -> Turn + Send + Sync + 'static {
    move |call| match call.step.name == name {
        true => Turn::fails(Duration::from_millis(10), Failure::Check),
        false => Turn::ok(Duration::from_millis(10)),
    }
}

#[test]
fn tests_run_beside_each_other_and_are_told_in_the_files_order() {
    let trial = Trial::new(plan(&[&tests("", 6)], 0), after(100));
    let (result, _) = trial.tests(3, None);
    let names: Vec<&str> = result.tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(names, ["t0", "t1", "t2", "t3", "t4", "t5"]);
    assert!(result.tests.iter().all(|test| test.status == TestStatus::Passed));
    // Two rounds of three; each signs in, does its step, undoes it and signs out.
    assert_eq!(trial.seen().last().map(|seen| seen.at.as_millis()), Some(100 + 800));
    assert!(result.tests.iter().all(|test| test.duration_ms == 400));
}

#[test]
fn each_test_is_a_user_of_its_own() {
    let trial = Trial::new(plan(&[&tests("", 4)], 0), after(1));
    trial.tests(2, None);
    let users: Vec<u32> = (0..4)
        .flat_map(|at| {
            let step = format!("s{at}");
            trial.seen().into_iter().filter(move |seen| seen.step == step).map(|seen| seen.user)
        })
        .collect();
    assert_eq!(users, [1, 2, 3, 4]);
}

#[test]
fn a_test_that_passes_at_another_attempt_is_flaky() {
    let failed = std::sync::atomic::AtomicUsize::new(0);
    let trial = Trial::new(plan(&[&tests("retries: 2,", 1)], 0), move |call| {
        let first =
            call.step.name == "s0" && failed.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        match first {
            true => Turn::fails(Duration::ZERO, Failure::Status(502)),
            false => Turn::ok(Duration::ZERO),
        }
    });
    let (result, _) = trial.tests(1, None);
    assert_eq!((result.tests[0].status, result.tests[0].attempts), (TestStatus::Flaky, 2));
    assert_eq!(result.tests[0].failure.as_ref().map(|f| f.kind.as_str()), Some("status 502"));
    assert_eq!((trial.count("sign in"), trial.count("sign out")), (2, 2), "each attempt has all");
}

#[test]
fn a_test_that_fails_in_every_attempt_fails() {
    let trial = Trial::new(plan(&[&tests("retries: 1,", 1)], 0), fails("s0"));
    let (result, _) = trial.tests(1, None);
    let test = &result.tests[0];
    assert_eq!((test.status, test.attempts), (TestStatus::Failed, 2));
    assert_eq!(test.failure.as_ref().map(|failure| failure.step.as_str()), Some("s0"));
    assert_eq!((trial.count("undo"), trial.count("sign out")), (2, 2));
}

#[test]
fn an_attempt_that_takes_too_long_ends_and_says_in_which_step() {
    let trial = Trial::new(plan(&[&tests("timeout: 2s,", 1)], 0), |call| {
        let long = call.step.name == "s0";
        Turn::ok(Duration::from_secs(if long { 100 } else { 0 }))
    });
    let (result, _) = trial.tests(1, None);
    let test = &result.tests[0];
    let failure = test.failure.as_ref().unwrap();
    assert_eq!((test.status, test.duration_ms), (TestStatus::Failed, 2_000));
    assert_eq!((failure.kind.as_str(), failure.step.as_str()), ("timeout", "s0"));
    assert!(failure.message.contains("`t0` took longer than") && failure.message.contains("`s0`"));
    assert_eq!((trial.count("undo"), trial.count("sign out")), (1, 1), "teardown is done");
}

#[test]
fn teardown_that_fails_fails_a_test_that_passed() {
    let trial = Trial::new(plan(&[&tests("", 1)], 0), fails("undo"));
    let (result, _) = trial.tests(1, None);
    assert_eq!(result.tests[0].status, TestStatus::Failed);
    assert_eq!(result.tests[0].failure.as_ref().map(|f| f.step.as_str()), Some("undo"));
    assert_eq!(trial.count("sign out"), 1, "the rest of it is done");
}

#[test]
fn the_first_failure_is_the_one_that_is_told() {
    let trial =
        Trial::new(plan(&[&tests("", 1)], 0), |_| Turn::fails(Duration::ZERO, Failure::Connect));
    let broken = trial.tests(1, None).0;
    assert_eq!(broken.tests[0].reason.as_deref(), Some("the setup of the run failed"));
    let trial = Trial::new(plan(&[&tests("", 1)], 0), |call| match call.step.name.as_str() {
        "seed" | "clean" => Turn::ok(Duration::ZERO),
        _ => Turn::fails(Duration::ZERO, Failure::Connect),
    });
    let (result, _) = trial.tests(1, None);
    assert_eq!(result.tests[0].failure.as_ref().map(|f| f.step.as_str()), Some("sign in"));
}

#[test]
fn tests_of_a_run_that_was_not_set_up_fail_with_the_reason() {
    let trial = Trial::new(plan(&[&tests("", 3)], 0), fails("seed"));
    let (result, _) = trial.tests(2, None);
    assert_eq!(result.tests.len(), 3);
    for test in &result.tests {
        assert_eq!(test.status, TestStatus::Failed);
        assert_eq!(test.failure.as_ref().map(|failure| failure.step.as_str()), Some("seed"));
    }
    assert_eq!(result.scenarios[0].setup_failures[0].count, 1);
    assert_eq!((trial.count("sign in"), trial.count("clean")), (0, 1));
}

#[test]
fn what_the_setup_of_the_run_captured_everybody_has() {
    let text = "name: t\n\
        before-run: [{ step: seed, post: /seed, capture: { key: $.key } }]\n\
        before-user: [{ step: hello, when: { key: k }, get: /hello }]\n\
        after-run: [{ step: clean, when: { key: k }, post: /clean }]\n\
        tests:\n  - { name: x, steps: [{ step: s, when: { key: k }, get: /s }] }\n\
        load:\n  journey: [{ step: a, when: { key: k }, get: /a }]\n  \
        profiles: { only: { users: 2, iterations: 3 } }\n  sla: [\"http_req_failed: rate<0.5\"]\n";
    let turn = |call: &crate::driver::Call<'_>| {
        let captures = call.step.captures.iter().map(|one| (one.slot, "k".into()));
        Turn { captures: captures.collect(), ..Turn::ok(Duration::ZERO) }
    };
    let trial = Trial::new(plan(&[text], 0), turn);
    trial.tests(1, None);
    assert_eq!((trial.count("s"), trial.count("clean")), (1, 1));
    let trial = Trial::new(plan(&[text], 0), turn).threads(2);
    trial.load();
    assert_eq!((trial.count("hello"), trial.count("a"), trial.count("clean")), (2, 6, 1));
}

#[test]
fn a_stop_during_tests_ends_them_with_their_teardown() {
    let trial = Trial::new(plan(&[&tests("", 5)], 0), |call| {
        let long = call.step.name.starts_with('s') && call.step.name.len() == 2;
        Turn::ok(Duration::from_secs(if long { 3 } else { 0 }))
    });
    let (result, _) = trial.tests(2, Some(Duration::from_secs(4)));
    let names: Vec<&str> = result.tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(names, ["t0", "t1"], "what was not finished has no result");
    assert_eq!(trial.count("sign in"), 4, "and nothing more was begun");
    assert_eq!((trial.count("undo"), trial.count("sign out"), trial.count("clean")), (4, 4, 1));
}

#[test]
fn skipped_tests_are_told_and_not_run() {
    let trial = Trial::new(plan(&[&tests("skip: later,", 2)], 0), after(1));
    let (result, _) = trial.tests(2, None);
    assert!(result.tests.iter().all(|test| test.status == TestStatus::Skipped));
    assert_eq!(result.tests[0].reason.as_deref(), Some("later"));
    assert_eq!(trial.count("sign in"), 0);
}
