//! Looks at a page for somebody who stands before it: where it is, and what a locator finds.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::page::Page;

/// The most elements that are looked at of what a locator finds.
const MOST: u64 = 25;

/// How a page looks to whoever stops at it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// What is on it, as an ARIA snapshot; empty where it cannot be asked.
    pub aria: String,
}

impl Page {
    /// Where the page is and what is on it; what cannot be told is left empty.
    pub(in crate::driver) async fn standing(&mut self, by: Instant) -> Standing {
        let (url, title) = self.whereabouts(by).await.unwrap_or_default();
        let aria = self.ask("aria", json!({}), by).await;
        let aria = aria.ok().and_then(|answer| answer.value["text"].as_str().map(String::from));
        Standing { url, title, aria: aria.unwrap_or_default() }
    }

    /// The elements that a locator finds now, each by what it is on the page; after the last one
    /// a line says how many more there are.
    ///
    /// # Errors
    /// Why it finds none, in the words of the page.
    pub(in crate::driver) async fn located(
        &mut self,
        locator: &Value,
        by: Instant,
    ) -> Result<Vec<String>, String> {
        // Each question looks once, for it is about the page as it is now.
        let asked = |locator: &Value, from: &str| json!({ "from": from, "locator": locator });
        let counted = self.now("read", asked(locator, "count"), by).await?;
        let count = counted["value"].as_u64().unwrap_or_default();
        let mut found = Vec::new();
        for at in 0..count.min(MOST) {
            let one = if count == 1 { locator.clone() } else { nth(locator, at) };
            let tree = self.now("aria", json!({ "locator": one }), by).await.unwrap_or_default();
            let text = match tree["text"].as_str().and_then(|text| text.lines().next()) {
                Some(line) if !line.trim().is_empty() => line.trim_start_matches("- ").to_string(),
                _ => {
                    let read = self.now("read", asked(&one, "text"), by).await;
                    let value = read.unwrap_or_default()["value"].clone();
                    format!("text {value}")
                }
            };
            found.push(text);
        }
        if count > MOST {
            found.push(format!("and {} more", count - MOST));
        }
        Ok(found)
    }

    /// Asks for what is there now, without waiting for it.
    async fn now(
        &mut self,
        function: &str,
        mut argument: Value,
        by: Instant,
    ) -> Result<Value, String> {
        argument["timeout"] = json!(0);
        let answer = self.ask(function, argument, by).await.map_err(|error| error.to_string())?;
        match answer.is_ok() {
            true => Ok(answer.value),
            false => Err(answer.mishap().message),
        }
    }
}

/// One of the elements that a locator finds.
fn nth(locator: &Value, at: u64) -> Value {
    match locator {
        Value::Object(_) => {
            let mut one = locator.clone();
            one["nth"] = json!(at);
            one
        }
        text => json!({ "text": text, "nth": at }),
    }
}
