//! Compares two values: the rules, and the words for "but it is ...".
//!
//! Pure, and about single values only; which values are compared is `matcher`'s business.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::nearest;
use super::show::{Seen, count, quoted};
use crate::scenario::JsonType;

/// Ok, or the words after "but".
pub(super) type Verdict = Result<(), String>;

/// Whether two values are the same; numbers compare as numbers, so 5 is 5.0.
pub(super) fn same(one: &Value, two: &Value) -> bool {
    match (one, two) {
        (Value::Number(one), Value::Number(two)) => compare(one, two) == Ordering::Equal,
        (Value::Array(one), Value::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
        }
        (Value::Object(one), Value::Object(two)) => {
            one.len() == two.len()
                && one.iter().all(|(key, one)| two.get(key).is_some_and(|two| same(one, two)))
        }
        _ => one == two,
    }
}

pub(super) fn but_is(is: Seen<'_>) -> Verdict {
    Err(format!("is {}", is.shown()))
}

pub(super) fn but_is_typed(is: Seen<'_>) -> Verdict {
    Err(format!("is {}", is.with_type()))
}

pub(super) fn equals(wanted: &Value, is: Seen<'_>) -> Verdict {
    let held = match (wanted, is) {
        (Value::String(wanted), Seen::Text(is)) => wanted == is,
        (wanted, Seen::Other(is)) => same(wanted, is),
        _ => false,
    };
    if held {
        return Ok(());
    }
    let seen = Seen::from(wanted);
    if !seen.same_kind(is) {
        let (is_typed, wanted_typed) = (is.with_type(), seen.with_type());
        return Err(format!("is {}: {is_typed} is not {wanted_typed}", is.shown()));
    }
    if let Seen::Other(is_value @ (Value::Array(_) | Value::Object(_))) = is {
        let difference = difference(wanted, is_value, "");
        return Err(format!("is {}: {difference}", is.shown()));
    }
    but_is(is)
}

/// The first place where two values of the same kind differ.
fn difference(wanted: &Value, is: &Value, at: &str) -> String {
    let at_or = |at: &str| if at.is_empty() { "there".to_string() } else { format!("`{at}`") };
    match (wanted, is) {
        (Value::Array(wanted), Value::Array(is)) => {
            for (index, (wanted, is)) in wanted.iter().zip(is).enumerate() {
                if !same(wanted, is) {
                    return difference(wanted, is, &format!("{at}[{index}]"));
                }
            }
            let wanted = count(wanted.len(), "value");
            format!("it has {}, not {wanted}", count(is.len(), "value"))
        }
        (Value::Object(wanted), Value::Object(is)) => {
            let longer = |key: &str| {
                let mut path = at.to_string();
                nearest::step(&mut path, key);
                path
            };
            for (key, wanted) in wanted {
                match is.get(key) {
                    None => return format!("`{}` is not there", longer(key)),
                    Some(is) if !same(wanted, is) => return difference(wanted, is, &longer(key)),
                    Some(_) => {}
                }
            }
            let more = is.keys().find(|key| !wanted.contains_key(*key));
            format!("`{}` is there too", longer(more.map_or("", String::as_str)))
        }
        (wanted, is) => {
            let (wanted, is) = (Seen::from(wanted), Seen::from(is));
            if wanted.same_kind(is) {
                format!("{} is {}, not {}", at_or(at), is.shown(), wanted.shown())
            } else {
                format!("{} is {}, not {}", at_or(at), is.with_type(), wanted.with_type())
            }
        }
    }
}

/// Numbers with numbers, texts with texts (by their characters, as dates of ISO 8601 sort).
pub(super) fn ordered(wanted: &Value, is: Seen<'_>, holds: fn(Ordering) -> bool) -> Verdict {
    let ordering = match (wanted, is) {
        (Value::Number(wanted), is) => is.number().map(|is| compare(is, wanted)),
        (Value::String(wanted), Seen::Text(is)) => Some(is.cmp(wanted.as_str())),
        _ => None,
    };
    match ordering {
        Some(ordering) if holds(ordering) => Ok(()),
        Some(_) => but_is(is),
        None => {
            let wanted = Seen::from(wanted);
            let (is, wanted) = (is.with_type(), wanted.with_type());
            Err(format!("is {is}, which cannot be compared with {wanted}"))
        }
    }
}

/// Exact also where a 64-bit integer meets a fraction.
fn compare(one: &Number, two: &Number) -> Ordering {
    let integer = |number: &Number| {
        number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
    };
    let float = |number: &Number| number.as_f64().unwrap_or(f64::NAN);
    match (integer(one), integer(two)) {
        (Some(one), Some(two)) => one.cmp(&two),
        (Some(one), None) => integer_with_float(one, float(two)),
        (None, Some(two)) => integer_with_float(two, float(one)).reverse(),
        (None, None) => float(one).total_cmp(&float(two)),
    }
}

fn integer_with_float(integer: i128, float: f64) -> Ordering {
    // A float is between two integers; the cast ends at the limits of i128, far outside of i64.
    let floor = float.floor() as i128;
    integer.cmp(&floor).then(if float.fract() == 0.0 { Ordering::Equal } else { Ordering::Less })
}

pub(super) fn contains(part: &Value, is: Seen<'_>) -> Verdict {
    match (part, is) {
        (Value::String(part), Seen::Text(text)) => {
            if text.contains(part.as_str()) { Ok(()) } else { but_is(is) }
        }
        (part, Seen::Other(Value::Array(list))) => {
            if list.iter().any(|value| same(value, part)) { Ok(()) } else { but_is(is) }
        }
        (Value::String(part), Seen::Other(Value::Object(members))) => {
            if members.contains_key(part) { Ok(()) } else { but_is_typed(is) }
        }
        _ => but_is_typed(is),
    }
}

pub(super) fn lacks(part: &Value, is: Seen<'_>) -> Verdict {
    if contains(part, is).is_err() {
        return Ok(());
    }
    if let (Value::String(part), Seen::Text(text)) = (part, is)
        && let Some(at) = text.find(part.as_str())
    {
        let start = text[..at].char_indices().rev().nth(19).map_or(0, |(start, _)| start);
        return Err(format!("does: {}", quoted(&text[start..])));
    }
    but_is(is)
}

/// The text begins with a part.
pub(super) fn begins(part: &Value, is: Seen<'_>) -> Verdict {
    match (part, is) {
        (Value::String(part), Seen::Text(text)) if text.starts_with(part.as_str()) => Ok(()),
        (Value::String(_), Seen::Text(_)) => but_is(is),
        _ => but_is_typed(is),
    }
}

/// The text ends with a part.
pub(super) fn ends(part: &Value, is: Seen<'_>) -> Verdict {
    match (part, is) {
        (Value::String(part), Seen::Text(text)) if text.ends_with(part.as_str()) => Ok(()),
        (Value::String(_), Seen::Text(text)) => match text.char_indices().rev().nth(29) {
            Some((start, _)) if start > 0 => Err(format!("ends with {}", quoted(&text[start..]))),
            _ => but_is(is),
        },
        _ => but_is_typed(is),
    }
}

pub(super) fn has_type(kind: JsonType, is: Seen<'_>) -> bool {
    match (kind, is) {
        (JsonType::String, Seen::Text(_)) => true,
        (JsonType::Integer, is) => is.number().is_some_and(|number| {
            !number.is_f64() || number.as_f64().is_some_and(|float| float.fract() == 0.0)
        }),
        (JsonType::Number, is) => is.number().is_some(),
        (JsonType::Boolean, Seen::Other(Value::Bool(_))) => true,
        (JsonType::Array, Seen::Other(Value::Array(_))) => true,
        (JsonType::Object, Seen::Other(Value::Object(_))) => true,
        (JsonType::Null, Seen::Other(Value::Null)) => true,
        _ => false,
    }
}

pub(super) fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::String => "a text",
        JsonType::Number => "a number",
        JsonType::Integer => "an integer",
        JsonType::Boolean => "a boolean",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
        JsonType::Null => "null",
    }
}
