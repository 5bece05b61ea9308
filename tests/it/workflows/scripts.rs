//! The scripts of the pipeline, run: with programs of the test's own in place of those that reach
//! out (`gh`, `docker`), which write down what they are asked.

use std::fs;
use std::process::Command;

use base64::Engine;
use serde_json::json;
use taster::result::DuetPart;

use super::root;
use crate::http::server::json as answer;
use crate::runs::healthy;
use crate::support::{Outcome, Sandbox, Service, after};

/// What is tried here, by words of the step that runs it.
pub const TRIED: [&str; 10] = [
    ".ci/builds",
    ".ci/result",
    ".ci/notify",
    ".ci/deploy",
    ".ci/install",
    ".ci/release",
    ".ci/taste",
    ".ci/redraw",
    ".ci/comment",
    // With the options of the pipeline, in `verify`.
    "taster verify",
];

const TASTER: &str = env!("CARGO_BIN_EXE_taster");

/// A script of the repository in a sandbox, with the sandbox's `bin` first in the path.
fn script(sandbox: &Sandbox, line: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let mut command = Command::new("bash");
    command.arg(root().join(".ci").join(line[0])).args(&line[1..]);
    sandbox.settle(&mut command);
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", sandbox.path("bin").display());
    command.env("PATH", path).env("GITHUB_REPOSITORY", "them/shop").env("HOME", sandbox.path(""));
    command.envs(environment.iter().copied());
    sandbox.start(command).end()
}

/// A program of the test's own.
fn program(sandbox: &Sandbox, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    sandbox.write(&format!("bin/{name}"), format!("#!/usr/bin/env bash\n{text}"));
    let path = sandbox.path(&format!("bin/{name}"));
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
}

#[test]
fn the_whole_result_is_red_for_any_job_that_did_not_pass() {
    let sandbox = Sandbox::new();
    let needs = |tests: &str, image: &str, staging: &str| {
        json!({
            "tests": { "result": tests }, "image": { "result": image },
            "staging": { "result": staging },
        })
        .to_string()
    };
    let judge = |needs: &str| {
        script(&sandbox, &["result"], &[("NEEDS", needs), ("MAY_SKIP", "staging production")])
    };
    judge(&needs("success", "success", "success")).exits(0).says(&["| tests | success |"]);
    judge(&needs("success", "success", "skipped")).exits(0);
    judge(&needs("success", "skipped", "skipped")).exits(1).says(&["image: skipped"]);
    judge(&needs("failure", "success", "success")).exits(1).says(&["tests: failure"]);
    judge(&needs("success", "cancelled", "failure")).exits(1).says(&["staging: failure"]);
    judge("{}").exits(1).says(&["no job to judge"]);
    assert_ne!(script(&sandbox, &["result"], &[]).code, Some(0), "no jobs are no pass");
}

#[test]
fn a_notification_says_what_failed_and_one_that_is_not_delivered_is_a_failure() {
    let sandbox = Sandbox::new();
    let taking = Service::start(|_| after(1, answer("200 OK", "ok")));
    let needs = json!({ "tests": { "result": "failure" }, "image": { "result": "success" } });
    let needs = needs.to_string();
    let tell = |hook: &str| {
        let sha = "0123456789abcdef";
        let fixed = [("NEEDS", needs.as_str()), ("RUN_URL", "https://runs/1"), ("GITHUB_SHA", sha)];
        script(&sandbox, &["notify"], &[&fixed[..], &[("WEBHOOK", hook)]].concat())
    };
    tell(&taking.url).exits(0);
    let sent = taking.requests().remove(0);
    let body: serde_json::Value = serde_json::from_str(&sent.body()).expect("JSON");
    assert_eq!(body["text"], "FAIL: pipeline of 0123456789ab");
    assert!(sent.body().contains("tests: failure") && sent.body().contains("https://runs/1"));
    let refusing = Service::start(|_| after(1, answer("404 Not Found", "no")));
    assert_ne!(tell(&refusing.url).code, Some(0));
    assert_ne!(tell("").code, Some(0), "a webhook that is not set is said");
}

/// A Docker that keeps its containers as files and writes down what it is asked.
const DOCKER: &str = r#"
echo "$*" >>"$HOME/asked"
shift 2
state=$HOME/containers; mkdir -p "$state"
case "$1 ${2:-}" in
"pull broken:1") exit 1 ;;
"container ls") name=${6#name=^}; name=${name%$}; [ ! -e "$state/$name" ] || echo id ;;
"rm --force") rm "$state/$3" ;;
"rename "*) mv "$state/$2" "$state/$3" ;;
"run "*) while [ "$1" != --name ]; do shift; done; name=$2
         while [ "$1" != demo ]; do last=$1; shift; done; echo "$last" >"$state/$name" ;;
esac
"#;

#[test]
fn a_deployment_keeps_what_was_there_and_goes_back_to_it() {
    let sandbox = Sandbox::new();
    program(&sandbox, "docker", DOCKER);
    let deploy =
        |line: &[&str]| script(&sandbox, line, &[("DEPLOY_HOST", "ssh://deploy@staging.example")]);
    deploy(&["deploy", "back"]).exits(1).says(&["nothing to return to"]);
    deploy(&["deploy", "up", "shop:1"]).exits(0);
    deploy(&["deploy", "up", "shop:2"]).exits(0);
    assert_eq!(sandbox.read("containers/taster-demo").trim(), "shop:2");
    assert_eq!(sandbox.read("containers/taster-demo-before").trim(), "shop:1");
    // An image that is not there stops nothing.
    assert_ne!(deploy(&["deploy", "up", "broken:1"]).code, Some(0));
    assert_eq!(sandbox.read("containers/taster-demo").trim(), "shop:2");
    deploy(&["deploy", "back"]).exits(0);
    assert_eq!(sandbox.read("containers/taster-demo").trim(), "shop:1");
    let asked = sandbox.read("asked");
    assert!(asked.lines().all(|line| line.starts_with("--host ssh://deploy@staging.example ")));
    assert_eq!(deploy(&["deploy"]).code, Some(2));
    let key = [("KEY", "secret"), ("KNOWN_HOSTS", "staging.example ssh-ed25519 AAAA")];
    script(&sandbox, &["deploy", "key"], &key).exits(0).never_says(&["secret"]);
    assert_eq!(sandbox.read(".ssh/id_ed25519"), "secret\n");
}

#[test]
fn only_what_was_released_is_installed() {
    let sandbox = Sandbox::new();
    sandbox.write("built/taster", "#!/bin/sh\necho taster 1.2.3\n");
    let pack = "uname=$(uname -m); mkdir -p served/v1.2.3; chmod +x built/taster; \
        f=served/v1.2.3/taster-1.2.3-$uname-unknown-linux-musl.tar.gz; \
        tar -czf $f -C built taster; (cd served/v1.2.3 && sha256sum *.tar.gz) > checksums";
    let mut command = Command::new("bash");
    command.args(["-ec", pack]);
    sandbox.settle(&mut command);
    sandbox.start(command).end().exits(0);
    let served = format!("file://{}", sandbox.path("served").display());
    let checksums = sandbox.path("checksums").display().to_string();
    let to = sandbox.path("to").display().to_string();
    let install = |version: &str| {
        let own = [("TASTER_RELEASES", served.as_str()), ("TASTER_CHECKSUMS", checksums.as_str())];
        script(&sandbox, &["install", version, &to], &own)
    };
    install("1.2.3").exits(0).says(&["taster 1.2.3"]);
    install("1.2.4").exits(6).says(&["is not in this commit"]);
    install("latest").exits(2).says(&["not an exact version"]);
    fs::remove_dir_all(&to).expect("it was made");
    let known = sandbox.read("checksums");
    let other = if known.starts_with('0') { "1" } else { "0" };
    sandbox.write("checksums", format!("{other}{}", &known[1..]));
    install("1.2.3").exits(1).says(&["nothing was installed"]);
    assert!(!sandbox.path("to/taster").exists());
}

/// A suite of one request.
fn suite(path: &str) -> String {
    format!("name: h\ntests:\n  - name: is up\n    steps: [{{ get: {path} }}]\n")
}

/// A checkout whose version is that of the program under test.
fn checkout() -> (Sandbox, String) {
    let (sandbox, version) = (Sandbox::new(), env!("CARGO_PKG_VERSION").to_string());
    sandbox.write("Cargo.toml", format!("[package]\nversion = \"{version}\"\n"));
    sandbox.write("README.md", "# Taster\n");
    let log = format!("# Changelog\n\n## {version}\n\n- It judges.\n\n## 0.0.1\n\n- Old.\n");
    sandbox.write("CHANGELOG.md", log);
    sandbox.write(".ci/checksums", "# checksums\n");
    sandbox.write("scenarios/health.yaml", suite("/api/v1/live"));
    sandbox.write("packed/.keep", "");
    (sandbox, version)
}

#[test]
fn a_release_is_of_the_version_that_it_says_and_is_tried_before_it_is_packed() {
    let (sandbox, version) = checkout();
    let top = sandbox.path("").display().to_string();
    let release = |line: &[&str]| {
        script(&sandbox, &[&["release"], line].concat(), &[("TASTER_TOP", top.as_str())])
    };
    release(&["check", &format!("v{version}")]).exits(0);
    release(&["check", "v9.9.9"]).exits(1).says(&["the version in Cargo.toml is"]);
    release(&["pack", TASTER, "this-machine", "packed"]).exits(0);
    let archive = format!("packed/taster-{version}-this-machine.tar.gz");
    let mut list = Command::new("tar");
    list.args(["-tzf", &archive]);
    sandbox.settle(&mut list);
    let files = sandbox.start(list).end().exits(0);
    for file in ["taster", "README.md", "completions.bash", "scenario.schema.json"] {
        assert!(files.stdout.lines().any(|line| line == file), "{file}: {files}");
    }
    // One that does not do its work is not packed.
    sandbox.write("scenarios/health.yaml", suite("/nowhere"));
    assert_ne!(release(&["pack", TASTER, "broken", "packed"]).code, Some(0));
    assert!(!sandbox.path(&format!("packed/taster-{version}-broken.tar.gz")).exists());
    program(&sandbox, "other", "echo taster 0.0.1\n");
    let other = sandbox.path("bin/other").display().to_string();
    release(&["pack", &other, "other", "packed"]).exits(1).says(&["says `taster 0.0.1`"]);
    sandbox.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n- It judges.\n");
    release(&["check", &format!("v{version}")]).exits(1).says(&["CHANGELOG.md has no part"]);
    assert_eq!(release(&["x"]).code, Some(2));
}

#[test]
fn a_release_has_all_platforms_with_checksums_that_the_action_is_asked_to_know() {
    let (sandbox, version) = checkout();
    program(&sandbox, "gh", "printf '%s\\n' \"$*\" >>\"$HOME/asked\"\n");
    let (top, tag) = (sandbox.path("").display().to_string(), format!("v{version}"));
    let own = [("TASTER_TOP", top.as_str()), ("GITHUB_SHA", "0123456789abcdef")];
    let publish = || script(&sandbox, &["release", "publish", &tag, "packed"], &own);
    fs::remove_file(sandbox.path("packed/.keep")).expect("it was made");
    let targets = [
        "x86_64-unknown-linux-gnu",
        "aarch64-unknown-linux-gnu",
        "x86_64-unknown-linux-musl",
        "aarch64-unknown-linux-musl",
        "aarch64-apple-darwin",
    ];
    for target in targets {
        sandbox.write(&format!("packed/taster-{version}-{target}.tar.gz"), target);
    }
    publish().exits(1).says(&["no archive for x86_64-pc-windows-msvc"]);
    assert!(!sandbox.path("asked").exists(), "half a release is none");
    sandbox.write(&format!("packed/taster-{version}-x86_64-pc-windows-msvc.tar.gz"), "w");
    sandbox.write("packed/taster.cdx.json", "{}");
    publish().exits(0);
    let asked = sandbox.read("asked");
    let lines: Vec<&str> = asked.lines().collect();
    assert!(lines[0].starts_with(&format!("release create {tag} --verify-tag")), "{asked}");
    assert_eq!(lines[0].matches(".tar.gz").count(), 6, "{asked}");
    assert!(lines[0].contains("SHA256SUMS") && lines[0].contains("taster.cdx.json"), "{asked}");
    assert!(lines[1].contains(&format!("ref=refs/heads/checksums-{version}")), "{asked}");
    let content = lines[2].split("content=").nth(1).expect("a file").trim();
    let content = base64::engine::general_purpose::STANDARD.decode(content).expect("base64");
    let content = String::from_utf8(content).expect("text");
    assert!(content.starts_with("# checksums\n"), "{content}");
    // As `.ci/install` looks for them.
    for target in targets {
        let file = format!("  taster-{version}-{target}.tar.gz");
        let line = content.lines().find(|line| line.ends_with(&file)).expect("a line");
        assert_eq!(line.len(), 64 + file.len(), "{line}");
    }
    assert!(!content.contains("cdx.json"), "only archives are installed: {content}");
    assert!(lines[3].starts_with(&format!("pr create --head checksums-{version}")), "{asked}");
}

#[test]
fn inputs_of_the_action_are_arguments_and_never_shell() {
    let sandbox = Sandbox::new();
    program(&sandbox, "fake", "printf '<%s>\\n' \"$@\"; echo \"target ${TASTER_TARGET-unset}\"\n");
    let fake = sandbox.path("bin/fake").display().to_string();
    let given = [
        ("COMMAND", "load"),
        ("PATHS", "scenarios/a b.yaml\n\nscenarios/$(touch made).yaml"),
        ("ARGUMENTS", "--var=a=; touch made\n"),
        ("TASTER_TARGET", ""),
    ];
    let outcome = script(&sandbox, &["taste", &fake], &given).exits(0);
    let words: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(words[0], "<load>");
    let rest = [
        "<scenarios/a b.yaml>",
        "<scenarios/$(touch made).yaml>",
        "<--var=a=; touch made>",
        "target unset",
    ];
    assert_eq!(words[3..], rest, "{outcome}");
    assert!(!sandbox.path("made").exists());
    script(&sandbox, &["taste", &fake], &[("COMMAND", "run; id")]).exits(2);
}

#[test]
fn a_result_from_elsewhere_is_drawn_anew_and_anything_else_is_refused() {
    let sandbox = Sandbox::new();
    let mut run = healthy();
    run.steps[0].step = "@admin <img src=x> ::error::x".into();
    sandbox.write("r.json", serde_json::to_string(&run).expect("a result is JSON"));
    script(&sandbox, &["redraw", TASTER, "r.json", "drawn"], &[]).exits(0);
    let comment = sandbox.read("drawn/comment.md");
    assert!(comment.starts_with("<!-- taster:comment:v1:load-shopping -->\n"), "{comment}");
    assert!(!comment.contains("<img") && !comment.contains("@admin"));
    for (name, text) in [("text", "<!-- taster:comment:v1:x -->\nPASS"), ("cut", "{\"format\":1")] {
        sandbox.write("x.json", text);
        let refused = script(&sandbox, &["redraw", TASTER, "x.json", name], &[]);
        assert_ne!(refused.code, Some(0), "{refused}");
        assert!(!sandbox.path(&format!("{name}/comment.md")).exists());
    }
}

#[test]
fn the_comment_of_a_duet_is_drawn_from_its_recordings_and_from_nothing_else() {
    let sandbox = Sandbox::new();
    for restart in 1..=3_u32 {
        for side in ["a", "b"] {
            let mut run = healthy();
            run.steps[0].step = "@admin <img src=x> ::error::x".into();
            run.run.duet = Some(DuetPart {
                id: "d".into(),
                side: side.into(),
                what: "curl http://x/$(reboot) <script>".into(),
                restart,
                first: (restart % 2 == 1) == (side == "a"),
                looks: vec![3],
                ..DuetPart::default()
            });
            let text = serde_json::to_string(&run).expect("a result is JSON");
            sandbox.write(&format!("in/{restart}-{side}.json"), text);
        }
    }
    sandbox.write("in/comment.md", "<!-- taster:comment:v1:x -->\nPASS").write("in/x.json", "{}");
    let line = ["redraw", TASTER, "in", "drawn", "--margin-floor", "20ms"];
    script(&sandbox, &line, &[]).exits(0);
    let comment = sandbox.read("drawn/comment.md");
    assert!(comment.starts_with("<!-- taster:comment:v1:comparison-shopping -->\n"), "{comment}");
    for never in ["<img", "@admin", "<script"] {
        assert!(!comment.contains(never), "{comment}");
    }
    assert_eq!(sandbox.names("drawn"), ["comment.md"]);
    sandbox.write("in/3-b.json", "{\"format\": 1");
    let refused = script(&sandbox, &["redraw", TASTER, "in", "other"], &[]);
    assert_ne!(refused.code, Some(0), "{refused}");
    assert!(!sandbox.path("other/comment.md").exists());
}

/// A Cargo whose build is a file of the sources.
const CARGO: &str = r#"
while [ "$1" != --manifest-path ]; do shift; done
mkdir -p "$CARGO_TARGET_DIR/release"
cp "$(dirname "$2")/what" "$CARGO_TARGET_DIR/release/taster"
"#;

#[test]
fn a_change_is_built_beside_its_merge_base() {
    let sandbox = Sandbox::new();
    program(&sandbox, "cargo", CARGO);
    let git = |line: &str| {
        let mut command = Command::new("bash");
        command.args(["-ec", line]);
        sandbox.settle(&mut command);
        let told = command.output().expect("git is on every machine");
        assert!(told.status.success(), "{line}: {}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8_lossy(&told.stdout).trim().to_string()
    };
    let commit = |what: &str| {
        sandbox.write("what", what);
        let who = "-c user.name=t -c user.email=t@x";
        git(&format!("git add what; git {who} commit -qm {what}; git rev-parse HEAD"))
    };
    git("git init -q -b main");
    commit("first");
    let fork = commit("fork");
    git("git checkout -q -b change");
    commit("change");
    git("git checkout -q main");
    let base = commit("main-goes-on");
    git("git checkout -q change");
    let built = |base: &str| {
        script(&sandbox, &["builds", base, "out"], &[]).exits(0);
        (sandbox.read("out/base/taster"), sandbox.read("out/head/taster"))
    };
    let both = |a: &str, b: &str| (a.to_string(), b.to_string());
    assert_eq!(built(&base), both("fork", "change"), "main has gone on, the change has not");
    assert_eq!(built(&fork), both("fork", "change"));
    let nothing = "0000000000000000000000000000000000000000";
    assert_eq!(built(nothing), both("fork", "change"), "a first push has nothing before it");
    git("git checkout -q main");
    assert_eq!(built(&base), both("fork", "main-goes-on"), "nothing is compared with itself");
    assert_eq!(git("git worktree list | wc -l"), "1", "nothing is left of it");
}

/// A GitHub with the answers of the test, which writes down what is sent.
const GH: &str = r#"
echo "$*" >>"$HOME/asked"
case "$*" in
*"/pulls"*) cat "$HOME/pulls" ;;
*PATCH* | *POST*)
    for word; do case "$word" in body=@*) cat "${word#body=@}" >"$HOME/sent" ;; esac; done ;;
*) cat "$HOME/comments" ;;
esac
"#;

#[test]
fn a_comment_is_written_over_our_own_and_over_nobody_elses() {
    let sandbox = Sandbox::new();
    program(&sandbox, "gh", GH);
    let marker = "<!-- taster:comment:v1:smoke-shop -->";
    sandbox.write("comment.md", format!("{marker}\n### PASS\n"));
    let said = |id: u32, login: &str, body: &str| {
        let user = json!({ "login": login });
        json!({ "id": id, "user": user, "body": body })
    };
    let theirs = said(1, "mallory", &format!("{marker}\nfake"));
    let other = said(2, "github-actions[bot]", "<!-- taster:comment:v1:load-shop -->\nx");
    let ours = said(3, "github-actions[bot]", &format!("{marker}\nold"));
    let post = || {
        let given = [("NUMBER", "7"), ("RUN_URL", "https://runs/1")];
        script(&sandbox, &["comment", "post", "comment.md"], &given)
    };
    sandbox.write("comments", json!([theirs, other]).to_string());
    post().exits(0).says(&["commented on pull request 7"]);
    assert!(sandbox.read("asked").contains("POST repos/them/shop/issues/7/comments"));
    // A second page comes as a second list.
    sandbox.write("comments", format!("{}{}", json!([theirs, other]), json!([ours])));
    post().exits(0).says(&["comment 3 is written anew"]);
    assert!(sandbox.read("asked").contains("PATCH repos/them/shop/issues/comments/3"));
    let sent = sandbox.read("sent");
    assert!(sent.starts_with(marker) && sent.contains("(https://runs/1)"), "{sent}");
    sandbox.write("comment.md", "no marker\n");
    post().exits(2).says(&["does not begin with a marker"]);
}

#[test]
fn the_pull_request_is_the_one_that_github_names_for_this_commit() {
    let sandbox = Sandbox::new();
    program(&sandbox, "gh", GH);
    let find = |sha: &str| {
        let given = [("OWNER", "fork"), ("BRANCH", "fix;id"), ("HEAD_SHA", sha)];
        script(&sandbox, &["comment", "find"], &given)
    };
    let pulls = json!([{ "number": 12, "head": { "sha": "abc" } }]);
    sandbox.write("pulls", pulls.to_string());
    find("abc").exits(0).says(&["number=12"]);
    assert!(sandbox.read("asked").contains("head=fork:fix;id"));
    let older = find("older").exits(0);
    assert_eq!(older.stdout.trim(), "number=", "a newer push has its own run: {older}");
}
