//! `report.html` as browsers see it: valid, accessible, whole without scripts, zooming with them,
//! and unharmed by whatever names and bodies a run brings.

mod accessible;
mod again;
mod hostile;
mod markup;
mod zoom;

use std::fs;
use std::path::PathBuf;

use taster::analysis::{Margins, Stored, judge};
use taster::report::{Format, render};
use taster::result::evidence::TestEvidence;
use taster::result::{RunResult, SlowExample, TestStatus};

use crate::chromium::{Opened, Started};
use crate::http::server::{Request, Server, reply, send};
use crate::runs::{Did, example, healthy, load, with_slas, with_test};

/// The strictest policy that a CI server is known to put on artefacts.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

/// A page of every kind: a failure with everything there is, a pass with a baseline.
fn pages() -> Vec<(&'static str, String)> {
    vec![("/red", page(&red(), Some(&healthy()))), ("/green", page(&green(), Some(&healthy())))]
}

fn green() -> RunResult {
    with_test(with_slas(healthy(), &["http_req_duration: p(95)<500"]), "pays", TestStatus::Passed)
}

/// A run in which much failed, with all that can be told of it.
fn red() -> RunResult {
    let steps = [
        ("sign in", Did::well(900, 280_000)),
        ("add item", Did::well(700, 18_000).but("check", 160, 15_000).but("timeout", 40, 9_000)),
    ];
    let mut run = with_slas(load(&steps), &["http_req_duration: p(95)<50", "checks: rate>0.5"]);
    for (name, status) in [
        ("pays", TestStatus::Failed),
        ("sees the page", TestStatus::Failed),
        ("adds twice", TestStatus::Flaky),
        ("signs in", TestStatus::Passed),
        ("exports", TestStatus::Skipped),
    ] {
        run = with_test(run, name, status);
    }
    run.tests[1].browser = Some("chromium".into());
    let failure = run.tests[0].failure.as_mut().expect("it failed");
    failure.request = "POST /pay HTTP/1.1\nhost: h\nauthorization: Bearer ...\n\n{}".into();
    let slow = SlowExample {
        request: "GET /search?q=oats&page=2".into(),
        due_ms: 2_000,
        iteration: 41,
        response_us: 900_000,
        blocked_us: 100_000,
        phases_us: [("wait".to_string(), 790_000), ("receive".to_string(), 10_000)].into(),
        ..SlowExample::default()
    };
    run.steps[0].slowest = vec![slow];
    let generator = &mut run.generator;
    (generator.thread_cpu, generator.queued) = (vec![0.3; 30], vec![0.01; 30]);
    generator.lag_p99_us = vec![60; 30];
    run
}

/// A picture of one pixel.
const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQ\
    VR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// The page of a run; its browser test left a picture.
fn page(run: &RunResult, baseline: Option<&RunResult>) -> String {
    let baselines = baseline.into_iter().collect();
    let stored = Stored { baselines, ..Stored::none() };
    let mut verdict = judge(run, &stored, &Margins::default());
    for test in run.tests.iter().filter(|test| test.browser.is_some()) {
        verdict.evidence.push(TestEvidence {
            scenario: test.scenario.clone(),
            test: test.name.clone(),
            browser: test.browser.clone().unwrap_or_default(),
            causes: vec!["`POST /cart` was answered 503.".into()],
            screenshot: Some(PIXEL.into()),
            ..TestEvidence::default()
        });
    }
    render(Format::Html, run, &verdict, baseline).remove(0).1
}

/// Pages on a socket.
struct Served {
    server: Server,
    url: String,
}

/// Serves pages, under the policy if asked to; whatever else is asked for is remembered.
async fn serve(pages: Vec<(&'static str, String)>, policy: Option<&'static str>) -> Served {
    let server = Server::start(move |request: &Request| {
        let page = pages.iter().find(|(path, _)| *path == request.path());
        let mut headers = vec![("content-type", "text/html; charset=utf-8")];
        headers.extend(policy.map(|policy| ("content-security-policy", policy)));
        match page {
            Some((_, body)) => send(reply("200 OK", &headers, body)),
            None => send(reply("404 Not Found", &[], "")),
        }
    })
    .await;
    let url = format!("http://{}", server.addr);
    Served { server, url }
}

impl Served {
    /// The paths that were asked for.
    fn asked(&self) -> Vec<String> {
        self.server.requests().iter().map(|one| one.path().to_string()).collect()
    }
}

/// A tab of this width, in this scheme.
async fn tab(started: &mut Started, url: &str, (width, scheme): (u32, &str)) -> Opened {
    started
        .open_as(url, |opening| {
            opening.emulation.viewport = (width, 900);
            opening.emulation.mobile = width < 600;
            opening.emulation.color_scheme = Some(scheme.to_string());
        })
        .await
}

/// Every page of the golden files.
fn golden_pages() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut pages = Vec::new();
    for kind in ["reports", "comparison"] {
        for entry in fs::read_dir(root.join(kind)).expect("there are golden files").flatten() {
            pages.push(entry.path().join("report.html"));
        }
    }
    pages.push(root.join("traces/failed.html"));
    pages.push(root.join("traces/passed.html"));
    pages.retain(|page| page.exists());
    pages
}

/// Used by `hostile`, whose failures are made of its own texts.
fn failing_with(text: &str) -> RunResult {
    let mut run = with_test(red(), text, TestStatus::Failed);
    for test in run.tests.iter_mut().filter(|test| test.failure.is_some()) {
        (test.scenario, test.name) = (text.into(), text.into());
        let mut failure = example("check", text, 0);
        (failure.message, failure.line) = (text.into(), text.into());
        failure.place = format!("{text}:1:1");
        failure.request = format!("POST /{text} HTTP/1.1\nhost: h\nx: {text}\n\n{text}");
        failure.response = Some(format!("HTTP/1.1 200 OK\nx: {text}\n\n{text}"));
        test.failure = Some(failure);
    }
    for step in &mut run.steps {
        (step.step, step.scenario) = (text.into(), text.into());
        let known = step.examples.iter_mut();
        known.for_each(|one| (one.message, one.step) = (text.into(), text.into()));
        step.failures.insert(text.into(), 3);
        step.slowest.iter_mut().for_each(|one| one.request = format!("GET /{text}"));
    }
    (run.run.target, run.run.id) = (text.into(), text.into());
    (run.machine.cpu, run.machine.os) = (text.into(), text.into());
    run.run.command = vec!["taster".into(), "run".into(), text.into()];
    run.generator.reasons = vec![text.into()];
    run
}
