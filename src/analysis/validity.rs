//! Judges whether a run says anything at all: whether something ran, to the end, from a machine
//! that could keep up.

use super::Word;
use super::finding::{Finding, Stage, number_of};
use super::measure::total;
use crate::result::{Health, RunResult};
use crate::units::show_percent;

/// A thread that works this share of the time has a queue before it.
const FULL: f64 = 0.9;

/// Judges the run as a whole, after everything else: whether a doubtful generator matters
/// depends on whether any latency was judged.
pub(super) fn judge(result: &RunResult, others: &[Finding]) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        [ended(result), shards(result), ran(result), tests_ran(result), load_ran(result)]
            .into_iter()
            .flatten()
            .collect();
    findings.extend(altered(result));
    findings.extend(generator(result, others));
    findings.extend(full(result));
    findings
}

/// A thread without time left is no fault where users never pause; but what they had to wait for
/// it is in their latencies.
fn full(result: &RunResult) -> Option<Finding> {
    let seconds = &result.generator.thread_cpu;
    let sum: f64 = seconds.iter().map(|share| f64::from(*share)).sum();
    let busy = sum / seconds.len().max(1) as f64;
    if busy < FULL || result.generator.health == Health::Invalid {
        return None;
    }
    let title = format!(
        "the generator worked {} of the time, so latencies include the wait for it",
        show_percent(busy)
    );
    let reason = "Users who never pause ask for all there is: this is a measure of throughput. \
        For latencies use fewer users, pauses or arrivals.";
    Some(Finding::new(Stage::Validity, Word::Pass, "run", title).because(reason))
}

fn finding(word: Word, metric: &str, title: String) -> Finding {
    let code = match metric {
        "end" => "run-cut-off",
        "shards" => "missing-shards",
        "generator" => "generator",
        _ => "nothing-ran",
    };
    let found = Finding::new(Stage::Validity, word, "run", title).coded(code);
    found.saw(metric, String::new(), String::new())
}

fn ended(result: &RunResult) -> Option<Finding> {
    let why = result.run.ended_early.as_deref()?;
    if why.starts_with("aborted") {
        let title = format!("the run was {why}");
        let found = finding(Word::Fail, "end", title);
        return Some(found.because("What is shown is the part before that."));
    }
    let found = finding(Word::Invalid, "end", format!("the run did not end by itself: {why}"));
    Some(found.because("What is shown is the part before that. Run it again, to the end."))
}

/// A load that somebody changed is another one than that of its profile.
fn altered(result: &RunResult) -> Option<Finding> {
    let changes: Vec<String> = result.run.altered.iter().map(ToString::to_string).collect();
    if changes.is_empty() {
        return None;
    }
    let title = format!("the load was changed by hand: {}", changes.join("; "));
    let reason = "It is not the load of its profile: it is compared with no baseline, and can be \
        none. Pauses are in no second and in no rate.";
    Some(finding(Word::Pass, "by hand", title).because(reason))
}

/// Whether all parts of a divided run are there.
fn shards(result: &RunResult) -> Option<Finding> {
    let merged = result.run.merged.as_ref().filter(|merged| !merged.missing.is_empty())?;
    let missing: Vec<String> = merged.missing.iter().map(u32::to_string).collect();
    let title = match missing.as_slice() {
        [one] => format!("shard {one} of {} is missing", merged.of),
        all => format!("the shards {} of {} are missing", all.join(", "), merged.of),
    };
    let found = finding(Word::Invalid, "shards", title);
    Some(found.because("Of its tests nothing is known. Merge the results of all shards."))
}

/// A shard that the division left without tests: there are more shards than tests.
fn empty_shard(result: &RunResult) -> Option<String> {
    let shard = result.run.shard.as_ref().filter(|shard| shard.own.is_empty())?;
    let tests = number_of(shard.total as usize, "test");
    Some(format!("of {tests} none is left for shard {} of {}", shard.index, shard.of))
}

/// Whether one test was run or one request sent, in setup at least.
fn ran(result: &RunResult) -> Option<Finding> {
    if tests_run(result) > 0 || requests(result) > 0 || setup_failed(result) {
        return None;
    }
    let run = &result.run;
    let why = match (run.tests_wanted, run.load_wanted, result.tests.len()) {
        (false, false, _) => "neither tests nor load were asked for".to_string(),
        (true, _, count) if count > 0 => {
            format!(
                "{}, and each is skipped, not run, or cannot run here",
                number_of(count, "test")
            )
        }
        _ if empty_shard(result).is_some() => empty_shard(result).unwrap_or_default(),
        _ if result.scenarios.is_empty() => "there is no scenario".to_string(),
        (true, false, _) => "the scenarios have no tests that were chosen".to_string(),
        (false, true, _) => "not one request was sent under load".to_string(),
        _ => "no test was run and not one request was sent under load".to_string(),
    };
    let found = finding(Word::Invalid, "nothing ran", format!("nothing ran: {why}"));
    Some(found.because("No data is never a pass. `taster plan` shows what a run would do."))
}

fn tests_ran(result: &RunResult) -> Option<Finding> {
    let written: usize = result.scenarios.iter().map(|file| file.tests_written as usize).sum();
    if !result.run.tests_wanted || written == 0 || !result.tests.is_empty() {
        return None;
    }
    if empty_shard(result).is_some() {
        return None;
    }
    let title = match result.run.tags.as_slice() {
        [] => format!("nothing ran: not one of {} was run", number_of(written, "test")),
        tags => format!(
            "nothing ran: no test of {written} has the tag {}",
            super::finding::names(tags.iter().map(String::as_str))
        ),
    };
    let found = finding(Word::Invalid, "tests", title);
    Some(found.because("Look at `--tag` and at the `tags` in the scenario files."))
}

fn load_ran(result: &RunResult) -> Option<Finding> {
    let has_load = result.scenarios.iter().any(|scenario| scenario.load.is_some());
    if !result.run.load_wanted || !has_load || requests(result) > 0 || setup_failed(result) {
        return None;
    }
    let title = "nothing ran: not one request was sent under load".to_string();
    let found = finding(Word::Invalid, "load", title);
    Some(found.because("Look at the journey and at the duration of the profile."))
}

/// Health comes before latency. Whoever is Suspect was late, and lateness is in what it measured:
/// neither a FAIL on latency nor a PASS near a bound is then more than a hint, but errors and
/// tests stand.
fn generator(result: &RunResult, others: &[Finding]) -> Vec<Finding> {
    if requests(result) == 0 {
        return Vec::new();
    }
    let reasons = sentences(&result.generator.reasons);
    let doubtful = others.iter().any(needs_a_sound_generator);
    let found = match result.generator.health {
        Health::Valid => {
            let title = "the machine that generated the load kept up".to_string();
            finding(Word::Pass, "generator", title)
        }
        Health::Suspect => {
            let title = "the machine that generated the load may have been too slow".to_string();
            let (word, advice) = match doubtful {
                true => (
                    Word::Inconclusive,
                    "Latencies may be its own. Run it again with less beside it.",
                ),
                false => (
                    Word::Pass,
                    "That only makes latencies longer, and no bound on them comes near.",
                ),
            };
            finding(word, "generator", title).because(&reasons).because(advice)
        }
        Health::Invalid => {
            let title = "the machine that generated the load was the limit".to_string();
            finding(Word::Invalid, "generator", title)
                .because(&reasons)
                .because("Latencies are its own, not the target's: more cores, or less load.")
        }
    };
    vec![Finding { observed: health_name(result.generator.health).to_string(), ..found }]
}

/// A slow generator makes latencies longer, never shorter: a bound that is kept with half of it to
/// spare is kept all the same, and so is a comparison that saw no growth.
fn needs_a_sound_generator(found: &Finding) -> bool {
    let about_latency = matches!(found.stage, Stage::Latency | Stage::Baseline);
    let kept = match found.stage {
        Stage::Latency => found.used.is_some_and(|used| used <= 0.5),
        _ => true,
    };
    found.demands > 0 && about_latency && !(found.word == Word::Pass && kept)
}

/// Reasons are kept as parts of a sentence, and told as sentences of their own.
fn sentences(reasons: &[String]) -> String {
    let told = reasons.iter().filter(|text| !text.is_empty());
    told.map(|text| sentence(text)).collect::<Vec<_>>().join(" ")
}

/// A part of a sentence as one of its own: `it was late` becomes `It was late.`
pub fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn health_name(health: Health) -> &'static str {
    match health {
        Health::Valid => "VALID",
        Health::Suspect => "SUSPECT",
        Health::Invalid => "INVALID",
    }
}

fn tests_run(result: &RunResult) -> usize {
    result.tests.iter().filter(|test| test.status.ran()).count()
}

fn requests(result: &RunResult) -> u64 {
    total(result.steps.iter().map(|step| step.count))
}

fn setup_failed(result: &RunResult) -> bool {
    result.scenarios.iter().any(|scenario| !scenario.setup_failures.is_empty())
}
