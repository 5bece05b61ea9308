//! Goes to pages. Sessions do not wait for pages by themselves (`pageLoadStrategy` none): a mark
//! in the old document tells when there is a new one.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use url::Url;

use super::channel::Context;
use crate::driver::browser::Trouble;
use crate::plan::browser::LoadState;

/// How often a document is asked how far it has come: soon at first, then less often.
const FIRST_LOOK: Duration = Duration::from_millis(2);
const LAST_LOOK: Duration = Duration::from_millis(20);

/// How long nothing may happen on the network of an idle page.
const IDLE: Duration = Duration::from_millis(500);

/// How long a history that goes nowhere is given.
const NOWHERE: Duration = Duration::from_secs(1);

/// Puts a mark into the document, and tells where it is.
const MARK: &str = "Object.defineProperty(window, arguments[0] + 'm', \
     { value: arguments[1], enumerable: false, configurable: true }); return location.href;";

/// How far the document has come, and whether it is the marked one.
const STATE: &str = "return [window[arguments[0] + 'm'] === arguments[1], location.href, \
     document.readyState, performance.getEntriesByType('resource').length];";

/// A document as it is just now.
struct State {
    marked: bool,
    url: String,
    ready: String,
    resources: u64,
}

/// Looks again and again, less often with time.
struct Patience(Duration);

impl Patience {
    async fn pass(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(LAST_LOOK);
    }
}

impl Context {
    /// `Channel::navigate`.
    pub(super) async fn go(
        &mut self,
        url: &str,
        until: LoadState,
        by: Instant,
    ) -> Result<(), Trouble> {
        self.leave(by).await?;
        let (mark, old) = self.mark(by).await?;
        let since = Instant::now();
        let failures = self.proxy.as_ref().map_or(0, |proxy| proxy.failures());
        self.command("url", json!({ "url": url }), by).await?;
        let within = same_document(&old, url);
        let mut patience = Patience(FIRST_LOOK);
        let mut blank = None;
        loop {
            let state = self.state(mark, by).await?;
            let arrived = match within {
                true => !state.marked || state.url == url,
                false => !state.marked,
            };
            if let Some(why) = self.unreachable(url, since, failures) {
                return Err(Trouble::Refused(why));
            }
            if arrived && is_error_page(&state.url) {
                return Err(Trouble::Refused(format!("the browser shows {}", state.url)));
            }
            if arrived && (state.url != "about:blank" || url == "about:blank") {
                break;
            }
            // What WebKit refuses to load by itself, such as a forbidden port, it shows as nothing.
            if arrived && blank.get_or_insert_with(Instant::now).elapsed() > NOWHERE {
                return Err(Trouble::Refused("the browser does not load it".to_string()));
            }
            if Instant::now() >= by {
                return Err(Trouble::TimedOut(format!("{url} was not there in time")));
            }
            patience.pass().await;
        }
        self.wait_loaded(until, by).await
    }

    /// Why the document cannot come, where the proxy knows it.
    fn unreachable(&self, url: &str, since: Instant, failures: usize) -> Option<String> {
        let proxy = self.proxy.as_ref()?;
        let parsed = Url::parse(url).ok()?;
        if parsed.scheme() == "https" {
            return proxy.tunnel_failure(parsed.host_str()?, failures);
        }
        let mut bare = parsed;
        bare.set_fragment(None);
        let log = self.log.read();
        let asked = log.requests.iter().filter(|asked| asked.at >= since);
        let asked = asked.rev().find(|asked| asked.url == bare.as_str())?;
        if let Some(why) = &asked.failed {
            return Some(why.clone());
        }
        let header = |name: &str| {
            asked.answer_headers.iter().find(|(known, _)| known == name).map(|(_, value)| value)
        };
        match asked.status {
            Some(status @ (204 | 205)) => Some(format!("the answer {status} has no document")),
            Some(_) if header("content-disposition")?.starts_with("attachment") => {
                Some("the answer is a download, not a document".to_string())
            }
            _ => None,
        }
    }

    /// `Channel::travel`.
    pub(super) async fn go_along(
        &mut self,
        delta: i32,
        until: LoadState,
        by: Instant,
    ) -> Result<(), Trouble> {
        self.leave(by).await?;
        let (mark, old) = self.mark(by).await?;
        let begun = Instant::now();
        let path = match delta {
            0 => "refresh",
            1.. => "forward",
            _ => "back",
        };
        for _ in 0..delta.unsigned_abs().max(1) {
            self.command(path, json!({}), by).await?;
        }
        let mut patience = Patience(FIRST_LOOK);
        loop {
            let state = self.state(mark, by).await?;
            // A page may have made entries of its history without documents of their own.
            if !state.marked || (delta != 0 && state.url != old) {
                break;
            }
            // There is nothing on that side of the history.
            if delta != 0 && begun.elapsed() > NOWHERE {
                break;
            }
            if Instant::now() >= by {
                return Err(Trouble::TimedOut("the page was not there in time".to_string()));
            }
            patience.pass().await;
        }
        self.wait_loaded(until, by).await
    }

    /// `Channel::loaded`.
    pub(super) async fn wait_loaded(
        &mut self,
        until: LoadState,
        by: Instant,
    ) -> Result<(), Trouble> {
        self.enter(&[], by).await?;
        let mut patience = Patience(FIRST_LOOK);
        let mut quiet = (Instant::now(), 0);
        loop {
            let state = self.state(0, by).await?;
            let resources = state.resources;
            if quiet.1 != resources || self.open_requests() > 0 {
                quiet = (Instant::now(), resources);
            }
            let complete = state.ready == "complete";
            let there = match until {
                LoadState::Commit => true,
                LoadState::Dom => complete || state.ready == "interactive",
                LoadState::Load => complete,
                LoadState::Idle => complete && quiet.0.elapsed() >= IDLE,
            };
            if there {
                return Ok(());
            }
            if Instant::now() >= by {
                let far = state.ready;
                return Err(Trouble::TimedOut(format!("the page was still `{far}` in the end")));
            }
            patience.pass().await;
        }
    }

    fn open_requests(&self) -> usize {
        self.log.read().requests.iter().filter(|request| request.ended.is_none()).count()
    }

    /// What is only known in the document that is left; and the tab's own becomes the current one.
    async fn leave(&mut self, by: Instant) -> Result<(), Trouble> {
        match self.take_messages(by).await {
            // A frame that is no more has nothing to say.
            Err(Trouble::Navigated) => {
                self.inside = true;
                self.enter(&[], by).await
            }
            other => other,
        }
    }

    /// Marks the current document; its mark and its URL.
    async fn mark(&mut self, by: Instant) -> Result<(u64, String), Trouble> {
        let mark = self.next();
        let url = self.ask(MARK, vec![json!(self.key), json!(mark)], by).await?;
        Ok((mark, url.as_str().unwrap_or_default().to_string()))
    }

    async fn state(&mut self, mark: u64, by: Instant) -> Result<State, Trouble> {
        let told = loop {
            match self.ask(STATE, vec![json!(self.key), json!(mark)], by).await {
                // Asked of a document that was being replaced.
                Err(Trouble::Navigated | Trouble::Script(_)) if Instant::now() < by => {
                    sleep(FIRST_LOOK).await;
                }
                other => break other?,
            }
        };
        let text = |at: usize| told[at].as_str().unwrap_or_default().to_string();
        let marked = told[0].as_bool().unwrap_or(true);
        let resources = told[3].as_u64().unwrap_or(0);
        Ok(State { marked, url: text(1), ready: text(2), resources })
    }

    /// A command that a dialog may be in the way of.
    pub(super) async fn command(
        &mut self,
        path: &str,
        body: Value,
        by: Instant,
    ) -> Result<Value, Trouble> {
        loop {
            match self.wire.post(path, body.clone(), by).await {
                Err(trouble) if super::call::is_dialog(&trouble) && Instant::now() < by => {
                    self.answer_dialog(by).await?;
                }
                other => return other,
            }
        }
    }
}

/// Whether a URL only names another place in the document that is shown.
fn same_document(shown: &str, url: &str) -> bool {
    let bare = |url: &str| {
        let mut url = Url::parse(url).ok()?;
        url.set_fragment(None);
        Some(url)
    };
    url.contains('#') && bare(shown).is_some() && bare(shown) == bare(url)
}

/// What other browsers show, behind a remote URL, in place of a page that cannot be reached.
fn is_error_page(url: &str) -> bool {
    url.starts_with("chrome-error:") || url.starts_with("about:neterror")
}
