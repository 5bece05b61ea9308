//! Goes from page to page, tab to tab and frame to frame, and answers dialogs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::mishap::Mishap;
use super::page::{AwaitedDialog, GRACE, Page};
use super::text::fits;
use super::{TabInfo, Trouble};
use crate::plan::browser::{LoadState, Place};
use crate::sample::Failure;

/// How often the browser is asked whether a tab has been opened: no engine tells all of it.
const TABS: Duration = Duration::from_millis(20);

impl Page {
    pub(super) async fn goto(
        &mut self,
        url: &str,
        until: LoadState,
        by: Instant,
    ) -> Result<(), Mishap> {
        self.leave(by).await;
        let url = self.absolute(url);
        self.acted = Some(Instant::now());
        self.channel.navigate(&url, until, by).await.map_err(|trouble| match trouble {
            Trouble::Refused(words) => {
                // Some engines name the address themselves.
                let message = match words.contains(&url) {
                    true => words,
                    false => format!("{url} cannot be reached: {words}"),
                };
                Mishap::new(Failure::Connect, message)
            }
            Trouble::TimedOut(_) => {
                Mishap::late(format!("{url} was not there in time: {}", self.hanging()))
            }
            other => other.into(),
        })
    }

    pub(super) async fn travel(
        &mut self,
        delta: i32,
        until: LoadState,
        by: Instant,
    ) -> Result<(), Mishap> {
        self.leave(by).await;
        self.acted = Some(Instant::now());
        Ok(self.channel.travel(delta, until, by).await?)
    }

    /// Before a document is left: what is only known in it.
    async fn leave(&mut self, by: Instant) {
        self.frames.clear();
        self.remember_vitals(by).await;
    }

    /// What a page that does not finish still waits for.
    fn hanging(&self) -> String {
        let log = self.log.read();
        let open = log.requests.iter().filter(|request| request.ended.is_none());
        let open: Vec<&str> = open.map(|request| request.url.as_str()).take(5).collect();
        match open.is_empty() {
            true => "all requests were answered".to_string(),
            false => format!("no answer yet for {}", open.join(", ")),
        }
    }

    pub(super) async fn switch_to(&mut self, place: &Place, by: Instant) -> Result<(), Mishap> {
        match place {
            Place::Main => self.frames.clear(),
            Place::Frame(locator) => {
                self.must("keep", json!({ "locator": locator }), by).await?;
                self.frames.push(locator.clone());
            }
            Place::NewTab => {
                let known = self.tabs.clone();
                let new = |tab: &TabInfo| !known.contains(&tab.id);
                let tab = self.tab_where(new, "a new tab", by).await?;
                self.enter(tab, by).await?;
            }
            Place::PreviousTab => {
                let Some(previous) = self.tabs.iter().rev().nth(1).cloned() else {
                    let message = "there is no tab before this one";
                    return Err(Mishap::new(Failure::Page, message));
                };
                let one = |tab: &TabInfo| tab.id == previous;
                let tab = self.tab_where(one, "the tab before", by).await?;
                self.enter(tab, by).await?;
            }
            Place::Tab(wanted) => {
                let one = |tab: &TabInfo| {
                    fits(&wanted["title"], &tab.title) && fits(&wanted["url"], &tab.url)
                };
                let tab = self.tab_where(one, &format!("a tab with {wanted}"), by).await?;
                self.enter(tab, by).await?;
            }
        }
        Ok(())
    }

    async fn enter(&mut self, tab: TabInfo, by: Instant) -> Result<(), Mishap> {
        self.frames.clear();
        self.channel.switch(&tab.id, by).await?;
        self.tabs.retain(|id| *id != tab.id);
        self.tabs.push(tab.id);
        Ok(())
    }

    /// The last opened tab of which `one` is true, as soon as there is one.
    async fn tab_where(
        &mut self,
        one: impl Fn(&TabInfo) -> bool,
        what: &str,
        by: Instant,
    ) -> Result<TabInfo, Mishap> {
        loop {
            let tabs = self.channel.tabs(by).await?;
            if let Some(found) = tabs.iter().rfind(|tab| one(tab)) {
                return Ok(found.clone());
            }
            if Instant::now() >= by {
                let there: String =
                    tabs.iter().map(|tab| format!("\n  - \"{}\" {}", tab.title, tab.url)).collect();
                return Err(Mishap::late(format!(
                    "{what} did not open in time; there are:{there}"
                )));
            }
            sleep(TABS).await;
        }
    }

    pub(super) async fn close_tab(&mut self, by: Instant) -> Result<(), Mishap> {
        if self.channel.tabs(by).await?.len() < 2 {
            let message = "this is the only tab; it is closed at the end of the test";
            return Err(Mishap::new(Failure::Page, message));
        }
        self.frames.clear();
        self.channel.close_tab(by).await?;
        self.tabs.pop();
        if let Some(before) = self.tabs.last().cloned() {
            self.channel.switch(&before, by).await?;
        }
        Ok(())
    }

    /// How the next dialog is answered; the step that opens it fails when it says something else.
    pub(super) async fn expect_dialog(
        &mut self,
        accept: bool,
        (with, message): (Option<&str>, Option<&Value>),
        by: Instant,
    ) -> Result<(), Mishap> {
        self.channel.answer_dialogs(accept, with.map(str::to_string), by).await?;
        let seen = self.log.read().dialogs.len();
        self.dialog = Some(AwaitedDialog { seen, message: message.cloned() });
        Ok(())
    }

    /// After an action: the dialog that a step announced must have come, and said what it must.
    pub(super) async fn settle_dialog(&mut self, by: Instant) -> Result<(), Mishap> {
        let Some(awaited) = self.dialog.take() else { return Ok(()) };
        let log = self.log.clone();
        let seen = log.find(by, |log| log.dialogs.get(awaited.seen).cloned()).await;
        self.channel.answer_dialogs(false, None, by + GRACE).await?;
        let Some(seen) = seen else {
            return Err(Mishap::late("no dialog came, and the step before announced one"));
        };
        match awaited.message.filter(|message| !fits(message, &seen.message)) {
            None => Ok(()),
            Some(wanted) => {
                let said = &seen.message;
                let message = format!("the {} said {said:?}, not {wanted}", seen.kind);
                Err(Mishap::new(Failure::Page, message))
            }
        }
    }
}
