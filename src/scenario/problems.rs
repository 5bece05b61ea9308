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
    ) -> Said<'_> {
        let place = self.place(span);
        self.push(Diagnostic::error(code, problem, &place, label))
    }

    /// Something that looks like a mistake.
    pub(super) fn warning(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        problem: impl Into<String>,
        label: impl Into<String>,
    ) -> Said<'_> {
        let place = self.place(span);
        self.push(Diagnostic::warning(code, problem, &place, label))
    }

    /// Something that is there for the second time.
    pub(super) fn duplicate(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        problem: impl Into<String>,
        first: Range<usize>,
    ) -> Said<'_> {
        self.error(code, span, problem, "given again here").related(first, "first given here")
    }

    /// Adds a problem, but not the same twice: a value that is reached through aliases is looked
    /// at as often.
    fn push(&mut self, one: Diagnostic) -> Said<'_> {
        debug_assert!(CODES.iter().any(|known| known.code == one.code), "{}", one.code);
        let span = one.place.as_ref().map(|place| place.span.clone());
        if !self.seen.insert((one.code, span, one.problem.clone())) {
            return Said(None);
        }
        self.found.push(one);
        Said(self.found.list.last_mut())
    }

    /// Takes back what was said of a value that begins at `start`, for a better word about it.
    pub(super) fn take_back(&mut self, code: &str, start: usize) {
        self.found.list.retain(|one| {
            let here = one.place.as_ref().is_some_and(|place| place.span.start == start);
            one.code != code || !here
        });
        self.seen.retain(|(seen, span, _)| {
            *seen != code || span.as_ref().is_none_or(|span| span.start != start)
        });
    }

    /// Everything found, in the order of the file.
    pub(super) fn into_sorted(mut self) -> Diagnostics {
        self.found.sort();
        self.found
    }
}

/// A problem just reported, to say more about; none when it had been reported before.
pub(super) struct Said<'a>(Option<&'a mut Diagnostic>);

impl Said<'_> {
    /// Adds what to do next.
    pub(super) fn help(self, help: impl Into<String>) -> Self {
        if let Said(Some(one)) = self {
            one.help = Some(help.into());
            return Said(Some(one));
        }
        self
    }

    /// Adds a second place that matters.
    pub(super) fn related(self, span: Range<usize>, label: impl Into<String>) -> Self {
        if let Said(Some(one)) = self {
            let home = one.place.as_ref().map(|place| Place::new(&place.file, span));
            one.related = home.map(|place| (place, label.into()));
            return Said(Some(one));
        }
        self
    }
}

/// A text of the user's inside a sentence: in backticks, on one line, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    let line: String =
        text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() > 60 { format!("`{line}…`") } else { format!("`{line}`") }
}
