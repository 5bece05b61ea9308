//! Reads result files, and puts a killed run together from its journal.

use std::path::{Path, PathBuf};

use crate::result::journal::{Entry, Ledger};
use crate::result::{self, RunResult};
use crate::store::StoreError;

/// The journal's name in a run's folder.
pub(super) const JOURNAL: &str = "result.journal";

/// Reads a result: a `result.json`, a run's folder, or the journal of a run that was killed.
///
/// # Errors
/// When there is none, or it is cut short, too old, too new, or not a result at all.
pub fn read_result(path: &Path) -> Result<RunResult, StoreError> {
    let file = find(path)?;
    let text = std::fs::read(&file).map_err(|error| StoreError::io("read", &file, error))?;
    if file.ends_with(JOURNAL) {
        return from_journal(&file, &text);
    }
    result::from_json(&text).map_err(|error| StoreError::content(&file, error.to_string()))
}

fn find(path: &Path) -> Result<PathBuf, StoreError> {
    let meta = path.metadata().map_err(|error| StoreError::io("read", path, error))?;
    if !meta.is_dir() {
        return Ok(path.to_path_buf());
    }
    [path.join("result.json"), path.join(JOURNAL)]
        .into_iter()
        .find(|file| file.is_file())
        .ok_or_else(|| StoreError::content(path, "has no `result.json`; no run ended there"))
}

/// The last line may be cut by the kill; every line before it is whole.
fn from_journal(file: &Path, text: &[u8]) -> Result<RunResult, StoreError> {
    let nothing = || StoreError::content(file, "is the journal of a run that never began");
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').filter(|l| l.ends_with(b"\n"));
    let begin = lines.next().ok_or_else(nothing)?;
    result::check_format(begin).map_err(|error| StoreError::content(file, error.to_string()))?;
    let Ok(Entry::Begin(begin)) = serde_json::from_slice(begin) else { return Err(nothing()) };
    let mut ledger = Ledger::new(*begin);
    for (index, line) in lines.enumerate() {
        let broken = |error: &dyn std::fmt::Display| {
            StoreError::content(file, format!("cannot be read at line {}: {error}", index + 2))
        };
        let entry: Entry = serde_json::from_slice(line).map_err(|error| broken(&error))?;
        ledger.apply(&entry).map_err(|error| broken(&error))?;
    }
    Ok(ledger.finish())
}
