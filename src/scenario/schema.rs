//! Draws the grammar as a JSON Schema, so that editors complete and explain scenario files.

use serde_json::{Map, Value, json};

use super::grammar::{Act, FILE, Form, Key, Kind, Object, Role, Word, objects};
use super::problems::Problems;
use super::roles::ROLES;
use super::yaml;
use crate::diagnostic::SourceFile;

/// The JSON Schema (2020-12) of scenario files.
pub fn schema() -> Value {
    let definitions: Map<String, Value> =
        objects().into_iter().map(|one| (one.id.to_string(), object(one))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Taster scenario file",
        "$ref": format!("#/$defs/{}", FILE.id),
        "$defs": definitions,
    })
}

fn object(object: &Object) -> Value {
    let properties: Map<String, Value> =
        object.keys().map(|key| (key.name.to_string(), property(key))).collect();
    let mut schema = json!({
        "type": "object",
        "description": object.doc,
        "properties": properties,
        "additionalProperties": false,
    });
    let required: Vec<&str> =
        object.keys().filter(|key| key.required).map(|key| key.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let together = [conflicts(object), actions(object)].concat();
    if !together.is_empty() {
        schema["allOf"] = Value::Array(together);
    }
    schema
}

/// Keys of which at most one may be there: no two of them.
fn conflicts(object: &Object) -> Vec<Value> {
    let mut pairs = Vec::new();
    for either in object.either {
        for (at, first) in either.iter().enumerate() {
            for second in &either[at + 1..] {
                pairs.push(json!({ "not": { "required": [first, second] } }));
            }
        }
    }
    pairs
}

/// Exactly one action.
fn actions(object: &Object) -> Vec<Value> {
    let action = |key: &&'static Key| matches!(key.role, Role::Action(_));
    let one_of: Vec<Value> =
        object.keys().filter(action).map(|key| json!({ "required": [key.name] })).collect();
    match one_of.is_empty() {
        true => one_of,
        false => vec![json!({ "oneOf": one_of })],
    }
}

fn property(key: &Key) -> Value {
    let mut schema = kind(&key.kind);
    let mut description = key.doc.to_string();
    if let Some(default) = key.default {
        description.push_str(&format!(" Default: {default}."));
    }
    if matches!(key.role, Role::Action(Act::Browser)) {
        description.push_str(" (browser)");
    }
    schema["description"] = json!(description);
    schema["examples"] = json!([example(key)]);
    schema
}

/// The example of a key, which the grammar has as YAML.
fn example(key: &Key) -> Value {
    let mut problems = Problems::new(&SourceFile::new(key.name, key.example));
    yaml::read(&mut problems).map_or(Value::Null, |node| node.to_json(&mut problems))
}

fn kind(one: &Kind) -> Value {
    match one {
        Kind::Any => json!({}),
        Kind::Scalar => json!({ "type": ["string", "number", "boolean", "null"] }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Whole(least, most) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Kind::Bare(None) => json!({ "enum": [true, null] }),
        Kind::Bare(Some(form)) => json!({ "anyOf": [{ "enum": [true, null] }, text(*form)] }),
        Kind::Text(Form::Role) => {
            json!({ "anyOf": [{ "enum": &ROLES[..] }, { "type": "string", "pattern": "\\{\\{" }] })
        }
        Kind::Text(form) => text(*form),
        Kind::Word(words) => enumeration(words),
        Kind::WordOr(words, inner) => json!({ "anyOf": [enumeration(words), kind(inner)] }),
        Kind::List(inner, 0) => json!({ "type": "array", "items": kind(inner) }),
        Kind::List(inner, least) => {
            json!({ "type": "array", "items": kind(inner), "minItems": least })
        }
        Kind::OneOrMany(inner) => {
            let many = json!({ "type": "array", "items": kind(inner), "minItems": 1 });
            json!({ "anyOf": [kind(inner), many] })
        }
        Kind::Map(form, inner) => {
            let mut map = json!({ "type": "object", "additionalProperties": kind(inner) });
            if let Some(pattern) = form.pattern() {
                map["propertyNames"] = json!({ "pattern": pattern });
            }
            map
        }
        Kind::Object(object) => json!({ "$ref": format!("#/$defs/{}", object().id) }),
        Kind::OneOf(kinds) => json!({ "anyOf": kinds.iter().map(kind).collect::<Vec<_>>() }),
    }
}

/// YAML reads `500` as a number, and it is a text all the same where a text belongs.
fn text(form: Form) -> Value {
    let types = match form {
        Form::Reason => json!("string"),
        Form::Ordered | Form::Number => json!(["string", "number"]),
        _ => json!(["string", "number", "boolean"]),
    };
    match form.pattern() {
        Some(pattern) => json!({ "type": types, "pattern": pattern }),
        None => json!({ "type": types }),
    }
}

fn enumeration(words: &[Word]) -> Value {
    // A word that looks like a number or a boolean is one, where YAML has it without quotes.
    let one = |word: &Word| {
        let mut schema = match serde_json::from_str::<Value>(word.name) {
            Ok(value) if !value.is_null() => json!({ "enum": [word.name, value] }),
            _ => json!({ "const": word.name }),
        };
        if !word.doc.is_empty() {
            schema["description"] = json!(word.doc);
        }
        schema
    };
    match words {
        // YAML reads `null` as nothing, so `type: null` reaches an editor as that.
        _ if words.iter().any(|word| word.name == "null") => {
            let mut all: Vec<Value> = words.iter().map(one).collect();
            all.push(json!({ "type": "null" }));
            json!({ "anyOf": all })
        }
        _ => json!({ "oneOf": words.iter().map(one).collect::<Vec<_>>() }),
    }
}
