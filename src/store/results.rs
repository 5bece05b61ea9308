//! Reads result files, and puts a killed run together from its journal.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::result::journal::{Entry, Ledger};
use crate::result::{self, RunResult};
use crate::store::StoreError;

/// The journal's name in a run's folder.
pub(super) const JOURNAL: &str = "result.journal";

/// The result's name in a run's folder.
pub(super) const RESULT: &str = "result.json";

/// Reads a result: a `result.json`, a run's folder, or the journal of a run that was killed.
///
/// # Errors
/// When there is none, or it is cut short, too old, too new, or not a result at all.
pub fn read_result(path: &Path) -> Result<RunResult, StoreError> {
    let meta = path.metadata().map_err(|error| missing(path, error))?;
    if meta.is_dir() {
        return in_folder(path);
    }
    let text = read(path)?;
    if path.extension().is_some_and(|end| end == "journal") {
        return from_journal(path, &text);
    }
    result::from_json(&text).map_err(|error| StoreError::content(path, error.to_string()))
}

/// The last run that wrote into a folder: a journal beside a result is the same run's, not yet
/// removed, or that of a later run that was killed.
fn in_folder(folder: &Path) -> Result<RunResult, StoreError> {
    let (whole, journal) = (folder.join(RESULT), folder.join(JOURNAL));
    match (whole.is_file(), journal.is_file()) {
        (true, false) => read_result(&whole),
        (false, true) => read_result(&journal),
        (true, true) => {
            let whole = read_result(&whole)?;
            match read_result(&journal) {
                Ok(later) if later.run.id != whole.run.id => Ok(later),
                Err(error) if has_begun(&journal) => Err(error),
                _ => Ok(whole),
            }
        }
        (false, false) => {
            let problem = format!("has no `result.json`, so no run ended there; {RUNS}");
            Err(StoreError::content(folder, problem))
        }
    }
}

const RUNS: &str = "`taster run` keeps each run in `reports`, the last one as `reports/latest`";

fn missing(path: &Path, error: std::io::Error) -> StoreError {
    match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::content(path, format!("is not there; {RUNS}")),
        _ => StoreError::io("read", path, error),
    }
}

/// Whether a journal has more than the beginnings of a run. What is no file may have no end.
pub(super) fn has_begun(journal: &Path) -> bool {
    let mut line = Vec::new();
    journal.is_file()
        && File::open(journal)
            .and_then(|file| BufReader::new(file).read_until(b'\n', &mut line))
            .is_ok_and(|_| line.ends_with(b"\n"))
}

fn read(file: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(file).map_err(|error| StoreError::io("read", file, error))
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
