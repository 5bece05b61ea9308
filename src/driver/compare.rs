//! Compares two values: the rules, and the words for "but it is ...".
//!
//! Pure, and about single values only; which values are compared is `matcher`'s business.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::nearest;
use super::show::{Seen, Words, count};
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

pub(super) fn but_is(is: Seen<'_>, words: Words<'_>) -> Verdict {
    Err(format!("is {}", words.shown(is)))
}

pub(super) fn but_is_typed(is: Seen<'_>, words: Words<'_>) -> Verdict {
    Err(format!("is {}", words.typed(is)))
}

/// Whether `is` is the value `wanted`.
pub(super) fn is_equal(wanted: &Value, is: Seen<'_>) -> bool {
    match (wanted, is) {
        (Value::String(wanted), Seen::Text(is)) => wanted == is,
        (wanted, Seen::Other(is)) => same(wanted, is),
        _ => false,
    }
}

pub(super) fn equals(wanted: &Value, is: Seen<'_>, words: Words<'_>) -> Verdict {
    if is_equal(wanted, is) {
        return Ok(());
    }
    let seen = Seen::from(wanted);
    if !seen.same_kind(is) {
        let (is_typed, wanted_typed) = (words.typed(is), words.typed(seen));
        return Err(format!("is {}: {is_typed} is not {wanted_typed}", words.shown(is)));
    }
    if let Seen::Other(is_value @ (Value::Array(_) | Value::Object(_))) = is {
        let difference = difference(wanted, is_value, "", words);
        return Err(format!("is {}: {difference}", words.shown(is)));
    }
    but_is(is, words)
}

/// The first place where two values of the same kind differ.
fn difference(wanted: &Value, is: &Value, at: &str, words: Words<'_>) -> String {
    let at_or = |at: &str| if at.is_empty() { "there".to_string() } else { format!("`{at}`") };
    match (wanted, is) {
        (Value::Array(wanted), Value::Array(is)) => {
            for (index, (wanted, is)) in wanted.iter().zip(is).enumerate() {
                if !same(wanted, is) {
                    return difference(wanted, is, &format!("{at}[{index}]"), words);
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
                    Some(is) if !same(wanted, is) => {
                        return difference(wanted, is, &longer(key), words);
                    }
                    Some(_) => {}
                }
            }
            let more = is.keys().find(|key| !wanted.contains_key(*key));
            format!("`{}` is there too", longer(more.map_or("", String::as_str)))
        }
        (wanted, is) => {
            let (wanted, is) = (Seen::from(wanted), Seen::from(is));
            if wanted.same_kind(is) {
                format!("{} is {}, not {}", at_or(at), words.shown(is), words.shown(wanted))
            } else {
                format!("{} is {}, not {}", at_or(at), words.typed(is), words.typed(wanted))
            }
        }
    }
}

/// Numbers with numbers, texts with texts (by their characters, as dates of ISO 8601 sort).
pub(super) fn ordered(
    wanted: &Value,
    is: Seen<'_>,
    holds: fn(Ordering) -> bool,
    words: Words<'_>,
) -> Verdict {
    let ordering = match (wanted, is) {
        (Value::Number(wanted), is) => is.number().map(|is| compare(is, wanted)),
        (Value::String(wanted), Seen::Text(is)) => Some(is.cmp(wanted.as_str())),
        _ => None,
    };
    match ordering {
        Some(ordering) if holds(ordering) => Ok(()),
        Some(_) => but_is(is, words),
        None => {
            let wanted = Seen::from(wanted);
            let (is, wanted) = (words.typed(is), words.typed(wanted));
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
        (None, None) => float(one).partial_cmp(&float(two)).unwrap_or(Ordering::Less),
    }
}

fn integer_with_float(integer: i128, float: f64) -> Ordering {
    // A float is between two integers; the cast ends at the limits of i128, far outside of i64.
    let floor = float.floor() as i128;
    integer.cmp(&floor).then(if float.fract() == 0.0 { Ordering::Equal } else { Ordering::Less })
}

pub(super) fn contains(part: &Value, is: Seen<'_>, words: Words<'_>) -> Verdict {
    match (part, is) {
        (Value::String(part), Seen::Text(text)) => {
            if text.contains(part.as_str()) {
                Ok(())
            } else {
                but_is(is, words)
            }
        }
        (part, Seen::Other(Value::Array(list))) => {
            if list.iter().any(|value| same(value, part)) {
                Ok(())
            } else {
                but_is(is, words)
            }
        }
        (Value::String(part), Seen::Other(Value::Object(members))) => {
            if members.contains_key(part) { Ok(()) } else { but_is_typed(is, words) }
        }
        _ => but_is_typed(is, words),
    }
}

pub(super) fn lacks(part: &Value, is: Seen<'_>, words: Words<'_>) -> Verdict {
    if contains(part, is, words).is_err() {
        return Ok(());
    }
    if let (Value::String(part), Seen::Text(text)) = (part, is)
        && let Some(at) = text.find(part.as_str())
    {
        let start = text[..at].char_indices().rev().nth(19).map_or(0, |(start, _)| start);
        return Err(format!("does: {}", words.quoted(&text[start..])));
    }
    but_is(is, words)
}

/// The text begins with a part.
pub(super) fn begins(part: &Value, is: Seen<'_>, words: Words<'_>) -> Verdict {
    match (part, is) {
        (Value::String(part), Seen::Text(text)) if text.starts_with(part.as_str()) => Ok(()),
        (Value::String(_), Seen::Text(_)) => but_is(is, words),
        _ => but_is_typed(is, words),
    }
}

/// The text ends with a part.
pub(super) fn ends(part: &Value, is: Seen<'_>, words: Words<'_>) -> Verdict {
    match (part, is) {
        (Value::String(part), Seen::Text(text)) if text.ends_with(part.as_str()) => Ok(()),
        (Value::String(_), Seen::Text(text)) => match text.char_indices().rev().nth(29) {
            Some((start, _)) if start > 0 => {
                Err(format!("ends with {}", words.quoted(&text[start..])))
            }
            _ => but_is(is, words),
        },
        _ => but_is_typed(is, words),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_ordered_whatever_they_are_written_as(one: i64, two: i64, share in 0.1..0.9) {
            let number = |value: Value| value.as_number().cloned().unwrap_or(0.into());
            let (a, b) = (number(json!(one)), number(json!(two)));
            prop_assert_eq!(compare(&a, &b), one.cmp(&two));
            prop_assert_eq!(compare(&b, &a), two.cmp(&one));
            let small = one >> 16;
            let between = number(json!(small as f64 + share));
            prop_assert_eq!(compare(&number(json!(small)), &between), Ordering::Less);
            prop_assert_eq!(compare(&number(json!(small + 1)), &between), Ordering::Greater);
            let whole = number(json!(small as f64));
            prop_assert_eq!(compare(&number(json!(small)), &whole), Ordering::Equal);
        }
    }

    #[test]
    fn floats_beyond_all_integers_are_still_ordered() {
        let (most, least) = (json!(u64::MAX), json!(i64::MIN));
        for (wanted, is, holds) in [(json!(1e300), &most, true), (json!(-1e300), &least, false)] {
            let (Value::Number(wanted), Value::Number(is)) = (&wanted, is) else { panic!() };
            assert_eq!(compare(is, wanted).is_lt(), holds);
        }
    }
}
