//! Checks locators: what they are made of, not what they find.

use serde_json::Value;

use super::fields::{Fields, LATER, cut, flag, is_later, many, number, shown, text, wrong};
use super::read::{Read, Unreadable};
use crate::diagnostic::nearest;
use crate::scenario::ROLES;

/// The keys of a locator.
pub(super) const LOCATOR: &[&str] = &[
    "role",
    "name",
    "level",
    "checked",
    "expanded",
    "pressed",
    "selected",
    "disabled",
    "include-hidden",
    "label",
    "text",
    "placeholder",
    "alt",
    "title",
    "test-id",
    "css",
    "xpath",
    "exact",
    "in",
    "frame",
    "has",
    "has-not",
    "has-text",
    "has-not-text",
    "visible",
    "and",
    "or",
    "nth",
];

/// Keys that find something by themselves.
const FINDERS: &[&str] = &[
    "role",
    "label",
    "text",
    "placeholder",
    "alt",
    "title",
    "test-id",
    "css",
    "xpath",
    "has",
    "has-text",
    "and",
    "or",
];

/// Keys that only say more about a `role`.
const OF_ROLE: &[&str] =
    &["name", "level", "checked", "expanded", "pressed", "selected", "disabled", "include-hidden"];

/// Locators inside of locators at most.
const DEEPEST: usize = 16;

/// A locator, checked and unchanged.
pub(super) fn locator(what: &str, value: &Value) -> Read<Value> {
    check(what, value, 0)?;
    Ok(value.clone())
}

/// Says what is wrong with a locator, if anything.
pub(in crate::plan) fn check_locator(what: &str, value: &Value) -> Read<()> {
    check(what, value, 0)
}

/// The keys of a locator.
pub(in crate::plan) fn locator_keys() -> &'static [&'static str] {
    LOCATOR
}

/// The locator among the keys of a step, if any of them is there.
pub(super) fn locator_in(fields: &Fields<'_>) -> Read<Option<Value>> {
    fields.part(LOCATOR).map(|part| locator(fields.what, &part)).transpose()
}

/// The locator that must be among the keys of a step.
pub(super) fn need_locator(fields: &Fields<'_>) -> Read<Value> {
    locator_in(fields)?.ok_or_else(|| nothing_found(fields.what))
}

fn nothing_found(what: &str) -> Unreadable {
    Unreadable::new(format!("`{what}` does not say which element"), what)
        .help("add a locator, such as `role: button, name: Save`, `label: Email` or `text: Milk`")
}

fn check(what: &str, value: &Value, depth: usize) -> Read<()> {
    if depth > DEEPEST {
        let problem = format!("there are more than {DEEPEST} locators inside each other");
        return Err(Unreadable::new(problem, what).help("find the element in fewer steps"));
    }
    if let Value::String(found) = value {
        return match found.trim().is_empty() {
            true => Err(nothing_found(what)),
            false => Ok(()),
        };
    }
    if !value.is_object() {
        return Err(wrong(what, value, "a text or a map such as { role: button, name: Save }"));
    }
    let fields = Fields::new(what, value, &[LOCATOR])?;
    if !FINDERS.iter().any(|key| fields.get(key).is_some()) {
        let modifier = OF_ROLE.iter().find(|key| fields.get(key).is_some());
        return Err(match modifier {
            Some(key) => {
                let problem = format!("`{key}` goes with `role`, and there is none");
                Unreadable::new(problem, *key).help("add one, such as `role: button`")
            }
            None => nothing_found(what),
        });
    }
    for key in LOCATOR {
        if let Some(value) = fields.get(key) {
            part(key, value, depth)?;
        }
    }
    Ok(())
}

fn part(key: &str, value: &Value, depth: usize) -> Read<()> {
    match key {
        "role" => role(value).map(drop),
        "level" => number(key, value, (1.0, 6.0)).map(drop),
        "nth" => number(key, value, (-10_000.0, 10_000.0)).and_then(|number| {
            match number.fract() == 0.0 {
                true => Ok(()),
                false => Err(wrong(key, value, "a whole number; -1 is the last")),
            }
        }),
        "checked" | "pressed" if value.as_str() == Some("mixed") => Ok(()),
        "checked" | "expanded" | "pressed" | "selected" | "disabled" | "include-hidden"
        | "exact" | "visible" => flag(key, value).map(drop),
        "css" | "xpath" | "test-id" => filled(key, value),
        "in" | "frame" | "has" | "has-not" => check(key, value, depth + 1),
        "and" | "or" => many(value).iter().try_for_each(|locator| check(key, locator, depth + 1)),
        _ => text_or_pattern(key, value),
    }
}

fn filled(key: &str, value: &Value) -> Read<()> {
    match text(key, value)?.trim().is_empty() {
        true => Err(wrong(key, value, "a text that is not empty")),
        false => Ok(()),
    }
}

/// A text, or `{ matches: regular expression }`.
pub(super) fn text_or_pattern(key: &str, value: &Value) -> Read<()> {
    match value {
        Value::Object(_) => {
            let fields = Fields::new(key, value, &[&["matches"]])?;
            pattern(&fields.need_text("matches", "'^Order [0-9]+$'")?)
        }
        scalar => text(key, scalar).map(drop),
    }
}

/// A role of WAI-ARIA.
pub(super) fn role(value: &Value) -> Read<String> {
    let name = text("role", value)?;
    if ROLES.contains(&name.as_str()) || name == LATER {
        return Ok(name);
    }
    let help = match nearest(&name, ROLES.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "roles are those of WAI-ARIA: button, link, heading, textbox, listitem, ...".into(),
    };
    Err(Unreadable::new(format!("there is no role {}", shown(value)), name).help(help))
}

/// A regular expression, which the page reads as JavaScript does. What only one of the two
/// dialects knows is left to the page; what neither can mean is said here.
pub(super) fn pattern(text: &str) -> Read<()> {
    use regex_syntax::ast::ErrorKind;
    let Err(regex_syntax::Error::Parse(error)) = regex_syntax::parse(text) else { return Ok(()) };
    let wrong = matches!(
        error.kind(),
        ErrorKind::ClassRangeInvalid
            | ErrorKind::ClassUnclosed
            | ErrorKind::EscapeUnexpectedEof
            | ErrorKind::GroupUnclosed
            | ErrorKind::GroupUnopened
            | ErrorKind::RepetitionCountInvalid
            | ErrorKind::RepetitionMissing
    );
    if !wrong {
        return Ok(());
    }
    let problem = format!("`{}` is not a regular expression: {}", cut(text), error.kind());
    Err(Unreadable::new(problem, text)
        .help("put a backslash before a sign that is meant as it is, such as \\( or \\."))
}

/// Whether a value is there and known already.
pub(super) fn known(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !is_later(value))
}
