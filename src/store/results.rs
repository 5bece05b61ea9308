//! Reads result files, and puts a killed run together from its journal.

use std::io::BufRead;
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

/// Of a folder: the journal, where one is there, because whoever leaves one was killed, and what
/// else is in the folder is from a run before it.
fn find(path: &Path) -> Result<PathBuf, StoreError> {
    let meta = path.metadata().map_err(|error| missing(path, error))?;
    if !meta.is_dir() {
        return Ok(path.to_path_buf());
    }
    let (result, journal) = (path.join("result.json"), path.join(JOURNAL));
    if journal.is_file() && (!result.is_file() || has_begun(&journal)) {
        return Ok(journal);
    }
    if result.is_file() {
        return Ok(result);
    }
    Err(StoreError::content(path, format!("has no `result.json`, so no run ended there; {RUNS}")))
}

const RUNS: &str = "`taster run` keeps each run in `reports`, the last one as `reports/latest`";

fn missing(path: &Path, error: std::io::Error) -> StoreError {
    match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::content(path, format!("is not there; {RUNS}")),
        _ => StoreError::io("read", path, error),
    }
}

/// Whether one line of the journal is whole; else its run has not done anything yet.
fn has_begun(journal: &Path) -> bool {
    let Ok(file) = std::fs::File::open(journal) else { return false };
    let mut line = Vec::new();
    let read = std::io::BufReader::new(file).read_until(b'\n', &mut line);
    read.is_ok() && line.ends_with(b"\n")
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
