//! Judges a run against accepted results: which of them may be compared with it at all, and what
//! the comparison (`gate`) comes to.
//!
//! What was measured on another kind of machine, or was cut off, or was changed by hand, or had a
//! generator that was the limit, is not compared. What nobody can decide is INCONCLUSIVE where
//! somebody will act on it.

use super::finding::{Finding, Stage, number_of};
use super::gate::{self, Comparison};
use super::{Margins, Stored, Word, rows};
use crate::result::{Health, LoadResult, Machine, RunResult, ScenarioResult};

/// Judges all steps under load, and gives the comparison to whoever draws it.
pub(super) fn judge(
    result: &RunResult,
    stored: &Stored<'_>,
    margins: &Margins,
) -> (Vec<Finding>, Option<Comparison>) {
    if result.steps.iter().all(|step| step.count == 0) {
        return (Vec::new(), None);
    }
    if stored.baselines.is_empty() && stored.elsewhere.is_empty() {
        let title = "there is no baseline to compare with".to_string();
        let advice = "Accept a good run with `taster baseline accept`.";
        let found = notice("run", title).coded("no-baseline").because(advice);
        return (vec![found], None);
    }
    if let Some(found) = altered(result, stored, margins) {
        return (vec![found], None);
    }
    let (usable, mut findings) = match usable(result, stored, margins) {
        Ok(usable) => usable,
        Err(none) => return (vec![*none], None),
    };
    findings.extend(versions(result, &usable));
    let open = other_loads(result, &usable, margins);
    let mut candidates = vec![result];
    candidates.extend(&stored.again);
    let anchor = stored.anchor.filter(|anchor| fits(result, anchor));
    let compared = gate::against_stored(&candidates, &usable, anchor, &margins.gate);
    let mut comparison = match compared {
        Ok(comparison) => comparison,
        Err(why) => {
            let title = "the histograms cannot be compared".to_string();
            let found = Finding { word: Word::Invalid, ..notice("run", title) };
            findings.push(found.because(&format!("{why}.")));
            return (findings, None);
        }
    };
    // A finding of its own tells why a scenario is not compared.
    let told_apart =
        |note: &String| open.iter().any(|found| note.starts_with(&apart(&found.subject)));
    comparison.notes.retain(|note| !told_apart(note));
    let told = rows::findings(&comparison, margins.strict);
    // That nothing was compared has a better reason where the load is another one.
    let better = open.iter().any(|found| !found.bound.is_empty());
    findings.extend(told.into_iter().filter(|found| !(better && rows::is_empty(found))));
    findings.extend(open);
    (findings, Some(comparison))
}

fn notice(subject: &str, title: String) -> Finding {
    Finding::new(Stage::Baseline, Word::Pass, subject, title).saw(
        "baseline",
        String::new(),
        String::new(),
    )
}

/// A load that somebody changed while it went on is not the one that the baselines had.
fn altered(result: &RunResult, stored: &Stored<'_>, margins: &Margins) -> Option<Finding> {
    let mut runs = std::iter::once(result).chain(stored.again.iter().copied());
    let changed = runs.find(|run| !run.run.altered.is_empty())?;
    let changes: Vec<String> = changed.run.altered.iter().map(ToString::to_string).collect();
    let id = &changed.run.id;
    let title = format!("the load of `{id}` was changed by hand, so it is not compared");
    let word = if margins.strict { Word::Inconclusive } else { Word::Pass };
    let mut found = Finding { word, ..notice("run", title) }
        .saw("baseline", number_of(changes.len(), "change"), "none".to_string())
        .because(&format!("{}. Run it again without touching it.", changes.join("; ")));
    if !margins.strict {
        found.demands = 0;
    }
    Some(found)
}

/// How the comparison's note on a scenario begins that is not compared.
fn apart(scenario: &str) -> String {
    format!("`{scenario}` is not compared")
}

/// Of the same kind of machine, whole, and from a generator that kept up.
fn fits(result: &RunResult, other: &RunResult) -> bool {
    other.machine.fingerprint == result.machine.fingerprint && spoilt(other).is_none()
}

fn spoilt(baseline: &RunResult) -> Option<String> {
    match (&baseline.run.ended_early, baseline.generator.health) {
        (Some(why), _) => Some(format!("it did not end by itself ({why})")),
        (None, _) if !baseline.run.altered.is_empty() => {
            Some("its load was changed by hand".to_string())
        }
        (None, Health::Invalid) => Some("its generator was the limit".to_string()),
        _ => None,
    }
}

/// The baselines that may be compared with, and what is told of the others; or why none may.
fn usable<'a>(
    result: &RunResult,
    stored: &Stored<'a>,
    margins: &Margins,
) -> Result<(Vec<&'a RunResult>, Vec<Finding>), Box<Finding>> {
    let (here, others): (Vec<&RunResult>, Vec<&RunResult>) = stored
        .baselines
        .iter()
        .partition(|one| one.machine.fingerprint == result.machine.fingerprint);
    let elsewhere: Vec<&Machine> =
        others.iter().map(|one| &one.machine).chain(stored.elsewhere.iter().copied()).collect();
    let first = match (here.first(), elsewhere.first()) {
        (Some(first), _) => first,
        (None, Some(machine)) => {
            return Err(Box::new(of_another_machine(result, machine, margins)));
        }
        (None, None) => return Ok((here, Vec::new())),
    };
    let usable: Vec<&RunResult> = here.iter().copied().filter(|one| fits(result, one)).collect();
    if usable.is_empty() {
        let why = spoilt(first).unwrap_or_default();
        let title = format!("the baseline is not a valid run: {why}");
        let found = Finding { word: Word::Inconclusive, ..notice("run", title) };
        let found = found.because("Accept another one with `taster baseline accept`.");
        return Err(Box::new(found));
    }
    let mut told = Vec::new();
    if !elsewhere.is_empty() {
        let count = number_of(elsewhere.len(), "baseline");
        let title = format!("{count} of another kind of machine left out");
        told.push(notice("run", title).because("Their latencies say nothing about these."));
    }
    for one in here.iter().filter(|one| !fits(result, one)) {
        let why = spoilt(one).unwrap_or_default();
        let title = format!("the baseline `{}` is left out: {why}", one.run.id);
        told.push(notice("run", title));
    }
    Ok((usable, told))
}

fn of_another_machine(result: &RunResult, baseline: &Machine, margins: &Margins) -> Finding {
    let title = "the baseline is of another kind of machine".to_string();
    let machine = |machine: &Machine| {
        format!("{}, {}", machine.cpu, number_of(machine.cores as usize, "core"))
    };
    let word = if margins.strict { Word::Invalid } else { Word::Pass };
    let mut found = Finding { word, ..notice("run", title) }
        .saw("baseline", machine(&result.machine), machine(baseline))
        .because("Latencies of the two say nothing about each other.")
        .because("Accept a baseline on this kind of machine, or run where it was made.");
    if !margins.strict {
        found.demands = 0;
    }
    found
}

fn versions(result: &RunResult, baselines: &[&RunResult]) -> Option<Finding> {
    let now = &result.run.tool_version;
    let other = baselines.iter().map(|one| &one.run.tool_version).find(|other| *other != now)?;
    let count = baselines.iter().filter(|one| one.run.tool_version != *now).count();
    let whose = match (count, baselines.len()) {
        (1, 1) => "the baseline was".to_string(),
        (some, all) => format!("{some} of {all} baselines were"),
    };
    Some(notice("run", format!("{whose} recorded by Taster {other}, this run by {now}")))
}

/// Scenarios whose load no baseline had: their steps are not compared.
fn other_loads(result: &RunResult, baselines: &[&RunResult], margins: &Margins) -> Vec<Finding> {
    let loads = result.scenarios.iter().filter(|scenario| scenario.load.is_some());
    loads.filter_map(|scenario| other_load(scenario, baselines, margins)).collect()
}

fn other_load(
    scenario: &ScenarioResult,
    baselines: &[&RunResult],
    margins: &Margins,
) -> Option<Finding> {
    let name = scenario.name.as_str();
    let new = scenario.load.as_ref()?;
    let before = baselines.iter().flat_map(|one| &one.scenarios);
    let loads: Vec<&LoadResult> =
        before.filter(|other| other.name == name).filter_map(|one| one.load.as_ref()).collect();
    let Some(old) = loads.last() else {
        return Some(notice(name, format!("the baseline has no load of `{name}`")));
    };
    let kind = |load: &LoadResult| (load.profile.clone(), load.shape.clone(), load.model.clone());
    if loads.iter().any(|load| kind(load) == kind(new)) {
        return None;
    }
    let shown = |load: &LoadResult| format!("{}: {}", load.profile, load.shape);
    let title = "the baseline is of another load".to_string();
    let word = if margins.strict { Word::Inconclusive } else { Word::Pass };
    let mut found = Finding { word, ..notice(name, title) }
        .saw("baseline", shown(new), shown(old))
        .because("Run the profile it was made with, or accept a new baseline.");
    if !margins.strict {
        found.demands = 0;
    }
    Some(found)
}
