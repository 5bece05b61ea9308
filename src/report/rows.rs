//! Is what every report shows: the rows of its tables, with all numbers already in words.
//!
//! Made once from result and verdict, so that no two formats can differ in what they say.

use serde::Serialize;

use super::changes::{Changes, changes};
use super::facts::facts;
pub(super) use super::failure::{FailureRow, failure};
use super::foreign::line;
use super::latency::{LatencyRow, PartRow, VitalRow, latencies, parts, vitals};
use super::left::{CloseRow, close};
use super::repeat::{Curls, command};
use super::seen::{SeenRow, seen};
use super::tested::{TestRow, test, test_counts};
use crate::analysis::{Finding, Stage, Verdict, Word, sentence};
use crate::metric::Sla;
use crate::result::{Health, RunResult, StepResult, TestResult, TestStatus};
use crate::units::{show_bytes, show_count, show_percent, show_rate};

/// The longest name that is shown whole.
pub(super) const NAME: usize = 120;

/// The model of all reports.
pub(super) struct Report<'a> {
    pub result: &'a RunResult,
    pub verdict: &'a Verdict,
    /// The newest baseline.
    pub baseline: Option<&'a RunResult>,
    pub word: Word,
    pub headline: String,
    pub health: &'static str,
    pub health_reasons: Vec<String>,
    pub findings: Vec<FindingRow>,
    pub tests: Vec<TestRow>,
    pub test_counts: Vec<(&'static str, usize)>,
    /// Steps of browser tests that passed with little time left.
    pub close: Vec<CloseRow>,
    pub slas: Vec<SlaRow>,
    pub steps: Vec<StepRow>,
    /// What users saw in browsers.
    pub seen: Vec<SeenRow>,
    /// Where the time of the steps went.
    pub parts: Vec<PartRow>,
    pub vitals: Vec<VitalRow>,
    /// The comparison, where there was one.
    pub changes: Option<Changes>,
    /// Environment and how to repeat the run, as label and value.
    pub facts: Vec<(&'static str, String)>,
    pub command: String,
}

/// A finding.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FindingRow {
    pub word: &'static str,
    /// What `taster explain` explains.
    pub code: &'static str,
    /// `notice` where nothing was demanded and all is well, else the word in small letters.
    pub class: &'static str,
    pub stage: &'static str,
    pub subject: String,
    pub metric: String,
    pub title: String,
    pub detail: String,
    pub observed: String,
    pub bound: String,
    pub place: String,
    pub example: Option<FailureRow>,
    /// The place among all tests of the one that it is of, where that is told in full.
    pub test: Option<usize>,
    /// Whether it speaks for rows of the comparison, which are shown one by one too.
    pub of_rows: bool,
}

/// A bound.
#[derive(Debug, Clone, Serialize)]
pub(super) struct SlaRow {
    pub word: &'static str,
    pub class: &'static str,
    pub scenario: String,
    pub sla: String,
    pub observed: String,
    pub bound: String,
    /// How much of it is used, such as `76%`; empty where that makes no sense.
    pub used: String,
    /// The same for a bar, 0 to 100.
    pub bar: u8,
    pub place: String,
    pub message: String,
}

/// A step under load.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StepRow {
    pub scenario: String,
    pub step: String,
    pub place: String,
    pub count: String,
    pub rate: String,
    pub failed: String,
    pub failing: bool,
    /// From due, of successes; none where there was none.
    pub response: Option<LatencyRow>,
    /// From start, of successes.
    pub service: Option<LatencyRow>,
    /// Said instead of latencies: `no successful response`, `never reached`.
    pub note: &'static str,
    pub received: String,
    /// Failures by kind: `html 453`.
    pub failures: Vec<String>,
    /// Failed checks, each with how often.
    pub checks: Vec<String>,
}

impl FindingRow {
    /// Whether its word is graver than PASS.
    pub fn is_grave(&self) -> bool {
        self.word != Word::Pass.name()
    }

    /// Whether it demands nothing and is only worth knowing.
    pub fn is_notice(&self) -> bool {
        self.class == "notice"
    }
}

impl Report<'_> {
    /// Whether one name can mean things of two scenarios.
    pub fn several(&self) -> bool {
        self.result.scenarios.len() > 1
    }

    /// A name, with its scenario where there are several.
    pub fn whose(&self, scenario: &str, name: String) -> String {
        if self.several() { format!("{} › {name}", line(scenario, 24)) } else { name }
    }
}

impl<'a> Report<'a> {
    /// Makes all rows.
    pub fn new(
        result: &'a RunResult,
        verdict: &'a Verdict,
        baseline: Option<&'a RunResult>,
    ) -> Self {
        let curls = Curls::new(&result.run.target);
        Self {
            result,
            verdict,
            baseline,
            word: verdict.word,
            headline: line(&verdict.headline, 600),
            health: health(result),
            health_reasons: result
                .generator
                .reasons
                .iter()
                .map(|why| sentence(&line(why, 300)))
                .collect(),
            findings: findings(result, verdict, &curls),
            tests: result.tests.iter().map(|one| test(one, verdict, &curls)).collect(),
            test_counts: test_counts(&result.tests),
            close: close(verdict),
            slas: slas(result, verdict),
            steps: result.steps.iter().map(step).collect(),
            seen: seen(result),
            parts: parts(result),
            vitals: vitals(&result.generator),
            changes: changes(verdict),
            facts: facts(result, verdict, baseline),
            command: command(&result.run),
        }
    }

    /// Findings with a word graver than PASS.
    pub fn grave(&self) -> impl Iterator<Item = &FindingRow> {
        self.findings.iter().filter(|row| row.is_grave())
    }

    /// Findings that demand nothing, and flaky tests: worth knowing.
    pub fn notices(&self) -> impl Iterator<Item = &FindingRow> {
        self.findings.iter().filter(|row| row.is_notice())
    }

    /// What held.
    pub fn held(&self) -> impl Iterator<Item = &FindingRow> {
        self.findings.iter().filter(|row| row.class == "pass")
    }

    /// `3,600 requests, 0.2% failed`; none without load.
    pub fn size(&self) -> Option<String> {
        let sum = |part: fn(&StepResult) -> u64| {
            self.result.steps.iter().map(part).fold(0, u64::saturating_add)
        };
        let (requests, failed) = (sum(|step| step.count), sum(|step| step.failed));
        let share = failed as f64 / requests.max(1) as f64;
        (requests > 0)
            .then(|| format!("{} requests, {} failed", show_count(requests), show_percent(share)))
    }
}

/// A word as a class in pages: small letters.
pub(super) fn class(word: Word) -> &'static str {
    match word {
        Word::Pass => "pass",
        Word::Inconclusive => "inconclusive",
        Word::Fail => "fail",
        Word::Invalid => "invalid",
    }
}

pub(super) fn health(result: &RunResult) -> &'static str {
    match result.generator.health {
        Health::Valid => "VALID",
        Health::Suspect => "SUSPECT",
        Health::Invalid => "INVALID",
    }
}

fn findings(result: &RunResult, verdict: &Verdict, curls: &Curls) -> Vec<FindingRow> {
    let row = |found: &Finding| {
        let of = |test: &TestResult| {
            let browser = test.browser.as_ref().map(|browser| format!(" in {browser}"));
            let has_card = !matches!(test.status, TestStatus::Passed | TestStatus::NotRun);
            has_card
                && found.metric == "test"
                && found.subject == format!("{} › {}", test.scenario, test.title())
                && browser.is_none_or(|browser| found.title.contains(&browser))
        };
        FindingRow { test: result.tests.iter().position(of), ..finding(found, Some(curls)) }
    };
    verdict.findings.iter().map(row).collect()
}

pub(super) fn finding(found: &Finding, curls: Option<&Curls>) -> FindingRow {
    let flaky = found.word == Word::Pass && found.observed == "flaky";
    let worth_knowing = found.word == Word::Pass && found.demands == 0 && !healthy(found);
    let notice = flaky || worth_knowing;
    let grave = found.word != Word::Pass;
    FindingRow {
        word: found.word.name(),
        code: found.code,
        class: if notice { "notice" } else { class(found.word) },
        stage: stage(found.stage),
        subject: line(&found.subject, 2 * NAME),
        metric: line(&found.metric, 2 * NAME),
        title: line(&found.title, 400),
        detail: line(found.detail(), 1_200),
        observed: line(&found.observed, NAME),
        bound: line(&found.bound, NAME),
        place: line(found.place.as_deref().unwrap_or(""), 240),
        example: found.example.as_deref().filter(|_| grave).map(|one| failure(one, curls)),
        test: None,
        of_rows: found.speaks_for_rows(),
    }
}

/// That the generator kept up is no news.
fn healthy(found: &Finding) -> bool {
    found.metric == "generator" && found.observed == "VALID"
}

fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Validity => "run",
        Stage::Offered => "load",
        Stage::Setup => "setup",
        Stage::Errors => "errors",
        Stage::Reach => "steps",
        Stage::Checks => "checks",
        Stage::Tests => "tests",
        Stage::Counts | Stage::Latency => "SLAs",
        Stage::Baseline => "baseline",
    }
}

fn slas(result: &RunResult, verdict: &Verdict) -> Vec<SlaRow> {
    let mut rows = Vec::new();
    for scenario in &result.scenarios {
        for record in scenario.load.iter().flat_map(|load| &load.slas) {
            let metric = record.text.parse::<Sla>().map_or(record.text.clone(), |s| s.to_string());
            let of = |found: &&Finding| {
                found.metric == metric && found.place.as_deref().unwrap_or("") == record.place
            };
            let Some(found) = verdict.findings.iter().find(of) else { continue };
            rows.push(SlaRow {
                word: found.word.name(),
                class: class(found.word),
                scenario: line(&scenario.name, NAME),
                sla: line(&metric, 2 * NAME),
                observed: line(&found.observed, NAME),
                bound: line(&found.bound, NAME),
                used: found.used.map(percent).unwrap_or_default(),
                bar: found.used.map_or(0, |used| (used * 100.0).clamp(0.0, 100.0) as u8),
                place: line(&record.place, 240),
                message: line(&found.message, 600),
            });
        }
    }
    rows
}

fn step(step: &StepResult) -> StepRow {
    let share = step.failed as f64 / step.count.max(1) as f64;
    let note = match (step.count, step.response_us.count) {
        (0, _) => "never reached",
        (_, 0) => "no successful response",
        _ => "",
    };
    let failed_checks = step.checks.iter().filter(|check| check.failed > 0);
    StepRow {
        scenario: line(&step.scenario, NAME),
        step: line(&step.step, NAME),
        place: line(&step.place, 240),
        count: show_count(step.count),
        rate: show_rate(step.rate),
        failed: if step.count == 0 { "–".to_string() } else { show_percent(share) },
        failing: step.failed > 0,
        response: latencies(&step.response_us),
        service: latencies(&step.service_us),
        note,
        received: show_bytes(step.bytes_received),
        failures: step
            .failures
            .iter()
            .map(|(kind, count)| format!("{} {}", line(kind, 40), show_count(*count)))
            .collect(),
        checks: failed_checks
            .map(|check| {
                let of = show_count(check.passed.saturating_add(check.failed));
                format!(
                    "{} (failed {} of {of})",
                    line(&check.check, NAME),
                    show_count(check.failed)
                )
            })
            .collect(),
    }
}

/// A use of a bound: whole percents are enough.
fn percent(used: f64) -> String {
    if used < 10.0 { format!("{:.0}%", used * 100.0) } else { format!("{used:.0} times") }
}
