//! Is a failure in full, as every report shows it.

use serde::Serialize;

use super::foreign::{block, line};
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
    pub request: String,
    pub response: String,
}

pub(super) fn failure(example: &FailureExample) -> FailureRow {
    let mut parts = example.place.rsplitn(3, ':');
    let column = parts.next().and_then(|column| column.parse().ok()).unwrap_or(1);
    let line_number = parts.next().filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
    FailureRow {
        kind: line(&example.kind, 40),
        step: line(&example.step, NAME),
        message: line(&example.message, 600),
        place: line(&example.place, 240),
        line_number: line_number.unwrap_or("").to_string(),
        column,
        line: block(&example.line, 1),
        request: block(&example.request, 12),
        response: block(example.response.as_deref().unwrap_or(""), 16),
    }
}
