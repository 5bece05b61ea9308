//! A value that fits a schema: what it gives as an example, or the simplest there is.

use serde_json::{Map, Value, json};

use crate::import::tree::Node;

/// A schema may hold itself.
const DEEPEST: usize = 8;

/// A node, or what its `$ref` stands for, within the same file.
pub fn resolved<'a>(root: &'a Node, node: &'a Node) -> &'a Node {
    let mut node = node;
    // A reference to itself would never end.
    for _ in 0..16 {
        let Some(path) = node.text("$ref").and_then(|path| path.strip_prefix("#/")) else { break };
        let mut found = Some(root);
        for part in path.split('/') {
            let part = part.replace("~1", "/").replace("~0", "~");
            found = found.and_then(|node| node.get(&part));
        }
        match found {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}

/// A value, and whether the description gives it rather than only its type.
pub fn of(root: &Node, schema: &Node) -> (Value, bool) {
    at(root, schema, 0)
}

fn at(root: &Node, schema: &Node, depth: usize) -> (Value, bool) {
    let schema = resolved(root, schema);
    let listed = |key: &str| schema.get(key).and_then(|list| list.items().first());
    let given = ["example", "default", "const"].iter().find_map(|key| schema.get(key));
    if let Some(given) = given.or(listed("examples")).or(listed("enum")) {
        return (given.to_json(), true);
    }
    if depth > DEEPEST {
        return (Value::Null, false);
    }
    if let Some(all) = schema.get("allOf") {
        let parts = all.items().iter().map(|part| at(root, part, depth + 1));
        let mut whole = (Map::new(), true);
        for (value, told) in parts {
            whole.0.extend(value.as_object().cloned().unwrap_or_default());
            whole.1 &= told;
        }
        return (whole.0.into(), whole.1);
    }
    if let Some(one) = listed("oneOf").or(listed("anyOf")) {
        return at(root, one, depth + 1);
    }
    let kind = schema.get("type").and_then(|kind| {
        let named = kind.items().iter().filter_map(Node::as_text).find(|name| *name != "null");
        kind.as_text().or(named)
    });
    match kind {
        Some("object") => object(root, schema, depth),
        None if schema.get("properties").is_some() => object(root, schema, depth),
        Some("array") => {
            let item = schema.get("items").map(|items| at(root, items, depth + 1));
            let (value, told) = item.unwrap_or((Value::Null, true));
            (if value.is_null() { json!([]) } else { json!([value]) }, told)
        }
        Some("integer" | "number") => {
            let least = schema.get("minimum").and_then(Node::as_number).unwrap_or(1.0);
            (json!(least.ceil() as i64), false)
        }
        Some("boolean") => (json!(true), false),
        _ => (json!(words(schema)), false),
    }
}

/// What must be there; where nothing must, all of it.
fn object(root: &Node, schema: &Node, depth: usize) -> (Value, bool) {
    let needed: Vec<&str> = schema
        .get("required")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::as_text)
        .collect();
    let mut whole = (Map::new(), true);
    for (name, part) in schema.get("properties").map(Node::entries).unwrap_or_default() {
        let read_only = resolved(root, part).get("readOnly").is_some_and(Node::is_true);
        if read_only || (!needed.is_empty() && !needed.contains(&name.as_str())) {
            continue;
        }
        let (value, told) = at(root, part, depth + 1);
        whole.0.insert(name.clone(), value);
        whole.1 &= told;
    }
    (whole.0.into(), whole.1)
}

fn words(schema: &Node) -> String {
    let text = match schema.text("format") {
        Some("email") => "taster@example.org",
        Some("uuid") => "00000000-0000-4000-8000-000000000001",
        Some("date") => "2026-01-31",
        Some("date-time") => "2026-01-31T12:00:00Z",
        Some("uri" | "url") => "https://example.org/",
        _ => "text",
    };
    let least = schema.get("minLength").and_then(Node::as_number).unwrap_or(0.0) as usize;
    let missing = least.saturating_sub(text.len()).min(1_000);
    text.to_string() + &"t".repeat(missing)
}
