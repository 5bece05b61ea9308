//! Goes to addresses and through the history, and waits until documents have come so far.

use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep_until, timeout_at};

use super::call::{Calling, text};
use super::context::Context;
use crate::driver::browser::Trouble;
use crate::plan::browser::LoadState;

/// No request for so long is idle.
const QUIET: Duration = Duration::from_millis(500);

/// How long a navigation that begins with a step in the history is waited for.
const BEGIN: Duration = Duration::from_millis(100);

/// Waits for a state of the document.
const READY: &str = "(state) => new Promise((done) => {
  const reached = () => document.readyState === 'complete'
    || (state === 'dom' && document.readyState === 'interactive');
  if (reached()) return done(true);
  const look = () => { if (reached()) done(true); };
  document.addEventListener('readystatechange', look);
})";

impl Context {
    /// `Channel::navigate`.
    pub(super) async fn go(
        &mut self,
        url: &str,
        until: LoadState,
        by: Instant,
    ) -> Result<(), Trouble> {
        let context = self.tab().await?;
        let params = json!({"context": context, "url": url, "wait": "none"});
        let went = self.ask("browsingContext.navigate", params, by).await;
        let went = went.map_err(|trouble| match trouble {
            Trouble::Refused(said) => Trouble::Refused(format!("{url}: {}", in_words(&said))),
            Trouble::TimedOut(_) => Trouble::TimedOut(format!("{url} did not answer in time")),
            other => other,
        })?;
        self.arrive(&context, &went, by).await?;
        self.come(until, by).await
    }

    /// Waits until a navigation has brought its document, or has become something else.
    async fn arrive(&self, context: &str, went: &Value, by: Instant) -> Result<(), Trouble> {
        let Some(navigation) = went["navigation"].as_str() else { return Ok(()) };
        let arrived = self.world.find(by, |state| {
            let Some(document) = state.documents.get(context) else { return Some(false) };
            let is = |place: &Option<String>| place.as_deref() == Some(navigation);
            (is(&document.committed) || !is(&document.started)).then(|| is(&document.downloaded))
        });
        match arrived.await {
            Some(false) => Ok(()),
            Some(true) => Err(Trouble::Refused(format!(
                "{} is a download, not a page",
                went["url"].as_str().unwrap_or("the address")
            ))),
            None => Err(late()),
        }
    }

    /// `Channel::travel`.
    pub(super) async fn go_through_history(
        &mut self,
        delta: i32,
        until: LoadState,
        by: Instant,
    ) -> Result<(), Trouble> {
        let context = self.tab().await?;
        if delta == 0 {
            let params = json!({"context": context, "wait": "none"});
            let went = self.ask("browsingContext.reload", params, by).await?;
            self.arrive(&context, &went, by).await?;
            return self.come(until, by).await;
        }
        let before = self.place(&context);
        let params = json!({"context": context, "delta": delta});
        let went = self.ask("browsingContext.traverseHistory", params, by).await;
        went.map_err(|trouble| match trouble {
            Trouble::Refused(said) if said.starts_with("no such history entry") => {
                let (way, n) = (if delta < 0 { "back" } else { "forward" }, delta.unsigned_abs());
                Trouble::Refused(format!("the tab's history goes less than {n} {way}"))
            }
            other => other,
        })?;
        // A step within one document begins no navigation and is done with the answer; the others
        // begin theirs just before or just after it.
        let begins = by.min(Instant::now() + BEGIN);
        let begun = self.world.find(begins, |state| {
            let document = state.documents.get(&context)?;
            let moved = (document.committed.clone(), document.url.clone()) != before;
            (document.started.is_some() || moved).then_some(())
        });
        begun.await;
        self.come(until, by).await
    }

    fn place(&self, context: &str) -> (Option<String>, String) {
        let state = self.world.read();
        let document = state.documents.get(context);
        document.map(|it| (it.committed.clone(), it.url.clone())).unwrap_or_default()
    }

    /// `Channel::loaded`.
    pub(super) async fn come(&mut self, until: LoadState, by: Instant) -> Result<(), Trouble> {
        loop {
            let context = self.tab().await?;
            let settled = self.world.find(by, |state| {
                let document = state.documents.get(&context);
                document.is_none_or(|document| document.started.is_none()).then_some(())
            });
            settled.await.ok_or_else(late)?;
            let state = match until {
                LoadState::Commit => return Ok(()),
                LoadState::Dom => "dom",
                LoadState::Load | LoadState::Idle => "load",
            };
            let arguments = vec![text(state)];
            let calling = Calling { context: &context, ours: true, function: READY, arguments };
            match self.run(calling, by).await {
                Ok(_) => break,
                Err(Trouble::Navigated) => {}
                Err(Trouble::TimedOut(_)) => return Err(late()),
                Err(trouble) => return Err(trouble),
            }
        }
        match until {
            LoadState::Idle => self.idle(by).await,
            _ => Ok(()),
        }
    }

    async fn idle(&self, by: Instant) -> Result<(), Trouble> {
        let tab = self.tab().await?;
        let busy = || Trouble::TimedOut("the page went on requesting things".to_string());
        loop {
            let quiet = self.world.find(by, |state| {
                let busy = state.traffic.iter().any(|(of, _)| *of == tab);
                (!busy).then_some(state.stirred + QUIET)
            });
            let quiet = quiet.await.ok_or_else(busy)?;
            if quiet <= Instant::now() {
                return Ok(());
            }
            timeout_at(by, sleep_until(quiet)).await.map_err(|_| busy())?;
        }
    }
}

fn late() -> Trouble {
    Trouble::TimedOut("the page did not load in time".to_string())
}

/// What Gecko's names of errors mean, for those that a person meets.
const WORDS: &[(&str, &str)] = &[
    ("NS_ERROR_CONNECTION_REFUSED", "the connection was refused"),
    ("NS_ERROR_UNKNOWN_HOST", "the host is unknown"),
    ("NS_ERROR_NET_TIMEOUT", "the connection timed out"),
    ("NS_ERROR_NET_RESET", "the connection was reset"),
    ("NS_ERROR_NET_INTERRUPT", "the connection broke off"),
    ("NS_ERROR_NET_EMPTY_RESPONSE", "the server sent nothing"),
    ("NS_ERROR_OFFLINE", "the browser is offline"),
    ("NS_ERROR_REDIRECT_LOOP", "it redirects without end"),
    ("NS_BINDING_ABORTED", "the navigation was given up, as for an answer without content"),
    ("NS_ERROR_ABORT", "the request was refused"),
    ("NS_ERROR_UNKNOWN_PROTOCOL", "the scheme is unknown"),
    ("NS_ERROR_MALFORMED_URI", "it is no address"),
    ("deniedPortAccess", "browsers go to no such port"),
];

/// The browser's words, and ours where we have better ones.
fn in_words(said: &str) -> String {
    let said = said.trim_start_matches("unknown error: ").trim_start_matches("Error: ");
    match WORDS.iter().find(|(name, _)| said.contains(name)) {
        Some((name, words)) => format!("{words} ({name})"),
        None => said.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn geckos_errors_are_told_in_words_with_their_name() {
        let said = in_words("unknown error: Error: NS_ERROR_CONNECTION_REFUSED");
        assert_eq!(said, "the connection was refused (NS_ERROR_CONNECTION_REFUSED)");
        assert_eq!(in_words("unknown error: Error: whatever"), "whatever");
    }
}
