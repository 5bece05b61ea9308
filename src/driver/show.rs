//! Puts values and bodies into words for a message: short, on one line, nothing invisible.
//!
//! Secrets are hidden before anything is cut: half a secret would not be known again.

use serde_json::{Number, Value};

use super::exemplar::Masks;
use crate::plan::Secrets;

/// Characters of a value that a message shows at most.
const SHOWN: usize = 80;
/// Characters that are looked through for secrets before the cut.
const LOOKED_THROUGH: usize = 4096;

/// Writes what is seen, and knows what must not be shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'w> {
    pub(super) masks: &'w Masks,
    pub(super) secrets: &'w Secrets,
}

/// A value that a check looks at; text may come from a body or header without being copied.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seen<'v> {
    /// A text.
    Text(&'v str),
    /// Any other JSON value.
    Other(&'v Value),
}

impl Words<'_> {
    /// As a message shows it: JSON, cut.
    pub(super) fn shown(self, seen: Seen<'_>) -> String {
        match seen {
            Seen::Text(text) => self.quoted(text),
            Seen::Other(value @ Value::Array(list)) if !list.is_empty() => {
                format!("the list {} of {}", self.json(value), list.len())
            }
            Seen::Other(value) => self.json(value),
        }
    }

    /// With its JSON type: `the text "5"`, `the number 5`.
    pub(super) fn typed(self, seen: Seen<'_>) -> String {
        match seen {
            Seen::Text(text) => format!("the text {}", self.quoted(text)),
            Seen::Other(Value::Number(number)) => format!("the number {number}"),
            Seen::Other(Value::Bool(truth)) => format!("the boolean {truth}"),
            Seen::Other(Value::Null) => "null".into(),
            Seen::Other(Value::Array(list)) if list.is_empty() => "the empty list".into(),
            Seen::Other(Value::Array(_)) => self.shown(seen),
            Seen::Other(value) => format!("the object {}", self.json(value)),
        }
    }

    /// A text in quotes, with what is invisible escaped, cut.
    pub(super) fn quoted(self, text: &str) -> String {
        let text = cut(&self.clean(text), SHOWN);
        visible(&Value::String(text).to_string(), false)
    }

    /// How a body begins: white space folded, on one line.
    pub(super) fn beginning(self, body: &str) -> String {
        let clean = self.clean(body);
        let words: Vec<_> = clean.split_whitespace().take(SHOWN).collect();
        visible(&cut(&words.join(" "), SHOWN), false)
    }

    fn json(self, value: &Value) -> String {
        visible(&cut(&self.clean(&value.to_string()), SHOWN), false)
    }

    fn clean(self, text: &str) -> String {
        let end = text.char_indices().nth(LOOKED_THROUGH).map_or(text.len(), |(end, _)| end);
        self.masks.hide(&text[..end], self.secrets)
    }
}

impl<'v> From<&'v Value> for Seen<'v> {
    fn from(value: &'v Value) -> Self {
        match value {
            Value::String(text) => Seen::Text(text),
            other => Seen::Other(other),
        }
    }
}

impl<'v> Seen<'v> {
    /// The number, if it is one.
    pub(super) fn number(self) -> Option<&'v Number> {
        match self {
            Seen::Other(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// The elements, if it is a list.
    pub(super) fn list(self) -> Option<&'v [Value]> {
        match self {
            Seen::Other(Value::Array(list)) => Some(list),
            _ => None,
        }
    }

    /// Two values of the same kind can be told apart without naming their types.
    pub(super) fn same_kind(self, other: Seen<'_>) -> bool {
        match (self, other) {
            (Seen::Text(_), Seen::Text(_)) => true,
            (Seen::Other(one), Seen::Other(two)) => {
                std::mem::discriminant(one) == std::mem::discriminant(two)
            }
            _ => false,
        }
    }
}

/// The first `most` characters, with `...` where something was cut off.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

/// Makes control characters, and those that turn the writing direction, visible.
pub(super) fn visible(text: &str, keep_lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        let kept = keep_lines && matches!(char, '\n' | '\t');
        let turns = matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}');
        match char {
            '\r' if keep_lines => {}
            _ if (char.is_control() || turns) && !kept => out.extend(char.escape_default()),
            _ => out.push(char),
        }
    }
    out
}

/// `1 value`, `3 values`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn words(check: impl Fn(Words<'_>)) {
        let secrets = Secrets::new([("KEY".to_string(), "sesame".repeat(20))]);
        check(Words { masks: &Masks::new(), secrets: &secrets });
    }

    #[test]
    fn a_secret_is_hidden_before_the_cut() {
        words(|words| {
            let text = format!("x {}", "sesame".repeat(20));
            assert_eq!(words.quoted(&text), "\"x [secret KEY]\"");
            assert_eq!(words.beginning(&text), "x [secret KEY]");
            assert_eq!(
                words.shown(Seen::from(&json!({ "a": text }))),
                "{\"a\":\"x [secret KEY]\"}"
            );
            assert_eq!(words.beginning("{\"token\": \"abc\"}"), "{\"token\": \"...\"}");
        });
    }

    #[test]
    fn a_value_is_named_with_its_type() {
        for (value, told) in [
            (json!("5"), "the text \"5\""),
            (json!(5), "the number 5"),
            (json!(true), "the boolean true"),
            (json!(null), "null"),
            (json!([]), "the empty list"),
            (json!([1, 2]), "the list [1,2] of 2"),
            (json!({"a": 1}), "the object {\"a\":1}"),
        ] {
            words(|words| assert_eq!(words.typed(Seen::from(&value)), told));
        }
    }

    #[test]
    fn invisible_characters_are_written_out() {
        assert_eq!(visible("a\u{1b}[31m\u{202e}b\r\n", false), "a\\u{1b}[31m\\u{202e}b\\r\\n");
        assert_eq!(visible("a\r\n\tb", true), "a\n\tb");
        words(|words| assert_eq!(words.quoted("a\u{1b}b\n"), "\"a\\u001bb\\n\""));
    }

    #[test]
    fn a_cut_is_made_between_characters() {
        assert_eq!(cut("äöü", 2), "äö...");
        assert_eq!(cut("äö", 2), "äö");
        words(|words| {
            assert_eq!(words.beginning("\n <html>\n\t<b> "), "<html> <b>");
            assert_eq!(words.beginning(&"x".repeat(500)).len(), 83);
        });
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_short_visible_line(text in "(?s).{0,300}") {
            words(|words| {
                for line in [words.quoted(&text), words.beginning(&text)] {
                    assert!(!line.chars().any(char::is_control), "{line:?}");
                    assert!(line.len() < 83 * 12, "{line:?}");
                }
            });
        }
    }
}
