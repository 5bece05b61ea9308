//! Turns what people have already into a scenario: k6 scripts, Playwright tests, HTTP Archives and
//! OpenAPI descriptions.
//!
//! Each is read by a real parser of its format. What cannot be taken over is told, each with its
//! line: nothing is dropped in silence, and nothing is guessed without a word.

mod har;
mod k6;
mod openapi;
mod playwright;
mod route;
mod script;
mod tree;
mod write;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostic, Diagnostics, Explanation, Place, SourceFile};

pub use har::{first_host, from_har};
pub use k6::from_k6;
pub use openapi::from_openapi;
pub use playwright::from_playwright;

/// What can be wrong with a file that is imported.
pub const CODES: &[Explanation] = &[
    Explanation {
        code: "not-this-format",
        cause: "The file is not of the kind that it is imported as.",
        example: "taster import har openapi.json",
        fix: "Name the kind that the file is of: k6, playwright, har or openapi.",
    },
    Explanation {
        code: "nothing-to-import",
        cause: "The file has nothing in it that a scenario could do.",
        example: "a k6 script whose default function sends no request",
        fix: "Import the file that has the requests in it; helpers are not followed.",
    },
    Explanation {
        code: "script-syntax",
        cause: "The script is not JavaScript or TypeScript that can be read.",
        example: "export default function ( {",
        fix: "Run it with its own tool first; then import it.",
    },
];

/// A scenario, and what was not taken over.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The scenario, key by key.
    pub scenario: Map<String, Value>,
    /// What a reader must know.
    pub notes: Vec<Note>,
}

/// Something that was not taken over, or not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line in the file, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What, in a sentence without a full stop.
    pub what: String,
}

impl Imported {
    /// The scenario file, with the notes as comments at its top.
    pub fn text(&self, from: &str) -> String {
        let mut text = format!("# Made by `taster import` from {}.\n", one_line(from));
        for note in &self.notes {
            let at = if note.line > 0 { format!("line {}: ", note.line) } else { String::new() };
            text.push_str(&format!("# - {at}{}\n", one_line(&note.what)));
        }
        text.push_str(&write::yaml(&Value::Object(self.scenario.clone())));
        text
    }
}

/// Collects notes.
#[derive(Debug)]
struct Notes<'a> {
    file: &'a SourceFile,
    list: Vec<Note>,
}

impl<'a> Notes<'a> {
    fn of(file: &'a SourceFile) -> Self {
        Self { file, list: Vec::new() }
    }

    /// Of the file as a whole; the same is said once.
    fn whole(&mut self, what: impl Into<String>) {
        self.line(0, what);
    }

    fn line(&mut self, line: usize, what: impl Into<String>) {
        let note = Note { line, what: what.into() };
        if !self.list.contains(&note) {
            self.list.push(note);
        }
    }

    /// Of what stands at a byte of the file.
    fn at(&mut self, byte: usize, what: impl Into<String>) {
        let end = byte.min(self.file.text.len());
        let line = self.file.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count();
        self.line(line + 1, what);
    }

    fn sorted(mut self) -> Vec<Note> {
        self.list.sort_by_key(|note| note.line);
        self.list
    }
}

/// A name in reports and templates of the scenario: one line, not too long, no template.
fn name(text: &str) -> String {
    let text = one_line(text).replace("{{", "{").replace("}}", "}");
    match text.char_indices().nth(100) {
        Some((at, _)) => text[..at].trim_end().to_string(),
        None => text,
    }
}

fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A name that no other has: `x`, `x (2)`, `x (3)`.
fn unlike(taken: &mut Vec<String>, wanted: &str) -> String {
    let wanted = if wanted.is_empty() { "step" } else { wanted };
    let free = (1..).map(|number| match number {
        1 => wanted.to_string(),
        _ => format!("{wanted} ({number})"),
    });
    let found = free.into_iter().find(|name| !taken.contains(name)).unwrap_or_default();
    taken.push(found.clone());
    found
}

/// A text as a scenario has it: what looks like a template is none.
fn literal(text: &str) -> String {
    text.replace("{{", "{{{{")
}

/// Matchers as a person writes them: what must only be equal is the value itself. A map is read as
/// operators, so that one keeps its word.
fn plainer(expect: &mut Map<String, Value>) {
    let matchers = expect.get_mut("json").and_then(Value::as_object_mut);
    for matcher in matchers.into_iter().flat_map(|map| map.values_mut()) {
        let only = matcher.as_object().filter(|map| map.len() == 1).and_then(|m| m.get("equals"));
        if let Some(value) = only.filter(|value| !value.is_object()).cloned() {
            *matcher = value;
        }
    }
}

/// A load that is safe on anything: a first look, with limits to begin with.
fn first_load(journey: Vec<Value>) -> Value {
    json!({
        "journey": journey,
        "profiles": { "smoke": { "users": 2, "duration": "10s" } },
        "sla": ["http_req_duration: p(95)<500", "http_req_failed: rate<0.01"],
    })
}

fn nothing(file: &Arc<SourceFile>, what: &str) -> Diagnostics {
    let problem = format!("there is nothing to import in `{}`: {what}", file.name);
    Diagnostic::without_place("nothing-to-import", problem)
        .help("import the file that has the requests in it; what it imports is not followed")
        .into()
}

fn not_this(file: &Arc<SourceFile>, what: &str, line: usize) -> Diagnostics {
    let lines = file.text.split_inclusive('\n').take(line.saturating_sub(1));
    let start: usize = lines.map(str::len).sum();
    let end = file.text[start..].find('\n').map_or(file.text.len(), |at| start + at);
    let problem = format!("this is not {what}");
    Diagnostic::error("not-this-format", problem, &Place::new(file, start..end), "read so far")
        .help("`taster import --help` lists the kinds of files that can be imported")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_line_and_never_the_same() {
        let mut taken = Vec::new();
        let names = ["GET /", "GET /", "a\n{{ b }}"].map(|text| unlike(&mut taken, &name(text)));
        assert_eq!(names, ["GET /", "GET / (2)", "a { b }"]);
    }
}
