//! Answers dialogs, and notices downloads: what a browser does outside its pages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::channel::Context;
use crate::driver::browser::{DialogSeen, DownloadSeen, SharedLog, Trouble};

/// How often the browser's folder of downloads is looked at.
const LOOK: Duration = Duration::from_millis(25);

impl Context {
    /// Answers the dialog that is open, as it was said; whether there was one.
    pub(super) async fn answer_dialog(&mut self, by: Instant) -> Result<bool, Trouble> {
        let message = match self.wire.get("alert/text", by).await {
            Ok(Value::String(message)) => message,
            Ok(_) => String::new(),
            Err(Trouble::Refused(text)) if text.starts_with("no such alert") => return Ok(false),
            Err(trouble) => return Err(trouble),
        };
        // Only a prompt takes text, so asking is how it is known.
        let text = match (&self.types, self.accepts) {
            (Some(text), true) => text.clone(),
            _ => String::new(),
        };
        let typed = self.types.is_some() && self.accepts;
        let prompt = match typed {
            true => self.wire.post("alert/text", json!({ "text": text }), by).await.is_ok(),
            false => false,
        };
        let path = if self.accepts { "alert/accept" } else { "alert/dismiss" };
        match self.wire.post(path, json!({}), by).await {
            Ok(_) => {}
            // The page may have gone, and its dialog with it.
            Err(Trouble::Refused(text)) if text.starts_with("no such alert") => {}
            Err(trouble) => return Err(trouble),
        }
        let kind = match prompt {
            true => "prompt".to_string(),
            false => self.kind_of_dialog().await,
        };
        let seen = DialogSeen { kind, message, accepted: self.accepts };
        self.log.write(|log| log.dialogs.push(seen));
        Ok(true)
    }

    /// What the page has called last; an alert where it does not say.
    async fn kind_of_dialog(&mut self) -> String {
        let script = "const slot = window[arguments[0]]; return slot ? slot.dialogs.shift() : null";
        let body = json!({ "script": script, "args": [self.key] });
        let by = Instant::now() + Duration::from_secs(5);
        match self.wire.post("execute/sync", body, by).await {
            Ok(Value::String(kind)) => kind,
            _ => "alert".to_string(),
        }
    }
}

/// Moves what the browser has downloaded to where it is wanted, and says so.
pub(super) async fn watch_downloads(from: PathBuf, to: PathBuf, log: SharedLog) {
    let mut sizes = BTreeMap::new();
    let mut count = 0;
    loop {
        sleep(LOOK).await;
        let Ok(mut folder) = tokio::fs::read_dir(&from).await else { continue };
        while let Ok(Some(entry)) = folder.next_entry().await {
            let name = entry.file_name().to_string_lossy().into_owned();
            // WebKit's own name for what is not complete.
            if name.ends_with(".wkdownload") {
                continue;
            }
            let Ok(size) = entry.metadata().await.map(|data| data.len()) else { continue };
            // A file that grows still is not complete either.
            if sizes.insert(name.clone(), size) != Some(size) {
                continue;
            }
            sizes.remove(&name);
            count += 1;
            let moved = take(&entry.path(), &to.join(&name)).await;
            let seen = DownloadSeen {
                id: count.to_string(),
                name: name.clone(),
                file: moved.is_ok().then(|| to.join(&name)),
                failed: moved.err().map(|error| error.to_string()),
            };
            log.write(|log| log.downloads.push(seen));
        }
    }
}

/// Between file systems nothing can be renamed.
async fn take(from: &Path, to: &Path) -> std::io::Result<()> {
    if tokio::fs::rename(from, to).await.is_ok() {
        return Ok(());
    }
    tokio::fs::copy(from, to).await?;
    tokio::fs::remove_file(from).await
}
