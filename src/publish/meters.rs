//! Adds up what a run tells while it goes on.

use std::collections::BTreeMap;

use crate::recorder::add_histogram;
use crate::report::{GeneratorReading, LoadNow, LoadReading, Readings, StepReading, VitalReading};
use crate::result::RunResult;
use crate::result::histogram::decode;
use crate::result::journal::{Entry, SecondEntry};

/// By scenario, as `RunResult` numbers them: the iterations that its schedule of arrivals wants in
/// each second of the load.
pub type Offered = BTreeMap<usize, Vec<f64>>;

/// A run so far.
#[derive(Debug)]
pub(super) struct Meters {
    pub readings: Readings,
    /// Grows with everything that is told.
    pub version: u64,
    offered: Offered,
    /// By scenario: its place among the loads, its first step, and what is due in all.
    loads: BTreeMap<usize, Load>,
}

#[derive(Debug, Clone, Copy)]
struct Load {
    at: usize,
    first: Option<usize>,
    due: Option<u64>,
}

impl Meters {
    pub fn new(run: Vec<(&'static str, String)>, offered: Offered) -> Self {
        let readings = Readings { run, ..Readings::default() };
        Self { readings, version: 0, offered, loads: BTreeMap::new() }
    }

    pub fn entry(&mut self, entry: &Entry) {
        self.version += 1;
        match entry {
            Entry::Begin(run) => self.begin(run),
            Entry::Test(_, test) => {
                *self.readings.tests.entry(test.status.name()).or_default() += 1;
            }
            Entry::Second(second) => self.second(second),
            Entry::LoadEnded(scenario, ..) => self.load_ended(*scenario),
            Entry::SetupFailed(..) | Entry::Altered(_) => {}
            Entry::End(_) => {
                self.readings.generator = None;
                self.readings.loads.iter_mut().for_each(|load| load.now = None);
            }
        }
    }

    fn begin(&mut self, run: &RunResult) {
        self.readings.steps = run.steps.iter().map(StepReading::begin).collect();
        self.readings.web_vitals = run.web_vitals.iter().map(VitalReading::begin).collect();
        for (number, scenario) in run.scenarios.iter().enumerate() {
            let Some(load) = &scenario.load else { continue };
            let first = run.steps.iter().position(|step| step.scenario == scenario.name);
            let at = self.readings.loads.len();
            self.loads.insert(number, Load { at, first, due: load.offered });
            let scenario = scenario.name.clone();
            self.readings.loads.push(LoadReading { scenario, started: 0, now: None });
        }
    }

    fn second(&mut self, second: &SecondEntry) {
        let vital = second.vital.unwrap_or_default();
        self.readings.generator = Some(GeneratorReading {
            lag_us: vital.lag_p99_us,
            loop_gap_us: second.loop_gap_us,
            cpu: second.cpu,
        });
        self.readings.loads.iter_mut().for_each(|load| load.now = None);
        for one in &second.loads {
            let Some(known) = self.loads.get(&one.scenario) else { continue };
            let load = &mut self.readings.loads[known.at];
            load.started += one.started;
            let offered = self.offered.get(&one.scenario);
            load.now = Some(LoadNow {
                users: one.users,
                offered: offered
                    .map(|of| of.get(second.second as usize).copied().unwrap_or_default()),
                achieved: one.started as f64,
            });
        }
        for one in &second.steps {
            let known = match one.step.checked_sub(self.readings.steps.len()) {
                None => {
                    let step = &mut self.readings.steps[one.step];
                    step.count += one.slice.count;
                    step.failed += one.slice.failed;
                    for (kind, count) in &one.failures {
                        *step.failures.entry(kind.clone()).or_default() += count;
                    }
                    Some(&mut step.response)
                }
                // Web vitals are counted on after the steps.
                Some(at) => self.readings.web_vitals.get_mut(at).map(|vital| &mut vital.seen),
            };
            // What cannot be read is found when the result is read.
            if let (Some(known), Ok(seen)) = (known, decode(&one.slice.histograms.response)) {
                add_histogram(known, &seen);
            }
        }
    }

    fn load_ended(&mut self, scenario: usize) {
        let Some(load) = self.loads.get(&scenario) else { return };
        let reading = &mut self.readings.loads[load.at];
        reading.now = None;
        let dropped = load.due.map_or(0, |due| due.saturating_sub(reading.started));
        if let Some(first) = load.first.and_then(|first| self.readings.steps.get_mut(first)) {
            first.dropped = dropped;
        }
    }
}
