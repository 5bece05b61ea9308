//! Scenario files and what they name, read from inside the project's folder only.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{SourceFile, nearest};
use crate::store::StoreError;

/// The longest scenario file or data file that is read, in bytes.
const LONGEST_FILE: u64 = 256 << 20;

/// The most names that are told of what is there instead.
const SHOWN: usize = 6;

/// The folder that scenario files may read from.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The folder that commands are typed in. A scenario file from elsewhere has a project of
    /// its own: the folder it lies in.
    ///
    /// # Errors
    /// When a folder cannot be resolved.
    pub fn of(scenario: &Path, working: &Path) -> Result<Self, StoreError> {
        let canonical =
            |path: &Path| path.canonicalize().map_err(|error| StoreError::io("read", path, error));
        let file = canonical(&working.join(scenario))?;
        let working = canonical(working)?;
        let own = file.parent().unwrap_or(&working).to_path_buf();
        Ok(Self { root: if file.starts_with(&working) { working } else { own } })
    }

    /// Reads a file of this project.
    ///
    /// # Errors
    /// When it lies outside of the project, cannot be read, or is too long.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, StoreError> {
        let real = path.canonicalize().map_err(|error| StoreError::io("read", path, error))?;
        if !real.starts_with(&self.root) {
            let problem = format!(
                "lies outside of the project folder `{}`; a scenario reads only what is inside: \
                 move or copy the file",
                self.root.display()
            );
            return Err(StoreError::content(path, problem));
        }
        read_bytes(path)
    }
}

/// The names of the files beside one, for "did you mean"; none where they cannot be listed.
pub fn names_beside(path: &Path) -> Vec<String> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Ok(entries) = folder.unwrap_or(Path::new(".")).read_dir() else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

/// The scenario files that the paths given stand for: a file is itself, a folder all `.yaml` and
/// `.yml` files directly in it, in the order of their names.
///
/// # Errors
/// When a path cannot be read, or a folder has no such file.
pub fn find_scenarios(paths: &[PathBuf]) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = Vec::new();
    for path in paths {
        let meta = path.metadata().map_err(|error| missing(path, error))?;
        if !meta.is_dir() {
            found.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in path.read_dir().map_err(|error| StoreError::io("read", path, error))? {
            let file = entry.map_err(|error| StoreError::io("read", path, error))?.path();
            if is_yaml(&file) && file.is_file() {
                inside.push(file);
            }
        }
        if inside.is_empty() {
            return Err(StoreError::content(path, NO_SCENARIO));
        }
        inside.sort();
        found.extend(inside);
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    Ok(found)
}

const NO_SCENARIO: &str = "has no scenario file (`*.yaml` or `*.yml`); name one, or the folder \
    that they are in";

fn is_yaml(file: &Path) -> bool {
    file.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

/// A path that is not there gets the scenario files that are.
fn missing(path: &Path, error: std::io::Error) -> StoreError {
    if error.kind() != std::io::ErrorKind::NotFound {
        return StoreError::io("read", path, error);
    }
    let mut beside = names_beside(path);
    beside.retain(|name| is_yaml(Path::new(name)));
    beside.sort();
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let problem = match nearest(wanted, beside.iter().map(String::as_str)) {
        Some(near) => format!("is not there; did you mean `{near}`?"),
        None if beside.is_empty() => {
            "is not there, and no scenario file beside it; look at the path and at the folder you \
             are in"
                .to_string()
        }
        None => {
            let some: Vec<String> =
                beside.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            let more = if beside.len() > SHOWN { ", ..." } else { "" };
            format!("is not there; beside it are {}{more}", some.join(", "))
        }
    };
    StoreError::content(path, problem)
}

/// Reads a scenario file.
///
/// # Errors
/// When it cannot be read, is too long, or is not UTF-8.
pub fn read_source(path: &Path) -> Result<Arc<SourceFile>, StoreError> {
    source(path, read_bytes(path)?)
}

/// A scenario file's bytes as text.
///
/// # Errors
/// When they are not UTF-8.
pub fn source(path: &Path, bytes: Vec<u8>) -> Result<Arc<SourceFile>, StoreError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        StoreError::content(path, format!("is not UTF-8 (line {line}); save it as UTF-8"))
    })?;
    Ok(SourceFile::new(path.display().to_string(), text))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, StoreError> {
    let meta = path.metadata().map_err(|error| StoreError::io("read", path, error))?;
    if meta.is_dir() {
        return Err(StoreError::content(path, "is a folder; name a file in it"));
    }
    if meta.len() > LONGEST_FILE {
        let problem = format!("is {} MB long; at most 256 MB are read", meta.len() >> 20);
        return Err(StoreError::content(path, problem));
    }
    std::fs::read(path).map_err(|error| StoreError::io("read", path, error))
}
