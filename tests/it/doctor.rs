//! `taster doctor`: what it says of a machine without browsers, and that it installs nothing
//! unasked.

use std::process::Command;

use crate::support::Sandbox;

/// The program where no `PATH` leads to anything.
fn nowhere(arguments: &[&str]) -> (Sandbox, Command) {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(arguments);
    command.env("PATH", sandbox.path("bin")).env("HOME", sandbox.path("home"));
    (sandbox, command)
}

#[test]
fn without_browsers_it_says_what_is_missing_and_how_to_get_it() {
    let (sandbox, command) = nowhere(&["doctor", "--browser", "chromium", "--browser", "firefox"]);
    let outcome = sandbox.start(command).end().exits(6);
    let told: Vec<&str> = outcome.stdout.lines().take(12).collect();
    assert_eq!(
        told,
        [
            "MISSING  Chromium",
            "           why:  the browser that tests in chromium run in",
            "           fix:  install Chromium with this system's package manager",
            "MISSING  ChromeDriver",
            "           why:  starts Chromium; without it tests in chromium are not run",
            "           fix:  install ChromeDriver with this system's package manager",
            "MISSING  Firefox",
            "           why:  the browser that tests in firefox run in",
            "           fix:  install Firefox with this system's package manager",
            "MISSING  geckodriver",
            "           why:  speaks WebDriver to Firefox; without it tests in firefox are not run",
            "           fix:  cargo install --locked geckodriver",
        ]
    );
    assert!(outcome.stdout.contains("`taster doctor --install` gets them."));
    assert!(outcome.stderr.is_empty(), "it did something: {}", outcome.stderr);
}

#[test]
fn what_cannot_be_installed_is_said_and_is_still_missing() {
    let (sandbox, command) = nowhere(&["doctor", "--install", "--browser", "firefox"]);
    let outcome = sandbox.start(command).end().exits(6);
    outcome.says(&[
        "cargo is missing",
        "$ cargo install --locked geckodriver",
        "cannot be started",
    ]);
}

#[test]
fn its_word_and_its_exit_agree_about_this_machine() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["doctor"]);
    let missing = outcome.stdout.lines().filter(|line| line.starts_with("MISSING")).count();
    let of = |word: &str| outcome.stdout.lines().filter(|line| line.starts_with(word)).count();
    let (there, doubt, bad) = (of("ok "), of("DOUBT "), of("BAD "));
    assert_eq!(missing + there + doubt + bad, 17, "{}", outcome.stdout);
    let well = missing + bad == 0;
    outcome.clone().exits(if well { 0 } else { 6 });
    // The same for programs.
    let json = sandbox.run(&["doctor", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&told["format"], &told["well"]), (&1.into(), &well.into()));
    assert_eq!(told["machine"].as_array().map(Vec::len), Some(9));
    assert_eq!(told["browsers"].as_array().map(Vec::len), Some(8));
    for row in told["machine"].as_array().into_iter().flatten() {
        assert_eq!(row["fix"].is_null(), row["status"] == "ok", "{row}");
    }
}

/// What is needed follows from the profiles of the scenarios.
#[test]
fn the_users_of_the_largest_profile_must_have_files_and_ports() {
    let sandbox = Sandbox::new();
    let profiles = "profiles: { small: { users: 5, duration: 1s }, big: { arrivals: 10/s, \
        duration: 1s, max-users: 90000 } }";
    let load =
        format!("load: {{ journey: [{{ get: / }}], {profiles}, sla: [\"checks: rate>0\"] }}");
    sandbox.write("checks/x.yaml", format!("name: x\n{load}\n"));
    sandbox.write("taster.toml", "scenarios = \"checks\"\n");
    let outcome = sandbox.run(&["doctor"]).exits(6);
    outcome.says(&["90,000 for 90,000 users of `big` in checks/x.yaml", "BAD ports"]);
}

#[test]
fn prometheus_is_wanted_for_the_tests_of_taster_only() {
    let (sandbox, command) = nowhere(&["doctor", "--browser", "chromium", "--own-tests"]);
    let told = sandbox.start(command).end().exits(6).stdout;
    assert!(told.contains("MISSING  Prometheus\n"), "{told}");
    assert!(told.contains("fix:  install Prometheus with this system's"), "{told}");
    let (sandbox, command) = nowhere(&["doctor"]);
    assert!(!sandbox.start(command).end().exits(6).all().contains("Prometheus"));
}

#[test]
fn an_engine_that_does_not_exist_is_a_usage_error() {
    Sandbox::new().run(&["doctor", "--browser", "opera"]).exits(2);
}
