//! Judges whether each step that a journey names was reached: an endpoint that is promised and
//! never called is a failure, however fast the others were.

use super::Word;
use super::finding::{Finding, Stage, about, names, number_of};
use crate::result::{RunResult, ScenarioResult, StepResult};
use crate::units::show_count;

/// Judges each scenario that had load.
pub(super) fn judge(result: &RunResult) -> Vec<Finding> {
    let mut findings = Vec::new();
    for scenario in &result.scenarios {
        if scenario.load.is_none() {
            continue;
        }
        let steps: Vec<&StepResult> =
            result.steps.iter().filter(|step| step.scenario == scenario.name).collect();
        if !steps.is_empty() {
            findings.push(reach(result, scenario, &steps));
        }
    }
    findings
}

fn reach(result: &RunResult, scenario: &ScenarioResult, steps: &[&StepResult]) -> Finding {
    let missed: Vec<&StepResult> = steps.iter().copied().filter(|step| step.count == 0).collect();
    let reached = steps.len() - missed.len();
    let observed = format!("{} of {}", show_count(reached as u64), number_of(steps.len(), "step"));
    let bound = "all".to_string();
    if missed.is_empty() {
        let title = match steps.len() {
            1 => "the one step of the journey was reached".to_string(),
            _ => format!("all {} of the journey were reached", number_of(steps.len(), "step")),
        };
        return Finding::new(Stage::Reach, Word::Pass, &scenario.name, title)
            .saw("steps", observed, bound)
            .speaks_for(reached);
    }
    let title = format!(
        "{} of {} {} never reached: {}",
        missed.len(),
        number_of(steps.len(), "step"),
        if missed.len() == 1 { "was" } else { "were" },
        names(missed.iter().map(|step| step.step.as_str()))
    );
    let (subject, place) = match missed.as_slice() {
        [one] => (about(&scenario.name, &one.step), one.place.as_str()),
        _ => (scenario.name.clone(), missed.first().map_or("", |step| step.place.as_str())),
    };
    Finding::new(Stage::Reach, Word::Fail, &subject, title)
        .saw("steps", observed, bound)
        .because(&stopper(result, scenario, steps))
        .at(place)
        .speaks_for(missed.len())
}

/// What kept the run from going on: the nearest reason before the first missed step.
fn stopper(result: &RunResult, scenario: &ScenarioResult, steps: &[&StepResult]) -> String {
    let (load, setup_failures) = (scenario.load.as_ref(), &scenario.setup_failures);
    let first = steps.iter().position(|step| step.count == 0).unwrap_or(0);
    let failing = |step: &&&StepResult| step.failed > 0;
    let before = steps[..first].iter().rev().find(failing);
    if let Some(step) = before.or_else(|| steps.iter().rev().find(failing)) {
        return format!(
            "`{}` stopped the run there: it failed {} of {} times, and a failed step ends its \
             iteration.",
            step.step,
            show_count(step.failed),
            show_count(step.count)
        );
    }
    if let Some(failure) = setup_failures.first() {
        return format!(
            "The setup step `{}` stopped the run before them: it failed {}.",
            failure.step,
            number_of(failure.count as usize, "time")
        );
    }
    if let Some(why) = &result.run.ended_early {
        return format!("The run ended early: {why}.");
    }
    format!(
        "No step failed, so the time was too short for one whole journey ({} begun, {} walked to \
         the end), or a `when` kept them out.",
        show_count(load.map_or(0, |load| load.started)),
        show_count(load.map_or(0, |load| load.completed))
    )
}
