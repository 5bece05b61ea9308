//! Duets as somebody runs them: real sides, real turns, and a verdict from the recordings alone.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::http::server::json;
use crate::outlook::taught;
use crate::support::{Outcome, Sandbox, Service, after};

const SHOP: &str = r#"
name: shop
load:
  journey:
    - { step: health, get: /api/v1/health, expect: { status: 200 } }
  profiles:
    open: { arrivals: 60/s, duration: 1m }
    fast: { arrivals: 200/s, duration: 1m }
    closed: { users: 2, duration: 1m }
    counted: { users: 2, iterations: 10 }
    rare: { arrivals: 12/m, duration: 1m }
    much: { arrivals: 30/s, max-users: 2, duration: 1m }
  sla: ["http_req_duration{step:health}: p(95)<20000"]
"#;

/// A duet of as little as tells something, in `out`.
fn duet(sandbox: &Sandbox, more: &str) -> Outcome {
    let line = format!("duet s.yaml --out out --threads 1 --seed 5 {more}");
    sandbox.taster(&line)
}

/// The seconds of the load in which a part has slices of its first step.
fn seconds(part: &Value) -> Vec<u64> {
    let slices = part["steps"][0]["slices"].as_array().expect("a list");
    slices.iter().map(|slice| slice["second"].as_u64().expect("a number")).collect()
}

/// The subjects and messages of the findings that say FAIL.
fn failures(verdict: &Value) -> Vec<String> {
    let findings = verdict["findings"].as_array().expect("a list");
    let failed = findings.iter().filter(|found| found["verdict"] == "FAIL");
    failed.map(|found| format!("{}: {}", found["subject"], found["message"])).collect()
}

/// The processes whose command line has this in it.
fn living(sign: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("this machine has /proc");
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let has = |id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(sign)
    };
    ids.filter(has).collect()
}

#[test]
fn two_sides_alike_take_turns_and_are_no_regression_however_often_they_are_judged() {
    let sandbox = Sandbox::with(SHOP);
    let options = "--profile open --layout interleaved --segment 2s --no-extension --allow-short";
    let outcome = duet(&sandbox, options);
    assert!(matches!(outcome.code, Some(0 | 3)), "{outcome}");
    let names: Vec<String> =
        (1..=3).flat_map(|k| [format!("{k}-a.json"), format!("{k}-b.json")]).collect();
    assert_eq!(sandbox.names("out/duet"), names, "and nothing else is left there");
    for number in 1..=3 {
        let part = |side: &str| sandbox.json(&format!("out/duet/{number}-{side}.json"));
        let (a, b) = (part("a"), part("b"));
        let (first, second) = if number == 2 { (&b, &a) } else { (&a, &b) };
        assert!(seconds(first).iter().all(|second| [0, 3].contains(second)), "{first}");
        assert!(seconds(second).iter().all(|second| [1, 2].contains(second)), "{second}");
        for side in [&a, &b] {
            assert_eq!(side["steps"][0]["count"], 120, "two seconds of 60/s, each in its turns");
            assert_eq!(side["run"]["seed"], 5 + number - 1, "the same requests on both sides");
            assert!(side["probe_ns"].as_array().is_some_and(|probe| probe.len() >= 3), "{side}");
        }
    }
    let before = (sandbox.read("out/verdict.json"), outcome.stdout.clone());
    let again = sandbox.taster("duet --replay out");
    assert_eq!(again.code, outcome.code, "{again}");
    assert_eq!((sandbox.read("out/verdict.json"), again.stdout), before);
}

/// Takes between 10 and 70 ms, or `times` as long. What differs from request to request is much
/// more than what a busy machine adds for a second, so that samples count as what they are.
fn service(times: u64) -> Service {
    let seen = AtomicU64::new(0);
    Service::start(move |_| {
        let number = seen.fetch_add(1, Ordering::Relaxed);
        let ms = 10 + number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 61;
        after(ms * times, json("200 OK", "{}"))
    })
}

/// Whether seconds enough are alike to be sure is the machine's; that it never passes is not.
#[test]
fn a_side_that_has_become_slow_never_passes_by_the_step_that_has() {
    let sandbox = Sandbox::with(SHOP);
    let (base, head) = (service(1), service(4));
    let options = "--profile fast --layout side-by-side --segment 12s --no-extension";
    let line = format!("{options} --a {} --b {}", base.url, head.url);
    let outcome = duet(&sandbox, &line);
    assert!(matches!(outcome.code, Some(1 | 3)), "{outcome}");
    let rows = sandbox.json("out/verdict.json")["comparison"]["rows"].clone();
    let rows = rows.as_array().expect("the rows of the comparison");
    let of_latency = |row: &&Value| matches!(row["metric"].as_str(), Some("p50" | "p95"));
    let latencies: Vec<&Value> = rows.iter().filter(of_latency).collect();
    assert_eq!(latencies.len(), 2, "{outcome}");
    for row in latencies {
        assert_ne!(row["verdict"], "PASS", "{row}");
        assert_eq!(row["step"], "health", "{row}");
        assert!(row["change"].as_f64().is_some_and(|change| change > 1.0), "{row}");
    }
    let part = sandbox.json("out/duet/1-b.json");
    assert_eq!(part["steps"][0]["count"], 1_200, "half of 200/s for twelve seconds");
    assert_eq!(part["run"]["duet"]["restarted"], false);
    outcome.says(&["p50", "were not restarted"]);
}

#[test]
fn a_side_that_fails_requests_fails_whatever_the_other_does() {
    let sandbox = Sandbox::with(SHOP);
    // Of a machine whose noise is known what is plain ends the duet after the first restart.
    taught(&sandbox, true);
    let line = "duet s.yaml --out out --threads 1 --seed 5 --profile open --layout interleaved \
        --segment 2s --allow-short --b-fault errors=25%";
    let mut command = sandbox.command(&line.split_whitespace().collect::<Vec<_>>());
    command
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", sandbox.path("summary.md"))
        .env("GITHUB_OUTPUT", sandbox.path("output"));
    let outcome = sandbox.start(command).end().exits(1);
    assert_eq!(sandbox.names("out/duet"), ["1-a.json", "1-b.json"], "{outcome}");
    let outcome = outcome.says(&["ends after one restart or two", "::error "]);
    // The sides tell GitHub nothing: only the duet does.
    let (summary, output) = (sandbox.read("summary.md"), sandbox.read("output"));
    assert_eq!(summary.matches("the embedded backend →").count(), 1, "{summary}");
    assert_eq!(output.matches("verdict<<").count(), 1, "{output}");
    assert!(output.contains("\nFAIL\n") && output.contains("report-path<<"), "{output}");
    assert!(!failures(&sandbox.json("out/verdict.json")).is_empty(), "{outcome}");
    let part = sandbox.json("out/duet/1-b.json");
    assert!(part["run"]["duet"]["what"].as_str().is_some_and(|what| what.contains("errors")));
    assert_eq!(part["run"]["duet"]["restarted"], true);
    assert_eq!(part["run"]["duet"]["looks"], serde_json::json!([1, 2, 3, 5]));
    assert_eq!(part["run"]["duet"]["between_sides"], 0.005);
    outcome.says(&["`--segment 12s`"]).never_says(&["were not restarted"]);
    // Whoever judges it elsewhere, or after the noise has been learnt anew, comes to the same.
    std::fs::remove_dir_all(sandbox.path("baselines")).expect("there is what was learnt");
    let before = sandbox.read("out/verdict.json");
    sandbox.taster("duet --replay out").exits(1);
    assert_eq!(sandbox.read("out/verdict.json"), before);
}

#[test]
fn a_service_that_does_not_come_up_is_the_environments_fault_and_says_why() {
    let cases = [
        ("sleep 60; : {port}", "did not answer on http://127.0.0.1:"),
        ("echo no database here; exit 3", "no database here"),
        ("/nowhere/server {port}", "/nowhere/server"),
    ];
    for (command, words) in cases {
        let sandbox = Sandbox::with(SHOP);
        let sign = sandbox.path("sign").display().to_string();
        let command = format!("{command} # {sign}");
        let arguments = [
            "duet",
            "s.yaml",
            "--profile",
            "open",
            "--out",
            "out",
            "--a-command",
            &command,
            "--b-command",
            &command,
            "--ready-within",
            "600ms",
        ];
        sandbox.run(&arguments).exits(6).says(&["side a", words]);
        assert_eq!(living(&sign), Vec::<u32>::new(), "{command}");
    }
}

#[test]
fn commands_are_restarted_and_an_interruption_leaves_nothing_of_them() {
    let sandbox = Sandbox::with(SHOP);
    let sign = sandbox.path("base").display().to_string();
    let taster = env!("CARGO_BIN_EXE_taster");
    let command =
        format!("'{taster}' demo --listen 127.0.0.1:{{port}} --database '{sign}-{{port}}'");
    let out = sandbox.path("out").display().to_string();
    let arguments = [
        "duet",
        "s.yaml",
        "--profile",
        "closed",
        "--out",
        &out,
        "--layout",
        "interleaved",
        "--segment",
        "2s",
        "--allow-short",
        "--a-command",
        &command,
        "--b-command",
        &command,
        "--ready",
        "/api/v1/health",
    ];
    let mut running = sandbox.start(sandbox.command(&arguments));
    running.wait_until("a second restart", |_| {
        let journal = fs::read(sandbox.path("out/duet/2-b/result.journal")).unwrap_or_default();
        journal.windows(8).any(|part| part == b"\"Second\"")
    });
    assert!(!living(&sign).is_empty() && !living(&out).is_empty());
    running.signal("INT");
    running.end().exits(130).says(&["taster duet --replay"]);
    for sign in [&sign, &out] {
        assert_eq!(living(sign), Vec::<u32>::new(), "{sign}");
    }
    let port = |part: &Value| part["run"]["target"].as_str().unwrap_or_default().to_string();
    let (a, b) = (sandbox.json("out/duet/1-a.json"), sandbox.json("out/duet/1-b.json"));
    assert!(port(&a) != port(&b) && port(&a) < port(&b) || port(&a).len() < port(&b).len());
    sandbox.taster("duet --replay out").exits(4).says(&["too few to judge"]);
}

#[test]
fn a_service_that_ends_under_load_makes_the_duet_invalid_with_its_words() {
    let sandbox = Sandbox::with(SHOP);
    let taster = env!("CARGO_BIN_EXE_taster");
    let serve = format!("'{taster}' demo --listen 127.0.0.1:{{port}}");
    let begun = "until [ -s out/duet/1-b/result.journal ]; do sleep 0.1; done; sleep 1";
    let dies = format!("{serve} & {begun}; echo out of memory; kill $!");
    let arguments = [
        "duet",
        "s.yaml",
        "--profile",
        "open",
        "--out",
        "out",
        "--layout",
        "interleaved",
        "--segment",
        "4s",
        "--allow-short",
        "--a-command",
        &serve,
        "--b-command",
        &dies,
    ];
    sandbox.run(&arguments).exits(4).says(&["INVALID", "side b", "out of memory"]);
    assert_eq!(sandbox.json("out/verdict.json")["verdict"], "INVALID");
}

#[test]
fn sides_that_the_machine_cannot_take_at_once_take_turns_from_the_second_restart_on() {
    let sandbox = Sandbox::with(SHOP);
    // One user a side, who can do seven requests a second of fifteen.
    let slow = Service::start(|_| after(150, json("200 OK", "{}")));
    let line = format!(
        "duet s.yaml --out out --threads 1 --profile much --layout side-by-side --segment 2s \
         --allow-short --a {0} --b {0}",
        slow.url
    );
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut running = sandbox.start(sandbox.command(&words));
    running.wait_until("turns", |_| {
        let journal = fs::read(sandbox.path("out/duet/1-a/result.journal")).unwrap_or_default();
        String::from_utf8_lossy(&journal).contains("\"turn_ms\":1000")
    });
    running.signal("INT");
    let told = running.end().exits(130);
    told.says(&["cannot take both sides at once: side", "its load late", "in turns of a second"]);
    assert!(!sandbox.path("out/duet/2-a.json").exists(), "what was recorded does not count");
}

#[test]
fn what_cannot_be_a_duet_is_said_before_anything_is_started() {
    let cases = [
        ("--profile counted", 2, "counts iterations"),
        ("--profile open --segment 3s", 2, "even number of seconds"),
        ("--profile open --segment 10s", 2, "say --segment 12s or longer"),
        ("--profile rare --segment 12s", 2, "the median alone takes 40"),
        ("--profile open --restarts 2", 2, "3..=99"),
        ("--profile open --a http://127.0.0.1:1", 2, "--b"),
        ("--profile open --a http://shop.example --b http://127.0.0.1:1", 5, "--allow-load"),
        ("--profile open --a nonsense --b http://127.0.0.1:1", 2, "is not a URL"),
        ("--profile open --a http://127.0.0.1:1 --b http://127.0.0.1:1", 6, "nothing listens at"),
        ("--replay nowhere", 2, "not that of a duet"),
    ];
    for (options, code, words) in cases {
        let sandbox = Sandbox::with(SHOP);
        let outcome = sandbox.taster(&format!("duet s.yaml {options}"));
        assert_eq!(outcome.misses(code, &[words]), None, "{options}");
        assert!(!sandbox.path("reports").exists(), "{options}");
    }
}

#[test]
fn recordings_that_do_not_belong_together_are_not_judged() {
    let sandbox = Sandbox::with(SHOP);
    let service = Service::healthy();
    let line =
        format!("load s.yaml --profile closed --out run --target {} --no-baseline", service.url);
    let part = |id: &str, restart: u32, side: &str| {
        serde_json::json!({
            "id": id, "side": side, "restart": restart, "first": true, "turn_ms": 0,
            "settle_ms": 0, "looks": [3],
        })
    };
    // One short run is the model of all parts.
    let short = SHOP.replace("duration: 1m", "duration: 1s");
    sandbox.write("s.yaml", short).taster(&line);
    let mut result = sandbox.json("run/result.json");
    let mut put = |name: &str, duet: Option<Value>| {
        result["run"]["duet"] = duet.unwrap_or(Value::Null);
        sandbox.write(&format!("out/duet/{name}.json"), result.to_string());
    };
    put("1-a", Some(part("d", 1, "a")));
    put("1-b", None);
    sandbox.taster("duet --replay out").exits(2).says(&["not the folder of one duet"]);
    put("1-b", Some(part("other", 1, "b")));
    sandbox.taster("duet --replay out").exits(2).says(&["parts of"]);
    put("1-b", Some(part("d", 1, "b")));
    sandbox.taster("duet --replay out").exits(4).says(&["1 whole restarts"]);
    sandbox.write("out/duet/2-a.json", "{\"format\": 1");
    sandbox.taster("duet --replay out").exits(2).says(&["2-a.json", "cut short"]);
}
