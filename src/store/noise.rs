//! Keeps what repeated runs have taught of each kind of machine: `noise/<fingerprint>.json`,
//! among the baselines.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::result::{MachineNoise, check_noise};
use crate::store::baselines::NOISE;
use crate::store::run_folder::write_whole;
use crate::store::sealed::{self, BLANK};
use crate::store::{Baselines, StoreError, read_plain};

const AGAIN: &str = "remove it, and `taster baseline calibrate` learns it again";

impl Baselines {
    /// What is known of a kind of machine's noise; none where nobody has calibrated it.
    ///
    /// # Errors
    /// When the file is there and is not a whole one of this machine.
    pub fn noise(&self, fingerprint: &str) -> Result<Option<MachineNoise>, StoreError> {
        let Some(path) = self.noise_file(fingerprint) else { return Ok(None) };
        match path.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            _ => read_noise(&path, fingerprint).map(Some),
        }
    }

    /// Keeps what was learnt and tells where.
    ///
    /// # Errors
    /// When the machine's fingerprint is no file name, or it cannot be written.
    pub fn keep_noise(&self, noise: &MachineNoise) -> Result<PathBuf, StoreError> {
        let Some(path) = self.noise_file(&noise.machine.fingerprint) else {
            let problem = "cannot keep the noise of a machine without a fingerprint";
            return Err(StoreError::content(&self.folder, problem));
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| StoreError::io("create the folder", folder, error))?;
        }
        let noise = MachineNoise { seal: BLANK.to_string(), ..noise.clone() };
        let mut text = serde_json::to_vec(&noise)
            .map_err(|error| StoreError::content(&path, format!("cannot be made: {error}")))?;
        sealed::seal(&mut text);
        text.push(b'\n');
        write_whole(&path, &text)?;
        Ok(path)
    }

    /// None for a fingerprint that is none: a result file may come from anywhere.
    fn noise_file(&self, fingerprint: &str) -> Option<PathBuf> {
        let plain =
            !fingerprint.is_empty() && fingerprint.bytes().all(|b| b.is_ascii_alphanumeric());
        plain.then(|| self.folder.join(NOISE).join(format!("{fingerprint}.json")))
    }
}

fn read_noise(path: &Path, fingerprint: &str) -> Result<MachineNoise, StoreError> {
    let text = read_plain(path)?;
    let bad = |problem: String| Err(StoreError::content(path, format!("{problem}; {AGAIN}")));
    let noise: MachineNoise = match serde_json::from_slice(&text) {
        Ok(noise) => noise,
        Err(error) => return bad(format!("does not hold the noise of a machine: {error}")),
    };
    if !sealed::is_whole(&text) {
        return bad("is not as it was written: something has changed it since".to_string());
    }
    if let Err(error) = check_noise(&noise) {
        return bad(error.to_string());
    }
    if noise.machine.fingerprint != fingerprint {
        return bad("is of another kind of machine than its name says".to_string());
    }
    Ok(noise)
}
