//! Keeps which verdict a chat was told last: `.taster/verdicts.json`, beside the durations of
//! tests, because a pipeline can cache it.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use crate::store::StoreError;
use crate::store::run_folder::write_whole;

/// Where it is, from the folder that commands are typed in.
const FILE: &str = ".taster/verdicts.json";

/// The word that was told last, by what was run; nothing where there is no file yet.
///
/// # Errors
/// When there is one and it cannot be read.
pub fn read_told(project: &Path) -> Result<BTreeMap<String, String>, StoreError> {
    let path = project.join(FILE);
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(StoreError::io("read", &path, error)),
        Ok(text) => text,
    };
    serde_json::from_slice(&text).map_err(|error| {
        let problem =
            format!("does not hold verdicts: {error}; delete it, and the next run writes it");
        StoreError::content(&path, problem)
    })
}

/// Keeps the word of one more.
///
/// # Errors
/// When it cannot be read or written.
pub fn keep_told(project: &Path, what: &str, word: &str) -> Result<(), StoreError> {
    let path = project.join(FILE);
    let mut told = read_told(project)?;
    if told.get(what).is_some_and(|known| known == word) {
        return Ok(());
    }
    told.insert(what.to_string(), word.to_string());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| StoreError::io("create the folder", folder, error))?;
    }
    let mut text = serde_json::to_vec_pretty(&told)
        .map_err(|error| StoreError::content(&path, format!("cannot be made: {error}")))?;
    text.push(b'\n');
    write_whole(&path, &text)
}
