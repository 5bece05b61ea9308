//! Writes `verdict.json`: the contract for programs that act on a verdict.

use serde::Serialize;

use crate::analysis::Verdict;

#[derive(Serialize)]
struct File<'a> {
    verdict: &'static str,
    findings: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    verdict: &'static str,
    subject: &'a str,
    metric: &'a str,
    observed: &'a str,
    bound: &'a str,
    message: &'a str,
}

/// The file's text.
pub(super) fn render(verdict: &Verdict) -> String {
    let findings = verdict
        .findings
        .iter()
        .map(|found| Entry {
            verdict: found.word.name(),
            subject: &found.subject,
            metric: &found.metric,
            observed: &found.observed,
            bound: &found.bound,
            message: &found.message,
        })
        .collect();
    let file = File { verdict: verdict.word.name(), findings };
    let mut text =
        serde_json::to_string_pretty(&file).expect("texts and lists always have a JSON form");
    text.push('\n');
    text
}
