//! Makes what all sessions of one scenario share: its connections.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use reqwest::{Certificate, redirect, retry};

use super::DriverError;
use super::exemplar::Masks;
use super::failure::CONNECT_TIMEOUT;
use super::fake::Script;
use super::show::Words;
use crate::plan::{ConnectionPlan, ScenarioPlan};

/// What all sessions of one scenario share: connections. Cheap to clone.
///
/// The connections live on the runtime that first used them: make one client for each runtime.
#[derive(Clone)]
pub struct Client {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) plan: Arc<ScenarioPlan>,
    pub(super) transport: Transport,
    pub(super) masks: Masks,
}

impl Shared {
    pub(super) fn words(&self) -> Words<'_> {
        Words { masks: &self.masks, secrets: &self.plan.secrets }
    }
}

/// How steps are done.
pub(super) enum Transport {
    Http(Connections),
    Fake(Script),
}

/// Connections, and where they may go.
pub(super) struct Connections {
    pub(super) client: reqwest::Client,
    /// Under load, the hosts beside this machine that may be spoken to; none for everywhere.
    pub(super) confined: Option<Vec<String>>,
}

impl Client {
    /// A client for the scenario, with the TLS options of its `connection`.
    ///
    /// Fails if its certificate authority cannot be read.
    pub fn new(plan: &Arc<ScenarioPlan>) -> Result<Client, DriverError> {
        let client = connections(&plan.connection, &plan.file)?;
        Ok(Self::with(plan, Transport::Http(Connections { client, confined: None })))
    }

    /// A client for load: it refuses to speak to any host that may not be loaded, also when a
    /// redirect, a captured link or a data row leads there.
    ///
    /// # Errors
    /// As `new`.
    pub fn for_load(plan: &Arc<ScenarioPlan>) -> Result<Client, DriverError> {
        let client = connections(&plan.connection, &plan.file)?;
        let confined = Some(plan.connection.load_hosts.clone());
        Ok(Self::with(plan, Transport::Http(Connections { client, confined })))
    }

    /// A client whose sessions do what `script` says and touch no network.
    pub fn fake(plan: &Arc<ScenarioPlan>, script: Script) -> Client {
        Self::with(plan, Transport::Fake(script))
    }

    fn with(plan: &Arc<ScenarioPlan>, transport: Transport) -> Client {
        let shared = Shared { plan: plan.clone(), transport, masks: Masks::new() };
        Client { shared: Arc::new(shared) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client of {}", self.shared.plan.name)
    }
}

fn connections(plan: &ConnectionPlan, file: &str) -> Result<reqwest::Client, DriverError> {
    if plan.insecure {
        let client = builder().tls_danger_accept_invalid_certs(true).build();
        return client.map_err(|error| client_error(file, &error));
    }
    if let Some(pem) = &plan.ca_pem {
        let authority = |cause| DriverError::Authority { file: file.to_string(), cause };
        let authorities = authorities(pem).map_err(authority)?;
        let client = builder().tls_certs_merge(authorities).build();
        return client.map_err(|error| authority(root(&error)));
    }
    // A machine without any authorities, such as an empty container, trusts nobody, and can
    // still speak plain HTTP.
    let trusting_nobody = |_| builder().tls_certs_only([]).build();
    builder().build().or_else(trusting_nobody).map_err(|error| client_error(file, &error))
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        // Bodies are decoded after the clock has stopped, and their true sizes are counted.
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
}

fn client_error(file: &str, error: &reqwest::Error) -> DriverError {
    DriverError::Client { file: file.to_string(), cause: root(error) }
}

/// The words below reqwest's "builder error".
fn root(error: &reqwest::Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let found = Certificate::from_pem_bundle(pem).map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err("it holds no `-----BEGIN CERTIFICATE-----`".into());
    }
    Ok(found)
}
