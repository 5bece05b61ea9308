//! Is the only file IO: scenario files in, result files and reports out, baselines kept.
//!
//! What is read is handed on as text or bytes; what it means is decided elsewhere. Nothing here
//! prints, and nothing overwrites a result before its successor is whole on the disk.

mod append;
mod baselines;
mod duet;
mod durations;
mod host;
mod machine;
mod new_file;
mod noise;
mod project_file;
mod results;
mod run_folder;
mod sealed;
mod sources;
mod told;
mod traces;
mod vitals;

use std::path::{Path, PathBuf};

use sealed::read_plain;

pub use append::append_within;
pub use baselines::{Baselines, KEPT, Kept, LeftOut, WINDOW, Window};
pub use duet::{forget_part, keep_part, part_folder, read_parts};
pub use durations::{learn_durations, read_durations};
pub use host::{Host, host};
pub use machine::{any_font, git_revision, git_user, machine, nowhere, process_cpu_seconds};
pub use new_file::{files_below, write_new};
pub use project_file::find_upward;
pub use results::read_result;
pub use run_folder::RunFolder;
pub use sources::{Project, find_scenarios, names_beside, read_source, source};
pub use told::{keep_told, read_told};
pub use traces::{Greens, trace_page};
pub use vitals::{local_ports, open_files, queued_seconds, stolen_ticks};

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {what} `{}`: {}{}", path.display(), reason(source), advice(what))]
    Io {
        /// What was tried: `read`, `write`, ...
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The refusal.
        source: std::io::Error,
    },
    /// The file is there and is not what it should be.
    #[error("`{}` {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },
}

impl StoreError {
    fn io(what: &'static str, path: &Path, source: std::io::Error) -> Self {
        StoreError::Io { what, path: path.to_path_buf(), source }
    }

    fn content(path: &Path, problem: impl Into<String>) -> Self {
        StoreError::Content { path: path.to_path_buf(), problem: problem.into() }
    }

    /// The reason without the file's name, for places that name it themselves.
    pub fn reason(&self) -> String {
        match self {
            StoreError::Io { source, .. } => reason(source),
            StoreError::Content { problem, .. } => format!("it {problem}"),
        }
    }

    /// Whether the machine, and not the file's content, stood in the way.
    pub fn is_environment(&self) -> bool {
        matches!(self, StoreError::Io { what: "write" | "create the folder" | "remove", .. })
    }
}

/// What to do where something cannot be written.
fn advice(what: &str) -> &'static str {
    match what {
        "read" | "remove" => "",
        _ => "; choose another place with --out or --baseline",
    }
}

/// The system's words, and what to do where they alone do not tell.
fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder".to_string(),
        ErrorKind::PermissionDenied => "permission denied for this user".to_string(),
        ErrorKind::StorageFull => "the disk is full: free some space".to_string(),
        ErrorKind::AlreadyExists => "a file of this name is in the way".to_string(),
        ErrorKind::IsADirectory => "it is a folder".to_string(),
        ErrorKind::NotADirectory => "a part of the path is a file, not a folder".to_string(),
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_string(),
        ErrorKind::FileTooLarge => "a limit on the size of files (`ulimit -f`)".to_string(),
        _ => error.to_string(),
    }
}
