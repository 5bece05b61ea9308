//! Judges a run against an accepted result: has p95 grown, do more requests fail.
//!
//! A growth fails only when it is larger than both margins and the order statistics of both runs
//! agree that it is; when only the estimates say so the finding is INCONCLUSIVE. What was
//! measured on another kind of machine, or under another load, is not compared at all.

use super::finding::{Finding, Stage, about, number_of};
use super::measure::{failures, share};
use super::{Margins, Word, order};
use crate::result::histogram::{self, HistogramError};
use crate::result::{Health, RunResult, ScenarioResult, StepResult};
use crate::units::{show_count, show_duration_us, show_percent};

/// The quantile that is compared.
const QUANTILE: f64 = 0.95;

/// The metric's name in findings.
const METRIC: &str = "http_req_duration: p(95) against the baseline";

/// Judges all steps under load.
pub(super) fn judge(
    result: &RunResult,
    baseline: Option<&RunResult>,
    margins: &Margins,
) -> Vec<Finding> {
    if result.steps.iter().all(|step| step.count == 0) {
        return Vec::new();
    }
    let Some(baseline) = baseline else {
        let title = "there is no baseline to compare with".to_string();
        let advice = "Accept a good run with `taster baseline accept`.";
        return vec![notice("run", title).because(advice)];
    };
    if let Some(unusable) = unusable(result, baseline, margins) {
        return vec![unusable];
    }
    let mut findings = Vec::new();
    let versions = (&baseline.run.tool_version, &result.run.tool_version);
    if versions.0 != versions.1 {
        let title = format!(
            "the baseline was recorded by Taster {}, this run by {}",
            versions.0, versions.1
        );
        findings.push(notice("run", title));
    }
    for scenario in result.scenarios.iter().filter(|scenario| scenario.load.is_some()) {
        findings.extend(compare(result, baseline, scenario, margins));
    }
    findings
}

fn notice(subject: &str, title: String) -> Finding {
    Finding::new(Stage::Baseline, Word::Pass, subject, title).saw(
        "baseline",
        String::new(),
        String::new(),
    )
}

/// Why nothing at all can be compared.
fn unusable(result: &RunResult, baseline: &RunResult, margins: &Margins) -> Option<Finding> {
    let (here, there) = (&result.machine, &baseline.machine);
    if here.fingerprint != there.fingerprint {
        let title = "the baseline is of another kind of machine".to_string();
        let machine = |machine: &crate::result::Machine| {
            format!("{}, {}", machine.cpu, number_of(machine.cores as usize, "core"))
        };
        let word = if margins.strict_machine { Word::Invalid } else { Word::Pass };
        let found = Finding { word, ..notice("run", title) };
        return Some(
            found
                .saw("baseline", machine(here), machine(there))
                .because("Latencies of the two say nothing about each other.")
                .because("Accept a baseline on this kind of machine, or run where it was made."),
        );
    }
    let why = match (&baseline.run.ended_early, baseline.generator.health) {
        (Some(why), _) => format!("it did not end by itself ({why})"),
        (None, Health::Invalid) => "its generator was the limit".to_string(),
        _ => return None,
    };
    let title = format!("the baseline is not a valid run: {why}");
    let found = Finding { word: Word::Inconclusive, ..notice("run", title) };
    Some(found.because("Accept another one with `taster baseline accept`."))
}

fn compare(
    result: &RunResult,
    baseline: &RunResult,
    scenario: &ScenarioResult,
    margins: &Margins,
) -> Vec<Finding> {
    let name = scenario.name.as_str();
    let before = baseline.scenarios.iter().find(|other| other.name == name);
    let Some((before, old)) = before.and_then(|other| Some((other, other.load.as_ref()?))) else {
        return vec![notice(name, format!("the baseline has no load of `{name}`"))];
    };
    let Some(new) = &scenario.load else { return Vec::new() };
    if (&new.profile, &new.shape, &new.model) != (&old.profile, &old.shape, &old.model) {
        let title = "the baseline is of another load".to_string();
        let load = |load: &crate::result::LoadResult| format!("{}: {}", load.profile, load.shape);
        let found = Finding { word: Word::Inconclusive, ..notice(name, title) };
        return vec![
            found
                .saw("baseline", load(new), load(old))
                .because("Run the profile it was made with, or accept a new baseline."),
        ];
    }
    let mut findings = Vec::new();
    if before.digest != scenario.digest {
        let title = "the scenario has changed since the baseline".to_string();
        let advice = "Steps are compared by name; a step that does other work now is not the same.";
        findings.push(notice(name, title).because(advice));
    }
    let of = |run: &'_ RunResult, step: &str| -> Option<usize> {
        run.steps.iter().position(|other| other.scenario == name && other.step == step)
    };
    for step in result.steps.iter().filter(|step| step.scenario == name) {
        match of(baseline, &step.step) {
            Some(at) => findings.extend(steps(step, &baseline.steps[at], margins)),
            None => {
                let title = format!("the step `{}` is new since the baseline", step.step);
                findings.push(notice(&about(name, &step.step), title));
            }
        }
    }
    let gone = baseline.steps.iter().filter(|step| step.scenario == name);
    for step in gone.filter(|step| of(result, &step.step).is_none()) {
        let title = format!("the step `{}` of the baseline is gone", step.step);
        let found = notice(&about(name, &step.step), title);
        findings.push(found.because("It is no longer measured."));
    }
    findings
}

fn steps(new: &StepResult, old: &StepResult, margins: &Margins) -> Vec<Finding> {
    let subject = about(&new.scenario, &new.step);
    let latency = latency(new, old, margins).unwrap_or_else(|why| {
        let title = "the histograms cannot be compared".to_string();
        Some(Finding { word: Word::Invalid, ..notice(&subject, title) }.because(&format!("{why}.")))
    });
    latency.into_iter().chain(errors(new, old, margins)).collect()
}

fn latency(
    new: &StepResult,
    old: &StepResult,
    margins: &Margins,
) -> Result<Option<Finding>, HistogramError> {
    let subject = about(&new.scenario, &new.step);
    let after = histogram::decode(&new.histograms.response)?;
    let before = histogram::decode(&old.histograms.response)?;
    // A step without a success has failed already, and has no latency.
    if after.is_empty() {
        return Ok(None);
    }
    let needed = order::needed(QUANTILE);
    if before.len() < needed {
        let title = format!("too few samples to compare the p95 of `{}`", new.step);
        let reason = format!(
            "{} now and {} in the baseline; it takes {needed} in both.",
            number_of(after.len() as usize, "successful response"),
            show_count(before.len())
        );
        return Ok(Some(notice(&subject, title).because(&reason)));
    }
    let (now, then) = (after.value_at_quantile(QUANTILE), before.value_at_quantile(QUANTILE));
    let allowed = |from: u64| {
        let grown = (from as f64 * (1.0 + margins.latency)).ceil() as u64;
        grown.max(from.saturating_add(margins.latency_floor_us))
    };
    let surest = (order::interval(&after, QUANTILE).0, order::interval(&before, QUANTILE).1);
    let sure = matches!(surest, (Some(now), Some(then)) if now > allowed(then));
    // Under the same load a service that has become slow answers less often: fewer samples than
    // in the baseline may be all that is seen of it, so they are never a pass.
    let few = after.len() < needed;
    let word = match (now > allowed(then), sure) {
        (true, true) => Word::Fail,
        (false, _) if !few => Word::Pass,
        _ => Word::Inconclusive,
    };
    let reason = match (few, word) {
        (true, Word::Inconclusive) => format!(
            "That is of {} only, {} in the baseline; it takes {needed} to decide. A longer run \
             would.",
            number_of(after.len() as usize, "successful response"),
            show_count(before.len())
        ),
        _ => reason(word, margins),
    };
    let change = now as f64 / then.max(1) as f64 - 1.0;
    let title = format!(
        "p95 of `{}` is {}, the baseline's is {} ({})",
        new.step,
        show_duration_us(now),
        show_duration_us(then),
        signed(change)
    );
    let mut found = Finding::new(Stage::Baseline, word, &subject, title)
        .saw(METRIC, show_duration_us(now), format!("<= {}", show_duration_us(allowed(then))))
        .because(&reason)
        .at(&new.place);
    found.used = Some(now as f64 / allowed(then).max(1) as f64);
    Ok(Some(found))
}

fn reason(word: Word, margins: &Margins) -> String {
    let margin = format!(
        "{} and {}",
        show_percent(margins.latency),
        show_duration_us(margins.latency_floor_us)
    );
    match word {
        Word::Fail => format!("It grew by more than {margin}, and both runs are sure of it."),
        Word::Inconclusive => format!(
            "It seems to have grown by more than {margin}, but within the noise of the two runs. \
             A longer run would decide."
        ),
        _ => String::new(),
    }
}

fn errors(new: &StepResult, old: &StepResult, margins: &Margins) -> Option<Finding> {
    let ((failed, of), (failed_then, of_then)) = (failures(new), failures(old));
    let (now, then) = (share(failed, of), share(failed_then, of_then));
    let allowed = then + margins.errors;
    if of_then == 0 || now <= allowed {
        return None;
    }
    let sure = allowed >= 1.0 || order::refutes(of, failed, allowed);
    let word = if sure { Word::Fail } else { Word::Inconclusive };
    let title = format!(
        "{} of the requests of `{}` failed, {} in the baseline",
        show_percent(now),
        new.step,
        show_percent(then)
    );
    let subject = about(&new.scenario, &new.step);
    let bound = format!("<= {}", show_percent(allowed));
    let found = Finding::new(Stage::Baseline, word, &subject, title)
        .saw("http_req_failed against the baseline", show_percent(now), bound)
        .at(&new.place);
    Some(match word {
        Word::Fail => found,
        _ => found.because("With this few requests that may be chance. A longer run would decide."),
    })
}

/// A relative change with its sign.
fn signed(change: f64) -> String {
    let sign = if change < 0.0 { "-" } else { "+" };
    format!("{sign}{}", show_percent(change.abs()))
}
