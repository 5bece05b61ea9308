//! Writes `junit.xml` as CI servers read it: each test, each SLA, each compared metric and each
//! finding on the whole run is a test case.
//!
//! It keeps to the schema that Jenkins' xUnit plugin refuses other files by (`junit-10.xsd`, the
//! common part of what Surefire and pytest write). That knows no attribute for a file or a line, so
//! places stand in the text of a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{
    FlakyOrRerun, NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestRerun, TestSuite,
    XmlString,
};

use super::changes::{ChangeRow, Changes};
use super::left::LeftRow;
use super::rows::{FailureRow, FindingRow, Report};
use super::tested::TestRow;

/// The file's text.
pub(super) fn render(report: &Report<'_>) -> String {
    let mut file = Junit::new("taster");
    file.set_time(Duration::from_millis(report.result.run.duration_ms));
    let mut suites: Vec<TestSuite> = Vec::new();
    // Whoever reads only this file shall not see a green one of a run that failed.
    let fails = |row: &FindingRow| row.stage == "tests" && row.word == "FAIL";
    let flaky_fails = report.findings.iter().any(|row| fails(row) && row.observed == "flaky");
    for scenario in scenarios(report) {
        let mut suite = TestSuite::new(format!("tests: {scenario}"));
        let of = report.tests.iter().filter(|test| test.scenario == scenario);
        suite.add_test_cases(unique(of.map(|test| test_case(test, flaky_fails)).collect()));
        suites.push(suite);
    }
    let slas: Vec<TestCase> = report.slas.iter().map(sla_case).collect();
    let run: Vec<TestCase> = run_findings(report).map(finding_case).collect();
    let compared = report.changes.as_ref().map(compared_cases).unwrap_or_default();
    for (name, cases) in [("slas", slas), ("comparison", compared), ("run", run)] {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(unique(cases));
        suites.push(suite);
    }
    file.add_test_suites(suites.into_iter().filter(|suite| !suite.test_cases.is_empty()));
    written(&file)
}

/// As text. The schema knows a count of the skipped for each suite, not for all of them: the first
/// that is written, before any name of others, is that of all.
fn written(file: &Junit) -> String {
    let text = file.to_string().expect("texts without control characters always have an XML form");
    let skipped: usize = file.test_suites.iter().map(|suite| suite.skipped).sum();
    text.replacen(&format!(" skipped=\"{skipped}\""), "", 1)
}

/// The scenarios that have tests, in their order.
fn scenarios(report: &Report<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for test in &report.tests {
        if !names.contains(&test.scenario) {
            names.push(test.scenario.clone());
        }
    }
    names
}

/// The file of a comparison alone: its rows, and what was found beside it.
pub(super) fn comparison(changes: Option<&Changes>, findings: &[FindingRow]) -> String {
    let mut file = Junit::new("taster");
    let beside = findings.iter().filter(|row| row.class != "notice" && !row.of_rows);
    let compared = changes.map(compared_cases).unwrap_or_default();
    for (name, cases) in [("comparison", compared), ("run", beside.map(finding_case).collect())] {
        let mut suite = TestSuite::new(name);
        suite.add_test_cases(unique(cases));
        file.add_test_suites(Some(suite).filter(|suite| !suite.test_cases.is_empty()));
    }
    written(&file)
}

/// Findings that are neither a test nor an SLA nor compared, which have cases of their own. Of what
/// is only worth knowing there is none, but that somebody changed the load.
fn run_findings<'a>(report: &'a Report<'_>) -> impl Iterator<Item = &'a FindingRow> {
    let told = |row: &FindingRow| row.class == "notice" && row.metric != "by hand";
    let own = move |row: &&FindingRow| told(row) || row.stage == "tests" || row.of_rows;
    report.findings.iter().filter(move |row| !own(row)).filter(|row| {
        !report.slas.iter().any(|sla| sla.sla == row.metric && sla.place == row.place)
    })
}

/// A case for each row that counts in the verdict; the others are skipped, with their reason.
fn compared_cases(changes: &Changes) -> Vec<TestCase> {
    changes.rows().map(compared_case).collect()
}

fn compared_case(row: &ChangeRow) -> TestCase {
    let message = format!("{}. {}", row.title, row.detail);
    let status = match row.counts {
        true => status(row.word, "comparison", &message, &row.place),
        false => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message.as_str());
            status
        }
    };
    let mut case = TestCase::new(format!("{} of {}", row.metric, row.whose()), status);
    case.set_classname(format!("{}.comparison", row.scenario));
    if row.word == "PASS" {
        case.set_system_out(message);
    }
    case
}

fn test_case(test: &TestRow, flaky_fails: bool) -> TestCase {
    let status = match test.status {
        "passed" => TestCaseStatus::success(),
        "flaky" if flaky_fails => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let attempts = test.attempts;
            status.set_message(format!("passed only at attempt {attempts} (--fail-on-flaky)"));
            status.set_type("flaky").set_rerun_kind(FlakyOrRerun::Flaky);
            status.add_reruns(reruns(test, test.failure.as_ref()));
            status
        }
        "flaky" => TestCaseStatus::Success { flaky_runs: reruns(test, test.failure.as_ref()) },
        "failed" => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            // The format tells the first attempt as the failure, and those after it as reruns.
            let first = test.tries.first().and_then(|one| one.failure.as_ref());
            if let Some(failure) = first.or(test.failure.as_ref()) {
                status.set_message(&failure.message).set_type(&failure.kind);
                status.set_description(whole(failure));
            }
            status.add_reruns(reruns(test, None).into_iter().skip(1));
            status
        }
        _ => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(format!("{}: {}", test.status, test.reason));
            status
        }
    };
    let name = match test.browser.as_str() {
        "" => test.name.clone(),
        browser => format!("{} [{browser}]", test.name),
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(&test.scenario).set_time(Duration::from_millis(test.duration_ms));
    if let Some(told) = test.left.as_ref().map(told).filter(|told| !told.is_empty()) {
        case.set_system_out(told);
    }
    case
}

/// Why it failed and where its attempts can be looked at; `[[ATTACHMENT|...]]` is how Jenkins and
/// GitLab find files.
fn told(left: &LeftRow) -> String {
    let why = left.causes.iter().map(|cause| format!("{cause}\n"));
    let pages = left.pages.iter().map(|page| format!("[[ATTACHMENT|{}]]\n", page.file));
    why.chain(pages).collect()
}

/// The attempts that failed; of results that do not tell them, the failure there is.
fn reruns(test: &TestRow, known: Option<&FailureRow>) -> Vec<TestRerun> {
    let failed = |(failure, ms): (&FailureRow, Option<u64>)| {
        let mut again = TestRerun::new(NonSuccessKind::Failure);
        again.set_message(&failure.message).set_type(&failure.kind);
        // The schema has no attribute for how long it took.
        let took = ms.map(|ms| format!("took {ms} ms\n")).unwrap_or_default();
        again.set_description(whole(failure) + &took);
        again
    };
    let told =
        test.tries.iter().filter_map(|one| Some((one.failure.as_ref()?, Some(one.duration_ms))));
    let mut all: Vec<TestRerun> = told.map(failed).collect();
    if all.is_empty() {
        all.extend(known.map(|failure| failed((failure, None))));
    }
    all
}

/// All that is known of a failure, as plain text.
fn whole(failure: &FailureRow) -> String {
    let parts = [
        ("", &failure.message),
        ("at ", &failure.place),
        ("", &failure.line),
        ("request:\n", &failure.request),
        ("response:\n", &failure.response),
    ];
    let said = parts.iter().filter(|(_, text)| !text.is_empty());
    said.map(|(label, text)| format!("{label}{text}\n")).collect()
}

fn sla_case(sla: &super::rows::SlaRow) -> TestCase {
    let status = status(sla.word, "sla", &sla.message, &sla.place);
    let mut case = TestCase::new(sla.sla.as_str(), status);
    case.set_classname(format!("{}.sla", sla.scenario));
    case
}

fn finding_case(row: &FindingRow) -> TestCase {
    let message = format!("{}. {}", row.title, row.detail);
    let mut case = TestCase::new(
        format!("{}: {}", row.subject, row.title),
        status(row.word, row.stage, message.trim(), &row.place),
    );
    case.set_classname(format!("run.{}", row.stage));
    case
}

/// PASS is a success, FAIL a failure; what could not be judged is an error.
fn status(word: &str, ty: &str, message: &str, place: &str) -> TestCaseStatus {
    let kind = match word {
        "PASS" => return TestCaseStatus::success(),
        "FAIL" => NonSuccessKind::Failure,
        _ => NonSuccessKind::Error,
    };
    let at = if place.is_empty() { String::new() } else { format!("\nat {place}") };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message).set_type(ty).set_description(format!("{message}{at}"));
    status
}

/// Of cases with one name some servers count only the first.
fn unique(mut cases: Vec<TestCase>) -> Vec<TestCase> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for case in &mut cases {
        let count = seen.entry(case.name.as_str().to_string()).or_default();
        *count += 1;
        if *count > 1 {
            case.name = XmlString::new(format!("{} ({count})", case.name.as_str()));
        }
    }
    cases
}
