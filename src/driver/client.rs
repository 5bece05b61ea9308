//! Makes what all sessions of one scenario share: its connections.

use std::fmt;
use std::sync::Arc;

use super::browser::Browsers;
use super::exemplar::Masks;
use super::fake::Script;
use super::fast::Fast;
use super::full::Full;
use super::show::Words;
use super::{DriverError, tls};
use crate::plan::{ConnectionPlan, Lane, ScenarioPlan};

/// What all sessions of one scenario share: connections. Cheap to clone.
///
/// The connections live on the runtime that first used them: make one client for each runtime.
#[derive(Clone)]
pub struct Client {
    pub(super) shared: Arc<Shared>,
    pub(super) browsers: Option<Browsers>,
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
    pub(super) way: Way,
    /// Under load, the hosts beside this machine that may be spoken to; none for everywhere.
    pub(super) confined: Option<Vec<String>>,
}

/// The connections of one lane.
pub(super) enum Way {
    Fast(Fast),
    Full(Full),
}

impl Client {
    /// A client for the scenario, with the options of its `connection`.
    ///
    /// # Errors
    /// If its certificate authority cannot be read.
    pub fn new(plan: &Arc<ScenarioPlan>) -> Result<Client, DriverError> {
        let way = way(&plan.connection, &plan.file)?;
        Ok(Self::with(plan, Transport::Http(Connections { way, confined: None })))
    }

    /// A client for load: it refuses to speak to any host that may not be loaded, also when a
    /// redirect, a captured link or a data row leads there.
    ///
    /// # Errors
    /// As `new`.
    pub fn for_load(plan: &Arc<ScenarioPlan>) -> Result<Client, DriverError> {
        let way = way(&plan.connection, &plan.file)?;
        let confined = Some(plan.connection.load_hosts.clone());
        Ok(Self::with(plan, Transport::Http(Connections { way, confined })))
    }

    /// A client whose sessions do what `script` says and touch no network.
    pub fn fake(plan: &Arc<ScenarioPlan>, script: Script) -> Client {
        Self::with(plan, Transport::Fake(script))
    }

    /// The same client, whose sessions may open these browsers.
    #[must_use]
    pub fn with_browsers(self, browsers: Browsers) -> Client {
        Client { browsers: Some(browsers), ..self }
    }

    /// A text without the scenario's secrets, and without what looks like a credential.
    pub fn hide(&self, text: &str) -> String {
        self.shared.masks.hide(text, &self.shared.plan.secrets)
    }

    /// A file that a test keeps, without the scenario's secrets where it is text. What only looks
    /// like a credential stays: a HAR is there to be answered from.
    pub fn hide_in_file(&self, bytes: Vec<u8>) -> Vec<u8> {
        match String::from_utf8(bytes) {
            Ok(text) => self.shared.plan.secrets.hide(&text).into_owned().into_bytes(),
            Err(binary) => binary.into_bytes(),
        }
    }

    fn with(plan: &Arc<ScenarioPlan>, transport: Transport) -> Client {
        let shared = Shared { plan: plan.clone(), transport, masks: Masks::new() };
        Client { shared: Arc::new(shared), browsers: None }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client of {}", self.shared.plan.name)
    }
}

fn way(plan: &ConnectionPlan, file: &str) -> Result<Way, DriverError> {
    match plan.lane() {
        Lane::Fast => {
            let tls = tls::config(plan, file, &["http/1.1"])?;
            Ok(Way::Fast(Fast::new(Some(Arc::new(tls)))))
        }
        Lane::Full => Ok(Way::Full(Full::new(plan, file)?)),
    }
}
