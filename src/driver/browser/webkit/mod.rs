//! Drives WebKit, and whatever a remote WebDriver URL has, in the classic way: one command, one
//! answer.
//!
//! A context is a session of its own, and here a process of its own: nothing is shared, and all
//! that WebKit only reads when it starts (time zone, scale, colours) can be pretended. The next
//! session is started while a test runs. What classic WebDriver does not tell about the network, a
//! proxy of ours does (`proxy`).

mod call;
mod channel;
mod cookies;
mod dialogs;
mod input;
mod navigate;
mod picture;
mod pretend;
mod session;
mod tabs;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::{
    Browser, Channel, Engine, Guarded, Launch, Opening, Reply, Started, Trouble, find, start,
};
pub(super) use call::note_messages;
use channel::Context;
use session::{Look, Session};

/// Sessions that are being ended.
type Endings = Arc<Mutex<Vec<JoinHandle<()>>>>;

/// Starts WebKit, or speaks to a remote WebDriver server.
///
/// # Errors
/// As `start`.
pub async fn launch(
    engine: Engine,
    launch: &Launch,
    by: Instant,
) -> Result<Box<dyn Browser>, Trouble> {
    let mut display = None;
    if launch.remote.is_none() {
        let found = find(engine, launch).await?;
        if let Some(xvfb) = found.display.filter(|_| !launch.headed) {
            display = Some(start::display(&xvfb, launch, by).await?);
        }
    }
    let mut webkit = Webkit {
        engine,
        launch: launch.clone(),
        version: String::new(),
        display,
        warm: None,
        endings: Endings::default(),
    };
    match Session::start(&webkit.asked(Look::default()), by).await {
        Ok(first) => {
            webkit.version.clone_from(&first.started.version);
            webkit.warm = Some((Look::default(), tokio::spawn(async move { Ok(first) })));
            Ok(Box::new(webkit))
        }
        Err(trouble) => {
            webkit.quit().await;
            Err(trouble)
        }
    }
}

/// How long a start is waited for that nobody wants any more.
const UNWANTED: Duration = Duration::from_secs(5);

/// The X server, and one session that waits for its test.
struct Webkit {
    engine: Engine,
    launch: Launch,
    version: String,
    display: Option<(String, Guarded)>,
    warm: Option<(Look, JoinHandle<Result<Session, Trouble>>)>,
    endings: Endings,
}

impl Webkit {
    fn asked(&self, look: Look) -> session::Asked {
        session::Asked {
            engine: self.engine,
            launch: self.launch.clone(),
            display: self.display.as_ref().map(|(name, _)| name.clone()),
            look,
        }
    }

    /// The session that waits where it is as wanted, else a new one; and the next is begun.
    async fn take(&mut self, look: &Look, by: Instant) -> Result<Session, Trouble> {
        let mut taken = None;
        if let Some((kind, warm)) = self.warm.take() {
            match kind == *look {
                true => taken = warm.await.ok().and_then(Result::ok),
                false => end_later(&self.endings, warm),
            }
        }
        // It may have died while it waited.
        let alive = taken.as_mut().is_some_and(|session| session.started.is_alive());
        let session = match taken.filter(|_| alive) {
            Some(session) => session,
            None => Session::start(&self.asked(look.clone()), by).await?,
        };
        // A grid counts sessions; here the next test finds its own ready.
        if self.launch.remote.is_none() {
            let asked = self.asked(look.clone());
            let by = Instant::now() + session::START;
            let next = tokio::spawn(async move { Session::start(&asked, by).await });
            self.warm = Some((look.clone(), next));
        }
        Ok(session)
    }
}

impl Browser for Webkit {
    fn engine(&self) -> Engine {
        self.engine
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn is_alive(&mut self) -> bool {
        self.display.as_mut().is_none_or(|(_, server)| server.is_alive())
    }

    fn open(&mut self, opening: Opening, deadline: Instant) -> Reply<'_, Box<dyn Channel>> {
        async move {
            let look = Look::of(&opening.emulation, self.launch.remote.is_some())?;
            let session = self.take(&look, deadline).await?;
            let context = Context::open(session, opening, self.endings.clone(), deadline).await?;
            Ok(Box::new(context) as Box<dyn Channel>)
        }
        .boxed()
    }

    fn quit(&mut self) -> BoxFuture<'_, ()> {
        async move {
            if let Some((_, warm)) = self.warm.take() {
                end_later(&self.endings, warm);
            }
            let endings =
                std::mem::take(&mut *self.endings.lock().unwrap_or_else(PoisonError::into_inner));
            futures_util::future::join_all(endings).await;
            if let Some((_, server)) = &mut self.display {
                server.end().await;
            }
        }
        .boxed()
    }
}

/// Ends a session once it has started, without making anybody wait. One that nobody wants does not
/// get all the time that one gets that is waited for: a driver whose browser died beneath it says
/// nothing, and is ended as it is.
fn end_later(endings: &Endings, mut warm: JoinHandle<Result<Session, Trouble>>) {
    let ending = tokio::spawn(async move {
        match timeout(UNWANTED, &mut warm).await {
            Ok(Ok(Ok(mut session))) => session.started.end().await,
            Ok(_) => {}
            Err(_) => {
                warm.abort();
                let _ = warm.await;
            }
        }
    });
    note(endings, ending);
}

/// Ends a session without making anybody wait.
fn end_now(endings: &Endings, mut started: Started) {
    note(endings, tokio::spawn(async move { started.end().await }));
}

fn note(endings: &Endings, ending: JoinHandle<()>) {
    let mut endings = endings.lock().unwrap_or_else(PoisonError::into_inner);
    endings.retain(|ending| !ending.is_finished());
    endings.push(ending);
}
