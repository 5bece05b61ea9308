//! Says why an attempt failed that might have passed: from its trace, the trace of an attempt
//! that did pass, and what other tests did at the time.
//!
//! Every cause is one sentence with the numbers it rests on. They are told in the order of how
//! well they explain a failure: what ended the browser, then what the page was refused, then what
//! made it slow, then what it showed. Where nothing is seen that says so.

mod neighbour;
mod page;

pub use neighbour::Neighbour;

use super::finding::excerpt;
use super::green::{self, Difference, ms};
use super::pairs::{asked, requests, same_step};
use crate::result::trace::{Trace, TraceRequest, TraceStep};
use crate::units::show_percent;

/// Of the time of an attempt: from here on a starved processor explains a failure.
const STARVED: f64 = 0.2;

/// How often slower an answer must be, and by how many milliseconds.
const SLOW: (f64, f64) = (3.0, 200.0);

/// The most causes told.
const TOLD: usize = 5;

/// What a failed attempt is looked at beside.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// An attempt of the same test that passed.
    pub green: Option<&'a Trace>,
    /// What that one is called: `the attempt that passed`.
    pub called: &'a str,
    /// What other tests did, in any order.
    pub others: &'a [Neighbour],
    /// All attempts of the test in this run, the failed one among them.
    pub attempts: &'a [Trace],
}

/// Why it failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// What kind of cause it is.
    pub kind: Kind,
    /// One sentence with its numbers.
    pub text: String,
}

/// Kinds of causes, the one that explains most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Every attempt failed in the same way: not of the moment.
    Lasting,
    /// The browser, its driver or the tab died.
    Crash,
    /// A dialog nobody answered.
    Dialog,
    /// A request failed, or its answer was another one.
    Request,
    /// No core was free.
    Starved,
    /// An answer came late or never.
    SlowRequest,
    /// An error of the page's scripts.
    Script,
    /// Something lay over the element.
    Covered,
    /// The element was replaced while it was used.
    Detached,
    /// The element kept moving.
    Moving,
    /// There were more elements, or fewer.
    Count,
    /// It held, after the deadline.
    Late,
    /// What an earlier test kept, or one at the same time wrote.
    State,
    /// Nothing was seen.
    Unknown,
}

/// One attempt that failed, and all it is compared with.
struct Case<'a> {
    red: &'a Trace,
    /// The failed step and its place among the steps.
    failed: Option<(usize, &'a TraceStep)>,
    /// The same step where it passed.
    then: Option<&'a TraceStep>,
    beside: Beside<'a>,
}

/// Each looks for causes of one sort.
const LOOKS: [fn(&Case<'_>) -> Vec<Cause>; 7] =
    [lasting, crash, starved, failed_requests, slow_requests, page::look, neighbour::look];

/// Why the attempt failed, likeliest first; never empty. `difference` is its difference to
/// `beside.green`, for where no cause is seen.
pub fn explain(red: &Trace, beside: Beside<'_>, difference: Option<&Difference>) -> Vec<Cause> {
    let failed = red.failed_step();
    let then = failed.zip(beside.green).and_then(|((at, _), green)| same_step(red, at, green));
    let case = Case { red, failed, then, beside };
    let mut causes: Vec<Cause> = LOOKS.iter().flat_map(|look| look(&case)).collect();
    causes.sort_by_key(|cause| cause.kind);
    if red.crash.is_some() {
        // Whatever else broke off did so because of it.
        causes.retain(|cause| cause.kind <= Kind::Crash || cause.kind == Kind::Starved);
    }
    causes.truncate(TOLD);
    if causes.is_empty() {
        causes.push(unknown(&case, difference));
    }
    causes
}

impl Case<'_> {
    /// When the failed step had ended; the end of the attempt where none failed.
    fn end(&self) -> f64 {
        let last = self.failed.map(|(_, step)| step);
        last.map_or(self.red.duration_ms as f64, |step| step.at_ms + step.took_ms)
    }

    /// When it began.
    fn start(&self) -> f64 {
        self.failed.map_or(0.0, |(_, step)| step.at_ms)
    }

    /// What the page said about the failure.
    fn why(&self, key: &str) -> Option<&str> {
        self.failed?.1.why.get(key)?.as_str()
    }

    /// `in the attempt that passed it took 40 ms`, as the end of a sentence.
    fn then_took(&self) -> String {
        match self.then {
            Some(step) => format!("; in {} it took {}", self.beside.called, ms(step.took_ms)),
            None => String::new(),
        }
    }
}

fn cause(kind: Kind, text: String) -> Cause {
    Cause { kind, text }
}

fn crash(case: &Case<'_>) -> Vec<Cause> {
    let why = case.red.crash.iter();
    let told = |why: &String| {
        let step = case.failed.map(|(_, step)| format!(" during `{}`", excerpt(&step.name, 80)));
        let text = format!(
            "The browser died{}: {}.",
            step.unwrap_or_default(),
            end(why.trim_start_matches("the browser is gone: "), 200)
        );
        cause(Kind::Crash, text)
    };
    why.map(told).collect()
}

/// Several attempts that all ended at the same step with the same words.
fn lasting(case: &Case<'_>) -> Vec<Cause> {
    let how = |trace: &Trace| {
        let (_, step) = trace.failed_step()?;
        Some((step.place.clone(), step.failure.clone()))
    };
    let (mine, count) = (how(case.red), case.beside.attempts.len());
    let same = mine.is_some() && case.beside.attempts.iter().all(|trace| how(trace) == mine);
    if count < 2 || !same || case.red.crash.is_some() {
        return Vec::new();
    }
    let name = case.failed.map(|(_, step)| excerpt(&step.name, 80)).unwrap_or_default();
    let text = format!(
        "All {count} attempts failed at `{name}` with the same words: this is no flake of \
         the moment."
    );
    vec![cause(Kind::Lasting, text)]
}

/// Whether more time could have helped: what did not hold even after its deadline would not have.
fn wanted_time(case: &Case<'_>) -> bool {
    let Some((_, step)) = case.failed else { return true };
    let kind = case.red.failure.as_ref().map_or("", |failure| failure.kind.as_str());
    // An answer that came over HTTP and was wrong is not wrong for want of time; nor is what can
    // never be: an address that nobody serves, a locator that cannot be read.
    let answered = step.verb == "http" && !kind.is_empty() && kind != "timeout";
    let never = answered
        || matches!(kind, "connect" | "unsupported")
        || matches!(case.why("kind"), Some("wrong" | "bad-locator"));
    step.late_ms.is_some() || !never
}

fn starved(case: &Case<'_>) -> Vec<Cause> {
    if !wanted_time(case) || !lasting(case).is_empty() {
        return Vec::new();
    }
    let Some(share) = case.red.starved.filter(|share| *share >= STARVED) else { return Vec::new() };
    let then = case.beside.green.and_then(|green| green.starved);
    // Where it was no better when it passed, it explains nothing.
    if then.is_some_and(|then| then > 0.7 * share) {
        return Vec::new();
    }
    let then =
        then.map(|then| format!(", and for {} of {}", show_percent(then), case.beside.called));
    let text = format!(
        "The processor was busy elsewhere: for {} of the attempt that failed no core was free{}; \
         fewer `--workers` leave more.",
        show_percent(share),
        then.unwrap_or_default()
    );
    vec![cause(Kind::Starved, text)]
}

/// Requests that matter to the failed step: sent before its end.
fn pairs<'a>(case: &Case<'a>) -> Vec<(&'a TraceRequest, Option<&'a TraceRequest>)> {
    let end = case.end();
    let pairs = match case.beside.green {
        Some(green) => requests(case.red, green),
        None => case.red.requests.iter().map(|request| (request, None)).collect(),
    };
    pairs.into_iter().filter(|(request, _)| request.at_ms <= end && !request.stubbed).collect()
}

fn failed_requests(case: &Case<'_>) -> Vec<Cause> {
    let told = pairs(case).into_iter().filter_map(|(now, then)| {
        if !refused(now) || then.is_some_and(refused) {
            return None;
        }
        let what = match (&now.failed, now.status) {
            (Some(why), _) => format!("failed ({})", end(why, 120)),
            (None, status) => {
                let after = now.took_ms.map(|took| format!(" after {}", ms(took)));
                let after = after.unwrap_or_default();
                format!("was answered {}{after}", status.unwrap_or_default())
            }
        };
        let then = then.map(|then| match then.status {
            Some(status) => format!("; in {} it was answered {status}", case.beside.called),
            None => format!("; in {} it did not fail", case.beside.called),
        });
        let before = ago(case, now.at_ms + now.took_ms.unwrap_or_default());
        let text = format!("`{}` {what}, {before}{}.", asked(now), then.unwrap_or_default());
        Some(cause(Kind::Request, text))
    });
    told.collect()
}

fn refused(request: &TraceRequest) -> bool {
    (request.failed.is_some() && !request.was_given_up())
        || request.status.is_some_and(|status| status >= 400)
}

fn slow_requests(case: &Case<'_>) -> Vec<Cause> {
    let mut found: Vec<(f64, Cause)> = Vec::new();
    for (now, then) in pairs(case) {
        let ended = now.took_ms.map(|took| now.at_ms + took);
        // What was answered before the failed step began, it did not wait for.
        if refused(now) || ended.is_some_and(|ended| ended <= case.start()) {
            continue;
        }
        let took = now.took_ms.unwrap_or(case.end() - now.at_ms);
        let was = then.and_then(|then| then.took_ms);
        if took < SLOW.0 * was.unwrap_or(0.0) || took < was.unwrap_or(0.0) + SLOW.1 {
            continue;
        }
        // Without another attempt only what the step waited for most of its time is told.
        let waited = ended.unwrap_or(case.end()).min(case.end()) - now.at_ms.max(case.start());
        if was.is_none() && waited < 0.5 * (case.end() - case.start()) {
            continue;
        }
        let what = match now.took_ms {
            Some(took) => format!("took {}", ms(took)),
            None => format!("was not answered within {}", ms(took)),
        };
        let was = was.map(|was| format!(", and {} in {}", ms(was), case.beside.called));
        let text = format!("`{}` {what}{}.", asked(now), was.unwrap_or_default());
        found.push((took, cause(Kind::SlowRequest, text)));
    }
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found.into_iter().map(|(_, cause)| cause).collect()
}

/// `340 ms before the step ended`.
fn ago(case: &Case<'_>, at: f64) -> String {
    match at <= case.end() {
        true => format!("{} before the step ended", ms(case.end() - at)),
        false => "after the step had ended".to_string(),
    }
}

/// A foreign text as the end of a sentence.
fn end(text: &str, most: usize) -> String {
    excerpt(text, most).trim_end_matches(['.', ' ']).to_string()
}

fn unknown(case: &Case<'_>, difference: Option<&Difference>) -> Cause {
    let differs: Vec<String> = difference.map(Difference::sentences).unwrap_or_default();
    let text = match (case.beside.green, differs.as_slice()) {
        (None, _) => {
            "No cause is seen, and there is no attempt that passed to compare with.".into()
        }
        (Some(_), []) => {
            format!("No cause is seen: nothing recorded differs from {}.", case.beside.called)
        }
        (Some(_), differs) => {
            let told = differs.iter().take(3).cloned().collect::<Vec<_>>().join(" ");
            format!("No cause is seen. What differs from {}: {told}", case.beside.called)
        }
    };
    cause(Kind::Unknown, text)
}

/// As `explain`, together with the difference it rests on.
pub fn examine(red: &Trace, beside: Beside<'_>) -> (Vec<Cause>, Option<Difference>) {
    let difference = beside.green.map(|green| green::difference(green, red));
    (explain(red, beside, difference.as_ref()), difference)
}

#[cfg(test)]
mod tests;
