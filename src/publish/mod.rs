//! Sends elsewhere what a run measures and what became of it: an endpoint that a Prometheus reads,
//! OTLP, a chat.
//!
//! All of it runs on a thread of its own with less right to a core than the generator's. Whoever
//! adds a run up leaves each second's numbers here and goes on; there is no queue, because what is
//! not yet read or sent is only added up. What cannot be sent is counted and said, and changes
//! nothing else.

mod meters;
mod otlp;
mod post;
mod scrape;
mod webhook;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use thiserror::Error;
use tokio::sync::{Notify, watch};

use crate::analysis::Word;
use crate::report::Readings;
use crate::result::journal::Entry;
use meters::Meters;

pub use meters::Offered;
pub use otlp::{EVERY, Otlp, Temporality, endpoint, headers};
pub use post::{Lost, Patience};
pub use webhook::{CHAT, tell};

/// What is published while a run goes on.
#[derive(Debug, Default)]
pub struct Published {
    /// Where a Prometheus may ask.
    pub listen: Option<SocketAddr>,
    /// How long it may still ask after the end: until it has once, at most so long.
    pub linger: Duration,
    /// Where is pushed to.
    pub otlp: Option<Otlp>,
}

/// Why nothing can be published.
#[derive(Debug, Error)]
pub enum PublishError {
    /// The address is not to be had.
    #[error("--metrics-listen {address}: cannot listen there: {cause}; choose another port, or 0")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        cause: String,
    },
    /// No thread or no event loop.
    #[error("the publisher cannot be started: {0}")]
    Start(String),
}

/// Publishes one run.
#[derive(Debug)]
pub struct Publisher {
    shared: Arc<Shared>,
    end: watch::Sender<bool>,
    thread: JoinHandle<()>,
    /// Where a Prometheus may ask, with the port that was free.
    pub address: Option<SocketAddr>,
}

/// What the publisher's thread and whoever adds up have in common.
#[derive(Debug)]
struct Shared {
    meters: Mutex<Meters>,
    told: Mutex<Vec<String>>,
    /// Somebody has read what there was at the end.
    read: Notify,
    began: SystemTime,
}

impl Shared {
    fn meters(&self) -> MutexGuard<'_, Meters> {
        self.meters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, text: String) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn readings(&self) -> Readings {
        self.meters().readings.clone()
    }
}

impl Publisher {
    /// Begins to publish a run of which this is known; none where nothing is asked for.
    ///
    /// # Errors
    /// When the address is not to be had: that is known before the run begins.
    pub fn start(
        what: Published,
        run: Vec<(&'static str, String)>,
        offered: Offered,
    ) -> Result<Option<Self>, PublishError> {
        if what.listen.is_none() && what.otlp.is_none() {
            return Ok(None);
        }
        let listener = what.listen.map(listen).transpose()?;
        let address = listener.as_ref().and_then(|listener| listener.local_addr().ok());
        let shared = Arc::new(Shared {
            meters: Mutex::new(Meters::new(run, offered)),
            told: Mutex::default(),
            read: Notify::new(),
            began: SystemTime::now(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| PublishError::Start(error.to_string()))?;
        let (end, ended) = watch::channel(false);
        let ours = Arc::clone(&shared);
        let work = move || {
            step_back();
            runtime.block_on(async {
                let serving = scrape::serve(listener, &ours, what.linger, ended.clone());
                let pushing = otlp::push(what.otlp, &ours, ended.clone());
                tokio::join!(serving, pushing);
            });
            // A name that is still looked up on another thread is not waited for.
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name("publisher".to_string()).spawn(work);
        let thread = thread.map_err(|error| PublishError::Start(error.to_string()))?;
        Ok(Some(Self { shared, end, thread, address }))
    }

    /// Something happened in the run.
    pub fn entry(&self, entry: &Entry) {
        self.shared.meters().entry(entry);
    }

    /// What there is to say since this was asked last.
    pub fn said(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Publishes the verdict, where there is one, and what there is to say at last. It takes as
    /// long as the last push and the linger may take, never longer.
    pub fn conclude(self, verdict: Option<Word>) -> Vec<String> {
        self.shared.meters().readings.verdict = verdict;
        let _ = self.end.send(true);
        let Self { shared, thread, .. } = self;
        if thread.join().is_err() {
            shared.tell("the publisher broke off".to_string());
        }
        std::mem::take(&mut *shared.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn listen(address: SocketAddr) -> Result<TcpListener, PublishError> {
    let failed = |error: std::io::Error| PublishError::Listen { address, cause: error.to_string() };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// Lets every thread of the generator go first. Not an idle one, as the live view's is: what it
/// holds while it is kept from a core, the thread that collects samples waits for. Elsewhere than
/// in Linux that would be of the whole process.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // Without leave to do so it is like any other thread.
        let _ = rustix::process::nice(10);
    }
}

/// Waits until the run is over; whether it came to a verdict, or broke off.
async fn over(ended: &mut watch::Receiver<bool>) -> bool {
    ended.wait_for(|ended| *ended).await.is_ok()
}
