//! Places that cannot be written: the run is refused before it begins, or nothing of it is lost.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::GOOD;
use crate::support::{Outcome, Sandbox, Service};

fn run(sandbox: &Sandbox, service: &Service, more: &[&str]) -> Outcome {
    sandbox.run(&[&["run", "s.yaml", "--target", &service.url], more].concat())
}

#[test]
fn a_place_that_is_no_folder_is_refused_before_any_traffic() {
    let service = Service::healthy();
    let sandbox = Sandbox::with(GOOD);
    sandbox.write("file", "mine");
    for out in ["file", "file/below", "/dev/null", "/proc/taster"] {
        let outcome = run(&sandbox, &service, &["--out", out]).exits(6);
        outcome.says(&["cannot create the folder", out, "choose another place with --out"]);
    }
    assert_eq!(sandbox.read("file"), "mine");
    assert!(service.requests().is_empty(), "the place was tried too late");
}

/// Permissions mean nothing to root, so that the run is somebody else's then.
#[test]
fn a_folder_that_may_not_be_written_is_refused_before_any_traffic() {
    let service = Service::healthy();
    let sandbox = Sandbox::with(GOOD);
    let program = sandbox.path("taster");
    fs::copy(env!("CARGO_BIN_EXE_taster"), &program).expect("the program can be copied");
    let mut command = Command::new(program);
    sandbox.settle(&mut command);
    command.args(["run", "s.yaml", "--target", &service.url, "--out", "out"]);
    let owner = fs::metadata(sandbox.path("s.yaml")).expect("it is there").uid();
    if owner == 0 {
        command.uid(65_534).gid(65_534);
    }
    let here = sandbox.path("");
    fs::set_permissions(&here, PermissionsExt::from_mode(0o555)).expect("it is ours");
    let outcome = sandbox.start(command).end();
    fs::set_permissions(&here, PermissionsExt::from_mode(0o755)).expect("it is ours");
    outcome.exits(6).says(&["cannot create the folder `out`", "permission denied", "--out"]);
    assert!(service.requests().is_empty(), "the place was tried too late");
}

/// Each file is written under another name first; there, in these tests, the disk is full.
#[test]
fn a_full_disk_loses_neither_the_run_nor_the_one_before() {
    let service = Service::healthy();
    let sandbox = Sandbox::with(GOOD);
    run(&sandbox, &service, &["--out", "out"]).exits(0);
    let before = sandbox.read("out/result.json");
    let full = |name: &str| symlink("/dev/full", sandbox.path(name)).expect("a link can be made");
    let words = ["the disk is full", "choose another place with --out"];

    // From the start on: nothing is sent that could not be kept.
    full("out/result.journal");
    let seen = service.requests().len();
    let outcome = run(&sandbox, &service, &["--out", "out"]).exits(6).says(&words);
    outcome.never_says(&["PASS"]).says(&["out/result.journal"]);
    assert!(service.requests().len() - seen < 5, "it went on without keeping anything");
    assert_eq!(sandbox.read("out/result.json"), before);
    sandbox.taster("report out").exits(0).says(&["PASS"]);
    fs::remove_file(sandbox.path("out/result.journal")).expect("it is there");

    // At the end: the journal has it all.
    full("out/result.json.new");
    run(&sandbox, &service, &["--out", "out"]).exits(6).says(&words).says(&["out/result.json"]);
    assert_eq!(sandbox.read("out/result.json"), before, "the earlier result is not whole");
    let outcome = sandbox.taster("report out").exits(0).says(&["PASS"]);
    let earlier = sandbox.json("out/result.json")["run"]["id"].as_str().map(str::to_string);
    assert!(!outcome.stdout.contains(&earlier.expect("an id")), "that is the earlier run");

    // A report: the verdict is said all the same, and the result kept.
    full("out/report.html.new");
    let outcome = run(&sandbox, &service, &["--out", "out"]).exits(6).says(&words);
    outcome.says(&["PASS", "out/report.html"]);
    assert_ne!(sandbox.read("out/result.json"), before);
}

/// A killed run leaves the earlier result beside its own journal; only the newer one counts.
#[test]
fn what_is_left_of_a_killed_run_is_not_mistaken_for_the_run_before() {
    let service = Service::healthy();
    let sandbox = Sandbox::with(GOOD);
    run(&sandbox, &service, &["--out", "out"]).exits(0);
    let before = sandbox.read("out/result.json");
    sandbox.write("s.yaml", GOOD.replace("duration: 1s", "duration: 60s"));
    let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "out"];
    let mut running = sandbox.start(sandbox.command(&arguments));
    running.wait_until("a second of load", |_| {
        fs::read_to_string(sandbox.path("out/result.journal"))
            .is_ok_and(|journal| journal.contains("{\"Second\""))
    });
    assert_eq!(sandbox.read("out/result.json"), before, "it is kept until the second is whole");
    running.signal("KILL");
    running.end();
    assert_eq!(sandbox.read("out/result.json"), before);
    sandbox.taster("report out").exits(4).says(&["INVALID", "killed"]);
    sandbox.taster("report out/result.json").exits(0).says(&["PASS"]);
}
