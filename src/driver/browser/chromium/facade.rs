//! Is the channel of a context: what the steps of a test say, sent on to who does it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::context::Context;
use super::hub::Hub;
use super::input::{self, Hands};
use super::{cookies, emulate, glance, intercept, navigate, picture, tabs, worlds};
use crate::driver::browser::{Channel, Cookie, Input, Reply, Shot, TabInfo};
use crate::plan::browser::{Emulation, LoadState};

/// How long bodies that are still on their way to the log are waited for at the end.
const BODIES: Duration = Duration::from_secs(2);

/// The channel of one context. Dropped, the context is closed.
pub(super) struct Tabs {
    context: Arc<Context>,
    hub: Hub,
    hands: Hands,
    closed: bool,
}

impl Tabs {
    pub fn new(context: Arc<Context>, hub: Hub) -> Tabs {
        Tabs { context, hub, hands: Hands::default(), closed: false }
    }
}

impl Channel for Tabs {
    fn navigate<'a>(&'a mut self, url: &'a str, until: LoadState, by: Instant) -> Reply<'a, ()> {
        Box::pin(navigate::go(&self.context, url, until, by))
    }

    fn travel(&mut self, delta: i32, until: LoadState, by: Instant) -> Reply<'_, ()> {
        Box::pin(navigate::travel(&self.context, delta, until, by))
    }

    fn loaded(&mut self, until: LoadState, by: Instant) -> Reply<'_, ()> {
        Box::pin(navigate::loaded(&self.context, until, by))
    }

    fn call<'a>(
        &'a mut self,
        frames: &'a [u64],
        function: &'a str,
        argument: &'a Value,
        by: Instant,
    ) -> Reply<'a, Value> {
        Box::pin(worlds::call(&self.context, frames, function, argument, by))
    }

    fn evaluate<'a>(
        &'a mut self,
        frames: &'a [u64],
        function: &'a str,
        argument: &'a Value,
        by: Instant,
    ) -> Reply<'a, Value> {
        Box::pin(worlds::evaluate(&self.context, frames, function, argument, by))
    }

    fn input<'a>(&'a mut self, inputs: &'a [Input], by: Instant) -> Reply<'a, ()> {
        Box::pin(input::input(&self.context, &mut self.hands, inputs, by))
    }

    fn choose<'a>(
        &'a mut self,
        frames: &'a [u64],
        element: u64,
        files: &'a [PathBuf],
        by: Instant,
    ) -> Reply<'a, ()> {
        Box::pin(async move {
            let (session, object) = worlds::element(&self.context, frames, element, by).await?;
            let params = json!({"objectId": object, "files": files});
            self.context.line.call(Some(&session), "DOM.setFileInputFiles", params, by).await?;
            Ok(())
        })
    }

    fn picture<'a>(&'a mut self, shot: &'a Shot, by: Instant) -> Reply<'a, Vec<u8>> {
        Box::pin(picture::take(&self.context, shot, by))
    }

    fn glance(&mut self) {
        glance::ask(&self.context);
    }

    fn cookies(&mut self, by: Instant) -> Reply<'_, Vec<Cookie>> {
        Box::pin(cookies::read(&self.context, by))
    }

    fn add_cookies<'a>(&'a mut self, cookies: &'a [Cookie], by: Instant) -> Reply<'a, ()> {
        Box::pin(cookies::add(&self.context, cookies, by))
    }

    fn tabs(&mut self, by: Instant) -> Reply<'_, Vec<TabInfo>> {
        Box::pin(tabs::list(&self.context, by))
    }

    fn switch<'a>(&'a mut self, tab: &'a str, by: Instant) -> Reply<'a, ()> {
        Box::pin(tabs::switch(&self.context, tab, by))
    }

    fn close_tab(&mut self, by: Instant) -> Reply<'_, ()> {
        Box::pin(tabs::close(&self.context, by))
    }

    fn answer_dialogs(&mut self, accept: bool, with: Option<String>, _: Instant) -> Reply<'_, ()> {
        self.context.write(|state| state.dialogs = Some((accept, with)));
        Box::pin(async { Ok(()) })
    }

    fn emulate<'a>(&'a mut self, to: &'a Emulation, by: Instant) -> Reply<'a, ()> {
        Box::pin(emulate::change(&self.context, to, by))
    }

    fn intercept(&mut self, on: bool, by: Instant) -> Reply<'_, ()> {
        Box::pin(intercept::set(&self.context, on, by))
    }

    fn close(&mut self, by: Instant) -> Reply<'_, ()> {
        Box::pin(async move {
            let bodies = by.min(Instant::now() + BODIES);
            let none = |state: &super::context::State| (state.traffic.bodies == 0).then_some(());
            // A body that does not come is missing in the HAR and no reason to fail.
            self.context.until(bodies, "bodies", none).await.ok();
            self.closed = true;
            self.hub.remove(&self.context);
            let params = json!({"browserContextId": self.context.id});
            let closed = self.hub.ask("Target.disposeBrowserContext", params, by).await;
            self.context.end("the context is closed");
            closed.map(drop)
        })
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        if !self.closed {
            self.hub.remove(&self.context);
            let params = json!({"browserContextId": self.context.id});
            self.context.line.tell(None, "Target.disposeBrowserContext", params);
            self.context.end("the context is closed");
        }
    }
}
