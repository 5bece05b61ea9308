//! Knows the tabs: drivers list them in any order, so the order in which they were seen is kept.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::channel::Context;
use crate::driver::browser::{TabInfo, Trouble};

impl Context {
    /// Brings the list up to date.
    pub(super) async fn find_tabs(&mut self, by: Instant) -> Result<(), Trouble> {
        let told = loop {
            match self.wire.get("window/handles", by).await {
                Err(trouble) if super::call::is_dialog(&trouble) && Instant::now() < by => {
                    self.answer_dialog(by).await?;
                }
                other => break other?,
            }
        };
        let open: Vec<String> = told
            .as_array()
            .map(|all| all.iter().filter_map(Value::as_str).map(String::from).collect())
            .unwrap_or_default();
        self.tabs.retain(|tab| open.contains(tab));
        let new = open.into_iter().filter(|tab| !self.tabs.contains(tab)).collect::<Vec<_>>();
        self.tabs.extend(new);
        if self.current.is_empty() {
            self.current = self.tabs.first().cloned().unwrap_or_default();
        }
        Ok(())
    }

    /// `Channel::tabs`.
    pub(super) async fn list_tabs(&mut self, by: Instant) -> Result<Vec<TabInfo>, Trouble> {
        self.find_tabs(by).await?;
        let (current, inside) = (self.current.clone(), self.inside);
        let mut infos = Vec::new();
        for id in self.tabs.clone() {
            if id != self.current || self.tabs.len() > 1 {
                self.select(&id, by).await?;
            }
            let script = "return [top.location.href, top.document.title];";
            let script = if inside { "return [location.href, document.title];" } else { script };
            let told = self.ask(script, Vec::new(), by).await;
            let told = match told {
                Ok(told) => told,
                // A tab that is closed or replaced while it is asked is told of next time.
                Err(Trouble::Navigated | Trouble::Script(_)) => json!(["", ""]),
                Err(Trouble::Gone(_)) if self.tabs.len() > 1 => continue,
                Err(trouble) => return Err(trouble),
            };
            let text = |at: usize| told[at].as_str().unwrap_or_default().to_string();
            infos.push(TabInfo { current: id == current, id, url: text(0), title: text(1) });
        }
        if self.tabs.len() > 1 && self.tabs.contains(&current) {
            self.select(&current, by).await?;
        }
        Ok(infos)
    }

    /// `Channel::switch`.
    pub(super) async fn switch_tab(&mut self, tab: &str, by: Instant) -> Result<(), Trouble> {
        self.find_tabs(by).await?;
        if !self.tabs.iter().any(|known| known == tab) {
            return Err(Trouble::Refused(format!("there is no tab `{tab}`")));
        }
        let known = self.current != tab;
        self.select(tab, by).await?;
        if known {
            // Each window has a size of its own.
            let viewport = self.emulation.viewport;
            match self.resize(viewport, by).await {
                // A window that a page has made as it wants it is left so.
                Ok(()) | Err(Trouble::Unsupported(_)) => {}
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    async fn select(&mut self, tab: &str, by: Instant) -> Result<(), Trouble> {
        self.wire.post("window", json!({ "handle": tab }), by).await?;
        self.current = tab.to_string();
        self.inside = false;
        Ok(())
    }

    /// `Channel::close_tab`.
    pub(super) async fn close_current(&mut self, by: Instant) -> Result<(), Trouble> {
        self.find_tabs(by).await?;
        if self.tabs.len() < 2 {
            return Err(Trouble::Refused("the last tab of a test cannot be closed".to_string()));
        }
        let _ = self.take_messages(by).await;
        self.wire.delete("window", by).await?;
        self.leave_closed(by).await
    }

    /// Whether the current tab is gone and another one is there; that becomes the current one.
    pub(super) async fn has_another_tab(&mut self, by: Instant) -> bool {
        let known = self.find_tabs(by).await.is_ok();
        known && !self.tabs.contains(&self.current) && self.leave_closed(by).await.is_ok()
    }

    /// Makes the tab before the closed one the current one.
    async fn leave_closed(&mut self, by: Instant) -> Result<(), Trouble> {
        let at = self.tabs.iter().position(|tab| *tab == self.current);
        self.tabs.retain(|tab| *tab != self.current);
        let before = at.map_or(self.tabs.len(), |at| at.max(1)).saturating_sub(1);
        match self.tabs.get(before).cloned() {
            Some(tab) => self.select(&tab, by).await,
            None => Err(Trouble::Gone("its last tab was closed".to_string())),
        }
    }
}
