//! Keeps browsers warm: one process for each test that runs at the same time, taken by one test,
//! given back, and taken by the next.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::state::States;
use super::{Browser, Channel, Engine, Launch, Opening, Trouble, launch};

/// How long a browser may take to start: a cold disk is slow.
const START: Duration = Duration::from_secs(60);

/// How long a fresh context may take.
const OPEN: Duration = Duration::from_secs(20);

/// The browsers of one run. Cheap to clone.
#[derive(Clone)]
pub struct Browsers {
    inner: Arc<Inner>,
}

struct Inner {
    launch: Launch,
    settings: Settings,
    idle: Mutex<Vec<Box<dyn Browser>>>,
    versions: Arc<Mutex<BTreeMap<Engine, String>>>,
    states: States,
}

/// A browser that is kept.
type Process = Box<dyn Browser>;

/// What holds for all tests of a run.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Pictures of the steps that cost nothing are kept for the trace.
    pub glances: bool,
    /// A small picture is taken after each step that does something, whatever it costs.
    pub thumbnails: bool,
    /// Stored pictures are replaced by what is seen.
    pub updates_pictures: bool,
    /// Where the scenarios go.
    pub target: String,
}

impl Browsers {
    /// None is started yet.
    pub fn new(launch: Launch, settings: Settings) -> Browsers {
        let inner = Inner {
            launch,
            settings,
            idle: Mutex::default(),
            versions: Arc::default(),
            states: States::default(),
        };
        Browsers { inner: Arc::new(inner) }
    }

    /// Others of the same kind, for another thread; what was started here is told there too.
    pub fn beside(&self, settings: Settings) -> Browsers {
        let inner = Inner {
            launch: self.inner.launch.clone(),
            settings,
            idle: Mutex::default(),
            versions: self.inner.versions.clone(),
            states: self.inner.states.clone(),
        };
        Browsers { inner: Arc::new(inner) }
    }

    /// The engines that were started, with their names and versions.
    pub fn versions(&self) -> BTreeMap<Engine, String> {
        locked(&self.inner.versions).clone()
    }

    /// What holds for all of them.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(in crate::driver) fn states(&self) -> &States {
        &self.inner.states
    }

    /// A fresh context in a warm browser, or in a new one. A warm browser that died meanwhile
    /// costs nobody a test.
    pub(in crate::driver) async fn open(
        &self,
        engine: Engine,
        opening: impl Fn() -> Opening,
    ) -> Result<(Box<dyn Browser>, Box<dyn Channel>), Trouble> {
        let (idle, others) = self.take(engine);
        for mut other in others {
            // Warm browsers of an engine that is not wanted now only use memory.
            other.quit().await;
        }
        if let Some(mut warm) = idle {
            let opened = match warm.is_alive() {
                true => warm.open(opening(), Instant::now() + OPEN).await.ok(),
                false => None,
            };
            match opened {
                Some(channel) => return Ok((warm, channel)),
                None => warm.quit().await,
            }
        }
        let mut browser =
            launch::launch(engine, &self.inner.launch, Instant::now() + START).await?;
        locked(&self.inner.versions).insert(engine, browser.version().to_string());
        match browser.open(opening(), Instant::now() + OPEN).await {
            Ok(channel) => Ok((browser, channel)),
            Err(trouble) => {
                browser.quit().await;
                Err(trouble)
            }
        }
    }

    /// One of this engine, and all of others.
    fn take(&self, engine: Engine) -> (Option<Process>, Vec<Process>) {
        let mut idle = locked(&self.inner.idle);
        let found = idle.iter().position(|browser| browser.engine() == engine);
        match found {
            Some(at) => (Some(idle.swap_remove(at)), Vec::new()),
            None => (None, std::mem::take(&mut *idle)),
        }
    }

    /// Keeps it warm for the next test, or ends it when it is not well.
    pub(in crate::driver) async fn give_back(&self, mut browser: Box<dyn Browser>) {
        if browser.is_alive() {
            locked(&self.inner.idle).push(browser);
        } else {
            browser.quit().await;
        }
    }

    /// Ends all that are idle.
    pub async fn quit(&self) {
        let idle = std::mem::take(&mut *locked(&self.inner.idle));
        for mut browser in idle {
            browser.quit().await;
        }
    }
}

impl fmt::Debug for Browsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Browsers({} idle)", locked(&self.inner.idle).len())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
