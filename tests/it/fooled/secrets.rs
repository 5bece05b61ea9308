//! A canary: a secret that goes through every part of a request, comes back in every spelling,
//! and may stand in no byte that the program writes.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::http::server::{Act, Request, json, reply};
use crate::support::{Sandbox, Service};

/// With what JSON, URLs, HTML and forms escape, each in its own way.
pub const CANARY: &str = "ka\"na/ri\\en+vo gel&<42>é";

const SCENARIO: &str = r#"
name: canary
secrets: [CANARY]
before-run:
  - step: setup
    get: /echo
    headers: { x-key: "{{ base64(secrets.CANARY) }}" }
    expect: { status: 200 }
tests:
  - name: in a query
    steps:
      - get: /echo
        query: { key: "{{ secrets.CANARY }}" }
        expect: { status: 200, json: { $.plain: { starts-with: "x{{ secrets.CANARY }}" } } }
  - name: in a path
    steps:
      - get: /echo/{{ secrets.CANARY }}
        expect: { status: 404, json: { $.escaped: "{{ secrets.CANARY }}!" } }
  - name: in a body
    steps:
      - post: /echo
        json: { key: "{{ secrets.CANARY }}", note: "a {{ secrets.CANARY }} b" }
        capture: { back: $.plain }
        expect: { status: 200, body: { not-contains: "{{ secrets.CANARY }}" } }
  - name: in a form
    steps:
      - post: /echo
        form: { key: "{{ secrets.CANARY }}" }
        capture: { back: $.plain }
        expect: { status: 200 }
      - post: /echo
        body: "{{ back }}"
        expect: { json: { $.plain: { equals: "{{ vars.nothing }}" } } }
  - name: in a header of base64
    steps:
      - get: /html
        auth: { basic: { user: me, password: "{{ secrets.CANARY }}" } }
        headers: { x-key: "{{ base64(secrets.CANARY) }}" }
        cookies: { sid: "{{ base64(secrets.CANARY) }}" }
        expect: { status: 200, json: { $.data: { exists: true } } }
  - name: where it leads elsewhere
    steps:
      - get: /redirect
        query: { key: "{{ secrets.CANARY }}" }
        expect: { status: 200, json: { $.data: { exists: true } } }
load:
  journey:
    - step: echo
      post: /echo
      json: { key: "{{ secrets.CANARY }}" }
      expect:
        status: 200
        json: { $.plain: "not {{ secrets.CANARY }}" }
        headers: { x-back: no }
  profiles: { smoke: { users: 1, duration: 1s } }
  sla: ["http_req_failed: rate<0.01"]
vars: { nothing: nothing }
"#;

/// Every spelling that a server may send it back in.
pub fn spellings() -> Vec<String> {
    let quoted = serde_json::Value::from(CANARY).to_string();
    let inside = quoted.trim_matches('"').to_string();
    let percent: String = CANARY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form: String = url::form_urlencoded::byte_serialize(CANARY.as_bytes()).collect();
    let mut url = url::Url::parse("http://x/").expect("a URL");
    url.path_segments_mut().expect("a base").push(CANARY);
    let path = url.path().trim_start_matches('/').to_string();
    url.set_query(Some(CANARY));
    let query = url.query().unwrap_or("").to_string();
    let unicode: String = CANARY.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    let html = CANARY.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let html = html.replace('"', "&quot;");
    let twice = serde_json::Value::from(inside.as_str()).to_string();
    let basic = STANDARD.encode(format!("me:{CANARY}"));
    vec![
        CANARY.to_string(),
        inside,
        percent.clone(),
        percent.to_lowercase(),
        form,
        path,
        query,
        unicode,
        html,
        twice.trim_matches('"').to_string(),
        STANDARD.encode(CANARY),
        URL_SAFE_NO_PAD.encode(CANARY),
        basic.trim_end_matches('=').to_string(),
    ]
}

/// Sends everything it knows back, in every spelling.
pub fn parrot(request: &Request) -> Vec<Act> {
    let all = spellings().join(" ");
    let plain = serde_json::json!({
        "plain": CANARY,
        "escaped": spellings()[1],
        "all": all,
        "head": request.head,
        "body": request.body(),
        CANARY: 1,
    });
    let unicode = plain.to_string().replace('é', "\\u00e9");
    vec![Act::Send(match request.path().split('?').next() {
        Some("/html") => {
            let page = format!("<html><title>{all}</title>{CANARY}</html>");
            reply("200 OK", &[("content-type", "text/html")], page)
        }
        Some("/redirect") => {
            let to = format!("/html?again={}", spellings()[2]);
            reply("302 Found", &[("location", &to)], "")
        }
        _ => {
            let mut answer = json("200 OK", &unicode);
            let back =
                format!("x-back: {}\r\nx-url: {}\r\n", STANDARD.encode(CANARY), spellings()[2]);
            let at = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 2;
            answer.splice(at..at, back.into_bytes());
            answer
        }
    })]
}

#[test]
fn a_secret_stands_in_no_byte_that_is_written() {
    let service = Service::start(parrot);
    let sandbox = Sandbox::with(SCENARIO);
    let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "out"];
    // On the command line too: it is kept in the result, to repeat the run.
    let note = format!("nothing={CANARY}");
    let report = ["--report", "html,md,json,junit,csv,svg,text", "--var", &note];
    let mut command = sandbox.command(&[&arguments[..], &report].concat());
    command.env("CANARY", CANARY);
    let outcome = sandbox.start(command).end().exits(1);
    let seen: Vec<Request> = service.requests();
    assert!(seen.iter().any(|request| request.body().contains("\"key\":")), "it was sent");
    let files = sandbox.files("out");
    assert!(files.len() >= 10, "{files:?}");
    let mut written = vec![("stdout", outcome.stdout.clone()), ("stderr", outcome.stderr.clone())];
    for file in &files {
        let text = String::from_utf8_lossy(&fs::read(file).expect("a file")).into_owned();
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        written.push((name, text));
    }
    let mut leaks = Vec::new();
    for (name, text) in &written {
        for spelling in spellings() {
            if let Some(at) = text.find(&spelling) {
                let around: String = text[..at].chars().rev().take(80).collect();
                let around: String = around.chars().rev().collect();
                leaks.push(format!("{name}: ...{around}[{spelling}]"));
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
    let hidden = outcome.all().matches("[secret CANARY]").count();
    assert!(hidden > 3, "what was hidden is shown as such: {outcome}");
}

/// A run that is killed leaves only its journal, which is written before anything is reported.
#[test]
fn a_secret_is_in_no_journal_either() {
    let service = Service::start(parrot);
    let sandbox = Sandbox::with(&SCENARIO.replace("duration: 1s", "duration: 60s"));
    let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "out"];
    let mut command = sandbox.command(&arguments);
    command.env("CANARY", CANARY);
    let mut running = sandbox.start(command);
    running.wait_until("a second of load", |_| {
        let journal = fs::read_to_string(sandbox.path("out/result.journal")).unwrap_or_default();
        journal.contains("{\"Second\"") && journal.contains("[secret CANARY]")
    });
    running.signal("KILL");
    running.end();
    let journal = sandbox.read("out/result.journal");
    for spelling in spellings() {
        assert!(!journal.contains(&spelling), "{spelling}");
    }
}
