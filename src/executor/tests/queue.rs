//! Tests of what workers are handed: order, needs, repetitions and the limit of failures.

use std::sync::Arc;

use proptest::prelude::*;

use super::super::queue::{Job, Next, Queue};
use super::plan;
use crate::executor::TestOptions;
use crate::plan::{Plan, ScenarioPlan, TestPlan};
use crate::result::TestStatus::{self, Failed, NotRun, Passed, Skipped};

/// Tests that need others, by their places, and took so long before.
fn suite(tests: &[(&[usize], Option<u64>)]) -> Plan {
    let list: String = (0..tests.len())
        .map(|at| format!("  - {{ name: t{at}, steps: [{{ get: /a }}] }}\n"))
        .collect();
    let mut plan = plan(&[&format!("name: t\ntests:\n{list}")], 0);
    for (test, (needs, expected_ms)) in all(&mut plan).iter_mut().zip(tests) {
        (test.needs, test.expected_ms) = (needs.to_vec(), *expected_ms);
    }
    plan
}

/// So many that need nothing.
fn free(count: usize) -> Plan {
    let none: &[usize] = &[];
    suite(&vec![(none, None); count])
}

fn all(plan: &mut Plan) -> &mut Vec<TestPlan> {
    &mut Arc::get_mut(&mut plan.scenarios[0]).expect("nobody else has it").tests
}

fn queue(plan: &Plan, options: &TestOptions, workers: usize) -> Queue {
    Queue::new(plan.scenarios.iter().map(|one| -> &ScenarioPlan { one }), options, workers)
}

/// What so many workers do who all take equally long: the jobs of each round.
fn rounds(
    mut queue: Queue,
    workers: usize,
    outcome: impl Fn(&Job) -> TestStatus,
) -> Vec<Vec<String>> {
    let mut rounds = Vec::new();
    loop {
        let mut running = Vec::new();
        let mut round = Vec::new();
        while running.len() < workers {
            match queue.take() {
                Next::Run(job) => {
                    round.push(format!("t{}", job.test));
                    running.push(job);
                }
                Next::NotRun(job, reason) => round.push(format!("not t{}: {reason}", job.test)),
                Next::Wait | Next::End => break,
            }
        }
        if round.is_empty() {
            return rounds;
        }
        running.iter().for_each(|job| queue.done(job, outcome(job)));
        rounds.push(round);
    }
}

#[test]
fn what_is_needed_comes_first_and_then_what_takes_longest() {
    let tests: &[(&[usize], Option<u64>)] =
        &[(&[3], Some(10)), (&[], Some(40)), (&[], Some(90)), (&[], Some(5)), (&[0], Some(60))];
    let order = rounds(queue(&suite(tests), &TestOptions::default(), 2), 2, |_| Passed);
    // t3 is short, but t0 (10) and then t4 (60) wait for it: 75 in all.
    assert_eq!(order, [vec!["t2", "t3"], vec!["t0", "t1"], vec!["t4"]]);
}

#[test]
fn one_worker_keeps_the_order_of_the_files() {
    let tests: &[(&[usize], Option<u64>)] = &[(&[2], Some(1)), (&[], Some(40)), (&[], Some(90))];
    let order = rounds(queue(&suite(tests), &TestOptions::default(), 1), 1, |_| Passed);
    assert_eq!(order.concat(), ["t1", "t2", "t0"]);
}

#[test]
fn without_durations_the_order_is_that_of_the_files() {
    let order = rounds(queue(&free(4), &TestOptions::default(), 3), 1, |_| Passed);
    assert_eq!(order.concat(), ["t0", "t1", "t2", "t3"]);
}

#[test]
fn a_test_whose_need_did_not_pass_is_not_run_and_says_why() {
    let plan = suite(&[(&[], None), (&[0], None), (&[1], None), (&[], None)]);
    for (status, how) in [
        (Failed, "failed"),
        (Skipped, "is skipped"),
        (TestStatus::Unsupported, "cannot be run here"),
    ] {
        let outcome = move |job: &Job| if job.test == 0 { status } else { Passed };
        let told = rounds(queue(&plan, &TestOptions::default(), 4), 4, outcome).concat();
        let first = format!("not t1: the test that it needs, `t0`, {how}");
        assert_eq!(told, ["t0", "t3", &first, "not t2: the test that it needs, `t1`, was not run"]);
    }
    let outcome = |job: &Job| if job.test == 0 { TestStatus::Flaky } else { Passed };
    let told = rounds(queue(&plan, &TestOptions::default(), 4), 4, outcome).concat();
    assert_eq!(told, ["t0", "t3", "t1", "t2"], "what passes in the end has passed");
}

#[test]
fn tests_that_need_one_another_are_not_run_and_nobody_waits_for_ever() {
    let plan = suite(&[(&[1], None), (&[0], None), (&[], None)]);
    let told = rounds(queue(&plan, &TestOptions::default(), 2), 2, |_| Passed).concat();
    assert_eq!(told[0], "t2");
    assert_eq!(told[1], "not t0: the tests it needs need one another");
    assert_eq!(told[2], "not t1: the test that it needs, `t0`, was not run");
}

#[test]
fn a_skipped_test_needs_nothing() {
    let mut plan = suite(&[(&[], None), (&[0], None)]);
    all(&mut plan)[1].skip = Some("later".to_string());
    let told = rounds(queue(&plan, &TestOptions::default(), 2), 2, |_| Failed).concat();
    assert_eq!(told, ["t0", "t1"], "it is told as skipped, whatever becomes of the other");
}

#[test]
fn after_so_many_failures_nothing_is_begun() {
    let options = TestOptions { max_failures: Some(2), ..TestOptions::default() };
    let mut plan = free(6);
    all(&mut plan)[5].skip = Some("later".to_string());
    let told = rounds(queue(&plan, &options, 1), 1, |_| Failed).concat();
    assert_eq!(told[..2], ["t0", "t1"]);
    let not_run = told.iter().filter(|told| told.contains("(--max-failures)")).count();
    assert_eq!((not_run, told.len()), (3, 6));
    assert!(told.contains(&"t5".to_string()), "what is skipped is told as skipped");
    let fine = rounds(queue(&free(4), &options, 1), 1, |_| Passed);
    assert_eq!(fine.len(), 4, "only failures count");
}

#[test]
fn each_repetition_needs_the_same_one_of_others() {
    let options = TestOptions { repeat_each: Some(3), ..TestOptions::default() };
    let plan = suite(&[(&[], None), (&[0], None)]);
    let mut queue = queue(&plan, &options, 8);
    let mut firsts = Vec::new();
    while let Next::Run(job) = queue.take() {
        firsts.push(job);
    }
    assert_eq!(
        firsts.iter().map(|job| (job.test, job.number)).collect::<Vec<_>>(),
        [(0, 0), (0, 1), (0, 2)]
    );
    assert_eq!(firsts[1].repeat.map(|repeat| (repeat.number, repeat.of)), Some((2, 3)));
    for (job, status) in firsts.iter().zip([Passed, Failed, Passed]) {
        queue.done(job, status);
    }
    let mut seconds = Vec::new();
    loop {
        match queue.take() {
            Next::Run(job) => seconds.push((job.number, Passed)),
            Next::NotRun(job, _) => seconds.push((job.number, NotRun)),
            Next::Wait | Next::End => break,
        }
    }
    assert_eq!(seconds, [(3, Passed), (4, NotRun), (5, Passed)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the needs, circles included, and whatever fails.
    #[test]
    fn every_job_is_handed_out_once_and_never_before_what_it_needs(
        needs in prop::collection::vec(prop::collection::vec(0usize..12, 0..3), 12),
        failing in prop::collection::vec(any::<bool>(), 12),
        workers in 1usize..5,
        repeats in 1u32..4,
    ) {
        let tests: Vec<(&[usize], Option<u64>)> =
            needs.iter().map(|needs| (needs.as_slice(), None)).collect();
        let plan = suite(&tests);
        let options = TestOptions { repeat_each: Some(repeats), ..TestOptions::default() };
        let mut queue = queue(&plan, &options, workers);
        let mut outcomes = vec![None; 12 * repeats as usize];
        let mut running: Vec<Job> = Vec::new();
        loop {
            let next = if running.len() < workers { queue.take() } else { Next::Wait };
            match next {
                Next::Run(job) => {
                    for need in &needs[job.test] {
                        let need = need * repeats as usize + job.number % repeats as usize;
                        prop_assert_eq!(outcomes[need], Some(Passed));
                    }
                    running.push(job);
                }
                Next::NotRun(job, _) => {
                    prop_assert_eq!(outcomes[job.number].replace(NotRun), None);
                }
                Next::Wait | Next::End => {
                    let Some(job) = running.pop() else { break };
                    let status = if failing[job.test] { Failed } else { Passed };
                    queue.done(&job, status);
                    prop_assert_eq!(outcomes[job.number].replace(status), None);
                }
            }
        }
        prop_assert!(outcomes.iter().all(Option::is_some), "{:?}", outcomes);
    }
}
