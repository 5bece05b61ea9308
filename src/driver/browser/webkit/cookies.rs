//! Reads and adds cookies. Classic WebDriver tells those of the document that is shown.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::channel::Context;
use crate::driver::browser::{Cookie, Trouble};
use crate::plan::browser::LoadState;

impl Context {
    /// `Channel::cookies`.
    pub(super) async fn read_cookies(&mut self, by: Instant) -> Result<Vec<Cookie>, Trouble> {
        self.enter(&[], by).await?;
        let told = loop {
            match self.wire.get("cookie", by).await {
                Err(trouble) if super::call::is_dialog(&trouble) && Instant::now() < by => {
                    self.answer_dialog(by).await?;
                }
                other => break other?,
            }
        };
        Ok(told.as_array().map(|all| all.iter().filter_map(cookie).collect()).unwrap_or_default())
    }

    /// `Channel::add_cookies`.
    pub(super) async fn put_cookies(
        &mut self,
        cookies: &[Cookie],
        by: Instant,
    ) -> Result<(), Trouble> {
        self.enter(&[], by).await?;
        for cookie in cookies {
            let body = json!({ "cookie": written(cookie) });
            match self.command("cookie", body.clone(), by).await {
                // Most drivers only take those of the site they show.
                Err(Trouble::Refused(text)) if text.starts_with("invalid cookie domain") => {
                    self.visit(cookie, by).await?;
                    self.command("cookie", body, by).await?;
                }
                other => {
                    other?;
                }
            }
        }
        Ok(())
    }

    /// Goes to the site of a cookie.
    async fn visit(&mut self, cookie: &Cookie, by: Instant) -> Result<(), Trouble> {
        let scheme = if cookie.secure { "https" } else { "http" };
        let host = cookie.domain.trim_start_matches('.');
        let url = match &self.proxy {
            Some(proxy) if !cookie.secure => proxy.blank(host),
            _ => format!("{scheme}://{host}{}", cookie.path),
        };
        self.go(&url, LoadState::Commit, by).await.map_err(|trouble| match trouble {
            Trouble::Refused(why) => Trouble::Refused(format!(
                "the cookie `{}` can only be set on its site, and {url} cannot be shown: {why}",
                cookie.name
            )),
            other => other,
        })
    }
}

fn written(cookie: &Cookie) -> Value {
    let mut written = json!({
        "name": cookie.name, "value": cookie.value, "domain": cookie.domain,
        "path": if cookie.path.is_empty() { "/" } else { cookie.path.as_str() },
        "secure": cookie.secure, "httpOnly": cookie.http_only,
    });
    if let Some(expires) = cookie.expires {
        // The standard has whole seconds.
        written["expiry"] = json!(expires as u64);
    }
    if let Some(same_site) = &cookie.same_site {
        written["sameSite"] = json!(same_site);
    }
    written
}

fn cookie(told: &Value) -> Option<Cookie> {
    let text = |key: &str| told[key].as_str().map(str::to_string);
    Some(Cookie {
        name: text("name")?,
        value: text("value")?,
        domain: text("domain")?,
        path: text("path").unwrap_or_else(|| "/".to_string()),
        expires: told["expiry"].as_f64(),
        http_only: told["httpOnly"] == true,
        secure: told["secure"] == true,
        same_site: text("sameSite"),
    })
}
