//! Result files of runs that never were.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::normal;
use crate::analysis::gate::{Gate, Noise};
use crate::result::histogram::{empty, encode};
use crate::result::journal::blank;
use crate::result::{DuetPart, LoadResult, RunResult, ScenarioResult, Slice, StepResult};

/// How a made-up run went.
#[derive(Clone)]
pub struct Made {
    /// Of its random numbers, and its place in time.
    pub seed: u64,
    /// Of load.
    pub seconds: u32,
    /// Requests a second, of each step.
    pub rate: u32,
    /// Steps.
    pub steps: u32,
    /// All latencies so many times as long.
    pub slower: f64,
    /// This share of the requests takes four times as long.
    pub tail: f64,
    /// This share fails.
    pub failing: f64,
    /// ln of what this run differs by from others.
    pub run: f64,
}

impl Made {
    /// As ordinary as can be.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            seconds: 40,
            rate: 150,
            steps: 1,
            slower: 1.0,
            tail: 0.0,
            failing: 0.0,
            run: 0.0,
        }
    }

    /// Its result file.
    pub fn result(&self) -> RunResult {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        let mut result = blank();
        result.run.id = format!("run-{:03}", self.seed);
        result.run.started = format!("2026-11-22T20:15:00.{:06}Z", self.seed);
        result.machine.fingerprint = "here".to_string();
        let planned_ms = u64::from(self.seconds) * 1_000;
        let offered = u64::from(self.rate * self.seconds);
        result.scenarios = vec![ScenarioResult {
            name: "shop".to_string(),
            load: Some(LoadResult {
                profile: "rate".to_string(),
                model: "open".to_string(),
                shape: "150 arrivals/s for 40s".to_string(),
                planned_ms,
                duration_ms: planned_ms,
                offered: Some(offered),
                started: offered,
                ..LoadResult::default()
            }),
            ..ScenarioResult::default()
        }];
        result.steps = (0..self.steps).map(|at| self.step(at, &mut random)).collect();
        result
    }

    fn step(&self, at: u32, random: &mut Xoshiro256PlusPlus) -> StepResult {
        let slices = (0..self.seconds).map(|second| self.slice(second, random)).collect();
        let mut step: StepResult = serde_json::from_value(serde_json::json!({
            "scenario": "shop", "step": format!("step {at}"), "tags": {}, "place": "s.yaml:7",
            "count": self.seconds * self.rate, "failed": 0, "dropped": 0, "rate": self.rate,
            "response_us": crate::result::Summary::default(),
            "service_us": crate::result::Summary::default(),
            "lag_us": crate::result::Summary::default(),
            "failed_us": crate::result::Summary::default(),
            "failures": {}, "examples": [], "checks": [], "bytes_sent": 0, "bytes_received": 0,
            "slices": [], "histograms": { "response": "" },
        }))
        .unwrap();
        step.slices = slices;
        step
    }

    fn slice(&self, second: u32, random: &mut Xoshiro256PlusPlus) -> Slice {
        let mut histogram = empty();
        let mut failed = 0;
        for _ in 0..self.rate {
            let tail = if random.random::<f64>() < self.tail { 4.0 } else { 1.0 };
            let value = 20_000.0 * self.slower * tail * (self.run + 0.4 * normal(random)).exp();
            if random.random::<f64>() < self.failing {
                failed += 1;
            } else {
                histogram.record(value.round() as u64).unwrap();
            }
        }
        let mut slice =
            Slice { second, count: self.rate.into(), failed, histograms: Default::default() };
        slice.histograms.response = encode(&histogram);
        slice
    }
}

/// Restarts of an unchanged side and one made as `candidate` says.
pub fn restarts(count: u64, candidate: &Made) -> Vec<(RunResult, RunResult)> {
    let restart = |at: u64| {
        let part = |side: &str, first: bool| {
            let restart = at as u32 + 1;
            Some(DuetPart { side: side.to_string(), restart, first, ..DuetPart::default() })
        };
        let mut a = Made::new(100 + at).result();
        let mut b = Made { seed: 200 + at, ..candidate.clone() }.result();
        a.run.duet = part("a", at.is_multiple_of(2));
        b.run.duet = part("b", !at.is_multiple_of(2));
        (a, b)
    };
    (0..count).map(restart).collect()
}

/// Baselines that differ as runs of a quiet machine do.
pub fn baselines(count: u64) -> Vec<RunResult> {
    let run =
        |at: u64| Made { run: [0.0, 0.01, -0.01, 0.02, -0.02][at as usize % 5], ..Made::new(at) };
    (0..count).map(|at| run(at).result()).collect()
}

/// The defaults, on a quiet machine that was looked at.
pub fn quiet() -> Gate {
    let noise = Noise { between_runs: 0.02, between_sides: 0.01, learnt: true };
    Gate { noise, ..Gate::default() }
}
