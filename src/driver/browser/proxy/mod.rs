//! Is an HTTP proxy of our own, on this machine and for one context: it sees every plain request,
//! and does to it what other engines do by themselves. What is encrypted passes untouched.

mod body;
mod forward;
mod inject;
mod tunnel;
mod upstream;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::{Router, SharedLog, Trouble};
use crate::plan::browser::Throttle;
use inject::Injection;
use upstream::Upstream;

/// Why a request had no answer; the connection to the browser is closed then, as a server's would.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A running proxy; dropping it ends it and all its connections.
#[derive(Debug)]
pub(super) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// The context it works for.
pub(super) struct Attached {
    pub log: SharedLog,
    pub router: Arc<Router>,
    pub keeps_bodies: bool,
}

/// What becomes of requests that nobody stubs.
#[derive(Debug, Clone, Default)]
pub(super) struct Net {
    pub intercepts: bool,
    pub offline: bool,
    pub throttle: Option<Throttle>,
    pub headers: Vec<(String, String)>,
}

#[derive(Default)]
struct Shared {
    attached: RwLock<Option<Arc<Attached>>>,
    net: Mutex<Net>,
    upstream: Upstream,
    injection: Injection,
    /// Encrypted connections that could not be made: host, why.
    lost: Mutex<Vec<(String, String)>>,
    count: std::sync::atomic::AtomicU64,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    fn attached(&self) -> Option<Arc<Attached>> {
        self.attached.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn net(&self) -> MutexGuard<'_, Net> {
        self.net.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lost(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Proxy {
    /// Starts one on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn start() -> Result<Proxy, Trouble> {
        let refused = |error| Trouble::Refused(format!("cannot start a proxy: {error}"));
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(refused)?;
        let port = listener.local_addr().map_err(refused)?.port();
        let shared = Arc::new(Shared::default());
        let serving = tokio::spawn(serve(listener, shared.clone()));
        Ok(Proxy { port, shared, serving })
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// An empty document on this site, which its server never hears of.
    pub(super) fn blank(&self, host: &str) -> String {
        format!("http://{host}{}", self.shared.injection.path())
    }

    /// From now on it works for this context.
    pub(super) fn attach(&self, attached: Arc<Attached>) {
        let mut held = self.shared.attached.write().unwrap_or_else(PoisonError::into_inner);
        *held = Some(attached);
    }

    /// Changes what becomes of requests.
    pub(super) fn change(&self, with: impl FnOnce(&mut Net)) {
        with(&mut self.shared.net());
    }

    /// How many encrypted connections could not be made so far.
    pub(super) fn failures(&self) -> usize {
        self.shared.lost().len()
    }

    /// Why the last one to this host could not be made, of those after the first `known`.
    pub(super) fn tunnel_failure(&self, host: &str, known: usize) -> Option<String> {
        let lost = self.shared.lost();
        let found = lost.iter().skip(known).rev().find(|(lost, _)| lost == host);
        found.map(|(_, why)| why.clone())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    // Ends with this future, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, shared.clone()));
                }
                // Too many open files, mostly: some will be closed.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| forward::answer(shared.clone(), request));
    let served = http1::Builder::new()
        .preserve_header_case(true)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    // How it ends is the browser's business.
    let _ = served.await;
}
