//! Follows downloads: the browser names files by ids of its own, and they get their names once
//! they are complete.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::context::Context;
use super::fields::text;
use crate::driver::browser::DownloadSeen;

/// A download begins.
pub(super) fn begins(context: &Context, params: &Value) {
    let seen = DownloadSeen {
        id: text(params, "/guid").to_string(),
        name: text(params, "/suggestedFilename").to_string(),
        file: None,
        failed: None,
    };
    context.log().write(|log| log.downloads.push(seen));
}

/// A download ended, or got further.
pub(super) fn goes_on(context: &Arc<Context>, params: &Value) {
    let id = text(params, "/guid").to_string();
    let log = context.log();
    let found = log.read().downloads.iter().find(|one| one.id == id).map(|one| one.name.clone());
    let Some(name) = found else { return };
    match text(params, "/state") {
        "completed" => {
            let folder = context.read().opening.downloads.clone();
            tokio::spawn(async move {
                let kept = keep(&folder, &id, &name).await;
                log.write(|log| {
                    let seen = log.downloads.iter_mut().find(|one| one.id == id);
                    match (seen, kept) {
                        (Some(seen), Ok(file)) => seen.file = Some(file),
                        (Some(seen), Err(error)) => seen.failed = Some(error.to_string()),
                        (None, _) => {}
                    }
                });
            });
        }
        "canceled" => log.write(|log| {
            if let Some(seen) = log.downloads.iter_mut().find(|one| one.id == id) {
                seen.failed = Some("the download was broken off".to_string());
            }
        }),
        _ => {}
    }
}

/// Gives a complete file its name, or one like it where there is such a file already.
async fn keep(folder: &Path, id: &str, name: &str) -> std::io::Result<PathBuf> {
    // Only a name: no page says where a file goes.
    let name = Path::new(name).file_name().map(PathBuf::from);
    let name = name.unwrap_or_else(|| PathBuf::from("download"));
    let mut file = folder.join(&name);
    let mut nth = 1;
    let arrived = folder.join(id);
    // A link, because it never takes another file's name, also not one that comes meanwhile.
    while let Err(error) = tokio::fs::hard_link(&arrived, &file).await {
        if error.kind() != ErrorKind::AlreadyExists {
            tokio::fs::rename(&arrived, &file).await?;
            return Ok(file);
        }
        let stem = name.file_stem().unwrap_or_default().to_string_lossy();
        let ending = name.extension().map(|ending| format!(".{}", ending.to_string_lossy()));
        file = folder.join(format!("{stem} ({nth}){}", ending.unwrap_or_default()));
        nth += 1;
    }
    tokio::fs::remove_file(&arrived).await?;
    Ok(file)
}
