//! Collects what is wrong with one file.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, Spanned};

use super::codes::CODES;

/// All that was found in one file so far.
pub(super) struct Problems {
    file: Arc<SourceFile>,
    found: Diagnostics,
    seen: HashSet<(&'static str, Option<Range<usize>>, String)>,
}

impl Problems {
    pub(super) fn new(file: &Arc<SourceFile>) -> Self {
        Self { file: file.clone(), found: Diagnostics::default(), seen: HashSet::new() }
    }

    pub(super) fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    pub(super) fn place(&self, span: Range<usize>) -> Place {
        Place::new(&self.file, span)
    }

    pub(super) fn spanned<T>(&self, value: T, span: Range<usize>) -> Spanned<T> {
        Spanned::new(value, self.place(span))
    }

    /// Something that keeps the file from being used.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        problem: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let place = self.place(span);
        self.push(Diagnostic::error(code, problem, &place, label).help_if(help));
    }

    /// Something that looks like a mistake.
    pub(super) fn warning(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        problem: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        let place = self.place(span);
        self.push(Diagnostic::warning(code, problem, &place, label).help_if(help));
    }

    /// Something that is there for the second time.
    pub(super) fn duplicate(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        problem: impl Into<String>,
        first: Range<usize>,
        help: &str,
    ) {
        let (place, first) = (self.place(span), self.place(first));
        let one = Diagnostic::error(code, problem, &place, "given again here");
        self.push(one.related(&first, "first given here").help(help));
    }

    /// Adds a problem, but not the same twice: a value that is reached through aliases is looked
    /// at as often.
    pub(super) fn push(&mut self, one: Diagnostic) {
        debug_assert!(CODES.iter().any(|(code, _)| *code == one.code), "{}", one.code);
        let span = one.place.as_ref().map(|place| place.span.clone());
        if self.seen.insert((one.code, span, one.problem.clone())) {
            self.found.push(one);
        }
    }

    /// Everything found, in the order of the file.
    pub(super) fn into_sorted(mut self) -> Diagnostics {
        self.found.sort();
        self.found
    }
}

/// A text of the user's inside a sentence: in backticks, on one line, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    let line: String =
        text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > 60 { format!("`{line}…`") } else { format!("`{line}`") }
}
