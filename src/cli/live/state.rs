//! What the view shows: the last whole seconds of a load, added up.

use std::collections::{BTreeMap, VecDeque};

use hdrhistogram::Histogram;

use crate::analysis::Standing;
use crate::recorder::{add_histogram, empty_histogram};
use crate::result::RunResult;
use crate::result::histogram;
use crate::result::journal::SecondEntry;

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
    pub(super) planned_s: u64,
    pub(super) second: u64,
    pub(super) rows: Vec<Row>,
    pub(super) window: VecDeque<Moment>,
    pub(super) errors: BTreeMap<String, u64>,
    pub(super) standings: Vec<Standing>,
    pub(super) notices: VecDeque<String>,
    pub(super) total: (u64, u64),
    pub(super) help: bool,
}

/// One second of the whole load.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment {
    pub requests: u64,
    pub failed: u64,
    pub begun: u64,
    pub users: u32,
    pub cpu: Option<f32>,
    pub loop_gap_us: u64,
    pub lag_p99_us: u64,
    pub thread_cpu: f32,
}

/// One step.
#[derive(Debug)]
pub(super) struct Row {
    pub name: String,
    seconds: VecDeque<(u64, u64, Histogram<u64>)>,
    pub spark: VecDeque<u64>,
}

/// A step over the last seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rolling {
    pub rate: f64,
    pub failed: u64,
    pub count: u64,
    /// p50, p95, p99 in microseconds; none without a success.
    pub quantiles: Option<[u64; 3]>,
}

impl State {
    /// Before the first second of the load of this run.
    pub fn new(run: &RunResult, planned_s: u64) -> Self {
        let shapes = run.scenarios.iter().filter_map(|one| {
            let load = one.load.as_ref()?;
            Some(format!("{}: {}", one.name, load.shape))
        });
        let shapes: Vec<String> = shapes.collect();
        let scenarios: BTreeMap<&str, ()> =
            run.steps.iter().map(|step| (step.scenario.as_str(), ())).collect();
        let name = |step: &crate::result::StepResult| match scenarios.len() {
            1 => step.step.clone(),
            _ => format!("{} › {}", step.scenario, step.step),
        };
        let rows = run.steps.iter().map(|step| Row {
            name: name(step),
            seconds: VecDeque::new(),
            spark: VecDeque::new(),
        });
        Self {
            title: format!("{}  {}  {}", run.run.target, run.run.profile, shapes.join("; ")),
            planned_s,
            second: 0,
            rows: rows.collect(),
            window: VecDeque::new(),
            errors: BTreeMap::new(),
            standings: Vec::new(),
            notices: VecDeque::new(),
            total: (0, 0),
            help: false,
        }
    }

    /// Adds a second that is over.
    pub fn second(&mut self, second: &SecondEntry) {
        self.second = u64::from(second.second) + 1;
        let vital = second.vital.unwrap_or_default();
        let mut moment = Moment {
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
    }

    /// How the SLAs stand by now.
    pub fn standings(&mut self, standings: Vec<Standing>) {
        self.standings = standings;
    }

    /// Says something.
    pub fn notice(&mut self, text: &str) {
        push(&mut self.notices, text.to_string(), NOTICES);
    }

    /// The sum of the last seconds, a second.
    pub(super) fn rate(&self, of: impl Fn(&Moment) -> u64) -> f64 {
        let sum: u64 = self.window.iter().map(of).sum();
        sum as f64 / self.window.len().max(1) as f64
    }
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
            count,
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
