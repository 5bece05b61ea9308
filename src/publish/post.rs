//! Sends one body to a receiver that may be slow, busy or gone, within a time that is known before.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use thiserror::Error;
use tokio::time::Instant;
use url::Url;

/// The pause before the second attempt; each one after is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// What is read of an answer.
const ANSWER: usize = 64 * 1024;

/// How long a receiver is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// In one attempt.
    pub attempt: Duration,
    /// In all attempts and the pauses between them.
    pub total: Duration,
}

/// Why a body did not arrive. No word of it is of the URL, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Lost {
    /// An answer that is no success.
    #[error("it answered {0}")]
    Refused(u16),
    /// It wants to be asked again later than there is time for.
    #[error("it answered {status} and wants to be asked again in {} s", after.as_secs())]
    Busy {
        /// The status.
        status: u16,
        /// How long to wait.
        after: Duration,
    },
    /// It leads elsewhere.
    #[error("it answered {0}, and redirects are not followed")]
    Redirect(u16),
    /// No answer in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Silent(Duration),
    /// No connection, or one that broke.
    #[error("{0}")]
    Unreachable(String),
}

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A client that follows no redirect. Proxies of the environment are used, because chats and
/// collectors are often beyond one.
pub(super) fn client() -> Result<Client, Lost> {
    Client::builder()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("taster/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| Lost::Unreachable(cause(&error, None)))
}

/// Sends it, again where the receiver is busy, and returns what it answered.
pub(super) async fn post(
    client: &Client,
    parcel: &Parcel,
    patience: Patience,
) -> Result<Vec<u8>, Lost> {
    let by = Instant::now() + patience.total;
    let mut pause = PAUSE;
    loop {
        let left = by.saturating_duration_since(Instant::now()).min(patience.attempt);
        // One that is silent may have taken it all the same: it is not sent twice.
        let asked = tokio::time::timeout(left, attempt(client, parcel)).await;
        let (status, after) = match asked.map_err(|_| Lost::Silent(left))?? {
            Answer::Taken(body) => return Ok(body),
            Answer::Busy(status, after) => (status, after),
        };
        let wait = after.unwrap_or(pause);
        let left = by.saturating_duration_since(Instant::now());
        if wait >= left {
            return Err(match after {
                Some(after) => Lost::Busy { status, after },
                None => Lost::Refused(status),
            });
        }
        tokio::time::sleep(wait).await;
        pause *= 2;
    }
}

enum Answer {
    Taken(Vec<u8>),
    /// With the time after which it wants to be asked again.
    Busy(u16, Option<Duration>),
}

async fn attempt(client: &Client, parcel: &Parcel) -> Result<Answer, Lost> {
    let host = parcel.url.host_str();
    let failed = |error: reqwest::Error| Lost::Unreachable(cause(&error, host));
    let request = client.post(parcel.url.clone()).headers(parcel.headers.clone());
    let answer = request.body(parcel.body.clone()).send().await.map_err(failed)?;
    let status = answer.status();
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return Ok(Answer::Busy(status.as_u16(), retry_after(&answer)));
    }
    if status.is_redirection() {
        return Err(Lost::Redirect(status.as_u16()));
    }
    if !status.is_success() {
        return Err(Lost::Refused(status.as_u16()));
    }
    read(answer).await.map(Answer::Taken).map_err(failed)
}

async fn read(mut answer: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() < ANSWER
        && let Some(chunk) = answer.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// In seconds, or as a date.
fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(SystemTime::from(date).duration_since(SystemTime::now()).unwrap_or_default())
}

/// The innermost cause, which has no URL in it, and without the host's name.
fn cause(error: &reqwest::Error, host: Option<&str>) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    let text = match std::ptr::addr_eq(inner, error) {
        // What has no cause is told by its kind: its own words have the URL in them.
        true => "the request cannot be made".to_string(),
        false => inner.to_string(),
    };
    match host.filter(|host| !host.is_empty()) {
        Some(host) => text.replace(host, "its host"),
        None => text,
    }
}
