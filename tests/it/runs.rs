//! Builds results as a run would have recorded them, for the tests of judge and reports.

use std::collections::BTreeMap;

use taster::result::histogram::{empty, encode};
use taster::result::{
    CheckResult, FORMAT, FailureExample, Generator, Health, Histograms, LoadResult, Machine,
    RunInfo, RunResult, ScenarioResult, SlaRecord, Slice, StepResult, Summary, TestResult,
    TestStatus,
};

/// The seconds a built load lasts.
pub const SECONDS: u64 = 30;

/// The one scenario of most built runs.
pub const SHOP: &str = "shopping";

/// What a step did: latencies of its successes and failures by kind, in microseconds.
#[derive(Debug, Clone, Default)]
pub struct Did {
    pub good: Vec<u64>,
    pub bad: Vec<(&'static str, u64, u64)>,
}

impl Did {
    /// `count` successes around `typical` microseconds, with the long tail that services have.
    pub fn well(count: u64, typical: u64) -> Self {
        Self { good: latencies(count, typical), bad: Vec::new() }
    }

    /// And `count` failures of a kind, each after `us` microseconds.
    pub fn but(mut self, kind: &'static str, count: u64, us: u64) -> Self {
        self.bad.push((kind, count, us));
        self
    }
}

/// Latencies with a long tail, always the same ones.
pub fn latencies(count: u64, typical: u64) -> Vec<u64> {
    let one = |at: u64| {
        let even = (at as f64 * 0.618_033_988_75).fract();
        (typical as f64 * (0.75 + 0.5 * even + 0.03 / (1.02 - even))) as u64
    };
    (0..count).map(one).collect()
}

/// A run of nothing, as a healthy machine would record it.
pub fn nothing() -> RunResult {
    RunResult {
        format: FORMAT,
        run: RunInfo {
            id: "20261122-201500-1f3a".into(),
            tool_version: "0.1.0".into(),
            started: "2026-11-22T20:15:00Z".into(),
            duration_ms: SECONDS * 1_000,
            seed: 42,
            target: "http://127.0.0.1:8080".into(),
            profile: "load".into(),
            git_revision: Some("91745ca+".into()),
            command: ["taster", "run", "scenarios/shopping.yaml", "--profile", "load"]
                .map(String::from)
                .to_vec(),
            ended_early: None,
            tests_wanted: true,
            load_wanted: true,
            tags: Vec::new(),
            ..RunInfo::default()
        },
        machine: Machine {
            fingerprint: "5f3c9a".into(),
            cpu: "AMD EPYC 7B13".into(),
            cores: 4,
            memory_mb: 16_384,
            os: "linux x86_64".into(),
            kernel: "6.8.0".into(),
        },
        generator: Generator {
            health: Health::Valid,
            reasons: Vec::new(),
            cpu: vec![0.12; SECONDS as usize],
            loop_gap_us: vec![150; SECONDS as usize],
            ..Generator::unseen()
        },
        scenarios: Vec::new(),
        tests: Vec::new(),
        steps: Vec::new(),
        web_vitals: Vec::new(),
        browsers: Vec::new(),
        seen: Vec::new(),
        probe_ns: Vec::new(),
        accepted: None,
    }
}

/// A run of the shop under closed load with these steps.
pub fn load(steps: &[(&str, Did)]) -> RunResult {
    let mut run = nothing();
    run.steps = steps.iter().map(|(name, did)| step(SHOP, name, did)).collect();
    let walked = run.steps.last().map_or(0, |step| step.count - step.failed);
    let started = run.steps.first().map_or(0, |step| step.count);
    let walks: Vec<u64> = latencies(walked, 180_000);
    run.scenarios = vec![ScenarioResult {
        name: SHOP.into(),
        file: "scenarios/shopping.yaml".into(),
        digest: "c0ffee".into(),
        tests_written: 0,
        http: "fast lane, HTTP/1.1".into(),
        hosts: vec!["127.0.0.1:8080".into()],
        setup_failures: Vec::new(),
        load: Some(LoadResult {
            profile: "load".into(),
            model: "closed".into(),
            engine: "goose".into(),
            shape: "10 users for 30s".into(),
            planned_ms: SECONDS * 1_000,
            duration_ms: SECONDS * 1_000,
            offered: None,
            started,
            completed: walked,
            failed: started.saturating_sub(walked),
            users_max: 10,
            users: vec![10; SECONDS as usize],
            iteration_us: summary(&walks),
            iteration_histogram: text(&walks),
            ..LoadResult::default()
        }),
    }];
    run
}

/// The shop as it should be: four steps, some thousand requests.
pub fn healthy() -> RunResult {
    let steps = [("sign in", 280), ("browse", 12), ("add item", 18), ("check out", 45)];
    load(&steps.map(|(name, ms)| (name, Did::well(900, ms * 1_000))))
}

/// Adds bounds, as the scenario file would.
pub fn with_slas(mut run: RunResult, slas: &[&str]) -> RunResult {
    let record = |(at, text): (usize, &&str)| SlaRecord {
        text: text.to_string(),
        place: format!("scenarios/shopping.yaml:{}", 60 + at),
        abort_after_ms: None,
    };
    if let Some(load) = run.scenarios.first_mut().and_then(|scenario| scenario.load.as_mut()) {
        load.slas = slas.iter().enumerate().map(record).collect();
    }
    run
}

/// Adds a test.
pub fn with_test(mut run: RunResult, name: &str, status: TestStatus) -> RunResult {
    if run.scenarios.is_empty() {
        let file = "scenarios/shopping.yaml".into();
        let scenario = ScenarioResult { name: SHOP.into(), file, ..ScenarioResult::default() };
        run.scenarios.push(scenario);
    }
    run.scenarios[0].tests_written += 1;
    let bad = matches!(status, TestStatus::Failed | TestStatus::Flaky);
    let not_run = !status.ran();
    run.tests.push(TestResult {
        scenario: SHOP.into(),
        name: name.into(),
        tags: vec!["smoke".into()],
        browser: None,
        repeat: None,
        status,
        duration_ms: 120 + 37 * run.tests.len() as u64,
        attempts: if not_run { 0 } else { 1 + u32::from(status == TestStatus::Flaky) },
        checks: if not_run { 0 } else { 4 },
        reason: not_run.then(|| "webkit is not on this machine".into()),
        place: format!("scenarios/shopping.yaml:{}", 12 + 6 * run.tests.len()),
        failure: bad.then(|| example("check", "add item", run.tests.len())),
        tries: Vec::new(),
        samples: Vec::new(),
    });
    run
}

/// A step as it would be recorded, its requests spread evenly over the time.
pub fn step(scenario: &str, name: &str, did: &Did) -> StepResult {
    let bad: Vec<u64> =
        did.bad.iter().flat_map(|(_, count, us)| vec![*us; *count as usize]).collect();
    let checks = did.bad.iter().filter(|(kind, ..)| *kind == "check").map(|(_, n, _)| n).sum();
    let mut examples = Vec::new();
    for (at, (kind, ..)) in did.bad.iter().enumerate() {
        examples.push(example(kind, name, at));
    }
    let (good, count) = (&did.good, (did.good.len() + bad.len()) as u64);
    StepResult {
        scenario: scenario.into(),
        step: name.into(),
        tags: BTreeMap::from([("area".to_string(), "shop".to_string())]),
        place: "scenarios/shopping.yaml:30".into(),
        count,
        failed: bad.len() as u64,
        dropped: 0,
        rate: count as f64 / SECONDS as f64,
        response_us: summary(good),
        service_us: summary(good),
        blocked_us: Summary::default(),
        phases_us: Default::default(),
        resent: 0,
        lag_us: summary(&vec![0; count as usize]),
        failed_us: summary(&bad),
        failures: did.bad.iter().map(|(kind, n, _)| (kind.to_string(), *n)).collect(),
        examples,
        slowest: Vec::new(),
        checks: vec![
            CheckResult {
                check: "status is 200".into(),
                passed: good.len() as u64 + checks,
                failed: 0,
            },
            CheckResult {
                check: "json $.data.items[0].quantity equals 2".into(),
                passed: good.len() as u64,
                failed: checks,
            },
        ],
        bytes_sent: count * 310,
        bytes_received: count * 1_240,
        histograms: Histograms { response: text(good), failed: text(&bad), ..Default::default() },
        slices: slices(good, &bad),
    }
}

/// What is kept of one failure of a kind.
pub fn example(kind: &str, step: &str, nth: usize) -> FailureExample {
    let (message, response) = match kind {
        "html" => ("expected JSON, and HTML came", Some(PAGE)),
        "check" => (
            "$.data.items[0].quantity: expected 2, found 1",
            Some("HTTP/1.1 200 OK\ncontent-type: application/json\n\n{\"data\":{\"items\":[]}}"),
        ),
        "connect" => ("connection refused (os error 111)", None),
        "timeout" => ("no complete answer within 30s", None),
        "missing value" => ("`token` has no value", None),
        _ => ("expected 200, found another status", Some("HTTP/1.1 503 x\n\n{\"error\":\"no\"}")),
    };
    FailureExample {
        kind: kind.into(),
        step: step.into(),
        message: message.into(),
        place: format!("scenarios/shopping.yaml:{}:7", 31 + nth + 8 * step.len()),
        line: "      $.data.items[0].quantity: 2".into(),
        request: format!(
            "POST /api/v1/{} HTTP/1.1\naccept: application/json",
            step.replace(' ', "-")
        ),
        response: response.map(String::from),
    }
}

const PAGE: &str = "HTTP/1.1 502 Bad Gateway\ncontent-type: text/html\n\n<!DOCTYPE html>\n\
    <html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

fn slices(good: &[u64], bad: &[u64]) -> Vec<Slice> {
    let part = |all: &[u64], second: u64| -> Vec<u64> {
        all.iter().skip(second as usize).step_by(SECONDS as usize).copied().collect()
    };
    let one = |second| {
        let (good, bad) = (part(good, second), part(bad, second));
        Slice {
            second: second as u32,
            count: (good.len() + bad.len()) as u64,
            failed: bad.len() as u64,
            histograms: Histograms {
                response: text(&good),
                failed: text(&bad),
                ..Default::default()
            },
        }
    };
    (0..SECONDS).map(one).filter(|slice| slice.count > 0).collect()
}

/// The few numbers of these values.
pub fn summary(values: &[u64]) -> Summary {
    let mut histogram = empty();
    values.iter().for_each(|value| histogram.record(*value).expect("it grows"));
    Summary::of(&histogram)
}

fn text(values: &[u64]) -> String {
    let mut histogram = empty();
    values.iter().for_each(|value| histogram.record(*value).expect("it grows"));
    encode(&histogram)
}
