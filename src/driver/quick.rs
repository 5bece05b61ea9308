//! Makes a step's checks and captures on an answer as it lies in its buffer: no tree of its JSON,
//! no copy of its headers, no allocation.
//!
//! Only what holds is found here. Whatever does not, or needs more than a look, is left to the
//! long way, which makes the same checks again and finds the words.

use std::time::Duration;

use serde_json::Value;

use super::fast::Flight;
use super::matcher::{Means, Subject, matches};
use super::pick::{Picked, pick};
use super::show::Seen;
use crate::plan::{
    CaptureSource, CheckPlan, CheckWhat, ComparisonPlan, HttpPlan, MatcherPlan, Slot,
};

/// An answer, where it lies.
#[derive(Clone, Copy)]
pub(super) struct Look<'b> {
    status: u16,
    head: &'b [u8],
    /// Text, whole and as it was sent.
    body: &'b str,
}

/// What a capture found.
pub(super) enum Taken<'b> {
    /// Text that can be taken as it is.
    Text(&'b str),
    /// Anything else.
    Value(Value),
}

impl<'b> Look<'b> {
    /// A look at an answer that can be taken as it is: not encoded, sets no cookies, leads nowhere
    /// else, and is no page where JSON was wanted.
    pub(super) fn at(flight: &'b Flight, step: &HttpPlan) -> Option<Look<'b>> {
        let head = flight.framing.head()?;
        let (bytes, body) = flight.framing.parts(flight.buffer.as_ref()?);
        let leads_on = head.located && (300..400).contains(&head.status);
        if head.encoded || head.sets_cookies || leads_on || (step.wants_json && head.html) {
            return None;
        }
        let body = std::str::from_utf8(body).ok()?;
        let odd = |body: &str| body.starts_with('\u{feff}') || body.trim_start().starts_with('<');
        if step.wants_json && odd(body) {
            return None;
        }
        Some(Look { status: head.status, head: bytes, body })
    }

    /// Whether all checks hold; then with the values that were picked on the way.
    pub(super) fn holds(
        &self,
        step: &HttpPlan,
        service: Duration,
        means: &mut Means<'_>,
    ) -> Option<Picked<'b>> {
        let picked = pick(step.prepared.picks.as_ref()?, self.body)?;
        let mut number = 0;
        for CheckPlan { what, .. } in &step.checks {
            let holds = match what {
                CheckWhat::Status(sets) => sets.iter().any(|set| set.has(self.status)),
                CheckWhat::Within(limit) => service <= *limit,
                CheckWhat::Body(matcher) => text(matcher, Some(self.body), means),
                CheckWhat::Header(name, matcher) => text(matcher, self.header(name)?, means),
                CheckWhat::Json(_, matcher) => {
                    number += 1;
                    json(matcher, picked[number - 1], means)
                }
                CheckWhat::Schema(_) => false,
            };
            if !holds {
                return None;
            }
        }
        Some(picked)
    }

    /// Hands over what each capture takes; whether all of them were there.
    pub(super) fn capture(
        &self,
        step: &HttpPlan,
        picked: &Picked<'b>,
        mut put: impl FnMut(Slot, Taken<'b>),
    ) -> bool {
        let before = step.checks.iter().filter(|c| matches!(c.what, CheckWhat::Json(..)));
        let mut number = before.count();
        for plan in &step.captures {
            let taken = match &plan.from {
                CaptureSource::Json(_) => {
                    number += 1;
                    picked[number - 1].and_then(taken)
                }
                CaptureSource::Header(name) => self.header(name).flatten().map(Taken::Text),
                CaptureSource::Body => Some(Taken::Text(self.body)),
                CaptureSource::Regex(regex, group) => {
                    let found = regex.captures(self.body);
                    found
                        .and_then(|found| found.get(*group as usize))
                        .map(|part| Taken::Text(&self.body[part.range()]))
                }
                CaptureSource::Cookie(_) => None,
            };
            let Some(taken) = taken else { return false };
            put(plan.slot, taken);
        }
        true
    }

    /// The value of a header that stands there once, as text; none where it is more difficult.
    fn header(&self, name: &str) -> Option<Option<&'b str>> {
        let mut found = None;
        for line in self.head.split(|byte| *byte == b'\n').skip(1) {
            let held = line
                .get(..name.len())
                .is_some_and(|held| held.eq_ignore_ascii_case(name.as_bytes()));
            if !held || line.get(name.len()) != Some(&b':') {
                continue;
            }
            if found.is_some() {
                return None;
            }
            found = Some(std::str::from_utf8(line[name.len() + 1..].trim_ascii()).ok()?);
        }
        Some(found)
    }
}

fn text(matcher: &MatcherPlan, text: Option<&str>, means: &mut Means<'_>) -> bool {
    matches(matcher, Subject::One("", text.map(Seen::Text)), means).is_ok()
}

/// Whether a matcher holds of a picked value. A list or an object is only made into a tree where
/// somebody looks into it.
fn json(matcher: &MatcherPlan, raw: Option<&str>, means: &mut Means<'_>) -> bool {
    let Some(raw) = raw else { return text(matcher, None, means) };
    if let Some(plain) = plain_text(raw) {
        return text(matcher, Some(plain), means);
    }
    let outside =
        |test: &ComparisonPlan| matches!(test, ComparisonPlan::Exists(_) | ComparisonPlan::Type(_));
    let value = match raw.as_bytes().first() {
        Some(b'[') if matcher.tests.iter().all(outside) => Ok(Value::Array(Vec::new())),
        Some(b'{') if matcher.tests.iter().all(outside) => Ok(Value::Object(Default::default())),
        _ => serde_json::from_str(raw),
    };
    let Ok(value) = value else { return false };
    matches(matcher, Subject::One("", Some(Seen::from(&value))), means).is_ok()
}

/// The text of a JSON string without escapes.
fn plain_text(raw: &str) -> Option<&str> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then_some(inner)
}

fn taken(raw: &str) -> Option<Taken<'_>> {
    match plain_text(raw) {
        Some(text) => Some(Taken::Text(text)),
        None => serde_json::from_str(raw).ok().map(Taken::Value),
    }
}
