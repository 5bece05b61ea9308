//! Runs that somebody ends: what was recorded is kept, is told as what it is, and no process of
//! the run stays behind.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::server::Act;
use crate::support::{Outcome, Running, Sandbox, Service};

const LONG: &str = r#"
name: long
load:
  journey:
    - step: search
      get: /api/v1/products
      query: { limit: 2 }
      expect: { status: 200, json: { $.data: { length: 2 } } }
  think: 10ms
  profiles: { smoke: { users: 2, duration: 60s } }
  sla: ["http_req_failed: rate<0.01"]
"#;

/// The reports that every run leaves.
const FILES: [&str; 10] = [
    "distribution.svg",
    "junit.xml",
    "percentiles.svg",
    "rate.svg",
    "report.html",
    "report.md",
    "result.json",
    "steps.csv",
    "users.svg",
    "verdict.json",
];

/// The entries in the journal so far.
fn journal(sandbox: &Sandbox) -> Vec<Value> {
    let text = fs::read(sandbox.path("out/result.journal")).unwrap_or_default();
    let lines = text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    lines.map(|line| serde_json::from_slice(line).expect("an entry")).collect()
}

/// The requests in the seconds of the journal, and how many seconds there are.
fn seconds(journal: &[Value]) -> (u64, usize) {
    let seconds: Vec<&Value> = journal.iter().filter_map(|entry| entry.get("Second")).collect();
    let steps = seconds.iter().flat_map(|second| second["steps"].as_array().expect("a list"));
    (steps.map(|step| step["slice"]["count"].as_u64().expect("a number")).sum(), seconds.len())
}

/// Starts the long run on the embedded backend and waits for two seconds of load.
fn begun(sandbox: &Sandbox, more: &[&str]) -> Running {
    let arguments = [&["run", "s.yaml", "--out", "out", "--threads", "1"], more].concat();
    let mut running = sandbox.start(sandbox.command(&arguments));
    running.wait_until("load for two seconds", |_| seconds(&journal(sandbox)).1 >= 2);
    running
}

/// The processes that a process has started and that still run.
fn children(parent: u32) -> Vec<u32> {
    let stat = |id: u32| fs::read_to_string(format!("/proc/{id}/stat")).ok();
    let entries = fs::read_dir("/proc").expect("this machine has /proc");
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let child = |id: &u32| {
        let Some(text) = stat(*id) else { return false };
        let after = text.rsplit_once(") ").expect("its format").1.to_string();
        let mut fields = after.split(' ');
        let (state, of) = (fields.next(), fields.next());
        state != Some("Z") && of.and_then(|of| of.parse().ok()) == Some(parent)
    };
    ids.filter(child).collect()
}

fn is_gone(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    stat.map_or(true, |text| text.contains(") Z "))
}

#[track_caller]
fn goes(id: u32) {
    let began = Instant::now();
    while !is_gone(id) {
        assert!(began.elapsed() < Duration::from_secs(20), "process {id} stays behind");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An interrupted run: everything is there, and nothing of it is called good.
fn is_kept(sandbox: &Sandbox, outcome: Outcome) {
    let outcome = outcome.exits(130).says(&["INVALID", "interrupted", "saving what there is"]);
    assert!(outcome.headline().starts_with("INVALID"), "{outcome}");
    assert_eq!(sandbox.names("out"), FILES);
    assert_eq!(sandbox.json("out/verdict.json")["verdict"], "INVALID");
    let result = sandbox.json("out/result.json");
    assert_eq!(result["run"]["ended_early"], "interrupted");
    assert!(result["steps"][0]["count"].as_u64() > Some(10), "{}", result["steps"][0]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_is_saved_reported_and_leaves_no_process() {
    for signal in ["INT", "TERM"] {
        let sandbox = Sandbox::with(LONG);
        let running = begun(&sandbox, &[]);
        let backend = children(running.id());
        assert_eq!(backend.len(), 1, "the embedded backend is a process of its own");
        running.signal(signal);
        let began = Instant::now();
        is_kept(&sandbox, running.end());
        assert!(began.elapsed() < Duration::from_secs(30), "it went on");
        assert!(is_gone(backend[0]), "{signal}: the backend is still there");
        assert!(sandbox.files("tmp").is_empty(), "{signal}: {:?}", sandbox.files("tmp"));
    }
}

/// Setup of users who hang, a request that hangs: Ctrl-C is heard at any time.
#[test]
fn an_interruption_is_heard_wherever_the_run_is() {
    let slow = "expect: { status: 200, json: { $.data: { exists: true } } }";
    let hook = |name: &str| format!("{name}: [{{ get: /hang, {slow} }}]\n");
    let load = |profile: &str| {
        format!(
            "load:\n  journey: [{{ get: /hang, {slow} }}]\n  profiles: {{ smoke: {profile} }}\n  \
             sla: [\"http_req_failed: rate<0.01\"]\n"
        )
    };
    let (closed, open) = ("{ users: 2, duration: 60s }", "{ arrivals: 5/s, duration: 60s }");
    let shared = "{ users: 2, shared-iterations: 9 }";
    let tests = format!("tests: [{{ name: t, steps: [{{ get: /hang, {slow} }}] }}]\n");
    let cases = [
        ("a test", tests.clone()),
        ("setup of the run", hook("before-run") + &tests),
        ("setup of a test", hook("before-test") + &tests),
        ("closed load", load(closed)),
        ("setup of closed users", hook("before-user") + &load(closed)),
        ("open load", load(open)),
        ("setup of open users", hook("before-user") + &load(open)),
        ("setup of users who share", hook("before-user") + &load(shared)),
    ];
    let service = Service::start(|_| vec![Act::Silence]);
    std::thread::scope(|scope| {
        for (what, scenario) in &cases {
            let service = &service;
            scope.spawn(move || {
                let sandbox = Sandbox::with(&format!("name: hangs\n{scenario}"));
                let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "out"];
                let arguments = [&arguments[..], &["--threads", "1"]].concat();
                let seen = service.requests().len();
                let mut running = sandbox.start(sandbox.command(&arguments));
                running.wait_until(what, |running| {
                    running.stderr().contains("target:") && service.requests().len() > seen
                });
                std::thread::sleep(Duration::from_millis(300));
                running.signal("INT");
                let began = Instant::now();
                let outcome = running.end().exits(130);
                let took = began.elapsed();
                assert!(took < Duration::from_secs(15), "{what}: {took:?}\n{outcome}");
                assert_eq!(sandbox.json("out/verdict.json")["verdict"], "INVALID", "{what}");
            });
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_interruption_ends_at_once_and_the_journal_stays() {
    let scenario = format!("{LONG}\nafter-run: [{{ get: /api/v1/products/slow }}]\n");
    let sandbox = Sandbox::with(&scenario);
    let fault = "--fault=slow=3000s@/api/v1/products/slow";
    let mut running = begun(&sandbox, &[fault]);
    let backend = children(running.id())[0];
    running.signal("INT");
    running.wait_until("the first is heard", |it| it.stderr().contains("once more"));
    running.signal("INT");
    let began = Instant::now();
    running.end().exits(130);
    assert!(began.elapsed() < Duration::from_secs(15), "it waited for its teardown");
    goes(backend);
    sandbox.taster("report out").exits(4).says(&["INVALID", "killed"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_run_is_read_from_its_journal() {
    let sandbox = Sandbox::with(LONG);
    let running = begun(&sandbox, &[]);
    let backend = children(running.id())[0];
    running.signal("KILL");
    assert_eq!(running.end().code, None);
    goes(backend);
    assert!(sandbox.files("tmp").is_empty(), "{:?}", sandbox.files("tmp"));
    let (requests, seconds) = seconds(&journal(&sandbox));
    let outcome = sandbox.taster("report out").exits(4).says(&["INVALID", "killed"]);
    assert!(outcome.headline().contains("did not end by itself: killed"), "{outcome}");
    let csv = sandbox.read("out/steps.csv");
    let count = csv.lines().nth(1).and_then(|row| row.split(',').nth(2)).map(str::to_string);
    assert_eq!(count, Some(requests.to_string()), "all of {seconds} seconds, no more:\n{csv}");
    assert!(sandbox.names("out").contains(&"result.journal".to_string()), "nothing is thrown away");
    assert_eq!(sandbox.json("out/verdict.json")["verdict"], "INVALID");
}

/// The kill may hit the journal in the middle of a line.
#[test]
fn a_journal_that_ends_within_a_line_is_read_up_to_it() {
    let service = Service::healthy();
    let scenario = LONG.replace("length: 2", "exists: true").replace("60s", "30s");
    let sandbox = Sandbox::with(&scenario);
    let running = begun(&sandbox, &["--target", &service.url]);
    running.signal("KILL");
    running.end();
    let before = seconds(&journal(&sandbox));
    let path = sandbox.path("out/result.journal");
    let whole = fs::read(&path).expect("a journal");
    fs::write(&path, &whole[..whole.len() - 30]).expect("it can be cut");
    assert_eq!(seconds(&journal(&sandbox)).1, before.1 - 1);
    sandbox.taster("report out").exits(4).says(&["killed"]);
}

/// `taster demo` on its own ends in order, too.
#[test]
fn the_backend_on_its_own_ends_when_it_is_told_to() {
    for signal in ["INT", "TERM"] {
        let sandbox = Sandbox::new();
        let mut running = sandbox.start(sandbox.command(&["demo", "--listen", "127.0.0.1:0"]));
        running.wait_until("it listens", |it| it.stdout().contains("listening on"));
        let url = running.stdout().trim().replace("listening on ", "");
        let address = url.trim_start_matches("http://");
        std::net::TcpStream::connect(address).expect("it is served");
        running.signal(signal);
        running.end().exits(0);
        assert!(sandbox.files("tmp").is_empty(), "{signal}: {:?}", sandbox.files("tmp"));
    }
}
