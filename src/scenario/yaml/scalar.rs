//! Says what a plain scalar is: the core schema of YAML 1.2, chapter 10.3.

use serde_json::Number;

use super::Resolved;

/// What `text` is when it is written without quotes. None for a number that JSON does not have.
pub(super) fn resolve(text: &str) -> Option<Resolved> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Resolved::Null),
        "true" | "True" | "TRUE" => return Some(Resolved::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Resolved::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return None;
    }
    let based =
        |prefix, base| text.strip_prefix(prefix).map(|rest| u64::from_str_radix(rest, base));
    if let Some(read) = based("0x", 16).or_else(|| based("0o", 8)) {
        let plain = !text[2..].starts_with('+');
        return Some(match read.ok().filter(|_| plain) {
            Some(number) => Resolved::Number(number.into()),
            None => Resolved::Text,
        });
    }
    if !is_decimal(unsigned) {
        return Some(Resolved::Text);
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    let whole = text.parse::<i64>().map(Number::from);
    let number = whole.or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    let number = number.or_else(|| Number::from_f64(text.parse().ok()?));
    number.map(Resolved::Number)
}

/// `[0-9]+ ( "." [0-9]* )?` or `"." [0-9]+`, and perhaps an exponent.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let exponent_holds = exponent.is_none_or(|exponent| {
        let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !power.is_empty() && digits(power)
    });
    has_digits && digits(whole) && digits(fraction) && exponent_holds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> String {
        match resolve(text) {
            Some(Resolved::Number(number)) => number.to_string(),
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn numbers_are_those_of_the_core_schema() {
        let read = ["0", "-7", "+7", "1.5", "1.", ".5", "1e3", "0x1F", "0o17", "007"].map(number);
        assert_eq!(read, ["0", "-7", "7", "1.5", "1.0", "0.5", "1000.0", "31", "15", "7"]);
        assert_eq!(number("18446744073709551615"), "18446744073709551615");
    }

    #[test]
    fn what_only_looks_like_a_number_or_a_boolean_is_text() {
        for text in ["1_000", "1.2.3", "0x", "0x+1", "+-5", ".", "e3", "1e", "yes", "on", "12:30"] {
            assert_eq!(resolve(text), Some(Resolved::Text), "{text}");
        }
    }

    #[test]
    fn infinity_is_no_number_that_json_has() {
        for text in [".inf", "-.INF", ".nan", "1e999"] {
            assert_eq!(resolve(text), None, "{text}");
        }
    }
}
