//! The page of a browser test's attempt: golden files of hand-made traces, and what a hostile page
//! may not do to it. `UPDATE_GOLDEN=1` writes them anew; look at what changed before keeping it.

use std::fs;
use std::path::{Path, PathBuf};

use taster::analysis::flake::{Beside, examine};
use taster::analysis::{Margins, Stored, Verdict, judge, near_misses};
use taster::report::{Format, Sheet, render, trace_page};
use taster::result::evidence::{TestEvidence, TracePage};
use taster::result::trace::Trace;
use taster::result::{RunResult, TestStatus};

use crate::runs::{nothing, with_test};

const CALLED: &str = "the attempt that passed";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/traces")
}

fn trace(name: &str) -> Trace {
    let text = fs::read(folder().join(format!("{name}.json"))).expect("the trace can be read");
    serde_json::from_slice(&text).expect("it is a trace")
}

fn failed_page(red: &Trace, green: &Trace) -> String {
    let beside = Beside { green: Some(green), called: CALLED, others: &[], attempts: &[] };
    let (causes, difference) = examine(red, beside);
    let page = |trace: &Trace| TracePage {
        attempt: trace.attempt,
        status: trace.status,
        file: format!("traces/{}.html", trace.stem()),
    };
    trace_page(&Sheet {
        trace: red,
        causes: &causes,
        difference: difference.as_ref().map(|found| (found, CALLED)),
        attempts: &[page(red), page(green)],
    })
}

fn golden(name: &str, page: &str) {
    let file = folder().join(format!("{name}.html"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&file, page).expect("the golden file can be written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let other = page.lines().zip(kept.lines()).find(|(now, kept)| now != kept);
    assert!(page == kept, "{} differs: {other:?}", file.display());
}

#[test]
fn a_failed_attempt_is_drawn() {
    golden("failed", &failed_page(&trace("failed"), &trace("passed")));
}

#[test]
fn an_attempt_that_passed_is_drawn() {
    let green = trace("passed");
    let page = trace_page(&Sheet { trace: &green, causes: &[], difference: None, attempts: &[] });
    golden("passed", &page);
}

#[test]
fn a_page_says_the_causes_with_their_numbers() {
    let page = failed_page(&trace("failed"), &trace("passed"));
    for told in [
        "was answered 503 after 4.92 s, 414 ms before the step ended",
        "for 31% of the attempt that failed no core was free",
        "held 340 ms after its deadline of 5 s",
        "was not answered within",
        "status &quot;Loading&quot;",
        "- expect-text: { role: status, is: 1 item }",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn a_page_loads_nothing_and_runs_nothing() {
    let page = failed_page(&trace("failed"), &trace("passed"));
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
    for forbidden in
        ["<script", "<link", "<iframe", "src=\"http", "url(", "@import", " onload", "onerror="]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

/// A trace whose every text is this one.
fn hostile(text: &str) -> Trace {
    let mut trace = trace("failed");
    (trace.scenario, trace.test) = (text.to_string(), text.to_string());
    (trace.version, trace.place) = (text.to_string(), text.to_string());
    trace.crash = Some(text.to_string());
    if let Some(failure) = &mut trace.failure {
        (failure.message, failure.line) = (text.to_string(), text.to_string());
        (failure.place, failure.step) = (text.to_string(), text.to_string());
        (failure.request, failure.response) = (text.to_string(), Some(text.to_string()));
    }
    for step in &mut trace.steps {
        (step.name, step.url) = (text.to_string(), text.to_string());
        step.failure = step.failure.as_ref().map(|_| text.to_string());
        step.thumbnail = Some(text.to_string());
        step.why = serde_json::json!({
            "kind": text, "wanted": text, "got": [text], "by": text, "diff": text,
            "candidates": [text, 7, null], "options": text,
            "near": [text, { "shown": text, "text": text, "why": text, "visible": text }],
        });
    }
    for request in &mut trace.requests {
        (request.url, request.method) = (text.to_string(), text.to_string());
        (request.failed, request.kind) = (Some(text.to_string()), text.to_string());
    }
    for message in &mut trace.messages {
        (message.text, message.level) = (text.to_string(), text.to_string());
        message.place = Some(text.to_string());
    }
    if let Some(last) = &mut trace.last {
        (last.url, last.title, last.aria) = (text.to_string(), text.to_string(), text.to_string());
        last.screenshot = Some(format!("data:image/png;base64,\" onerror=\"{text}"));
        last.kept = vec![text.to_string(); 1_000];
    }
    trace
}

#[test]
fn hostile_texts_stay_texts() {
    for text in [
        "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>",
        "\" onmouseover=\"alert(1)",
        "`</code><b id=own>` {{ 7411 * 3 }} {% raw %}",
        "javascript:alert(1)",
        "\u{202e}drawkcab\u{1b}[31m",
    ] {
        let page = failed_page(&hostile(text), &trace("passed"));
        for live in ["<script", "<img src=x", "onmouseover=\"", "onerror=\"", "<b id=own>", "22233"]
        {
            assert!(!page.contains(live), "{live} of {text:?}");
        }
        assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
        assert!(!page.contains("href=\"javascript:"));
    }
}

#[test]
fn a_megabyte_in_every_text_makes_no_large_page() {
    let text = "<x> ".repeat(1 << 18);
    let page = failed_page(&hostile(&text), &trace("passed"));
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn an_empty_trace_is_drawn() {
    let mut empty = trace("failed");
    empty.steps.clear();
    empty.requests.clear();
    empty.messages.clear();
    (empty.last, empty.failure, empty.starved) = (None, None, None);
    empty.duration_ms = 0;
    let page = failed_page(&empty, &empty.clone());
    assert!(page.contains("<span class=\"word\">FAILED</span>"));
}

/// A run with one failed browser test, and what its browser left.
fn left(evidence: TestEvidence) -> (RunResult, Verdict) {
    let red = trace("failed");
    let mut run = with_test(nothing(), "x", TestStatus::Failed);
    let test = run.tests.last_mut().expect("it was added");
    (test.scenario, test.name) = (red.scenario.clone(), red.test.clone());
    (test.browser, test.repeat) = (Some(red.browser.clone()), None);
    let mut verdict = judge(&run, &Stored::none(), &Margins::default());
    verdict.evidence = vec![evidence];
    (run, verdict)
}

fn evidence() -> TestEvidence {
    let red = trace("failed");
    TestEvidence {
        scenario: red.scenario.clone(),
        test: red.test.clone(),
        browser: red.browser.clone(),
        repeat: None,
        pages: vec![TracePage {
            attempt: 1,
            status: TestStatus::Failed,
            file: format!("traces/{}.html", red.stem()),
        }],
        causes: vec!["`POST /cart` was answered 503.".to_string()],
        changes: Vec::new(),
        close: near_misses(&red),
        screenshot: red.last.as_ref().and_then(|last| last.screenshot.clone()),
    }
}

#[test]
fn every_report_says_why_and_links_to_the_trace() {
    let (run, verdict) = left(evidence());
    let page = format!("traces/{}.html", trace("failed").stem());
    for (format, told) in [
        (Format::Html, format!("<a href=\"{page}\">trace of attempt 1, failed</a>")),
        (Format::Html, "<li><code>POST /cart</code> was answered 503.</li>".to_string()),
        (Format::Html, "1 step nearly failed".to_string()),
        (Format::Markdown, format!("[attempt 1]({page})")),
        (Format::Markdown, "- <code>POST /cart</code> was answered 503.".to_string()),
        (Format::Markdown, "1 step nearly failed".to_string()),
        (Format::Junit, format!("[[ATTACHMENT|{page}]]")),
        (Format::Junit, "`POST /cart` was answered 503.".to_string()),
        (Format::Text, format!("trace {page}")),
        (Format::Text, "- `POST /cart` was answered 503.".to_string()),
        (Format::Text, "Nearly failed (passed in the last fifth of their time)".to_string()),
    ] {
        let text = render(format, &run, &verdict, None).remove(0).1.replace("&#x2f;", "/");
        assert!(text.contains(&told), "{format:?} without {told}");
    }
}

#[test]
fn a_report_links_to_no_other_place() {
    let mut foreign = evidence();
    foreign.pages[0].file = "https://evil.example/\" onclick=\"".to_string();
    foreign.causes = vec!["</pre><script>x</script>".to_string()];
    let (run, verdict) = left(foreign);
    for format in Format::ALL {
        for (name, text) in render(format, &run, &verdict, None) {
            assert!(!text.contains("evil.example"), "{name}");
            let scripts = text.matches("<script>").count();
            let own = usize::from(name.ends_with(".html"));
            assert!(matches!(format, Format::Text) || scripts == own, "{name}");
        }
    }
}
