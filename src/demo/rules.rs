//! What one field must be: rules that turn a JSON value into what a route works with.
//!
//! A rule's error completes the sentence "the field ...".

use std::ops::RangeInclusive;

use serde_json::Value;

/// A text of so many characters, without the space around it.
pub(super) fn text(size: RangeInclusive<usize>) -> impl Fn(&Value) -> Result<String, String> {
    move |value| {
        let text = value.as_str().ok_or("must be a text")?.trim();
        let length = text.chars().count();
        if size.contains(&length) {
            return Ok(text.to_owned());
        }
        Err(format!("must have {} to {} characters", size.start(), size.end()))
    }
}

/// A whole number in a range.
pub(super) fn integer(range: RangeInclusive<i64>) -> impl Fn(&Value) -> Result<i64, String> {
    move |value| match value.as_i64() {
        Some(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number, {} to {}", range.start(), range.end())),
    }
}

/// A number in a range.
pub(super) fn number(range: RangeInclusive<f64>) -> impl Fn(&Value) -> Result<f64, String> {
    move |value| match value.as_f64() {
        Some(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("must be a number, {} to {}", range.start(), range.end())),
    }
}

/// The same rule for a query, in which a number is a text.
pub(super) fn parsed<T>(
    rule: impl Fn(&Value) -> Result<T, String>,
) -> impl Fn(&Value) -> Result<T, String> {
    move |value| {
        let written = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        rule(&written.unwrap_or(Value::Null))
    }
}

/// True or false.
pub(super) fn flag(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// One word of a closed set.
pub(super) fn one_of(
    allowed: &'static [&'static str],
) -> impl Fn(&Value) -> Result<&'static str, String> {
    move |value| {
        let word = value.as_str().unwrap_or_default();
        let known = allowed.iter().find(|known| **known == word);
        known.copied().ok_or_else(|| format!("must be one of: {}", allowed.join(", ")))
    }
}

/// A list of words of a closed set, each at most once.
pub(super) fn several_of(
    allowed: &'static [&'static str],
) -> impl Fn(&Value) -> Result<Vec<&'static str>, String> {
    let one = one_of(allowed);
    move |value| {
        let words = value.as_array().ok_or("must be a list")?;
        collect_once(words.iter().map(&one))
    }
}

/// The same in a query: words with commas between them.
pub(super) fn words_of(
    allowed: &'static [&'static str],
) -> impl Fn(&Value) -> Result<Vec<&'static str>, String> {
    let one = one_of(allowed);
    move |value| {
        let words = value.as_str().unwrap_or_default().split(',').map(str::trim);
        collect_once(words.filter(|word| !word.is_empty()).map(|word| one(&word.into())))
    }
}

fn collect_once(
    words: impl Iterator<Item = Result<&'static str, String>>,
) -> Result<Vec<&'static str>, String> {
    let mut all = Vec::new();
    for word in words {
        let word = word?;
        if !all.contains(&word) {
            all.push(word);
        }
    }
    Ok(all)
}

/// A list of at most so many free words.
pub(super) fn tags(most: usize) -> impl Fn(&Value) -> Result<Vec<String>, String> {
    let word = text(1..=30);
    move |value| {
        let words = value.as_array().ok_or("must be a list")?;
        if words.len() > most {
            return Err(format!("must have at most {most} entries"));
        }
        words.iter().map(|entry| word(entry).map(|word| word.to_lowercase())).collect()
    }
}

/// A calendar day as `YYYY-MM-DD`, kept as it is written.
pub(super) fn date(value: &Value) -> Result<String, String> {
    let text = value.as_str().unwrap_or_default();
    if is_date(text) {
        return Ok(text.to_owned());
    }
    Err("must be a date as YYYY-MM-DD".to_owned())
}

fn is_date(text: &str) -> bool {
    // The date crate reads more forms than the contract has.
    let shape = text.len() == 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    shape && text.parse::<jiff::civil::Date>().is_ok()
}

/// An address for mail, in lower case.
pub(super) fn email(value: &Value) -> Result<String, String> {
    let wrong = || "must be an e-mail address".to_owned();
    let text = value.as_str().map(str::trim).ok_or_else(wrong)?;
    let (local, domain) = text.split_once('@').ok_or_else(wrong)?;
    let plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '@')
    };
    let dotted = domain.contains('.') && !domain.split('.').any(str::is_empty);
    if text.len() <= 254 && plain(local) && plain(domain) && dotted {
        return Ok(text.to_lowercase());
    }
    Err(wrong())
}

/// A new password: 8 to 128 characters, at least one letter and one digit.
pub(super) fn new_password(value: &Value) -> Result<String, String> {
    let text = value.as_str().unwrap_or_default();
    let long_enough = (8..=128).contains(&text.chars().count());
    let mixed = text.chars().any(char::is_alphabetic) && text.chars().any(|c| c.is_ascii_digit());
    if long_enough && mixed {
        return Ok(text.to_owned());
    }
    Err("must have 8 to 128 characters, with a letter and a digit".to_owned())
}

/// A password as somebody typed it at the sign-in; whether it is right is not for here.
pub(super) fn typed_password(value: &Value) -> Result<String, String> {
    match value.as_str() {
        Some(text) if (1..=128).contains(&text.chars().count()) => Ok(text.to_owned()),
        _ => Err("must be a text of 1 to 128 characters".to_owned()),
    }
}

/// A language such as `en` or `pt-BR`.
pub(super) fn language(value: &Value) -> Result<String, String> {
    let text = value.as_str().unwrap_or_default();
    let (language, region) = text.split_once('-').unwrap_or((text, "XX"));
    let shaped = language.len() == 2
        && region.len() == 2
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.bytes().all(|byte| byte.is_ascii_uppercase());
    if shaped { Ok(text.to_owned()) } else { Err("must be a language such as en or pt-BR".into()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_real_days_in_the_one_form_are_dates() {
        assert_eq!(date(&json!("2024-02-29")), Ok("2024-02-29".to_owned()));
        for wrong in ["2023-02-29", "2024-2-9", "20240229", "2024-02-29T00", "24-02-2024", ""] {
            assert!(date(&json!(wrong)).is_err(), "{wrong}");
        }
        assert!(date(&json!(20_240_229)).is_err());
        assert!(date(&json!("ééé-é-é")).is_err());
    }

    #[test]
    fn an_address_has_one_at_and_a_dotted_domain() {
        assert_eq!(email(&json!(" Ann@Test.com ")), Ok("ann@test.com".to_owned()));
        for wrong in ["ann", "ann@", "@test.com", "ann@test", "a nn@test.com", "a@b@c.d", "a@b..c"]
        {
            assert!(email(&json!(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_needs_eight_characters_a_letter_and_a_digit() {
        assert!(new_password(&json!("abcdefg1")).is_ok());
        for wrong in ["abcdef1", "abcdefgh", "12345678", ""] {
            assert!(new_password(&json!(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_in_a_query_keep_their_range() {
        let rule = parsed(integer(1..=100));
        assert_eq!(rule(&json!("50")), Ok(50));
        for wrong in ["0", "101", "1.5", "x", "", "\"5\"", "-1"] {
            assert!(rule(&json!(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_are_of_the_set_and_kept_once() {
        let rule = words_of(&["nuts", "soy"]);
        assert_eq!(rule(&json!("soy, nuts,soy")), Ok(vec!["soy", "nuts"]));
        assert!(rule(&json!("soy,glass")).is_err());
    }

    #[test]
    fn a_language_may_have_a_region() {
        assert!(language(&json!("en")).is_ok() && language(&json!("pt-BR")).is_ok());
        for wrong in ["english", "EN", "en-us", "e", "", "en-"] {
            assert!(language(&json!(wrong)).is_err(), "{wrong}");
        }
    }
}
