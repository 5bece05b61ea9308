//! Finds causes in what other tests did: state that an earlier one left in the browser, and data
//! that one changed at the same time.

use super::{Case, Cause, Kind, cause};
use crate::analysis::finding::{about, excerpt, names};
use crate::analysis::green::ms;
use crate::analysis::pairs::{asked, without_origin};
use crate::result::trace::Trace;

/// How many writes of one test are looked at.
const WRITES: usize = 200;

/// What one attempt of another test did that could matter: small, so that all can be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// `scenario › test`.
    pub name: String,
    /// The engine.
    pub browser: String,
    /// From the start of all tests, milliseconds.
    pub began_ms: f64,
    /// From the start of all tests, milliseconds.
    pub ended_ms: f64,
    /// What it left in the browser.
    pub kept: Vec<String>,
    /// What it changed at the target: when, what, and the collection that is in.
    writes: Vec<(f64, String, String)>,
    /// E-mail addresses that its steps name.
    people: Vec<String>,
}

impl Neighbour {
    /// What this attempt could have done to others.
    pub fn of(trace: &Trace) -> Neighbour {
        let began = trace.began_ms as f64;
        let writes = trace.requests.iter().filter(|one| !one.stubbed && changes(&one.method));
        let writes = writes.filter(|one| one.status.is_none_or(|status| status < 400));
        let writes = writes.map(|one| (began + one.at_ms, asked(one), collection(&one.url)));
        Neighbour {
            name: about(&trace.scenario, &trace.test),
            browser: trace.browser.clone(),
            began_ms: began,
            ended_ms: began + trace.duration_ms as f64,
            kept: trace.last.iter().flat_map(|last| last.kept.clone()).collect(),
            writes: writes.take(WRITES).collect(),
            people: people(trace),
        }
    }
}

/// What other tests left, or did at the time.
pub(super) fn look(case: &Case<'_>) -> Vec<Cause> {
    let me = about(&case.red.scenario, &case.red.test);
    let others: Vec<&Neighbour> =
        case.beside.others.iter().filter(|other| other.name != me).collect();
    kept(case, &others).into_iter().chain(written(case, &others)).collect()
}

/// Names that stood in the browser when it failed, not when it passed, and that a test before it
/// in the same engine had left.
fn kept(case: &Case<'_>, others: &[&Neighbour]) -> Option<Cause> {
    let began = case.red.began_ms as f64;
    let now = &case.red.last.as_ref()?.kept;
    let then = &case.beside.green?.last.as_ref()?.kept;
    let extra: Vec<&String> = now.iter().filter(|name| !then.contains(name)).collect();
    let before =
        others.iter().filter(|other| other.browser == case.red.browser && other.ended_ms <= began);
    let left = |other: &&&Neighbour| extra.iter().any(|name| other.kept.contains(name));
    let other = before.filter(left).max_by(|a, b| a.ended_ms.total_cmp(&b.ended_ms))?;
    let shared = extra.iter().filter(|name| other.kept.contains(name)).map(|name| name.as_str());
    let text = format!(
        "State of another test was there: `{}`, which ended {} before, had kept {}; {} had it not.",
        excerpt(&other.name, 120),
        ms(began - other.ended_ms),
        names(shared),
        case.beside.called
    );
    Some(cause(Kind::State, text))
}

/// A test at the same time that changed what this one reads or changes.
fn written(case: &Case<'_>, others: &[&Neighbour]) -> Option<Cause> {
    let (began, end) = (case.red.began_ms as f64, case.red.began_ms as f64 + case.end());
    let used: Vec<(String, String)> = case
        .red
        .requests
        .iter()
        .filter(|one| !one.stubbed && one.at_ms <= case.end())
        .map(|one| (collection(&one.url), asked(one)))
        .filter(|(collection, _)| !collection.is_empty())
        .collect();
    let mine = people(case.red);
    let found = others.iter().filter_map(|other| {
        let shared = mine.iter().find(|one| other.people.contains(one));
        let overlaps = other.began_ms < end && other.ended_ms > began;
        // Two tests may use one collection at the same time; only the same account is telling
        // where both signed in with one.
        if !overlaps || (shared.is_none() && !mine.is_empty() && !other.people.is_empty()) {
            return None;
        }
        let write = other.writes.iter().rev().find(|(at, _, collection)| {
            *at >= began && *at <= end && used.iter().any(|(mine, _)| mine == collection)
        })?;
        Some((*other, write, shared))
    });
    let (other, (at, what, collection), shared) = found.max_by(|one, two| {
        (one.2.is_some(), one.1.0)
            .partial_cmp(&(two.2.is_some(), two.1.0))
            .unwrap_or(std::cmp::Ordering::Equal)
    })?;
    let asks = used.iter().find(|(mine, _)| mine == collection).map(|(_, asked)| asked.as_str());
    let person = shared.map(|name| format!(" as the same `{}`", excerpt(name, 80)));
    let text = format!(
        "Another test changed the same data: `{}` sent `{what}` {} before the step ended{}, and \
         this test uses `{}`.",
        excerpt(&other.name, 120),
        ms(end - at),
        person.unwrap_or_default(),
        asks.unwrap_or_default()
    );
    Some(cause(Kind::State, text))
}

fn changes(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH" | "DELETE")
}

/// The collection a URL is in: its path up to the first id or the second name behind the
/// version, such as `/api/v1/cart`. Empty for pages and files, which nobody changes.
fn collection(url: &str) -> String {
    let path = without_origin(url).split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let Some(at) = parts.iter().position(|part| *part == "api") else { return String::new() };
    let version = |part: &&&str| {
        part.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    };
    let skip =
        at + 1 + usize::from(parts.get(at + 1).as_ref().filter(|part| version(part)).is_some());
    parts.get(..=skip).map(|head| head.join("/")).unwrap_or_default()
}

/// E-mail addresses in the steps: whose account it is.
fn people(trace: &Trace) -> Vec<String> {
    let texts = trace.steps.iter().flat_map(|step| [step.name.as_str(), step.line.as_str()]);
    let words = texts.flat_map(|text| {
        text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | '}' | '{'))
    });
    let is_person = |word: &&str| {
        word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
    };
    let mut found: Vec<String> = words.filter(is_person).map(str::to_string).collect();
    found.sort_unstable();
    found.dedup();
    found
}
