//! Judges recorded duets again, from their files alone: by the gate, and by the rules of others.
//!
//! A recording is a folder of result files (`1-a.json`, `1-b.json`, ...), as `taster duet` leaves
//! it, or one `.jsonl.gz` that has them line by line. Its name says what is true: `aa-001`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use taster::analysis::Word;
use taster::analysis::gate::{self, Compared, Gate, Noise};
use taster::result::{RunResult, from_json, histogram};

use super::synthetic::{Count, Spectrum, mann_whitney, quantile};

/// One recorded duet.
struct Recording {
    /// What is true: `aa`, `slow-20`.
    kind: String,
    /// Each restart: what is compared with, and the candidate.
    restarts: Vec<(RunResult, RunResult)>,
}

/// The gate, as it is, without the metric that takes most samples, and both again with the noise
/// that every second duet of equal sides has taught (these are not judged by it); and the rules of
/// others: what they are called.
const RULES: [&str; 7] = [
    "gate",
    "gate, --margin p99=off",
    "gate, calibrated",
    "gate, calibrated, --margin p99=off",
    "static limit at 1.2 x the usual p95",
    "p95 > +10 % of one run",
    "Mann-Whitney on samples, p < 0.05",
];

/// The quantiles of which is said how far equal sides differ.
const QUANTILES: [f64; 3] = [0.50, 0.95, 0.99];

/// What is demanded of recordings: the kind, of the gate, as a share of all.
const MUSTS: [(&str, Word, f64); 2] =
    [("aa", Word::Fail, 0.0), ("slow-20", Word::Fail, 28.0 / 30.0)];

/// How often each rule said what, by kind.
pub struct Outcome {
    counts: BTreeMap<String, [Count; RULES.len()]>,
    /// What every second duet of equal sides teaches, as `taster baseline calibrate` would learn
    /// it, and of how many restarts.
    taught: Option<(usize, gate::Learnt)>,
    /// By how much the sides of these differ from restart to restart, with all that chance does:
    /// root mean square of ln of the sides' quantiles, of each of `QUANTILES`.
    differ: [f64; QUANTILES.len()],
}

/// Judges everything in a folder.
///
/// # Errors
/// A file that is no recording, and a folder without any.
pub fn run(folder: &Path) -> Result<Outcome, String> {
    let recordings = read(folder)?;
    let usual = usual_p95(&recordings)?;
    let equal = |one: &&Recording| one.kind == "aa";
    let teachers: Vec<&Recording> = recordings.iter().filter(equal).step_by(2).collect();
    let restarts: Vec<_> = teachers.iter().flat_map(|one| one.restarts.clone()).collect();
    let taught = gate::between_sides(&restarts).map_err(|why| why.to_string())?;
    let mut counts: BTreeMap<String, [Count; RULES.len()]> = BTreeMap::new();
    for recording in &recordings {
        let teaches = teachers.iter().any(|teacher| std::ptr::eq(*teacher, recording));
        let words = words(recording, &usual, taught.filter(|_| !teaches))?;
        let counts = counts.entry(recording.kind.clone()).or_default();
        let said = counts.iter_mut().zip(words);
        said.for_each(|(count, word)| word.into_iter().for_each(|word| count.add(word)));
    }
    let taught = taught.map(|learnt| (restarts.len(), learnt));
    Ok(Outcome { counts, taught, differ: differ(&restarts)? })
}

/// By how much the sides of restarts differ.
fn differ(restarts: &[(RunResult, RunResult)]) -> Result<[f64; QUANTILES.len()], String> {
    let mut squares = [0.0; QUANTILES.len()];
    let mut count = 0.0;
    for (a, b) in restarts {
        let before = spectra(a)?;
        for (step, after) in spectra(b)? {
            let Some(before) = before.get(&step) else { continue };
            count += 1.0;
            for (square, q) in squares.iter_mut().zip(QUANTILES) {
                *square += (quantile(&after, q) / quantile(before, q)).ln().powi(2);
            }
        }
    }
    Ok(squares.map(|square: f64| (square / f64::max(count, 1.0)).sqrt()))
}

fn read(folder: &Path) -> Result<Vec<Recording>, String> {
    let problem = |why: std::io::Error| format!("{}: {why}", folder.display());
    let entries = fs::read_dir(folder).map_err(problem)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| Ok(entry.map_err(problem)?.path())).collect::<Result<_, String>>()?;
    paths.sort();
    let mut recordings = Vec::new();
    for path in paths {
        let results = match path.is_dir() {
            true => of_folder(&path)?,
            false => of_lines(&path)?,
        };
        if !results.is_empty() {
            recordings.push(Recording { kind: kind(&path), restarts: pairs(&path, results)? });
        }
    }
    match recordings.is_empty() {
        true => {
            Err(format!("{} has no recordings; make some with --real record", folder.display()))
        }
        false => Ok(recordings),
    }
}

/// The name without its number.
fn kind(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem.rsplit_once('-').map_or(stem, |(kind, _)| kind).to_string()
}

fn of_folder(folder: &Path) -> Result<Vec<RunResult>, String> {
    let parts = folder.join("duet");
    let entries = fs::read_dir(&parts).map_err(|why| format!("{}: {why}", parts.display()))?;
    let json = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
    let mut paths: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(json).collect();
    paths.sort();
    let text = |path: &PathBuf| {
        let text = fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
        from_json(text.as_bytes()).map_err(|why| format!("{} {why}", path.display()))
    };
    paths.iter().map(text).collect()
}

fn of_lines(path: &Path) -> Result<Vec<RunResult>, String> {
    if !path.to_string_lossy().ends_with(".jsonl.gz") {
        return Ok(Vec::new());
    }
    let problem = |why: std::io::Error| format!("{}: {why}", path.display());
    let mut text = String::new();
    let file = fs::File::open(path).map_err(problem)?;
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).map_err(problem)?;
    let line =
        |line: &str| from_json(line.as_bytes()).map_err(|why| format!("{} {why}", path.display()));
    text.lines().map(line).collect()
}

fn pairs(path: &Path, results: Vec<RunResult>) -> Result<Vec<(RunResult, RunResult)>, String> {
    let mut sides: BTreeMap<u32, [Option<RunResult>; 2]> = BTreeMap::new();
    for result in results {
        let part = result.run.duet.clone();
        let part = part.ok_or_else(|| format!("{}: not a part of a duet", path.display()))?;
        sides.entry(part.restart).or_default()[usize::from(part.side == "b")] = Some(result);
    }
    let whole = |(restart, sides): (u32, [Option<RunResult>; 2])| match sides {
        [Some(a), Some(b)] => Ok((a, b)),
        _ => Err(format!("{}: restart {restart} has one side only", path.display())),
    };
    sides.into_iter().map(whole).collect()
}

/// The p95 that each step usually has: the middle over all that was compared with.
fn usual_p95(recordings: &[Recording]) -> Result<BTreeMap<String, f64>, String> {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (before, _) in recordings.iter().flat_map(|recording| &recording.restarts) {
        for (step, spectrum) in spectra(before)? {
            all.entry(step).or_default().push(quantile(&spectrum, 0.95));
        }
    }
    let middle = |(step, mut values): (String, Vec<f64>)| {
        values.sort_by(f64::total_cmp);
        let middle = values[values.len() / 2];
        (step, middle)
    };
    Ok(all.into_iter().map(middle).collect())
}

/// The latencies of each step.
fn spectra(result: &RunResult) -> Result<BTreeMap<String, Spectrum>, String> {
    let of = |step: &taster::result::StepResult| {
        let histogram = histogram::decode(&step.histograms.response)
            .map_err(|why| format!("{}: {why}", step.step))?;
        let spectrum = histogram
            .iter_recorded()
            .map(|bin| (bin.value_iterated_to(), bin.count_at_value()))
            .collect();
        Ok((format!("{}: {}", step.scenario, step.step), spectrum))
    };
    result.steps.iter().map(of).collect()
}

/// What each rule says of a recording, if it may. Others look at one run of each side, and at each
/// step without any correction, as they do.
fn words(
    recording: &Recording,
    usual: &BTreeMap<String, f64>,
    taught: Option<gate::Learnt>,
) -> Result<[Option<Word>; RULES.len()], String> {
    let look = gate::Look::only(recording.restarts.len() as u32);
    let part = recording.restarts.first().and_then(|(_, b)| b.run.duet.as_ref());
    let assumed = Noise::assumed(part);
    let says = |noise: Noise, left_out: &[Compared]| {
        let gate = Gate { noise, left_out: left_out.to_vec(), ..Gate::default() };
        let compared = gate::duet(&recording.restarts, &gate, look);
        compared.map(|compared| Some(compared.word)).map_err(|why| why.to_string())
    };
    let mut failed = [false; RULES.len()];
    let (before, after) = &recording.restarts[0];
    let stored = spectra(before)?;
    for (step, candidate) in spectra(after)? {
        let p95 = quantile(&candidate, 0.95);
        failed[4] |= usual.get(&step).is_some_and(|usual| p95 > 1.2 * usual);
        if let Some(stored) = stored.get(&step) {
            failed[5] |= p95 > 1.1 * quantile(stored, 0.95);
            failed[6] |= mann_whitney(stored, &candidate) > 1.645;
        }
    }
    let mut words = failed.map(|failed| Some(if failed { Word::Fail } else { Word::Pass }));
    (words[0], words[1]) = (says(assumed, &[])?, says(assumed, &[Compared::P99])?);
    (words[2], words[3]) = (None, None);
    if let Some(gate::Learnt { sd, .. }) = taught {
        let noise = Noise { between_sides: sd, learnt: true, ..assumed };
        (words[2], words[3]) = (says(noise, &[])?, says(noise, &[Compared::P99])?);
    }
    Ok(words)
}

impl Outcome {
    /// Every demand on the kinds that there are holds.
    pub fn is_met(&self) -> bool {
        MUSTS.iter().all(|must| self.reached(must).is_none_or(|(_, is_met)| is_met))
    }

    /// What was reached, and whether it is enough; none where nothing of that kind was recorded.
    fn reached(&self, (kind, word, share): &(&str, Word, f64)) -> Option<(String, bool)> {
        let [gate, ..] = self.counts.get(*kind)?;
        let hits = match word {
            Word::Fail => gate.fail,
            _ => gate.pass,
        };
        let seen = hits as f64 / gate.trials().max(1) as f64;
        let is_met = if *share == 0.0 { hits == 0 } else { seen >= *share };
        Some((format!("{hits} of {}", gate.trials()), is_met))
    }

    /// For a person.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (kind, counts) in &self.counts {
            let _ = writeln!(text, "{kind} ({} duets)", counts[0].trials());
            let _ = writeln!(text, "  {:38}{:>6}{:>6}{:>14}", "", "FAIL", "PASS", "INCONCLUSIVE");
            for (rule, count) in RULES.iter().zip(counts) {
                let Count { fail, pass, inconclusive } = count;
                let _ = writeln!(text, "  {rule:38}{fail:>6}{pass:>6}{inconclusive:>14}");
            }
        }
        if let Some((count, gate::Learnt { sd, steps, told })) = self.taught {
            let _ = writeln!(
                text,
                "\nEqual sides: {told} of {count} restarts teach that p95 differs by {:.1} % \
                 between them ({steps} steps)",
                100.0 * sd
            );
        }
        let [p50, p95, p99] = self.differ.map(|one| 100.0 * one);
        let _ = writeln!(
            text,
            "With all that chance does they differ by {p50:.1} % in p50, {p95:.1} % in p95 and \
             {p99:.0} % in p99 from restart to restart"
        );
        let _ = writeln!(text, "\nTo reach");
        for must in &MUSTS {
            let (kind, word, share) = must;
            let (reached, met) = match self.reached(must) {
                Some((reached, true)) => (reached, "met"),
                Some((reached, false)) => (reached, "MISSED"),
                None => (String::new(), "not recorded"),
            };
            let bound = if *share == 0.0 { "none" } else { "at least 28 of 30" };
            let _ = writeln!(text, "  {:30}{bound:20}{reached:14}{met}", format!("{kind} {word}"));
        }
        text
    }

    /// For a program.
    pub fn json(&self) -> Value {
        let kind = |(kind, counts): (&String, &[Count; RULES.len()])| {
            let rules: Vec<Value> = RULES
                .iter()
                .zip(counts)
                .map(|(rule, count)| json!({ "rule": rule, "said": count.json() }))
                .collect();
            json!({ "kind": kind, "rules": rules })
        };
        let taught = self.taught.map(|(count, learnt)| {
            let gate::Learnt { sd, steps, told } = learnt;
            json!({ "restarts": count, "told": told, "steps": steps, "sd": sd })
        });
        let kinds: Vec<Value> = self.counts.iter().map(kind).collect();
        json!({ "recordings": kinds, "equal_sides": taught, "equal_sides_differ": self.differ })
    }
}
