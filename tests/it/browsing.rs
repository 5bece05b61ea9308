//! Whole runs in real browsers: what one page alone does not show.

use serde_json::Value;

use crate::http::server::reply;
use crate::publish::get;
use crate::support::{Outcome, Running, Sandbox, Service, after};

/// Pages by path; all others are 404.
fn service(pages: &'static [(&'static str, &'static str)]) -> Service {
    Service::start(move |request| {
        let page = pages.iter().find(|(path, _)| *path == request.path());
        let html = [("content-type", "text/html")];
        match page {
            Some((_, body)) => {
                let text = format!("<!doctype html><title>t</title>{body}");
                after(0, reply("200 OK", &html, text))
            }
            None => after(0, reply("404 Not Found", &html, "")),
        }
    })
}

/// One test with these steps in these engines.
fn run(sandbox: &Sandbox, service: &Service, (engines, steps): (&str, &str)) -> Outcome {
    let test = format!("  - name: one\n    browser: [{engines}]\n    timeout: 20s\n");
    sandbox.write("s.yaml", format!("name: s\ntests:\n{test}    steps:\n{steps}"));
    let arguments = ["test", "s.yaml", "--target", &service.url, "--out", "out", "--workers", "2"];
    sandbox.run(&arguments)
}

const ALL: &str = "chromium, firefox, webkit";

#[test]
fn what_held_before_a_page_went_away_has_held() {
    let service = service(&[
        (
            "/a",
            "<button onclick=\"this.nextSibling.textContent = 'Saving'; \
             setTimeout(() => location.href = '/b', 400)\">Save</button><p></p>",
        ),
        ("/b", "<p>Saved</p>"),
    ]);
    let sandbox = Sandbox::new();
    let steps = "      - goto: /a\n      - click: { role: button, name: Save }\n      \
        - see: Saving\n      - see: Saved\n      - expect-url: /b\n";
    run(&sandbox, &service, (ALL, steps)).exits(0).says(&["3 passed"]);
    // And what never held in either does not pass with the others.
    let wrong = "      - goto: /a\n      - click: { role: button, name: Save }\n      \
        - see: Saving\n      - see: { text: Lost, within: 1s }\n      - expect-url: /b\n";
    run(&sandbox, &service, (ALL, wrong)).exits(1).says(&["3 failed", "Lost"]);
}

#[test]
fn a_request_that_failed_is_no_answer() {
    let service = service(&[("/a", "<button onclick=\"fetch('/x').catch(() => {})\">Go</button>")]);
    let sandbox = Sandbox::new();
    let steps = "      - goto: /a\n      - stub: { url: /x, abort: true }\n      \
        - click: { role: button }\n      - wait-for: { response: /x, within: 1s }\n";
    run(&sandbox, &service, (ALL, steps)).exits(1).says(&["3 failed", "no answer for /x came"]);
    let request = steps.replace("response: /x, within: 1s", "request: /x");
    run(&sandbox, &service, (ALL, &request)).exits(0).says(&["3 passed"]);
}

#[test]
fn a_test_that_ran_out_of_time_within_a_step_leaves_its_trace() {
    let service = service(&[("/a", "<p>here</p>")]);
    let sandbox = Sandbox::new();
    sandbox.write(
        "s.yaml",
        "name: s\ntests:\n  - name: one\n    browser: [chromium]\n    timeout: 3s\n    \
         steps:\n      - goto: /a\n      - see: { text: never, within: 30s }\n",
    );
    let arguments = ["test", "s.yaml", "--target", &service.url, "--out", "out"];
    sandbox.run(&arguments).exits(1).says(&["took longer than 3 s", "trace traces/"]);
    let traces = sandbox.names("out/traces");
    let json = traces.iter().find(|name| name.ends_with(".json")).expect("a trace");
    let trace = sandbox.json(&format!("out/traces/{json}"));
    assert_eq!(trace["steps"][0]["verb"], Value::from("goto"), "{trace}");
    assert!(trace["last"]["aria"].as_str().expect("a tree").contains("here"), "{trace}");
}

#[test]
fn a_picture_is_stored_then_compared_then_found_different() {
    let sandbox = Sandbox::new();
    let steps = "      - goto: /a\n      - expect-screenshot: { name: page, within: 1s }\n";
    let plain = service(&[("/a", "<h1>here</h1>")]);
    run(&sandbox, &plain, (ALL, steps)).exits(1).says(&["no picture `page` is stored"]);
    let arguments = ["test", "s.yaml", "--target", &plain.url, "--out", "out", "--workers", "2"];
    sandbox.run(&[&arguments[..], &["--update-screenshots"]].concat()).exits(0);
    run(&sandbox, &plain, (ALL, steps)).exits(0).says(&["3 passed"]);
    let other = service(&[("/a", "<h1>elsewhere</h1>")]);
    run(&sandbox, &other, (ALL, steps)).exits(1).says(&["of the pixels are not as stored"]);
    let kept = sandbox.files("out/files");
    assert!(!kept.is_empty(), "the pictures are kept");
}

/// Waits until whoever asks the running load is told of a page's first paint, and for its end.
fn vitals_seen(mut running: Running) -> Outcome {
    let address = |running: &Running| {
        let said = running.stderr();
        let (_, after) = said.split_once("metrics: http://")?;
        after.split_once("/metrics").map(|(address, _)| address.to_string())
    };
    running.wait_until("the address", |running| address(running).is_some());
    let address = address(&running).expect("it was said");
    let count = concat!(
        "taster_web_vital_seconds_count",
        r#"{scenario="s",browser="chromium",vital="fcp"} "#
    );
    running.wait_until("a first paint", |_| {
        let text = get(&address, "/metrics", "*/*").1;
        let counts = text.lines().find_map(|line| line.strip_prefix(count)?.parse::<u64>().ok());
        counts.is_some_and(|count| count > 0)
    });
    running.end()
}

#[test]
fn users_with_browsers_load_beside_others_and_are_measured() {
    let service = service(&[("/a", "<h1>here</h1><a href=/b>on</a>"), ("/b", "<h1>there</h1>")]);
    let sandbox = Sandbox::with(
        "name: s\nload:\n  journeys:\n    - journey: looks\n      browser: chromium\n      \
         steps:\n        - goto: /a\n        - click: { role: link }\n        - see: there\n    \
         - journey: asks\n      steps: [{ step: ask, get: /b, expect: { status: 200 } }]\n  \
         profiles: { p: { users: 2, duration: 5s } }\n  sla:\n    \
         - \"browser_step_duration: p(50)<20000\"\n    - \"browser_step_failed: rate<0.01\"\n    \
         - \"browser_web_vital_fcp: p(50)<20000\"\n    - \"http_req_failed: rate<0.01\"\n",
    );
    let arguments = ["load", "s.yaml", "--profile", "p", "--target", &service.url, "--out", "out"];
    let listen = ["--metrics-listen", "127.0.0.1:0", "--metrics-linger", "30s"];
    let publish = [&listen[..], &["--report", "openmetrics"]].concat();
    let running = sandbox.start(sandbox.command(&[&arguments[..], &publish].concat()));
    let outcome = vitals_seen(running).exits(0);
    let metrics = sandbox.read("out/metrics.txt");
    for of in ["taster_web_vital_percentile_seconds", "taster_web_vital_score_percentile"] {
        let labels = "{scenario=\"s\",browser=\"chromium\",vital=";
        assert!(metrics.contains(&format!("\n{of}{labels}")), "{of}: {metrics}");
    }
    outcome.says(&["browser_step_duration: p(50)<20000", "browser_web_vital_fcp", "PASS"]);
    let result = sandbox.json("out/result.json");
    assert!(result["browsers"][0]["version"].as_str().expect("one").starts_with("Chromium "));
    let rows = |list: &str| -> Vec<(String, u64)> {
        let rows = result[list].as_array().expect("rows").iter();
        let row = |row: &Value| Some((row["step"].as_str()?.to_string(), row["count"].as_u64()?));
        rows.filter_map(row).collect()
    };
    let steps = rows("steps");
    assert!(steps.iter().all(|(_, count)| *count > 0), "{steps:?}");
    let vitals = rows("web_vitals");
    assert!(vitals.iter().any(|(name, count)| name == "fcp" && *count > 0), "{vitals:?}");
    // A bound on what no browser told is no pass.
    let text = sandbox.read("s.yaml").replace("browser_web_vital_fcp", "browser_web_vital_inp");
    sandbox.write("s.yaml", text.replace("- click: { role: link }", "- goto: /b"));
    sandbox.run(&arguments).exits(1).says(&["no data for p(50) of browser_web_vital_inp"]);
}

/// Pages that lead to others; what they lead to takes its time.
fn leading() -> Service {
    let html = |body: &str| format!("<!doctype html><title>t</title>{body}");
    let typed = [("content-type", "text/html")];
    Service::start(move |request| match request.path().split('?').next().unwrap_or_default() {
        "/late" => after(600, reply("200 OK", &typed, html("<h1>Late</h1><input title=Name>"))),
        "/later" => after(3_000, reply("200 OK", &typed, html("<h1>Late</h1>"))),
        "/none" => after(200, reply("204 No Content", &[], "")),
        "/file" => {
            let headers = [("content-disposition", "attachment; filename=a.txt")];
            after(200, reply("200 OK", &headers, "a file"))
        }
        "/never" => after(20_000, reply("200 OK", &typed, "")),
        "/strict" => {
            let policy = [typed[0], ("content-security-policy", "form-action 'none'")];
            after(0, reply("200 OK", &policy, html(LEADING)))
        }
        "/" => after(0, reply("200 OK", &typed, html(LEADING))),
        _ => after(0, reply("404 Not Found", &typed, "")),
    })
}

const LEADING: &str = "<h1>First</h1><input title=Name><output></output>\
    <a href=/late>link</a> <a href='#below'>below</a> <a href=/none>none</a> \
    <a href=/file>file</a> <a href=/never>never</a> <a href=/late target=_blank>blank</a> \
    <a href=/late onclick=\"say('kept'); return false\">kept</a> \
    <a href='javascript:say(\"run\")'>run</a> \
    <button onclick=\"location.href = '/late'\">script</button>\
    <form action=/late><input title=Query><button>send</button></form>\
    <form action=/later onsubmit=\"say('Saving')\"><button>save</button></form>\
    <form method=dialog onsubmit=\"say('closed')\"><button>dialog</button></form>\
    <div id=host></div><script>\
    const say = text => { document.querySelector('output').textContent = text };\
    host.attachShadow({ mode: 'open' }).innerHTML = \
      '<form action=/late><button>shadow</button></form>';</script>";

/// The steps of one test that begins on the first page, written with `;` between them.
fn steps_from(begin: &str, parts: &[&str], rest: &str) -> String {
    let line = |step: &str| format!("      - {}\n", step.trim());
    let part = |part: &&str| -> String {
        [begin, part, rest].iter().flat_map(|steps| steps.split(';')).map(line).collect()
    };
    parts.iter().map(part).collect()
}

fn run_on(sandbox: &Sandbox, (engines, steps): (&str, &str)) -> Outcome {
    let service = leading();
    let test = format!("  - name: one\n    browser: [{engines}]\n    timeout: 60s\n");
    sandbox.write("s.yaml", format!("name: s\ntests:\n{test}    steps:\n{steps}"));
    let arguments = ["test", "s.yaml", "--target", &service.url, "--out", "out", "--workers", "2"];
    sandbox.run(&arguments)
}

#[test]
fn a_step_that_leads_to_a_page_lasts_until_it_comes() {
    let parts = [
        "click: { role: link, name: link }",
        "click: send",
        "click: shadow",
        "press: { title: Query, key: Enter }",
        "press: { role: link, name: link, key: Enter }",
        "type: { title: Query, with: \"m\\n\" }",
        "click: { role: link, name: link, force: true }",
    ];
    // Both pages have the field: only the later one may be filled.
    let there = "fill: { title: Name, with: milk }; see: Late; \
                 expect-value: { title: Name, is: milk }; expect-url: { matches: /late }";
    let steps = steps_from("goto: /", &parts, there);
    run_on(&Sandbox::new(), (ALL, &steps)).exits(0).says(&["3 passed"]);
}

#[test]
fn a_step_that_leads_nowhere_goes_on_with_the_page_there_is() {
    let parts = [
        "click: below",
        "click: none",
        "click: file",
        "click: kept; see: { css: output, has-text: kept }",
        "click: run; see: { css: output, has-text: run }",
        "click: dialog; see: { css: output, has-text: closed }",
        "goto: /strict; click: send",
        "click: blank",
    ];
    let here = "fill: { title: Name, with: milk }; expect-value: { title: Name, is: milk }; \
                see: First; fill: { title: Name, with: oats }";
    let steps = steps_from("see: First", &parts, here);
    let steps = format!("      - goto: /\n{steps}      - switch-to: new-tab\n      - see: Late\n");
    run_on(&Sandbox::new(), (ALL, &steps)).exits(0).says(&["3 passed"]);
}

#[test]
fn what_an_old_page_says_can_be_looked_for_where_engines_still_show_it() {
    let part = "click: { text: save, stay: true }; see: Saving";
    let steps = steps_from("goto: /", &[part], "see: Late");
    run_on(&Sandbox::new(), ("firefox, webkit", &steps)).exits(0).says(&["2 passed"]);
}

#[test]
fn a_page_that_never_comes_fails_the_step_that_leads_to_it() {
    let part = "click: { role: link, name: never, within: 1s }";
    let steps = steps_from("goto: /", &[part], "see: First");
    let outcome = run_on(&Sandbox::new(), (ALL, &steps)).exits(1);
    outcome.says(&["3 failed", "did not begin to come in time"]);
}
