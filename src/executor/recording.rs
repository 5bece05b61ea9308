//! Records what one iteration does, also when it is cut off.

use std::time::Duration;

use tokio::time::Instant;

use crate::driver::{Exchange, Session};
use crate::executor::crew::{Call, Crew, Due};
use crate::executor::walk::Watcher;
use crate::plan::{BrowserPlan, HttpPlan, SeriesId};
use crate::recorder::Recorder;
use crate::sample::{Failure, Phases, Sample};

/// Records a walk. Dropped before its end (the run is over), it counts what was cut off.
pub(super) struct Recording<'a> {
    crew: &'a Crew,
    /// Its place among all iterations.
    number: u64,
    due: Option<Due>,
    /// When the iteration began, or should have.
    began: Instant,
    /// Since when the user is there for it: the end of the one before.
    there_since: Instant,
    /// How far it has come: the end of what was done last.
    at: Instant,
    /// Spent in pauses.
    thought: Duration,
    current: Option<SeriesId>,
    over: bool,
}

impl<'a> Recording<'a> {
    /// Of an iteration that begins now, by a user who is there since an earlier time.
    pub fn new(crew: &'a Crew, call: Call, (now, there_since): (Instant, Instant)) -> Self {
        let Call { number, due } = call;
        Recording {
            crew,
            number,
            due,
            began: due.map_or(now, |due| due.at),
            there_since,
            at: now,
            thought: Duration::ZERO,
            current: None,
            over: false,
        }
    }

    /// It came to its end, all of it well or not; tells when.
    pub fn complete(&mut self, well: bool) -> Instant {
        self.over = true;
        let (crew, end) = (self.crew, self.at);
        let mut recorder = crew.recorder.borrow_mut();
        let duration = well.then(|| end.saturating_duration_since(self.began));
        recorder.complete(crew.since(end), duration);
        self.add_presence(&mut recorder, end);
        crew.last.set(end);
        end
    }

    /// Whether it is the slowest success of its step in this second so far.
    fn record(&self, series: SeriesId, due: Option<Due>, exchange: Exchange) -> bool {
        let crew = self.crew;
        let Due { at, blocked } =
            due.unwrap_or(Due { at: exchange.started, blocked: Duration::ZERO });
        let due = at.min(exchange.started);
        crew.recorder.borrow_mut().record(Sample {
            series,
            number: self.number,
            due: crew.since(due),
            blocked: blocked.min(exchange.started - due),
            started: crew.since(exchange.started),
            ended: crew.since(exchange.ended),
            outcome: exchange.outcome,
            checks: exchange.checks,
            failed_checks: exchange.failed_checks,
            bytes_sent: exchange.bytes_sent,
            bytes_received: exchange.bytes_received,
            phases: exchange.phases,
            resent: exchange.resent,
            exemplar: exchange.exemplar,
        })
    }

    fn add_presence(&self, recorder: &mut Recorder, end: Instant) {
        let iterations = recorder.iterations(self.crew.since(end));
        iterations.present += end.saturating_duration_since(self.there_since);
        iterations.thought += self.thought;
    }
}

impl Watcher for Recording<'_> {
    fn begin(&mut self, series: SeriesId) {
        self.current = Some(series);
    }

    fn done(&mut self, step: &HttpPlan, exchange: Exchange, session: &Session) {
        self.current = None;
        self.at = exchange.ended;
        // Only the first step of an iteration has a schedule; the others start when they can.
        let due = self.due.take();
        let slowest = self.record(step.series, due, exchange);
        // Writing a request down takes longer than recording a sample, and few are the slowest.
        if slowest && let Some(request) = session.last_request(step) {
            self.crew.recorder.borrow_mut().name_slowest(step.series, request);
        }
    }

    fn browsed(&mut self, step: &BrowserPlan, exchange: Exchange) {
        self.current = None;
        self.at = self.at.max(exchange.ended);
        let due = self.due.take();
        self.record(step.series, due, exchange);
    }

    fn paused(&mut self, pause: Duration) {
        // A pause before the first step is the scenario's own, and nobody's lateness.
        self.due = self.due.map(|due| Due { at: due.at + pause, ..due });
    }

    fn resumed(&mut self) {
        let now = Instant::now();
        self.thought += now.saturating_duration_since(self.at);
        self.at = now;
    }

    fn hold(&self) -> Option<Instant> {
        // What has a schedule goes by it: a wait would be its latency.
        if self.due.is_some() { None } else { self.crew.hold() }
    }

    fn held(&mut self) {
        let now = Instant::now();
        let held = now.saturating_duration_since(self.at);
        (self.began, self.there_since, self.at) = (self.began + held, self.there_since + held, now);
    }

    fn thinks(&self) -> bool {
        true
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let now = Instant::now();
        if self.current.is_none() {
            // Between two steps there is only a pause that can be cut off.
            self.thought += now.saturating_duration_since(self.at);
        }
        if let Some(series) = self.current {
            self.record(series, self.due, cut_off(self.at, now));
        }
        let mut recorder = self.crew.recorder.borrow_mut();
        recorder.iterations(self.crew.since(now)).interrupted += 1;
        self.add_presence(&mut recorder, now);
        self.crew.last.set(now);
    }
}

fn cut_off(started: Instant, ended: Instant) -> Exchange {
    Exchange {
        started,
        ended,
        outcome: Err(Failure::Interrupted),
        checks: 0,
        failed_checks: 0,
        bytes_sent: 0,
        bytes_received: 0,
        phases: Phases { wait: ended.saturating_duration_since(started), ..Phases::default() },
        resent: 0,
        exemplar: None,
    }
}
