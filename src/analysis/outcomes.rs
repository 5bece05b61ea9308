//! Judges the outcomes of tests. A flaky test is never counted as clean.

use std::collections::BTreeMap;

use super::cause::{Cause, Seen};
use super::finding::{Finding, Stage, about, capital, excerpt, names, number_of};
use super::{Margins, Word};
use crate::result::{RunResult, TestResult, TestStatus};
use crate::units::show_count;

/// From this many failed tests on a common cause is looked for.
const COMMON: usize = 3;

/// Judges all tests.
pub(super) fn judge(result: &RunResult, margins: &Margins) -> Vec<Finding> {
    let (told, common) = common_cause(result).unzip();
    let flaky = if margins.fail_on_flaky || result.run.fail_on_flaky { FAILS } else { "" };
    let one = |test| one(test, (&result.run.target, flaky), told.as_ref());
    let mut findings: Vec<Finding> = result.tests.iter().filter_map(one).collect();
    findings.extend(clean(&result.tests));
    findings.extend(not_run(&result.tests));
    findings.extend(common);
    findings
}

/// Said of a flaky test where it fails the run; empty where it does not.
const FAILS: &str = "With `--fail-on-flaky` that fails the run.";

/// `told` is the cause that has a finding of its own.
fn one(test: &TestResult, (target, flaky): (&str, &str), told: Option<&Cause>) -> Option<Finding> {
    let name = name(test);
    let reason = test.reason.as_deref().map(|reason| excerpt(reason, 300)).unwrap_or_default();
    let new = |word, title| Finding::new(Stage::Tests, word, &subject(test), title).at(&test.place);
    let said = |found: Finding, observed: &str, bound: &str| {
        found.saw("test", observed.to_string(), bound.to_string())
    };
    Some(match test.status {
        TestStatus::Passed if test.checks == 0 => {
            let found = new(Word::Pass, format!("the test {name} passed without a single check"));
            let found = found.coded("no-check");
            said(found, "passed", "").because("It shows that nothing broke, not that it works.")
        }
        // Those that were not run are told together.
        TestStatus::Passed | TestStatus::NotRun => return None,
        TestStatus::Failed => failed(test, &name, (target, told)),
        TestStatus::Flaky => {
            let title = format!("the test {name} passed only at attempt {}", test.attempts);
            let why = test.failure.as_ref().map(|failure| excerpt(&failure.message, 300));
            let why = why.map(|why| format!("Before that: {why}")).unwrap_or_default();
            let word = if flaky.is_empty() { Word::Pass } else { Word::Fail };
            let found = new(word, title).coded("flaky-test");
            let found = said(found, "flaky", "passed at the first attempt");
            found.because(&why).because(flaky)
        }
        TestStatus::Skipped => {
            let title = format!("the test {name} is skipped");
            said(new(Word::Pass, title).coded("skipped-test"), "skipped", "").because(&reason)
        }
        TestStatus::Unsupported => {
            let title = format!("the test {name} cannot be run here");
            let found = new(Word::Inconclusive, title).coded("test-not-run");
            said(found, "not run", "passed").because(&reason)
        }
    })
}

fn failed(test: &TestResult, name: &str, (target, told): (&str, Option<&Cause>)) -> Finding {
    let title = format!("the test {name} failed");
    let found = Finding::new(Stage::Tests, Word::Fail, &subject(test), title).saw(
        "test",
        "failed".to_string(),
        "passed".to_string(),
    );
    let Some(failure) = &test.failure else { return found.at(&test.place) };
    let step = match failure.step.as_str() {
        "" => String::new(),
        step => format!("At `{}`: ", excerpt(step, 80)),
    };
    let attempts = match test.attempts {
        0 | 1 => String::new(),
        more => format!(" ({} attempts)", show_count(more.into())),
    };
    let cause = Cause::of(&failure.kind);
    // What came of a check says itself what is wrong.
    let advice = match cause == Cause::Check || told == Some(&cause) {
        true => String::new(),
        false => cause.advice_for_one(target),
    };
    found
        .because(&format!("{step}{}{attempts}", excerpt(&failure.message, 300)))
        .because(&advice)
        .at(&test.place)
        .like(Some(failure))
}

/// The tests that passed at the first attempt, together.
fn clean(tests: &[TestResult]) -> Option<Finding> {
    let passed = tests.iter().filter(|test| test.status == TestStatus::Passed).count();
    if passed == 0 {
        return None;
    }
    let title = format!(
        "{} of {} passed at the first attempt",
        show_count(passed as u64),
        number_of(tests.len(), "test")
    );
    let observed = show_count(passed as u64);
    let found = Finding::new(Stage::Tests, Word::Pass, "run", title).coded("tests-passed");
    Some(found.saw("tests", observed, "passed".to_string()).speaks_for(passed))
}

/// The tests that were wanted and not run, together where they have one reason: nothing is known
/// of them, so nothing of them holds.
fn not_run(tests: &[TestResult]) -> Vec<Finding> {
    let mut reasons: BTreeMap<&str, Vec<&TestResult>> = BTreeMap::new();
    for test in tests.iter().filter(|test| test.status == TestStatus::NotRun) {
        reasons.entry(test.reason.as_deref().unwrap_or("")).or_default().push(test);
    }
    let one = |(reason, tests): (&str, Vec<&TestResult>)| {
        let (subject, title) = match tests.as_slice() {
            [test] => (subject(test), format!("the test {} was not run", name(test))),
            _ => {
                let titles: Vec<String> = tests.iter().map(|test| test.title()).collect();
                let names = names(titles.iter().map(String::as_str));
                let count = number_of(tests.len(), "test");
                ("run".to_string(), format!("{count} were not run: {names}"))
            }
        };
        let reason = capital(&excerpt(reason, 300));
        let found = Finding::new(Stage::Tests, Word::Inconclusive, &subject, title)
            .coded("test-not-run")
            .saw("test", "not run".to_string(), "passed".to_string())
            .because(&reason)
            .speaks_for(tests.len());
        match tests.as_slice() {
            [test] => found.at(&test.place),
            _ => found,
        }
    };
    reasons.into_iter().map(one).collect()
}

/// Where most failed tests met the same thing, that is the finding; each test only repeats it.
fn common_cause(result: &RunResult) -> Option<(Cause, Finding)> {
    let mut causes: BTreeMap<Cause, Vec<&TestResult>> = BTreeMap::new();
    let failed = || result.tests.iter().filter(|test| test.status == TestStatus::Failed);
    for test in failed() {
        if let Some(failure) = &test.failure {
            causes.entry(Cause::of(&failure.kind)).or_default().push(test);
        }
    }
    causes.remove(&Cause::Check);
    let (cause, tests) = causes.into_iter().rev().max_by_key(|(_, tests)| tests.len())?;
    if tests.len() < COMMON || 2 * tests.len() < failed().count() {
        return None;
    }
    let of = result.tests.iter().filter(|test| test.status.ran()).count();
    let first = tests.iter().min_by_key(|test| (&test.scenario, &test.name, &test.browser))?;
    let seen = Seen {
        noun: "test",
        names: tests.iter().map(|test| test.name.as_str()).collect(),
        of,
        everywhere: 2 * tests.len() >= of,
        requests: None,
        example: first.failure.as_ref(),
        target: &result.run.target,
    };
    // Names are in the findings of the tests themselves.
    let title = cause.title(&seen);
    let reason = cause.explain(&Seen { names: Vec::new(), ..seen });
    // An error of the whole run, told before the tests; they speak for the demands.
    let found = Finding::new(Stage::Errors, Word::Fail, "run", title);
    let found = found.coded(cause.code()).because(&reason);
    let observed = number_of(tests.len(), "test");
    let found = found.like(first.failure.as_ref());
    Some((cause, Finding { metric: "tests".to_string(), observed, ..found }))
}

fn subject(test: &TestResult) -> String {
    about(&test.scenario, &test.title())
}

fn name(test: &TestResult) -> String {
    format!("`{}`{}", excerpt(&test.title(), 160), with(test))
}

fn with(test: &TestResult) -> String {
    test.browser.as_ref().map(|browser| format!(" in {browser}")).unwrap_or_default()
}
