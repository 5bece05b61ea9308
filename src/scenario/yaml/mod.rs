//! Reads YAML into a tree that knows where everything was written.
//!
//! Nothing here knows what a scenario is. The tree is YAML 1.2 with the core schema; merge keys
//! (`<<`) are spliced in, aliases are copied within a budget, so that what comes out is plain.

mod build;
mod map;
mod scalar;
mod syntax;

use std::ops::Range;

use serde_json::{Map, Value};

pub(super) use build::read;

use super::problems::Problems;

/// How deep a file may be nested. A person gets to ten; the limit keeps recursion safe.
const DEEPEST: usize = 64;

/// How many nodes aliases may add, against files that grow without bound when read.
const MOST_COPIES: usize = 100_000;

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// In bytes; of a block collection, from its first to the end of its last entry.
    pub(super) span: Range<usize>,
    /// What it is.
    pub(super) data: Data,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Data {
    /// `a: |` and so on.
    Scalar(Scalar),
    /// `[a, b]`
    List(Vec<Node>),
    /// `{ a: b }`
    Map(Vec<Entry>),
    /// Something that was already reported and is passed over from here on.
    Broken,
}

/// One entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: Text,
    /// The value.
    pub(super) value: Node,
}

/// A text and where its characters stand.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    /// Without quotes and escapes.
    pub(super) text: String,
    /// With quotes, in bytes.
    pub(super) span: Range<usize>,
    /// Where the first character stands, if the source holds the text as it is.
    inner: Option<usize>,
}

/// A scalar: its text, and what YAML's core schema makes of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scalar {
    /// As written, without quotes.
    pub(super) text: Text,
    /// As resolved.
    pub(super) value: Resolved,
}

/// What the core schema makes of a plain scalar; a quoted one is always `Text`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Resolved {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number that JSON has.
    Number(serde_json::Number),
    /// Anything else.
    Text,
}

impl Text {
    /// Where `part` of the text stands; the whole where that cannot be told.
    pub(super) fn part(&self, part: Range<usize>) -> Range<usize> {
        match self.inner {
            Some(start) => start + part.start..start + part.end,
            None => self.span.clone(),
        }
    }
}

impl Node {
    /// The scalar, if it is one.
    pub(super) fn scalar(&self) -> Option<&Scalar> {
        if let Data::Scalar(scalar) = &self.data { Some(scalar) } else { None }
    }

    /// The entries, if it is a map.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        if let Data::Map(entries) = &self.data { Some(entries) } else { None }
    }

    /// The items, if it is a list.
    pub(super) fn items(&self) -> Option<&[Node]> {
        if let Data::List(items) = &self.data { Some(items) } else { None }
    }

    /// The value of `key`, if it is a map that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
    }

    /// Whether nothing is written here.
    pub(super) fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.value == Resolved::Null)
    }

    /// The same as JSON, where numbers that lose what was written are reported.
    pub(super) fn to_json(&self, problems: &mut Problems) -> Value {
        match &self.data {
            Data::Scalar(scalar) => scalar.to_json(problems),
            Data::List(items) => items.iter().map(|item| item.to_json(problems)).collect(),
            Data::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.text.clone(), entry.value.to_json(problems)))
                    .collect::<Map<_, _>>(),
            ),
            Data::Broken => Value::Null,
        }
    }
}

impl Scalar {
    fn to_json(&self, problems: &mut Problems) -> Value {
        match &self.value {
            Resolved::Null => Value::Null,
            Resolved::Bool(value) => Value::Bool(*value),
            Resolved::Number(number) => {
                self.warn_of_lost_digits(number, problems);
                Value::Number(number.clone())
            }
            Resolved::Text => Value::String(self.text.text.clone()),
        }
    }

    /// `01234` is the number 1234, and a card number of 20 digits is rounded.
    fn warn_of_lost_digits(&self, number: &serde_json::Number, problems: &mut Problems) {
        let text = self.text.text.as_str();
        let digits = text.trim_start_matches(['-', '+']);
        let zeros = digits.len() > 1 && digits.starts_with('0');
        let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole && (zeros || number.is_f64()) {
            problems
                .warning(
                    "number-loses-digits",
                    self.text.span.clone(),
                    format!("`{text}` is read as the number {number}"),
                    "written without quotes",
                )
                .help(format!("to keep every digit, write it as text: \"{text}\""));
        }
    }
}
