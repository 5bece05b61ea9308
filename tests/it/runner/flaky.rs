//! Tests that pass only when they are tried again.

use super::{recovering, service, suite, test};
use crate::support::Sandbox;

#[test]
fn a_flaky_test_is_told_with_every_attempt_and_is_a_pass_with_a_note() {
    let sandbox = Sandbox::with(&suite(2));
    let outcome = test(&sandbox, &recovering("/t2", 2), &["--retries", "3"]).exits(0);
    assert!(outcome.headline().contains("one test only when it was tried again"), "{outcome}");
    let outcome = outcome.says(&["1 passed, 1 flaky", "flaky shop › test 2"]);
    let outcome = outcome.says(&["attempt 1 failed after", "attempt 3 passed after"]);
    outcome.says(&["The test `test 2` passed only at attempt 3"]);
    let result = sandbox.json("out/result.json");
    let flaky = &result["tests"][1];
    assert_eq!((&flaky["status"], &flaky["attempts"]), (&"flaky".into(), &3.into()));
    let tries = flaky["tries"].as_array().expect("a list");
    let statuses: Vec<_> = tries.iter().map(|one| one["status"].as_str()).collect();
    assert_eq!(statuses, [Some("failed"), Some("failed"), Some("passed")]);
    for one in &tries[..2] {
        assert!(one["failure"]["message"].as_str().expect("a text").contains("$.ok"), "{one}");
        assert!(one["failure"]["response"].as_str().expect("a text").contains("false"), "{one}");
    }
    assert_eq!(sandbox.read("out/junit.xml").matches("<flakyFailure").count(), 2);
    assert!(sandbox.read("out/report.md").contains("| flaky, 3 attempts |"));
    assert!(sandbox.read("out/report.html").contains("3 attempts"));
}

#[test]
fn a_flaky_test_can_fail_the_run_and_is_named() {
    let sandbox = Sandbox::with(&suite(3));
    let options = ["--retries", "1", "--fail-on-flaky"];
    let outcome = test(&sandbox, &recovering("/t2", 1), &options).exits(1);
    assert!(outcome.headline().starts_with("FAIL"), "{outcome}");
    assert!(outcome.headline().contains("the test `test 2` passed only at attempt 2"), "{outcome}");
    let junit = sandbox.read("out/junit.xml");
    assert!(junit.contains("failures=\"1\"") && junit.contains("(--fail-on-flaky)"), "{junit}");
    assert_eq!(junit.matches("<flakyFailure").count(), 1, "{junit}");
    // The result remembers how it was asked for: judged again, it is judged the same.
    let again = sandbox.run(&["report", "out", "--out", "again"]).exits(1);
    assert_eq!(again.headline(), outcome.headline());
    test(&sandbox, &recovering("/t2", 1), &["--retries", "1"]).exits(0);
    sandbox.run(&["report", "out", "--out", "again"]).exits(0);
    sandbox.run(&["report", "out", "--out", "again", "--fail-on-flaky"]).exits(1);
    test(&sandbox, &service(&[]), &options).exits(0).says(&["all 3 demands held"]);
}

#[test]
fn a_test_that_fails_in_all_attempts_tells_all_of_them() {
    let sandbox = Sandbox::with(&suite(1));
    let service = service(&["/t1"]);
    test(&sandbox, &service, &["--retries", "2"]).exits(1).says(&["(3 attempts)"]);
    assert_eq!(service.requests().len(), 3);
    let junit = sandbox.read("out/junit.xml");
    assert_eq!((junit.matches("<failure").count(), junit.matches("<rerunFailure").count()), (1, 2));
}
