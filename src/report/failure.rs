//! Is a failure in full, as every report shows it.

use serde::Serialize;

use super::foreign::{block, line};
use super::repeat::Curls;
use super::rows::NAME;
use crate::result::FailureExample;

/// A failure in full.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FailureRow {
    pub kind: String,
    pub step: String,
    pub message: String,
    pub place: String,
    /// The line number that `place` names, and the column.
    pub line_number: String,
    pub column: usize,
    pub line: String,
    /// The same without what all lines of its block begin with, and the column of a caret in it.
    pub source: (String, usize),
    pub request: String,
    pub response: String,
    /// The command that sends the request again; empty where there is none.
    pub curl: String,
}

pub(super) fn failure(example: &FailureExample, curls: Option<&Curls>) -> FailureRow {
    let mut parts = example.place.rsplitn(3, ':');
    let column = parts.next().and_then(|column| column.parse().ok()).unwrap_or(1);
    let line_number = parts.next().filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
    let text = block(&example.line, 1);
    FailureRow {
        kind: line(&example.kind, 40),
        step: line(&example.step, NAME),
        message: line(&example.message, 600),
        place: line(&example.place, 240),
        line_number: line_number.unwrap_or("").to_string(),
        column,
        source: source(&text, column),
        line: text,
        request: block(&example.request, 12),
        response: block(example.response.as_deref().unwrap_or(""), 16),
        curl: curls.and_then(|curls| curls.line(&example.request)).unwrap_or_default(),
    }
}

fn source(line: &str, column: usize) -> (String, usize) {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    (text.to_string(), column.saturating_sub(1 + indent).min(160))
}
