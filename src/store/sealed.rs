//! Reads files that verdicts rest on with suspicion, and seals them, so that a damaged one is
//! never taken for whole.
//!
//! The seal is a digest over the whole file. It keeps accidents out (a flipped bit, a merge that
//! went wrong, a number edited by hand); somebody who means to deceive can make a new one, and is
//! seen in version control.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::store::StoreError;

/// What the seal is while the digest is taken.
pub(super) const BLANK: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What stands before it. Quotes inside JSON texts have a backslash, so no text can hold this.
const KEY: &[u8] = b"\"seal\":\"";

/// No result comes near this size, in bytes: an hour of fifty steps has a hundred megabytes.
const LARGEST: u64 = 256 << 20;

/// Puts the digest in the place of `BLANK`.
pub(super) fn seal(text: &mut [u8]) {
    if let Some(at) = place(text) {
        let digest = digest(text);
        text[at..at + BLANK.len()].copy_from_slice(digest.as_bytes());
    }
}

/// Whether `text` is as it was when it got its seal.
pub(super) fn is_whole(text: &[u8]) -> bool {
    let Some(at) = place(text) else { return false };
    let mut blank = text.to_vec();
    let claimed = text[at..at + BLANK.len()].to_vec();
    blank[at..at + BLANK.len()].copy_from_slice(BLANK.as_bytes());
    digest(&blank).as_bytes() == claimed
}

fn place(text: &[u8]) -> Option<usize> {
    let at = text.windows(KEY.len()).rposition(|part| part == KEY)? + KEY.len();
    (at + BLANK.len() <= text.len()).then_some(at)
}

/// Of all but the line end, which version control may change.
fn digest(text: &[u8]) -> String {
    let digest = Sha256::digest(text.trim_ascii_end());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a file that must be a plain one of a sensible size.
///
/// # Errors
/// When it is a link, a folder, a pipe or a device, far too large, or cannot be read.
pub(super) fn read_plain(path: &Path) -> Result<Vec<u8>, StoreError> {
    let failed = |error| StoreError::io("read", path, error);
    let meta = path.symlink_metadata().map_err(failed)?;
    let kind = meta.file_type();
    let problem = match () {
        () if kind.is_symlink() => {
            "is a link, and what it leads to can change: put the file itself there, or remove it"
        }
        () if kind.is_dir() => "is a folder, and a baseline is a file: move it elsewhere",
        () if !kind.is_file() => "is no file but a pipe, a socket or a device: remove it",
        () if meta.len() > LARGEST => {
            "is larger than 256 MiB, and no result is: remove it, or restore it"
        }
        () => "",
    };
    if !problem.is_empty() {
        return Err(StoreError::content(path, problem));
    }
    let mut text = Vec::new();
    File::open(path).map_err(failed)?.take(LARGEST).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealed() -> Vec<u8> {
        let text = format!("{{\"a\":\"\\\"seal\\\":\\\"x\",\"b\":1,\"seal\":\"{BLANK}\"}}\n");
        let mut text = text.into_bytes();
        seal(&mut text);
        text
    }

    #[test]
    fn a_sealed_text_is_whole_whatever_ends_its_last_line() {
        let text = sealed();
        assert!(is_whole(&text));
        let mut windows = text.trim_ascii_end().to_vec();
        windows.extend(b"\r\n");
        assert!(is_whole(&windows));
        assert!(!is_whole(b"{}"));
        assert!(!is_whole(b"{\"seal\":\"short\"}"));
    }

    proptest! {
        #[test]
        fn no_flipped_bit_goes_unseen(at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut text = sealed();
            let end = text.len() - 1;
            text[at.index(end)] ^= 1 << bit;
            prop_assert!(!is_whole(&text));
        }
    }
}
