//! Compares candidate runs with stored ones, from their result files.

use super::decide::{DROPPED, decide, word};
use super::long_run::median;
use super::measured::{Measured, read};
use super::rows::{self, Pair};
use super::{Compared, Comparison, Design, Gate, Undecided, drift, fitting, shape};
use crate::analysis::Word;
use crate::result::RunResult;
use crate::result::histogram::HistogramError;

/// A probe that spreads by more than this within a run, as a share, is of no steady machine.
const UNSTEADY: f64 = 0.10;

/// A probe that differs by more than this is of another machine.
const OTHER_SPEED: f64 = 0.25;

/// The candidates, runs of the same build, against the baselines (in any order) and the pinned
/// anchor. The error is of the first histogram that cannot be read.
///
/// Baselines of another machine or another load are left out with a note, and so are those before
/// the last step in their history. The word is INVALID where only the machine keeps all of them
/// out, and INCONCLUSIVE where there is nothing to compare.
pub fn against_stored(
    candidates: &[&RunResult],
    baselines: &[&RunResult],
    anchor: Option<&RunResult>,
    gate: &Gate,
) -> Result<Comparison, HistogramError> {
    let here = candidates.first().map(|run| run.machine.fingerprint.as_str());
    let same = |run: &&RunResult| Some(run.machine.fingerprint.as_str()) == here;
    let mut known: Vec<&RunResult> = baselines.iter().copied().filter(same).collect();
    known.sort_by(|a, b| (&a.run.started, &a.run.id).cmp(&(&b.run.started, &b.run.id)));
    let runs = candidates.len() as u32;
    let design = |baselines: usize| Design::Stored { baselines: baselines as u32, runs };
    if let Some((word, note)) = fitting::unusable(candidates, baselines.len(), known.len()) {
        let (changes, notes) = (Vec::new(), vec![note]);
        let (design, gate) = (design(0), gate.clone());
        return Ok(Comparison { word, changes, design, notes, gate, each_ms: 0 });
    }
    let mut notes = Vec::new();
    if known.len() < baselines.len() {
        let others = baselines.len() - known.len();
        notes.push(fitting::left_out(others, "of another kind of machine"));
    }
    let mut pairs = Vec::new();
    for scenario in fitting::scenarios(candidates.first().copied()) {
        if let Some(alike) = fitting::alike(scenario, candidates, &known, &mut notes) {
            let before = measure(&alike, scenario)?;
            let after = measure(candidates, scenario)?;
            let blocked = blocked(&before, &after);
            pairs.push(Pair { scenario: scenario.to_string(), before, after, blocked });
        }
    }
    for pair in &mut pairs {
        notes.extend(drift::shorten(pair, gate));
    }
    let mut all = rows::Rows::default();
    for pair in &pairs {
        all.add(pair, gate);
    }
    notes.append(&mut all.notes);
    let mut changes = decide(all.rows, &all.whole, gate);
    for change in &mut changes {
        let pair = pairs.iter().find(|pair| pair.scenario == change.scenario);
        change.shape = pair.and_then(|pair| shape::of_pair(change, pair, gate));
    }
    survivors(&changes, &mut notes);
    notes.extend(gate.told_left_out());
    if let Some(anchor) = anchor.filter(same) {
        for pair in &pairs {
            notes.extend(drift::since(pair, &measure(&[anchor], &pair.scenario)?, gate));
        }
    }
    let used = pairs.iter().map(|pair| pair.before.len()).max().unwrap_or(0);
    Ok(Comparison {
        word: word(&changes),
        changes,
        design: design(used),
        notes,
        gate: gate.clone(),
        each_ms: fitting::lasts(candidates.first().copied()),
    })
}

/// Each run without its warm-up.
pub(super) fn measure<'a>(
    runs: &[&'a RunResult],
    scenario: &str,
) -> Result<Vec<Measured<'a>>, HistogramError> {
    let mut measured = Vec::new();
    for run in runs {
        if let Some(seconds) = read(run, scenario)? {
            let cut = seconds.warm_up();
            measured.push(seconds.measure(cut, 1));
        }
    }
    Ok(measured)
}

/// Why nothing of a scenario's latencies can be decided.
fn blocked(before: &[Measured<'_>], after: &[Measured<'_>]) -> Option<Undecided> {
    if lost(before) > DROPPED && lost(after) > DROPPED {
        return Some(Undecided::NotDelivered);
    }
    let probes =
        |runs: &[Measured<'_>]| runs.iter().map(|run| run.probe).collect::<Option<Vec<_>>>();
    let (old, new) = (probes(before)?, probes(after)?);
    let middle = |probes: &[super::measured::Probe]| {
        median(&probes.iter().map(|probe| probe.middle).collect::<Vec<_>>())
    };
    let slower = middle(&new) / middle(&old) - 1.0;
    let unsteady = new.iter().map(|probe| probe.unsteady).fold(0.0, f64::max);
    let refused = unsteady > UNSTEADY || slower.abs() > OTHER_SPEED;
    refused.then_some(Undecided::Machine { slower, unsteady })
}

/// The share of iterations that were never begun, of the middle run.
pub(super) fn lost(runs: &[Measured<'_>]) -> f64 {
    let share = |(dropped, of): (u64, u64)| dropped as f64 / of.max(1) as f64;
    median(&runs.iter().map(|run| run.dropped.map_or(0.0, share)).collect::<Vec<_>>())
}

/// Where more requests fail, the latency is of those that did not.
pub(super) fn survivors(changes: &[super::Change], notes: &mut Vec<String>) {
    let failing = changes
        .iter()
        .filter(|change| change.metric == Compared::Errors && change.word == Word::Fail);
    for change in failing {
        notes.push(format!(
            "The latencies of `{}` are of survivors only: more of its requests fail, and what \
             fails fast makes the rest look better than it is.",
            change.step
        ));
    }
}
