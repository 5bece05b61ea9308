//! What of an answer an expression means.

use super::Making;
use crate::import::script::{Expr, Kind, Known};

/// A part of an answer, with the number of its step.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The answer itself.
    Answer(usize),
    /// Its status.
    Status(usize),
    /// Its text.
    Body(usize),
    /// Its headers.
    Headers(usize),
    /// One of them.
    Header(usize, String),
    /// How long its phases took.
    Timings(usize),
    /// How long it took.
    Duration(usize),
    /// A part of its JSON.
    Json(usize, String),
    /// The length of a part of its JSON.
    Length(usize, String),
}

impl Making<'_> {
    /// The part of an answer that an expression means.
    pub(super) fn source(&mut self, expr: &Expr) -> Option<Source> {
        match &expr.kind {
            Kind::Name(name) => match self.scope.known(name)? {
                Known::Answer(step) => Some(Source::Answer(*step)),
                Known::Part(step, path) => Some(Source::Json(*step, path.clone())),
                _ => None,
            },
            Kind::Member(of, key) => member(self.source(of)?, key),
            Kind::Index(of, key) => {
                let (source, key) = (self.source(of)?, self.scope.value(key)?);
                match (source, key) {
                    (Source::Json(step, path), key) if key.is_u64() => {
                        Some(Source::Json(step, format!("{path}[{key}]")))
                    }
                    (source, key) => member(source, key.as_str()?),
                }
            }
            Kind::Call(..) => self.called(expr),
            _ => None,
        }
    }

    fn called(&mut self, expr: &Expr) -> Option<Source> {
        let (callee, arguments) = expr.call()?;
        if callee.path().as_deref() == Some("JSON.parse") {
            return match self.source(arguments.first()?)? {
                Source::Body(step) => Some(Source::Json(step, "$".to_string())),
                _ => None,
            };
        }
        let (of, method, arguments) = expr.method()?;
        match (self.source(of)?, method) {
            (Source::Answer(step), "json") => {
                let path = match arguments.first() {
                    None => "$".to_string(),
                    Some(path) => json_path(&self.scope.text(path)?)?,
                };
                Some(Source::Json(step, path))
            }
            _ => None,
        }
    }
}

fn member(of: Source, key: &str) -> Option<Source> {
    match (of, key) {
        (Source::Answer(step), "status") => Some(Source::Status(step)),
        (Source::Answer(step), "body") => Some(Source::Body(step)),
        (Source::Answer(step), "headers") => Some(Source::Headers(step)),
        (Source::Answer(step), "timings") => Some(Source::Timings(step)),
        (Source::Timings(step), "duration") => Some(Source::Duration(step)),
        (Source::Headers(step), name) => Some(Source::Header(step, name.to_lowercase())),
        (Source::Json(step, path), "length") => Some(Source::Length(step, path)),
        (Source::Json(step, path), key) => Some(Source::Json(step, format!("{path}{}", part(key)))),
        _ => None,
    }
}

/// `.key`, or in brackets where it is no plain name.
fn part(key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let first = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    match plain && first {
        true => format!(".{key}"),
        false => format!("['{}']", key.replace('\\', "\\\\").replace('\'', "\\'")),
    }
}

/// k6 selects with GJSON: of it, names and numbers between dots.
fn json_path(selector: &str) -> Option<String> {
    if selector.contains(['#', '*', '?', '|', '@', '\\', '{']) {
        return None;
    }
    let parts = selector.split('.').filter(|part| !part.is_empty());
    let parts = parts.map(|one| match one.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("[{one}]"),
        false => part(one),
    });
    Some(format!("${}", parts.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_of_k6_becomes_a_json_path() {
        for (selector, path) in [
            ("data.token", Some("$.data.token")),
            ("items.0.id", Some("$.items[0].id")),
            ("a-b", Some("$['a-b']")),
            ("items.#.id", None),
        ] {
            assert_eq!(json_path(selector).as_deref(), path, "{selector}");
        }
    }
}
