//! Lists the checks that did not hold under load, each of them.

use super::Word;
use super::errors::{Budget, budget};
use super::finding::{Finding, Stage, about, excerpt, number_of};
use super::measure::share;
use super::sla::Demand;
use crate::result::{CheckResult, RunResult, StepResult};
use crate::units::{show_count, show_percent};

/// One finding for each check that failed. It fails the run where its step is over its budget
/// and failed by checks; where the step failed otherwise the check only says the same again.
pub(super) fn judge(result: &RunResult, demands: &[Demand]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for step in &result.steps {
        let over = matches!(budget(step, demands), Budget::Over { .. });
        let blamed = over && step.failures.contains_key("check");
        let failed = step.checks.iter().filter(|check| check.failed > 0);
        findings.extend(failed.map(|check| finding(step, check, blamed)));
    }
    findings
}

fn finding(step: &StepResult, check: &CheckResult, blamed: bool) -> Finding {
    let of = check.passed.saturating_add(check.failed);
    let observed = format!(
        "{} of {} ({}) did not hold",
        show_count(check.failed),
        show_count(of),
        show_percent(share(check.failed, of))
    );
    let words = excerpt(&check.check, 160);
    let (failed, answers) = (show_count(check.failed), number_of(of as usize, "answer"));
    let title = format!("the check `{words}` did not hold in {failed} of {answers}");
    let word = if blamed { Word::Fail } else { Word::Pass };
    let example = step.examples.iter().find(|example| example.kind == "check");
    let reason = match example {
        Some(example) if blamed => format!("First seen: {}", excerpt(&example.message, 300)),
        _ => String::new(),
    };
    Finding::new(Stage::Checks, word, &about(&step.scenario, &step.step), title)
        .saw("checks", observed, String::new())
        .because(&reason)
        .at(&step.place)
        .like(example)
}
