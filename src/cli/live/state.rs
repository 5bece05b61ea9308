//! What the view shows: the load so far and its last whole seconds, added up.

use std::collections::{BTreeMap, VecDeque};

use hdrhistogram::Histogram;

use super::keys::Hold;
use crate::analysis::{Standing, latency_bounds, standings};
use crate::executor::Planned;
use crate::recorder::{add_histogram, empty_histogram};
use crate::result::journal::{Entry, Ledger, SecondEntry};
use crate::result::{RunResult, StepResult, histogram};

/// Seconds that percentiles and rates are of.
pub(super) const WINDOW: usize = 10;

/// Seconds that a sparkline has.
const SPARK: usize = 60;

/// Sentences that are kept to be seen.
const NOTICES: usize = 4;

/// What is shown.
#[derive(Debug)]
pub struct State {
    pub(super) title: String,
    pub(super) planned: Vec<Planned>,
    /// Seconds that are over.
    pub(super) second: usize,
    pub(super) rows: Vec<Row>,
    pub(super) window: VecDeque<Moment>,
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) standings: Vec<Stand>,
    pub(super) notices: VecDeque<String>,
    pub(super) total: (u64, u64),
    pub(super) help: bool,
    pub(super) phase: Phase,
    /// Whether anything was changed by hand.
    pub(super) altered: bool,
    /// The load so far, and its last seconds.
    ledger: Ledger,
    begun: RunResult,
    last: VecDeque<SecondEntry>,
}

/// Where the load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// More is asked for each second.
    Rising,
    /// As much is asked for each second.
    Steady,
    /// Less is asked for each second.
    Falling,
    /// Its time is over, and what was begun comes to its end.
    Ending,
    /// Somebody has paused it.
    Paused,
    /// Somebody has stopped it: what was begun comes to its end.
    StoppingGently,
    /// Somebody has stopped it.
    Stopping,
}

/// An SLA over the whole load so far, and over the last seconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stand {
    pub whole: Standing,
    pub rolling: Option<Standing>,
}

/// One second of the whole load.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment {
    pub requests: u64,
    pub failed: u64,
    pub begun: u64,
    pub users: u32,
    pub offered: f64,
    pub cpu: Option<f32>,
    pub loop_gap_us: u64,
    pub lag_p99_us: u64,
    pub thread_cpu: f32,
}

/// One step.
#[derive(Debug)]
pub(super) struct Row {
    pub name: String,
    /// The least bound that an SLA sets to its p50, p95 and p99, in microseconds.
    pub bounds: [Option<u64>; 3],
    seconds: VecDeque<(u64, u64, Histogram<u64>)>,
    pub spark: VecDeque<u64>,
}

/// A step over the last seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rolling {
    pub rate: f64,
    pub failed: u64,
    /// p50, p95, p99 in microseconds; none without a success.
    pub quantiles: Option<[u64; 3]>,
}

impl State {
    /// Before the first second of the load of this run, for which this is planned.
    pub fn new(begun: RunResult, planned: Vec<Planned>) -> Self {
        let shapes = begun.scenarios.iter().filter_map(|one| {
            let load = one.load.as_ref()?;
            Some(format!("{}: {}", one.name, load.shape))
        });
        let shapes: Vec<String> = shapes.collect();
        Self {
            title: format!("{}  {}  {}", begun.run.target, begun.run.profile, shapes.join("; ")),
            planned,
            second: 0,
            rows: rows(&begun),
            window: VecDeque::new(),
            errors: BTreeMap::new(),
            standings: Vec::new(),
            notices: VecDeque::new(),
            total: (0, 0),
            help: false,
            phase: Phase::Steady,
            altered: false,
            ledger: Ledger::brief(begun.clone()),
            begun,
            last: VecDeque::new(),
        }
    }

    /// Adds a second that is over.
    pub fn second(&mut self, second: SecondEntry) {
        self.second = second.second as usize + 1;
        let vital = second.vital.unwrap_or_default();
        let planned = self.planned.get(second.second as usize).copied().unwrap_or_default();
        let mut moment = Moment {
            offered: planned.rate,
            cpu: second.cpu,
            loop_gap_us: second.loop_gap_us,
            lag_p99_us: vital.lag_p99_us,
            thread_cpu: vital.thread_cpu,
            ..Moment::default()
        };
        for load in &second.loads {
            moment.begun += load.started;
            moment.users += load.users;
        }
        let mut done: BTreeMap<usize, (u64, u64, Histogram<u64>)> = BTreeMap::new();
        for step in &second.steps {
            moment.requests += step.slice.count;
            moment.failed += step.slice.failed;
            for (kind, count) in &step.failures {
                *self.errors.entry(kind.clone()).or_default() += count;
            }
            // Only for the eye: what cannot be read is found when the result is read.
            let seen = histogram::decode(&step.slice.histograms.response)
                .unwrap_or_else(|_| empty_histogram());
            done.insert(step.step, (step.slice.count, step.slice.failed, seen));
        }
        for (at, row) in self.rows.iter_mut().enumerate() {
            row.add(done.remove(&at).unwrap_or_else(|| (0, 0, empty_histogram())));
        }
        self.total.0 += moment.requests;
        self.total.1 += moment.failed;
        push(&mut self.window, moment, WINDOW);
        self.stand(second);
    }

    /// How the SLAs stand by now, and by the last seconds alone.
    fn stand(&mut self, second: SecondEntry) {
        let entry = Entry::Second(Box::new(second));
        // Only for the eye, as above.
        let _ = self.ledger.apply(&entry);
        if let Entry::Second(second) = entry {
            push(&mut self.last, *second, WINDOW);
        }
        let mut rolling = Ledger::brief(self.begun.clone());
        for second in &self.last {
            let _ = rolling.apply(&Entry::Second(Box::new(second.clone())));
        }
        let mut rolling = standings(&rolling.finish()).into_iter();
        let whole = standings(&self.ledger.so_far()).into_iter();
        self.standings = whole.map(|whole| Stand { whole, rolling: rolling.next() }).collect();
    }

    /// Looks at what somebody holds, and so where the load is.
    pub(super) fn held(&mut self, hold: &Hold) {
        self.altered = hold.control.is_used();
        self.phase = match () {
            () if hold.stop.is_urgent() => Phase::Stopping,
            () if hold.stop.is_requested() => Phase::StoppingGently,
            () if hold.control.is_paused() => Phase::Paused,
            () => self.planned_phase(),
        };
    }

    fn planned_phase(&self) -> Phase {
        let at = |second: usize| self.planned.get(second);
        let (Some(now), next) = (at(self.second), at(self.second + 1)) else {
            return Phase::Ending;
        };
        // Near the end the next second is another thing: then the one before tells.
        let (from, to) = match (next, self.second.checked_sub(1).and_then(at)) {
            (Some(next), _) => (now, next),
            (None, Some(before)) => (before, now),
            (None, None) => return Phase::Steady,
        };
        let more = to.users > from.users || to.rate > from.rate + 1e-9;
        let less = to.users < from.users || to.rate < from.rate - 1e-9;
        match (more, less) {
            (true, false) => Phase::Rising,
            (false, true) => Phase::Falling,
            _ => Phase::Steady,
        }
    }

    /// Says something; what begins as the last did takes its place, such as a number that was set
    /// once more.
    pub fn notice(&mut self, text: String) {
        let begins = |text: &str| text.split_once(" set to ").map(|(what, _)| what.to_string());
        if begins(&text).is_some()
            && self.notices.back().map(|last| begins(last)) == Some(begins(&text))
        {
            self.notices.pop_back();
        }
        push(&mut self.notices, text, NOTICES);
    }

    /// The mean of the last seconds.
    pub(super) fn mean(&self, of: impl Fn(&Moment) -> f64) -> f64 {
        let sum: f64 = self.window.iter().map(of).sum();
        sum / self.window.len().max(1) as f64
    }
}

fn rows(begun: &RunResult) -> Vec<Row> {
    let scenarios: BTreeMap<&str, ()> =
        begun.steps.iter().map(|step| (step.scenario.as_str(), ())).collect();
    let name = |step: &StepResult| match scenarios.len() {
        1 => step.step.clone(),
        _ => format!("{} › {}", step.scenario, step.step),
    };
    let rows = begun.steps.iter().zip(latency_bounds(begun)).map(|(step, bounds)| Row {
        name: name(step),
        bounds,
        seconds: VecDeque::new(),
        spark: VecDeque::new(),
    });
    rows.collect()
}

impl Row {
    fn add(&mut self, second: (u64, u64, Histogram<u64>)) {
        let p95 = match second.2.is_empty() {
            true => 0,
            false => second.2.value_at_quantile(0.95),
        };
        push(&mut self.spark, p95, SPARK);
        push(&mut self.seconds, second, WINDOW);
    }

    pub(super) fn rolling(&self) -> Rolling {
        let mut all = empty_histogram();
        let (mut count, mut failed) = (0, 0);
        for (done, lost, seen) in &self.seconds {
            count += done;
            failed += lost;
            add_histogram(&mut all, seen);
        }
        let quantiles = [0.50, 0.95, 0.99].map(|q| all.value_at_quantile(q));
        Rolling {
            rate: count as f64 / self.seconds.len().max(1) as f64,
            failed,
            quantiles: (!all.is_empty()).then_some(quantiles),
        }
    }
}

fn push<T>(list: &mut VecDeque<T>, item: T, most: usize) {
    list.push_back(item);
    while list.len() > most {
        list.pop_front();
    }
}
