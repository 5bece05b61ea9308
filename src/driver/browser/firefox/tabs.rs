//! Tabs and cookies of a user context.

use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use super::call::Calling;
use super::context::Context;
use super::hub::text;
use super::network;
use crate::driver::browser::{Cookie, TabInfo, Trouble};

/// How long one tab may take to tell its title: one that hangs has none.
const TITLE: Duration = Duration::from_secs(1);

impl Context {
    /// `Channel::tabs`.
    pub(super) async fn list_tabs(&mut self, by: Instant) -> Result<Vec<TabInfo>, Trouble> {
        let told = self.ask("browsingContext.getTree", json!({"maxDepth": 0}), by);
        let told = told.await?;
        let url = |id: &str| {
            let mut all = told["contexts"].as_array().into_iter().flatten();
            let found = all.find(|context| text(context, "context") == id);
            found.map(|context| text(context, "url").to_string())
        };
        let (ids, current) = {
            let state = self.world.read();
            (state.tabs.clone(), state.current.clone())
        };
        let mut tabs = Vec::new();
        for id in ids {
            let Some(url) = url(&id) else { continue };
            let calling = Calling {
                context: &id,
                ours: true,
                function: "() => document.title",
                arguments: Vec::new(),
            };
            let title = self.run(calling, by.min(Instant::now() + TITLE)).await;
            let title = title.map(|title| text(&title, "value").to_string()).unwrap_or_default();
            let current = id == current;
            tabs.push(TabInfo { id, url, title, current });
        }
        Ok(tabs)
    }

    /// `Channel::switch`.
    pub(super) async fn switch_to(&mut self, tab: &str, by: Instant) -> Result<(), Trouble> {
        let known = self.world.write(|state| {
            let known = state.tabs.iter().any(|known| known == tab);
            if known {
                state.current = tab.to_string();
            }
            known
        });
        match known {
            true => self.bring_to_front(by).await,
            false => Err(Trouble::Refused(format!("there is no tab {tab}"))),
        }
    }

    /// `Channel::close_tab`.
    pub(super) async fn close_current(&mut self, by: Instant) -> Result<(), Trouble> {
        let tab = self.tab().await?;
        let params = json!({"context": tab});
        self.ask("browsingContext.close", params, by).await?;
        self.world.write(|state| state.destroyed(&tab));
        // The last tab of a test may be closed; what comes after it is told.
        let none_left = self.world.read().current.is_empty() && self.line.ended().is_none();
        match none_left {
            true => Ok(()),
            false => self.bring_to_front(by).await,
        }
    }

    /// `Channel::cookies`.
    pub(super) async fn get_cookies(&mut self, by: Instant) -> Result<Vec<Cookie>, Trouble> {
        let params = json!({"partition": self.partition()});
        let told = self.ask("storage.getCookies", params, by).await?;
        Ok(told["cookies"].as_array().into_iter().flatten().map(cookie).collect())
    }

    /// `Channel::add_cookies`.
    pub(super) async fn set_cookies(
        &mut self,
        cookies: &[Cookie],
        by: Instant,
    ) -> Result<(), Trouble> {
        let answers: Vec<_> = cookies
            .iter()
            .map(|cookie| {
                let params = json!({"cookie": told(cookie), "partition": self.partition()});
                self.line.send(None, "storage.setCookie", params)
            })
            .collect();
        for (answer, cookie) in answers.into_iter().zip(cookies) {
            answer.by(by).await.map_err(|trouble| match trouble {
                Trouble::Refused(said) => {
                    Trouble::Refused(format!("the cookie {} was not taken: {said}", cookie.name))
                }
                other => other,
            })?;
        }
        Ok(())
    }

    fn partition(&self) -> Value {
        json!({"type": "storageKey", "userContext": self.world.id})
    }
}

fn cookie(told: &Value) -> Cookie {
    let value = network::bytes(&told["value"]).unwrap_or_default();
    Cookie {
        name: text(told, "name").to_string(),
        value: String::from_utf8_lossy(&value).into_owned(),
        domain: text(told, "domain").to_string(),
        path: text(told, "path").to_string(),
        expires: told["expiry"].as_f64(),
        http_only: told["httpOnly"] == true,
        secure: told["secure"] == true,
        same_site: match text(told, "sameSite") {
            "strict" => Some("Strict".to_string()),
            "lax" => Some("Lax".to_string()),
            "none" => Some("None".to_string()),
            _ => None,
        },
    }
}

fn told(cookie: &Cookie) -> Value {
    let mut told = json!({
        "name": cookie.name,
        "value": {"type": "string", "value": cookie.value},
        "domain": cookie.domain,
        "path": cookie.path,
        "httpOnly": cookie.http_only,
        "secure": cookie.secure,
    });
    if let Some(same_site) = &cookie.same_site {
        told["sameSite"] = same_site.to_lowercase().into();
    }
    if let Some(expires) = cookie.expires.filter(|expires| expires.is_finite()) {
        // Only whole seconds are taken; what is further away than a browser keeps it is cut there.
        told["expiry"] = (expires.clamp(0.0, 253_402_300_799.0) as u64).into();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_comes_back_as_it_was_told() {
        let one = Cookie {
            name: "a".to_string(),
            value: "b c".to_string(),
            domain: ".example.com".to_string(),
            path: "/x".to_string(),
            expires: Some(1_900_000_000.0),
            http_only: true,
            secure: true,
            same_site: Some("Lax".to_string()),
        };
        assert_eq!(cookie(&told(&one)), one);
        let session = Cookie { expires: None, same_site: None, ..one };
        assert_eq!(cookie(&told(&session)), session);
    }
}
