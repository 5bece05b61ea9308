//! Files that are written for a person, who may have changed what is there: never over it.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use super::StoreError;

/// Writes a file that is not there yet, with the folders it needs; false where it is there.
///
/// # Errors
/// When it cannot be written.
pub fn write_new(path: &Path, text: &str) -> Result<bool, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)
            .map_err(|error| StoreError::io("create the folder", folder, error))?;
    }
    let opened = fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match opened {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        opened => opened.map_err(|error| StoreError::io("write", path, error))?,
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map(|()| true).map_err(|error| StoreError::io("write", path, error))
}

/// The files of a folder and of those below it, up to so many levels deep, in the order of their
/// names; without hidden folders and those that tools fill.
pub fn files_below(folder: &Path, levels: usize) -> Vec<std::path::PathBuf> {
    const FILLED: [&str; 6] = ["node_modules", "target", "vendor", "dist", "build", "reports"];
    const MOST: usize = 5_000;
    let mut found = Vec::new();
    let mut open = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let mut entries: Vec<_> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        entries.sort();
        for path in entries {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_symlink() || found.len() >= MOST {
                continue;
            }
            match path.is_dir() {
                true if depth < levels && !name.starts_with('.') && !FILLED.contains(&name) => {
                    open.push((path, depth + 1));
                }
                true => {}
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}
