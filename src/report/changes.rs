//! Sets each step beside the same step of the baseline, what changed most first.

use serde::Serialize;

use super::foreign::line;
use super::rows::{NAME, class};
use crate::analysis::{Stage, Verdict, Word};
use crate::result::{RunResult, StepResult, Summary};
use crate::units::{show_duration_us, show_percent};

/// A step beside its baseline.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ChangeRow {
    pub word: &'static str,
    pub class: &'static str,
    pub scenario: String,
    pub step: String,
    pub before: String,
    pub now: String,
    pub change: String,
    pub changed: bool,
    pub failed_before: String,
    pub failed_now: String,
}

/// The rows of all steps that both runs have.
pub(super) fn changes(result: &RunResult, base: &RunResult, verdict: &Verdict) -> Vec<ChangeRow> {
    let mut rows: Vec<(Word, f64, ChangeRow)> = Vec::new();
    for step in &result.steps {
        let same = |old: &&StepResult| old.scenario == step.scenario && old.step == step.step;
        let Some(old) = base.steps.iter().find(same) else { continue };
        let subject = format!("{} › {}", step.scenario, step.step);
        let judged = verdict.findings.iter().filter(|found| {
            found.stage == Stage::Baseline && found.demands > 0 && found.subject == subject
        });
        let word = judged.map(|found| found.word).max();
        let (before, now) = (old.response_us.p95, step.response_us.p95);
        let both = old.response_us.count > 0 && step.response_us.count > 0;
        let change = if both { now as f64 / before.max(1) as f64 - 1.0 } else { 0.0 };
        let p95 = |of: &Summary| match of.count {
            0 => "no successful response".to_string(),
            _ => show_duration_us(of.p95),
        };
        let failed = |of: &StepResult| show_percent(of.failed as f64 / of.count.max(1) as f64);
        let row = ChangeRow {
            word: word.map_or("not judged", Word::name),
            class: word.map_or("notice", class),
            scenario: line(&step.scenario, NAME),
            step: line(&step.step, NAME),
            before: p95(&old.response_us),
            now: p95(&step.response_us),
            change: if both { signed(change) } else { "–".to_string() },
            changed: word.is_none_or(|word| word != Word::Pass) || change.abs() >= 0.1,
            failed_before: failed(old),
            failed_now: failed(step),
        };
        rows.push((word.unwrap_or(Word::Pass), change.abs(), row));
    }
    rows.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
    rows.into_iter().map(|(_, _, row)| row).collect()
}

/// A relative change with its sign, to a tenth of a percent.
fn signed(change: f64) -> String {
    if change.abs() < 0.000_5 {
        return "0%".to_string();
    }
    format!("{:+.1}%", change * 100.0)
}
