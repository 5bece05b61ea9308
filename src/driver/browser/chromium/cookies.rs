//! Reads and adds cookies of a context.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::Context;
use super::fields::{is, number, some_text, text};
use crate::driver::browser::{Cookie, Trouble};

/// All cookies.
pub(super) async fn read(context: &Context, by: Instant) -> Result<Vec<Cookie>, Trouble> {
    let params = json!({"browserContextId": context.id});
    let answer = context.line.call(None, "Storage.getCookies", params, by).await?;
    Ok(answer["cookies"].as_array().into_iter().flatten().map(cookie).collect())
}

/// Adds cookies.
pub(super) async fn add(context: &Context, cookies: &[Cookie], by: Instant) -> Result<(), Trouble> {
    let target = context.read().opening.target.clone();
    let cookies: Vec<Value> = cookies.iter().map(|cookie| written(cookie, &target)).collect();
    let params = json!({"browserContextId": context.id, "cookies": cookies});
    context.line.call(None, "Storage.setCookies", params, by).await?;
    Ok(())
}

fn cookie(of: &Value) -> Cookie {
    Cookie {
        name: text(of, "/name").to_string(),
        value: text(of, "/value").to_string(),
        domain: text(of, "/domain").to_string(),
        path: text(of, "/path").to_string(),
        expires: Some(number(of, "/expires")).filter(|expires| *expires > 0.0),
        http_only: is(of, "/httpOnly"),
        secure: is(of, "/secure"),
        same_site: some_text(of, "/sameSite"),
    }
}

fn written(cookie: &Cookie, target: &str) -> Value {
    let path = if cookie.path.is_empty() { "/" } else { &cookie.path };
    let mut written = json!({"name": cookie.name, "value": cookie.value, "path": path,
        "httpOnly": cookie.http_only, "secure": cookie.secure});
    if cookie.domain.starts_with('.') {
        written["domain"] = cookie.domain.as_str().into();
    } else if cookie.domain.is_empty() {
        written["url"] = target.into();
    } else {
        // A domain would make it one of all hosts below it; a URL keeps it to this one.
        let scheme = if cookie.secure { "https" } else { "http" };
        let host = match cookie.domain.contains(':') && !cookie.domain.starts_with('[') {
            true => format!("[{}]", cookie.domain),
            false => cookie.domain.clone(),
        };
        written["url"] = format!("{scheme}://{host}{path}").into();
    }
    if let Some(expires) = cookie.expires {
        written["expires"] = json!(expires);
    }
    if let Some(same_site) = &cookie.same_site {
        written["sameSite"] = same_site.as_str().into();
    }
    written
}
