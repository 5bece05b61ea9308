//! Makes a trace of what an attempt of a browser test left: times from its start, pictures as
//! text, nothing secret, and nothing without a limit.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::time::Instant;

use crate::driver::Client;
use crate::driver::browser::{LastLook, MessageSeen, Record, RequestSeen, StepRecord};
use crate::executor::begin::place;
use crate::plan::TestPlan;
use crate::result::trace::{Trace, TraceEnd, TraceMessage, TraceRequest, TraceStep};
use crate::result::{FailureExample, TestStatus};

/// How many requests are kept.
const REQUESTS: usize = 2_000;

/// How many console messages are kept.
const MESSAGES: usize = 500;

/// How many names of stored values are kept.
const KEPT: usize = 500;

/// Characters of a console message.
const MESSAGE: usize = 4_000;

/// Characters of a URL.
const URL: usize = 1_000;

/// Characters of an ARIA tree.
const TREE: usize = 100_000;

/// Characters of one text in what the page said about a failure.
const WORD: usize = 2_000;

/// Bytes of a picture.
const PICTURE: usize = 16 << 20;

/// What is known of an attempt beside what its browser left.
#[derive(Clone, Copy)]
pub struct Attempted<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The test.
    pub test: &'a TestPlan,
    /// Which attempt, from 1.
    pub number: u32,
    /// The failure that ended it.
    pub failure: Option<&'a FailureExample>,
    /// How long it took.
    pub took: Duration,
    /// When the first of all tests began.
    pub origin: Instant,
    /// What knows the scenario's secrets.
    pub client: &'a Client,
}

/// The trace of an attempt.
pub fn trace(record: &Record, attempted: Attempted<'_>) -> Trace {
    let client = attempted.client;
    // Steps over HTTP may come before the browser's context is opened.
    let first = record.steps.iter().map(|step| step.began).min();
    let began = first.map_or(record.began, |first| first.min(record.began));
    let paper = Paper { client, began };
    let requests = record.requests.iter().take(REQUESTS);
    let messages = record.messages.iter().take(MESSAGES);
    Trace {
        scenario: attempted.scenario.to_string(),
        test: attempted.test.name.clone(),
        place: place(&attempted.test.site),
        browser: record.engine.to_string(),
        version: cut(&record.version, 80),
        attempt: attempted.number,
        status: match attempted.failure {
            Some(_) => TestStatus::Failed,
            None => TestStatus::Passed,
        },
        duration_ms: attempted.took.as_millis() as u64,
        failure: attempted.failure.cloned(),
        steps: record.steps.iter().map(|step| paper.step(step)).collect(),
        requests: requests.map(|request| paper.request(request)).collect(),
        messages: messages.map(|message| paper.message(message)).collect(),
        last: record.last.as_ref().map(|last| paper.end(last)),
        crash: record.crash.as_deref().map(|crash| paper.text(crash, MESSAGE)),
        starved: record.starved,
        began_ms: millis(began.saturating_duration_since(attempted.origin)) as u64,
    }
}

/// What writes a trace down.
struct Paper<'a> {
    client: &'a Client,
    began: Instant,
}

impl Paper<'_> {
    /// Without secrets, and then cut: half a secret would not be known again.
    fn text(&self, text: &str, most: usize) -> String {
        let near = text.floor_char_boundary(most.saturating_mul(8));
        cut(&self.client.hide(&text[..near]), most)
    }

    /// Milliseconds from the start of the attempt.
    fn since(&self, at: Instant) -> f64 {
        millis(at.saturating_duration_since(self.began))
    }

    fn url(&self, url: &str) -> String {
        match url.strip_prefix("data:") {
            Some(data) => format!("data:{}", cut(data, 60)),
            None => self.text(url, URL),
        }
    }

    fn step(&self, step: &StepRecord) -> TraceStep {
        TraceStep {
            name: self.text(&step.name, WORD),
            verb: step.verb.clone(),
            place: place(&step.site),
            line: step.site.text.clone(),
            at_ms: self.since(step.began),
            took_ms: millis(step.took),
            within_ms: millis(step.within),
            failure: step.failure.as_deref().map(|why| self.text(why, MESSAGE)),
            soft: step.soft,
            why: self.value(&step.why),
            late_ms: step.late.map(millis),
            url: self.url(&step.url),
            thumbnail: step.thumbnail.as_deref().and_then(data_url),
        }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text, WORD)),
            Value::Array(list) => list.iter().map(|one| self.value(one)).collect(),
            Value::Object(map) => {
                map.iter().map(|(name, value)| (name.clone(), self.value(value))).collect()
            }
            plain => plain.clone(),
        }
    }

    fn request(&self, request: &RequestSeen) -> TraceRequest {
        TraceRequest {
            at_ms: self.since(request.at),
            took_ms: request.ended.map(|end| millis(end.saturating_duration_since(request.at))),
            method: cut(&request.method, 20),
            url: self.url(&request.url),
            kind: request.kind.clone(),
            status: request.status,
            bytes: request.bytes,
            failed: request.failed.as_deref().map(|why| self.text(why, WORD)),
            stubbed: request.stubbed,
        }
    }

    fn message(&self, message: &MessageSeen) -> TraceMessage {
        TraceMessage {
            at_ms: self.since(message.at),
            level: message.level.clone(),
            text: self.text(&message.text, MESSAGE),
            place: message.place.as_deref().map(|place| self.url(place)),
        }
    }

    fn end(&self, last: &LastLook) -> TraceEnd {
        let tree: Vec<String> = last.aria.lines().map(without_credential).collect();
        TraceEnd {
            url: self.url(&last.url),
            title: self.text(&last.title, WORD),
            screenshot: last.screenshot.as_deref().and_then(data_url),
            aria: self.text(&tree.join("\n"), TREE),
            kept: last.kept.iter().take(KEPT).map(|name| self.text(name, URL)).collect(),
        }
    }
}

/// A line of an ARIA tree without what stands in a field whose name speaks of a credential:
/// `- textbox "Password": hunter2`.
fn without_credential(line: &str) -> String {
    let Some((head, _)) = line.split_once("\": ") else { return line.to_string() };
    let name = head.to_lowercase();
    let field = ["textbox", "searchbox", "combobox"].iter().any(|role| name.contains(role));
    let secret = ["password", "passwort", "secret", "token", "api key", "card number", "cvc"];
    match field && secret.iter().any(|word| name.contains(word)) {
        true => format!("{head}\": ..."),
        false => line.to_string(),
    }
}

/// A JPEG or a PNG as a `data:` URL; nothing else may stand in a page, and nothing huge.
fn data_url(picture: &[u8]) -> Option<String> {
    let kind = match picture {
        [0xff, 0xd8, 0xff, ..] => "jpeg",
        [0x89, b'P', b'N', b'G', ..] => "png",
        _ => return None,
    };
    let fits = picture.len() <= PICTURE;
    fits.then(|| format!("data:image/{kind};base64,{}", STANDARD.encode(picture)))
}

fn millis(duration: Duration) -> f64 {
    // Microseconds are fine enough, and keep files short.
    (duration.as_micros() as f64) / 1_000.0
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::driver::browser::Engine;
    use crate::plan::{Inputs, Overrides, Plan, Site, build};
    use crate::scenario::parse;

    fn plan() -> Plan {
        let text = "name: shop\nsecrets: [KEY]\ntests:\n  - name: buys\n    \
                    steps: [{ step: a, get: /a }]\n";
        let parsed = parse(&SourceFile::new("shop.yaml", text));
        let mut inputs = Inputs::default();
        inputs.scenarios.push(parsed.unwrap_or_else(|problems| panic!("{problems}")).0);
        let overrides = Overrides {
            target: "http://target.example".to_string(),
            tests: true,
            secrets: [("KEY".to_string(), "canary-9f3b".to_string())].into(),
            ..Overrides::default()
        };
        build(&inputs, &overrides).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn step(name: &str, began: Instant, took: u64) -> StepRecord {
        StepRecord {
            name: name.to_string(),
            verb: "click".to_string(),
            site: Site { file: "shop.yaml".to_string(), line: 5, column: 9, text: "x".to_string() },
            began,
            took: Duration::from_millis(took),
            within: Duration::from_secs(10),
            failure: None,
            soft: false,
            why: Value::Null,
            late: None,
            url: "http://target.example/shop?token=abc".to_string(),
            thumbnail: None,
        }
    }

    fn record(began: Instant) -> Record {
        Record {
            engine: Engine::Chromium,
            version: "Chromium 156".to_string(),
            began,
            steps: Vec::new(),
            requests: Vec::new(),
            messages: Vec::new(),
            last: None,
            crash: None,
            starved: Some(0.25),
            files: Vec::new(),
            vitals: Vec::new(),
        }
    }

    fn request(at: Instant, url: &str) -> RequestSeen {
        RequestSeen {
            id: "1".to_string(),
            at,
            ended: Some(at + Duration::from_micros(31_250)),
            method: "GET".to_string(),
            url: url.to_string(),
            kind: "fetch".to_string(),
            headers: vec![("authorization".to_string(), "Bearer canary-9f3b".to_string())],
            sent: Some("canary-9f3b".to_string()),
            status: Some(200),
            answer_headers: Vec::new(),
            body: None,
            bytes: 12,
            failed: None,
            stubbed: false,
        }
    }

    fn traced(record: &Record, failure: Option<&FailureExample>, origin: Instant) -> Trace {
        let plan = plan();
        let scenario: &Arc<_> = &plan.scenarios[0];
        let client = Client::new(scenario).unwrap();
        let took = Duration::from_millis(640);
        let test = &scenario.tests[0];
        let scenario = &scenario.name;
        trace(
            record,
            Attempted { scenario, test, number: 2, failure, took, origin, client: &client },
        )
    }

    #[tokio::test]
    async fn times_are_from_the_first_step_or_the_context() {
        let origin = Instant::now();
        let opened = origin + Duration::from_millis(500);
        let mut record = record(opened);
        record.steps.push(step("sign in", opened - Duration::from_millis(100), 90));
        record.steps.push(step("open", opened + Duration::from_millis(10), 20));
        record.requests.push(request(opened + Duration::from_millis(11), "http://h/a"));
        // Before everything: a clock never goes back, but a log may be of another context.
        record.requests.push(request(origin, "http://h/b"));
        let trace = traced(&record, None, origin);
        assert_eq!(trace.began_ms, 400);
        assert_eq!(trace.steps.iter().map(|s| s.at_ms).collect::<Vec<_>>(), [0.0, 110.0]);
        let requests: Vec<_> = trace.requests.iter().map(|r| (r.at_ms, r.took_ms)).collect();
        assert_eq!(requests, [(111.0, Some(31.25)), (0.0, Some(31.25))]);
        assert_eq!((trace.status, trace.attempt, trace.duration_ms), (TestStatus::Passed, 2, 640));
        assert_eq!((trace.place.as_str(), trace.starved), ("shop.yaml:4", Some(0.25)));
    }

    #[tokio::test]
    async fn a_secret_is_in_no_byte_of_a_trace() {
        const CANARY: &str = "canary-9f3b";
        let now = Instant::now();
        let mut record = record(now);
        let mut failing = step(&format!("fill {CANARY}"), now, 10);
        failing.failure = Some(format!("got {CANARY}"));
        failing.why = serde_json::json!({ "got": [CANARY, { "deep": format!("x{CANARY}y") }] });
        failing.url = format!("http://h/?q={CANARY}");
        record.steps.push(failing);
        record.requests.push(request(now, &format!("http://h/{CANARY}?access_token=other")));
        record.messages.push(MessageSeen {
            at: now,
            level: "error".to_string(),
            text: format!("{}{CANARY}", "x".repeat(MESSAGE - 4)),
            place: Some(format!("http://h/{CANARY}.js:3")),
        });
        record.crash = Some(format!("while at {CANARY}"));
        record.last = Some(LastLook {
            url: format!("http://user:{CANARY}@h/"),
            title: CANARY.to_string(),
            screenshot: None,
            aria: format!("- textbox \"Password\": hunter2\n- text: {CANARY}\n"),
            kept: vec![format!("http://h {CANARY}")],
        });
        let failure = FailureExample { step: "a".to_string(), ..FailureExample::default() };
        let trace = traced(&record, Some(&failure), now);
        let text = serde_json::to_string(&trace).unwrap();
        for secret in [CANARY, "canar", "hunter2", "=abc", "=other", "Bearer"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert_eq!((trace.status, trace.failure.as_ref()), (TestStatus::Failed, Some(&failure)));
    }

    #[tokio::test]
    async fn nothing_is_without_a_limit() {
        let now = Instant::now();
        let mut record = record(now);
        let large = "ä".repeat(1 << 20);
        record.requests = vec![request(now, "http://h/"); REQUESTS + 1];
        record.requests[0].url = format!("data:text/html,{large}");
        let message = MessageSeen { at: now, level: String::new(), text: large, place: None };
        record.messages = vec![message];
        let trace = traced(&record, None, now);
        assert_eq!(trace.requests.len(), REQUESTS);
        assert!(trace.requests[0].url.len() < 140);
        assert_eq!(trace.messages[0].text.chars().count(), MESSAGE + 1);
    }

    #[test]
    fn only_pictures_become_data_urls() {
        assert_eq!(data_url(b"\xff\xd8\xffx").as_deref(), Some("data:image/jpeg;base64,/9j/eA=="));
        assert_eq!(data_url(b"\x89PNG").as_deref(), Some("data:image/png;base64,iVBORw=="));
        assert_eq!(data_url(b"<svg onload='x'>"), None);
        assert_eq!(data_url(&vec![0xff; PICTURE + 1]), None);
    }
}
