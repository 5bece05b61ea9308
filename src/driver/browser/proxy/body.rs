//! Passes an answer's body on as it comes, slower where that is wanted, and notes what it was.

use std::time::Duration;

use futures_util::stream::unfold;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use tokio::time::{Instant, sleep_until};

use super::Failed;
use crate::driver::browser::{RequestSeen, SharedLog};

/// A body of any kind.
pub(super) type Body = UnsyncBoxBody<Bytes, Failed>;

/// The most of a body that is kept, bytes.
const KEPT: usize = 32 * 1024 * 1024;

/// The most that is passed on at once to a slow page, bytes.
const CHUNK: usize = 4 * 1024;

/// A body that is all there.
pub(super) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The request in the log; when it is dropped before its end, nobody waits for the answer any more.
pub(super) struct Entry {
    log: SharedLog,
    id: String,
    ended: bool,
}

impl Entry {
    pub(super) fn new(log: &SharedLog, seen: RequestSeen) -> Entry {
        let entry = Entry { log: log.clone(), id: seen.id.clone(), ended: false };
        log.write(|log| log.requests.push(seen));
        entry
    }

    pub(super) fn write(&self, with: impl FnOnce(&mut RequestSeen)) {
        self.log.write(|log| {
            let found = log.requests.iter_mut().rev().find(|request| request.id == self.id);
            if let Some(found) = found {
                with(found);
            }
        });
    }

    /// Its answer is complete.
    pub(super) fn end(&mut self, body: Option<Vec<u8>>) {
        self.ended = true;
        self.write(|request| {
            request.ended = Some(Instant::now());
            request.body = body;
        });
    }

    /// It has no answer.
    pub(super) fn fail(&mut self, why: &str) {
        self.ended = true;
        self.write(|request| {
            request.ended = Some(Instant::now());
            request.failed = Some(why.to_string());
        });
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.ended {
            self.fail("the browser gave it up");
        }
    }
}

/// How an answer's body is passed on.
pub(super) struct Passage {
    pub entry: Entry,
    pub keeps: bool,
    /// Bytes a second; 0 for as fast as it comes.
    pub rate: u64,
}

struct Passing {
    from: Incoming,
    passage: Passage,
    kept: Vec<u8>,
    bytes: u64,
    /// What has come and must still wait.
    rest: Bytes,
    due: Instant,
}

/// Passes a body on.
pub(super) fn pass(from: Incoming, mut passage: Passage) -> Body {
    if from.is_end_stream() {
        passage.entry.end(passage.keeps.then(Vec::new));
        return whole("");
    }
    let passing = Passing {
        from,
        passage,
        kept: Vec::new(),
        bytes: 0,
        rest: Bytes::new(),
        due: Instant::now(),
    };
    let stream = unfold(Some(passing), |passing| async move {
        let mut passing = passing?;
        match passing.next().await {
            Some(Ok(bytes)) => Some((Ok(Frame::data(bytes)), Some(passing))),
            Some(Err(failed)) => Some((Err(failed), None)),
            None => None,
        }
    });
    StreamBody::new(stream).boxed_unsync()
}

impl Passing {
    async fn next(&mut self) -> Option<Result<Bytes, Failed>> {
        while self.rest.is_empty() {
            match self.from.frame().await {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    self.passage.entry.fail(&error.to_string());
                    return Some(Err(error.into()));
                }
                None => {
                    if !self.passage.entry.ended {
                        self.end();
                    }
                    return None;
                }
            }
        }
        let rate = self.passage.rate;
        let bytes = match rate {
            0 => std::mem::take(&mut self.rest),
            _ => self.rest.split_to(self.rest.len().min(CHUNK)),
        };
        if let Some(took) = (bytes.len() as u64 * 1_000_000).checked_div(rate) {
            self.due = self.due.max(Instant::now()) + Duration::from_micros(took);
            sleep_until(self.due).await;
        }
        self.bytes += bytes.len() as u64;
        let total = self.bytes;
        self.passage.entry.write(|request| request.bytes = total);
        if self.passage.keeps && self.kept.len() + bytes.len() <= KEPT {
            self.kept.extend_from_slice(&bytes);
        }
        // Whoever knows the length does not ask for more.
        if self.rest.is_empty() && self.from.is_end_stream() {
            self.end();
        }
        Some(Ok(bytes))
    }

    fn end(&mut self) {
        let kept = self.passage.keeps.then(|| std::mem::take(&mut self.kept));
        self.passage.entry.end(kept);
    }
}
