//! Helps with a JSONPath that selects nothing: how far it leads, what is there instead.
//!
//! Only failures come here, so paths are taken apart as text and tried piece by piece.

use std::ops::Range;

use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

use super::show::{Seen, Words, count};

/// Keys that a message lists at most.
const LISTED: usize = 8;
/// Values looked at in search of a name elsewhere in the document.
const SEARCHED: usize = 10_000;

/// What is there where `path` selects nothing, in words.
pub(super) fn nearest(path: &JsonPath, document: &Value, words: Words<'_>) -> String {
    let text = path.to_string();
    let pieces = pieces(&text);
    for (index, piece) in pieces.iter().enumerate().rev() {
        let prefix = &text[..piece.start];
        let Ok(shorter) = JsonPath::parse(prefix) else { continue };
        let found = shorter.query(document).all();
        let Some(node) = found.first() else { continue };
        let mut told = holds(prefix, node, words);
        let name = name(&text[piece.clone()]);
        if let Some(hint) = name.and_then(|name| hint(prefix, node, &name, document)) {
            let rest = pieces.get(index + 1).map_or("", |next| &text[next.start..]);
            told.push_str(&format!("; {hint}{}", question(&hint, rest)));
        }
        return told;
    }
    holds("$", document, words)
}

/// Whether a path can select one value at most: only names and places, no wildcards.
pub(super) fn singular(path: &JsonPath) -> bool {
    let text = path.to_string();
    pieces(&text).into_iter().all(|piece| {
        let piece = &text[piece];
        let place = piece.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        name(piece).is_some() || place.is_some_and(|place| place.parse::<i64>().is_ok())
    })
}

/// A located path as people write it: `$.items[2].price`.
pub(super) fn dotted<'e>(elements: impl Iterator<Item = &'e PathElement<'e>>) -> String {
    let mut text = String::from("$");
    for element in elements {
        match element {
            PathElement::Name(name) => step(&mut text, name),
            PathElement::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// Adds a member's name to a path.
pub(super) fn step(path: &mut String, name: &str) {
    let plain = |char: char| char.is_alphanumeric() || char == '_';
    let starts = name.chars().next().is_some_and(|first| plain(first) && !first.is_numeric());
    if starts && name.chars().all(plain) {
        path.push('.');
        path.push_str(name);
    } else {
        path.push_str(&format!("[{}]", Value::from(name)));
    }
}

/// Where each segment of a path stands: `.data`, `['a.b']`, `[0]`, `..name`.
fn pieces(path: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let (mut depth, mut quote, mut escaped, mut dots) = (0, None, false, false);
    for (at, char) in path.char_indices() {
        if let Some(open) = quote {
            match char {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if char == open => quote = None,
                _ => {}
            }
            continue;
        }
        match char {
            '\'' | '"' => quote = Some(char),
            '[' | '(' => {
                if depth == 0 && char == '[' && !dots {
                    starts.push(at);
                }
                depth += 1;
            }
            ']' | ')' => depth -= 1,
            '.' if depth == 0 && !dots => starts.push(at),
            _ => {}
        }
        dots = char == '.' && depth == 0;
    }
    let ends = starts.iter().skip(1).copied().chain([path.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// The member's name that a segment asks for, if it asks for exactly one.
fn name(piece: &str) -> Option<String> {
    if let Some(name) = piece.strip_prefix('.') {
        let plain = !name.is_empty() && !name.starts_with(['.', '*']);
        return plain.then(|| name.to_string());
    }
    let inner = piece.strip_prefix('[')?.strip_suffix(']')?;
    let quoted = inner.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    let quoted = quoted.or_else(|| inner.strip_prefix('"').and_then(|r| r.strip_suffix('"')))?;
    (!quoted.contains(['\'', '"', '\\'])).then(|| quoted.to_string())
}

/// What stands at `path`.
fn holds(path: &str, node: &Value, words: Words<'_>) -> String {
    let owner = if path == "$" { "the answer".to_string() } else { format!("`{path}`") };
    match node {
        Value::Object(members) if members.is_empty() => format!("{owner} is an empty object"),
        Value::Object(members) => {
            let list: Vec<_> = members.keys().take(LISTED).map(|key| member(path, key)).collect();
            let more = match members.len().saturating_sub(LISTED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{owner} has: {}{more}", list.join(", "))
        }
        Value::Array(list) if list.is_empty() => format!("{owner} is an empty list"),
        Value::Array(list) => format!("{owner} is a list of {}", count(list.len(), "value")),
        other => format!("{owner} is {}", words.typed(Seen::from(other))),
    }
}

/// A path one member longer.
fn member(path: &str, key: &str) -> String {
    let mut longer = path.to_string();
    step(&mut longer, key);
    longer
}

/// Where the name that was looked for may be: under a similar name, or elsewhere.
fn hint(prefix: &str, node: &Value, name: &str, document: &Value) -> Option<String> {
    if let Value::Object(members) = node {
        let close = members.keys().map(|key| (likeness(key, name), key));
        let best = close.max_by(|one, two| one.0.total_cmp(&two.0));
        if let Some((likeness, key)) = best
            && likeness > 0.8
        {
            return Some(format!("did you mean `{}", member(prefix, key)));
        }
    }
    elsewhere(name, document).map(|place| format!("there is `{place}`"))
}

/// Ends a "did you mean", with what follows the piece that was wrong.
fn question(hint: &str, rest: &str) -> String {
    if hint.starts_with("did") { format!("{rest}`?") } else { String::new() }
}

/// From 0 to 1; a name within the other counts as close: `token` and `accessToken`.
fn likeness(key: &str, name: &str) -> f64 {
    let fold = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    let (key, name) = (fold(key), fold(name));
    if key == name {
        return 1.0;
    }
    let within = name.len() > 3 && key.len() > 3 && (key.contains(&name) || name.contains(&key));
    if within { 0.95 } else { strsim::jaro_winkler(&key, &name) }
}

/// The first place, level by level, where a member of this name is.
fn elsewhere(name: &str, document: &Value) -> Option<String> {
    let mut level = vec![("$".to_string(), document)];
    let mut seen = 0;
    while !level.is_empty() && seen < SEARCHED {
        seen += level.len();
        let found = level.iter().find(|(_, node)| node.get(name).is_some());
        if let Some((path, _)) = found {
            return Some(member(path, name));
        }
        let below = level.iter().flat_map(|(path, node)| below(path, node));
        level = below.take(SEARCHED).collect();
    }
    None
}

fn below<'v>(path: &str, node: &'v Value) -> Vec<(String, &'v Value)> {
    match node {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (member(path, key), value)).collect()
        }
        // One element stands for all: lists hold the same kind of thing again and again.
        Value::Array(list) => {
            list.iter().take(1).map(|value| (format!("{path}[0]"), value)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::driver::exemplar::Masks;
    use crate::plan::Secrets;

    #[test]
    fn a_path_that_selects_nothing_is_told_what_is_there() {
        let document = json!({
            "data": { "accessToken": "x", "user": { "id": 7 }, "items": [], "none": null },
            "error": "no", "list": [{ "sku": 1 }, { "sku": 2 }],
        });
        let (masks, secrets) = (Masks::new(), Secrets::default());
        let words = Words { masks: &masks, secrets: &secrets };
        for (path, told) in [
            (
                "$.data.token",
                "`$.data` has: $.data.accessToken, $.data.user, $.data.items, $.data.none; \
                 did you mean `$.data.accessToken`?",
            ),
            (
                "$.dta.user.id",
                "the answer has: $.data, $.error, $.list; \
              did you mean `$.data.user.id`?",
            ),
            ("$.id", "the answer has: $.data, $.error, $.list; there is `$.data.user.id`"),
            ("$.zzz", "the answer has: $.data, $.error, $.list"),
            ("$.data.items[0].price", "`$.data.items` is an empty list"),
            ("$.data.none.x", "`$.data.none` is null"),
            ("$.error.code", "`$.error` is the text \"no\""),
            ("$.list[5]", "`$.list` is a list of 2 values"),
            ("$.list[*].name", "`$.list[*]` has: $.list[*].sku"),
            ("$['data']['user']['name']", "`$['data']['user']` has: $['data']['user'].id"),
        ] {
            let found = nearest(&JsonPath::parse(path).unwrap(), &document, words);
            assert_eq!(found, told, "{path}");
        }
        assert_eq!(
            nearest(&JsonPath::parse("$.a").unwrap(), &json!({}), words),
            "the answer is an empty object"
        );
    }

    #[test]
    fn a_singular_path_has_only_names_and_places() {
        for path in ["$", "$.a.b", "$['a.b'][0]", "$[-1].x", "$[\"x*\"]"] {
            assert!(singular(&JsonPath::parse(path).unwrap()), "{path}");
        }
        for path in ["$.*", "$..a", "$.a[*]", "$.a[0,1]", "$.a[1:2]", "$.a[?@.b == 'x']"] {
            assert!(!singular(&JsonPath::parse(path).unwrap()), "{path}");
        }
    }

    #[test]
    fn a_path_is_cut_at_its_segments_only() {
        let cut = |path: &str| -> Vec<String> {
            pieces(path).into_iter().map(|piece| path[piece].to_string()).collect()
        };
        assert_eq!(
            cut("$.a..b[?@.c=='.[']['x.y'][0]"),
            [".a", "..b", "[?@.c=='.[']", "['x.y']", "[0]"]
        );
        assert_eq!(cut("$..[0].a"), ["..[0]", ".a"]);
    }

    proptest! {
        #[test]
        fn any_path_finds_words_for_any_document(
            path in r#"\$((\.|\.\.)[a-cé_]|\[('[a-c.\]é]?'|[0-9]|\*|1:|'a','b'|\?@\.a)\]){0,4}"#,
            depth in 0usize..4,
        ) {
            let mut document = json!([{ "a": 1 }, "é"]);
            for _ in 0..depth {
                document = json!({ "a": document, "b.c]": [document] });
            }
            if let Ok(path) = JsonPath::parse(&path) {
                let (masks, secrets) = (Masks::new(), Secrets::default());
                let words = Words { masks: &masks, secrets: &secrets };
                prop_assert!(!nearest(&path, &document, words).is_empty());
                let most = if singular(&path) { 1 } else { usize::MAX };
                prop_assert!(path.query(&document).len() <= most);
            }
        }
    }
}
