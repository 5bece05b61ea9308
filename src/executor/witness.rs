//! Watches what is done once: tests, setup and teardown.

use std::time::Duration;

use crate::driver::browser::Record;
use crate::driver::{Exchange, Session};
use crate::executor::begin::place;
use crate::executor::debug::Debugged;
use crate::executor::once::{TEARDOWN, too_long};
use crate::executor::walk::Watcher;
use crate::executor::{Debugging, Stop};
use crate::plan::{BrowserPlan, HttpPlan, SeriesId};
use crate::result::journal::example;
use crate::result::{FailureExample, SeenSample};

/// Keeps the failure of a walk, and counts checks.
#[derive(Default)]
pub(super) struct Witness {
    /// The failure that ended it.
    pub failure: Option<FailureExample>,
    /// Checks made.
    pub checks: u32,
    /// The step that is going on.
    pub current: Option<SeriesId>,
    /// What the user of a browser saw.
    pub samples: Vec<SeenSample>,
    /// What the browser leaves.
    pub record: Option<Record>,
    debugged: Option<Debugged>,
}

impl Witness {
    /// One of a test, whose steps somebody may look on at.
    pub fn debugged(debugging: Option<&Debugging>, test: &str, stop: &Stop) -> Self {
        let debugged = debugging.map(|debugging| Debugged {
            debugging: debugging.clone(),
            test: test.to_string(),
            stop: stop.clone(),
        });
        Self { debugged, ..Self::default() }
    }

    /// The failure of a walk that did not come to its end: without one, time ran out.
    pub fn into_failure(self, what: &str) -> FailureExample {
        self.failure.unwrap_or_else(|| too_long(TEARDOWN, what))
    }
}

impl Watcher for Witness {
    fn begin(&mut self, series: SeriesId) {
        self.current = Some(series);
    }

    fn done(&mut self, step: &HttpPlan, exchange: Exchange, _: &Session) {
        self.current = None;
        self.checks += exchange.checks;
        if let (Err(failure), exemplar) = (exchange.outcome, exchange.exemplar) {
            self.failure = Some(match exemplar {
                Some(exemplar) => example(&step.name, &exemplar),
                None => FailureExample {
                    kind: failure.to_string(),
                    step: step.name.clone(),
                    place: place(&step.site),
                    ..FailureExample::default()
                },
            });
        }
    }

    fn browsed(&mut self, step: &BrowserPlan, exchange: Exchange) {
        self.current = None;
        self.checks += exchange.checks;
        let took = exchange.ended.saturating_duration_since(exchange.started);
        self.samples.push(SeenSample {
            step: step.name.clone(),
            vital: None,
            took_us: took.as_micros() as u64,
            failed: exchange.outcome.is_err(),
        });
        if let Some(exemplar) = exchange.exemplar {
            // A soft failure before it is the first thing that was wrong.
            self.failure.get_or_insert_with(|| example(&step.name, &exemplar));
        }
    }

    fn paused(&mut self, _: Duration) {}

    fn thinks(&self) -> bool {
        false
    }

    fn debugged(&self) -> Option<Debugged> {
        self.debugged.clone()
    }
}
