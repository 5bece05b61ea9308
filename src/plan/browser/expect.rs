//! Reads what is expected of a page.

use serde_json::{Map, Value};

use super::act::{Act, Expectation};
use super::fields::{Fields, cut, is_later, listed, number, scalar_text, short, text, wrong};
use super::locate::{LOCATOR, known, locator_in, need_locator, pattern, role};
use super::read::{PICTURE, Read, Unreadable, either, file_name, locators, picture, share};
use crate::diagnostic::nearest;

/// What a state of an element is called; nothing is compared with it.
const STATES: &[&str] = &[
    "visible",
    "hidden",
    "attached",
    "detached",
    "enabled",
    "disabled",
    "checked",
    "unchecked",
    "focused",
    "editable",
    "empty",
    "in-viewport",
];

/// What is compared with something.
const VALUES: &[&str] = &[
    "text",
    "value",
    "count",
    "attribute",
    "class",
    "css",
    "name",
    "role",
    "url",
    "title",
    "aria",
    "screenshot",
];

/// How it is compared.
const COMPARISONS: &[&str] = &["contains", "matches", "not", "gt", "gte", "lt", "lte"];
/// The same, beside a locator, where `not` turns the whole expectation round.
const BESIDE: &[&str] = &["is", "contains", "matches", "gt", "gte", "lt", "lte", "not"];

/// `see` and `hide`.
pub(super) fn see(verb: &str, argument: &Value) -> Read<Act> {
    let (locator, _) = either(verb, argument, &[])?;
    Ok(visible(locator, verb == "see"))
}

/// An element is to be seen, or not to be seen.
pub(super) fn visible(locator: Value, seen: bool) -> Act {
    Act::Expect(Expectation {
        what: if seen { "visible" } else { "hidden" }.to_string(),
        locator: Some(locator),
        is: Value::Null,
        of: None,
        not: false,
    })
}

/// `expect-...`
pub(super) fn expectation(verb: &str, what: &str, argument: &Value) -> Read<Act> {
    let expectation = match what {
        state if STATES.contains(&state) => {
            let (locator, fields) = either(verb, argument, &["not"])?;
            let not = fields.map_or(Ok(false), |fields| fields.flag("not"))?;
            expected(state, Some(locator), (Value::Null, not))
        }
        "url" | "title" => of_page(verb, what, argument)?,
        "aria" => aria(argument)?,
        "attribute" => named(verb, what, ("attribute", "href"), argument)?,
        "css" => named(verb, what, ("property", "color"), argument)?,
        "text" | "value" | "count" | "class" | "name" | "role" => {
            let fields = Fields::new(verb, argument, &[LOCATOR, BESIDE])?;
            let compared = compared(what, &fields)?;
            expected(what, Some(need_locator(&fields)?), compared)
        }
        _ => return Err(unknown(verb, what)),
    };
    Ok(Act::Expect(expectation))
}

fn expected(what: &str, locator: Option<Value>, (is, not): (Value, bool)) -> Expectation {
    Expectation { what: what.to_string(), locator, is, of: None, not }
}

fn unknown(verb: &str, what: &str) -> Unreadable {
    let help = match nearest(what, STATES.iter().chain(VALUES).copied()) {
        Some(near) => format!("did you mean `expect-{near}`?"),
        None => format!("after `expect-` comes one of {}", listed(&[VALUES, STATES])),
    };
    Unreadable::new(format!("nothing is called `{}`", cut(verb)), verb).help(help)
}

/// Of the page as a whole: its URL or its title.
fn of_page(verb: &str, what: &str, argument: &Value) -> Read<Expectation> {
    if let Some(is) = short(argument) {
        return Ok(expected(what, None, (Value::String(is), false)));
    }
    let fields = Fields::new(verb, argument, &[BESIDE])?;
    let compared = compared(what, &fields)?;
    Ok(expected(what, None, compared))
}

/// The ARIA snapshot of an element, or of the page.
fn aria(argument: &Value) -> Read<Expectation> {
    if let Some(is) = short(argument) {
        return Ok(expected("aria", None, (Value::String(is), false)));
    }
    let fields = Fields::new("expect-aria", argument, &[LOCATOR, &["is", "not"]])?;
    let is = fields.need_text("is", "'- button \"Save\"'")?;
    let compared = (Value::String(is), fields.flag("not")?);
    Ok(expected("aria", locator_in(&fields)?, compared))
}

/// Of an attribute or a CSS property of an element.
fn named(
    verb: &str,
    what: &str,
    (key, example): (&str, &str),
    argument: &Value,
) -> Read<Expectation> {
    let fields = Fields::new(verb, argument, &[LOCATOR, BESIDE, &[key]])?;
    let of = fields.need_text(key, example)?;
    let compared = compared(what, &fields)?;
    let expectation = expected(what, Some(need_locator(&fields)?), compared);
    Ok(Expectation { of: Some(of), ..expectation })
}

/// What it is compared with, and whether the whole must not hold.
fn compared(what: &str, fields: &Fields<'_>) -> Read<(Value, bool)> {
    let not = fields.flag("not")?;
    let given = |key: &&&str| **key != "not" && fields.get(key).is_some();
    let keys: Vec<&str> = BESIDE.iter().filter(given).copied().collect();
    let is = match (fields.get("is"), keys.as_slice()) {
        (Some(is), ["is"]) => is.clone(),
        (Some(_), [_, other, ..]) => {
            let problem = format!("`is` and `{other}` cannot go together");
            return Err(Unreadable::new(problem, *other).help("keep one of them"));
        }
        (None, []) | (Some(_), _) => {
            let problem = format!("`{}` does not say what is expected", fields.what);
            return Err(Unreadable::new(problem, fields.what)
                .help("add `is`, `contains`, `matches`, `gt`, `gte`, `lt` or `lte`"));
        }
        (None, keys) => {
            let pairs = keys.iter().filter_map(|key| Some((*key, fields.get(key)?.clone())));
            Value::Object(pairs.map(|(key, value)| (key.to_string(), value)).collect())
        }
    };
    check(what, &is)?;
    Ok((is, not))
}

/// What a value must be: a scalar, a list of one for each element, or comparisons.
fn check(what: &str, is: &Value) -> Read<()> {
    match is {
        Value::Array(_) if matches!(what, "count" | "url" | "title") => {
            Err(wrong("is", is, if what == "count" { "a number" } else { "a text" }))
        }
        Value::Array(list) => list.iter().try_for_each(|one| scalar_or_matcher(what, one)),
        one => scalar_or_matcher(what, one),
    }
}

fn scalar_or_matcher(what: &str, is: &Value) -> Read<()> {
    match (what, is) {
        (_, Value::Object(_)) => matcher("is", is),
        ("count", count) => number("is", count, (0.0, 1e9)).map(drop),
        ("role", _) => role(is).map(drop),
        _ => text("is", is).map(drop),
    }
}

/// A text, or a map of comparisons.
pub(super) fn matcher(key: &str, value: &Value) -> Read<()> {
    let Value::Object(map) = value else { return text(key, value).map(drop) };
    Fields::new(key, value, &[COMPARISONS])?;
    if map.is_empty() {
        return Err(wrong(key, value, "a text, or a map with `contains` or `matches`"));
    }
    map.iter().try_for_each(|(name, value)| comparison(name, value))
}

fn comparison(name: &str, value: &Value) -> Read<()> {
    match name {
        "gt" | "gte" | "lt" | "lte" => number(name, value, (-1e15, 1e15)).map(drop),
        "matches" => match known(Some(value)) {
            Some(value) => pattern(&text(name, value)?),
            None => Ok(()),
        },
        _ => text(name, value).map(drop),
    }
}

/// `expect-screenshot`
pub(super) fn screenshot(argument: &Value) -> Read<Act> {
    let verb = "expect-screenshot";
    let map = match scalar_text(argument) {
        Some(name) => Value::Object(Map::from_iter([("name".to_string(), Value::from(name))])),
        None => argument.clone(),
    };
    let fields = Fields::new(verb, &map, &[PICTURE, &["mask", "tolerance", "share"]])?;
    file_name("name", fields.need_text("name", "cart")?)?;
    Ok(Act::ExpectScreenshot {
        picture: picture(&fields)?,
        mask: locators("mask", fields.get("mask").filter(|mask| !is_later(mask)))?,
        tolerance: share(&fields, "tolerance", TOLERANCE)?,
        share: share(&fields, "share", 0.0)?,
    })
}

/// How far one pixel may be off where nothing else is said: what smoothing of letters does.
const TOLERANCE: f64 = 0.1;
