//! Does steps by a script and without a network, for tests of what drives the driver.
//!
//! Time passes through tokio's clock, so a paused one makes such tests quick and exact.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Exchange;
use crate::plan::{HttpPlan, Slot};
use crate::sample::{Exemplar, Failure, Phases};

/// What a fake client does at each call.
#[derive(Clone)]
pub struct Script {
    turn: Arc<dyn Fn(&Call<'_>) -> Turn + Send + Sync>,
}

/// One step that is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Call<'c> {
    /// The step.
    pub step: &'c HttpPlan,
    /// The virtual user, from 1.
    pub user: u32,
    /// Its iteration.
    pub iteration: u64,
    /// The steps this session has done before.
    pub nth: u64,
}

/// What happens at one call.
#[derive(Debug, Clone)]
pub struct Turn {
    /// How long it takes.
    pub service: Duration,
    /// How it ends.
    pub outcome: Result<(), Failure>,
    /// What it captures.
    pub captures: Vec<(Slot, Value)>,
}

impl Turn {
    /// A success after `service`.
    pub fn ok(service: Duration) -> Self {
        Turn { service, outcome: Ok(()), captures: Vec::new() }
    }

    /// A failure after `service`.
    pub fn fails(service: Duration, failure: Failure) -> Self {
        Turn { service, outcome: Err(failure), captures: Vec::new() }
    }
}

impl Script {
    /// A turn for each call.
    pub fn new(turn: impl Fn(&Call<'_>) -> Turn + Send + Sync + 'static) -> Self {
        Script { turn: Arc::new(turn) }
    }

    /// Each session takes these in order, again and again; without any, all succeed at once.
    pub fn of(turns: Vec<Turn>) -> Self {
        Script::new(move |call| match turns.len() as u64 {
            0 => Turn::ok(Duration::ZERO),
            length => turns[(call.nth % length) as usize].clone(),
        })
    }

    pub(super) async fn run(&self, call: Call<'_>) -> (Exchange, Vec<(Slot, Value)>) {
        let turn = (self.turn)(&call);
        let started = Instant::now();
        tokio::time::sleep(turn.service).await;
        let ended = Instant::now();
        let checks = call.step.checks.len();
        let failed = turn.outcome.is_err();
        let exemplar = turn.outcome.err().map(|failure| {
            Box::new(Exemplar {
                failure,
                message: format!("the script says {failure}"),
                site: call.step.site.clone(),
                request: format!("{} (not sent)", call.step.method),
                response: None,
            })
        });
        let exchange = Exchange {
            started,
            ended,
            outcome: turn.outcome,
            checks: checks as u32,
            failed_checks: if failed { super::check::all(checks) } else { 0 },
            bytes_sent: 0,
            bytes_received: 0,
            phases: Phases { wait: ended - started, ..Phases::default() },
            resent: 0,
            exemplar,
        };
        (exchange, turn.captures)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}
