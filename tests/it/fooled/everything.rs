//! The canary once more, through everything that one run can leave: tests over HTTP and in a
//! browser, load, every trace, every format, and what GitHub Actions is told. Whatever is packed or
//! encoded in a file is opened before it is searched.

use std::fs;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::secrets::{CANARY, parrot, spellings};
use crate::http::server::{Act, Request, reply};
use crate::support::{Sandbox, Service};

const SCENARIO: &str = r#"
name: everything
secrets: [CANARY]
tests:
  - name: over HTTP
    steps:
      - post: /echo
        headers: { x-key: "{{ base64(secrets.CANARY) }}" }
        auth: { bearer: "{{ base64(secrets.CANARY) }}" }
        query: { key: "{{ secrets.CANARY }}" }
        json: { key: "{{ secrets.CANARY }}" }
        expect: { status: 200, json: { $.plain: nothing } }
  - name: in a browser
    browser: [chromium]
    page: { har: { record: all.har } }
    steps:
      - goto: "/page?key={{ secrets.CANARY }}"
      - fill: { label: Key, with: "{{ secrets.CANARY }}" }
      - screenshot: { name: seen, full: true }
      - click: { role: button, name: Send }
      - see: { text: answered }
      - expect-text: { test-id: back, is: "not {{ secrets.CANARY }}", within: 500ms }
load:
  journey:
    - step: echo
      post: /echo
      headers: { x-key: "{{ base64(secrets.CANARY) }}" }
      json: { key: "{{ secrets.CANARY }}" }
      expect: { status: 200, json: { $.plain: "not {{ secrets.CANARY }}" } }
    - step: well
      get: /echo
      query: { key: "{{ secrets.CANARY }}" }
      expect: { status: 200 }
  profiles: { smoke: { users: 1, duration: 1s } }
  sla: ["http_req_failed: rate<0.01"]
"#;

/// A page that does with the secret what pages do: keeps it, sends it, logs it, shows it.
const PAGE: &str = r#"<!doctype html><title>page</title><label>Key <input></label>
<button onclick="send()">Send</button><p data-testid=back></p><p id=told></p>
<script>
async function send() {
  const key = document.querySelector('input').value;
  document.cookie = 'key=' + encodeURIComponent(key);
  localStorage.setItem(key, key);
  document.title = key;
  console.error('sent ' + key, btoa(unescape(encodeURIComponent(key))));
  history.replaceState(null, '', '#' + encodeURIComponent(key));
  const body = JSON.stringify({ key });
  await fetch('/echo?q=' + encodeURIComponent(key), { method: 'POST', body });
  document.querySelector('[data-testid=back]').textContent = key;
  document.querySelector('#told').textContent = 'answered';
  setTimeout(() => { throw new Error('with ' + key); }, 1);
}
</script>"#;

fn answer(request: &Request) -> Vec<Act> {
    match request.path().split('?').next() {
        Some("/page") => {
            vec![Act::Send(reply("200 OK", &[("content-type", "text/html; charset=utf-8")], PAGE))]
        }
        Some("/favicon.ico") => vec![Act::Send(reply("404 Not Found", &[], ""))],
        _ => parrot(request),
    }
}

/// The bytes as they are, and everything that they turn out to be when they are opened: gzip,
/// zlib, and base64 in the middle of other text.
fn opened(bytes: &[u8], depth: usize) -> Vec<Vec<u8>> {
    let mut all = vec![bytes.to_vec()];
    if depth == 0 {
        return all;
    }
    let mut plain = Vec::new();
    if MultiGzDecoder::new(bytes).read_to_end(&mut plain).is_ok() && !plain.is_empty() {
        all.extend(opened(&plain, depth - 1));
    }
    plain.clear();
    // Histograms are zlib behind a head of eight bytes.
    for from in [0, 8] {
        let part = bytes.get(from..).unwrap_or_default();
        if ZlibDecoder::new(part).read_to_end(&mut plain).is_ok() && !plain.is_empty() {
            all.extend(opened(&plain, depth - 1));
        }
        plain.clear();
    }
    let letter = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    for word in bytes.split(|b| !letter(b)).filter(|word| word.len() >= 16) {
        let word: Vec<u8> = word
            .iter()
            .map(|b| match b {
                b'-' => b'+',
                b'_' => b'/',
                b => *b,
            })
            .collect();
        // A word that is cut has less than a byte at its end.
        let whole = &word[..word.len() - usize::from(word.len() % 4 == 1)];
        let lenient = base64::engine::GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
        let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
        if let Ok(inner) = engine.decode(whole) {
            all.extend(opened(&inner, depth - 1));
        }
    }
    all
}

fn leaks(name: &str, bytes: &[u8], wanted: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for form in opened(bytes, 3) {
        let text = String::from_utf8_lossy(&form);
        for spelling in wanted.iter().filter(|spelling| text.contains(spelling.as_str())) {
            let at = text.find(spelling.as_str()).unwrap_or(0);
            let before: String = text[..at].chars().rev().take(100).collect();
            let before: String = before.chars().rev().collect();
            found.push(format!("{name}: ...{before}[{spelling}]"));
        }
    }
    found
}

#[test]
fn a_search_finds_the_canary_wherever_it_is_packed() {
    let wanted = spellings();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, CANARY.as_bytes()).expect("memory");
    let packed = packed.finish().expect("memory");
    let encoded = STANDARD_NO_PAD.encode(&packed);
    for bytes in [packed, encoded.into_bytes(), format!("\"x{CANARY}\"").into_bytes()] {
        assert!(!leaks("x", &bytes, &wanted).is_empty());
    }
    assert!(leaks("x", b"nothing here, in aGVsbG8gd29ybGQgYW5k no word", &wanted).is_empty());
}

#[test]
fn a_secret_is_in_no_byte_of_anything_that_a_run_leaves() {
    let service = Service::start(answer);
    let sandbox = Sandbox::with(SCENARIO);
    let formats = "html,md,json,junit,csv,svg,text,comment,github,ctrf,benchmark,bencher,\
        openmetrics,k6,hlog";
    let arguments = ["run", "s.yaml", "--target", &service.url, "--out", "out"];
    let more = ["--trace", "always", "--report", formats, "--workers", "2"];
    let mut command = sandbox.command(&[&arguments[..], &more].concat());
    command.env("CANARY", CANARY).env("GITHUB_ACTIONS", "true");
    for name in ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"] {
        sandbox.write(&format!("told/{name}"), "");
        command.env(name, sandbox.path(&format!("told/{name}")));
    }
    let outcome = sandbox.start(command).end().exits(1);
    let sent = service.requests();
    let posted = |from: &str| sent.iter().any(|one| one.header("origin").contains(from));
    assert!(posted("http://"), "the browser sent it too: {outcome}");
    let mut files = sandbox.files(".");
    files.retain(|path| !path.ends_with("s.yaml"));
    let has = |end: &str| files.iter().any(|path| path.to_string_lossy().ends_with(end));
    for end in ["report.html", "ctrf.json", ".har", ".png", "evidence.json", "responses.hlog"] {
        assert!(has(end), "{end} is missing of {files:?}");
    }
    let in_traces = |path: &&std::path::PathBuf| path.to_string_lossy().contains("/traces/");
    assert!(files.iter().filter(in_traces).count() >= 2, "{files:?}");
    let wanted = spellings();
    let mut found = leaks("stdout", outcome.stdout.as_bytes(), &wanted);
    // A runner is told each secret, so that it hides it itself: these lines are not kept.
    found.extend(leaks("stderr", outcome.stderr.as_bytes(), &wanted));
    for path in &files {
        let name = path.strip_prefix(sandbox.path("")).unwrap_or(Path::new("?"));
        let bytes = fs::read(path).expect("a file can be read");
        found.extend(leaks(&name.display().to_string(), &bytes, &wanted));
        found.extend(leaks("a name", name.to_string_lossy().as_bytes(), &wanted));
    }
    found.dedup();
    assert!(found.is_empty(), "{} leaks\n{}", found.len(), found.join("\n"));
    let page = sandbox.read("out/report.html");
    assert!(page.contains("$CANARY") && page.contains("[secret CANARY]"), "it is shown as hidden");
}
