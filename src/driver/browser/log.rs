//! Keeps what happens in a context beside what it is told: requests, console messages, dialogs,
//! downloads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// The log of one context, written by its channel and read by whoever waits or tells.
#[derive(Debug, Clone, Default)]
pub struct SharedLog {
    log: Arc<Mutex<Log>>,
    changed: Arc<Notify>,
}

impl SharedLog {
    /// Looks at the log, or changes it without telling anybody.
    pub fn read(&self) -> MutexGuard<'_, Log> {
        // A log that a panic left half written is still the best there is.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes something, and wakes who waits.
    pub fn write<T>(&self, with: impl FnOnce(&mut Log) -> T) -> T {
        let result = with(&mut self.read());
        self.changed.notify_waiters();
        result
    }

    /// Waits until `found` finds something, or the deadline.
    pub async fn find<T>(&self, by: Instant, found: impl Fn(&Log) -> Option<T>) -> Option<T> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Before looking, so that what is written in between is not missed.
            changed.as_mut().enable();
            if let Some(found) = found(&self.read()) {
                return Some(found);
            }
            tokio::time::timeout_at(by, changed).await.ok()?;
        }
    }
}

/// What happened, in order.
#[derive(Debug, Default)]
pub struct Log {
    /// Requests of all tabs of the context.
    pub requests: Vec<RequestSeen>,
    /// Console messages, uncaught errors and the browser's own warnings.
    pub messages: Vec<MessageSeen>,
    /// Dialogs that were opened.
    pub dialogs: Vec<DialogSeen>,
    /// Downloads that were begun.
    pub downloads: Vec<DownloadSeen>,
    /// The tab or the browser crashed; in its words.
    pub crash: Option<String>,
    /// A small picture of the page is wanted at hand, where the engine has one for nothing.
    pub glances: bool,
    /// The latest of them: JPEG.
    pub glance: Option<Vec<u8>>,
}

/// A request of the page.
#[derive(Debug, Clone)]
pub struct RequestSeen {
    /// What the engine calls it; redirects of it get the same with `/1`, `/2` behind.
    pub id: String,
    /// When it was sent.
    pub at: Instant,
    /// When its answer was there or it failed.
    pub ended: Option<Instant>,
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// `document`, `stylesheet`, `script`, `image`, `font`, `fetch`, `other`.
    pub kind: String,
    /// Headers sent, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body sent, where it is text.
    pub sent: Option<String>,
    /// The answer's status.
    pub status: Option<u16>,
    /// The answer's headers, names in lower case.
    pub answer_headers: Vec<(String, String)>,
    /// The answer's body, where it is kept.
    pub body: Option<Vec<u8>>,
    /// Bytes of the answer, as far as known.
    pub bytes: u64,
    /// Why it failed, in the browser's words.
    pub failed: Option<String>,
    /// Answered or refused by a stub or from a HAR.
    pub stubbed: bool,
}

/// A message on the console, or an uncaught error.
#[derive(Debug, Clone)]
pub struct MessageSeen {
    /// When.
    pub at: Instant,
    /// `error`, `warning`, `info`, `debug`; `uncaught` for an error that nobody caught.
    pub level: String,
    /// The text.
    pub text: String,
    /// `url:line`, where the engine tells.
    pub place: Option<String>,
}

/// A dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogSeen {
    /// `alert`, `confirm`, `prompt` or `beforeunload`.
    pub kind: String,
    /// What it said.
    pub message: String,
    /// How it was answered.
    pub accepted: bool,
}

/// A download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadSeen {
    /// What the engine calls it.
    pub id: String,
    /// The name the page gave it.
    pub name: String,
    /// Where it is, once it is complete.
    pub file: Option<PathBuf>,
    /// Why it failed.
    pub failed: Option<String>,
}
