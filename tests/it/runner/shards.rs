//! Tests divided among several runs, and put together again.

use std::collections::BTreeSet;

use super::{names, paths, service, statuses, suite, test};
use crate::support::{Outcome, Sandbox, Service};

/// Runs one shard into a folder of its own.
fn shard(sandbox: &Sandbox, service: &Service, index: usize, of: usize) -> Outcome {
    let (part, out) = (format!("{index}/{of}"), format!("shard-{index}"));
    let arguments = ["test", "s.yaml", "--target", &service.url, "--shard", &part, "--out", &out];
    sandbox.run(&arguments)
}

#[test]
fn shards_have_all_tests_once_and_add_up_to_the_whole() {
    let sandbox = Sandbox::with(&suite(11));
    let service = service(&["/t7"]);
    for index in 1..=3 {
        let code = shard(&sandbox, &service, index, 3).code;
        assert!([Some(0), Some(1)].contains(&code), "{code:?}");
    }
    assert_eq!(paths(&service).iter().collect::<BTreeSet<_>>().len(), 11);
    assert_eq!(service.requests().len(), 11, "each once");
    // In any order, by folder or by file.
    let merge = ["merge", "shard-3/result.json", "shard-1", "shard-2", "--out", "out"];
    let outcome = sandbox.run(&merge).exits(1).says(&["FAIL", "`test 7` failed"]);
    assert!(outcome.stdout.contains("10 passed, 1 failed"), "{outcome}");
    let wanted: Vec<String> = (1..=11).map(|at| format!("test {at}")).collect();
    assert_eq!(names(&sandbox, "out/result.json"), wanted, "in the order of the file");
    assert!(sandbox.path("out/junit.xml").exists() && sandbox.path("out/report.html").exists());
    // The whole is a result like any other.
    sandbox.run(&["report", "out", "--out", "again"]).exits(1);
    assert_eq!(sandbox.read("out/verdict.json"), sandbox.read("again/verdict.json"));
}

#[test]
fn without_out_the_whole_is_the_latest_run() {
    let sandbox = Sandbox::with(&suite(4));
    let service = service(&[]);
    (1..=2).for_each(|index| drop(shard(&sandbox, &service, index, 2).exits(0)));
    sandbox.run(&["merge", "shard-1", "shard-2"]).exits(0).says(&["PASS", "4 tests"]);
    assert_eq!(names(&sandbox, "reports/latest/result.json").len(), 4);
}

#[test]
fn a_shard_that_is_missing_makes_the_whole_invalid() {
    let sandbox = Sandbox::with(&suite(6));
    let service = service(&[]);
    (1..=4).for_each(|index| drop(shard(&sandbox, &service, index, 4).exits(0)));
    let outcome = sandbox.run(&["merge", "shard-1", "shard-4", "--out", "out"]).exits(4);
    assert!(outcome.headline().starts_with("INVALID"), "{outcome}");
    let outcome = outcome.says(&["the shards 2, 3 of 4 are missing"]);
    outcome.never_says(&["PASS:"]);
    sandbox.run(&["merge", "shard-1", "shard-2", "shard-4", "--out", "out"]).exits(4);
    sandbox
        .run(&["merge", "shard-1", "shard-2", "shard-3", "shard-4", "--out", "out"])
        .exits(0)
        .says(&["all 6 demands held"]);
}

#[test]
fn a_shard_that_was_cut_off_makes_the_whole_invalid() {
    let sandbox = Sandbox::with(&suite(4));
    let service = service(&[]);
    (1..=2).for_each(|index| drop(shard(&sandbox, &service, index, 2).exits(0)));
    let mut cut = sandbox.json("shard-2/result.json");
    cut["run"]["ended_early"] = "interrupted".into();
    sandbox.write("shard-2/result.json", cut.to_string());
    let outcome = sandbox.run(&["merge", "shard-1", "shard-2", "--out", "out"]).exits(4);
    outcome.says(&["INVALID", "did not end by itself: interrupted"]);
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let sandbox = Sandbox::with(&suite(6));
    let service = service(&[]);
    (1..=2).for_each(|index| drop(shard(&sandbox, &service, index, 2).exits(0)));
    test(&sandbox, &service, &[]).exits(0);
    // That run has learned durations, by which the next shards would be divided.
    sandbox.write(".taster/durations.json", r#"{"tests":{}}"#);
    let merge = |parts: &[&str]| {
        let arguments = [&["merge", "--out", "merged"][..], parts].concat();
        let outcome = sandbox.run(&arguments).exits(2);
        assert!(!sandbox.path("merged").exists() && outcome.stdout.is_empty(), "{outcome}");
        outcome
    };
    merge(&["shard-1", "out"]).says(&["is not a shard", "--shard I/N"]);
    merge(&["shard-1", "shard-1"]).says(&["are both shard 1"]);
    merge(&["shard-1", "nowhere"]).says(&["`nowhere` is not there"]);
    let arguments = ["test", "s.yaml", "--target", &service.url, "--shard"];
    let other = |more: &[&str]| {
        drop(sandbox.run(&[&arguments[..], more, &["--out", "other"]].concat()).exits(0));
    };
    other(&["2/3"]);
    merge(&["shard-1", "other"]).says(&["different numbers of shards"]);
    other(&["2/2", "--grep-invert", "test 6"]);
    merge(&["shard-1", "other"]).says(&["divided the tests differently", "recorded durations"]);
    sandbox.write("s.yaml", suite(6).replace("smoke", "quick"));
    other(&["2/2"]);
    merge(&["shard-1", "other"]).says(&["their scenario files differ"]);
}

/// The long test has a shard to itself, once it is known how long it takes.
#[test]
fn shards_are_balanced_by_recorded_durations() {
    let sandbox = Sandbox::with(&suite(7));
    let service = service(&[]);
    let counts = || {
        let count = |index| {
            drop(shard(&sandbox, &service, index, 2).exits(0));
            names(&sandbox, &format!("shard-{index}/result.json")).len()
        };
        [count(1), count(2)]
    };
    assert_eq!(counts(), [4, 3], "without durations: even, in turns");
    assert!(!sandbox.path(".taster").exists(), "a shard changes nothing for the next one");
    let durations = r#"{"tests":{"shop › test 4":60000,"shop › test 1":10000}}"#;
    sandbox.write(".taster/durations.json", durations);
    let balanced = counts();
    assert_eq!(balanced.iter().sum::<usize>(), 7);
    let long = (1..=2).find(|index| {
        names(&sandbox, &format!("shard-{index}/result.json")).contains(&"test 4".to_string())
    });
    assert_eq!(balanced[long.expect("some shard has it") - 1], 1, "{balanced:?}");
    assert_eq!(sandbox.read(".taster/durations.json"), durations);
    sandbox.run(&["merge", "shard-1", "shard-2", "--out", "out"]).exits(0);
    assert_ne!(sandbox.read(".taster/durations.json"), durations, "the whole is learned from");
}

#[test]
fn a_shard_without_tests_is_no_pass_and_yet_a_part_of_the_whole() {
    let sandbox = Sandbox::with(&suite(2));
    let service = service(&[]);
    (1..=2).for_each(|index| drop(shard(&sandbox, &service, index, 3).exits(0)));
    let empty = shard(&sandbox, &service, 3, 3).exits(4);
    empty.says(&["INVALID", "of 2 tests none is left for shard 3 of 3"]).never_says(&["PASS:"]);
    let whole = ["merge", "shard-1", "shard-2", "shard-3", "--out", "out"];
    sandbox.run(&whole).exits(0).says(&["PASS", "2 tests"]);
    assert_eq!(statuses(&sandbox, "out/result.json").len(), 2);
}

#[test]
fn load_is_not_divided() {
    let sandbox = Sandbox::with(&suite(2));
    let outcome = sandbox.taster("run s.yaml --shard 1/2").exits(2);
    outcome.says(&["--shard divides tests", "`taster test --shard I/N`"]);
    for wrong in ["0/2", "3/2", "x", "2"] {
        let outcome = sandbox.run(&["test", "s.yaml", "--shard", wrong]).exits(2);
        outcome.says(&["--shard"]);
    }
}
