//! One run's folder: its journal while it goes on, its result and reports after.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::result::RunResult;
use crate::result::journal::Entry;
use crate::store::StoreError;
use crate::store::results::{JOURNAL, RESULT, has_begun};

/// A folder that one run writes into.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// None for a run that is over.
    journal: Option<BufWriter<File>>,
}

impl RunFolder {
    /// Makes the folder and opens the journal, so that a bad place is known before the run. What
    /// an earlier run left there stays: its result until the new one is whole, and the journal of
    /// one that was killed under another name.
    ///
    /// # Errors
    /// When it cannot be made or written.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        make(path)?;
        let file = path.join(JOURNAL);
        let failed = |error| StoreError::io("write", &file, error);
        if has_begun(&file) {
            fs::rename(&file, free_name(path)).map_err(failed)?;
        }
        let journal = File::create(&file).map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), journal: Some(BufWriter::new(journal)) })
    }

    /// The folder of a run that is over, for its reports.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        make(path)?;
        Ok(Self { path: path.to_path_buf(), journal: None })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps one entry: once this returns, a kill of the process does not lose it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("write", &self.path.join(JOURNAL), error);
        let Some(journal) = &mut self.journal else { return Ok(()) };
        serde_json::to_writer(&mut *journal, entry).map_err(|error| failed(error.into()))?;
        journal.write_all(b"\n").map_err(failed)?;
        journal.flush().map_err(failed)
    }

    /// Writes the result, whole or not at all, and only then drops the journal.
    ///
    /// # Errors
    /// When it cannot be written; the journal is then still there.
    pub fn save(&self, result: &RunResult) -> Result<(), StoreError> {
        let path = self.path.join(RESULT);
        let mut text = serde_json::to_vec(result)
            .map_err(|error| StoreError::content(&path, format!("cannot be made: {error}")))?;
        text.push(b'\n');
        write_whole(&path, &text)?;
        let journal = self.path.join(JOURNAL);
        match fs::remove_file(&journal) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(StoreError::io("write", &journal, error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a report.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &str) -> Result<(), StoreError> {
        write_whole(&self.path.join(name), content.as_bytes())
    }

    /// Points `latest`, beside the folder, at it.
    ///
    /// # Errors
    /// When the link cannot be made.
    pub fn make_latest(&self) -> Result<(), StoreError> {
        let Some(name) = self.path.file_name() else { return Ok(()) };
        let link = self.path.with_file_name("latest");
        let new = self.path.with_file_name(format!(".latest-{}", std::process::id()));
        let failed = |error| StoreError::io("write", &link, error);
        #[cfg(unix)]
        std::os::unix::fs::symlink(name, &new).map_err(failed)?;
        #[cfg(not(unix))]
        std::os::windows::fs::symlink_dir(name, &new).map_err(failed)?;
        fs::rename(&new, &link).map_err(failed)
    }
}

fn make(folder: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(folder).map_err(|error| StoreError::io("create the folder", folder, error))
}

/// A name for the journal of a run that was killed.
fn free_name(folder: &Path) -> PathBuf {
    let name = |number: u32| folder.join(format!("killed-{number}.journal"));
    let taken = (1..).take_while(|number| name(*number).exists()).count();
    name(taken as u32 + 1)
}

/// Writes beside the file, then puts it in place: a reader never sees half of it, and a full
/// disk leaves what was there.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    written.map_err(|error| {
        // Half a file helps nobody; the refusal to write is what is reported.
        let _ = fs::remove_file(&beside);
        StoreError::io("write", path, error)
    })
}
