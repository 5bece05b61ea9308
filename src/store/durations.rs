//! Keeps how long tests took: `.taster/durations.json`, beside the scenarios, because a pipeline
//! can cache it or a project commit it.

use std::io::ErrorKind;
use std::path::Path;

use crate::result::{Durations, RunResult};
use crate::store::StoreError;
use crate::store::run_folder::write_whole;

/// Where it is, from the folder of the project.
const FILE: &str = ".taster/durations.json";

/// What is known; nothing where there is no file yet.
///
/// # Errors
/// When there is one and it cannot be read. It is not passed over: shards that know different
/// durations divide the tests differently.
pub fn read_durations(project: &Path) -> Result<Durations, StoreError> {
    let path = project.join(FILE);
    let text = match std::fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Durations::default()),
        Err(error) => return Err(StoreError::io("read", &path, error)),
        Ok(text) => text,
    };
    serde_json::from_slice(&text).map_err(|error| {
        let problem = format!(
            "does not hold the durations of tests: {error}; delete it, and the next run writes it"
        );
        StoreError::content(&path, problem)
    })
}

/// Learns from a run, one line a test, so that changes can be read.
///
/// # Errors
/// When it cannot be read or written.
pub fn learn_durations(project: &Path, result: &RunResult) -> Result<(), StoreError> {
    let path = project.join(FILE);
    let mut durations = read_durations(project)?;
    if !durations.learn(result) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|error| StoreError::io("create the folder", folder, error))?;
    }
    let mut text = serde_json::to_vec_pretty(&durations)
        .map_err(|error| StoreError::content(&path, format!("cannot be made: {error}")))?;
    text.push(b'\n');
    write_whole(&path, &text)
}
