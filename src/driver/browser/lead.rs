//! Waits for the document that a click or a key leads to, so that no step takes the one that is
//! being left for what came of it.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::mishap::Mishap;
use super::page::{Answer, GRACE, Page};
use super::{Engine, Input, Log, RequestSeen, Trouble};

/// How long the page is asked at a time; in between the log is looked at.
const SLICE: Duration = Duration::from_millis(200);

/// How long a document that is being left may ask for none, where all requests are told: a policy
/// may have kept it from it.
const SILENCE: Duration = Duration::from_secs(1);

/// How much was logged when an action began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    requests: usize,
    downloads: usize,
}

impl Page {
    /// To be taken before the action.
    pub(super) fn before(&self) -> Before {
        let log = self.log.read();
        Before { requests: log.requests.len(), downloads: log.downloads.len() }
    }

    /// Waits until the document has gone that says it is about to go, or until its engine was
    /// answered with what is no page: a download, or nothing at all.
    ///
    /// # Errors
    /// The page that it leads to did not begin to come in time.
    pub(super) async fn follow(
        &mut self,
        frames: &[u64],
        before: Before,
        by: Instant,
    ) -> Result<(), Mishap> {
        let began = Instant::now();
        loop {
            let now = Instant::now();
            let slice = SLICE.min(by.saturating_duration_since(now));
            let argument = json!({ "timeout": slice.as_secs_f64() * 1_000.0 });
            let late = by.min(now + SLICE) + GRACE;
            match self.channel.call(frames, "left", &argument, late).await {
                Ok(value) if value["leads"] == json!(true) => {}
                Ok(_) | Err(Trouble::Navigated) => return Ok(()),
                // Chromium may answer nothing of a document that it is about to leave.
                Err(Trouble::TimedOut(_)) => {}
                Err(trouble) => return Err(trouble.into()),
            }
            let silent = self.engine != Engine::Webkit && began.elapsed() > SILENCE;
            if stays(&self.log.read(), before, silent) {
                return Ok(());
            }
            if Instant::now() >= by {
                let what = "the page that this leads to did not begin to come in time; \
                            with `stay: true` the step does not wait for it";
                return Err(Mishap::late(what));
            }
        }
    }

    /// Uses keys; when they may lead to another document, until it has come.
    pub(super) async fn keys(
        &mut self,
        strokes: &[Input],
        leads: bool,
        by: Instant,
    ) -> Result<(), Mishap> {
        if !leads {
            return self.hands(strokes, by).await;
        }
        let Answer { frames, .. } = self.must("watch", json!({}), by).await?;
        let before = self.before();
        self.hands(strokes, by).await?;
        self.follow(&frames, before, by).await
    }
}

/// Whether what was asked for since is no page, so that the old one stays; nothing, after a time in
/// which it would have been.
fn stays(log: &Log, before: Before, silent: bool) -> bool {
    let mut documents =
        log.requests.iter().skip(before.requests).filter(|one| one.kind == "document");
    log.downloads.len() > before.downloads || documents.next_back().map_or(silent, is_no_page)
}

fn is_no_page(request: &RequestSeen) -> bool {
    let attached = |(name, value): &(String, String)| {
        name == "content-disposition" && value.trim_start().to_ascii_lowercase().starts_with("att")
    };
    matches!(request.status, Some(204 | 205))
        || request.failed.is_some()
        || request.answer_headers.iter().any(attached)
}
