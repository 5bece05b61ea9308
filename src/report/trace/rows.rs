//! Is what a trace page shows in its lists, with all numbers already in words.

use serde::Serialize;
use serde_json::Value;

use crate::analysis::Line;
use crate::report::foreign::{block, line, picture};
use crate::report::rows::NAME;
use crate::result::trace::{Trace, TraceRequest, TraceStep};
use crate::units::{show_bytes, show_duration_us};

/// From how long on a request is slow, milliseconds.
const SLOW: f64 = 1_000.0;

/// From which share of its time on a step is close.
const CLOSE: f64 = 0.8;

/// The most rows of one list.
const ROWS: usize = 300;

/// Lines of a comparison.
const LINES: usize = 200;

/// Milliseconds in words.
pub(super) fn ms(milliseconds: f64) -> String {
    match milliseconds {
        none if none <= 0.0 => "0 ms".to_string(),
        some => show_duration_us((some * 1_000.0).round().max(1.0) as u64),
    }
}

/// Where a bar stands within the time of the attempt.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Bar {
    /// Percent of the width.
    left: f64,
    /// Percent of the width.
    width: f64,
}

/// The time that bars are drawn along.
pub(super) struct Scale {
    total: f64,
}

impl Scale {
    pub(super) fn of(trace: &Trace) -> Scale {
        let steps = trace.steps.iter().map(|step| step.at_ms + step.took_ms);
        let requests = trace.requests.iter().map(|one| one.at_ms + one.took_ms.unwrap_or(0.0));
        let total = steps.chain(requests).fold(trace.duration_ms as f64, f64::max);
        Scale { total: total.max(1.0) }
    }

    fn bar(&self, at: f64, took: f64) -> Bar {
        let percent = |part: f64| (part / self.total * 10_000.0).round() / 100.0;
        // What is too short to be seen is still there.
        let width = percent(took).clamp(0.4, 100.0);
        Bar { left: percent(at).clamp(0.0, 100.0 - width), width }
    }

    /// Round times along the scale, each with where it stands.
    pub(super) fn marks(&self) -> Vec<(f64, String)> {
        let powers = (0..9).flat_map(|power| [1.0, 2.0, 5.0].map(|lead| lead * 10f64.powi(power)));
        let step = powers.into_iter().find(|step| self.total / step <= 5.0).unwrap_or(self.total);
        let count = (self.total / step).floor() as u32;
        let at = |number: u32| f64::from(number) * step;
        (0..=count).map(|number| (at(number) / self.total * 100.0, ms(at(number)))).collect()
    }
}

/// A step.
#[derive(Debug, Clone, Serialize)]
pub(super) struct StepRow {
    number: usize,
    name: String,
    place: String,
    url: String,
    took: String,
    within: String,
    bar: Bar,
    /// `fail`, `soft`, `close` or `pass`.
    class: &'static str,
    failure: String,
    thumbnail: Option<String>,
}

pub(super) fn steps(trace: &Trace, scale: &Scale) -> Vec<StepRow> {
    let ended = trace.failed_step().filter(|(_, step)| !step.soft).map(|(at, _)| at);
    let row = |(at, step): (usize, &TraceStep)| {
        let close = step.within_ms > 0.0 && step.took_ms >= CLOSE * step.within_ms;
        StepRow {
            number: at + 1,
            name: line(&step.name, NAME),
            place: line(&step.place, 240),
            url: line(&step.url, 160),
            took: ms(step.took_ms),
            within: if step.within_ms > 0.0 { ms(step.within_ms) } else { String::new() },
            bar: scale.bar(step.at_ms, step.took_ms),
            class: match (&step.failure, step.soft) {
                (Some(_), false) if ended == Some(at) => "fail",
                (Some(_), _) => "soft-fail",
                (None, _) if close => "close",
                (None, _) => "pass",
            },
            failure: line(step.failure.as_deref().unwrap_or(""), 600),
            thumbnail: picture(step.thumbnail.as_deref()),
        }
    };
    trace.steps.iter().enumerate().take(ROWS).map(row).collect()
}

/// What the page said about a failure.
#[derive(Debug, Clone, Serialize, Default)]
pub(super) struct WhyRow {
    wanted: String,
    got: String,
    by: String,
    late: String,
    /// Elements that match, where there should be one.
    candidates: Vec<String>,
    /// Elements most like what was looked for.
    near: Vec<NearRow>,
    options: Vec<String>,
    diff: String,
}

/// An element like the one that was looked for.
#[derive(Debug, Clone, Serialize)]
pub(super) struct NearRow {
    shown: String,
    text: String,
    hidden: bool,
    why: String,
}

pub(super) fn why(step: &TraceStep) -> WhyRow {
    let text = |key: &str| step.why.get(key).map(value).unwrap_or_default();
    let list = |key: &str| {
        let all = step.why.get(key).and_then(Value::as_array);
        all.into_iter().flatten().take(20)
    };
    let near = |one: &Value| {
        let of = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
        NearRow {
            shown: line(of("shown"), NAME),
            text: line(of("text"), 80),
            hidden: one.get("visible").and_then(Value::as_bool) == Some(false),
            why: line(of("why"), 200),
        }
    };
    WhyRow {
        wanted: text("wanted"),
        got: text("got"),
        by: text("by"),
        late: step.late_ms.map(ms).unwrap_or_default(),
        candidates: list("candidates").map(value).collect(),
        near: list("near").map(near).collect(),
        options: list("options").map(value).collect(),
        diff: step.why.get("diff").and_then(Value::as_str).map_or(String::new(), |d| block(d, 60)),
    }
}

/// A value as it is: texts without their quotes.
fn value(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            block(inner.filter(|inner| !inner.contains('"')).unwrap_or(text), 40)
        }
        Value::Null => String::new(),
        value => line(&value.to_string(), 600),
    }
}

/// A request.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RequestRow {
    method: String,
    url: String,
    kind: String,
    outcome: String,
    took: String,
    bytes: String,
    bar: Bar,
    /// `fail`, `slow` or `pass`.
    class: &'static str,
    stubbed: bool,
}

/// Failed ones first, then slow ones, then the others as they were sent; and how many there are
/// of the first two.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Requests {
    telling: Vec<RequestRow>,
    others: Vec<RequestRow>,
    count: usize,
    failed: usize,
    slow: usize,
    left_out: usize,
}

pub(super) fn requests(trace: &Trace, scale: &Scale) -> Requests {
    let end = trace.duration_ms as f64;
    let class = |one: &TraceRequest| {
        let took = one.took_ms.unwrap_or((end - one.at_ms).max(0.0));
        match (&one.failed, one.status) {
            // What a stub did is the test's own doing.
            _ if one.stubbed || one.was_given_up() => "pass",
            (Some(_), _) => "fail",
            (None, Some(400..)) => "fail",
            _ if took >= SLOW => "slow",
            _ => "pass",
        }
    };
    let home = origin(trace);
    let row = |one: &TraceRequest| RequestRow {
        method: line(&one.method, 10),
        url: line(
            one.url.strip_prefix(home).filter(|path| !path.is_empty()).unwrap_or(&one.url),
            200,
        ),
        kind: line(&one.kind, 20),
        outcome: match (&one.failed, one.status) {
            (Some(why), _) => line(why, 160),
            (None, Some(status)) => status.to_string(),
            (None, None) => "no answer".to_string(),
        },
        took: one.took_ms.map_or("–".to_string(), ms),
        bytes: show_bytes(one.bytes),
        bar: scale.bar(one.at_ms, one.took_ms.unwrap_or((end - one.at_ms).max(0.0))),
        class: class(one),
        stubbed: one.stubbed,
    };
    let of = |wanted: &'static str| trace.requests.iter().filter(move |one| class(one) == wanted);
    let (failed, slow) = (of("fail").count(), of("slow").count());
    let telling: Vec<RequestRow> = of("fail").chain(of("slow")).take(ROWS).map(row).collect();
    let others: Vec<RequestRow> = of("pass").take(ROWS).map(row).collect();
    let count = trace.requests.len();
    let left_out = count - telling.len() - others.len();
    Requests { telling, others, count, failed, slow, left_out }
}

/// Where the test's own pages are, such as `http://127.0.0.1:4000`: left out of its URLs.
fn origin(trace: &Trace) -> &str {
    let url = trace.steps.iter().map(|step| step.url.as_str()).find(|url| url.starts_with("http"));
    let url = url.unwrap_or("-");
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url, |end| &url[..host + end])
}

/// A message on the console.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MessageRow {
    at: String,
    level: String,
    class: &'static str,
    text: String,
    place: String,
}

pub(super) fn messages(trace: &Trace) -> Vec<MessageRow> {
    let row = |one: &crate::result::trace::TraceMessage| MessageRow {
        at: ms(one.at_ms),
        level: line(&one.level, 12),
        class: match one.level.as_str() {
            "error" | "uncaught" => "fail",
            "warning" => "inconclusive",
            _ => "notice",
        },
        text: block(&one.text, 12),
        place: line(one.place.as_deref().unwrap_or(""), 160),
    };
    trace.messages.iter().take(ROWS).map(row).collect()
}

/// Lines of a comparison: a sign and a text.
pub(super) fn lines(all: &[Line]) -> Vec<(&'static str, String)> {
    let one = |one: &Line| match one {
        Line::Same(text) => (" ", keep(text)),
        Line::Gone(text) => ("-", keep(text)),
        Line::New(text) => ("+", keep(text)),
    };
    all.iter().take(LINES).map(one).collect()
}

/// One line with the spaces it begins with: they are the tree's shape.
fn keep(text: &str) -> String {
    let indent = text.len() - text.trim_start_matches(' ').len();
    format!("{}{}", " ".repeat(indent.min(60)), line(text, 160))
}
