//! No process outlives Taster, however it ends.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use taster::driver::browser::{Guarded, Launch, Program};
use tokio::time::{Instant, sleep};

use super::contract::launch;

/// A process of this test run.
#[derive(Debug)]
pub struct Process {
    number: i32,
}

impl Process {
    pub fn kill(&self) {
        if let Some(pid) = Pid::from_raw(self.number) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Those that come from this process and whose command line holds this. What others on this
/// machine do is none of our business.
pub fn living(holds: &str) -> Vec<Process> {
    let own = i32::try_from(std::process::id()).expect("a number");
    let mut parents = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("it is Linux").flatten() {
        let Some(number) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok())
        else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace().collect();
        parents.insert(number, fields[1].parse::<i32>().expect("a number"));
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if fields[0] != "Z" && line.contains(holds) {
            found.push(number);
        }
    }
    let ours = |number: i32| {
        let mut at = number;
        while let Some(parent) = parents.get(&at) {
            if *parent == own {
                return true;
            }
            at = *parent;
        }
        false
    };
    found.into_iter().filter(|number| ours(*number)).map(|number| Process { number }).collect()
}

pub async fn none_is_left(holds: &str, within: Duration) {
    let until = Instant::now() + within;
    while !living(holds).is_empty() {
        assert!(Instant::now() < until, "{:?} of `{holds}` are left", living(holds));
        sleep(Duration::from_millis(20)).await;
    }
}

/// Anywhere on this machine: for what loses its parents. The sign is one that nobody else has.
fn anywhere(sign: &str) -> usize {
    let all = std::fs::read_dir("/proc").expect("it is Linux").flatten();
    let has = |path: PathBuf| {
        let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(sign)
    };
    all.filter(|entry| has(entry.path())).count()
}

async fn until_anywhere(sign: &str, wanted: impl Fn(usize) -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !wanted(anywhere(sign)) {
        assert!(Instant::now() < until, "{} of `{sign}`", anywhere(sign));
        sleep(Duration::from_millis(20)).await;
    }
}

/// A program that has children which hide: one in a session of its own, one that hears no TERM.
/// Each is called by a number that is nobody else's.
fn hiding(sign: &str) -> Vec<String> {
    let script = format!(
        "setsid sh -c 'sleep 600; : {sign}' & \
         (setsid sh -c 'trap \"\" TERM; sleep 600; sleep 600; : {sign}' &) ; \
         echo ready; sleep 600; : {sign}"
    );
    ["sh", "-c", &script].map(String::from).to_vec()
}

fn sign() -> String {
    format!("sign-{:x}", rand::random::<u64>())
}

fn guarded(launch: &Launch, sign: &str) -> Guarded {
    let line = hiding(sign);
    let program = Program {
        file: PathBuf::from("/bin/sh"),
        args: line[1..].iter().map(Into::into).collect(),
        ..Program::default()
    };
    Guarded::spawn(launch, &program).expect("it starts")
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[tokio::test]
async fn what_is_ended_takes_all_its_descendants_with_it() {
    let sign = sign();
    let mut guarded = guarded(&launch(), &sign);
    let ready = guarded.hear(soon(), |line| (line == "ready").then_some(())).await;
    assert_eq!(ready, Some(()), "{}", guarded.obituary());
    until_anywhere(&sign, |count| count >= 3).await;
    assert!(guarded.is_alive());
    guarded.end().await;
    assert!(!guarded.is_alive());
    assert_eq!(anywhere(&sign), 0);
}

#[tokio::test]
async fn a_program_that_ends_by_itself_leaves_nothing_and_its_code_is_passed_on() {
    let sign = sign();
    let scratch = tempfile::tempdir().expect("a folder");
    let inner = scratch.path().join("inner");
    std::fs::create_dir(&inner).expect("a folder");
    let script =
        format!("(setsid sh -c 'sleep 600; : {sign}' &); sleep 0.3; echo last >&2; exit 7");
    let status = Command::new(env!("CARGO_BIN_EXE_taster"))
        .args(["guard", "--scratch"])
        .arg(&inner)
        .args(["--", "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .and_then(|mut guard| {
            let life_line = guard.stdin.take();
            let status = guard.wait();
            drop(life_line);
            status
        });
    assert_eq!(status.expect("it ran").code(), Some(7));
    assert_eq!(anywhere(&sign), 0);
    assert!(!inner.exists());
}

#[tokio::test]
async fn a_parent_that_is_killed_leaves_nothing() {
    let sign = sign();
    // The parent holds the guard's standard input, as Taster does, and nothing else.
    let inner: Vec<String> = hiding(&sign).iter().map(|word| quoted(word)).collect();
    let guard = quoted(env!("CARGO_BIN_EXE_taster"));
    let line = format!("sleep 600 | {guard} guard -- {}; :", inner.join(" "));
    let mut parent = Command::new("sh");
    std::os::unix::process::CommandExt::process_group(&mut parent, 0);
    let mut parent = parent.args(["-c", &line]).stdout(Stdio::null()).spawn().expect("it starts");
    until_anywhere(&sign, |count| count >= 4).await;
    // `sleep` is who holds the other end.
    let holder = living("sleep 600").into_iter().find(|process| {
        let parent_of = std::fs::read_to_string(format!("/proc/{}/stat", process.number));
        let parent_of = parent_of.unwrap_or_default();
        let fields = parent_of.rsplit(')').next().unwrap_or_default().to_string();
        fields.split_ascii_whitespace().nth(1) == Some(&parent.id().to_string())
    });
    holder.expect("somebody holds it").kill();
    parent.wait().expect("it ends");
    assert_eq!(anywhere(&sign), 0);
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[tokio::test]
async fn a_signal_to_the_guard_ends_all_and_one_to_the_terminals_group_ends_nothing() {
    let sign = sign();
    let mut guarded = guarded(&launch(), &sign);
    guarded.hear(soon(), |line| (line == "ready").then_some(())).await.expect("it is ready");
    let guards = living(&format!("guard -- /bin/sh -c setsid sh -c 'sleep 600; : {sign}"));
    assert_eq!(guards.len(), 1, "{guards:?}");
    let group = rustix::process::getpgid(Pid::from_raw(guards[0].number)).expect("it has one");
    assert_ne!(group, rustix::process::getpgrp(), "Ctrl-C would reach it");
    assert_eq!(group.as_raw_nonzero().get(), guards[0].number);
    kill_process(group, Signal::TERM).expect("it lives");
    until_anywhere(&sign, |count| count == 0).await;
    assert!(!guarded.is_alive());
}

#[tokio::test]
async fn a_guard_that_is_killed_itself_leaves_nothing_once_that_is_noticed() {
    let sign = sign();
    let script = format!("echo ready; sleep 600; : {sign}");
    let args = ["-c", &script].map(Into::into).to_vec();
    let program = Program { file: "/bin/sh".into(), args, ..Program::default() };
    let mut guarded = Guarded::spawn(&launch(), &program).expect("it starts");
    guarded.hear(soon(), |line| (line == "ready").then_some(())).await.expect("it is ready");
    let guards = living(&format!("guard -- /bin/sh -c echo ready; sleep 600; : {sign}"));
    guards.first().expect("there is one").kill();
    until_anywhere(&sign, |count| count == 1).await;
    guarded.end().await;
    until_anywhere(&sign, |count| count == 0).await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_said_to_be_so() {
    let program = Program { file: "/nowhere/driver".into(), ..Program::default() };
    let mut guarded = Guarded::spawn(&launch(), &program).expect("the guard starts");
    while guarded.is_alive() {
        sleep(Duration::from_millis(10)).await;
    }
    let heard = guarded.hear(soon(), |line| line.contains("cannot start").then_some(())).await;
    assert_eq!(heard, Some(()), "{}", guarded.obituary());
    assert!(guarded.obituary().contains("/nowhere/driver"), "{}", guarded.obituary());
    let nobody = Launch { guard: "/nowhere/taster".into(), ..Launch::default() };
    let refused = Guarded::spawn(&nobody, &program).expect_err("there is no guard");
    assert!(refused.to_string().contains("/nowhere/taster"), "{refused}");
}
