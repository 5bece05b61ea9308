//! Is what other programs measure a run by: its numbers at its end, or while it goes on.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::numbers::in_browser;
use super::rows::Report;
use crate::analysis::Word;
use crate::result::StepResult;
use crate::result::histogram::{decode, empty};

/// The numbers of a run that is over or goes on.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    /// Which run it is, as labels and values; empty where that is known without.
    pub run: Vec<(&'static str, String)>,
    /// Steps under load.
    pub steps: Vec<StepReading>,
    /// Web vitals under load.
    pub web_vitals: Vec<VitalReading>,
    /// Loads.
    pub loads: Vec<LoadReading>,
    /// The generator in the last second; none before the first and after the last.
    pub generator: Option<GeneratorReading>,
    /// Tests by how they ended.
    pub tests: BTreeMap<&'static str, u64>,
    /// The verdict, once there is one.
    pub verdict: Option<Word>,
}

/// A step since the start of the load.
#[derive(Debug, Clone)]
pub struct StepReading {
    /// The scenario.
    pub scenario: String,
    /// The step.
    pub step: String,
    /// Whether a browser does it.
    pub browser: bool,
    /// Done.
    pub count: u64,
    /// Of these, failed.
    pub failed: u64,
    /// Failures by kind.
    pub failures: BTreeMap<String, u64>,
    /// Due and never started.
    pub dropped: u64,
    /// From due, of successes, microseconds.
    pub response: Histogram<u64>,
}

/// A web vital since the start of the load.
#[derive(Debug, Clone)]
pub struct VitalReading {
    /// The scenario.
    pub scenario: String,
    /// The engine.
    pub browser: String,
    /// `lcp`.
    pub vital: String,
    /// Microseconds; `cls`, which has no unit, counts a millisecond for each 1.
    pub seen: Histogram<u64>,
}

/// The load of a scenario.
#[derive(Debug, Clone, Default)]
pub struct LoadReading {
    /// The scenario.
    pub scenario: String,
    /// Iterations begun since its start.
    pub started: u64,
    /// The last second; none where it is over.
    pub now: Option<LoadNow>,
}

/// One second of a load.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LoadNow {
    /// Virtual users at work.
    pub users: u32,
    /// Iterations that are due in a second; none where users just loop.
    pub offered: Option<f64>,
    /// Iterations that were begun in it.
    pub achieved: f64,
}

/// How the generator fared in one second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct GeneratorReading {
    /// How late iterations began while users were free (p99), microseconds.
    pub lag_us: u64,
    /// The longest time a loop was late, microseconds.
    pub loop_gap_us: u64,
    /// Share of the machine's CPU time; none where unknown.
    pub cpu: Option<f32>,
}

impl Readings {
    /// Those of a run that is over and judged.
    pub(super) fn of(report: &Report<'_>) -> Self {
        let loads = report.result.scenarios.iter().filter_map(|scenario| {
            let started = scenario.load.as_ref()?.started;
            Some(LoadReading { scenario: scenario.name.clone(), started, now: None })
        });
        let tests = report.test_counts.iter().map(|(status, count)| (*status, *count as u64));
        Self {
            steps: report.result.steps.iter().map(StepReading::of).collect(),
            web_vitals: report.result.web_vitals.iter().map(VitalReading::of).collect(),
            loads: loads.collect(),
            tests: tests.collect(),
            verdict: Some(report.word),
            ..Self::default()
        }
    }

    /// What has been added since `before`, which is of the same run.
    pub fn since(&self, before: &Readings) -> Self {
        let mut now = self.clone();
        for (step, known) in now.steps.iter_mut().zip(&before.steps) {
            step.count -= known.count.min(step.count);
            step.failed -= known.failed.min(step.failed);
            step.dropped -= known.dropped.min(step.dropped);
            for (kind, count) in &mut step.failures {
                *count -= known.failures.get(kind).map_or(0, |known| *known.min(count));
            }
            // What was there before is in it, so nothing can be too much.
            let _ = step.response.subtract(&known.response);
        }
        for (vital, known) in now.web_vitals.iter_mut().zip(&before.web_vitals) {
            let _ = vital.seen.subtract(&known.seen);
        }
        for (load, known) in now.loads.iter_mut().zip(&before.loads) {
            load.started -= known.started.min(load.started);
        }
        now
    }
}

impl StepReading {
    /// One of which nothing is known yet.
    pub fn begin(step: &StepResult) -> Self {
        Self {
            scenario: step.scenario.clone(),
            step: step.step.clone(),
            browser: in_browser(step),
            count: 0,
            failed: 0,
            failures: BTreeMap::new(),
            dropped: 0,
            response: empty(),
        }
    }

    fn of(step: &StepResult) -> Self {
        Self {
            count: step.count,
            failed: step.failed,
            failures: step.failures.clone(),
            dropped: step.dropped,
            response: decode(&step.histograms.response).unwrap_or_else(|_| empty()),
            ..Self::begin(step)
        }
    }
}

impl VitalReading {
    /// One of which nothing is known yet.
    pub fn begin(row: &StepResult) -> Self {
        let tag = |name: &str| row.tags.get(name).cloned().unwrap_or_default();
        let (browser, vital) = (tag("browser"), tag("step"));
        Self { scenario: row.scenario.clone(), browser, vital, seen: empty() }
    }

    fn of(row: &StepResult) -> Self {
        let seen = decode(&row.histograms.response).unwrap_or_else(|_| empty());
        Self { seen, ..Self::begin(row) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str) -> StepReading {
        StepReading {
            scenario: "s".to_string(),
            step: name.to_string(),
            browser: false,
            count: 3,
            failed: 1,
            failures: BTreeMap::from([("status 503".to_string(), 1)]),
            dropped: 0,
            response: empty(),
        }
    }

    #[test]
    fn what_was_added_since_is_the_difference() {
        let mut before = Readings { steps: vec![step("a")], ..Readings::default() };
        before.steps[0].response.record_n(1_000, 5).unwrap();
        let browser = "chromium".to_string();
        let (scenario, vital) = ("s".to_string(), "lcp".to_string());
        before.web_vitals.push(VitalReading { scenario, browser, vital, seen: empty() });
        before.web_vitals[0].seen.record_n(1_000, 5).unwrap();
        let mut now = before.clone();
        now.web_vitals[0].seen.record(7_000).unwrap();
        now.steps[0].count += 4;
        now.steps[0].response.record_n(9_000, 3).unwrap();
        now.steps[0].failures.insert("timeout".to_string(), 2);
        let since = now.since(&before);
        let step = &since.steps[0];
        assert_eq!((step.count, step.failed), (4, 0));
        assert_eq!((step.failures["status 503"], step.failures["timeout"]), (0, 2));
        assert_eq!(step.response.len(), 3);
        assert!(step.response.min() >= 8_990, "{}", step.response.min());
        let seen = &since.web_vitals[0].seen;
        assert_eq!((seen.len(), seen.min() >= 6_990), (1, true));
    }
}
