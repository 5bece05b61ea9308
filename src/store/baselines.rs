//! Keeps baselines: accepted result files, `baselines/<profile>/<run id>.json`.

use std::path::{Path, PathBuf};

use crate::result::RunResult;
use crate::store::run_folder::write_whole;
use crate::store::{StoreError, read_result};

/// A folder of baselines.
#[derive(Debug, Clone)]
pub struct Baselines {
    folder: PathBuf,
}

/// One baseline that is kept.
#[derive(Debug)]
pub struct Kept {
    /// Its file.
    pub path: PathBuf,
    /// The result.
    pub result: RunResult,
}

impl Baselines {
    /// The baselines in `folder`, which need not exist yet.
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf() }
    }

    /// All of a profile, oldest first; of every profile where none is named.
    ///
    /// # Errors
    /// When a file there cannot be read as a result.
    pub fn list(&self, profile: Option<&str>) -> Result<Vec<Kept>, StoreError> {
        let folders = match profile {
            Some(profile) => vec![self.folder.join(profile)],
            None => entries(&self.folder)?.into_iter().filter(|path| path.is_dir()).collect(),
        };
        let mut kept = Vec::new();
        for folder in folders {
            for path in entries(&folder)? {
                if path.extension().is_some_and(|end| end == "json") {
                    kept.push(Kept { result: read_result(&path)?, path });
                }
            }
        }
        kept.sort_by(|a, b| a.result.run.id.cmp(&b.result.run.id));
        Ok(kept)
    }

    /// The newest of a profile.
    ///
    /// # Errors
    /// When a file there cannot be read as a result.
    pub fn newest(&self, profile: &str) -> Result<Option<Kept>, StoreError> {
        Ok(self.list(Some(profile))?.pop())
    }

    /// Keeps an accepted result and tells where.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, result: &RunResult) -> Result<PathBuf, StoreError> {
        // A result file may come from anywhere, and must not choose a place outside.
        let plain = |name: &str| !name.is_empty() && !name.contains(['/', '\\', '\0']);
        for name in [&result.run.profile, &result.run.id] {
            if !plain(name) || name == "." || name == ".." {
                let problem = format!(
                    "cannot keep this result: its profile `{}` or its run `{}` is no file name",
                    result.run.profile, result.run.id
                );
                return Err(StoreError::content(&self.folder, problem));
            }
        }
        let folder = self.folder.join(&result.run.profile);
        std::fs::create_dir_all(&folder)
            .map_err(|error| StoreError::io("create the folder", &folder, error))?;
        let path = folder.join(format!("{}.json", result.run.id));
        let mut text = serde_json::to_vec(result)
            .map_err(|error| StoreError::content(&path, format!("cannot be made: {error}")))?;
        text.push(b'\n');
        write_whole(&path, &text)?;
        Ok(path)
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let failed = |error| StoreError::io("read", folder, error);
    match folder.read_dir() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
        Ok(entries) => {
            let mut paths = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<Vec<_>, _>>()
                .map_err(failed)?;
            paths.sort();
            Ok(paths)
        }
    }
}
