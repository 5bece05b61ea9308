//! Reads what hands do: pointer and keyboard.

use serde_json::{Value, json};

use super::act::{Act, Gesture};
use super::fields::{Fields, LATER, cut, scalar_text, short, word, wrong};
use super::locate::{LOCATOR, locator_in, need_locator};
use super::read::{Read, Unreadable, either, into_or_here};
use crate::diagnostic::nearest;

const MODIFIERS: &[&str] = &["shift", "control", "alt", "meta"];

/// `click` and its kin, `hover`, `focus`, `scroll`, `clear`.
pub(super) fn point(verb: &str, argument: &Value) -> Read<Act> {
    let clicks = ["button", "count", "modifiers", "at", "force", "stay"];
    let (gesture, locator) = match verb {
        "hover" => (Gesture::Hover, either(verb, argument, &[])?.0),
        "focus" => (Gesture::Focus, either(verb, argument, &[])?.0),
        "clear" => (Gesture::Clear, either(verb, argument, &[])?.0),
        "scroll" => return scroll(argument),
        "click" => {
            let (locator, fields) = either(verb, argument, &clicks)?;
            (click(fields, 0, 1)?, locator)
        }
        "double-click" => {
            let (locator, fields) = either(verb, argument, &clicks[2..])?;
            (click(fields, 0, 2)?, locator)
        }
        _ => {
            let (locator, fields) = either(verb, argument, &clicks[2..])?;
            (click(fields, 2, 1)?, locator)
        }
    };
    Ok(Act::Point(gesture, locator))
}

fn click(fields: Option<Fields<'_>>, button: u8, count: u8) -> Read<Gesture> {
    let modifiers = Vec::new();
    let Some(fields) = fields else {
        let (force, stay) = (false, false);
        return Ok(Gesture::Click { button, count, modifiers, at: None, force, stay });
    };
    let button = match fields.word("button", &["left", "middle", "right"])? {
        Some("left") => 0,
        Some("middle") => 1,
        Some(_) => 2,
        None => button,
    };
    let count = fields.whole("count", (1, 3))?.map_or(count, |count| count as u8);
    let modifiers = fields.get("modifiers").map(super::fields::many).unwrap_or_default();
    let modifiers = modifiers
        .iter()
        .map(|one| word("modifiers", one, MODIFIERS).map(str::to_string))
        .collect::<Read<Vec<String>>>()?;
    let (at, force, stay) = (fields.pair("at")?, fields.flag("force")?, fields.flag("stay")?);
    Ok(Gesture::Click { button, count, modifiers, at, force, stay })
}

/// Without a locator, the page itself is scrolled.
fn scroll(argument: &Value) -> Read<Act> {
    if !argument.is_object() {
        let (locator, _) = either("scroll", argument, &[])?;
        return Ok(Act::Point(Gesture::Scroll { by: None }, locator));
    }
    let fields = Fields::new("scroll", argument, &[LOCATOR, &["by"]])?;
    let by = fields.pair("by")?;
    let locator = match (locator_in(&fields)?, by) {
        (Some(locator), _) => locator,
        (None, Some(_)) => json!({ "css": ":root" }),
        (None, None) => need_locator(&fields)?,
    };
    Ok(Act::Point(Gesture::Scroll { by }, locator))
}

pub(super) fn fill(argument: &Value) -> Read<Act> {
    let fields = Fields::new("fill", argument, &[LOCATOR, &["with"]])?;
    let with = fields.need_text("with", "'4242'")?;
    Ok(Act::Fill(need_locator(&fields)?, with))
}

pub(super) fn type_text(argument: &Value) -> Read<Act> {
    if let Some(text) = short(argument) {
        return Ok(Act::Type(None, text));
    }
    let fields = Fields::new("type", argument, &[LOCATOR, &["with"]])?;
    let (locator, text) = into_or_here(&fields, "with", "milk")?;
    Ok(Act::Type(locator, text))
}

pub(super) fn press(argument: &Value) -> Read<Act> {
    if let Some(keys) = short(argument) {
        check_keys(&keys)?;
        return Ok(Act::Press { at: None, keys, stay: false });
    }
    let fields = Fields::new("press", argument, &[LOCATOR, &["key", "stay"]])?;
    let (at, keys) = into_or_here(&fields, "key", "Enter")?;
    check_keys(&keys)?;
    Ok(Act::Press { at, keys, stay: fields.flag("stay")? })
}

/// The names of keys, as `KeyboardEvent.key` has them; `Space` is the space bar.
pub(super) const KEYS: &[&str] = &[
    "Enter",
    "Tab",
    "Escape",
    "Space",
    "Backspace",
    "Delete",
    "Insert",
    "ArrowUp",
    "ArrowDown",
    "ArrowLeft",
    "ArrowRight",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "ContextMenu",
    "F1",
    "F2",
    "F3",
    "F4",
    "F5",
    "F6",
    "F7",
    "F8",
    "F9",
    "F10",
    "F11",
    "F12",
    "Shift",
    "Control",
    "Alt",
    "Meta",
];

const HELD: &[&str] = &["Shift", "Control", "Alt", "Meta"];

/// `Enter`, `a`, `Control+Shift+ArrowLeft`, `Control++`.
fn check_keys(keys: &str) -> Read<()> {
    if keys == LATER {
        return Ok(());
    }
    let (held, last) = match keys.strip_suffix("++") {
        Some(held) if !held.is_empty() => (held, "+"),
        _ if keys == "+" => ("", "+"),
        _ => keys.rsplit_once('+').map_or(("", keys), |(held, last)| (held, last)),
    };
    if last != keys && held.is_empty() {
        return Err(unknown_key(held, HELD));
    }
    for part in held.split('+').filter(|_| !held.is_empty()) {
        if !HELD.contains(&part) {
            return Err(unknown_key(part, HELD));
        }
    }
    match last.chars().count() == 1 || KEYS.contains(&last) {
        true => Ok(()),
        false => Err(unknown_key(last, KEYS)),
    }
}

fn unknown_key(key: &str, known: &[&str]) -> Unreadable {
    let help = match nearest(key, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known == HELD => "held down are Shift, Control, Alt and Meta: Control+A".into(),
        None => "write one sign, or a name such as Enter, Tab, ArrowDown or F5".to_string(),
    };
    Unreadable::new(format!("there is no key `{}` on the keyboard", cut(key)), key).help(help)
}

pub(super) fn select(argument: &Value) -> Read<Act> {
    let fields = Fields::new("select", argument, &[LOCATOR, &["option"]])?;
    let option = fields.need("option", "Large")?;
    let options = fields.texts("option")?;
    if options.is_empty() || (scalar_text(option).is_none() && !option.is_array()) {
        return Err(wrong("option", option, "a label or a value, or a list of them"));
    }
    Ok(Act::Select(need_locator(&fields)?, options))
}
