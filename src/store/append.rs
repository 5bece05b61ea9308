//! Appends to files that others keep and bound, such as those of a job's runner.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::store::StoreError;

/// Appends a text to a file that may have `most` bytes; where it does not fit, `otherwise` instead,
/// and nothing where that does not fit either: a file that grows too large is often refused whole.
/// Tells whether the text itself was written.
///
/// # Errors
/// When it cannot be written.
pub fn append_within(
    path: &Path,
    text: &str,
    otherwise: &str,
    most: u64,
) -> Result<bool, StoreError> {
    let failed = |error| StoreError::io("write", path, error);
    let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    let there = file.metadata().map_err(failed)?.len();
    let fits = |text: &str| there.saturating_add(text.len() as u64) <= most;
    match (fits(text), fits(otherwise)) {
        (true, _) => file.write_all(text.as_bytes()).map_err(failed)?,
        (false, true) => file.write_all(otherwise.as_bytes()).map_err(failed)?,
        (false, false) => {}
    }
    Ok(fits(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_fit_is_named_instead_of_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("summary");
        let read = || std::fs::read_to_string(&path).expect("a file");
        assert!(append_within(&path, "0123456789", "short", 16).expect("it is written"));
        assert!(!append_within(&path, "0123456789", "short", 16).expect("it is written"));
        assert_eq!(read(), "0123456789short");
        assert!(!append_within(&path, "0123456789", "short", 16).expect("it is left alone"));
        assert_eq!(read(), "0123456789short");
    }
}
