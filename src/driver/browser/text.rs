//! Compares a text with what a step wants it to be, where the page script is not there to do it.

use regex::Regex;
use serde_json::Value;

/// Whether `text` is as `wanted` says: a scalar (equal, white space folded), or a map of
/// `contains`, `matches`, `not`, all of which must hold.
pub(super) fn fits(wanted: &Value, text: &str) -> bool {
    match wanted {
        Value::Null => true,
        Value::String(wanted) => folded(wanted) == folded(text),
        Value::Object(map) => map.iter().all(|(key, value)| {
            let plain = plain(value);
            match key.as_str() {
                "contains" => folded(text).contains(&folded(&plain)),
                "matches" => Regex::new(&plain).is_ok_and(|regex| regex.is_match(text)),
                "not" => !fits(value, text),
                _ => false,
            }
        }),
        other => plain(other) == folded(text),
    }
}

/// White space folded to single blanks, as it is drawn.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_that_is_wanted_must_hold_and_an_unknown_wish_never_does() {
        assert!(fits(&json!("a b"), " a\n b "));
        assert!(!fits(&json!("a"), "a b"));
        assert!(fits(&json!({ "contains": "b", "matches": "^a" }), "a b"));
        assert!(!fits(&json!({ "contains": "b", "matches": "^b" }), "a b"));
        assert!(fits(&json!({ "not": { "contains": "c" } }), "a b"));
        assert!(!fits(&json!({ "begins": "a" }), "a b"));
        assert!(fits(&json!(3), "3"));
    }
}
