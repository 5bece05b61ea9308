//! Judges failures: of setup, and of the steps under load, each against its error budget.

use std::collections::BTreeMap;

use super::cause::{Cause, Seen};
use super::finding::{Finding, Stage, about, excerpt, number_of};
use super::measure::{failures, selects, share, total};
use super::sla::Demand;
use super::{ERROR_BUDGET, Word};
use crate::metric::Metric;
use crate::result::{LoadResult, RunResult, SetupFailure, StepResult};
use crate::units::{show_count, show_percent};

/// How a step stands to what it may fail.
pub(super) enum Budget {
    /// It was never done.
    Unreached,
    /// As many failures as are allowed, or none; `ours` where no SLA speaks for it.
    Within { ours: bool },
    /// More.
    Over { bound: String },
}

/// One cause and the steps it was seen in, with the number of requests.
type Families<'a> = BTreeMap<Cause, Vec<(&'a StepResult, u64)>>;

/// The steps that were reached, and what to call them where others were not.
#[derive(Clone, Copy)]
struct Reached {
    count: usize,
    noun: &'static str,
}

impl Reached {
    fn of(result: &RunResult) -> Self {
        let count = result.steps.iter().filter(|step| step.count > 0).count();
        let all = count == result.steps.len();
        Self { count, noun: if all { "step" } else { "reached step" } }
    }
}

/// How a step stands: against the SLAs on failures that cover it, else against `ERROR_BUDGET`.
pub(super) fn budget(step: &StepResult, demands: &[Demand]) -> Budget {
    if step.count == 0 {
        return Budget::Unreached;
    }
    // No SLA can allow this: there would be nothing left to judge the step by.
    if step.failed >= step.count {
        return Budget::Over { bound: "some successful response".to_string() };
    }
    let (failed, of) = failures(step);
    let share = share(failed, of);
    let mut covering = demands
        .iter()
        .filter(|demand| demand.scenario == step.scenario)
        .filter_map(|demand| demand.sla.as_ref().map(|sla| (sla, &demand.finding)))
        .filter(|(sla, _)| sla.metric == Metric::HttpReqFailed && selects(sla, step))
        .peekable();
    if covering.peek().is_none() {
        return match share > ERROR_BUDGET {
            true => Budget::Over { bound: format!("<= {}", show_percent(ERROR_BUDGET)) },
            false => Budget::Within { ours: true },
        };
    }
    let broken = covering.find(|(sla, found)| {
        failed > 0 && found.word != Word::Pass && !sla.operator.holds(share, sla.bound)
    });
    match broken {
        Some((_, found)) => Budget::Over { bound: found.bound.clone() },
        None => Budget::Within { ours: false },
    }
}

/// Judges setup and all steps.
pub(super) fn judge(result: &RunResult, demands: &[Demand]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for scenario in &result.scenarios {
        let failures = scenario.setup_failures.iter();
        let load = scenario.load.as_ref();
        findings.extend(failures.map(|failure| setup(result, &scenario.name, load, failure)));
    }
    findings.extend(steps(result, demands));
    findings.extend(result.scenarios.iter().filter_map(|scenario| resent(result, &scenario.name)));
    findings
}

/// Requests that went out twice are no failures, and nobody shall wonder why the target saw more.
fn resent(result: &RunResult, scenario: &str) -> Option<Finding> {
    let steps = result.steps.iter().filter(|step| step.scenario == scenario);
    let resent = total(steps.map(|step| step.resent));
    let verb = if resent == 1 { "was" } else { "were" };
    let title = format!(
        "{} {verb} sent again because a kept connection was dead",
        number_of(resent as usize, "request")
    );
    let found = Finding::new(Stage::Errors, Word::Pass, scenario, title);
    let reason = "The target closes idle connections sooner than they are used again.";
    (resent > 0).then(|| found.coded("sent-again").because(reason))
}

fn setup(
    result: &RunResult,
    scenario: &str,
    load: Option<&LoadResult>,
    failure: &SetupFailure,
) -> Finding {
    let example = &failure.example;
    let cause = Cause::of(&example.kind);
    let title = format!(
        "the setup step `{}` failed {}: {}",
        failure.step,
        number_of(failure.count as usize, "time"),
        cause.what(&result.run.target)
    );
    let seen = Seen {
        noun: "step",
        names: vec![&failure.step],
        of: 1,
        everywhere: load.is_none_or(|load| load.started <= failure.count),
        requests: None,
        example: Some(example),
        target: &result.run.target,
    };
    Finding::new(Stage::Setup, Word::Fail, &about(scenario, &failure.step), title)
        .saw("setup", number_of(failure.count as usize, "failure"), "none".to_string())
        .because(&cause.explain(&seen))
        .like(Some(example))
}

fn steps(result: &RunResult, demands: &[Demand]) -> Vec<Finding> {
    let (mut over, mut within) = (Families::new(), Families::new());
    let mut bounds: BTreeMap<(&str, &str), String> = BTreeMap::new();
    let mut held: Vec<&StepResult> = Vec::new();
    for step in &result.steps {
        let families = match budget(step, demands) {
            Budget::Unreached => continue,
            Budget::Over { bound } => {
                bounds.insert((&step.scenario, &step.step), bound);
                &mut over
            }
            Budget::Within { ours } => {
                held.extend(ours.then_some(step));
                &mut within
            }
        };
        for (kind, count) in step.failures.iter().filter(|(_, count)| **count > 0) {
            families.entry(Cause::of(kind)).or_default().push((step, *count));
        }
    }
    let reached = Reached::of(result);
    let tell = |word, families: &Families<'_>| -> Vec<Finding> {
        let one = |(cause, seen): (&Cause, &Vec<_>)| family(result, word, reached, (cause, seen));
        families.iter().map(one).collect()
    };
    let mut findings = tell(Word::Fail, &over);
    for (found, (cause, seen)) in findings.iter_mut().zip(&over) {
        let main = |step: &StepResult| main_cause(step).as_ref() == Some(cause);
        let mine: Vec<&StepResult> = seen.iter().map(|(step, _)| *step).collect();
        found.demands = mine.iter().filter(|step| main(step)).count() as u32;
        let bound = mine.first().and_then(|step| bounds.get(&(&*step.scenario, &*step.step)));
        found.bound = bound.cloned().unwrap_or_default();
    }
    // A step may be over its budget without a kind: a file from elsewhere. It must still fail.
    let unexplained = result.steps.iter().filter(|step| main_cause(step).is_none());
    findings.extend(unexplained.filter_map(|step| match budget(step, demands) {
        Budget::Over { bound } => Some(bare(step, bound)),
        _ => None,
    }));
    findings.extend(tell(Word::Pass, &within));
    findings.extend(all_within(&held, reached.count));
    findings
}

/// The cause that most of a step's failures have.
fn main_cause(step: &StepResult) -> Option<Cause> {
    let mut sums: BTreeMap<Cause, u64> = BTreeMap::new();
    for (kind, count) in step.failures.iter().filter(|(_, count)| **count > 0) {
        let sum = sums.entry(Cause::of(kind)).or_default();
        *sum = sum.saturating_add(*count);
    }
    sums.into_iter().rev().max_by_key(|(_, count)| *count).map(|(cause, _)| cause)
}

fn family(
    result: &RunResult,
    word: Word,
    reached: Reached,
    (cause, seen): (&Cause, &Vec<(&StepResult, u64)>),
) -> Finding {
    let failed = total(seen.iter().map(|(_, count)| *count));
    let mut steps: Vec<&StepResult> = seen.iter().map(|(step, _)| *step).collect();
    steps.dedup_by(|a, b| std::ptr::eq(*a, *b));
    let of = total(steps.iter().map(|step| step.count));
    let examples = || steps.iter().flat_map(|step| &step.examples);
    let example = examples().find(|example| Cause::of(&example.kind) == *cause);
    // Failed checks have findings of their own, with their examples.
    let example = example.filter(|_| *cause != Cause::Check);
    // Nearly always, in at least half of the steps: the reason lies before any single step.
    let everywhere = 2 * steps.len() >= reached.count && share(failed, of) >= 0.5;
    let told = Seen {
        noun: reached.noun,
        names: steps.iter().map(|step| step.step.as_str()).collect(),
        of: reached.count,
        everywhere,
        requests: Some((failed, of)),
        example,
        target: &result.run.target,
    };
    let place = steps.first().map_or("", |step| step.place.as_str());
    let observed = format!(
        "{} of {} ({})",
        show_count(failed),
        show_count(of),
        show_percent(share(failed, of))
    );
    Finding::new(Stage::Errors, word, &subject(&steps), cause.title(&told))
        .coded(cause.code())
        .saw("http_req_failed", observed, String::new())
        .because(&cause.explain(&told))
        .at(place)
        .like(example)
}

fn bare(step: &StepResult, bound: String) -> Finding {
    let (failed, of) = (step.failed, step.count);
    let title = format!("{} failed in `{}`", number_of(failed as usize, "request"), step.step);
    let observed = format!("{} of {}", show_count(failed), show_count(of));
    let subject = about(&step.scenario, &step.step);
    Finding::new(Stage::Errors, Word::Fail, &subject, title)
        .saw("http_req_failed", observed, bound)
        .because("The result does not say how.")
        .at(&step.place)
}

/// One step, one scenario, or the run.
fn subject(steps: &[&StepResult]) -> String {
    match steps {
        [one] => about(&one.scenario, &one.step),
        [first, rest @ ..] if rest.iter().all(|step| step.scenario == first.scenario) => {
            first.scenario.clone()
        }
        _ => "run".to_string(),
    }
}

fn all_within(held: &[&StepResult], reached: usize) -> Option<Finding> {
    let rate = |step: &StepResult| {
        let (failed, of) = failures(step);
        share(failed, of)
    };
    let worst = held.iter().max_by(|a, b| {
        rate(a)
            .total_cmp(&rate(b))
            .then_with(|| (&b.scenario, &b.step).cmp(&(&a.scenario, &a.step)))
    })?;
    let observed = format!("at most {} failed", show_percent(rate(worst)));
    let most = match rate(worst) {
        0.0 => "No request failed.".to_string(),
        most => format!("Most in `{}`: {} failed.", excerpt(&worst.step, 80), show_percent(most)),
    };
    let title = format!(
        "{} of {} kept failures within {}",
        show_count(held.len() as u64),
        number_of(reached, "reached step"),
        show_percent(ERROR_BUDGET)
    );
    let bound = format!("<= {}", show_percent(ERROR_BUDGET));
    let found = Finding::new(Stage::Errors, Word::Pass, "run", title);
    let found = found.coded("failures-within-budget");
    Some(found.saw("http_req_failed", observed, bound).because(&most).speaks_for(held.len()))
}
