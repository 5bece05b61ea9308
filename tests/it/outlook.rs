//! What a comparison will be able to see, told before a run; and what repeated runs teach.

use std::path::Path;

use taster::analysis::Word;
use taster::analysis::gate::ahead::{Ahead, outlook, unseen};
use taster::analysis::gate::learn::between_runs;
use taster::analysis::gate::{Compared, Gate, Noise, Undecided, against_stored, between_sides};
use taster::report;
use taster::result::{DuetPart, LearntNoise, MachineNoise, NOISE_FORMAT, RunResult};
use taster::store::Baselines;

use crate::runs::{Did, load};
use crate::support::{Sandbox, Service};

/// How far runs lie from their middle, in standard deviations of their own.
const OFF: [f64; 10] = [-1.2, 0.7, -0.3, 1.5, 0.1, -0.8, 0.4, -1.0, 1.1, -0.5];

/// Runs of one build whose latencies differ by this from run to run.
fn runs(count: usize, noise: f64) -> Vec<RunResult> {
    OFF.iter().take(count).enumerate().map(|(at, off)| run(at, (noise * off).exp())).collect()
}

fn run(number: usize, slower: f64) -> RunResult {
    let us = |ms: f64| (ms * 1_000.0 * slower) as u64;
    let mut run = load(&[
        ("sign in", Did::well(6_000, us(280.0))),
        ("browse", Did::well(6_000, us(120.0))),
        ("rarely", Did::well(60, us(45.0))),
    ]);
    run.run.id = format!("20261122-{number:06}-0000");
    run.run.started = format!("2026-11-22T20:{number:02}:00Z");
    run.run.git_revision = None;
    run
}

fn spread(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

fn seen(runs: &[RunResult], gate: &Gate) -> Vec<Ahead> {
    let runs: Vec<&RunResult> = runs.iter().collect();
    outlook(&runs, 30, gate).expect("they can be read").rows
}

fn row<'a>(rows: &'a [Ahead], step: &str, metric: Compared) -> &'a Ahead {
    let found = rows.iter().find(|row| row.step == step && row.metric == metric);
    found.unwrap_or_else(|| panic!("no {metric:?} of {step} in {rows:#?}"))
}

fn quiet() -> Gate {
    let noise = Noise { between_runs: 0.01, ..Noise::default() };
    Gate { noise, ..Gate::default() }
}

#[test]
fn more_runs_and_less_noise_see_smaller_changes() {
    let p95 = |count, noise, gate: &Gate| {
        row(&seen(&runs(count, noise), gate), "browse", Compared::P95).clone()
    };
    let usual = p95(10, 0.04, &Gate::default());
    assert!(usual.stored[1] < usual.stored[0], "{usual:?}");
    let duet = usual.duet.map(|seen| seen.expect("there are enough samples"));
    assert!(duet[1] < duet[0] && Some(duet[0]) < usual.stored[0], "{usual:?}");
    assert!(p95(3, 0.04, &Gate::default()).stored[0] > usual.stored[0]);
    assert!(p95(10, 0.08, &Gate::default()).stored[0] > usual.stored[0]);
    assert!(p95(10, 0.01, &quiet()).stored[0] < p95(10, 0.01, &Gate::default()).stored[0]);
    let noise = usual.noise.expect("there are ten");
    assert!((noise / (0.04 * spread(&OFF)) - 1.0).abs() < 0.05, "{noise}");
    assert_eq!(p95(1, 0.04, &Gate::default()).noise, None);
    assert!(outlook(&[], 30, &Gate::default()).expect("nothing to read").rows.is_empty());
}

/// A promise that the comparison itself would not keep were worth nothing.
#[test]
fn a_change_well_beyond_the_smallest_is_a_fail_and_one_well_below_it_is_none() {
    let known = runs(10, 0.03);
    let smallest = row(&seen(&known, &Gate::default()), "browse", Compared::P95).stored[0];
    let smallest = smallest.expect("there are samples enough");
    assert!(smallest > 0.10 && smallest < 0.6, "{smallest}");
    let word = |grown: f64| {
        let known: Vec<&RunResult> = known.iter().collect();
        let new = run(50, 1.0 + grown);
        let found = against_stored(&[&new], &known, None, &Gate::default()).expect("readable");
        found.word
    };
    assert_eq!(word(smallest * 1.5), Word::Fail);
    assert_ne!(word(smallest * 0.2), Word::Fail);
}

#[test]
fn a_step_with_too_few_samples_says_how_many_it_takes() {
    let rows = seen(&runs(5, 0.03), &Gate::default());
    let few: Vec<&Ahead> = rows.iter().filter(|row| row.step == "rarely").collect();
    for row in few.iter().filter(|row| row.metric == Compared::P99) {
        let Some(Undecided::TooFew { have, need }) = &row.why else { panic!("{row:?}") };
        assert!(have < need && *need == 2_000.0, "{row:?}");
    }
}

#[test]
fn before_any_run_the_plan_says_whether_there_will_be_enough() {
    let seen = |rate: f64, gate: &Gate| unseen(rate, (60, 30), 1, gate);
    let busy = seen(200.0, &Gate::default());
    let metrics: Vec<Compared> = busy.iter().map(|row| row.metric).collect();
    assert_eq!(metrics, [Compared::P50, Compared::P95, Compared::P99, Compared::Errors]);
    assert!(busy.iter().all(|row| row.samples.enough), "{busy:#?}");
    let quiet_rows = seen(2.0, &Gate::default());
    let p99 = &quiet_rows[2].samples;
    assert!(!p99.enough && p99.expected < p99.needed, "{p99:?}");
    // A sixth of a minute is warm-up.
    assert!((p99.expected - 100.0).abs() < 1e-9, "{p99:?}");
    let p95 = &busy[1];
    assert!(p95.stored[1] < p95.stored[0], "{p95:?}");
    assert!(p95.duet[0] < p95.stored[1] && p95.duet[1] < p95.duet[0], "{p95:?}");
    assert!(seen(200.0, &quiet())[1].stored[0] < p95.stored[0]);
}

#[test]
fn runs_of_one_build_teach_by_how_much_they_differ() {
    let teach = |runs: &[RunResult]| {
        let runs: Vec<&RunResult> = runs.iter().collect();
        between_runs(&runs).expect("they can be read")
    };
    let learnt = teach(&runs(10, 0.04)).expect("there are enough samples");
    assert!((learnt.sd / (0.04 * spread(&OFF)) - 1.0).abs() < 0.1, "{learnt:?}");
    assert_eq!(learnt.steps, 2, "one step has too few samples");
    let same = teach(&runs(5, 0.0)).expect("there are enough samples");
    assert_eq!(same.sd, 0.005, "no machine is believed to be without noise");
    assert_eq!(teach(&runs(1, 0.0)), None);
    let few: Vec<RunResult> = (0..5).map(|_| load(&[("a", Did::well(30, 9_000))])).collect();
    assert_eq!(teach(&few), None);
}

#[test]
fn the_sides_of_a_duet_with_itself_teach_their_noise() {
    let side = |number: usize, slower: f64, first: bool| {
        let mut run = run(number, slower);
        run.run.duet = Some(DuetPart { first, ..DuetPart::default() });
        run
    };
    let restarts: Vec<(RunResult, RunResult)> = OFF
        .iter()
        .enumerate()
        .map(|(at, off)| {
            // What both sides share is not theirs.
            let host = 1.0 + 0.1 * (at % 3) as f64;
            let slower = host * (0.03 * off).exp();
            (side(at, host, at % 2 == 0), side(at, slower, at % 2 == 1))
        })
        .collect();
    let learnt = between_sides(&restarts).expect("readable").expect("enough samples");
    let square: f64 = OFF.iter().map(|off| (0.03 * off).powi(2)).sum::<f64>() / OFF.len() as f64;
    assert!((learnt.sd / square.sqrt() - 1.0).abs() < 0.1, "{learnt:?}");
    assert_eq!((learnt.steps, learnt.told as usize), (2, OFF.len()));
    assert_eq!(between_sides(&[]).expect("nothing to read"), None);
}

#[test]
fn a_restart_that_cannot_tell_its_p95_teaches_nothing_and_does_not_silence_the_others() {
    let restart = |at: usize, requests: u64| {
        let side = |slower: f64| load(&[("a", Did::well(requests, (9_000.0 * slower) as u64))]);
        (side(1.0), side((0.03 * OFF[at % OFF.len()]).exp()))
    };
    let taught_of = |good: usize, short: usize| {
        let short = (0..short).map(|at| restart(at, 30));
        let restarts: Vec<_> = (0..good).map(|at| restart(at, 3_000)).chain(short).collect();
        between_sides(&restarts).expect("readable").map(|learnt| learnt.told)
    };
    assert_eq!(taught_of(8, 0), Some(8));
    assert_eq!(taught_of(8, 2), Some(8), "two of ten do not matter");
    assert_eq!(taught_of(8, 3), None, "what is left would seem quieter than the machine is");
    assert_eq!(taught_of(2, 0), None, "two have no spread");
}

/// Saves a duet of one build with itself, or with one that is so much slower.
fn save(sandbox: &Sandbox, (name, slower): (&str, f64), (restarts, turns): (u32, bool)) {
    for restart in 1..=restarts {
        for (side, off) in [("a", 1.0), ("b", slower)] {
            let mut run = run(restart as usize, off * (0.01 * OFF[restart as usize % 7]).exp());
            if name == "here" {
                run.machine = taster::store::machine();
            }
            run.run.duet = Some(DuetPart {
                id: format!("d-{name}"),
                side: side.into(),
                restart,
                first: restart % 2 == 0,
                turn_ms: if turns { 1_000 } else { 0 },
                looks: vec![restarts],
                restarted: true,
                ..DuetPart::default()
            });
            let text = serde_json::to_vec(&run).expect("JSON");
            sandbox.write(&format!("{name}/duet/{restart}-{side}.json"), text);
        }
    }
}

/// Teaches enough of this machine's noise in a sandbox for duets to end early.
pub fn taught(sandbox: &Sandbox, turns: bool) {
    save(sandbox, ("here", 1.0), (12, turns));
    let learnt = sandbox.taster("baseline calibrate --duet here").exits(0);
    learnt.says(&["12 restarts"]).never_says(&["end early where"]);
    std::fs::remove_dir_all(sandbox.path("here")).expect("it was saved");
}

#[test]
fn saved_duets_of_one_build_with_itself_teach_and_others_are_refused() {
    let sandbox = Sandbox::new();
    save(&sandbox, ("same", 1.0), (5, false));
    save(&sandbox, ("turns", 1.0), (5, true));
    save(&sandbox, ("slower", 1.5), (5, false));
    let learnt = sandbox.taster("baseline calibrate --duet same").exits(0);
    learnt.says(&[
        "5 restarts: p95 of the same build differs by 0.5% between the sides",
        "end early where 10 restarts or more have taught this",
    ]);
    let noise = sandbox.json("baselines/noise/5f3c9a.json");
    let learnt = &noise["between_sides"];
    assert_eq!(learnt["runs"], serde_json::json!(["d-same"]));
    assert_eq!((&learnt["restarts"], &learnt["turns"]), (&5.into(), &false.into()));
    let refused = sandbox.taster("baseline calibrate --duet slower").exits(1);
    refused.says(&["`slower` teaches nothing", "one build with itself", "FAIL"]);
    let twice = sandbox.taster("baseline calibrate --duet same --duet same").exits(2);
    twice.says(&["given twice"]);
    let mixed = sandbox.taster("baseline calibrate --duet same --duet turns").exits(2);
    mixed.says(&["these duets are not alike"]);
}

#[test]
fn a_comparison_uses_the_noise_that_was_learnt_and_says_so() {
    let sandbox = Sandbox::new();
    let all = runs(4, 0.01);
    for (at, run) in all.iter().enumerate() {
        sandbox.write(&format!("{at}/result.json"), serde_json::to_vec(run).expect("JSON"));
    }
    // What is typed for the margin is less than the noise, so that the noise is told.
    let compare = || sandbox.taster("compare 0 1 2 3 --margin 1% --margin-floor 0s");
    compare().says(&["from run to run is assumed to be 5%"]);
    let learnt = LearntNoise {
        sd: 0.01,
        steps: 2,
        runs: vec!["others".into()],
        profile: "load".into(),
        ..LearntNoise::default()
    };
    let noise = MachineNoise {
        format: NOISE_FORMAT,
        tool_version: "0.1.0".into(),
        machine: all[0].machine.clone(),
        between_runs: Some(learnt),
        between_sides: None,
        seal: String::new(),
    };
    let baselines = Baselines::in_folder(&sandbox.path("baselines"));
    baselines.keep_noise(&noise).expect("it can be kept");
    compare().says(&["from run to run, as learnt on this machine, is 1%"]);
}

#[test]
fn what_a_comparison_will_see_is_told_as_recorded() {
    let known = runs(7, 0.04);
    let runs: Vec<&RunResult> = known.iter().collect();
    let seen = outlook(&runs, 30, &Gate::default()).expect("they can be read");
    let mut text = report::outlook(&seen, known.len(), 30);
    let gate = Gate::default();
    let steps = [
        ("shopping › browse".to_string(), Some(unseen(200.0, (60, 30), 2, &gate))),
        ("shopping › add".to_string(), Some(unseen(5.0, (60, 30), 2, &gate))),
        ("loop › browse".to_string(), None),
    ];
    text.push_str(&format!("\n{}", report::unseen(&steps, 30, &gate)));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli/outlook.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the golden can be written");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "UPDATE_GOLDEN=1 cargo test --test it outlook records it");
}

const ONE_STEP: &str = r#"name: shopping
load:
  journey: [{ step: browse, get: /x, expect: { status: 200 } }]
  profiles:
    load: { users: 10, duration: 30s }
    short: { users: 1, duration: 1s }
    rate: { arrivals: 200/s, duration: 1m }
  sla: ["http_req_failed: rate<0.01"]
"#;

#[test]
fn baselines_tell_what_they_can_see_how_old_they_are_and_that_there_are_too_few() {
    let sandbox = Sandbox::with(ONE_STEP);
    let none = sandbox.taster("plan s.yaml --gate --profile rate").exits(0);
    none.says(&["there is no baseline yet", "shopping › browse p95 enough", "10 baselines"]);
    let unknown = sandbox.taster("plan s.yaml --gate --profile load").exits(0);
    unknown.says(&["unknown: users loop", "A duet needs no baseline"]);
    let mut paths = Vec::new();
    for (at, mut run) in runs(6, 0.04).into_iter().enumerate() {
        run.machine = taster::store::machine();
        sandbox.write(&format!("{at}/result.json"), serde_json::to_vec(&run).expect("JSON"));
        paths.push(at.to_string());
    }
    let accept = |paths: &[String]| {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        sandbox.run(&[&["baseline", "accept", "--why", "x"], &paths[..]].concat()).exits(0);
    };
    accept(&paths[..4]);
    let few = sandbox.taster("baseline show load").exits(0);
    few.says(&["`load` has 4 baselines of this kind of machine", "until there are 5", "calibrate"]);
    accept(&paths[4..]);
    sandbox.taster("baseline pin 20261122-000000-0000").exits(0);
    let shown = sandbox.taster("baseline show load").exits(0);
    let shown = shown.never_says(&["until there are 5"]).says(&[
        "6 of 6 baselines are compared with",
        "the anchor is 20261122-000000-0000",
        "noise from run to run: 5% of p95 is assumed",
        "what a comparison with 6 baselines will see",
        "shopping › browse p95",
        "too few samples",
        "1 run 3 runs duet 3x30s",
    ]);
    assert!(shown.stdout.contains("drifted"), "{shown}");
    // What the plan leaves out is not told, and has no baseline of its own.
    sandbox.write("other.yaml", ONE_STEP.replace("name: shopping", "name: other"));
    let other = sandbox.taster("plan other.yaml --gate --profile load").exits(0);
    other.says(&["there is no baseline yet"]).never_says(&["shopping"]);
    let plan = sandbox.taster("plan s.yaml --gate --profile load").exits(0);
    plan.says(&[
        "what a comparison with 6 baselines will see",
        "time: one run 30 s, three 1 min 30 s; a duet of 3 restarts",
    ]);
}

#[test]
fn a_calibration_of_runs_too_short_to_teach_keeps_nothing() {
    let sandbox = Sandbox::with(ONE_STEP);
    let service = Service::healthy();
    let target = ["--target", &service.url, "--profile", "short"];
    let short = sandbox.run(&[&["baseline", "calibrate", "s.yaml"], &target[..]].concat());
    let short = short.exits(3).says(&["run 5 of 5", "no step has enough samples", "plan --gate"]);
    assert!(!short.stdout.contains("PASS"), "{short}");
    assert!(!sandbox.path("baselines").exists());
    for (line, said) in [
        ("baseline calibrate --runs 4", "5..=100"),
        ("baseline calibrate --accept", "--why"),
        ("baseline calibrate --why x", "--accept"),
        ("baseline calibrate --runs 9 --accept --why x", "--runs 10 or more"),
        ("baseline calibrate --duet nowhere", "is not that of a duet"),
        ("baseline calibrate --duet x --runs 5", "cannot be used with"),
        ("baseline calibrate --duets 2 --duet x", "cannot be used with"),
        ("baseline calibrate --duets 1", "2..=100"),
        ("baseline calibrate --command x", "--duets"),
        ("baseline calibrate s.yaml --duets 2 --segment 4s", "--segment 12s or longer"),
    ] {
        sandbox.taster(line).exits(2).says(&[said]);
    }
    // One that fails teaches nothing either.
    let broken = Service::always(0, crate::http::server::json("500 Internal Server Error", "{}"));
    let target = ["--target", &broken.url, "--profile", "short"];
    let bad = sandbox.run(&[&["baseline", "calibrate", "s.yaml"], &target[..]].concat());
    bad.exits(1).says(&["did not PASS and cannot be a baseline"]).never_says(&["run 2 of 5"]);
}
