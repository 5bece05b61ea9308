//! Tells a person what is wrong in a file, where, and what to do next.
//!
//! A problem is built here by whoever finds it and drawn here, always the same way; nothing in
//! this module knows what a scenario is, and nothing here prints.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file as it was read: the name to show and the text that places point into.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the user would type it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// Wraps a text that was read under `name`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }
}

/// A stretch of a source file, in bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes meant; may be empty, for "here".
    pub span: Range<usize>,
}

impl Place {
    /// A stretch of `file`.
    pub fn new(file: &Arc<SourceFile>, span: Range<usize>) -> Self {
        Self { file: file.clone(), span }
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        let end = self.span.start.min(self.file.text.len());
        self.file.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The column, in characters, counted from 1.
    pub fn column(&self) -> usize {
        let end = self.span.start.min(self.file.text.len());
        let start = self.file.text[..end].rfind('\n').map_or(0, |at| at + 1);
        self.file.text[start..end].chars().count() + 1
    }

    /// The text of the line this place begins on, without its line end.
    pub fn line_text(&self) -> &str {
        self.file.text.lines().nth(self.line() - 1).unwrap_or("")
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.name, self.line(), self.column())
    }
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands in its file.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// A value written at `place`.
    pub fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can, and yet it looks like a mistake.
    Warning,
}

/// One problem in a file.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// A stable name, such as `unknown-key`; `taster explain` will use it.
    pub code: &'static str,
    /// What is wrong, one sentence without a full stop.
    pub problem: String,
    /// Where; none when the file as a whole is meant (its name is then in `problem`).
    pub place: Option<Place>,
    /// What stands at the place, a few words beside the caret.
    pub label: String,
    /// A second place that matters, with its label: "first defined here".
    pub related: Option<(Place, String)>,
    /// What to do next.
    pub help: Option<String>,
}

/// All problems found, at least one of them an error.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// In the order of their places.
    pub list: Vec<Diagnostic>,
}
