//! Baselines as they are kept: which a run is compared with, which stay, what may become one.

use std::path::Path;

use taster::result::{Accepted, DuetPart, Health, RunResult};
use taster::store::{Baselines, KEPT, WINDOW, Window};

use crate::baseline_files::good;
use crate::support::Sandbox;

const HERE: &str = "5f3c9a";

/// A good run of a number, of a kind of machine.
fn run(number: usize, fingerprint: &str) -> RunResult {
    let mut run = good();
    run.run.id = format!("20261122-{number:06}-0000");
    run.machine.fingerprint = fingerprint.into();
    run
}

fn of_scenario(number: usize, scenario: &str) -> RunResult {
    let mut run = run(number, HERE);
    run.scenarios[0].name = scenario.into();
    run.steps.iter_mut().for_each(|step| step.scenario = scenario.into());
    run
}

fn kept(folder: &Path, runs: impl IntoIterator<Item = RunResult>) -> Baselines {
    let baselines = Baselines::in_folder(folder);
    for run in runs {
        baselines.keep(&run).expect("it can be kept");
    }
    baselines
}

fn numbers(runs: &[RunResult]) -> Vec<usize> {
    runs.iter().map(|run| run.run.id[9..15].parse().expect("a number")).collect()
}

fn window(baselines: &Baselines) -> Window {
    baselines.window("load", HERE).expect("it can be read")
}

#[test]
fn a_run_is_compared_with_the_newest_of_its_own_kind_of_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let others = (90..93).map(|number| run(number, "another"));
    let baselines = kept(folder.path(), (1..=14).map(|n| run(n, HERE)).chain(others));
    let window = window(&baselines);
    assert_eq!(numbers(&window.runs), (14 - WINDOW + 1..=14).collect::<Vec<_>>());
    assert_eq!((window.anchor, window.noise), (None, None));
    let left: Vec<&str> = window.left_out.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(window.left_out.iter().all(|one| one.machine.fingerprint == "another"));
    let empty = baselines.window("rate", HERE).expect("it need not exist");
    assert!(empty.runs.is_empty() && empty.left_out.is_empty());
    assert!(baselines.window("../load", HERE).expect("it is no profile").runs.is_empty());
}

#[test]
fn each_scenario_has_a_window_of_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let shop = (1..=12).map(|number| of_scenario(number, "shop"));
    let food = (21..=32).map(|number| of_scenario(number, "food"));
    let window = window(&kept(folder.path(), shop.chain(food)));
    let expected: Vec<usize> = (3..=12).chain(23..=32).collect();
    assert_eq!(numbers(&window.runs), expected);
}

#[test]
fn the_oldest_make_room_and_the_anchor_never_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let baselines = kept(folder.path(), (1..=3).map(|number| run(number, HERE)));
    let id = |number: usize| run(number, HERE).run.id;
    baselines.pin(&id(1), Some("2026-11-22T00:00:00Z")).expect("it can be pinned");
    for number in 4..=KEPT + 5 {
        baselines.keep(&run(number, HERE)).expect("it can be kept");
    }
    kept(folder.path(), [run(99, "another")]);
    let removed = baselines.prune("load").expect("they can be removed");
    let removed: Vec<RunResult> = removed.into_iter().map(|kept| kept.result).collect();
    assert_eq!(numbers(&removed), [2, 3, 4, 5]);
    assert!(baselines.prune("load").expect("nothing is left to do").is_empty());
    let before = window(&baselines);
    assert_eq!(before.anchor.map(|run| run.run.id), Some(id(1)));
    assert_eq!(numbers(&before.runs), (16..=25).collect::<Vec<_>>());
    assert_eq!(before.left_out.len(), 1, "another machine's have room of their own");

    // There is one anchor; accepting it again leaves it one.
    baselines.pin(&id(20), Some("2026-11-23T00:00:00Z")).expect("it can be pinned");
    baselines.keep(&run(20, HERE)).expect("it can be kept");
    assert_eq!(window(&baselines).anchor.map(|run| run.run.id), Some(id(20)));
    assert_eq!(
        numbers(
            &baselines
                .prune("load")
                .unwrap()
                .into_iter()
                .map(|kept| kept.result)
                .collect::<Vec<_>>()
        ),
        [1]
    );
    baselines.pin(&id(20), None).expect("it can be unpinned");
    assert_eq!(window(&baselines).anchor, None);
    let told = baselines.pin("20261122-000002-0000", Some("now")).unwrap_err().to_string();
    assert!(told.contains("no baseline of the run") && told.contains("baseline list"), "{told}");
}

/// What is different about a result.
type Change = fn(&mut RunResult);

/// A folder with results: name and what is different about each.
fn with(results: &[(&str, Change)]) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, change) in results {
        let mut result = good();
        result.run.id = format!("20261122-201500-{name}");
        change(&mut result);
        let text = serde_json::to_vec(&result).expect("JSON");
        sandbox.write(&format!("{name}/result.json"), text);
    }
    sandbox
}

#[test]
fn only_a_whole_run_that_passes_can_become_a_baseline() {
    let sandbox = with(&[
        ("ok", |_| {}),
        ("cut", |run| run.run.ended_early = Some("interrupted".into())),
        ("limit", |run| {
            run.generator.health = Health::Invalid;
            run.generator.reasons = vec!["its CPU was at 98% for 20 s".into()];
        }),
        ("duet", |run| run.run.duet = Some(DuetPart { id: "d-1".into(), ..Default::default() })),
        ("dirty", |run| run.run.git_revision = Some("91745ca+".into())),
        ("slow", |run| {
            let load = run.scenarios[0].load.as_mut().expect("a load");
            load.slas[0].text = "http_req_duration: p(95)<1".into();
        }),
    ]);
    let mut problems = Vec::new();
    for (name, code, said) in [
        ("cut", 1, "did not end by itself (interrupted)"),
        ("limit", 1, "the generator was its limit (its CPU was at 98% for 20 s)"),
        ("duet", 1, "one side of the duet `d-1`"),
        ("dirty", 2, "uncommitted changes (91745ca+)"),
        ("slow", 1, "did not PASS"),
    ] {
        // One that may not is enough for none to be accepted.
        let line = format!("baseline accept ok {name} --why x");
        problems.extend(sandbox.taster(&line).misses(code, &[said, &format!("`{name}`")]));
        assert!(!sandbox.path("baselines").exists(), "{name}");
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    sandbox.taster("baseline accept ok ok --why x").exits(2).says(&["is given twice"]);
    sandbox.taster("baseline accept ok dirty --why x --dirty").exits(0);
    assert_eq!(sandbox.files("baselines").len(), 2);
    sandbox.taster("baseline accept dirty --why x --revision v1.4").exits(0);
    sandbox.taster("baseline list").exits(0).says(&["v1.4", "91745ca00000"]);
}

#[test]
fn another_kind_of_machine_is_accepted_only_when_it_is_meant() {
    let sandbox = with(&[
        ("ok", |_| {}),
        ("other", |run| {
            run.machine.fingerprint = "777777".into();
            run.machine.cpu = "Apple M4".into();
        }),
    ]);
    sandbox.taster("baseline accept ok --why x").exits(0);
    let refused = sandbox.taster("baseline accept other --why x").exits(4);
    refused.says(&["another kind of machine", "Apple M4", "AMD EPYC 7B13", "--new-machine"]);
    assert_eq!(sandbox.files("baselines").len(), 1);
    sandbox.taster("baseline accept other --why x --new-machine").exits(0);
    // From now on it is known.
    sandbox.taster("baseline accept other --why again").exits(0);
    let listed = sandbox.taster("baseline list").exits(0);
    listed.says(&["another machine: Apple M4, 4 cores", "by tester: again"]);
}

#[test]
fn a_baseline_says_who_accepted_it_and_a_pinned_one_that_it_is() {
    let sandbox = with(&[("ok", |_| {}), ("two", |_| {})]);
    sandbox.run(&["baseline", "accept", "ok", "--why", "release 1.4", "--by", "Ada"]).exits(0);
    sandbox.run(&["baseline", "accept", "two", "--why", "faster cart"]).exits(0);
    let listed = sandbox.taster("baseline list").exits(0);
    let listed = listed.says(&["by Ada: release 1.4", "by tester: faster cart"]);
    assert!(!listed.stdout.contains("pinned"), "{listed}");
    let id = "20261122-201500-ok";
    let pinned = sandbox.taster(&format!("baseline pin {id}")).exits(0);
    pinned.says(&[&format!("{id}.json is the anchor of `load` now")]);
    let listed = sandbox.taster("baseline list").exits(0);
    assert_eq!(listed.stdout.matches("(pinned)").count(), 1, "{listed}");
    let kept = sandbox.json(&format!("baselines/load/{id}.json"));
    let kept: Accepted = serde_json::from_value(kept["accepted"].clone()).expect("who and why");
    assert_eq!((kept.by.as_str(), kept.why.as_str()), ("Ada", "release 1.4"));
    assert!(kept.pinned.is_some_and(|since| since.ends_with('Z')));
    sandbox.taster(&format!("baseline unpin {id}")).exits(0).says(&["is no anchor of `load`"]);
    let listed = sandbox.taster("baseline list").exits(0);
    assert!(!listed.stdout.contains("pinned"), "{listed}");
    sandbox.taster("baseline pin nothing").exits(2).says(&["no baseline of the run `nothing`"]);
}
