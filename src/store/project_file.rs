//! Finds the file that says what a project is.

use std::path::{Path, PathBuf};

/// The file of this name in the working directory or the nearest folder above it, as a path from
/// here. The search ends at the root of a repository and at the home folder, and does not go into
/// a folder that everybody may write to: what lies there may be anybody's.
pub fn find_upward(name: &str, home: Option<&Path>) -> Option<PathBuf> {
    let here = Path::new(".").canonicalize().ok()?;
    let home = home.and_then(|home| home.canonicalize().ok());
    let mut up = PathBuf::new();
    for (depth, folder) in here.ancestors().enumerate() {
        if depth > 0 && anybodys(folder) {
            return None;
        }
        if folder.join(name).is_file() {
            return Some(up.join(name));
        }
        if folder.join(".git").exists() || home.as_deref() == Some(folder) {
            return None;
        }
        up.push("..");
    }
    None
}

#[cfg(unix)]
fn anybodys(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    folder.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o002 != 0)
}

#[cfg(not(unix))]
fn anybodys(_: &Path) -> bool {
    false
}
