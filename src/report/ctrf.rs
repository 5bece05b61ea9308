//! Writes `ctrf.json`, the Common Test Report Format: each test and each SLA is a test case.
//!
//! The format forbids keys that it does not know, so what is ours alone stands in `extra`.

use serde_json::{Map, Value, json};

use super::numbers::began;
use super::rows::{FailureRow, Report};
use super::tested::{AttemptRow, TestRow};

/// The version of the format that is written.
const SPEC: &str = "1.0.0";

/// The file's text.
pub(super) fn render(report: &Report<'_>) -> String {
    let run = &report.result.run;
    let tests: Vec<Value> = cases(report);
    let of = |status: &str| tests.iter().filter(|test| test["status"] == status).count();
    let flaky = tests.iter().filter(|test| test["flaky"] == true).count();
    let start = began(run);
    let millis = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    let file = json!({
        "reportFormat": "CTRF",
        "specVersion": SPEC,
        "generatedBy": "taster",
        "results": {
            "tool": { "name": "taster", "version": run.tool_version },
            "summary": {
                "tests": tests.len(),
                "passed": of("passed"),
                "failed": of("failed"),
                "skipped": of("skipped"),
                "pending": of("pending"),
                "other": of("other"),
                "flaky": flaky,
                "start": start,
                "stop": start.saturating_add(millis(run.duration_ms)),
                "duration": millis(run.duration_ms),
            },
            "tests": tests,
            "environment": environment(report),
            "extra": {
                "verdict": report.word.name(),
                "headline": report.headline,
                "runId": run.id,
                "seed": run.seed.to_string(),
            },
        },
    });
    format!("{file:#}\n")
}

/// Tests, then SLAs, then what was found of the run as a whole: a file whose cases all pass shall
/// never be that of a run that did not.
fn cases(report: &Report<'_>) -> Vec<Value> {
    let mut cases: Vec<Value> = report.tests.iter().map(test).collect();
    for sla in &report.slas {
        let mut case = judged(&sla.sla, sla.word, &sla.message);
        case.insert("suite".into(), json!(["slas", sla.scenario]));
        place(&mut case, &sla.place);
        cases.push(case.into());
    }
    let rest = report.grave().filter(|row| row.stage != "tests" && row.stage != "SLAs");
    for row in rest {
        let text = format!("{}. {}", row.title, row.detail);
        let mut case = judged(&format!("{}: {}", row.subject, row.title), row.word, text.trim());
        case.insert("suite".into(), json!(["run", row.stage]));
        place(&mut case, &row.place);
        cases.push(case.into());
    }
    cases
}

fn test(test: &TestRow) -> Value {
    let mut case = Map::new();
    case.insert("name".into(), named(&test.name));
    case.insert("status".into(), status(test.status).into());
    case.insert("duration".into(), millis(test.duration_ms));
    case.insert("suite".into(), json!(["tests", test.scenario]));
    case.insert("rawStatus".into(), test.status.into());
    case.insert("type".into(), "e2e".into());
    case.insert("retries".into(), test.attempts.saturating_sub(1).into());
    case.insert("flaky".into(), (test.status == "flaky").into());
    if !test.browser.is_empty() {
        case.insert("browser".into(), test.browser.clone().into());
    }
    if !test.reason.is_empty() {
        case.insert("message".into(), test.reason.clone().into());
    }
    if let Some(failure) = &test.failure {
        case.insert("trace".into(), trace(failure).into());
        case.insert("snippet".into(), failure.line.clone().into());
    }
    if !test.tries.is_empty() {
        let tries = test.tries.iter().enumerate().map(|(at, one)| attempt(at + 1, one));
        case.insert("retryAttempts".into(), tries.collect());
    }
    place(&mut case, &test.place);
    case.into()
}

fn attempt(number: usize, attempt: &AttemptRow) -> Value {
    let mut entry = Map::new();
    entry.insert("attempt".into(), number.into());
    entry.insert("status".into(), status(attempt.status).into());
    entry.insert("duration".into(), millis(attempt.duration_ms));
    if let Some(failure) = &attempt.failure {
        entry.insert("message".into(), failure.message.clone().into());
        entry.insert("trace".into(), trace(failure).into());
    }
    entry.into()
}

/// Something that was demanded of the load: what could not be judged is `other`, never passed.
fn judged(name: &str, word: &str, message: &str) -> Map<String, Value> {
    let mut case = Map::new();
    let status = match word {
        "PASS" => "passed",
        "FAIL" => "failed",
        _ => "other",
    };
    case.insert("name".into(), named(name));
    case.insert("status".into(), status.into());
    case.insert("duration".into(), 0.into());
    case.insert("rawStatus".into(), word.into());
    if word != "PASS" {
        case.insert("message".into(), message.into());
    }
    case
}

/// A test that is wanted and was not run is `pending`: nobody decided that it should be left out.
fn status(status: &str) -> &'static str {
    match status {
        "passed" | "flaky" => "passed",
        "failed" => "failed",
        "skipped" => "skipped",
        "not run" => "pending",
        _ => "other",
    }
}

/// The format knows no nameless case.
fn named(name: &str) -> Value {
    if name.is_empty() { "(no name)".into() } else { name.into() }
}

fn millis(ms: u64) -> Value {
    i64::try_from(ms).unwrap_or(i64::MAX).into()
}

fn trace(failure: &FailureRow) -> String {
    let parts = [("at ", &failure.place), ("", &failure.request), ("", &failure.response)];
    let said = parts.iter().filter(|(_, text)| !text.is_empty());
    said.map(|(label, text)| format!("{label}{text}\n")).collect()
}

fn place(case: &mut Map<String, Value>, place: &str) {
    let (file, line) = super::github::file_and_line(place);
    if !file.is_empty() {
        case.insert("filePath".into(), file.into());
    }
    if let Some(line) = line {
        case.insert("line".into(), line.into());
    }
}

fn environment(report: &Report<'_>) -> Value {
    let (run, machine) = (&report.result.run, &report.result.machine);
    let mut known = Map::new();
    for (key, value) in [
        ("osPlatform", &machine.os),
        ("osRelease", &machine.kernel),
        ("commit", run.git_revision.as_ref().unwrap_or(&run.target)),
    ] {
        known.insert(key.into(), super::foreign::line(value, 200).into());
    }
    if run.git_revision.is_none() {
        known.remove("commit");
    }
    known.insert("extra".into(), json!({ "target": super::foreign::line(&run.target, 300) }));
    known.into()
}
