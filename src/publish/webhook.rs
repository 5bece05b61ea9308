//! Tells a chat of a verdict: one message to the URL that the chat gave out for it.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use url::Url;

use super::post::{self, Lost, Parcel, Patience};

/// How long a chat is waited for.
pub const CHAT: Patience =
    Patience { attempt: Duration::from_secs(5), total: Duration::from_secs(15) };

/// Sends a message, as JSON, and waits until it was taken.
///
/// # Errors
/// Why it was not, without any part of the URL, which is a secret.
pub fn tell(url: &str, message: String, patience: Patience) -> Result<(), Lost> {
    let unreachable = |text: &str| Lost::Unreachable(text.to_string());
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or_else(|| unreachable("its URL is none of http or https"))?;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
    let parcel = Parcel { url, headers, body: message.into_bytes() };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unreachable(&format!("no event loop starts: {error}")))?;
    let told = runtime.block_on(async {
        let client = post::client()?;
        post::post(&client, &parcel, patience).await
    });
    // A name that is still looked up on another thread is not waited for.
    runtime.shutdown_background();
    told.map(drop)
}
