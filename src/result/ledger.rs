//! Adds the entries of a run up: while it goes on, at its end, and from the journal of a killed
//! one.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::recorder::{add_histogram, empty_histogram};
use crate::result::histogram::{self, HistogramError};
use crate::result::journal::{Entry, LoadSecond, SecondEntry, StepSecond, encode_all};
use crate::result::slow::keep;
use crate::result::{
    FailureExample, Histograms, LoadResult, RunResult, SetupFailure, StepResult, Summary,
    TestResult,
};

/// Failures kept in full, per step and for the whole run.
const EXAMPLES: usize = 5;

/// Slow successes kept, per step and for the whole run.
const SLOWEST: usize = 5;

/// No run is silent for so many seconds: each second is told, and a broken journal may name any.
const SILENCE: usize = 86_400;

/// Adds entries up.
#[derive(Debug, Clone)]
pub struct Ledger {
    result: RunResult,
    steps: Vec<Totals>,
    tests: BTreeMap<usize, TestResult>,
    durations: BTreeMap<usize, Histogram<u64>>,
    ended: bool,
    /// Whether single seconds are left out.
    brief: bool,
}

/// The whole run's histograms of one step.
#[derive(Debug, Clone)]
struct Totals {
    response: Histogram<u64>,
    service: Histogram<u64>,
    lag: Histogram<u64>,
    blocked: Histogram<u64>,
    failed: Histogram<u64>,
    phases: BTreeMap<String, Histogram<u64>>,
}

impl Ledger {
    /// From what is known before the first action: see `Entry::Begin`.
    pub fn new(begin: RunResult) -> Self {
        let rows = begin.steps.iter().chain(&begin.web_vitals);
        let steps = rows.map(|_| Totals::new()).collect();
        Self {
            result: begin,
            steps,
            tests: BTreeMap::new(),
            durations: BTreeMap::new(),
            ended: false,
            brief: false,
        }
    }

    /// The same without the single seconds of steps, for whoever adds up what is still going on
    /// again and again: it does not grow.
    pub fn brief(begin: RunResult) -> Self {
        Self { brief: true, ..Self::new(begin) }
    }

    /// Adds one entry.
    ///
    /// # Errors
    /// A histogram that cannot be read, or an index that `Entry::Begin` does not have: only
    /// possible with a journal that another program changed.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), HistogramError> {
        match entry {
            Entry::Begin(_) => {}
            Entry::Test(number, test) => {
                self.tests.insert(*number, (**test).clone());
            }
            Entry::SetupFailed(scenario, failure) => self.add_setup_failure(*scenario, failure),
            Entry::Second(second) => self.add_second(second)?,
            Entry::LoadEnded(scenario, duration_ms, feed) => {
                if let Some(load) = self.load(*scenario) {
                    load.duration_ms = *duration_ms;
                    load.feed_ended = feed.clone();
                    let offered = load.offered.unwrap_or(load.started);
                    load.dropped = offered.saturating_sub(load.started);
                }
            }
            Entry::Altered(one) => super::altered::add(&mut self.result.run.altered, one),
            Entry::End(end) => {
                self.ended = true;
                self.result.run.duration_ms = end.duration_ms;
                self.result.run.ended_early = end.ended_early.clone();
                self.result.browsers.clone_from(&end.browsers);
                self.result.generator.health = end.health;
                self.result.generator.reasons = end.reasons.clone();
            }
        }
        Ok(())
    }

    /// The whole run. Without an `Entry::End` it was killed, and says so.
    pub fn finish(mut self) -> RunResult {
        self.result.tests = std::mem::take(&mut self.tests).into_values().collect();
        self.result.seen = super::seen::sum_up(&mut self.result.tests);
        if !self.ended {
            let seconds = self.result.generator.cpu.len() as u64;
            self.result.run.duration_ms = self.result.run.duration_ms.max(seconds * 1000);
            self.result.run.ended_early = Some("killed".to_string());
            let loads = self.result.scenarios.iter_mut().filter_map(|s| s.load.as_mut());
            for load in loads.filter(|load| load.duration_ms == 0) {
                // Before its own beginning a load has no users.
                let begun = load.users.iter().skip_while(|users| **users == 0);
                load.duration_ms = begun.count() as u64 * 1000;
            }
        }
        for (scenario, durations) in &self.durations {
            if let Some(load) = self.result.scenarios[*scenario].load.as_mut() {
                load.iteration_us = Summary::of(durations);
                load.iteration_histogram = histogram::encode(durations);
            }
        }
        let scenarios = &self.result.scenarios;
        let rows = self.result.steps.iter_mut().chain(&mut self.result.web_vitals);
        for (step, totals) in rows.zip(&self.steps) {
            let load =
                scenarios.iter().find(|s| s.name == step.scenario).and_then(|s| s.load.as_ref());
            let seconds = load.map_or(0.0, |load| load.duration_ms as f64 / 1000.0);
            step.rate = if seconds > 0.0 { step.count as f64 / seconds } else { 0.0 };
            totals.write(step);
        }
        for scenario in &self.result.scenarios {
            let dropped = scenario.load.as_ref().map_or(0, |load| load.dropped);
            let mut steps = self.result.steps.iter_mut();
            if let Some(first) = steps.find(|step| step.scenario == scenario.name) {
                first.dropped = dropped;
            }
        }
        self.result
    }

    /// The run as if it had been killed now.
    pub fn so_far(&self) -> RunResult {
        self.clone().finish()
    }

    fn load(&mut self, scenario: usize) -> Option<&mut LoadResult> {
        self.result.scenarios.get_mut(scenario)?.load.as_mut()
    }

    fn add_setup_failure(&mut self, scenario: usize, failure: &SetupFailure) {
        let Some(entry) = self.result.scenarios.get_mut(scenario) else { return };
        let known = entry.setup_failures.iter_mut().find(|known| known.step == failure.step);
        match known {
            Some(known) => known.count += failure.count,
            None => entry.setup_failures.push(failure.clone()),
        }
    }

    fn add_second(&mut self, second: &SecondEntry) -> Result<(), HistogramError> {
        let index = second.second as usize;
        if index > self.result.generator.cpu.len() + SILENCE {
            let what = format!("the second {index}, long after the one before");
            return Err(HistogramError::Contents(what));
        }
        put(&mut self.result.generator.cpu, index, second.cpu.unwrap_or(0.0));
        put(&mut self.result.generator.loop_gap_us, index, second.loop_gap_us);
        if let Some(vital) = &second.vital {
            self.result.generator.add(index, vital);
        }
        if second.probe_ns > 0 {
            put(&mut self.result.probe_ns, index, second.probe_ns);
        }
        for entry in &second.loads {
            self.add_load(index, entry)?;
        }
        for entry in &second.steps {
            let (Some(step), Some(totals)) =
                (self.result.row(entry.step), self.steps.get_mut(entry.step))
            else {
                return Err(HistogramError::Contents(format!(
                    "no step or scenario {}",
                    entry.step
                )));
            };
            totals.add(entry)?;
            add_step(step, entry);
            if !entry.settling && !self.brief {
                step.slices.push(entry.slice.clone());
            }
        }
        Ok(())
    }

    fn add_load(&mut self, second: usize, entry: &LoadSecond) -> Result<(), HistogramError> {
        if !entry.durations.is_empty() {
            let durations = histogram::decode(&entry.durations)?;
            let total = self.durations.entry(entry.scenario).or_insert_with(empty_histogram);
            add_histogram(total, &durations);
        }
        let Some(load) = self.load(entry.scenario) else {
            return Err(HistogramError::Contents(format!(
                "no step or scenario {}",
                entry.scenario
            )));
        };
        load.started += entry.started;
        load.completed += entry.completed;
        load.failed += entry.failed;
        load.interrupted += entry.interrupted;
        load.present_us = load.present_us.saturating_add(entry.presence_us.0);
        load.thought_us = load.thought_us.saturating_add(entry.presence_us.1);
        load.users_max = load.users_max.max(entry.users);
        put(&mut load.users, second, entry.users);
        Ok(())
    }
}

impl RunResult {
    /// A row by the number that journals give it: steps first, then vitals.
    fn row(&mut self, number: usize) -> Option<&mut StepResult> {
        let steps = self.steps.len();
        match number.checked_sub(steps) {
            None => self.steps.get_mut(number),
            Some(vital) => self.web_vitals.get_mut(vital),
        }
    }
}

impl Totals {
    fn new() -> Self {
        Self {
            response: empty_histogram(),
            service: empty_histogram(),
            lag: empty_histogram(),
            blocked: empty_histogram(),
            failed: empty_histogram(),
            phases: BTreeMap::new(),
        }
    }

    fn add(&mut self, second: &StepSecond) -> Result<(), HistogramError> {
        let slice = &second.slice;
        let Histograms { response, service, lag, blocked, failed, .. } = &slice.histograms;
        if !response.is_empty() {
            let read = histogram::decode(response)?;
            add_histogram(&mut self.response, &read);
            if service.is_empty() {
                add_histogram(&mut self.service, &read);
            }
        }
        for (to, from) in [(&mut self.lag, lag), (&mut self.blocked, blocked)] {
            if from.is_empty() {
                to.saturating_record_n(0, slice.count);
            }
        }
        for (to, from) in [
            (&mut self.service, service),
            (&mut self.lag, lag),
            (&mut self.blocked, blocked),
            (&mut self.failed, failed),
        ] {
            if !from.is_empty() {
                add_histogram(to, &histogram::decode(from)?);
            }
        }
        for (name, from) in &second.phases {
            let from = histogram::decode(from)?;
            match self.phases.get_mut(name) {
                Some(known) => add_histogram(known, &from),
                None => drop(self.phases.insert(name.clone(), from)),
            }
        }
        Ok(())
    }

    fn write(&self, step: &mut StepResult) {
        step.response_us = Summary::of(&self.response);
        step.service_us = Summary::of(&self.service);
        step.lag_us = Summary::of(&self.lag);
        step.blocked_us = match self.blocked.max() {
            0 => Summary::default(),
            _ => Summary::of(&self.blocked),
        };
        step.failed_us = Summary::of(&self.failed);
        let (late, failed) = ((&self.lag, &self.blocked), &self.failed);
        step.histograms = encode_all((&self.response, &self.service), late, failed);
        for (name, histogram) in &self.phases {
            step.phases_us.insert(name.clone(), Summary::of(histogram));
            step.histograms.phases.insert(name.clone(), histogram::encode(histogram));
        }
    }
}

fn add_step(step: &mut StepResult, entry: &StepSecond) {
    step.count += entry.slice.count;
    step.failed += entry.slice.failed;
    step.bytes_sent += entry.bytes.0;
    step.bytes_received += entry.bytes.1;
    step.resent += entry.resent;
    for (kind, count) in &entry.failures {
        *step.failures.entry(kind.clone()).or_default() += count;
    }
    for (bit, check) in step.checks.iter_mut().enumerate() {
        let failed = entry.failed_checks.get(bit).copied().unwrap_or(0);
        check.failed += failed;
        check.passed += entry.checked.saturating_sub(failed);
    }
    for example in &entry.examples {
        let same = step.examples.iter().filter(|kept| kept.kind == example.kind).count();
        if same < 2 && step.examples.len() < EXAMPLES {
            step.examples.push(FailureExample { step: step.step.clone(), ..example.clone() });
        }
    }
    if let Some(slow) = &entry.slowest {
        keep(&mut step.slowest, slow, SLOWEST);
    }
}

pub(super) fn put<T: Default + Clone>(list: &mut Vec<T>, index: usize, value: T) {
    if list.len() <= index {
        list.resize(index + 1, T::default());
    }
    list[index] = value;
}
