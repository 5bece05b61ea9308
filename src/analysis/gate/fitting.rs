//! Says which runs may be compared at all, and tells what is left out and why.

use crate::analysis::Word;
use crate::result::{LoadResult, RunResult, ScenarioResult};

/// Why nothing can be compared, where that is so before anything is read; `same` is the number of
/// baselines of this kind of machine.
pub(super) fn unusable(
    candidates: &[&RunResult],
    baselines: usize,
    same: usize,
) -> Option<(Word, String)> {
    let Some(first) = candidates.first() else {
        let none = "There is no run to compare: give at least one result.";
        return Some((Word::Inconclusive, none.to_string()));
    };
    let kind = first.machine.fingerprint.as_str();
    if candidates.iter().any(|run| run.machine.fingerprint != kind) {
        let mixed = "The runs to compare are of different kinds of machines, and say nothing \
                     together: make them on one.";
        return Some((Word::Invalid, mixed.to_string()));
    }
    if baselines == 0 {
        let none = "There is no baseline to compare with: accept a good run with `taster baseline \
                    accept`.";
        return Some((Word::Inconclusive, none.to_string()));
    }
    (same == 0).then(|| {
        let other = format!(
            "{} of another kind of machine: accept one on this kind, or run where they were made.",
            match baselines {
                1 => "The baseline is".to_string(),
                _ => format!("All {baselines} baselines are"),
            }
        );
        (Word::Invalid, other)
    })
}

/// A note on baselines that are not used.
pub(super) fn left_out(count: usize, why: &str) -> String {
    match count {
        1 => format!("1 baseline is left out: it is {why}."),
        _ => format!("{count} baselines are left out: they are {why}."),
    }
}

/// The scenarios that have a load in the first run, each once.
pub(super) fn scenarios<'a>(run: Option<&'a RunResult>) -> Vec<&'a str> {
    let mut names: Vec<&'a str> = Vec::new();
    for scenario in run.into_iter().flat_map(|run| &run.scenarios) {
        if scenario.load.is_some() && !names.contains(&scenario.name.as_str()) {
            names.push(&scenario.name);
        }
    }
    names
}

/// How long the load of a run is meant to take, in milliseconds: its scenarios run at once.
pub(super) fn lasts(run: Option<&RunResult>) -> u64 {
    let loads = run.into_iter().flat_map(|run| &run.scenarios).filter_map(|one| one.load.as_ref());
    loads.map(|load| load.planned_ms).max().unwrap_or(0)
}

/// The scenario in a run, and its load.
pub(super) fn load<'a>(
    run: &'a RunResult,
    scenario: &str,
) -> Option<(&'a ScenarioResult, &'a LoadResult)> {
    let found = run.scenarios.iter().find(|other| other.name == scenario)?;
    Some((found, found.load.as_ref()?))
}

/// What two loads must have in common.
fn kind(load: &LoadResult) -> (&str, &str, &str) {
    (&load.profile, &load.shape, &load.model)
}

/// Whether all runs had the same load of a scenario.
pub(super) fn same_load(scenario: &str, runs: &[&RunResult]) -> bool {
    let mut kinds = runs.iter().map(|run| load(run, scenario).map(|(_, load)| kind(load)));
    let first = kinds.next().flatten();
    first.is_some() && kinds.all(|other| other == first)
}

/// The baselines that had the same load of a scenario as the candidates; none, with a note, where
/// there are none.
pub(super) fn alike<'a>(
    scenario: &str,
    candidates: &[&RunResult],
    known: &[&'a RunResult],
    notes: &mut Vec<String>,
) -> Option<Vec<&'a RunResult>> {
    if !same_load(scenario, candidates) {
        notes.push(format!(
            "`{scenario}` is not compared: the runs had different loads of it. Run one profile."
        ));
        return None;
    }
    let (now, wanted) = load(candidates.first()?, scenario)?;
    let with: Vec<_> =
        known.iter().filter_map(|run| load(run, scenario).map(|found| (*run, found))).collect();
    if with.is_empty() {
        notes.push(format!("`{scenario}` is not compared: no baseline has a load of it."));
        return None;
    }
    let same =
        |(_, (_, load)): &&(&RunResult, (&ScenarioResult, &LoadResult))| kind(load) == kind(wanted);
    let fits: Vec<_> = with.iter().filter(same).copied().collect();
    if fits.is_empty() {
        let (_, (_, other)) = with[with.len() - 1];
        notes.push(format!(
            "`{scenario}` is not compared: the baselines are of another load (`{}`: {}; now `{}`: \
             {}). Run the profile they were made with, or accept new ones.",
            other.profile, other.shape, wanted.profile, wanted.shape
        ));
        return None;
    }
    if fits.len() < with.len() {
        let others = left_out(with.len() - fits.len(), "of another load");
        notes.push(format!("`{scenario}`: {others}"));
    }
    if fits.iter().any(|(_, (before, _))| before.digest != now.digest) {
        notes.push(format!(
            "`{scenario}` has changed since a baseline was made: steps are compared by name, and \
             one that does other work now is not the same."
        ));
    }
    Some(fits.into_iter().map(|(run, _)| run).collect())
}
