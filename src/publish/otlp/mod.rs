//! Pushes metrics by OTLP over HTTP, as protobuf: the one encoding that every receiver takes.
//!
//! There is no queue. What is cumulative is sent whole each time, so a push that is lost loses
//! nothing; what is delta is added up until a push with it was taken. Where nobody knows whether a
//! push was taken, because no answer came, its delta is not sent again: better too little than
//! twice.

mod exponential;
mod message;
mod metrics;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use prost::Message;
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use url::Url;

use super::post::{self, Lost, Parcel, Patience};
use super::{Shared, over};
use crate::report::Readings;
use message::Response;

/// Between two pushes, where nobody says otherwise.
pub const EVERY: Duration = Duration::from_secs(10);

/// Numbers change once a second.
const SHORTEST: Duration = Duration::from_millis(100);

/// How long a push may take.
const PUSH: Patience = Patience { attempt: Duration::from_secs(5), total: Duration::from_secs(5) };

/// How long the last one may take where the one before was lost: the run's end waits for it.
const DOUBTFUL: Patience =
    Patience { attempt: Duration::from_secs(1), total: Duration::from_secs(1) };

/// Where is pushed to, and how.
#[derive(Debug)]
pub struct Otlp {
    /// The whole URL, with `/v1/metrics`.
    pub url: Url,
    /// Headers, such as the token of a vendor.
    pub headers: HeaderMap,
    /// Since when sums are counted.
    pub temporality: Temporality,
    /// Between two pushes.
    pub every: Duration,
    /// Who measured: attributes of the resource.
    pub resource: Vec<(String, String)>,
}

/// Since when sums and histograms are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Temporality {
    /// From the start of the run.
    #[default]
    Cumulative,
    /// From the last push.
    Delta,
}

/// Where metrics go below the base URL that is given for all signals.
pub fn endpoint(base: &str) -> Option<Url> {
    let mut url = Url::parse(base).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let path = url.path().trim_end_matches('/').to_string();
    if !path.ends_with("/v1/metrics") {
        url.set_path(&format!("{path}/v1/metrics"));
    }
    Some(url)
}

/// Headers as OpenTelemetry's environment has them: `name=value,name=value`, percent-encoded.
///
/// # Errors
/// Names what is wrong, without any value, which may be a secret.
pub fn headers(text: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for one in text.split(',').filter(|one| !one.trim().is_empty()) {
        let (name, value) = one.split_once('=').ok_or("a header without `=`")?;
        let name = name.trim();
        let named = HeaderName::try_from(name).map_err(|_| format!("no header name: `{name}`"))?;
        let text = decoded(value.trim());
        let value = HeaderValue::try_from(text);
        let mut value = value.map_err(|_| format!("no value of a header: that of `{name}`"))?;
        value.set_sensitive(true);
        headers.insert(named, value);
    }
    Ok(headers)
}

/// A text without its percent signs, where they stand for something.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = hex.and_then(|two| u8::from_str_radix(two, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Pushes until the run is over, and once more then.
pub(super) async fn push(
    otlp: Option<Otlp>,
    shared: &Arc<Shared>,
    mut ended: watch::Receiver<bool>,
) {
    let Some(otlp) = otlp else { return };
    let client = match post::client() {
        Ok(client) => client,
        Err(lost) => return shared.tell(format!("OTLP: nothing is pushed: {lost}")),
    };
    let mut ticks = tokio::time::interval(otlp.every.max(SHORTEST));
    let mut pusher = Pusher::new(otlp, client, shared);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first is at once, when there is nothing yet.
    ticks.tick().await;
    let judged = loop {
        tokio::select! {
            judged = over(&mut ended) => break judged,
            _ = ticks.tick() => {}
        }
        pusher.push(PUSH).await;
    };
    if judged {
        pusher.push(if pusher.failing { DOUBTFUL } else { PUSH }).await;
        pusher.conclude();
    }
}

struct Pusher<'a> {
    otlp: Otlp,
    client: Client,
    shared: &'a Shared,
    /// What was sent last, and when: only for deltas.
    before: Option<(Readings, SystemTime)>,
    /// The last push was lost.
    failing: bool,
    pushes: u64,
    lost: u64,
    rejected: u64,
}

impl<'a> Pusher<'a> {
    fn new(otlp: Otlp, client: Client, shared: &'a Shared) -> Self {
        Self { otlp, client, shared, before: None, failing: false, pushes: 0, lost: 0, rejected: 0 }
    }

    async fn push(&mut self, patience: Patience) {
        let (readings, now) = (self.shared.readings(), SystemTime::now());
        let delta = self.otlp.temporality == Temporality::Delta;
        let (shown, from) = match self.before.as_ref().filter(|_| delta) {
            Some((before, at)) => (&readings.since(before), *at),
            None => (&readings, self.shared.began),
        };
        let body = metrics::encode(shown, (from, now), &self.otlp);
        let mut headers = self.otlp.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        let parcel = Parcel { url: self.otlp.url.clone(), headers, body };
        self.pushes += 1;
        let sent = post::post(&self.client, &parcel, patience).await;
        if matches!(sent, Ok(_) | Err(Lost::Silent(_))) && delta {
            self.before = Some((readings, now));
        }
        self.failing = sent.is_err();
        match sent {
            Ok(answer) => self.answered(&answer),
            Err(lost) => self.is_lost(&lost),
        }
    }

    /// A receiver may take a push and still refuse some of it.
    fn answered(&mut self, answer: &[u8]) {
        // One that answers something else has taken it all the same.
        let partial = Response::decode(answer).ok().and_then(|answer| answer.partial_success);
        let Some(partial) = partial.filter(|partial| partial.rejected_data_points > 0) else {
            return;
        };
        if self.rejected == 0 {
            self.shared.tell(format!(
                "OTLP: the receiver refused {} points of a push, and took the others",
                partial.rejected_data_points
            ));
        }
        self.rejected = self.rejected.saturating_add(partial.rejected_data_points.unsigned_abs());
    }

    fn is_lost(&mut self, lost: &Lost) {
        if self.lost == 0 {
            self.shared.tell(format!("OTLP: a push did not arrive: {lost}; the run goes on"));
        }
        self.lost += 1;
    }

    fn conclude(&self) {
        if self.lost > 0 {
            let (lost, pushes) = (self.lost, self.pushes);
            self.shared.tell(format!("OTLP: {lost} of {pushes} pushes did not arrive"));
        }
        if self.rejected > 0 {
            self.shared.tell(format!("OTLP: the receiver refused {} points in all", self.rejected));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_a_place_below_what_is_given_for_all() {
        let at = |base| endpoint(base).map(|url| url.to_string());
        assert_eq!(at("http://c:4318").as_deref(), Some("http://c:4318/v1/metrics"));
        assert_eq!(at("https://c/otlp/").as_deref(), Some("https://c/otlp/v1/metrics"));
        assert_eq!(at("https://c/v1/metrics").as_deref(), Some("https://c/v1/metrics"));
        assert_eq!(at("grpc://c:4317"), None);
    }

    #[test]
    fn headers_are_read_as_the_environment_has_them() {
        let read = headers("api-key=a%20b, Authorization=Basic%20eA==,").unwrap();
        assert_eq!(read["api-key"], "a b");
        assert_eq!(read["authorization"], "Basic eA==");
        assert!(!format!("{read:?}").contains("eA"), "they are secrets");
        let told = headers("a b=secret").unwrap_err();
        assert!(!told.contains("secret"), "{told}");
        assert!(headers("x=a%0Ab").is_err_and(|told| !told.contains('\n')));
    }
}
