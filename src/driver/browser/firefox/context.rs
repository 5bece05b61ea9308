//! Is one user context as a channel: what it keeps, how it is opened and ended.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::call::Calling;
use super::hub::Hub;
use super::network;
use super::world::World;
use crate::driver::browser::socket::Line;
use crate::driver::browser::{Channel, Cookie, Input, Opening, Reply, Shot, TabInfo, Trouble};
use crate::plan::browser::{Emulation, LoadState};

/// One user context.
pub(super) struct Context {
    pub line: Line,
    pub hub: Arc<Hub>,
    pub world: Arc<World>,
    /// What it pretends to be; none until it has been told.
    pub emulation: Option<Emulation>,
    /// The origin that permissions are granted to.
    pub target: String,
    /// What holds requests, while something does.
    pub held: Option<String>,
    /// Where the pointer is.
    pub pointer: (f64, f64),
    /// The contexts of frames, by the realm their element is in and its handle.
    pub frames: HashMap<(String, u64), String>,
    /// What keeps bodies.
    collector: Option<Value>,
    ended: bool,
}

impl Context {
    /// Makes a fresh user context with one blank tab.
    pub async fn open(
        line: Line,
        hub: Arc<Hub>,
        opening: Opening,
        by: Instant,
    ) -> Result<Context, Trouble> {
        let made = line.call(None, "browser.createUserContext", json!({}), by).await?;
        let id = super::hub::text(&made, "userContext").to_string();
        let Opening { emulation, log, downloads, router, keeps_bodies, target, .. } = opening;
        let world = Arc::new(World::new(id.clone(), log, router, keeps_bodies));
        hub.add(&world);
        let mut context = Context {
            line: line.clone(),
            hub,
            world,
            emulation: None,
            target,
            held: None,
            pointer: (0.0, 0.0),
            frames: HashMap::new(),
            collector: None,
            ended: false,
        };
        let types: &[&str] = if keeps_bodies { &["request", "response"] } else { &["request"] };
        let collects = line.send(
            None,
            "network.addDataCollector",
            json!({"dataTypes": types, "maxEncodedDataSize": network::LONGEST,
                   "userContexts": [id]}),
        );
        let saves = line.send(
            None,
            "browser.setDownloadBehavior",
            json!({"userContexts": [id], "downloadBehavior":
                   {"type": "allowed", "destinationFolder": downloads.to_string_lossy()}}),
        );
        let pretends = context.pretend(&emulation, by).await;
        context.collector = Some(collects.by(by).await?["collector"].clone());
        saves.by(by).await?;
        let tab = json!({"type": "tab", "userContext": id});
        line.call(None, "browsingContext.create", tab, by).await?;
        pretends?;
        Ok(context)
    }

    /// `Channel::picture`.
    async fn photograph(&self, shot: &Shot, by: Instant) -> Result<Vec<u8>, Trouble> {
        self.bring_to_front(by).await?;
        let tab = self.tab().await?;
        let mut params = json!({"context": tab, "origin": "viewport"});
        if shot.full {
            params["origin"] = "document".into();
        }
        if let Some((x, y, width, height)) = shot.clip {
            params["origin"] = "document".into();
            params["clip"] =
                json!({"type": "box", "x": x, "y": y, "width": width, "height": height});
        }
        if let Some(quality) = shot.quality {
            let quality = f64::from(quality.clamp(1, 100)) / 100.0;
            params["format"] = json!({"type": "image/jpeg", "quality": quality});
        }
        let mut made = self.ask("browsingContext.captureScreenshot", params.clone(), by).await;
        if matches!(&made, Err(Trouble::Refused(said)) if shot.full && said.contains("maximum")) {
            // A page that goes on and on is shown as far as a picture can reach.
            params["clip"] = self.reach(&tab, by).await?;
            made = self.ask("browsingContext.captureScreenshot", params, by).await;
        }
        let made = made?;
        let data = super::hub::text(&made, "data");
        STANDARD
            .decode(data)
            .map_err(|error| Trouble::Refused(format!("the picture is not base64: {error}")))
    }

    /// The part of a page that is not too large for a picture, as a clip.
    async fn reach(&self, tab: &str, by: Instant) -> Result<Value, Trouble> {
        let function = "() => { const page = document.documentElement; \
             const most = 16384 / devicePixelRatio; \
             return [Math.min(page.scrollWidth, most), Math.min(page.scrollHeight, most)]; }";
        let calling = Calling { context: tab, ours: true, function, arguments: Vec::new() };
        let size = self.run(calling, by).await?;
        let of = |at: usize| size["value"][at]["value"].as_f64().unwrap_or(1.0);
        Ok(json!({"type": "box", "x": 0, "y": 0, "width": of(0), "height": of(1)}))
    }

    async fn choose_files(
        &mut self,
        frames: &[u64],
        element: u64,
        files: &[PathBuf],
        by: Instant,
    ) -> Result<(), Trouble> {
        let context = self.frame(frames, by).await?;
        let node = self.node(&context, element, "", by).await?;
        let Some(id) = node["sharedId"].as_str() else { return Err(Trouble::Navigated) };
        let files: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
        let params = json!({"context": context, "element": {"sharedId": id}, "files": files});
        self.ask("input.setFiles", params, by).await.map(|_| ())
    }

    async fn end(&mut self, by: Instant) -> Result<(), Trouble> {
        self.ended = true;
        self.leave();
        let params = json!({"userContext": self.world.id});
        let ended = self.ask("browser.removeUserContext", params, by).await;
        self.hub.forget(&self.world.id);
        if matches!(ended, Err(Trouble::TimedOut(_))) {
            self.hub.set_stuck();
        }
        ended.map(|_| ())
    }

    /// Takes back what the browser keeps besides the user context.
    fn leave(&mut self) {
        if let Some(held) = self.held.take() {
            self.line.tell(None, "network.removeIntercept", json!({"intercept": held}));
        }
        if let Some(collector) = self.collector.take() {
            let params = json!({"collector": collector});
            self.line.tell(None, "network.removeDataCollector", params);
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if !self.ended {
            self.leave();
            let params = json!({"userContext": self.world.id});
            self.line.tell(None, "browser.removeUserContext", params);
            self.hub.forget(&self.world.id);
        }
    }
}

impl Channel for Context {
    fn navigate<'a>(&'a mut self, url: &'a str, until: LoadState, by: Instant) -> Reply<'a, ()> {
        Box::pin(self.go(url, until, by))
    }

    fn travel(&mut self, delta: i32, until: LoadState, by: Instant) -> Reply<'_, ()> {
        Box::pin(self.go_through_history(delta, until, by))
    }

    fn loaded(&mut self, until: LoadState, by: Instant) -> Reply<'_, ()> {
        Box::pin(self.come(until, by))
    }

    fn call<'a>(
        &'a mut self,
        frames: &'a [u64],
        function: &'a str,
        argument: &'a Value,
        by: Instant,
    ) -> Reply<'a, Value> {
        Box::pin(self.call_script(frames, function, argument, by))
    }

    fn evaluate<'a>(
        &'a mut self,
        frames: &'a [u64],
        function: &'a str,
        argument: &'a Value,
        by: Instant,
    ) -> Reply<'a, Value> {
        Box::pin(self.evaluate_users(frames, function, argument, by))
    }

    fn input<'a>(&'a mut self, inputs: &'a [Input], by: Instant) -> Reply<'a, ()> {
        Box::pin(self.act(inputs, by))
    }

    fn choose<'a>(
        &'a mut self,
        frames: &'a [u64],
        element: u64,
        files: &'a [PathBuf],
        by: Instant,
    ) -> Reply<'a, ()> {
        Box::pin(self.choose_files(frames, element, files, by))
    }

    fn picture<'a>(&'a mut self, shot: &'a Shot, by: Instant) -> Reply<'a, Vec<u8>> {
        Box::pin(self.photograph(shot, by))
    }

    fn cookies(&mut self, by: Instant) -> Reply<'_, Vec<Cookie>> {
        Box::pin(self.get_cookies(by))
    }

    fn add_cookies<'a>(&'a mut self, cookies: &'a [Cookie], by: Instant) -> Reply<'a, ()> {
        Box::pin(self.set_cookies(cookies, by))
    }

    fn tabs(&mut self, by: Instant) -> Reply<'_, Vec<TabInfo>> {
        Box::pin(self.list_tabs(by))
    }

    fn switch<'a>(&'a mut self, tab: &'a str, by: Instant) -> Reply<'a, ()> {
        Box::pin(self.switch_to(tab, by))
    }

    fn close_tab(&mut self, by: Instant) -> Reply<'_, ()> {
        Box::pin(self.close_current(by))
    }

    fn answer_dialogs(&mut self, accept: bool, with: Option<String>, _: Instant) -> Reply<'_, ()> {
        self.world.write(|state| state.dialogs = Some((accept, with)));
        Box::pin(async { Ok(()) })
    }

    fn emulate<'a>(&'a mut self, to: &'a Emulation, by: Instant) -> Reply<'a, ()> {
        Box::pin(self.pretend(to, by))
    }

    fn intercept(&mut self, on: bool, by: Instant) -> Reply<'_, ()> {
        self.world.write(|state| state.holds = on);
        Box::pin(self.hold(by))
    }

    fn close(&mut self, by: Instant) -> Reply<'_, ()> {
        let ending: BoxFuture<'_, _> = Box::pin(self.end(by));
        ending
    }
}
