//! A real Prometheus reads a run while it goes on, and is then asked what it knows: the same as the
//! result, and something for every panel of the dashboard.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{number, shop, step, suite};
use crate::support::Sandbox;

/// Prometheus, in a folder of its own, on a port that was free.
struct Prometheus {
    child: Child,
    url: String,
    /// The time that it is asked about, in seconds since 1970; now where there is none.
    at: Option<String>,
}

fn program(name: &str) -> Command {
    let found = Command::new(name).arg("--version").output();
    let there = found.is_ok_and(|output| output.status.success());
    assert!(there, "{name} is missing; `taster doctor --install --own-tests` gets it");
    Command::new(name)
}

impl Prometheus {
    /// Begins to look at an address before anybody is there: it takes five seconds until it looks
    /// at all.
    fn start(sandbox: &Sandbox, address: &str) -> Self {
        sandbox.write(
            "prometheus.yml",
            format!(
                "global: {{ scrape_interval: 500ms, scrape_timeout: 500ms }}\nscrape_configs:\n  \
                 - {{ job_name: taster, static_configs: [{{ targets: [\"{address}\"] }}] }}\n"
            ),
        );
        let mut command = program("prometheus");
        sandbox.settle(&mut command);
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"]);
        command.arg("--web.listen-address=127.0.0.1:0");
        let log = std::fs::File::create(sandbox.path("prometheus.log")).expect("a log");
        let child = command.stdout(Stdio::null()).stderr(log).spawn().expect("it starts");
        let mut prometheus = Self { child, url: String::new(), at: None };
        let log = wait(|| Some(sandbox.read("prometheus.log")).filter(|log| log.contains("ready")));
        let line = log.lines().find(|line| line.contains("Listening on")).expect("an address");
        let address = line.rsplit("address=").next().expect("an address").trim();
        prometheus.url = format!("http://{address}");
        wait(|| prometheus.knows("up == 0"));
        prometheus
    }

    /// What a query finds, each with its labels.
    fn query(&self, query: &str) -> Vec<Value> {
        let mut path = url::form_urlencoded::Serializer::new("/api/v1/query?".to_string());
        path.append_pair("query", query);
        if let Some(at) = &self.at {
            path.append_pair("time", at);
        }
        let path = path.finish();
        let address = self.url.trim_start_matches("http://");
        let answer: Value =
            serde_json::from_str(&get(address, &path, "*/*").1).expect("an answer is JSON");
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().expect("a list").clone()
    }

    /// Whether a query finds anything.
    fn knows(&self, query: &str) -> Option<()> {
        (!self.query(query).is_empty()).then_some(())
    }

    /// Asks from now on about its last look at a run that is over: what it cannot see any more is
    /// gone for it.
    fn turn_to_the_end(&mut self) {
        // Only what is read at the end has a verdict.
        let last = "max(max_over_time(timestamp(taster_verdict)[1m:50ms]))";
        wait(|| self.knows(last));
        let last = self.one(last);
        self.at = Some(format!("{last:.3}"));
    }

    fn one(&self, query: &str) -> f64 {
        let found = self.query(query);
        assert_eq!(found.len(), 1, "{query}: {found:?}");
        found[0]["value"][1].as_str().and_then(|text| text.parse().ok()).expect("a number")
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It is gone with the test, whatever became of it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait<T>(mut seen: impl FnMut() -> Option<T>) -> T {
    let by = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(seen) = seen() {
            return seen;
        }
        assert!(Instant::now() < by, "it never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Head and body of an answer.
pub fn get(address: &str, path: &str, accept: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\naccept: {accept}\r\n\r\n")
        .expect("it takes a request");
    let answer = std::io::read_to_string(stream).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    (head.to_ascii_lowercase(), body.to_string())
}

#[test]
fn a_real_prometheus_knows_of_a_run_what_its_result_says() {
    let (sandbox, target) = (suite(5), shop());
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let address = free.expect("a port is free").to_string();
    let mut prometheus = Prometheus::start(&sandbox, &address);
    let arguments = ["run", "s.yaml", "--profile", "p", "--target", &target.url, "--out", "out"];
    let publish = ["--metrics-listen", &address, "--metrics-linger", "30s"];
    let mut running = sandbox.start(sandbox.command(&[&arguments[..], &publish].concat()));
    let said = format!("metrics: http://{address}/metrics");
    running.wait_until("the address", |running| running.stderr().contains(&said));
    wait(|| prometheus.knows("taster_users > 0"));
    forms(&sandbox, &address);
    // A rate needs two scrapes with something between them.
    wait(|| prometheus.knows("rate(taster_failures_by_kind_total[3s]) > 0"));
    let asked = panels(&prometheus, false);
    assert!(asked >= 14, "{asked} queries");
    let outcome = running.end();
    prometheus.turn_to_the_end();
    let result = sandbox.json("out/result.json");
    let word = sandbox.json("out/verdict.json")["verdict"].clone();
    for name in ["look", "buy"] {
        agrees(&prometheus, &result, name);
    }
    let word = format!("taster_verdict{{taster_verdict={word}}} == 1");
    assert_eq!(prometheus.one(&word), 1.0, "the linger let it be read: {outcome}");
    assert_eq!(prometheus.one("sum(taster_tests)"), 2.0);
    assert!(panels(&prometheus, true) >= 6);
    assert!(TcpStream::connect(&address).is_err(), "nobody listens once the run is over");
}

/// What is known at the end is what the result says.
fn agrees(prometheus: &Prometheus, result: &Value, name: &str) {
    let of = step(result, name);
    let one =
        |metric: &str, more: &str| prometheus.one(&format!("{metric}{{step='{name}'{more}}}"));
    assert_eq!(one("taster_requests_total", ""), number(&of["count"]), "{name}");
    assert_eq!(one("taster_failures_total", ""), number(&of["failed"]), "{name}");
    let us = &of["response_us"];
    assert_eq!(one("taster_response_seconds_count", ""), number(&us["count"]), "{name}");
    let p95 = number(&us["p95"]) / 1e6;
    assert_eq!(one("taster_response_percentile_seconds", ",percentile='95'"), p95, "{name}");
    // Read from buckets, it is in the bucket of the true one.
    let bucket =
        format!("histogram_quantile(0.95, taster_response_seconds_bucket{{step='{name}'}})");
    let read = prometheus.one(&bucket);
    let bounds = [0.0, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.5];
    let within = bounds.windows(2).find(|two| two[0] < p95 && p95 <= two[1]).expect("a bucket");
    assert!(within[0] <= read && read <= within[1], "{name}: {read} for {p95}");
    let whole = number(&us["mean"]) * number(&us["count"]) / 1e6;
    let sum = one("taster_response_seconds_sum", "");
    assert!((sum / whole - 1.0).abs() < 0.001, "{name}: {sum} for {whole}");
}

/// Both forms are answered, and the checker of Prometheus finds nothing wrong with them.
fn forms(sandbox: &Sandbox, address: &str) {
    let (head, old) = get(address, "/metrics", "text/plain");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    assert!(!old.contains("# EOF"), "{old}");
    let (head, new) = get(address, "/metrics", "application/openmetrics-text; version=1.0.0");
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0"), "{head}");
    assert!(new.ends_with("# EOF\n"), "{new}");
    assert!(get(address, "/else", "*/*").0.contains(" 404"), "nothing else is there");
    let mut promtool = program("promtool");
    promtool.args(["check", "metrics"]);
    sandbox.write("metrics", &old);
    promtool.stdin(std::fs::File::open(sandbox.path("metrics")).expect("a file"));
    let checked = promtool.output().expect("it runs");
    let said = [checked.stdout, checked.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(checked.status.success() && said.trim().is_empty(), "{said}\n{old}");
}

/// The queries of the dashboard that the program prints; those of the end are asked for then.
fn panels(prometheus: &Prometheus, at_the_end: bool) -> usize {
    let sandbox = Sandbox::new();
    let printed = sandbox.taster("dashboard").exits(0).stdout;
    let dashboard: Value = serde_json::from_str(&printed).expect("a dashboard is JSON");
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().expect("queries") {
            let written = target["expr"].as_str().expect("a query");
            let ends = written.contains("taster_verdict");
            let goes_on = ["users", "per_second", "generator", "rate(", "increase("];
            let goes_on = goes_on.iter().any(|word| written.contains(word));
            if (at_the_end && goes_on) || (!at_the_end && ends) {
                continue;
            }
            let query = written.replace("$scenario", ".*").replace("$__rate_interval", "3s");
            let found = prometheus.query(&query);
            let numbers = found.iter().filter(|one| one["value"][1] != "NaN").count();
            assert!(numbers > 0, "{}: `{query}` finds {found:?}", panel["title"]);
            asked += 1;
        }
    }
    asked
}

#[test]
fn an_address_that_is_taken_is_said_before_the_run_begins() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let (sandbox, target) = (suite(1), shop());
    let outcome =
        sandbox.run(&["load", "s.yaml", "--target", &target.url, "--metrics-listen", &address]);
    outcome.exits(6).says(&["cannot listen there", "choose another port, or 0"]);
    assert!(target.requests().iter().all(|request| request.path() != "/look"), "nothing ran");
}
