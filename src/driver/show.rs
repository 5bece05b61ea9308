//! Puts values and bodies into words for a message: short, on one line, nothing invisible.

use serde_json::{Number, Value};

/// Characters of a value that a message shows at most.
const SHOWN: usize = 80;

/// A value that a check looks at; text may come from a body or header without being copied.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seen<'v> {
    /// A text.
    Text(&'v str),
    /// Any other JSON value.
    Other(&'v Value),
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

    /// As a message shows it: JSON, cut.
    pub(super) fn shown(self) -> String {
        match self {
            Seen::Text(text) => quoted(text),
            Seen::Other(value @ Value::Array(list)) if !list.is_empty() => {
                format!("the list {} of {}", cut(&value.to_string(), SHOWN), list.len())
            }
            Seen::Other(value) => cut(&value.to_string(), SHOWN),
        }
    }

    /// With its JSON type: `the text "5"`, `the number 5`.
    pub(super) fn with_type(self) -> String {
        match self {
            Seen::Text(text) => format!("the text {}", quoted(text)),
            Seen::Other(Value::Number(number)) => format!("the number {number}"),
            Seen::Other(Value::Bool(truth)) => format!("the boolean {truth}"),
            Seen::Other(Value::Null) => "null".into(),
            Seen::Other(Value::Array(list)) if list.is_empty() => "the empty list".into(),
            Seen::Other(Value::Array(_)) => self.shown(),
            Seen::Other(value) => format!("the object {}", cut(&value.to_string(), SHOWN)),
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

/// A text in quotes, with what is invisible escaped, cut.
pub(super) fn quoted(text: &str) -> String {
    visible(&Value::String(cut(text, SHOWN)).to_string(), false)
}

/// The first `most` characters, with `...` where something was cut off.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_string(),
    }
}

/// How a body begins: white space folded, on one line.
pub(super) fn beginning(body: &str) -> String {
    let mut line = String::new();
    for word in body.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        // A word may be megabytes long; more than is shown is never needed.
        line.extend(word.chars().take(SHOWN + 1));
        if line.chars().count() > SHOWN {
            break;
        }
    }
    visible(&cut(&line, SHOWN), false)
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
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_named_with_its_type() {
        for (value, words) in [
            (json!("5"), "the text \"5\""),
            (json!(5), "the number 5"),
            (json!(true), "the boolean true"),
            (json!(null), "null"),
            (json!([]), "the empty list"),
            (json!([1, 2]), "the list [1,2] of 2"),
            (json!({"a": 1}), "the object {\"a\":1}"),
        ] {
            assert_eq!(Seen::from(&value).with_type(), words);
        }
    }

    #[test]
    fn invisible_characters_are_written_out() {
        assert_eq!(visible("a\u{1b}[31m\u{202e}b\r\n", false), "a\\u{1b}[31m\\u{202e}b\\r\\n");
        assert_eq!(visible("a\r\n\tb", true), "a\n\tb");
        assert_eq!(quoted("a\u{1b}b\n"), "\"a\\u001bb\\n\"");
    }

    #[test]
    fn a_cut_is_made_between_characters() {
        assert_eq!(cut("äöü", 2), "äö...");
        assert_eq!(cut("äö", 2), "äö");
        assert_eq!(beginning("\n <html>\n\t<b> "), "<html> <b>");
        assert_eq!(beginning(&"x".repeat(500)).len(), 83);
    }
}
