//! Saves cookies and storages of a page under a name, and puts them into another.
//!
//! The form is that of Playwright's `storageState`, with `sessionStorage` beside `localStorage`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::mishap::Mishap;
use super::page::{Page, origin};
use super::{Cookie, Trouble};
use crate::plan::browser::{LoadState, StateSource, Stub, StubAnswer};
use crate::sample::Failure;

/// Answered without a server: storages can be filled before the site's own scripts run.
const BLANK: &str = "/.taster-blank";

/// The states saved in one run.
#[derive(Debug, Clone, Default)]
pub struct States {
    saved: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl States {
    fn save(&self, name: &str, state: Value) {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.insert(name.to_string(), state);
    }

    fn get(&self, name: &str) -> Result<Value, Mishap> {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.get(name).cloned().ok_or_else(|| {
            let names: Vec<&str> = saved.keys().map(String::as_str).collect();
            let names = if names.is_empty() { "none".to_string() } else { names.join(", ") };
            let message = format!(
                "no state `{name}` has been saved in this run (there are: {names}); let the test \
                 say `needs:` the one with `save-state: {name}`"
            );
            Mishap::new(Failure::Missing, message)
        })
    }
}

impl Page {
    pub(super) async fn save_state(
        &mut self,
        states: &States,
        name: &str,
        by: Instant,
    ) -> Result<(), Mishap> {
        let cookies = self.channel.cookies(by).await?;
        let cookies: Vec<Value> = cookies.iter().map(cookie_to_json).collect();
        let storage = self.channel.call(&[], "storage", &json!({}), by).await?;
        let local = entries(&storage["local"]);
        let session = entries(&storage["session"]);
        let origins = match storage["origin"].as_str().filter(|origin| *origin != "null") {
            Some(origin) if !(local.is_empty() && session.is_empty()) => json!([
                { "origin": origin, "localStorage": local, "sessionStorage": session }
            ]),
            _ => json!([]),
        };
        states.save(name, json!({ "cookies": cookies, "origins": origins }));
        Ok(())
    }

    pub(super) async fn use_state(
        &mut self,
        states: &States,
        source: &StateSource,
        by: Instant,
    ) -> Result<(), Mishap> {
        let state = match source {
            StateSource::Named(name) => states.get(name)?,
            StateSource::File(file) => {
                let wrong = |problem: String| {
                    let message = format!("{} is no storage state: {problem}", file.display());
                    Mishap::new(Failure::Missing, message)
                };
                let text = tokio::fs::read_to_string(file).await;
                let text = text.map_err(|problem| wrong(problem.to_string()))?;
                serde_json::from_str(&text).map_err(|problem| wrong(problem.to_string()))?
            }
        };
        let cookies: Vec<Cookie> = list(&state["cookies"]).iter().filter_map(cookie).collect();
        self.channel.add_cookies(&cookies, by).await?;
        for kept in list(&state["origins"]) {
            self.fill_storages(kept, by).await?;
        }
        Ok(())
    }

    async fn fill_storages(&mut self, kept: &Value, by: Instant) -> Result<(), Mishap> {
        let Some(wanted) = kept["origin"].as_str() else { return Ok(()) };
        let storage = json!({
            "origin": wanted,
            "local": map(&kept["localStorage"]),
            "session": map(&kept["sessionStorage"]),
        });
        let here = self.whereabouts(by).await.map(|(url, _)| origin(&url));
        if here.as_deref() != Ok(wanted) {
            let url = format!("{wanted}{BLANK}");
            self.blank(&url, by).await?;
        }
        self.must("restore", storage, by).await?;
        Ok(())
    }

    /// Goes to a document of that origin which no server gave.
    async fn blank(&mut self, url: &str, by: Instant) -> Result<(), Trouble> {
        let nothing_else = self.router.is_empty();
        let headers = vec![("content-type".to_string(), "text/html".to_string())];
        let body = "<!doctype html><title>blank</title>".to_string();
        let answer = StubAnswer::Fulfil { status: 200, headers, body };
        let (method, delay) = (None, Duration::ZERO);
        let stub = Stub { url: url.to_string(), method, delay, times: 0, answer };
        self.router.add(stub, &self.target);
        self.channel.intercept(true, by).await?;
        let went = self.channel.navigate(url, LoadState::Dom, by).await;
        self.router.remove(Some(url));
        self.channel.intercept(!nothing_else, by).await?;
        went
    }
}

/// `[{"name", "value"}]` of a map.
fn entries(map: &Value) -> Vec<Value> {
    let map = map.as_object();
    map.into_iter().flatten().map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// A map of `[{"name", "value"}]`.
fn map(entries: &Value) -> Value {
    let pair = |entry: &Value| Some((entry["name"].as_str()?.to_string(), entry["value"].clone()));
    Value::Object(list(entries).iter().filter_map(pair).collect())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn cookie_to_json(cookie: &Cookie) -> Value {
    json!({
        "name": cookie.name, "value": cookie.value, "domain": cookie.domain, "path": cookie.path,
        "expires": cookie.expires.unwrap_or(-1.0), "httpOnly": cookie.http_only,
        "secure": cookie.secure, "sameSite": cookie.same_site,
    })
}

fn cookie(value: &Value) -> Option<Cookie> {
    let text = |key: &str| value[key].as_str().map(str::to_string);
    Some(Cookie {
        name: text("name")?,
        value: text("value")?,
        domain: text("domain")?,
        path: text("path").unwrap_or_else(|| "/".to_string()),
        expires: value["expires"].as_f64().filter(|seconds| *seconds > 0.0),
        http_only: value["httpOnly"] == json!(true),
        secure: value["secure"] == json!(true),
        same_site: text("sameSite"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_comes_back_from_the_form_in_which_it_is_saved() {
        let one = Cookie {
            name: "session".to_string(),
            value: "a=b; c".to_string(),
            domain: "127.0.0.1".to_string(),
            path: "/app".to_string(),
            expires: Some(1_900_000_000.0),
            http_only: true,
            secure: false,
            same_site: Some("Lax".to_string()),
        };
        assert_eq!(cookie(&cookie_to_json(&one)), Some(one.clone()));
        let of_session = Cookie { expires: None, same_site: None, ..one };
        assert_eq!(cookie(&cookie_to_json(&of_session)), Some(of_session));
    }
}
