//! Is one session as a context: what it remembers between commands, and who does which command.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::session::{Look, Session};
use super::{Endings, end_now};
use crate::driver::browser::proxy::{Attached, Proxy};
use crate::driver::browser::{
    Channel, Cookie, Input, Opening, Reply, SharedLog, Shot, Started, TabInfo, Trouble, Wire,
};
use crate::plan::browser::{Emulation, LoadState};

/// One session.
pub(super) struct Context {
    pub(super) started: Option<Started>,
    pub(super) wire: Wire,
    pub(super) log: SharedLog,
    pub(super) proxy: Option<Proxy>,
    pub(super) look: Look,
    pub(super) emulation: Emulation,
    /// The property of the page's `window` that holds the page script; nobody can guess it.
    pub(super) key: String,
    /// Counts calls and marks, so that none is taken for another.
    pub(super) count: u64,
    /// A frame is the current document, not the tab's own.
    pub(super) inside: bool,
    /// Window handles in the order in which they were seen.
    pub(super) tabs: Vec<String>,
    pub(super) current: String,
    pub(super) accepts: bool,
    pub(super) types: Option<String>,
    pub(super) pointer: (f64, f64),
    /// The right button was pressed once; see `act`.
    pub(super) menus: bool,
    watch: Option<JoinHandle<()>>,
    endings: Endings,
}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
        if let Some(started) = self.started.take() {
            // Without an event loop there is nobody to wait, and the life line is cut all the same.
            if tokio::runtime::Handle::try_current().is_ok() {
                end_now(&self.endings, started);
            }
        }
    }
}

impl Context {
    /// Makes a fresh session a context.
    ///
    /// # Errors
    /// `Unsupported`, by its key, for what the browser cannot pretend to be.
    pub(super) async fn open(
        session: Session,
        opening: Opening,
        endings: Endings,
        by: Instant,
    ) -> Result<Context, Trouble> {
        let Opening { emulation, log, downloads, router, keeps_bodies, .. } = opening;
        let watch = session.downloads.map(|from| {
            tokio::spawn(super::dialogs::watch_downloads(from, downloads, log.clone()))
        });
        if let Some(proxy) = &session.proxy {
            let attached = Attached { log: log.clone(), router, keeps_bodies };
            proxy.attach(Arc::new(attached));
        }
        let mut context = Context {
            started: Some(session.started),
            wire: session.wire,
            log,
            proxy: session.proxy,
            look: session.look,
            emulation: Emulation::default(),
            key: format!("_{:032x}", rand::random::<u128>()),
            count: 0,
            inside: false,
            tabs: Vec::new(),
            current: String::new(),
            accepts: false,
            types: None,
            pointer: (0.0, 0.0),
            menus: false,
            watch,
            endings,
        };
        context.find_tabs(by).await?;
        context.begin(&emulation, by).await?;
        Ok(context)
    }

    /// A number that was not used before.
    pub(super) fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Says more about a browser that is gone: how its processes ended.
    pub(super) async fn explained<T>(&mut self, result: Result<T, Trouble>) -> Result<T, Trouble> {
        let text = match result {
            Err(Trouble::Gone(text)) => text,
            // What WebKit's driver says when the browser died beneath it.
            Err(Trouble::Refused(text)) if text.starts_with("unknown error") => {
                let by = Instant::now() + Duration::from_secs(2);
                match self.wire.get("window/handles", by).await {
                    Ok(_) => return Err(Trouble::Refused(text)),
                    Err(_) => text,
                }
            }
            other => return other,
        };
        let obituary = self.started.as_mut().and_then(Started::obituary);
        let text = match obituary {
            Some(obituary) => format!("the browser is gone: {text} ({obituary})"),
            None => format!("the browser is gone: {text}"),
        };
        self.log.write(|log| {
            log.crash.get_or_insert_with(|| text.clone());
        });
        Err(Trouble::Gone(text))
    }

    /// Makes the tab's own document the current one, or the frame that handles lead to.
    pub(super) async fn enter(&mut self, frames: &[u64], by: Instant) -> Result<(), Trouble> {
        if self.inside {
            self.wire.post("frame", json!({ "id": null }), by).await?;
            self.inside = false;
        }
        for frame in frames {
            let element = self.element(*frame, by).await?;
            self.wire.post("frame", json!({ "id": element }), by).await?;
            self.inside = true;
        }
        Ok(())
    }

    async fn end(&mut self, by: Instant) -> Result<(), Trouble> {
        // What the last page said is still to be had.
        if !self.wire.is_stuck() {
            let soon = by.min(Instant::now() + Duration::from_secs(1));
            let _ = self.take_messages(soon).await;
        }
        if let Some(watch) = self.watch.take() {
            watch.abort();
        }
        if let Some(started) = self.started.take() {
            end_now(&self.endings, started);
        }
        Ok(())
    }
}

impl Channel for Context {
    fn navigate<'a>(&'a mut self, url: &'a str, until: LoadState, by: Instant) -> Reply<'a, ()> {
        async move {
            let done = self.go(url, until, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn travel(&mut self, delta: i32, until: LoadState, by: Instant) -> Reply<'_, ()> {
        async move {
            let done = self.go_along(delta, until, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn loaded(&mut self, until: LoadState, by: Instant) -> Reply<'_, ()> {
        async move {
            let done = self.wait_loaded(until, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn call<'a>(
        &'a mut self,
        frames: &'a [u64],
        function: &'a str,
        argument: &'a Value,
        by: Instant,
    ) -> Reply<'a, Value> {
        async move {
            let done = self.call_script(frames, function, argument, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn evaluate<'a>(
        &'a mut self,
        frames: &'a [u64],
        function: &'a str,
        argument: &'a Value,
        by: Instant,
    ) -> Reply<'a, Value> {
        async move {
            let done = self.evaluate_users(frames, function, argument, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn input<'a>(&'a mut self, inputs: &'a [Input], by: Instant) -> Reply<'a, ()> {
        async move {
            let done = self.act(inputs, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn choose<'a>(
        &'a mut self,
        frames: &'a [u64],
        element: u64,
        files: &'a [PathBuf],
        by: Instant,
    ) -> Reply<'a, ()> {
        async move {
            let done = self.choose_files((frames, element), files, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn picture<'a>(&'a mut self, shot: &'a Shot, by: Instant) -> Reply<'a, Vec<u8>> {
        async move {
            let done = self.take_picture(shot, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn cookies(&mut self, by: Instant) -> Reply<'_, Vec<Cookie>> {
        async move {
            let done = self.read_cookies(by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn add_cookies<'a>(&'a mut self, cookies: &'a [Cookie], by: Instant) -> Reply<'a, ()> {
        async move {
            let done = self.put_cookies(cookies, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn tabs(&mut self, by: Instant) -> Reply<'_, Vec<TabInfo>> {
        async move {
            let done = self.list_tabs(by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn switch<'a>(&'a mut self, tab: &'a str, by: Instant) -> Reply<'a, ()> {
        async move {
            let done = self.switch_tab(tab, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn close_tab(&mut self, by: Instant) -> Reply<'_, ()> {
        async move {
            let done = self.close_current(by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn answer_dialogs(&mut self, accept: bool, with: Option<String>, _: Instant) -> Reply<'_, ()> {
        self.accepts = accept;
        self.types = with;
        async { Ok(()) }.boxed()
    }

    fn emulate<'a>(&'a mut self, to: &'a Emulation, by: Instant) -> Reply<'a, ()> {
        async move {
            let done = self.pretend(to, by).await;
            self.explained(done).await
        }
        .boxed()
    }

    fn intercept(&mut self, on: bool, _: Instant) -> Reply<'_, ()> {
        let done = match &self.proxy {
            Some(proxy) => {
                proxy.change(|net| net.intercepts = on);
                Ok(())
            }
            None if on => Err(Trouble::Unsupported("stubs and HAR on a remote browser".into())),
            None => Ok(()),
        };
        async { done }.boxed()
    }

    fn close(&mut self, by: Instant) -> Reply<'_, ()> {
        self.end(by).boxed()
    }
}
