//! Drives Firefox: a session by geckodriver, then WebDriver BiDi over a websocket.
//!
//! Each test gets a user context of its own (a container tab's world: cookies, storages, cache,
//! permissions apart from all others), with our script in a sandbox that the page cannot see.

mod call;
mod clock;
mod context;
mod hub;
mod input;
mod navigate;
mod network;
mod pretend;
mod tabs;
mod world;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::context::Context;
use self::hub::Hub;
use super::socket::Socket;
use super::{Browser, Channel, Engine, Launch, Opening, Reply, Started, Trouble, start};

/// What makes Firefox quiet, quick and the same each time: no pages of its own, no requests of its
/// own, no waiting that a person would not notice. Times are told as exactly as it can.
const PREFERENCES: &[(&str, Preference)] = &[
    ("app.normandy.enabled", Preference::Is(false)),
    ("app.update.auto", Preference::Is(false)),
    ("app.update.disabledForTesting", Preference::Is(true)),
    ("browser.contentblocking.category", Preference::Text("custom")),
    ("browser.discovery.enabled", Preference::Is(false)),
    ("browser.newtabpage.enabled", Preference::Is(false)),
    ("browser.safebrowsing.downloads.enabled", Preference::Is(false)),
    ("browser.safebrowsing.malware.enabled", Preference::Is(false)),
    ("browser.safebrowsing.phishing.enabled", Preference::Is(false)),
    ("browser.search.update", Preference::Is(false)),
    // A page that is gone is gone, so that what waits in it is told.
    ("browser.sessionhistory.max_total_viewers", Preference::Number(0)),
    ("browser.startup.homepage_override.mstone", Preference::Text("ignore")),
    ("browser.startup.page", Preference::Number(0)),
    ("browser.topsites.contile.enabled", Preference::Is(false)),
    ("browser.translations.enable", Preference::Is(false)),
    ("datareporting.healthreport.uploadEnabled", Preference::Is(false)),
    ("datareporting.policy.dataSubmissionEnabled", Preference::Is(false)),
    ("dom.disable_open_during_load", Preference::Is(false)),
    ("dom.ipc.processHangMonitor", Preference::Is(false)),
    ("dom.min_background_timeout_value", Preference::Number(4)),
    ("dom.successive_dialog_time_limit", Preference::Number(0)),
    ("dom.timeout.enable_budget_timer_throttling", Preference::Is(false)),
    ("extensions.getAddons.cache.enabled", Preference::Is(false)),
    ("extensions.systemAddon.update.enabled", Preference::Is(false)),
    ("extensions.update.enabled", Preference::Is(false)),
    ("fission.bfcacheInParent", Preference::Is(false)),
    ("general.smoothScroll", Preference::Is(false)),
    ("network.captive-portal-service.enabled", Preference::Is(false)),
    ("network.connectivity-service.enabled", Preference::Is(false)),
    ("network.dns.disablePrefetch", Preference::Is(true)),
    ("network.http.speculative-parallel-limit", Preference::Number(0)),
    ("network.prefetch-next", Preference::Is(false)),
    // Who has not been granted something is refused it, instead of a question nobody answers.
    ("permissions.default.camera", Preference::Number(2)),
    ("permissions.default.desktop-notification", Preference::Number(2)),
    ("permissions.default.geo", Preference::Number(2)),
    ("permissions.default.microphone", Preference::Number(2)),
    ("permissions.default.xr", Preference::Number(2)),
    ("privacy.reduceTimerPrecision", Preference::Is(false)),
    // BiDi alone.
    ("remote.active-protocols", Preference::Number(1)),
    ("security.fileuri.strict_origin_policy", Preference::Is(false)),
    ("signon.autofillForms", Preference::Is(false)),
    ("signon.rememberSignons", Preference::Is(false)),
    ("toolkit.cosmeticAnimations.enabled", Preference::Is(false)),
    ("toolkit.telemetry.enabled", Preference::Is(false)),
    ("toolkit.telemetry.reportingpolicy.firstRun", Preference::Is(false)),
    ("ui.prefersReducedMotion", Preference::Number(0)),
    ("widget.gtk.overlay-scrollbars.enabled", Preference::Is(false)),
];

/// Keeps the browser's own menu from opening at a right click: it would take what is pressed next.
const NO_MENU: &str = "() => {
  const menu = document.getElementById('contentAreaContextMenu');
  menu?.addEventListener('popupshowing', (event) => {
    if (event.target === menu) event.preventDefault();
  });
}";

/// A preference's value.
enum Preference {
    Is(bool),
    Number(i64),
    Text(&'static str),
}

/// A Firefox that runs.
pub struct Firefox {
    started: Started,
    socket: Socket,
    hub: Arc<Hub>,
}

impl Firefox {
    /// Starts geckodriver and Firefox.
    ///
    /// # Errors
    /// As `start`; `Refused` when the browser offers no BiDi.
    pub async fn launch(launch: &Launch, by: Instant) -> Result<Firefox, Trouble> {
        let mut started = start(Engine::Firefox, launch, &capabilities(), by).await?;
        match Firefox::connect(&started, by).await {
            Ok((socket, hub)) => Ok(Firefox { started, socket, hub }),
            Err(trouble) => {
                started.end().await;
                Err(trouble)
            }
        }
    }

    async fn connect(started: &Started, by: Instant) -> Result<(Socket, Arc<Hub>), Trouble> {
        let url = started.capabilities.get("webSocketUrl").and_then(Value::as_str);
        let url = url.ok_or_else(|| {
            Trouble::Refused(format!(
                "{} offers no WebDriver BiDi (no webSocketUrl in the session): use Firefox 141 or \
                 later",
                started.version
            ))
        })?;
        let hub = Arc::new(Hub::default());
        let hearing = hub.clone();
        let hear = move |line: super::socket::Line| move |heard| hearing.hear(&line, heard);
        let socket = Socket::connect(url, hear, by).await?;
        let line = socket.line();
        let subscribes = line.send(None, "session.subscribe", json!({"events": hub::EVENTS}));
        line.tell(None, "session.subscribe", json!({"events": [hub::NEWER]}));
        let script = json!({"functionDeclaration": call::bring(), "sandbox": world::SANDBOX});
        let brings = line.send(None, "script.addPreloadScript", script);
        let windows = json!({"moz:scope": "chrome", "maxDepth": 0});
        let windows = line.send(None, "browsingContext.getTree", windows);
        subscribes.by(by).await?;
        brings.by(by).await?;
        // Without the right to the browser's own scripts some of what is pretended is unsupported.
        let chrome = match windows.by(by).await {
            Ok(told) => told["contexts"][0]["context"].as_str().map(str::to_string),
            Err(Trouble::Refused(_)) => None,
            Err(trouble) => return Err(trouble),
        };
        if let Some(chrome) = &chrome {
            let quiet = json!({"functionDeclaration": NO_MENU, "awaitPromise": false,
                               "target": {"context": chrome}});
            line.tell(None, "script.callFunction", quiet);
        }
        hub.set_chrome(chrome);
        Ok((socket, hub))
    }
}

fn capabilities() -> Value {
    let preferences: serde_json::Map<String, Value> = PREFERENCES
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Preference::Is(is) => Value::from(*is),
                Preference::Number(number) => Value::from(*number),
                Preference::Text(text) => Value::from(*text),
            };
            ((*name).to_string(), value)
        })
        .collect();
    json!({
        "webSocketUrl": true,
        // Dialogs are answered over BiDi, each as the test says.
        "unhandledPromptBehavior": {"default": "ignore", "beforeUnload": "ignore"},
        "moz:firefoxOptions": {"prefs": preferences},
    })
}

impl Browser for Firefox {
    fn engine(&self) -> Engine {
        Engine::Firefox
    }

    fn version(&self) -> &str {
        &self.started.version
    }

    fn is_alive(&mut self) -> bool {
        self.started.is_alive() && self.socket.line().ended().is_none() && !self.hub.is_stuck()
    }

    fn open(&mut self, opening: Opening, deadline: Instant) -> Reply<'_, Box<dyn Channel>> {
        Box::pin(async move {
            let line = self.socket.line().clone();
            match Context::open(line, self.hub.clone(), opening, deadline).await {
                Ok(context) => Ok(Box::new(context) as Box<dyn Channel>),
                Err(Trouble::Gone(why)) => match self.started.obituary() {
                    Some(words) => Err(Trouble::Gone(format!("Firefox is gone: {why} ({words})"))),
                    None => Err(call::in_gone_words(Trouble::Gone(why))),
                },
                Err(trouble) => Err(trouble),
            }
        })
    }

    fn quit(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(self.started.end())
    }
}
