//! Drives Chromium: a session made by chromedriver, and then CDP over the browser's own websocket.
//!
//! One task hears all that the browser tells and keeps what is known of each context
//! (`context`, written by `hub`); what a step asks for is a few commands that are sent together,
//! and a wait for that knowledge to change. Nothing polls.

mod agent;
mod attach;
mod console;
mod context;
mod cookies;
mod dialogs;
mod documents;
mod downloads;
mod drag;
mod emulate;
mod endpoint;
mod facade;
mod fields;
mod glance;
mod hub;
mod input;
mod intercept;
mod keys;
mod navigate;
mod network;
mod picture;
mod tabs;
mod worlds;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use self::context::Context;
use self::facade::Tabs;
use self::hub::Hub;
use super::socket::{Line, Socket};
use super::{
    Browser, Channel, Engine, Launch, Opening, Reply, Router, SharedLog, Started, Trouble, start,
};
use crate::plan::browser::Emulation;

/// The name of the world in which the page script runs.
const WORLD: &str = "taster";

/// How long a context that is made beforehand may take.
const SPARE: Duration = Duration::from_secs(30);

/// What is asked of Chromium beside what all ask: nothing in a window but the page, each tab as
/// lively as the one in front, and pages that are gone when they are left.
const ARGS: &[&str] = &[
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,\
     WebUIOmniboxSimplification,Translate,MediaRouter,OptimizationHints,PaintHolding,\
     HttpsUpgrades,AutofillServerCommunication",
    "--disable-back-forward-cache",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-ipc-flooding-protection",
    "--disable-popup-blocking",
    "--no-default-browser-check",
];

/// Starts Chromium.
///
/// # Errors
/// As of `Chromium::launch`.
pub(super) async fn launch(launch: &Launch, by: Instant) -> Result<Box<dyn Browser>, Trouble> {
    Ok(Box::new(Chromium::launch(launch, by).await?))
}

/// Chromium, spoken to by CDP. It lives in the runtime in which it was started.
pub struct Chromium {
    started: Started,
    socket: Socket,
    hub: Hub,
    agent: String,
    /// A context that waits to be used.
    spare: Option<JoinHandle<Result<Arc<Context>, Trouble>>>,
}

impl Chromium {
    /// Starts chromedriver and Chromium, and connects to the browser itself.
    ///
    /// # Errors
    /// As of `start`; `Refused` when the browser has no address for CDP.
    pub async fn launch(launch: &Launch, by: Instant) -> Result<Chromium, Trouble> {
        // The driver is not asked for pages, so it need not wait for any.
        let wanted = json!({"pageLoadStrategy": "none", "goog:chromeOptions": {"args": ARGS}});
        let mut started = start(Engine::Chromium, launch, &wanted, by).await?;
        match connect(&started, by).await {
            Ok((socket, hub, agent)) => Ok(Chromium { started, socket, hub, agent, spare: None }),
            Err(trouble) => {
                started.end().await;
                Err(trouble)
            }
        }
    }

    async fn context(&mut self, by: Instant) -> Result<Arc<Context>, Trouble> {
        if let Some(spare) = self.spare.take() {
            let made = timeout_at(by, spare).await;
            let late = || Trouble::TimedOut("the browser made no new tab in time".to_string());
            if let Ok(Ok(context)) = made.map_err(|_| late())? {
                return Ok(context);
            }
        }
        blank(self.hub.clone(), self.agent.clone(), by).await
    }

    async fn fill(&mut self, opening: Opening, by: Instant) -> Result<Tabs, Trouble> {
        let context = self.context(by).await?;
        let folder = opening.downloads.clone();
        let emulation = opening.emulation.clone();
        let plain = Emulation::default();
        context.write(|state| state.opening = Opening { emulation: plain, ..opening });
        let channel = Tabs::new(context.clone(), self.hub.clone());
        let params = json!({"behavior": "allowAndName", "browserContextId": context.id,
            "downloadPath": folder, "eventsEnabled": true});
        let downloads = context.line.send(None, "Browser.setDownloadBehavior", params);
        emulate::change(&context, &emulation, by).await?;
        downloads.by(by).await?;
        // The next one is made while this one is used.
        let (hub, agent) = (self.hub.clone(), self.agent.clone());
        self.spare = Some(tokio::spawn(blank(hub, agent, Instant::now() + SPARE)));
        Ok(channel)
    }
}

/// Connects to the browser's own websocket; gives its user agent with it.
async fn connect(started: &Started, by: Instant) -> Result<(Socket, Hub, String), Trouble> {
    let options = started.capabilities.get("goog:chromeOptions").unwrap_or(&Value::Null);
    let address = fields::some_text(options, "/debuggerAddress").ok_or_else(|| {
        let version = &started.version;
        Trouble::Refused(format!("{version} offers no CDP (no debuggerAddress in the session)"))
    })?;
    let url = endpoint::find(&address, by).await?;
    let mut hub = None;
    let hear = |line: Line| {
        let heard = hub.insert(Hub::new(line)).clone();
        move |what| heard.hear(what)
    };
    let socket = Socket::connect(&url, hear, by).await?;
    let hub = hub.unwrap_or_else(|| Hub::new(socket.line().clone()));
    let version = hub.line.send(None, "Browser.getVersion", json!({}));
    hub.line.call(None, "Target.setAutoAttach", attach::automatically(), by).await?;
    let agent = fields::text(&version.by(by).await?, "/userAgent").to_string();
    Ok((socket, hub, agent))
}

/// Makes a context with a blank tab that is set up; where it cannot, nothing stays behind.
async fn blank(hub: Hub, agent: String, by: Instant) -> Result<Arc<Context>, Trouble> {
    let context = empty(&hub, agent, by).await?;
    let made = first_tab(&hub, &context, by).await;
    if made.is_err() {
        hub.remove(&context);
        let params = json!({"browserContextId": context.id});
        hub.line.tell(None, "Target.disposeBrowserContext", params);
    }
    made.map(|()| context)
}

/// Makes a context without a tab.
async fn empty(hub: &Hub, agent: String, by: Instant) -> Result<Arc<Context>, Trouble> {
    // Whatever becomes of us, nothing of it stays behind.
    let params = json!({"disposeOnDetach": true});
    let made = hub.ask("Target.createBrowserContext", params, by).await?;
    let id = fields::text(&made, "/browserContextId").to_string();
    let opening = Opening {
        emulation: Emulation::default(),
        log: SharedLog::default(),
        downloads: PathBuf::new(),
        router: Arc::new(Router::default()),
        keeps_bodies: false,
        target: String::new(),
        test_id: String::new(),
    };
    let context = Context::new(id, hub.line.clone(), agent, opening);
    hub.add(&context);
    Ok(context)
}

async fn first_tab(hub: &Hub, context: &Context, by: Instant) -> Result<(), Trouble> {
    let (width, height) = Emulation::default().viewport;
    let params = json!({"url": "about:blank", "browserContextId": context.id, "width": width,
        "height": height});
    let target = hub.ask("Target.createTarget", params, by).await?;
    let target = fields::text(&target, "/targetId").to_string();
    context.write(|state| state.current = target);
    context
        .until(by, "a new tab", |state| match state.tab() {
            Ok(tab) => tab.ready.then_some(Ok(())),
            Err(_) if state.gone.is_none() && state.tabs.is_empty() => None,
            Err(trouble) => Some(Err(trouble)),
        })
        .await?
}

impl Browser for Chromium {
    fn engine(&self) -> Engine {
        Engine::Chromium
    }

    fn version(&self) -> &str {
        &self.started.version
    }

    fn is_alive(&mut self) -> bool {
        self.socket.line().ended().is_none() && !self.hub.is_mute() && self.started.is_alive()
    }

    fn open(&mut self, opening: Opening, deadline: Instant) -> Reply<'_, Box<dyn Channel>> {
        Box::pin(async move {
            let channel: Box<dyn Channel> = Box::new(self.fill(opening, deadline).await?);
            Ok(channel)
        })
    }

    fn quit(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(spare) = self.spare.take() {
                spare.abort();
            }
            // Its profile is thrown away, so nothing needs to be put in order first.
            for guarded in &mut self.started.guarded {
                guarded.end().await;
            }
        })
    }
}
