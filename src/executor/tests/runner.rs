//! Tests of how tests are run: attempts, repetitions, failures that stop the rest, and somebody
//! who looks on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Trial, after, plan};
use crate::driver::Turn;
use crate::executor::{
    Command, Debugger, Debugging, Halt, Inspect, Options, PageState, Stop, TestOptions,
};
use crate::plan::Site;
use crate::result::{TestResult, TestStatus};
use crate::sample::Failure;

fn tests(extra: &str, count: usize) -> String {
    let one = |at| format!("  - {{ name: t{at}, {extra} steps: [{{ step: s{at}, get: /s }}] }}\n");
    format!("name: t\ntests:\n{}", (0..count).map(one).collect::<String>())
}

fn with(tests: TestOptions, workers: usize) -> Options {
    Options { workers, tests, ..Options::default() }
}

/// Fails the first so many times that a step is done.
fn fails_first(
    name: &'static str,
    times: usize,
) -> impl Fn(&crate::driver::Call<'_>) -> Turn + Send + Sync + 'static {
    let done = AtomicUsize::new(0);
    move |call| match call.step.name == name && done.fetch_add(1, Ordering::SeqCst) < times {
        true => Turn::fails(Duration::from_millis(10), Failure::Status(502)),
        false => Turn::ok(Duration::from_millis(20)),
    }
}

fn told(tests: &[TestResult]) -> Vec<(String, TestStatus)> {
    tests.iter().map(|test| (test.title(), test.status)).collect()
}

#[test]
fn every_attempt_is_kept() {
    let trial = Trial::new(plan(&[&tests("retries: 3,", 2)], 0), fails_first("s1", 2));
    let (result, _) = trial.tests(1, None);
    let [first, second] = result.tests.as_slice() else { panic!("two tests") };
    assert_eq!(first.tries.len(), 1);
    let tries: Vec<_> = second.tries.iter().map(|one| (one.status, one.duration_ms)).collect();
    let (failed, passed) = (TestStatus::Failed, TestStatus::Passed);
    assert_eq!(tries, [(failed, 10), (failed, 10), (passed, 20)]);
    assert_eq!((second.status, second.attempts, second.duration_ms), (TestStatus::Flaky, 3, 20));
    let began: Vec<u64> = second.tries.iter().map(|one| one.began_ms).collect();
    assert_eq!(began, [20, 30, 40], "from the start of the first test");
    let kinds = second.tries.iter().map(|one| one.failure.as_ref().map(|f| f.kind.as_str()));
    assert_eq!(kinds.collect::<Vec<_>>(), [Some("status 502"), Some("status 502"), None]);
    assert!(second.tries.iter().all(|one| one.worker == 1));
}

#[test]
fn retries_of_the_command_line_are_in_place_of_the_files() {
    for (retries, attempts, status) in
        [(0, 1, TestStatus::Failed), (1, 2, TestStatus::Failed), (5, 4, TestStatus::Flaky)]
    {
        let trial = Trial::new(plan(&[&tests("retries: 2,", 1)], 0), fails_first("s0", 3));
        let options = TestOptions { retries: Some(retries), ..TestOptions::default() };
        let (result, _) = trial.tests_with(&with(options, 1), None);
        assert_eq!((result.tests[0].attempts, result.tests[0].status), (attempts, status));
    }
}

#[test]
fn repetitions_have_results_and_users_of_their_own() {
    let trial = Trial::new(plan(&[&tests("", 2)], 0), fails_first("s0", 1));
    let options = TestOptions { repeat_each: Some(3), ..TestOptions::default() };
    let (result, _) = trial.tests_with(&with(options, 2), None);
    let names: Vec<String> = result.tests.iter().map(TestResult::title).collect();
    assert_eq!(
        names,
        ["t0 (1 of 3)", "t0 (2 of 3)", "t0 (3 of 3)", "t1 (1 of 3)", "t1 (2 of 3)", "t1 (3 of 3)"]
    );
    let failed = result.tests.iter().filter(|test| test.status == TestStatus::Failed).count();
    assert_eq!(failed, 1, "each has an outcome of its own");
    let mut users: Vec<u32> = trial.seen().into_iter().map(|seen| seen.user).collect();
    users.sort_unstable();
    assert_eq!(users, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_need_is_run_first_and_its_failure_leaves_the_rest_out() {
    let mut plan = plan(&[&tests("", 3)], 0);
    let list = &mut Arc::get_mut(&mut plan.scenarios[0]).unwrap().tests;
    (list[0].needs, list[1].needs) = (vec![2], vec![0]);
    let (result, _) = Trial::new(plan, fails_first("s2", 1)).tests(4, None);
    let reason = |at: usize| result.tests[at].reason.as_deref().unwrap_or("");
    let statuses: Vec<TestStatus> = result.tests.iter().map(|test| test.status).collect();
    assert_eq!(statuses, [TestStatus::NotRun, TestStatus::NotRun, TestStatus::Failed]);
    assert_eq!(reason(0), "the test that it needs, `t2`, failed");
    assert_eq!(reason(1), "the test that it needs, `t0`, was not run");
}

#[test]
fn a_worker_waits_for_what_its_next_test_needs() {
    let mut plan = plan(&[&tests("", 3)], 0);
    Arc::get_mut(&mut plan.scenarios[0]).unwrap().tests[1].needs = vec![0];
    let trial = Trial::new(plan, after(100));
    let (result, _) = trial.tests(3, None);
    assert!(result.tests.iter().all(|test| test.status == TestStatus::Passed));
    assert_eq!(
        (trial.times("s0"), trial.times("s2"), trial.times("s1")),
        (vec![0], vec![0], vec![100])
    );
}

#[test]
fn a_stop_while_a_worker_waits_ends_it_too() {
    let mut plan = plan(&[&tests("", 2)], 0);
    Arc::get_mut(&mut plan.scenarios[0]).unwrap().tests[1].needs = vec![0];
    let trial = Trial::new(plan, after(60_000));
    let (result, _) = trial.tests(2, Some(Duration::from_secs(1)));
    assert_eq!((result.tests.len(), trial.count("s1")), (0, 0));
}

#[test]
fn so_many_failures_end_the_tests_and_the_rest_is_told() {
    let trial = Trial::new(plan(&[&tests("", 5)], 0), fails_first("s1", 1));
    let options = TestOptions { max_failures: Some(1), ..TestOptions::default() };
    let (result, _) = trial.tests_with(&with(options, 1), None);
    let statuses: Vec<TestStatus> = result.tests.iter().map(|test| test.status).collect();
    let (passed, failed, not) = (TestStatus::Passed, TestStatus::Failed, TestStatus::NotRun);
    assert_eq!(statuses, [passed, failed, not, not, not]);
    assert_eq!(trial.seen().len(), 2);
    let reason = result.tests[4].reason.as_deref().unwrap_or("");
    assert!(reason.contains("--max-failures"), "{reason}");
}

#[test]
fn a_flaky_test_is_no_failure_that_counts() {
    let trial = Trial::new(plan(&[&tests("retries: 1,", 3)], 0), fails_first("s0", 1));
    let options = TestOptions { max_failures: Some(1), ..TestOptions::default() };
    let (result, _) = trial.tests_with(&with(options, 1), None);
    let statuses: Vec<(String, TestStatus)> = told(&result.tests);
    assert_eq!(statuses[0].1, TestStatus::Flaky);
    assert!(statuses[1..].iter().all(|(_, status)| *status == TestStatus::Passed));
}

/// Says what it was told to say, and keeps what it was asked.
#[derive(Debug, Default)]
struct Script {
    says: Mutex<Vec<Command>>,
    asked: Mutex<Vec<Halt>>,
    found: Mutex<Vec<Result<Vec<String>, String>>>,
}

impl Debugger for Script {
    fn ask(&self, halt: &Halt) -> Command {
        self.asked.lock().unwrap().push(halt.clone());
        let mut says = self.says.lock().unwrap();
        if says.is_empty() { Command::Quit } else { says.remove(0) }
    }

    fn located(&self, found: Result<Vec<String>, String>) {
        self.found.lock().unwrap().push(found);
    }
}

fn debugged(says: Vec<Command>, count: usize) -> (Arc<Script>, crate::result::RunResult, Trial) {
    let script = Arc::new(Script { says: Mutex::new(says), ..Script::default() });
    // Long enough that the time limit of the test would have struck.
    let plan = plan(&[&tests("timeout: 1s, retries: 3,", count)], 0);
    let trial = Trial::new(plan, |call| match call.step.name.as_str() {
        "s1" => Turn::fails(Duration::from_secs(5), Failure::Check),
        _ => Turn::ok(Duration::from_secs(5)),
    });
    let debugger = Some(Debugging::with(script.clone()));
    let options = with(TestOptions { debugger, ..TestOptions::default() }, 1);
    let (result, _) = trial.tests_with(&options, None);
    (script, result, trial)
}

#[test]
fn who_looks_on_is_asked_before_each_step_and_not_hurried() {
    let (script, result, _) = debugged(vec![Command::Next; 3], 3);
    let asked: Vec<(String, String)> = script
        .asked
        .lock()
        .unwrap()
        .iter()
        .map(|halt| (halt.test.clone(), halt.step.clone()))
        .collect();
    let pair = |at| (format!("t{at}"), format!("s{at}"));
    assert_eq!(asked, [pair(0), pair(1), pair(2)]);
    let statuses: Vec<TestStatus> = result.tests.iter().map(|test| test.status).collect();
    assert_eq!(statuses, [TestStatus::Passed, TestStatus::Failed, TestStatus::Passed]);
    assert_eq!(result.tests[1].attempts, 1, "who sees it fail needs no other attempt");
}

#[test]
fn who_has_seen_enough_is_asked_no_more() {
    let (script, result, _) = debugged(vec![Command::Continue], 3);
    assert_eq!((script.asked.lock().unwrap().len(), result.tests.len()), (1, 3));
}

#[test]
fn who_quits_ends_the_run() {
    let (script, result, trial) = debugged(vec![Command::Next, Command::Quit], 3);
    assert_eq!((script.asked.lock().unwrap().len(), result.tests.len()), (2, 1));
    assert_eq!(trial.stop.reason().as_deref(), Some("quit in the debugger"));
    assert_eq!(trial.count("s1"), 0);
}

/// A page of one button.
struct Page;

impl Inspect for Page {
    async fn state(&mut self) -> Option<PageState> {
        let (url, title) = ("http://x/".to_string(), "Shop".to_string());
        Some(PageState { url, title, aria: "- button \"Buy\"".to_string() })
    }

    async fn locate(&mut self, locator: &Value) -> Result<Vec<String>, String> {
        match locator["role"].as_str() {
            Some("button") => Ok(vec!["button \"Buy\"".to_string()]),
            _ => Err("no such role".to_string()),
        }
    }
}

#[test]
fn a_page_can_be_asked_what_a_locator_finds() {
    let locate = |role: &str| Command::Locate(json!({ "role": role }));
    let says = Mutex::new(vec![locate("button"), locate("x"), Command::Next]);
    let script = Arc::new(Script { says, ..Script::default() });
    let debugging = Debugging::with(script.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (site, stop) = (Site::default(), Stop::new());
    runtime.block_on(debugging.before(&mut Page, ("t", "click"), &site, &stop));
    let found = script.found.lock().unwrap().clone();
    assert_eq!(found, [Ok(vec!["button \"Buy\"".to_string()]), Err("no such role".to_string())]);
    let pages: Vec<bool> =
        script.asked.lock().unwrap().iter().map(|halt| halt.page.is_some()).collect();
    assert_eq!(pages, [true, false, false], "the page is shown once");
}
