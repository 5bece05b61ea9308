//! Keeps secrets out of everything that is shown or stored.
//!
//! A secret does not stay as it was written: it is quoted in JSON, percent-encoded in a URL, put
//! into base64 beside a user's name. So each secret is looked for as itself and as the part of
//! its base64 that does not depend on its neighbours, and the text is read through all the
//! escapes of JSON, URLs, forms and HTML on the way.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The values of a scenario's secrets: see `Secrets::hide`.
#[derive(Clone, Default)]
pub struct Secrets {
    /// What is looked for.
    patterns: Vec<Pattern>,
    /// Names whose values are too short to be hidden.
    short: Vec<String>,
}

#[derive(Clone)]
struct Pattern {
    text: String,
    /// What stands in its place.
    shown: String,
}

/// Shorter values are part of too many other words.
const SHORTEST: usize = 4;

/// Replacing may bring parts of a text together that are a secret again; so often is it tried.
const ROUNDS: usize = 4;

impl Secrets {
    /// The secrets of one scenario, by name.
    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut secrets = Secrets::default();
        for (name, value) in values {
            if value.chars().count() < SHORTEST {
                secrets.short.push(name);
                continue;
            }
            let shown = format!("[secret {name}]");
            let texts = std::iter::once(value.clone()).chain(inside_base64(value.as_bytes()));
            for text in texts {
                secrets.patterns.push(Pattern { text, shown: shown.clone() });
            }
        }
        secrets
    }

    /// The names of secrets that are not hidden, because their values are shorter than four
    /// characters: hiding them would hide everything.
    pub fn too_short(&self) -> &[String] {
        &self.short
    }

    /// The text with every spelling of every secret replaced by `[secret NAME]`, or by
    /// `[secret]` where several overlap.
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut hidden = replace(text, found);
        for _ in 0..ROUNDS {
            let found = self.find(&hidden);
            if found.is_empty() {
                return Cow::Owned(hidden);
            }
            // A secret like "secret" stands in our own words for it.
            hidden = replace(&hidden, found.into_iter().map(|(span, _)| (span, "***")).collect());
        }
        Cow::Borrowed("***")
    }

    /// All occurrences in order, those that overlap as one.
    fn find(&self, text: &str) -> Vec<(Range<usize>, &str)> {
        let mut found: Vec<(Range<usize>, &str)> = Vec::new();
        if self.patterns.is_empty() {
            return found;
        }
        for (at, _) in text.char_indices() {
            for pattern in &self.patterns {
                let Some(end) = match_at(text, at, &pattern.text) else { continue };
                match found.last_mut() {
                    Some((last, shown)) if at < last.end => {
                        if *shown != pattern.shown {
                            *shown = "[secret]";
                        }
                        last.end = last.end.max(end);
                    }
                    _ => found.push((at..end, &pattern.shown)),
                }
            }
        }
        found
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secret spellings", self.patterns.len())
    }
}

fn replace(text: &str, found: Vec<(Range<usize>, &str)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (span, shown) in found {
        out.push_str(&text[copied..span.start]);
        out.push_str(shown);
        copied = span.end;
    }
    out.push_str(&text[copied..]);
    out
}

/// The characters of its base64 that are the same whatever stands before and after it: one text
/// for each of the three ways it can be aligned, in both alphabets.
fn inside_base64(value: &[u8]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(value);
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            texts.push(encoded[own.clone()].to_string());
            if before == 0 {
                // Alone, the character of its last bits is its own too.
                texts.push(encoded);
            }
        }
    }
    texts.retain(|text| text.len() >= SHORTEST);
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Where `pattern` ends if it stands at `at`, read through escapes; the longest way to read it.
fn match_at(text: &str, at: usize, pattern: &str) -> Option<usize> {
    let mut ends = vec![at];
    for wanted in pattern.chars() {
        let mut next = Vec::new();
        for end in ends {
            spellings(&text[end..], wanted, |length| {
                if !next.contains(&(end + length)) {
                    next.push(end + length);
                }
            });
        }
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.into_iter().max()
}

/// Calls `found` with the length of each way in which `rest` begins with `wanted`.
fn spellings(rest: &str, wanted: char, mut found: impl FnMut(usize)) {
    if rest.starts_with(wanted) {
        found(wanted.len_utf8());
    }
    match rest.as_bytes().first() {
        Some(b'%') => {
            let signs = [&b"%"[..], b"%25"];
            signs.iter().filter_map(|sign| percent(rest.as_bytes(), wanted, sign)).for_each(found);
        }
        Some(b'+') if wanted == ' ' => found(1),
        Some(b'\\') => json_escapes(rest.as_bytes(), wanted, found),
        Some(b'&') => {
            if let Some(length) = html_escape(rest, wanted) {
                found(length);
            }
        }
        _ => {}
    }
}

/// `%20`; or `%2520`, where it went through one URL into another.
fn percent(rest: &[u8], wanted: char, sign: &[u8]) -> Option<usize> {
    let mut buffer = [0; 4];
    let mut at = 0;
    for byte in wanted.encode_utf8(&mut buffer).bytes() {
        let digits = at + sign.len();
        if rest.get(at..digits) != Some(sign) || number(rest, digits, 2)? != u32::from(byte) {
            return None;
        }
        at = digits + 2;
    }
    Some(at)
}

/// The most backslashes that are read as one: those of JSON in JSON in JSON.
const NESTED: usize = 8;

/// `\"`, `\u0022`; or `\\\"`, where JSON stands as a text in other JSON.
fn json_escapes(rest: &[u8], wanted: char, mut found: impl FnMut(usize)) {
    let run = rest.iter().take(NESTED).take_while(|byte| **byte == b'\\').count();
    if wanted == '\\' {
        [2, 4, 8].into_iter().filter(|length| *length <= run).for_each(&mut found);
    }
    let short = match rest.get(run) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            if let Some(length) = unicode(rest, run, wanted) {
                found(length);
            }
            return;
        }
        Some(byte @ (b'"' | b'/' | b'\'')) => char::from(*byte),
        _ => return,
    };
    if short == wanted {
        found(run + 1);
    }
}

/// The length of `\u00e9`, or of two for a character beyond the first plane, each after a run of
/// so many backslashes.
fn unicode(rest: &[u8], run: usize, wanted: char) -> Option<usize> {
    let mut units = [0; 2];
    let mut at = 0;
    for unit in wanted.encode_utf16(&mut units) {
        let digits = at + run + 1;
        let signs = rest.get(at..digits)?;
        let is_escape = signs[..run].iter().all(|byte| *byte == b'\\') && signs[run] == b'u';
        if !is_escape || number(rest, digits, 4)? != u32::from(*unit) {
            return None;
        }
        at = digits + 4;
    }
    Some(at)
}

fn html_escape(rest: &str, wanted: char) -> Option<usize> {
    let words: &[&str] = match wanted {
        '&' => &["&amp;", "&#38;", "&#x26;"],
        '<' => &["&lt;", "&#60;", "&#x3c;", "&#x3C;"],
        '>' => &["&gt;", "&#62;", "&#x3e;", "&#x3E;"],
        '"' => &["&quot;", "&#34;", "&#x22;"],
        '\'' => &["&#39;", "&#x27;", "&apos;"],
        '/' => &["&#47;", "&#x2f;", "&#x2F;"],
        _ => &[],
    };
    words.iter().find(|word| rest.starts_with(**word)).map(|word| word.len())
}

/// A hexadecimal number of so many digits.
fn number(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    text.get(at..at + digits)?
        .iter()
        .try_fold(0, |sum, digit| Some(sum * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn secrets(values: &[(&str, &str)]) -> Secrets {
        Secrets::new(values.iter().map(|(name, value)| (name.to_string(), value.to_string())))
    }

    fn one(value: &str) -> Secrets {
        secrets(&[("KEY", value)])
    }

    #[test]
    fn a_text_without_secrets_is_not_copied() {
        assert!(matches!(one("tops3cret").hide("nothing here"), Cow::Borrowed(_)));
        assert!(matches!(Secrets::default().hide("x"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_name_stands_where_the_value_stood() {
        assert_eq!(one("s3cr3t!").hide("a=s3cr3t!&b"), "a=[secret KEY]&b");
    }

    #[test]
    fn the_longer_of_two_secrets_is_hidden_whole() {
        let both = secrets(&[("SHORT", "abcd"), ("LONG", "abcdefgh")]);
        assert_eq!(both.hide("<abcdefgh> <abcd>"), "<[secret]> <[secret SHORT]>");
        let chained = secrets(&[("A", "abcd"), ("B", "cdef")]);
        assert_eq!(chained.hide("<abcdef>"), "<[secret]>");
    }

    #[test]
    fn basic_authentication_does_not_show_its_password() {
        let header = STANDARD.encode("user:correct horse");
        let hidden = one("correct horse").hide(&header).into_owned();
        assert!(hidden.starts_with("dXNlcj"), "{hidden}");
        assert!(hidden.contains("[secret KEY]"), "{hidden}");
        assert!(hidden.len() < 24, "{hidden}");
    }

    #[test]
    fn short_values_are_named_and_not_hidden() {
        let short = secrets(&[("PIN", "123"), ("EMPTY", ""), ("KEY", "1234")]);
        assert_eq!(short.too_short(), ["PIN", "EMPTY"]);
        assert_eq!(short.hide("123 and 1234"), "123 and [secret KEY]");
    }

    #[test]
    fn a_secret_that_is_part_of_our_own_words_is_hidden_too() {
        assert_eq!(one("secret").hide("a secret b"), "a [*** KEY] b");
        assert!(!one("*****").hide("*****").contains("*****"));
    }

    #[test]
    fn html_and_twice_encoded_spellings_are_seen() {
        let secrets = one("a&b<c>'d/%");
        for text in ["a&amp;b&lt;c&gt;&#39;d/%", "a%2526b%253Cc%253e%2527d%252F%2525"] {
            assert_eq!(secrets.hide(text), "[secret KEY]", "{text}");
        }
    }

    /// Every spelling of the brief, made by other means than the search.
    fn all_spellings(value: &str) -> Vec<String> {
        let json = serde_json::Value::from(value).to_string();
        let json = json[1..json.len() - 1].to_string();
        let ascii: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let upper: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let nested = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let mut percent = String::new();
        crate::plan::template::write_percent(value, &mut percent);
        vec![
            value.to_string(),
            json.replace('/', "\\/"),
            nested(&json),
            nested(&nested(&json)),
            json,
            nested(&ascii),
            ascii,
            upper.to_lowercase(),
            upper,
            percent.to_lowercase().replace("%2b", "%2B"),
            percent,
            form,
        ]
    }

    proptest! {
        #[test]
        fn no_spelling_survives(
            value in "[a-z]{0,2}(.|[ +/%\"\\\\&=\u{e9}\u{1f600}\n]){4,12}",
            before in ".{0,6}",
            after in ".{0,6}",
        ) {
            // Lower-casing is a spelling of a percent-encoding only where it has no capitals.
            let value = value.to_lowercase();
            let secrets = one(&value);
            for spelling in all_spellings(&value) {
                let hidden = secrets.hide(&format!("{before}{spelling}{after}")).into_owned();
                prop_assert!(!hidden.contains(&spelling), "{spelling:?} in {hidden:?}");
            }
        }

        #[test]
        fn no_base64_of_it_or_with_neighbours_survives(
            value in "[ -~]{4,24}",
            before in "[ -~]{0,7}",
            after in "[ -~]{0,7}",
        ) {
            let secrets = one(&value);
            let whole = format!("{before}{value}{after}");
            for text in [
                STANDARD.encode(&whole), STANDARD_NO_PAD.encode(&whole),
                URL_SAFE.encode(&whole), URL_SAFE_NO_PAD.encode(&whole),
            ] {
                for text in [text.clone(), text.replace('+', "%2B").replace('=', "%3d")] {
                    let hidden = secrets.hide(&text).into_owned();
                    // Four characters are three bytes: less of it than that may be left.
                    prop_assert!(hidden.contains("[secret KEY]") || hidden.contains("***"),
                        "{whole:?} as {text:?} gives {hidden:?}");
                }
            }
        }

        #[test]
        fn hiding_twice_changes_nothing_more(value in ".{4,8}", text in ".{0,40}") {
            let secrets = one(&value);
            let once = secrets.hide(&text).into_owned();
            prop_assert_eq!(secrets.hide(&once).into_owned(), once.clone());
        }
    }
}
