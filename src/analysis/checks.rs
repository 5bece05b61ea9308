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
    let of = check.passed + check.failed;
    let observed = format!(
        "{} of {} ({}) did not hold",
        show_count(check.failed),
        show_count(of),
        show_percent(share(check.failed, of))
    );
    let words = excerpt(&check.check, 160);
    let times = number_of(check.failed as usize, "time");
    let title = format!("the check `{words}` did not hold {times}");
    let word = if blamed { Word::Fail } else { Word::Pass };
    let example = step.examples.iter().find(|example| example.kind == "check");
    let reason = match example {
        Some(example) if blamed => {
            format!("Of {}. First seen: {}", show_count(of), excerpt(&example.message, 300))
        }
        _ => format!("Of {}.", show_count(of)),
    };
    let place = example.map_or(step.place.as_str(), |example| example.place.as_str());
    let found = Finding::new(Stage::Checks, word, &about(&step.scenario, &step.step), title)
        .saw("checks", observed, String::new())
        .because(&reason);
    found.at(place)
}
