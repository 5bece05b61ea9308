//! Reads single values out of a step's argument, and says what is wrong with them.

use std::time::Duration;

use serde_json::{Map, Value};

use super::read::{Read, Unreadable};
use crate::diagnostic::nearest;
use crate::units::parse_duration;

/// Stands for a value that only the run will know, where an argument is read as it is written.
/// Every reader takes it for something that fits.
pub(super) const LATER: &str = "\u{0}";

/// Whether a value is only known in the run.
pub(super) fn is_later(value: &Value) -> bool {
    value.as_str() == Some(LATER)
}

/// A map, and what it is the argument of.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) what: &'a str,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The map that `value` is, whose keys are all in one of these lists.
    pub(super) fn new(what: &'a str, value: &'a Value, known: &[&[&str]]) -> Read<Self> {
        let Value::Object(map) = value else {
            let problem = format!("`{what}` cannot be {}", shown(value));
            return Err(Unreadable::new(problem, scalar_text(value).unwrap_or_default())
                .help(format!("it takes a map with the keys {}", listed(known))));
        };
        let all = || known.iter().flat_map(|keys| keys.iter().copied());
        for key in map.keys() {
            if all().any(|name| name == key) {
                continue;
            }
            let problem = format!("there is no key `{}` in `{what}`", cut(key));
            let help = match nearest(key, all()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys are {}", listed(known)),
            };
            return Err(Unreadable::new(problem, key).help(help));
        }
        Ok(Fields { what, map })
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &str, example: &str) -> Read<&'a Value> {
        self.get(key).ok_or_else(|| {
            Unreadable::new(format!("`{}` needs the key `{key}`", self.what), self.what)
                .help(format!("add it, such as `{key}: {example}`"))
        })
    }

    /// The entries that have one of these keys, as a map of their own; none if there are none.
    pub(super) fn part(&self, keys: &[&str]) -> Option<Value> {
        let part: Map<String, Value> = self
            .map
            .iter()
            .filter(|(key, _)| keys.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        (!part.is_empty()).then_some(Value::Object(part))
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Read<Option<String>> {
        self.get(key).map(|value| text(key, value)).transpose()
    }

    /// A text that must be there.
    pub(super) fn need_text(&self, key: &str, example: &str) -> Read<String> {
        text(key, self.need(key, example)?)
    }

    /// `true` or `false`; false if it is absent.
    pub(super) fn flag(&self, key: &str) -> Read<bool> {
        self.get(key).map_or(Ok(false), |value| flag(key, value))
    }

    /// A number in a range.
    pub(super) fn number(&self, key: &str, range: (f64, f64)) -> Read<Option<f64>> {
        self.get(key).map(|value| number(key, value, range)).transpose()
    }

    /// A whole number in a range.
    pub(super) fn whole(&self, key: &str, range: (u32, u32)) -> Read<Option<u32>> {
        self.get(key).map(|value| whole(key, value, range)).transpose()
    }

    /// Two numbers, as `[x, y]`.
    pub(super) fn pair(&self, key: &str) -> Read<Option<(f64, f64)>> {
        self.get(key).map(|value| pair(key, value)).transpose()
    }

    /// One of these words.
    pub(super) fn word(&self, key: &str, words: &[&'static str]) -> Read<Option<&'static str>> {
        self.get(key).map(|value| word(key, value, words)).transpose()
    }

    /// A duration.
    pub(super) fn duration(&self, key: &str) -> Read<Option<Duration>> {
        self.get(key).map(|value| duration(key, value)).transpose()
    }

    /// One text or a list of them; empty if it is absent.
    pub(super) fn texts(&self, key: &str) -> Read<Vec<String>> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(value) => {
                many(value).iter().map(|value| text(key, value)).collect::<Read<Vec<String>>>()
            }
        }
    }

    /// A map of texts, in the order written.
    pub(super) fn text_pairs(&self, key: &str) -> Read<Vec<(String, String)>> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(value) if is_later(value) => Ok(Vec::new()),
            Some(Value::Object(map)) => {
                map.iter().map(|(name, value)| Ok((name.clone(), text(name, value)?))).collect()
            }
            Some(other) => Err(wrong(key, other, "a map of names and values")),
        }
    }
}

/// The items of a list, or the one item.
pub(super) fn many(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        one => std::slice::from_ref(one),
    }
}

/// A scalar as text.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn text(key: &str, value: &Value) -> Read<String> {
    scalar_text(value).ok_or_else(|| wrong(key, value, "a text"))
}

pub(super) fn flag(key: &str, value: &Value) -> Read<bool> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text == "true" || text == LATER => Ok(true),
        Value::String(text) if text == "false" => Ok(false),
        other => Err(wrong(key, other, "true or false")),
    }
}

pub(super) fn number(key: &str, value: &Value, (least, most): (f64, f64)) -> Read<f64> {
    let read = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text == LATER => return Ok(least.max(1.0).min(most)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let number = read.filter(|number: &f64| number.is_finite());
    let number = number.ok_or_else(|| wrong(key, value, "a number"))?;
    if number < least || number > most {
        let problem = format!("`{key}` is {number}, which is out of range");
        return Err(Unreadable::new(problem, scalar_text(value).unwrap_or_default())
            .help(format!("write a number from {least} to {most}")));
    }
    Ok(number)
}

pub(super) fn whole(key: &str, value: &Value, (least, most): (u32, u32)) -> Read<u32> {
    let number = number(key, value, (f64::from(least), f64::from(most)))?;
    match number.fract() == 0.0 {
        true => Ok(number as u32),
        false => Err(wrong(key, value, "a whole number")),
    }
}

pub(super) fn pair(key: &str, value: &Value) -> Read<(f64, f64)> {
    const FAR: (f64, f64) = (-1e6, 1e6);
    match value {
        later if is_later(later) => Ok((0.0, 0.0)),
        Value::Array(list) if list.len() == 2 => {
            Ok((number(key, &list[0], FAR)?, number(key, &list[1], FAR)?))
        }
        other => Err(wrong(key, other, "two numbers such as [0, 300]")),
    }
}

pub(super) fn word(key: &str, value: &Value, words: &[&'static str]) -> Read<&'static str> {
    let found = match value.as_str() {
        Some(LATER) => words.first(),
        Some(text) => words.iter().find(|word| **word == text),
        None => None,
    };
    found.copied().ok_or_else(|| {
        let text = scalar_text(value).unwrap_or_default();
        let problem = format!("`{key}` cannot be {}", shown(value));
        let help = match nearest(&text, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write {}", listed(&[words])),
        };
        Unreadable::new(problem, text).help(help)
    })
}

pub(super) fn duration(key: &str, value: &Value) -> Read<Duration> {
    match value {
        later if is_later(later) => Ok(Duration::from_secs(1)),
        Value::String(text) => parse_duration(text)
            .map_err(|error| Unreadable::new(error.problem, text.as_str()).help(error.fix)),
        other => Err(wrong(key, other, "a duration such as 500ms")),
    }
}

/// The whole argument as one word or text where a map is not needed.
pub(super) fn short(value: &Value) -> Option<String> {
    if value.is_object() { None } else { scalar_text(value) }
}

/// A value that is not what it must be.
pub(super) fn wrong(key: &str, value: &Value, must: &str) -> Unreadable {
    let problem = format!("`{key}` must be {must}, and is {}", shown(value));
    Unreadable::new(problem, scalar_text(value).unwrap_or_else(|| key.to_string()))
        .help(format!("write {must}"))
}

/// A value in a sentence.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_string(),
        Value::Array(_) => "a list".to_string(),
        Value::Object(_) => "a map".to_string(),
        scalar => format!("`{}`", cut(&scalar_text(scalar).unwrap_or_default())),
    }
}

/// The beginning of a text, on one line.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 60;
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(MOST).map(plain).collect();
    if text.chars().nth(MOST).is_some() {
        short.push_str("...");
    }
    short
}

/// `a, b and c`.
pub(super) fn listed(lists: &[&[&str]]) -> String {
    let all: Vec<&str> = lists.iter().flat_map(|list| list.iter().copied()).collect();
    match all.split_last() {
        Some((last, [])) => (*last).to_string(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
