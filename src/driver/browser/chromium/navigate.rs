//! Goes to addresses and waits for documents, by the browser's events.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::context::{Context, State};
use super::fields::{number, some_text};
use crate::driver::browser::Trouble;
use crate::plan::browser::LoadState;

/// Without a request for so long a page is idle.
const QUIET: Duration = Duration::from_millis(500);

/// Goes to a URL.
pub(super) async fn go(
    context: &Context,
    url: &str,
    until: LoadState,
    by: Instant,
) -> Result<(), Trouble> {
    let (tab, session) = context.current()?;
    let params = json!({"url": url});
    let answer = context.line.call(Some(&session), "Page.navigate", params, by).await;
    let answer = answer.map_err(|trouble| match trouble {
        Trouble::TimedOut(_) => Trouble::TimedOut(format!("{url} did not answer in time")),
        other => other,
    })?;
    if let Some(error) = some_text(&answer, "/errorText") {
        let download = match error.as_str() {
            "net::ERR_ABORTED" => ": it is a download, has no content, or the page went elsewhere",
            _ => "",
        };
        return Err(Trouble::Refused(format!("{url} cannot be shown: {error}{download}")));
    }
    // Without a loader it went to another place of the same document.
    if let Some(loader) = some_text(&answer, "/loaderId") {
        // What has come since may be another document already, where the page itself went on.
        let seen = |state: &State| match state.tab() {
            Err(trouble) => Some(Err(trouble)),
            Ok(one) if one.target != tab => Some(Ok(())),
            Ok(one) => one.has_seen(&loader).then_some(Ok(())),
        };
        context.until(by, url, seen).await??;
    }
    loaded(context, until, by).await
}

/// Goes through the history, or loads again.
pub(super) async fn travel(
    context: &Context,
    delta: i32,
    until: LoadState,
    by: Instant,
) -> Result<(), Trouble> {
    let (tab, session) = context.current()?;
    let call = |method: &'static str, params| context.line.call(Some(&session), method, params, by);
    let moves = context.read().tab()?.moves;
    if delta == 0 {
        call("Page.reload", json!({})).await?;
    } else {
        let history = call("Page.getNavigationHistory", json!({})).await?;
        let entry = entry(&history, delta).ok_or_else(|| {
            let side = if delta < 0 { "back" } else { "forward" };
            Trouble::Refused(format!("there is no page to go {side} to"))
        })?;
        call("Page.navigateToHistoryEntry", json!({"entryId": entry})).await?;
    }
    let unreachable = context
        .until(by, "the page", |state| match state.tab() {
            Err(trouble) => Some(Err(trouble)),
            Ok(one) if one.target != tab => Some(Ok(None)),
            Ok(one) if one.moves == moves => None,
            Ok(one) => Some(Ok(one.document.unreachable.then(|| one.document.url.clone()))),
        })
        .await??;
    match unreachable {
        Some(url) => Err(Trouble::Refused(format!("{url} cannot be reached"))),
        None => loaded(context, until, by).await,
    }
}

fn entry(history: &Value, delta: i32) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, reason = "a history is short")]
    let at = number(history, "/currentIndex") as i64 + i64::from(delta);
    history["entries"].get(usize::try_from(at).ok()?)?["id"].as_u64()
}

/// Waits until the current tab's document has come so far.
pub(super) async fn loaded(
    context: &Context,
    until: LoadState,
    by: Instant,
) -> Result<(), Trouble> {
    let what = match until {
        LoadState::Commit => "the new document",
        LoadState::Dom => "parsing the page",
        LoadState::Load => "loading the page",
        LoadState::Idle => "waiting for the network to be idle",
    };
    let come = context.until(by, what, |state| match state.tab() {
        Err(trouble) => Some(Err(trouble)),
        Ok(tab) => (tab.ready && tab.document.has_come(until)).then_some(Ok(())),
    });
    come.await.map_err(|trouble| told(context, trouble))??;
    if until == LoadState::Idle {
        idle(context, what, by).await.map_err(|trouble| told(context, trouble))?;
    }
    Ok(())
}

/// Waits until there was no request for a while.
async fn idle(context: &Context, what: &str, by: Instant) -> Result<(), Trouble> {
    loop {
        let quiet = |state: &State| match state.tab() {
            Err(trouble) => Some(Err(trouble)),
            Ok(tab) => state.traffic.quiet_since(&tab.target).map(Ok),
        };
        let since = context.until(by, what, quiet).await??;
        let until = since + QUIET;
        if Instant::now() >= until {
            return Ok(());
        }
        if until > by {
            return Err(Trouble::TimedOut(format!("{what} took too long")));
        }
        sleep_until(until).await;
    }
}

/// Says what is still on its way.
fn told(context: &Context, trouble: Trouble) -> Trouble {
    let Trouble::TimedOut(said) = trouble else { return trouble };
    let state = context.read();
    let waits = state.tab().ok().and_then(|tab| state.traffic.oldest(&tab.target));
    Trouble::TimedOut(match waits {
        Some(url) => format!("{said}: {url} is not complete"),
        None => said,
    })
}
