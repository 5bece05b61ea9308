//! Finds what a request took from an earlier answer, so that it is captured and not replayed: ids
//! and tokens that a server made up are others in the next run.

use serde_json::Value;

use super::exchange::Exchange;
use crate::import::Note;

/// A text that is shorter turns up by chance.
const SHORTEST: usize = 8;

/// A number of so many digits is hardly anything but an id.
const DIGITS: usize = 5;

/// The most values of one answer that are looked for.
const MOST: usize = 500;

/// Captures what later requests repeat, and tells of each.
pub fn link(exchanges: &mut [Exchange]) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for at in 0..exchanges.len() {
        let (before, later) = exchanges.split_at_mut(at + 1);
        let Some(source) = before.last_mut() else { continue };
        let mut leaves = Vec::new();
        if let Some(answer) = &source.answer {
            collect(answer, "$", &mut leaves);
        }
        for (path, text) in leaves {
            // What was sent itself is no news.
            if mentions(source, &text) || !later.iter().any(|one| mentions(one, &text)) {
                continue;
            }
            let name = named(&path, &mut names);
            for one in later.iter_mut() {
                replace(one, &text, &format!("{{{{ {name} }}}}"));
            }
            let what = format!("`{path}` is captured as `{name}`: later requests repeat it");
            notes.push(Note { line: source.line, what });
            source.captures.insert(name, path.into());
        }
    }
    notes
}

fn collect(value: &Value, path: &str, leaves: &mut Vec<(String, String)>) {
    if leaves.len() >= MOST {
        return;
    }
    match value {
        Value::String(text) if text.len() >= SHORTEST && !text.contains(char::is_whitespace) => {
            leaves.push((path.to_string(), text.clone()));
        }
        Value::Number(number) if number.to_string().len() >= DIGITS => {
            leaves.push((path.to_string(), number.to_string()));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(item, &format!("{path}[{at}]"), leaves);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                let plain = plain && !key.starts_with(|c: char| c.is_ascii_digit());
                let part = match plain && !key.is_empty() {
                    true => format!(".{key}"),
                    false => format!("['{}']", key.replace('\\', "\\\\").replace('\'', "\\'")),
                };
                collect(value, &format!("{path}{part}"), leaves);
            }
        }
        _ => {}
    }
}

fn mentions(one: &Exchange, text: &str) -> bool {
    let body = one.body.as_ref().is_some_and(|(_, body)| holds(body, text));
    let bearer = one.bearer.as_deref() == Some(text);
    body || bearer
        || one.path.contains(text)
        || one
            .headers
            .values()
            .any(|value| value.as_str().is_some_and(|value| value.contains(text)))
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.contains(text),
        Value::Number(number) => number.to_string() == text,
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(map) => map.values().any(|value| holds(value, text)),
        _ => false,
    }
}

fn replace(one: &mut Exchange, text: &str, template: &str) {
    one.path = one.path.replace(text, template);
    if one.bearer.as_deref() == Some(text) {
        one.token = Some(template.to_string());
    }
    if let Some((_, body)) = &mut one.body {
        fill(body, text, template);
    }
    one.headers.values_mut().for_each(|value| fill(value, text, template));
}

/// A number becomes a template, which keeps its type where it stands alone.
fn fill(value: &mut Value, text: &str, template: &str) {
    match value {
        Value::String(own) => *own = own.replace(text, template),
        Value::Number(number) if number.to_string() == text => *value = template.into(),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, text, template)),
        Value::Object(map) => map.values_mut().for_each(|value| fill(value, text, template)),
        _ => {}
    }
}

/// The last name in the path, made one that templates know.
fn named(path: &str, names: &mut Vec<String>) -> String {
    let last = path.rsplit(['.', '\'', '[', ']']).find(|part| {
        !part.is_empty() && *part != "$" && part.chars().any(|c| c.is_ascii_alphabetic())
    });
    let clean: String = last
        .unwrap_or("value")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .collect();
    let first = clean.starts_with(|c: char| c.is_ascii_alphabetic());
    let clean = if first { clean } else { format!("v{clean}") };
    // Functions and feeds have names, too.
    let clean = match clean.as_str() {
        "vars" | "secrets" | "now" | "user" | "iteration" | "uuid" => format!("the-{clean}"),
        _ => clean,
    };
    let mut name = clean.clone();
    let mut number = 2;
    while names.contains(&name) {
        name = format!("{clean}-{number}");
        number += 1;
    }
    names.push(name.clone());
    name
}
