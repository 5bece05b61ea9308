//! The project's own pipeline and action, kept to their rules: a linter for what a mistake in would
//! only be seen once it is too late. What their steps run is run here where nothing but the
//! repository is needed for it.

mod scripts;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::catalogue::as_json;

/// The top of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The workflows and the action, by name.
fn files() -> Vec<(String, Value)> {
    let entries = fs::read_dir(root().join(".github/workflows")).expect("there are workflows");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    paths.push(root().join("action.yml"));
    paths.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).expect("it can be read");
    let name = |path: &PathBuf| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    paths.iter().map(|path| (name(path), as_json(&read(path)))).collect()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str)).collect()
}

/// The jobs of a workflow; an action has none.
fn jobs(file: &Value) -> impl Iterator<Item = (&String, &Value)> {
    file["jobs"].as_object().into_iter().flatten()
}

/// The steps of a file, each with the job it is in.
fn steps(file: &Value) -> Vec<(String, &Value)> {
    let of = |name: &str, steps: &'_ Value| -> Vec<(String, usize)> {
        let count = steps.as_array().map_or(0, Vec::len);
        (0..count).map(|at| (name.to_string(), at)).collect()
    };
    let mut all = Vec::new();
    for (name, job) in jobs(file) {
        let found = of(name, &job["steps"]);
        all.extend(found.into_iter().map(|(name, at)| (name, &job["steps"][at])));
    }
    let found = of("action", &file["runs"]["steps"]);
    all.extend(found.into_iter().map(|(name, at)| (name, &file["runs"]["steps"][at])));
    all
}

/// The names after `needs.` and the like in an expression.
fn names_after<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let end = |c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_';
    let found = text.match_indices(prefix).map(|(at, _)| &text[at + prefix.len()..]);
    found.map(|rest| &rest[..rest.find(end).unwrap_or(rest.len())]).collect()
}

const WORKFLOW: [&str; 8] =
    ["name", "on", "permissions", "concurrency", "env", "defaults", "jobs", "run-name"];
const JOB: [&str; 13] = [
    "name",
    "needs",
    "if",
    "runs-on",
    "timeout-minutes",
    "permissions",
    "strategy",
    "env",
    "steps",
    "concurrency",
    "environment",
    "outputs",
    "defaults",
];
const STEP: [&str; 9] =
    ["name", "id", "if", "uses", "with", "run", "env", "shell", "working-directory"];
const ACTION: [&str; 7] =
    ["name", "description", "author", "branding", "inputs", "outputs", "runs"];

/// All that is wrong with a file, each in one sentence.
fn problems(name: &str, file: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let strange = |what: &str, value: &Value, known: &[&str]| {
        let other = keys(value).into_iter().filter(|key| !known.contains(key));
        other.map(|key| format!("{what}: `{key}` is not known")).collect::<Vec<_>>()
    };
    let action = !file["runs"].is_null();
    wrong.extend(strange("file", file, if action { &ACTION } else { &WORKFLOW }));
    if !action && file["permissions"] != serde_json::json!({}) {
        wrong.push("permissions: a workflow begins with none, and each job says its own".into());
    }
    for (job, value) in jobs(file) {
        wrong.extend(strange(job, value, &JOB));
        wrong.extend(job_problems(file, job, value));
    }
    for (job, step) in steps(file) {
        wrong.extend(strange(&job, step, &STEP));
        wrong.extend(step_problems(&job, step).into_iter().map(|why| format!("{job}: {why}")));
    }
    wrong.iter().map(|why| format!("{name}: {why}")).collect()
}

fn needs(job: &Value) -> Vec<&str> {
    match &job["needs"] {
        Value::String(one) => vec![one],
        other => other.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    }
}

fn job_problems(file: &Value, name: &str, job: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let known: Vec<&String> = jobs(file).map(|(name, _)| name).collect();
    for need in needs(job) {
        if !known.iter().any(|job| *job == need) {
            wrong.push(format!("{name}: needs `{need}`, which is no job"));
        }
    }
    for key in ["permissions", "timeout-minutes", "runs-on"] {
        if job[key].is_null() {
            wrong.push(format!("{name}: has no {key}"));
        }
    }
    // The one that makes a release of a tag; nobody else's code or text comes near it.
    let releases = name == "publish" && keys(&file["on"]["push"]) == ["tags"];
    if job["permissions"]["contents"] == "write" && !releases {
        wrong.push(format!("{name}: no job here writes to the repository"));
    }
    if job["runs-on"].as_str().is_some_and(|on| on.ends_with("-latest")) {
        wrong.push(format!("{name}: `-latest` becomes another system by itself"));
    }
    let ids: Vec<&str> = job["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|step| step["id"].as_str())
        .collect();
    for asked in names_after(&job.to_string(), "steps.") {
        if !asked.is_empty() && !ids.contains(&asked) {
            wrong.push(format!("{name}: `steps.{asked}` is no step"));
        }
    }
    wrong
}

fn step_problems(job: &str, step: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let text = step.to_string();
    if let Some(uses) = step["uses"].as_str().filter(|uses| !uses.starts_with("./")) {
        let pin = uses.split_once('@').map_or("", |(_, pin)| pin);
        if pin.len() != 40 || !pin.bytes().all(|b| b.is_ascii_hexdigit()) {
            wrong.push(format!("`{uses}` is not pinned to a commit"));
        }
        if job == "action" {
            wrong.push(format!("`{uses}`: the action depends on no other"));
        }
        if uses.starts_with("actions/checkout@") && step["with"]["persist-credentials"] != false {
            wrong.push("a checkout leaves its token behind".into());
        }
    }
    match (step["run"].as_str(), step["uses"].as_str()) {
        (Some(run), None) => {
            if step["name"].is_null() {
                wrong.push("a step that runs something has a name".into());
            }
            // Whatever the expression, its text would become the script's.
            if run.contains("${{") {
                wrong.push(format!("an expression inside `run`: {run}; hand it over by `env`"));
            }
            for ignoring in ["|| true", "|| :", "set +e", "; true"] {
                if run.contains(ignoring) {
                    wrong.push(format!("`{ignoring}` ignores a failure: {run}"));
                }
            }
            if job == "action" && step["shell"].is_null() {
                wrong.push("a step of an action names its shell".into());
            }
        }
        (None, Some(_)) => {}
        _ => wrong.push(format!("a step either runs or uses something: {text}")),
    }
    if text.contains("continue-on-error") {
        wrong.push("`continue-on-error` ignores a failure".into());
    }
    if let Some(when) = step["if"].as_str()
        && !(when.starts_with("${{") && when.ends_with("}}"))
    {
        wrong.push(format!("`if: {when}` is an expression only by chance; write ${{{{ }}}}"));
    }
    wrong
}

#[test]
fn every_workflow_keeps_the_rules() {
    let all: Vec<String> = files().iter().flat_map(|(name, file)| problems(name, file)).collect();
    assert_eq!(all, Vec::<String>::new(), "\n{}", all.join("\n"));
    assert!(files().len() >= 5, "pipeline, comment, release, the reusable one, and the action");
}

#[test]
fn a_workflow_that_breaks_a_rule_is_told_so() {
    let bad = as_json(
        r"
name: bad
on: [push]
jobs:
  publish: { permissions: { contents: write } }
  one:
    runs-on: ubuntu-latest
    continue-on-error: true
    needs: [two]
    steps:
      - uses: actions/checkout@v4
      - run: echo ${{ github.event.pull_request.title }}
      - name: x
        if: always()
        run: cargo test || true
      - name: y
        env: { A: '${{ steps.nowhere.outputs.x }}' }
        run: 'true'
        typo: 1
",
    );
    let told = problems("bad.yml", &bad).join("\n");
    for words in [
        "begins with none",
        "`continue-on-error` is not known",
        "needs `two`",
        "has no permissions",
        "has no timeout-minutes",
        "-latest",
        "not pinned",
        "leaves its token",
        "expression inside",
        "`|| true`",
        "only by chance",
        "`typo` is not known",
        "has a name",
        "`steps.nowhere`",
        "publish: no job here writes",
    ] {
        assert!(told.contains(words), "`{words}` is not in\n{told}");
    }
}

#[test]
fn one_job_that_always_runs_says_the_whole_result() {
    let (_, pipeline) = files().into_iter().find(|(name, _)| name == "pipeline.yml").expect("one");
    let result = &pipeline["jobs"]["result"];
    assert_eq!(result["if"], "${{ always() }}");
    let names: BTreeSet<&str> =
        jobs(&pipeline).map(|(name, _)| name.as_str()).filter(|name| *name != "result").collect();
    assert_eq!(needs(result).into_iter().collect::<BTreeSet<_>>(), names, "of all the others");
    for job in [
        "quality",
        "tests",
        "security",
        "browser",
        "performance",
        "image",
        "staging",
        "production",
        "notify",
    ] {
        assert!(names.contains(job), "{job} is one of the nine");
    }
    for event in ["pull_request", "merge_group", "push"] {
        assert!(keys(&pipeline["on"]).contains(&event), "{event}");
    }
    // What may be skipped is only there on main; all else must have run and passed.
    let may = result["steps"][1]["env"]["MAY_SKIP"].as_str().expect("a list");
    for job in may.split(' ') {
        let when = pipeline["jobs"][job]["if"].as_str().expect("a condition");
        assert!(when.contains("github.event_name == 'push'"), "{job}: {when}");
    }
    let production = &pipeline["jobs"]["production"];
    assert_eq!(production["environment"]["name"], "production", "where the approval is asked for");
    assert_eq!(needs(production), ["staging"]);
    for job in ["staging", "production"] {
        let back = pipeline["jobs"][job]["steps"].as_array().into_iter().flatten();
        let back = back.filter(|step| step["run"] == ".ci/deploy back").collect::<Vec<_>>();
        assert!(back[0]["if"].as_str().is_some_and(|when| when.contains("failure()")), "{job}");
    }
}

#[test]
fn a_release_has_every_platform_and_says_where_it_was_made() {
    let (_, release) = files().into_iter().find(|(name, _)| name == "release.yml").expect("one");
    let built: BTreeSet<&str> = release["jobs"]["build"]["strategy"]["matrix"]["include"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["target"].as_str())
        .collect();
    // The script refuses a release without one of them, and the action installs them by name.
    let script = fs::read_to_string(root().join(".ci/release")).expect("it is there");
    let list = script.split("platforms=\"").nth(1).and_then(|rest| rest.split('"').next());
    let demanded: BTreeSet<&str> = list.expect("a list").split_whitespace().collect();
    assert_eq!(built, demanded);
    let install = fs::read_to_string(root().join(".ci/install")).expect("it is there");
    for line in install.lines().filter_map(|line| line.split_once("machine=")) {
        let target = line.1.split(' ').next().unwrap_or_default();
        assert!(built.contains(target), "{target} can be installed and is never built");
    }
    for target in ["linux-gnu", "linux-musl", "apple-darwin", "windows"] {
        assert!(built.iter().any(|one| one.contains(target)), "{target}");
    }
    let publish = &release["jobs"]["publish"];
    assert_eq!(needs(publish), ["build", "sbom", "image"], "all of it or none");
    assert!(publish["steps"].to_string().contains("actions/attest-build-provenance@"));
    assert_eq!(publish["permissions"]["id-token"], "write");
    assert!(publish["environment"].is_string(), "where an approval can be asked for");
    // What is signed was built from nothing.
    assert!(!release.to_string().contains("cache@"));
}

#[test]
fn code_of_a_pull_request_never_runs_beside_a_token_that_writes() {
    for (name, file) in files().iter().filter(|(name, _)| name != "action.yml") {
        let on = keys(&file["on"]);
        assert!(!on.contains(&"pull_request_target"), "{name}");
        if !on.contains(&"workflow_run") {
            continue;
        }
        for (job, value) in jobs(file) {
            let foreign = value["steps"].to_string().contains("taster-result");
            let writes = value["permissions"].to_string().contains("write");
            assert!(!(foreign && writes), "{job} reads what others made, and may write");
        }
        for (job, step) in steps(file) {
            let with = &step["with"];
            let checkout = step["uses"].as_str().is_some_and(|uses| uses.contains("checkout"));
            assert!(!checkout || (with["ref"].is_null() && with["repository"].is_null()), "{job}");
        }
    }
}

/// Every script of a step, by file and name.
fn scripts() -> Vec<(String, String)> {
    let of = |(name, file): &(String, Value)| {
        let runs = steps(file).into_iter().filter_map(|(job, step)| {
            let called = step["name"].as_str().unwrap_or_default();
            Some((format!("{name} {job}: {called}"), step["run"].as_str()?.to_string()))
        });
        runs.collect::<Vec<_>>()
    };
    files().iter().flat_map(of).collect()
}

#[test]
fn every_script_is_bash() {
    let check = |name: &str, command: &mut Command| {
        let told = command.output().expect("bash is on every machine");
        assert!(told.status.success(), "{name}: {}", String::from_utf8_lossy(&told.stderr));
    };
    for (name, script) in scripts() {
        check(&name, Command::new("bash").args(["-n", "-c", &script]));
    }
    for entry in fs::read_dir(root().join(".ci")).expect("there are scripts") {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("it can be read");
        if !text.starts_with("#!") {
            continue;
        }
        check(&path.display().to_string(), Command::new("bash").arg("-n").arg(&path));
        assert!(text.contains("set -euo pipefail"), "{} goes on after a failure", path.display());
    }
}

/// What a step runs that only a machine of the pipeline has, or that takes long: and where it is
/// tried instead. All else is tried in `scripts`.
const ELSEWHERE: [(&str, &str); 19] = [
    ("rustup toolchain install", "a toolchain comes from outside"),
    ("cargo build --release", "by whoever runs the README's first command"),
    ("cargo install --locked", "tools come from outside"),
    ("cargo deny", "`make deny`"),
    ("cargo audit", "needs the advisories of today"),
    ("go run", "tools come from outside"),
    ("make lint", "`.ci/run` has its three commands"),
    ("make windows-check", "by whoever types it: a compiler and libraries come from outside"),
    ("./test", "this is one of its tests"),
    ("cargo run --quiet --locked -- plan", "`suites` plans the scenario files"),
    ("taster doctor", "`doctor`"),
    ("taster test scenarios/browser", "`benches/gate-demo.sh`"),
    ("taster duet", "`benches/gate-demo.sh`, with and without a fault"),
    ("docker ", "needs Docker, and a registry"),
    ("tag=\"${IMAGE,,}", "needs Docker, and a registry"),
    ("for kind in", "needs Docker, and a registry"),
    ("sudo apt-get update", "a compiler comes from outside"),
    ("make static-check", "`make musl`"),
    ("mkdir packed\ncargo cyclonedx", "tools come from outside"),
];

#[test]
fn every_script_is_tried_here_or_known_to_be_tried_elsewhere() {
    for (name, script) in scripts() {
        let words = script.trim();
        let elsewhere = ELSEWHERE.iter().any(|(start, _)| words.starts_with(start))
            || words.starts_with("image=\"${IMAGE,,}\"");
        let tried = scripts::TRIED.iter().any(|part| words.contains(part));
        assert!(elsewhere || tried, "{name}: nobody tries `{words}`");
    }
}

/// The blocks of this kind in the documentation of pipelines.
fn blocks(kind: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/ci.md")).expect("it is there");
    let fence = format!("```{kind}\n");
    let after = text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default());
    after.map(String::from).collect()
}

#[test]
fn the_commands_of_the_pipeline_and_its_documentation_are_understood() {
    let help = |command: &str| {
        let told = Command::new(env!("CARGO_BIN_EXE_taster")).args([command, "--help"]).output();
        String::from_utf8_lossy(&told.expect("it runs").stdout).into_owned()
    };
    let told = ["sh", "yml"].into_iter().flat_map(blocks).map(|text| ("docs".to_string(), text));
    let mut seen = 0;
    for (name, script) in scripts().into_iter().chain(told) {
        let joined = script.replace("\\\n", " ");
        let commands = joined.lines().map(|line| line.trim().trim_start_matches("- "));
        for part in commands.flat_map(|line| line.split("||")).map(str::trim) {
            let Some(line) = part.strip_prefix("taster ") else { continue };
            // What is quoted is a command of its own.
            let line: String = line.split('\'').step_by(2).collect();
            let mut words = line.split_whitespace();
            let help = match words.next().expect("a command") {
                "baseline" => help("baseline") + "--why",
                command => help(command),
            };
            for option in words.clone().filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{name}: `{part}` has no {option}");
            }
            let formats = words.skip_while(|word| *word != "--report").nth(1).unwrap_or("json");
            for format in formats.split(',') {
                assert!(format.parse::<taster::report::Format>().is_ok(), "{name}: {format}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 12, "{seen} commands");
}

#[test]
fn whoever_uses_the_action_gives_it_inputs_that_it_has() {
    let all = files();
    let action = &all.iter().find(|(name, _)| name == "action.yml").expect("one").1;
    let inputs = keys(&action["inputs"]);
    let documented = blocks("yml").iter().map(|text| as_json(text)).collect::<Vec<_>>();
    let mut seen = 0;
    for file in all.iter().map(|(_, file)| file).chain(&documented) {
        let steps = steps(file).into_iter().map(|(_, step)| step);
        let ours = |step: &&Value| {
            let uses = step["uses"].as_str().unwrap_or_default();
            uses.starts_with("./.taster-action") || uses.starts_with("OWNER/taster")
        };
        for step in steps.filter(ours) {
            let strange: Vec<_> =
                keys(&step["with"]).into_iter().filter(|key| !inputs.contains(key)).collect();
            assert!(strange.is_empty(), "{strange:?} are no inputs of the action");
            let required =
                inputs.iter().filter(|name| action["inputs"][**name]["required"] == true);
            for name in required {
                assert!(keys(&step["with"]).contains(name), "{name} is required");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, 2, "the workflow to call, and the documentation");
}
