//! Keeps the recordings of a duet: `duet/1-a.json`, `duet/1-b.json`, and so on in its folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::result::RunResult;
use crate::store::run_folder::write_whole;
use crate::store::{StoreError, read_result};

/// The folder of the recordings, in that of the duet.
const FOLDER: &str = "duet";

/// Where one part of a duet writes while it runs.
pub fn part_folder(duet: &Path, name: &str) -> PathBuf {
    duet.join(FOLDER).join(name)
}

/// Takes over what a part has written: from then on it is one file.
///
/// # Errors
/// When it has written nothing that can be read, or the file cannot be written.
pub fn keep_part(duet: &Path, name: &str) -> Result<RunResult, StoreError> {
    let folder = part_folder(duet, name);
    let result = read_result(&folder)?;
    let path = duet.join(FOLDER).join(format!("{name}.json"));
    let mut text = serde_json::to_vec(&result)
        .map_err(|error| StoreError::content(&path, format!("cannot be made: {error}")))?;
    text.push(b'\n');
    write_whole(&path, &text)?;
    fs::remove_dir_all(&folder).map_err(|error| StoreError::io("write", &folder, error))?;
    Ok(result)
}

/// Removes what was recorded of a part: it does not count.
///
/// # Errors
/// When the file is there and cannot be removed.
pub fn forget_part(duet: &Path, name: &str) -> Result<(), StoreError> {
    let path = duet.join(FOLDER).join(format!("{name}.json"));
    fs::remove_file(&path).map_err(|error| StoreError::io("remove", &path, error))
}

/// All parts in a duet's folder that are one file each, in the order of their names.
///
/// # Errors
/// When there is no such folder, or one of them cannot be read.
pub fn read_parts(duet: &Path) -> Result<Vec<RunResult>, StoreError> {
    let folder = duet.join(FOLDER);
    let missing = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::content(
            duet,
            "has no folder `duet`, so it is not that of a duet; `taster duet` keeps each in \
             `reports`",
        ),
        _ => StoreError::io("read", &folder, error),
    };
    let entries = fs::read_dir(&folder).map_err(missing)?;
    let mut paths: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_part(path)).collect();
    paths.sort();
    paths.iter().map(|path| read_result(path)).collect()
}

/// A folder of that name is a part that was cut off.
fn is_part(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "json") && path.is_file()
}
