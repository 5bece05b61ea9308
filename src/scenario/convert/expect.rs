//! What must hold: of an answer, and of a value.

use serde_json::Value;

use super::super::grammar::MATCHER;
use super::super::problems::Problems;
use super::super::yaml::{Data, Entry, Node, Text};
use super::super::{Comparison, Expect, JsonType, Matcher, StatusSet};
use super::step::json;
use super::{Pairs, boolean, field_duration, items, key, no_header_twice, text};
use crate::diagnostic::Spanned;

/// `expect`.
pub(super) fn expect(node: &Node, problems: &mut Problems) -> Expect {
    no_header_twice(node.get("headers"), problems);
    let mut expect = Expect {
        status: items(node.get("status")).iter().filter_map(|one| status(one, problems)).collect(),
        headers: matchers(node.get("headers"), problems),
        body: node.get("body").and_then(|body| matcher(body, problems)),
        json: matchers(node.get("json"), problems),
        schema: None,
        schema_file: None,
        within: field_duration(node, "within", problems),
    };
    if let Some(schema) = node.get("schema") {
        expect.schema_file = text(schema, problems);
        expect.schema = schema.entries().map(|_| inline_schema(schema, problems));
    }
    expect
}

fn inline_schema(node: &Node, problems: &mut Problems) -> Spanned<Value> {
    let schema = json(node, problems);
    if let Err(error) = jsonschema::meta::validate(&schema.value) {
        let inside = error.instance_path().as_str().split('/').skip(1);
        let at = inside.fold(node, |at, step| deeper(at, step).unwrap_or(at));
        let help = "see https://json-schema.org; a schema may also be a file: `schema: a.json`";
        let problem = format!("this is not a JSON Schema: {error}");
        problems.error("bad-schema", at.span.clone(), problem, "here").help(help);
    }
    schema
}

/// One step of a JSON pointer.
fn deeper<'a>(node: &'a Node, step: &str) -> Option<&'a Node> {
    let step = step.replace("~1", "/").replace("~0", "~");
    match &node.data {
        Data::List(items) => items.get(step.parse::<usize>().ok()?),
        _ => node.get(&step),
    }
}

fn status(node: &Node, problems: &Problems) -> Option<Spanned<StatusSet>> {
    let status = text(node, problems)?;
    let written = status.value.trim();
    let class = written.strip_suffix("xx").or_else(|| written.strip_suffix("XX"));
    let set = match class {
        Some(class) => StatusSet::Class(class.parse().ok()?),
        None => StatusSet::One(written.parse().ok()?),
    };
    Some(Spanned::new(set, status.place))
}

/// A map from names to matchers.
pub(super) fn matchers(node: Option<&Node>, problems: &mut Problems) -> Pairs<Matcher> {
    let entries = node.and_then(Node::entries).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| Some((key(&entry.key, problems), matcher(&entry.value, problems)?)))
        .collect()
}

fn matcher(node: &Node, problems: &mut Problems) -> Option<Matcher> {
    let place = problems.place(node.span.clone());
    let tests = match &node.data {
        Data::Broken => return None,
        Data::Map(entries) => {
            if entries.is_empty() {
                let problem = "this matcher demands nothing";
                problems
                    .error("empty-value", node.span.clone(), problem, "always holds")
                    .help("write `exists: true`; to compare with an empty map, `equals: {}`");
            }
            no_contradiction(node, entries, problems);
            entries.iter().filter_map(|entry| comparison(entry, problems)).collect()
        }
        _ => vec![Comparison::Equals(json(node, problems))],
    };
    Some(Matcher { place, tests })
}

fn comparison(entry: &Entry, problems: &mut Problems) -> Option<Comparison> {
    let node = &entry.value;
    Some(match entry.key.text.as_str() {
        "equals" => Comparison::Equals(json(node, problems)),
        "not" => {
            not_takes_a_value(&entry.key, node, problems);
            Comparison::Not(json(node, problems))
        }
        "gt" => Comparison::Gt(json(node, problems)),
        "gte" => Comparison::Gte(json(node, problems)),
        "lt" => Comparison::Lt(json(node, problems)),
        "lte" => Comparison::Lte(json(node, problems)),
        "in" => {
            let values = node.items()?.iter().map(|item| item.to_json(problems)).collect();
            Comparison::In(problems.spanned(values, node.span.clone()))
        }
        "contains" => Comparison::Contains(json(node, problems)),
        "not-contains" => Comparison::NotContains(json(node, problems)),
        "starts-with" => Comparison::StartsWith(text(node, problems)?),
        "ends-with" => Comparison::EndsWith(text(node, problems)?),
        "matches" => Comparison::Matches(text(node, problems)?),
        "type" => Comparison::Type(json_type(node, problems)?),
        "length" => Comparison::Length(Box::new(matcher(node, problems)?)),
        "exists" => Comparison::Exists(problems.spanned(boolean(node)?, node.span.clone())),
        "empty" => Comparison::Length(Box::new(emptiness(boolean(node)?, node, problems))),
        "each" => Comparison::Each(Box::new(matcher(node, problems)?)),
        "any" => Comparison::Any(Box::new(matcher(node, problems)?)),
        _ => return None,
    })
}

/// `empty: true` is a length of 0, `empty: false` one above it.
fn emptiness(empty: bool, node: &Node, problems: &Problems) -> Matcher {
    let zero = problems.spanned(Value::from(0), node.span.clone());
    let test = if empty { Comparison::Equals(zero) } else { Comparison::Gt(zero) };
    Matcher { place: problems.place(node.span.clone()), tests: vec![test] }
}

fn json_type(node: &Node, problems: &Problems) -> Option<Spanned<JsonType>> {
    // Not `text`: the word `null` is also YAML's nothing.
    let json_type = match node.scalar()?.text.text.as_str() {
        "string" => JsonType::String,
        "number" => JsonType::Number,
        "integer" => JsonType::Integer,
        "boolean" => JsonType::Boolean,
        "array" => JsonType::Array,
        "object" => JsonType::Object,
        "null" => JsonType::Null,
        _ => return None,
    };
    Some(problems.spanned(json_type, node.span.clone()))
}

/// `not: { contains: x }` would compare with a map, which is hardly ever meant.
fn not_takes_a_value(key: &Text, node: &Node, problems: &mut Problems) {
    let Some([first, rest @ ..]) = node.entries() else { return };
    let operator = |entry: &Entry| MATCHER.key(&entry.key.text).is_some();
    if !operator(first) || !rest.iter().all(operator) {
        return;
    }
    let instead = match first.key.text.as_str() {
        "contains" => "write `not-contains: ...`",
        "gt" => "write `lte: ...`",
        "gte" => "write `lt: ...`",
        "lt" => "write `gte: ...`",
        "lte" => "write `gt: ...`",
        "exists" => "write `exists: false`",
        "equals" => "write `not: ...` with the value itself",
        "empty" => "write `empty: false`",
        _ => "write what must hold instead",
    };
    let problem = format!("`not` takes a value, and `{}` is an operator", first.key.text);
    problems
        .error("not-takes-a-value", first.key.span.clone(), problem, "an operator")
        .related(key.span.clone(), "compares with this map as a value")
        .help(instead);
}

/// Nothing can be demanded of what must not be there.
fn no_contradiction(node: &Node, entries: &[Entry], problems: &mut Problems) {
    let absent = node.get("exists").and_then(boolean) == Some(false);
    let Some(other) = entries.iter().find(|entry| entry.key.text != "exists") else { return };
    let Some(exists) = entries.iter().find(|entry| entry.key.text == "exists") else { return };
    if absent {
        let problem = format!("`{}` can never hold of what must not exist", other.key.text);
        problems
            .error("contradiction", other.key.span.clone(), problem, "demands a value")
            .related(exists.key.span.clone(), "demands that there is none")
            .help("leave one of them out");
    }
}
