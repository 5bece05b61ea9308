//! Keeps what browser tests leave: traces and their pages in the run's folder, and the last
//! traces that passed beside the runs.

use std::fs;
use std::path::{Path, PathBuf};

use crate::result::evidence::TestEvidence;
use crate::result::trace::{Trace, stem};
use crate::store::StoreError;
use crate::store::run_folder::{RunFolder, write_whole};

/// The folder of traces in a run's folder.
const TRACES: &str = "traces";

/// The folder of what tests want to be kept.
const FILES: &str = "files";

/// What the traces came to, in a run's folder.
const EVIDENCE: &str = "evidence.json";

impl RunFolder {
    /// Keeps a trace under this name, before anybody looks at it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_trace(&self, stem: &str, trace: &Trace) -> Result<(), StoreError> {
        let folder = self.path().join(TRACES);
        fs::create_dir_all(&folder)
            .map_err(|error| StoreError::io("create the folder", &folder, error))?;
        write_json(&folder.join(format!("{stem}.json")), trace)
    }

    /// Keeps a picture, download or HAR of a test, in a folder of the test's own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_file(&self, stem: &str, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let folder = self.path().join(FILES).join(stem);
        fs::create_dir_all(&folder)
            .map_err(|error| StoreError::io("create the folder", &folder, error))?;
        // What a test names stays within its folder.
        let plain = |c: char| if c.is_alphanumeric() || "-_. ".contains(c) { c } else { '_' };
        let name: String = name.trim_start_matches('.').chars().map(plain).take(120).collect();
        let path = folder.join(if name.is_empty() { "unnamed" } else { &name });
        fs::write(&path, bytes).map_err(|error| StoreError::io("write", &path, error))
    }

    /// Reads a trace of this run again.
    ///
    /// # Errors
    /// When it is not there or is none.
    pub fn trace(&self, stem: &str) -> Result<Trace, StoreError> {
        read_trace(&self.path().join(TRACES).join(format!("{stem}.json")))
    }

    /// Writes the page of a trace; its name relative to the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_trace_page(&self, stem: &str, page: &str) -> Result<(), StoreError> {
        self.write(&trace_page(stem), page)
    }

    /// Keeps what the traces came to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_evidence(&self, evidence: &[TestEvidence]) -> Result<(), StoreError> {
        write_json(&self.path().join(EVIDENCE), evidence)
    }

    /// What the traces of this run came to; none where it had no browser tests.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn evidence(&self) -> Result<Vec<TestEvidence>, StoreError> {
        let path = self.path().join(EVIDENCE);
        match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(StoreError::io("read", &path, error)),
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| StoreError::content(&path, format!("cannot be read: {error}"))),
        }
    }
}

/// The name of a trace's page, relative to the run's folder.
pub fn trace_page(stem: &str) -> String {
    format!("{TRACES}/{stem}.html")
}

/// The last trace that passed of each test and engine.
#[derive(Debug, Clone)]
pub struct Greens {
    folder: PathBuf,
}

impl Greens {
    /// Those beside the runs in this folder, which need not exist yet.
    pub fn beside(runs: &Path) -> Self {
        Self { folder: runs.join("green") }
    }

    /// The last trace that passed of this test and engine. One that cannot be read is as good as
    /// none: the next pass writes it anew.
    pub fn last(&self, of: &Trace) -> Option<Trace> {
        let green = read_trace(&self.file(of)).ok()?;
        let same = (&green.scenario, &green.test, &green.browser);
        (same == (&of.scenario, &of.test, &of.browser)).then_some(green)
    }

    /// Keeps a trace that passed in place of the one before it, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&self, trace: &Trace) -> Result<(), StoreError> {
        fs::create_dir_all(&self.folder)
            .map_err(|error| StoreError::io("create the folder", &self.folder, error))?;
        write_json(&self.file(trace), trace)
    }

    fn file(&self, trace: &Trace) -> PathBuf {
        let name = stem(&trace.scenario, &trace.test, &trace.browser);
        self.folder.join(format!("{name}.json"))
    }
}

fn read_trace(path: &Path) -> Result<Trace, StoreError> {
    let text = fs::read(path).map_err(|error| StoreError::io("read", path, error))?;
    serde_json::from_slice(&text)
        .map_err(|error| StoreError::content(path, format!("is no trace: {error}")))
}

fn write_json<T: serde::Serialize + ?Sized>(path: &Path, what: &T) -> Result<(), StoreError> {
    let mut text = serde_json::to_vec(what)
        .map_err(|error| StoreError::content(path, format!("cannot be made: {error}")))?;
    text.push(b'\n');
    write_whole(path, &text)
}
