//! Tells a person what is wrong in a file, where, and what to do next.
//!
//! A problem is built here by whoever finds it and drawn here, always the same way; nothing in
//! this module knows what a scenario is, and nothing here prints.

mod explanation;
mod nearest;
mod render;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use explanation::{Explanation, explain};
pub use nearest::nearest;
pub use render::Style;

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

    /// The text meant.
    pub fn text(&self) -> &str {
        self.file.text.get(self.span.clone()).unwrap_or("")
    }

    /// The line, counted from 1.
    pub fn line(&self) -> usize {
        let end = self.span.start.min(self.file.text.len());
        self.file.text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The column, in characters, counted from 1.
    pub fn column(&self) -> usize {
        let end = self.file.text.floor_char_boundary(self.span.start);
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
    /// A stable name, such as `unknown-key`, which `taster explain` explains.
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

/// All problems found.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// In the order of their places, once `sort` was called.
    pub list: Vec<Diagnostic>,
}

impl Diagnostic {
    /// Something at `place` that keeps the file from being used; `label` says in a few words what
    /// stands there.
    pub fn error(
        code: &'static str,
        problem: impl Into<String>,
        place: &Place,
        label: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            problem: problem.into(),
            place: Some(place.clone()),
            label: label.into(),
            related: None,
            help: None,
        }
    }

    /// Something at `place` that looks like a mistake.
    pub fn warning(
        code: &'static str,
        problem: impl Into<String>,
        place: &Place,
        label: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, problem, place, label) }
    }

    /// A problem of a file as a whole; `problem` names the file.
    pub fn without_place(code: &'static str, problem: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            problem: problem.into(),
            place: None,
            label: String::new(),
            related: None,
            help: None,
        }
    }

    /// Adds a second place that matters.
    pub fn related(mut self, place: &Place, label: impl Into<String>) -> Self {
        self.related = Some((place.clone(), label.into()));
        self
    }

    /// Adds what to do next.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do next, where that is known.
    pub fn help_if(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}

impl Diagnostics {
    /// Adds a problem.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|one| one.severity == Severity::Error)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Puts them in the order of their places: files in the order they first appear.
    pub fn sort(&mut self) {
        let mut files: Vec<String> = Vec::new();
        for place in self.list.iter().filter_map(|one| one.place.as_ref()) {
            if !files.contains(&place.file.name) {
                files.push(place.file.name.clone());
            }
        }
        self.list.sort_by_key(|one| {
            one.place.as_ref().map(|place| {
                let file = files.iter().position(|name| *name == place.file.name);
                (file, place.span.start, place.span.end)
            })
        });
    }

    /// One line about all of them: `2 errors and 1 warning in shopping.yaml`.
    pub fn summary(&self) -> String {
        let errors = self.list.iter().filter(|one| one.severity == Severity::Error).count();
        let counted = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{count} {word}s")),
        };
        let counts = [counted(errors, "error"), counted(self.list.len() - errors, "warning")];
        let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(" and ");
        let places = self.list.iter().filter_map(|one| one.place.as_ref());
        let mut files: Vec<&str> = places.map(|place| place.file.name.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        match (counts.as_str(), files.as_slice()) {
            ("", _) => "no problems".to_string(),
            (counts, []) => counts.to_string(),
            (counts, [file]) => format!("{counts} in {file}"),
            (counts, files) => format!("{counts} in {} files", files.len()),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self { list: vec![one] }
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<T: IntoIterator<Item = Diagnostic>>(list: T) -> Self {
        Self { list: list.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &Arc<SourceFile>, start: usize) -> Diagnostic {
        Diagnostic::error("some-code", format!("at {start}"), &Place::new(file, start..start), "")
    }

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let file = SourceFile::new("a.yaml", "grün: 1\r\nöl: 2");
        let place = Place::new(&file, file.text.find('2').unwrap()..file.text.len());
        assert_eq!(place.to_string(), "a.yaml:2:5");
        assert_eq!((place.line_text(), place.text()), ("öl: 2", "2"));
    }

    #[test]
    fn a_place_beyond_the_end_is_the_end() {
        let file = SourceFile::new("a.yaml", "a: 1\n");
        assert_eq!(Place::new(&file, 99..120).to_string(), "a.yaml:2:1");
    }

    #[test]
    fn problems_are_sorted_by_place_within_their_files() {
        let (a, b) = (SourceFile::new("b.yaml", "0123456789"), SourceFile::new("a.yaml", "01"));
        let mut all: Diagnostics = [at(&a, 7), at(&b, 1), at(&a, 2)].into_iter().collect();
        all.sort();
        let order: Vec<&str> = all.list.iter().map(|one| one.problem.as_str()).collect();
        assert_eq!(order, ["at 2", "at 7", "at 1"]);
        assert_eq!(all.summary(), "3 errors in 2 files");
    }

    #[test]
    fn warnings_alone_are_no_errors() {
        let file = SourceFile::new("a.yaml", "a");
        let warning = Diagnostic::warning("some-code", "odd", &Place::new(&file, 0..1), "here");
        let all = Diagnostics::from(warning);
        assert!(!all.has_errors());
        assert_eq!(all.summary(), "1 warning in a.yaml");
    }
}
