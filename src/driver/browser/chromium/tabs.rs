//! Lists, switches and closes tabs.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::Context;
use super::fields::text;
use crate::driver::browser::{TabInfo, Trouble};

/// The tabs in the order in which they were opened, those that are set up.
pub(super) async fn list(context: &Context, by: Instant) -> Result<Vec<TabInfo>, Trouble> {
    let targets = context.line.call(None, "Target.getTargets", json!({}), by).await?;
    let targets: Vec<&Value> = targets["targetInfos"].as_array().into_iter().flatten().collect();
    let state = context.read();
    if let Some(why) = &state.gone {
        return Err(Trouble::Gone(why.clone()));
    }
    let ready = state.tabs.iter().filter(|tab| tab.ready);
    let tabs = ready.map(|tab| {
        let target = targets.iter().find(|target| text(target, "/targetId") == tab.target);
        TabInfo {
            id: tab.target.clone(),
            url: target
                .map_or(tab.document.url.as_str(), |target| text(target, "/url"))
                .to_string(),
            title: target.map_or("", |target| text(target, "/title")).to_string(),
            current: tab.target == state.current,
        }
    });
    Ok(tabs.collect())
}

/// Makes a tab the current one and brings it to the front.
pub(super) async fn switch(context: &Context, tab: &str, by: Instant) -> Result<(), Trouble> {
    let ready = context.until(by, "the tab", |state| {
        match state.tabs.iter().find(|one| one.target == tab) {
            None => Some(Err(Trouble::Refused("this tab is closed".to_string()))),
            Some(one) => one.ready.then(|| Ok(one.session.clone())),
        }
    });
    let session = ready.await??;
    context.line.call(Some(&session), "Page.bringToFront", json!({}), by).await?;
    context.write(|state| state.current = tab.to_string());
    Ok(())
}

/// Closes the current tab.
pub(super) async fn close(context: &Context, by: Instant) -> Result<(), Trouble> {
    let (tab, _) = match context.current() {
        Ok(current) => current,
        // A crashed tab can be closed all the same.
        Err(Trouble::Gone(why)) => match context.read().current.clone() {
            target if target.is_empty() => return Err(Trouble::Gone(why)),
            target => (target, String::new()),
        },
        Err(trouble) => return Err(trouble),
    };
    context.line.call(None, "Target.closeTarget", json!({"targetId": tab}), by).await?;
    let closed = |state: &super::context::State| {
        let there = state.tabs.iter().any(|one| one.target == tab && one.crashed.is_none());
        (!there || state.gone.is_some()).then_some(())
    };
    context.until(by, "closing the tab", closed).await?;
    let front = context.write(|state| {
        state.remove_tab(&tab);
        state.tab().ok().map(|tab| tab.session.clone())
    });
    if let Some(session) = front {
        context.line.call(Some(&session), "Page.bringToFront", json!({}), by).await?;
    }
    Ok(())
}
