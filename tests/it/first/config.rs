//! `taster.toml`: which value wins, where each comes from, and what is said of mistakes.

use crate::support::{Outcome, Sandbox, Service};

const PROJECT: &str = "\
scenarios = \"checks\"
profile = \"long\"
reports-dir = \"out\"
report = [\"json\"]
target = \"local\"

[targets]
local = \"http://127.0.0.1:9\"
other = \"http://127.0.0.1:10\"

[vars]
base = \"/v1\"
key = \"mine\"
";

const CHECK: &str = "\
name: check
vars: { base: /v0, key: none }
tests: [{ name: t, steps: [{ get: \"{{ vars.base }}/{{ vars.key }}\" }] }]
load:
  journey: [{ get: / }]
  profiles: { long: { users: 1, duration: 1m }, short: { users: 1, duration: 1s } }
  sla: [\"http_req_failed: rate<0.01\"]
";

fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("taster.toml", PROJECT).write("checks/check.yaml", CHECK).write(".git/x", "");
    sandbox.write("deep/er/x", "");
    sandbox
}

/// The program in a folder of the sandbox, with some of the environment.
fn within(sandbox: &Sandbox, folder: &str, env: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    let mut command = sandbox.command(arguments);
    command.current_dir(sandbox.path(folder)).envs(env.iter().copied());
    sandbox.start(command).end()
}

#[test]
fn an_option_wins_over_the_environment_the_project_and_the_default() {
    let sandbox = project();
    let env = [("TASTER_PROFILE", "from-env"), ("TASTER_THREADS", "3")];
    let arguments = ["config", "--show-origin", "--var", "key=typed", "--inconclusive", "fail"];
    let told = within(&sandbox, ".", &env, &arguments).exits(0).stdout;
    for (line, origin) in [
        ("scenarios = \"checks\"", "project taster.toml:1:13"),
        ("target = \"http://127.0.0.1:9\"", "project taster.toml:5:10"),
        ("profile = \"from-env\"", "environment TASTER_PROFILE"),
        ("report = \"json\"", "project taster.toml:4:10"),
        ("inconclusive = \"fail\"", "flag --inconclusive"),
        ("baselines = \"baselines\"", "default"),
        ("threads = 3", "environment TASTER_THREADS"),
        ("# seed is not set", "default"),
        ("key = \"typed\"", "flag --var"),
        ("base = \"/v1\"", "project taster.toml:12:8"),
    ] {
        let found = told.lines().find(|one| one.starts_with(line));
        assert!(found.is_some_and(|one| one.ends_with(&format!("# {origin}"))), "{line}\n{told}");
    }
    let json = within(&sandbox, ".", &env, &["config", "--json"]).exits(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["settings"]["profile"]["value"][0], "from-env");
    assert_eq!(json["settings"]["profile"]["origin"], "environment");
    assert_eq!(json["settings"]["reports-dir"]["place"], "taster.toml:3:15");
    assert_eq!(json["targets"]["other"]["value"], "http://127.0.0.1:10");
    assert_eq!(json["vars"]["base"]["origin"], "project");
}

#[test]
fn a_project_holds_in_all_its_folders_with_paths_of_its_own() {
    let sandbox = project();
    let planned = within(&sandbox, "deep/er", &[], &["plan"]).exits(0);
    let planned = planned.says(&["target http://127.0.0.1:9", "long"]);
    assert!(!planned.stdout.contains("short"), "{planned}");
    let told = within(&sandbox, "deep/er", &[], &["config"]).exits(0);
    told.says(&["# ../../taster.toml", "reports-dir = \"../../out\""]);
    // Beyond the root of a repository there is another project.
    sandbox.write("deep/.git/x", "");
    let told = within(&sandbox, "deep/er", &[], &["config"]).exits(0);
    told.says(&["# no taster.toml here or above", "profile is not set"]);
}

#[test]
fn a_target_is_given_by_its_name_and_runs_go_where_the_project_says() {
    let sandbox = project();
    let service = Service::healthy();
    let text = PROJECT.replace("http://127.0.0.1:10", &service.url);
    sandbox.write("taster.toml", &text);
    let run = within(&sandbox, "deep", &[], &["test", "--target", "other"]).exits(0);
    run.says(&["PASS"]);
    let sent = format!("{:?}", service.requests());
    assert!(sent.contains("/v1/mine"), "the vars are those of the project: {sent}");
    assert_eq!(sandbox.names("out/latest"), ["result.json", "verdict.json"]);
    assert!(!sandbox.path("deep/reports").exists());
    assert!(sandbox.path(".taster/durations.json").exists(), "what is learnt is the project's too");
    assert!(!sandbox.path("deep/.taster").exists());
    let wrong = within(&sandbox, ".", &[], &["test", "--target", "othr"]).exits(2);
    wrong.says(&["neither a URL nor a target; did you mean `other`?"]);
    let fault = within(&sandbox, ".", &[], &["run", "--fault", "slow"]).exits(2);
    fault.says(&["--fault is of the embedded backend"]);
}

#[test]
fn mistakes_in_a_project_file_are_shown_where_they_are() {
    let sandbox = Sandbox::new();
    sandbox.write("taster.toml", "profil = \"x\"\nmargin = \"10\"\n");
    let told = sandbox.run(&["plan"]).exits(2);
    told.says(&[
        "error[unknown-setting]: there is no key `profil`",
        "--> taster.toml:1:1",
        "did you mean `profile`?",
    ]);
    sandbox.write("taster.toml", "profile = \"x\"\nmargin = \"10\"\n");
    sandbox.run(&["config"]).exits(2).says(&[
        "error[bad-setting]: `margin` does not take this value",
        "--> taster.toml:2:10",
        "2 | margin = \"10\"",
    ]);
    sandbox.write("taster.toml", "inconclusive = \"maybe\"\n");
    sandbox.run(&["config"]).exits(2).says(&["possible values: fail, warn, pass"]);
    // What needs no project is not kept from working.
    sandbox.run(&["explain", "bad-setting"]).exits(0);
    sandbox.run(&["schema"]).exits(0);
}

#[test]
fn publishing_is_of_the_project_and_the_address_of_a_chat_is_a_secret() {
    let sandbox = project();
    let service = Service::healthy();
    let own = "metrics-listen = \"127.0.0.1:0\"\nnotify-when = \"always\"\n";
    let text = PROJECT.replace("http://127.0.0.1:9", &service.url);
    sandbox.write("taster.toml", format!("{own}{text}"));
    let config = within(&sandbox, "deep", &[], &["config"]).exits(0);
    config.says(&[
        "metrics-listen = \"127.0.0.1:0\"",
        "notify-when = \"always\"",
        "# otlp is not set",
    ]);
    // A key makes an option that wants it good.
    let run = within(&sandbox, "deep", &[], &["test", "--metrics-linger", "1s"]).exits(0);
    run.says(&["metrics: http://127.0.0.1:"]);
    let alone = within(&sandbox, "deep", &[], &["test", "--otlp-temporality", "delta"]).exits(2);
    alone.says(&["add --otlp, or `otlp` in taster.toml"]);
    let duet = ["duet", "--a", &service.url, "--b", &service.url, "--profile", "nope"];
    within(&sandbox, "deep", &[], &duet).exits(2).says(&["no scenario has the profile `nope`"]);
    sandbox.write("taster.toml", format!("notify = \"https://chat/s3cr3t\"\n{text}"));
    let secret = within(&sandbox, "deep", &[], &["config"]).exits(2);
    secret.says(&["put it into TASTER_WEBHOOK"]).never_says(&["s3cr3t"]);
}
