//! Each test many times.

use std::collections::BTreeSet;

use super::{recovering, suite, test};
use crate::support::Sandbox;

#[test]
fn each_repetition_has_a_result_of_its_own_and_a_name_of_its_own() {
    let sandbox = Sandbox::with(&suite(2));
    let service = recovering("/t1", 1);
    let outcome = test(&sandbox, &service, &["--repeat-each", "20"]).exits(1);
    let outcome = outcome.says(&["39 passed, 1 failed", "tests 40/40, 1 failed"]);
    assert!(outcome.headline().starts_with("FAIL"), "one in twenty is no pass: {outcome}");
    assert_eq!(service.requests().len(), 40);
    let result = sandbox.json("out/result.json");
    let tests = result["tests"].as_array().expect("a list");
    for (at, test) in tests.iter().enumerate() {
        assert_eq!(test["name"], if at < 20 { "test 1" } else { "test 2" });
        assert_eq!(test["repeat"]["number"], at % 20 + 1);
        assert_eq!(test["repeat"]["of"], 20);
    }
    let junit = sandbox.read("out/junit.xml");
    let case = regex::Regex::new("<testcase name=\"([^\"]+)\"").expect("a pattern");
    let names: Vec<&str> =
        case.captures_iter(&junit).filter_map(|found| Some(found.get(1)?.as_str())).collect();
    let tests: Vec<&&str> = names.iter().filter(|name| name.starts_with("test ")).collect();
    assert_eq!(tests.len(), 40, "{names:?}");
    assert_eq!(tests.iter().collect::<BTreeSet<_>>().len(), 40, "{names:?}");
    assert!(names.contains(&"test 2 (7 of 20)"), "{names:?}");
    test(&sandbox, &service, &["--repeat-each", "20"]).exits(0).says(&["PASS", "40 tests"]);
}

#[test]
fn one_repetition_is_none() {
    let sandbox = Sandbox::with(&suite(1));
    test(&sandbox, &recovering("/", 0), &["--repeat-each", "1"]).exits(0);
    assert!(sandbox.json("out/result.json")["tests"][0].get("repeat").is_none());
}

#[test]
fn a_limit_of_failures_ends_repetitions_too() {
    let sandbox = Sandbox::with(&suite(1));
    let service = super::service(&["/t1"]);
    let options = ["--repeat-each", "50", "--max-failures", "3", "--workers", "1"];
    test(&sandbox, &service, &options).exits(1).says(&["3 failed, 47 not run"]);
    assert_eq!(service.requests().len(), 3);
}
