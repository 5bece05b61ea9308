//! Makes a step's checks on an answer: all of them, so that all that failed are known.

use std::time::Duration;

use serde_json::Value;

use super::answer::Answer;
use super::failure::Broken;
use super::matcher::{Means, Subject, matches};
use super::nearest;
use super::show::{self, Seen, Words};
use crate::plan::{CheckPlan, CheckWhat, HttpPlan, Site};
use crate::sample::Failure;
use crate::scenario::StatusSet;
use crate::units::{show_duration, write_duration};

/// What the checks of a step found.
#[derive(Debug, Default)]
pub(super) struct Found<'p> {
    /// One bit for each check that failed.
    pub(super) failed: u64,
    /// The failure that explains most, and the line that did not hold.
    pub(super) first: Option<(Broken, &'p Site)>,
}

/// The bit of a check by its number; the last bit stands for all from the 64th on.
pub(super) fn bit(index: usize) -> u64 {
    1 << index.min(63)
}

/// The bits of all of `count` checks.
pub(super) fn all(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

/// Makes all checks.
pub(super) fn check<'p>(
    step: &'p HttpPlan,
    answer: &Answer,
    service: Duration,
    means: &mut Means<'_>,
) -> Found<'p> {
    let mut found = Found::default();
    let mut more = 0;
    for (index, check) in step.checks.iter().enumerate() {
        let Err(broken) = one(check, answer, service, means) else { continue };
        found.failed |= bit(index);
        match &mut found.first {
            None => found.first = Some((broken, &check.site)),
            // A status explains the rest, wherever it stands.
            Some((first, site)) if is_status(&broken) && !is_status(first) => {
                (*first, *site) = (broken, &check.site);
                more += 1;
            }
            Some(_) => more += 1,
        }
    }
    if let Some((first, _)) = &mut found.first
        && more > 0
    {
        let checks = show::count(more, "more check");
        let fails = if more == 1 { "fails" } else { "fail" };
        first.message.push_str(&format!(" ({checks} {fails})"));
    }
    if step.wants_json
        && let Some((broken, site)) = page(step, answer, found.failed, means.words)
    {
        found.first = Some((broken, site));
    }
    found
}

fn is_status(broken: &Broken) -> bool {
    matches!(broken.failure, Failure::Status(_))
}

/// HTML where JSON was wanted explains more than the checks that fail because of it.
fn page<'p>(
    step: &'p HttpPlan,
    answer: &Answer,
    failed: u64,
    words: Words<'_>,
) -> Option<(Broken, &'p Site)> {
    // A redirect that was asked for may well carry a page that nobody reads.
    if failed == 0 && answer.status.is_redirection() {
        return None;
    }
    let kind = answer.page()?;
    let begins = words.beginning(&answer.text());
    let status = answer.status.as_u16();
    let message =
        format!("{kind} where JSON was expected: status {status}, the page begins `{begins}`");
    let failed = step.checks.iter().enumerate().find(|(index, _)| failed & bit(*index) != 0);
    let site = failed.map_or(&step.site, |(_, check)| &check.site);
    Some((Broken::new(Failure::Html, message), site))
}

fn one(
    check: &CheckPlan,
    answer: &Answer,
    service: Duration,
    means: &mut Means<'_>,
) -> Result<(), Broken> {
    match &check.what {
        CheckWhat::Status(sets) => status(sets, answer, means.words),
        CheckWhat::Header(name, matcher) => {
            let value = answer.header(name);
            matches(matcher, Subject::Header(name, value.as_deref().map(Seen::Text)), means)
        }
        CheckWhat::Body(matcher) => {
            matches(matcher, Subject::One("the body", Some(Seen::Text(&answer.text()))), means)
        }
        CheckWhat::Json(path, matcher) => match answer.json() {
            Ok(document) => matches(matcher, Subject::Path(path, document), means),
            Err(error) => fail(format!(
                "`{}` cannot hold: {}",
                check.text,
                answer.no_json(error, means.words)
            )),
        },
        CheckWhat::Schema(validator) => match answer.json() {
            Ok(document) => schema(validator, document),
            Err(error) => fail(format!(
                "`{}` cannot hold: {}",
                check.text,
                answer.no_json(error, means.words)
            )),
        },
        CheckWhat::Within(limit) if service <= *limit => Ok(()),
        CheckWhat::Within(limit) => {
            let (took, limit) = (show_duration(service), write_duration(*limit));
            fail(format!("the answer took {took}, and must be there within {limit}"))
        }
    }
}

fn fail(message: String) -> Result<(), Broken> {
    Err(Broken::new(Failure::Check, message))
}

fn status(sets: &[StatusSet], answer: &Answer, words: Words<'_>) -> Result<(), Broken> {
    let status = answer.status.as_u16();
    if sets.iter().any(|set| set.has(status)) {
        return Ok(());
    }
    let wanted: Vec<_> = sets
        .iter()
        .map(|set| match set {
            StatusSet::One(status) => status.to_string(),
            StatusSet::Class(class) => format!("{class}xx"),
        })
        .collect();
    let (line, glimpse) = (answer.status_line(), answer.glimpse(words));
    let message = format!("the status is {line}, not {}{glimpse}", wanted.join(" or "));
    Err(Broken::new(Failure::Status(status), message))
}

fn schema(validator: &jsonschema::Validator, document: &Value) -> Result<(), Broken> {
    let mut errors = validator.iter_errors(document);
    let Some(first) = errors.next() else { return Ok(()) };
    let place = pointed(first.instance_path().as_str());
    let words = show::cut(&show::visible(&first.to_string(), false), 200);
    let more = match errors.count() {
        0 => String::new(),
        more => format!(" (and {})", show::count(more, "more violation")),
    };
    fail(format!("the body does not fit the schema at `{place}`: {words}{more}"))
}

/// A JSON pointer as the path people write.
fn pointed(pointer: &str) -> String {
    let mut path = String::from("$");
    for part in pointer.split('/').skip(1) {
        match part.parse::<usize>() {
            Ok(index) => path.push_str(&format!("[{index}]")),
            Err(_) => nearest::step(&mut path, &part.replace("~1", "/").replace("~0", "~")),
        }
    }
    path
}
