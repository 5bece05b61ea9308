//! Baseline files that are damaged, foreign or hostile: each gets a sentence with the file and
//! what to do, and never a verdict.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use taster::result::{Accepted, LearntNoise, MachineNoise, RunResult, Slice};
use taster::store::Baselines;

use crate::runs::{healthy, with_slas};
use crate::support::Sandbox;

/// A good result of a machine that is not this one.
pub fn good() -> RunResult {
    let mut run = with_slas(healthy(), &["http_req_failed: rate<0.01"]);
    run.run.git_revision = Some("91745ca00000".into());
    run
}

/// A folder with a good result in `ok`, and its baseline; the baseline's file.
fn accepted() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let text = serde_json::to_vec(&good()).expect("a result is JSON");
    sandbox.write("ok/result.json", text);
    sandbox.taster("baseline accept ok --why good").exits(0).says(&["accepted as baselines/load/"]);
    let file = sandbox.files("baselines").remove(0);
    (sandbox, file)
}

/// Gives a changed file a seal that fits, as somebody who means to deceive would.
fn sealed(text: &str) -> String {
    let at = text.rfind("\"seal\":\"").expect("a seal") + "\"seal\":\"".len();
    let blank = format!("{}{}{}", &text[..at], "0".repeat(64), &text[at + 64..]);
    let digest: String =
        Sha256::digest(blank.trim_end()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}{digest}{}", &text[..at], &text[at + 64..])
}

/// Every command that reads baselines says what is wrong and judges nothing.
fn refused(sandbox: &Sandbox, file: &Path, words: &[&str]) -> Vec<String> {
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let words = [words, &["baselines/", &name]].concat();
    let mut problems = Vec::new();
    for line in ["report ok", "baseline list", "baseline show load", "baseline pin x"] {
        let outcome = sandbox.taster(line);
        for word in ["PASS", "FAIL:", "INCONCLUSIVE", "INVALID"] {
            if outcome.stdout.contains(word) {
                problems.push(format!("a verdict was given: {outcome}"));
            }
        }
        problems.extend(outcome.misses(2, &words));
    }
    problems
}

#[test]
fn a_file_that_is_no_baseline_is_told_what_it_is_and_nothing_is_judged() {
    let (sandbox, file) = accepted();
    let text = fs::read_to_string(&file).expect("a file");
    let plain = fs::read_to_string(sandbox.path("ok/result.json")).expect("a file");
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let deep = |start: &str| format!("{start}{}", "[".repeat(2_000_000));
    let cases: Vec<(&str, String, &[&str])> = vec![
        ("empty", String::new(), &["is empty", "restore it"]),
        ("cut", text[..text.len() / 2].into(), &["is cut short", "restore it"]),
        ("text", "hello".into(), &["not a result file"]),
        ("list", "[]".into(), &["not a result file"]),
        ("foreign", "{\"metrics\":{}}".into(), &["no `format`"]),
        ("newer", changed("\"format\":1", "\"format\":99"), &["is too new", "format 99"]),
        ("older", changed("\"format\":1", "\"format\":0"), &["is too old", "record it again"]),
        ("deep", deep("{\"x\":"), &["is cut short"]),
        ("deep list", deep("["), &["not a result file"]),
        ("NaN", changed("\"rate\":30.0", "\"rate\":NaN"), &["not a result file"]),
        ("null", changed("\"rate\":30.0", "\"rate\":null"), &["not a result file"]),
        ("huge number", changed("\"rate\":30.0", "\"rate\":1e999"), &["out of range"]),
        ("negative", changed("\"count\":900", "\"count\":-900"), &["not a result file"]),
        ("twice", changed("\"run\":{", "\"run\":{},\"run\":{"), &["not a result file"]),
        ("not accepted", plain, &["was never accepted", "taster baseline accept"]),
        ("changed", changed("\"p50\":", "\"p50\":1"), &["is not as it was accepted", "restore it"]),
        ("seal gone", changed("\"seal\":", "\"meal\":"), &["is not as it was accepted"]),
        (
            "path parts",
            sealed(&changed("20261122-201500-1f3a", "../../20261122-201500")),
            &["`../../20261122-201500` is no file name"],
        ),
        (
            "other profile",
            sealed(&changed("\"profile\":\"load\"", "\"profile\":\"rate\"")),
            &["is of the profile `rate`", "move it"],
        ),
    ];
    let mut problems = Vec::new();
    for (case, content, words) in cases {
        fs::write(&file, content).expect("it can be written");
        let told = refused(&sandbox, &file, words);
        problems.extend(told.into_iter().map(|told| format!("{case}: {told}")));
    }
    fs::write(&file, &text).expect("it can be written");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    sandbox.taster("baseline list").exits(0).says(&["by tester: good"]);
}

/// A whole file with a seal that fits may still say what cannot be.
#[test]
fn a_result_that_contradicts_itself_is_no_baseline_however_well_it_is_sealed() {
    let (sandbox, file) = accepted();
    let baselines = Baselines::in_folder(&sandbox.path("baselines"));
    type Change = fn(&mut RunResult);
    let changes: &[(Change, &str)] = &[
        (|run| run.steps[0].histograms.response = "HISTFAAA".into(), "compressed V2 form"),
        (|run| run.steps[0].histograms.response = "%%".into(), "not base64"),
        (|run| run.steps[0].histograms.response.clear(), "the histogram has 0 samples"),
        (|run| run.steps[0].response_us.count = 7, "the summary 7"),
        (|run| run.steps[0].response_us.p50 = 1 << 60, "percentiles do not rise"),
        (|run| run.steps[0].failed = 901, "901 of 900 requests failed"),
        (|run| run.steps[0].rate = -1.0, "the rate is -1"),
        (|run| run.steps[0].slices[29].second = u32::MAX, "second 4294967295"),
        (|run| run.steps[0].slices[3].second = 9, "comes after a later one"),
        (|run| run.steps[0].slices[3].count = 1 << 40, "its seconds have"),
        (|run| run.steps[0].slices[3].failed = 1 << 40, "more requests failed in second 3"),
        (|run| run.steps[0].scenario = "another".into(), "there is no scenario `another`"),
        (|run| run.steps[1].step = run.steps[0].step.clone(), "is there twice"),
        (|run| run.scenarios.push(run.scenarios[0].clone()), "two scenarios have the same name"),
        (|run| run.machine.fingerprint.clear(), "no fingerprint"),
        (|run| load(run).duration_ms = u64::MAX, "more than a month"),
        (|run| run.steps[0].slices.extend(far()), "comes after a later one"),
    ];
    let mut problems = Vec::new();
    for (change, said) in changes {
        let mut run = good();
        run.accepted = Some(Accepted { by: "tester".into(), ..Accepted::default() });
        change(&mut run);
        baselines.keep(&run).expect("it can be written");
        let words = ["what no run can have written", said];
        problems.extend(refused(&sandbox, &file, &words));
        // Nor can such a result be accepted.
        sandbox.write("bad/result.json", serde_json::to_vec(&run).expect("JSON"));
        problems.extend(sandbox.taster("baseline accept bad --why x").misses(2, &words));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn load(run: &mut RunResult) -> &mut taster::result::LoadResult {
    run.scenarios[0].load.as_mut().expect("a load")
}

/// A second with a number that was before.
fn far() -> Vec<Slice> {
    vec![Slice::default()]
}

#[test]
fn what_is_no_plain_file_is_refused_and_nothing_waits_for_it() {
    let (sandbox, file) = accepted();
    let folder = file.parent().expect("a folder").to_path_buf();
    let mut problems = Vec::new();
    let odd = folder.join("0-odd.json");
    fs::create_dir(&odd).expect("a folder can be made");
    problems.extend(refused(&sandbox, &odd, &["is a folder", "move it"]));
    fs::remove_dir(&odd).expect("it can be removed");

    fs::File::create(&odd).and_then(|odd| odd.set_len(1 << 30)).expect("it can be made");
    problems.extend(refused(&sandbox, &odd, &["larger than 256 MiB"]));
    fs::remove_file(&odd).expect("it can be removed");

    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", &odd).expect("a link can be made");
        problems.extend(refused(&sandbox, &odd, &["is a link", "remove it"]));
        fs::remove_file(&odd).expect("it can be removed");
        let made = std::process::Command::new("mkfifo").arg(&odd).status();
        assert!(made.expect("mkfifo is on every machine").success());
        problems.extend(refused(&sandbox, &odd, &["a pipe", "remove it"]));
        fs::remove_file(&odd).expect("it can be removed");
    }

    fs::copy(&file, folder.join("copy.json")).expect("it can be copied");
    problems.extend(refused(&sandbox, &file, &["copy.json", "the same run", "remove one"]));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_noise_file_that_is_not_as_it_was_written_judges_nothing() {
    let (sandbox, _) = accepted();
    let baselines = Baselines::in_folder(&sandbox.path("baselines"));
    let learnt = |sd: f64| LearntNoise {
        sd,
        steps: 4,
        runs: vec!["20261122-201500-1f3a".into()],
        ..LearntNoise::default()
    };
    let noise = |sd: f64| MachineNoise {
        format: 1,
        machine: good().machine,
        between_runs: Some(learnt(sd)),
        ..MachineNoise::default()
    };
    let path = baselines.keep_noise(&noise(0.04)).expect("it can be written");
    assert!(path.ends_with("baselines/noise/5f3c9a.json"), "{path:?}");
    assert_eq!(baselines.noise("5f3c9a").unwrap().unwrap().between_runs, Some(learnt(0.04)));
    assert_eq!(baselines.noise("another").unwrap(), None);
    assert_eq!(baselines.noise("../load/x").unwrap(), None, "no place outside");
    // It is none of the baselines.
    assert_eq!(baselines.list(None).unwrap().len(), 1);

    let text = fs::read_to_string(&path).expect("a file");
    let changed = |from: &str, to: &str| text.replacen(from, to, 1);
    let cases = [
        (String::new(), "does not hold the noise"),
        (text[..40].to_string(), "does not hold the noise"),
        (changed("0.04", "0.05"), "is not as it was written"),
        (sealed(&changed("0.04", "0.0")), "a standard deviation of 0"),
        (sealed(&changed("0.04", "1e300")), "a standard deviation of"),
        (sealed(&changed("\"format\":1", "\"format\":2")), "its format is 2"),
        (sealed(&changed("5f3c9a", "5f3c9b")), "another kind of machine"),
        (sealed(&changed("\"steps\":4", "\"steps\":0")), "learnt from nothing"),
    ];
    for (content, said) in cases {
        fs::write(&path, content).expect("it can be written");
        let told = baselines.window("load", "5f3c9a").unwrap_err().to_string();
        assert!(told.contains(said) && told.contains("baselines/noise/5f3c9a.json"), "{told}");
        assert!(told.contains("calibrate` learns it again"), "{told}");
        assert!(baselines.window("load", "another").is_ok());
    }
}

/// A baseline's file, made once: each case damages a copy.
fn whole() -> &'static [u8] {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Baselines::in_folder(folder.path()).keep(&good()).expect("it can be kept");
        fs::read(path).expect("a file")
    })
}

/// What the store makes of these bytes as a baseline.
fn read(bytes: &[u8]) -> Result<RunResult, String> {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("load")).expect("a folder");
    fs::write(folder.path().join("load/x.json"), bytes).expect("it can be written");
    let window = Baselines::in_folder(folder.path()).window("load", "5f3c9a");
    let mut window = window.map_err(|error| error.to_string())?;
    Ok(window.runs.remove(0))
}

#[test]
fn an_undamaged_baseline_is_read_as_it_was_kept() {
    let mut read = read(whole()).expect("it is whole");
    read.accepted = None;
    assert_eq!(read, good());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_baseline_cut_anywhere_is_an_error(at in any::<prop::sample::Index>()) {
        // Without its line end it is still whole.
        let at = at.index(whole().len() - 1);
        let told = read(&whole()[..at]).expect_err("it is cut");
        prop_assert!(told.contains("x.json") && told.contains("restore it"), "{}", told);
    }

    #[test]
    fn a_baseline_with_a_flipped_bit_is_an_error(
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let mut bytes = whole().to_vec();
        let at = at.index(bytes.len() - 1);
        bytes[at] ^= 1 << bit;
        let told = read(&bytes).expect_err("it is damaged");
        prop_assert!(told.contains("x.json"), "{}", told);
    }

    #[test]
    fn a_baseline_with_any_bytes_in_it_is_an_error(
        at in any::<prop::sample::Index>(),
        other in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let at = at.index(whole().len() - 41);
        let mut bytes = whole().to_vec();
        bytes[at..at + other.len()].copy_from_slice(&other);
        prop_assume!(bytes != whole());
        prop_assert!(read(&bytes).is_err());
    }
}
