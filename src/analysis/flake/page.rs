//! Finds causes in what the page showed: covered, moving, replaced, too many, too late.

use serde_json::Value;

use super::{Case, Cause, Kind, cause, end};
use crate::analysis::finding::{excerpt, number_of};
use crate::analysis::green::ms;

/// What the page itself shows.
pub(super) fn look(case: &Case<'_>) -> Vec<Cause> {
    [dialog, script, element, count, late].iter().filter_map(|look| look(case)).collect()
}

fn dialog(case: &Case<'_>) -> Option<Cause> {
    let (_, step) = case.failed?;
    let why = step.failure.as_ref()?;
    let unanswered = step.verb != "dialog" && why.to_lowercase().contains("dialog");
    unanswered.then(|| cause(Kind::Dialog, format!("A dialog was open: {}.", end(why, 200))))
}

/// An error that nobody caught, and that was not there when it passed.
fn script(case: &Case<'_>) -> Option<Cause> {
    let before = |text: &str| {
        let green = case.beside.green;
        green.is_some_and(|green| green.messages.iter().any(|one| one.text == text))
    };
    let until = case.end();
    let found = case
        .red
        .messages
        .iter()
        .find(|one| one.level == "uncaught" && one.at_ms <= until && !before(&one.text))?;
    let place = found.place.as_deref().map(|place| format!(" at {}", excerpt(place, 120)));
    let then = case.beside.green.map(|_| format!("; not in {}", case.beside.called));
    let text = format!(
        "A script of the page threw {} after the start: `{}`{}{}.",
        ms(found.at_ms),
        end(found.text.lines().next().unwrap_or_default(), 200),
        place.unwrap_or_default(),
        then.unwrap_or_default()
    );
    Some(cause(Kind::Script, text))
}

fn element(case: &Case<'_>) -> Option<Cause> {
    let (_, step) = case.failed?;
    let name = excerpt(&step.name, 80);
    let (took, then) = (ms(step.took_ms), case.then_took());
    match case.why("kind")? {
        "covered" => {
            let by = excerpt(case.why("by").unwrap_or("something"), 120);
            let text = format!("At `{name}` the element was covered by `{by}` for {took}{then}.");
            Some(cause(Kind::Covered, text))
        }
        "detached" => {
            let text = format!("At `{name}` the element was replaced while it was used{then}.");
            Some(cause(Kind::Detached, text))
        }
        "moving" => {
            let text = format!("At `{name}` the element kept moving for {took}{then}.");
            Some(cause(Kind::Moving, text))
        }
        "disabled" => {
            let text = format!("At `{name}` the element stayed disabled for {took}{then}.");
            Some(cause(Kind::Moving, text))
        }
        _ => None,
    }
}

/// Two elements where there was one, or another number than expected.
fn count(case: &Case<'_>) -> Option<Cause> {
    let (_, step) = case.failed?;
    let name = excerpt(&step.name, 80);
    let number = |key: &str| match step.why.get(key)? {
        // A text that is a number is one only where elements are counted.
        Value::String(text) if step.verb.ends_with("count") => text.parse().ok(),
        value => value.as_u64(),
    };
    let then = |words: &str| match case.then {
        Some(_) => format!("; in {} {words}", case.beside.called),
        None => String::new(),
    };
    let text = match case.why("kind")? {
        "many" => {
            let many = number_of(number("count")? as usize, "element");
            format!("At `{name}` the locator matched {many}{}.", then("it matched 1"))
        }
        "wrong" => {
            let (wanted, got) = (number("wanted")?, number("got")?);
            let then = then(&format!("there were {wanted}"));
            format!("At `{name}` there were {got} instead of {wanted}{then}.")
        }
        _ => return None,
    };
    Some(cause(Kind::Count, text))
}

fn late(case: &Case<'_>) -> Option<Cause> {
    let (_, step) = case.failed?;
    let late = step.late_ms?;
    let text = format!(
        "`{}` held {} after its deadline of {}{}.",
        excerpt(&step.name, 80),
        ms(late),
        ms(step.within_ms),
        case.then_took()
    );
    Some(cause(Kind::Late, text))
}
