//! Writes a scenario as YAML that a person would write: blocks, and quotes only where they are
//! needed.

use serde_json::Value;

/// The longest list or map that stands on one line.
const ONE_LINE: usize = 60;

/// A whole document.
pub fn yaml(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                text.push_str(&format!("{indent}{}:", scalar(key)));
                below(value, depth + 1, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&format!("{indent}-"));
                listed(item, depth + 1, text);
            }
        }
        other => text.push_str(&format!("{indent}{}\n", flow(other))),
    }
}

/// After a key.
fn below(value: &Value, depth: usize, text: &mut String) {
    if simple(value) {
        text.push_str(&format!(" {}\n", flow(value)));
    } else {
        text.push('\n');
        block(value, depth, text);
    }
}

/// After a dash: the first key of a map stands on the same line.
fn listed(value: &Value, depth: usize, text: &mut String) {
    if simple(value) {
        text.push_str(&format!(" {}\n", flow(value)));
        return;
    }
    let mut inner = String::new();
    block(value, depth, &mut inner);
    text.push(' ');
    text.push_str(inner.trim_start_matches(' '));
}

/// Whether a value stands on the line of its key.
fn simple(value: &Value) -> bool {
    let plain = |value: &Value| !matches!(value, Value::Object(_) | Value::Array(_));
    match value {
        Value::Object(map) => {
            map.is_empty() || (map.values().all(plain) && flow(value).len() <= ONE_LINE)
        }
        Value::Array(items) => {
            items.is_empty() || (items.iter().all(plain) && flow(value).len() <= ONE_LINE)
        }
        _ => true,
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Object(map) if map.is_empty() => "{}".to_string(),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{}: {}", inside(key), flow(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(text) => inside(text),
        other => other.to_string(),
    }
}

/// Within brackets a comma or a colon, too, needs quotes.
fn inside(text: &str) -> String {
    match text.contains([',', ':', '[', ']', '{', '}']) {
        true => quoted(text),
        false => scalar(text),
    }
}

fn scalar(text: &str) -> String {
    let number = text.parse::<f64>().is_ok();
    let word = ["", "true", "false", "null", "~", "yes", "no", "on", "off", ".inf", ".nan"];
    let taken = number || word.contains(&text.to_ascii_lowercase().as_str());
    let first = text.chars().next().is_some_and(|c| c.is_alphanumeric() || "/$_.(".contains(c));
    let odd = text.contains(": ") || text.contains(" #") || text.ends_with(':');
    let tame = text.chars().all(|c| !strange(c) && c != '"');
    let tame = tame && text.trim() == text && !text.starts_with("0x") && !text.starts_with("0o");
    match first && tame && !odd && !taken {
        true => text.to_string(),
        false => quoted(text),
    }
}

/// In double quotes, with all that an editor would not show.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if strange(c) => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// What YAML does not allow as it is, or takes for the end of a line.
fn strange(c: char) -> bool {
    let marks = ['\u{a0}', '\u{2028}', '\u{2029}', '\u{feff}', '\u{fffe}', '\u{ffff}'];
    c.is_control() || marks.contains(&c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any as anything;
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::tree;
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn a_scenario_reads_as_if_somebody_had_written_it() {
        let value = json!({
            "name": "shop",
            "http": { "base": "{{ vars.base }}" },
            "tests": [{ "name": "a: b", "tags": ["smoke"], "steps": [
                { "get": "/x", "expect": { "status": 200, "json": { "$.a": { "gt": 1 } } } },
                { "post": "/y", "json": [] },
            ] }],
        });
        let wanted = "\
name: shop
http: { base: \"{{ vars.base }}\" }
tests:
  - name: \"a: b\"
    tags: [smoke]
    steps:
      - get: /x
        expect:
          status: 200
          json:
            $.a: { gt: 1 }
      - post: /y
        json: []
";
        assert_eq!(yaml(&value), wanted);
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof![anything::<String>(), "[ -~]{0,12}", "[0-9:#{}\\[\\], \"'-]{0,9}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            proptest::bool::ANY.prop_map(Value::from),
            anything::<i32>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[ -~]{0,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_it_was(value in values()) {
            let file = SourceFile::new("x.yaml", yaml(&value));
            let read = tree::read(&file, "YAML").map(|node| node.to_json());
            prop_assert_eq!(read.ok(), Some(value), "{}", file.text);
        }
    }
}
