//! The result file as it is recorded and kept: exact, small, and never lost.

use std::fs;
use std::path::Path;
use std::time::Duration;

use hdrhistogram::Histogram;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use taster::plan::{SeriesId, Site};
use taster::recorder::Recorder;
use taster::result::journal::{
    EndEntry, Entry, Ledger, LoadSecond, SecondEntry, blank, step_second,
};
use taster::result::{
    FORMAT, Health, LoadResult, RunResult, ScenarioResult, StepResult, histogram,
};
use taster::sample::{Exemplar, Failure, Phases, Sample};
use taster::store::{Baselines, RunFolder, StoreError, read_result};

use crate::runs::{self, Did};

/// What was recorded, kept beside it sample by sample.
struct Recorded {
    entries: Vec<Entry>,
    /// Response times of successes, by step.
    exact: Vec<Vec<u64>>,
    failed: Vec<Vec<u64>>,
    lags: Vec<Vec<u64>>,
}

const STEPS: usize = 10;

/// A journey of ten steps as one worker of an open load sees it: `rate` iterations a second with
/// latencies of a long tail, timers that are up to a millisecond late, and few failures.
fn record(seconds: u64, rate: u64) -> Recorded {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
    let nothing: Vec<Vec<u64>> = vec![Vec::new(); STEPS];
    let (mut exact, mut failed, mut lags) = (nothing.clone(), nothing.clone(), nothing);
    let mut samples = Vec::new();
    for k in 0..seconds * rate {
        let due = Duration::from_nanos(k * 1_000_000_000 / rate);
        let mut now = due + Duration::from_micros(random.random_range(0..1_150));
        for step in 0..STEPS {
            let took = latency(&mut random, 4_000 * (step as u64 + 1));
            let bad = random.random_range(0..500) == 0;
            let due = if step == 0 { due } else { now };
            let sample = sample((step, bad), (due, now, now + took));
            let micros = |from: Duration| ((sample.ended - from).as_nanos() as u64 + 500) / 1_000;
            let kept = if bad { &mut failed[step] } else { &mut exact[step] };
            kept.push(micros(due));
            lags[step].push(((now - due).as_nanos() as u64 + 500) / 1_000);
            now = sample.ended;
            samples.push(sample);
        }
    }
    samples.sort_by_key(|sample| sample.ended);
    let mut recorder = Recorder::new(STEPS);
    let mut entries = vec![Entry::Begin(Box::new(begin()))];
    for sample in samples {
        let (ended, first) = (sample.ended, sample.series.0 == 0);
        recorder.record(sample);
        if first {
            recorder.iterations(ended).started += 1;
            recorder.complete(ended, Some(Duration::from_millis(220)));
        }
    }
    for seen in recorder.take_all() {
        let series = seen.series.iter().enumerate();
        let steps = series.filter_map(|(step, one)| Some((step, one.as_ref()?)));
        let iterations = &seen.iterations;
        let durations = iterations.duration.as_ref().map(histogram::encode).unwrap_or_default();
        entries.push(Entry::Second(Box::new(SecondEntry {
            second: seen.second,
            cpu: Some(0.25),
            loop_gap_us: 1_100,
            vital: None,
            probe_ns: 500_000 + u64::from(seen.second),
            steps: steps.map(|(step, one)| step_second(step, seen.second, one)).collect(),
            loads: vec![LoadSecond {
                scenario: 0,
                started: iterations.started,
                completed: iterations.completed,
                users: 40,
                durations,
                ..LoadSecond::default()
            }],
        })));
    }
    entries.push(Entry::LoadEnded(0, seconds * 1_000, None));
    entries.push(Entry::End(Box::new(EndEntry {
        duration_ms: seconds * 1_000,
        ended_early: None,
        health: Health::Valid,
        reasons: Vec::new(),
        browsers: Vec::new(),
    })));
    Recorded { entries, exact, failed, lags }
}

/// Around a typical value, with a tail: the sum of twelve even numbers is near a normal one, and
/// its power of e has the shape of service times.
fn latency(random: &mut Xoshiro256PlusPlus, typical: u64) -> Duration {
    let normal: f64 = (0..12).map(|_| random.random_range(0.0..1.0)).sum::<f64>() - 6.0;
    Duration::from_nanos((typical as f64 * 1_000.0 * (normal * 0.35).exp()) as u64)
}

fn sample(
    (step, bad): (usize, bool),
    (due, started, ended): (Duration, Duration, Duration),
) -> Sample {
    let exemplar = || Exemplar {
        failure: Failure::Status(503),
        message: "expected 200, found 503 Service Unavailable".into(),
        site: Site { file: "shop.yaml".into(), line: 12, column: 7, text: "status: 200".into() },
        request: "GET /api/v1/meals HTTP/1.1\naccept: application/json".into(),
        response: Some("HTTP/1.1 503 Service Unavailable\n\n{\"error\":\"busy\"}".into()),
    };
    Sample {
        series: SeriesId(step as u16),
        number: 0,
        due,
        blocked: Duration::ZERO,
        started,
        ended,
        outcome: if bad { Err(Failure::Status(503)) } else { Ok(()) },
        checks: 2,
        failed_checks: u64::from(bad),
        bytes_sent: 310,
        bytes_received: 1_240,
        phases: Phases::default(),
        resent: 0,
        exemplar: bad.then(|| Box::new(exemplar())),
    }
}

fn begin() -> RunResult {
    let mut begin = runs::nothing();
    begin.generator = blank().generator;
    let load = LoadResult { model: "open".into(), offered: Some(0), ..LoadResult::default() };
    let scenario = ScenarioResult { name: runs::SHOP.into(), ..ScenarioResult::default() };
    begin.scenarios = vec![ScenarioResult { load: Some(load), ..scenario }];
    let names = (0..STEPS).map(|step| format!("step {step}"));
    begin.steps = names.map(|name| runs::step(runs::SHOP, &name, &Did::default())).collect();
    begin
}

fn add_up(entries: &[Entry]) -> RunResult {
    let Entry::Begin(begin) = &entries[0] else { panic!("a run begins") };
    let mut ledger = Ledger::new((**begin).clone());
    entries[1..].iter().for_each(|entry| ledger.apply(entry).expect("it adds up"));
    ledger.finish()
}

/// Reads a histogram as another tool would: with the library alone.
fn read(text: &str) -> Histogram<u64> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("it is base64");
    let mut deserializer = hdrhistogram::serialization::Deserializer::new();
    deserializer.deserialize(&mut bytes.as_slice()).expect("it is a histogram")
}

fn assert_same(read: &Histogram<u64>, exact: &[u64], what: &str) {
    let mut sorted = exact.to_vec();
    sorted.sort_unstable();
    assert_eq!(read.len(), sorted.len() as u64, "{what}");
    for (at, want) in sorted.iter().enumerate() {
        // In the middle of what this one sample stands for: at its edge rounding would decide.
        let quantile = (at as f64 + 0.5) / sorted.len() as f64;
        let found = read.value_at_quantile(quantile);
        let off = want.abs_diff(found);
        assert!(off * 1_000 <= *want, "{what}: {found} is not {want} at {quantile}");
    }
}

#[test]
fn every_percentile_is_that_of_the_recorded_samples() {
    let recorded = record(8, 100);
    let result = add_up(&recorded.entries);
    for (at, step) in result.steps.iter().enumerate() {
        assert_same(&read(&step.histograms.response), &recorded.exact[at], &step.step);
        if !recorded.failed[at].is_empty() {
            assert_same(&read(&step.histograms.failed), &recorded.failed[at], "failures");
        }
        let lag = step.lag_histogram().unwrap();
        assert_same(&lag, &recorded.lags[at], "lag");
        assert_eq!(step.count as usize, recorded.exact[at].len() + recorded.failed[at].len());
    }
    assert!(!result.steps[0].histograms.service.is_empty(), "the first step has a schedule");
    assert!(result.steps[1].histograms.service.is_empty(), "the others start when they can");
    assert_eq!(result.steps[1].histograms.service_text(), result.steps[1].histograms.response);
}

#[test]
fn slices_add_up_to_the_whole() {
    let result = add_up(&record(5, 60).entries);
    for step in &result.steps {
        let slices = &step.slices;
        assert_eq!(slices.iter().map(|slice| slice.count).sum::<u64>(), step.count);
        assert_eq!(slices.iter().map(|slice| slice.failed).sum::<u64>(), step.failed);
        assert_eq!(step.failures.values().sum::<u64>(), step.failed);
        let texts = |of: fn(&taster::result::Histograms) -> &str| {
            let parts = slices.iter().map(|slice| of(&slice.histograms));
            (histogram::merge(parts).unwrap(), histogram::decode(of(&step.histograms)).unwrap())
        };
        for (parts, whole) in
            [texts(|one| &one.response), texts(|one| one.service_text()), texts(|one| &one.failed)]
        {
            assert_eq!(parts, whole, "{}", step.step);
        }
        assert!(slices.windows(2).all(|pair| pair[0].second < pair[1].second));
    }
}

fn size(rate: u64) -> usize {
    serde_json::to_vec(&add_up(&record(60, rate).entries)).expect("it is JSON").len()
}

#[test]
fn a_minute_of_ten_steps_is_small() {
    let (usual, busy) = (size(200), size(1_000));
    println!("60 s x 10 steps: {usual} bytes at 200/s, {busy} bytes at 1000/s");
    assert!(usual <= 500_000, "{usual} bytes at 200 iterations/s");
    assert!(busy <= 1_500_000, "{busy} bytes at 1,000 iterations/s");
}

/// A folder with the journal of a run that was kept up to its end, and its text.
fn journal(folder: &Path) -> Vec<u8> {
    let recorded = record(4, 20);
    let mut run = RunFolder::create(folder).expect("it can be made");
    recorded.entries.iter().for_each(|entry| run.keep(entry).expect("it is kept"));
    fs::read(folder.join("result.journal")).expect("it is there")
}

#[test]
fn a_journal_that_is_cut_anywhere_loses_the_last_second_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let whole = journal(folder.path());
    let file = folder.path().join("result.journal");
    let ends: Vec<usize> = whole
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1)
        .collect();
    let recorded = record(4, 20);
    assert_eq!(ends.len(), recorded.entries.len(), "a line for each entry");
    for (at, end) in ends.iter().enumerate() {
        let next = ends.get(at + 1).copied().unwrap_or(whole.len());
        // Just after the line, a byte into the next, and just before that one's end.
        for cut in [*end, (*end + 1).min(next), next.saturating_sub(1).max(*end)] {
            fs::write(&file, &whole[..cut]).unwrap();
            let read = read_result(folder.path()).unwrap();
            assert_eq!(read, add_up(&recorded.entries[..=at]), "cut at {cut}");
            let killed = read.run.ended_early.as_deref() == Some("killed");
            assert_eq!(killed, at + 1 < ends.len(), "cut at {cut}");
        }
    }
    let probe = add_up(&recorded.entries[..4]).probe_ns;
    assert_eq!(
        probe,
        [500_000, 500_001, 500_002],
        "a killed run keeps what it knew of its machine"
    );
    for cut in [0, 1, ends[0] - 1] {
        fs::write(&file, &whole[..cut]).unwrap();
        let error = read_result(folder.path()).unwrap_err().to_string();
        assert!(error.contains("never began"), "cut at {cut}: {error}");
    }
}

#[test]
fn a_broken_line_within_a_journal_is_an_error_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = String::from_utf8(journal(folder.path())).unwrap();
    let file = folder.path().join("result.journal");
    let mut lines: Vec<String> = whole.lines().map(String::from).collect();
    let good = lines[2].clone();
    for broken in [
        good[..good.len() / 2].to_string(),
        good.replace("HISTFAA", "HISTEAA"),
        good.replace("\"second\":1,", "\"second\":4000000000,"),
        good.replace("\"step\":0", "\"step\":99"),
        "{\"Surprise\":1}".to_string(),
    ] {
        assert_ne!(broken, good);
        lines[2] = broken;
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        let read = read_result(folder.path()).map(|result| result.run.id);
        let error = read.expect_err("it is broken").to_string();
        assert!(error.contains("cannot be read at line 3"), "{error}");
    }
}

#[test]
fn a_journal_of_another_format_is_refused_like_a_result() {
    let folder = tempfile::tempdir().unwrap();
    let whole = String::from_utf8(journal(folder.path())).unwrap();
    let now = format!("\"format\":{FORMAT}");
    for (format, word) in [(FORMAT + 1, "too new"), (0, "too old")] {
        let other = whole.replacen(&now, &format!("\"format\":{format}"), 1);
        fs::write(folder.path().join("result.journal"), other).unwrap();
        let error = read_result(folder.path()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

fn run(id: &str) -> RunResult {
    let mut run = runs::healthy();
    run.run.id = id.into();
    run
}

#[test]
fn a_result_is_saved_whole_and_its_journal_removed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b");
    let mut new = RunFolder::create(&out).unwrap();
    new.keep(&Entry::Begin(Box::new(run("1")))).unwrap();
    new.save(&run("1")).unwrap();
    let names: Vec<_> = fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["result.json"]);
    assert_eq!(read_result(&out).unwrap(), run("1"));
}

#[test]
fn an_earlier_result_stays_until_the_next_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let old = RunFolder::create(folder.path()).unwrap();
    old.save(&run("1")).unwrap();
    let mut new = RunFolder::create(folder.path()).unwrap();
    assert_eq!(read_result(folder.path()).unwrap().run.id, "1", "nothing has begun");
    let mut begin = begin();
    begin.run.id = "2".into();
    new.keep(&Entry::Begin(Box::new(begin))).unwrap();
    let killed = read_result(folder.path()).unwrap();
    assert_eq!((killed.run.id.as_str(), killed.run.ended_early.as_deref()), ("2", Some("killed")));
    assert_eq!(read_result(&folder.path().join("result.json")).unwrap(), run("1"), "untouched");
    // The next run leaves the journal of the killed one where it can be read.
    RunFolder::create(folder.path()).unwrap().save(&run("3")).unwrap();
    assert_eq!(read_result(folder.path()).unwrap().run.id, "3");
    assert_eq!(read_result(&folder.path().join("killed-1.journal")).unwrap().run.id, "2");
}

#[test]
fn a_result_and_its_own_journal_are_one_run() {
    let folder = tempfile::tempdir().unwrap();
    RunFolder::create(folder.path()).unwrap().save(&run("20261122-201500-1f3a")).unwrap();
    // Killed between the two last actions of a run.
    let mut entries = record(1, 5).entries;
    entries.truncate(2);
    let lines: Vec<String> =
        entries.iter().map(|entry| serde_json::to_string(entry).unwrap() + "\n").collect();
    fs::write(folder.path().join("result.journal"), lines.concat()).unwrap();
    assert_eq!(read_result(folder.path()).unwrap().run.ended_early, None);
}

#[test]
fn what_cannot_be_written_leaves_the_old_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let new = RunFolder::create(folder.path()).unwrap();
    new.save(&run("1")).unwrap();
    new.write("report.md", "old").unwrap();
    // A folder where the new file would be written first: refused to root, too.
    fs::create_dir(folder.path().join("result.json.new")).unwrap();
    fs::create_dir(folder.path().join("report.md.new")).unwrap();
    for refused in [new.save(&run("2")), new.write("report.md", "new")] {
        assert!(matches!(refused, Err(StoreError::Io { what: "write", .. })), "{refused:?}");
    }
    assert_eq!(read_result(folder.path()).unwrap(), run("1"));
    assert_eq!(fs::read_to_string(folder.path().join("report.md")).unwrap(), "old");
    // A folder where it would be put: nothing is left lying about.
    fs::create_dir_all(folder.path().join("steps.csv/inside")).unwrap();
    assert!(new.write("steps.csv", "a,b").is_err());
    assert!(!folder.path().join("steps.csv.new").exists());
}

#[test]
fn a_place_that_cannot_be_written_is_known_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let error = RunFolder::create(&folder.path().join("file/out")).unwrap_err();
    assert!(error.is_environment() && error.to_string().contains("not a folder"), "{error}");
}

#[test]
fn a_baseline_chooses_no_place_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let baselines = Baselines::in_folder(&folder.path().join("baselines"));
    for (profile, id) in
        [("../../etc", "1"), ("load", "../../x"), ("", "1"), ("..", "1"), ("a/b", "1")]
    {
        let mut foreign = run(id);
        foreign.run.profile = profile.into();
        let error = baselines.keep(&foreign).unwrap_err().to_string();
        assert!(error.contains("no file name"), "{error}");
    }
    let path = baselines.keep(&run("1")).unwrap();
    assert_eq!(path, folder.path().join("baselines/load/1.json"));
    baselines.keep(&run("2")).unwrap();
    assert_eq!(baselines.newest("load").unwrap().map(|kept| kept.result.run.id), Some("2".into()));
    assert_eq!(baselines.list(None).unwrap().len(), 2);
}

#[test]
fn a_step_is_read_as_it_was_written() {
    let result = add_up(&record(2, 30).entries);
    let text = serde_json::to_vec(&result).unwrap();
    let steps: Vec<StepResult> = taster::result::from_json(&text).unwrap().steps;
    assert_eq!(steps, result.steps);
}
