//! Reads what one run has to say of one scenario: its seconds, and then its estimates.
//!
//! Seconds are read first and estimated after, for where the warm-up ends is settled for all
//! metrics at once, and in a duet for both sides.

use super::Undecided;
use super::estimate::{self, Estimate};
use super::latencies::{self, Latencies};
use super::warm_up;
use crate::result::histogram::HistogramError;
use crate::result::recorded::Reader;
use crate::result::{LoadResult, RunResult, StepResult};

/// The quantiles that are compared, in the order of `Gate::latency`.
pub(super) const QUANTILES: [f64; 3] = [0.50, 0.95, 0.99];

/// The longest load that is read, in seconds: a week. A second beyond it is forged.
const LONGEST: usize = 7 * 24 * 3_600;

/// The most seconds of all steps together: a week of 16 steps.
const CELLS: usize = 16 * LONGEST;

/// A probe says something from so many seconds on.
const PROBED: usize = 5;

/// The kind that a request cut off by the end of the run has.
const INTERRUPTED: &str = "interrupted";

/// The seconds of one scenario's load in one run.
#[derive(Debug)]
pub(super) struct Seconds<'a> {
    run: &'a RunResult,
    load: &'a LoadResult,
    steps: Vec<StepSeconds<'a>>,
    length: usize,
}

/// The seconds of one step.
#[derive(Debug)]
struct StepSeconds<'a> {
    step: &'a StepResult,
    /// Successes by `latencies::bin`.
    successes: Vec<Vec<(u32, u64)>>,
    /// Failed requests, and all.
    requests: Vec<(u64, u64)>,
}

/// What one run has to say of one scenario.
#[derive(Debug)]
pub(super) struct Measured<'a> {
    seconds: Seconds<'a>,
    cut: usize,
    unit: usize,
    pub(super) steps: Vec<Step<'a>>,
    /// Successes a second of all steps together, where users loop.
    pub(super) throughput: Option<Result<Estimate, Undecided>>,
    /// Iterations that were due and never begun, and all that were due, where they are due.
    pub(super) dropped: Option<(u64, u64)>,
    pub(super) probe: Option<Probe>,
}

/// What one run has to say of one step.
#[derive(Debug, Clone)]
pub(super) struct Step<'a> {
    pub(super) step: &'a StepResult,
    /// By `QUANTILES`.
    pub(super) latency: [Result<Estimate, Undecided>; 3],
    /// The quantiles as they are, microseconds, however few samples there are.
    pub(super) plain: [Option<f64>; 3],
    pub(super) errors: Result<Estimate, Undecided>,
    /// Failed requests, and all.
    pub(super) requests: (u64, u64),
}

/// How fast the machine was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Probe {
    /// The median, nanoseconds a turn.
    pub(super) middle: f64,
    /// Half of what two thirds of the seconds spread over, as a share of the median: a standard
    /// deviation that single slow seconds do not make.
    pub(super) unsteady: f64,
}

/// Reads a scenario's load; none where the run has no load of it.
pub(super) fn read<'a>(
    run: &'a RunResult,
    scenario: &str,
) -> Result<Option<Seconds<'a>>, HistogramError> {
    let found = run.scenarios.iter().find(|other| other.name == scenario);
    let Some(load) = found.and_then(|scenario| scenario.load.as_ref()) else { return Ok(None) };
    let of: Vec<&StepResult> = run.steps.iter().filter(|step| step.scenario == scenario).collect();
    let last = of.iter().flat_map(|step| &step.slices).map(|slice| slice.second as usize).max();
    // A load of so many iterations is planned to take as long as it may, and ends with the last.
    let lasted = match load.duration_ms {
        0 => load.planned_ms,
        lasted => load.planned_ms.min(lasted),
    };
    let length = last.map_or(0, |last| last + 1).max((lasted / 1_000) as usize);
    if length > LONGEST || length.saturating_mul(of.len()) > CELLS {
        let steps = of.len();
        let forged = format!("{steps} steps of {length} seconds");
        return Err(HistogramError::Contents(forged));
    }
    let mut reader = Reader::default();
    let steps = of.into_iter().map(|step| read_step(step, length, &mut reader));
    let steps = steps.collect::<Result<_, _>>()?;
    Ok(Some(Seconds { run, load, steps, length }))
}

fn read_step<'a>(
    step: &'a StepResult,
    length: usize,
    reader: &mut Reader,
) -> Result<StepSeconds<'a>, HistogramError> {
    let mut successes = vec![Vec::new(); length];
    let mut requests = vec![(0_u64, 0_u64); length];
    for slice in &step.slices {
        let second = slice.second as usize;
        let bins = reader.read(&slice.histograms.response)?;
        successes[second]
            .extend(bins.iter().map(|(value, count)| (latencies::bin(*value), *count)));
        let (failed, count) = &mut requests[second];
        *failed = failed.saturating_add(slice.failed);
        *count = count.saturating_add(slice.count.max(slice.failed));
    }
    // What the end of the run cut off says nothing of the target; it stands in the last seconds.
    let mut cut = step.failures.get(INTERRUPTED).copied().unwrap_or(0);
    for (failed, count) in requests.iter_mut().rev() {
        let here = cut.min(*failed);
        (*failed, *count, cut) = (*failed - here, *count - here, cut - here);
    }
    Ok(StepSeconds { step, successes, requests })
}

impl<'a> Seconds<'a> {
    /// How many seconds of warm-up there are.
    pub(super) fn warm_up(&self) -> usize {
        // Where users loop or arrivals end, the rest answers what was begun: no steady second.
        let planned = ((self.load.planned_ms / 1_000) as usize).min(self.length);
        let length = if planned > 0 { planned } else { self.length };
        let mut sums = vec![(0.0, 0.0); length];
        for step in &self.steps {
            let of = |bins: &[(u32, u64)]| -> (f64, f64) {
                bins.iter().fold((0.0, 0.0), |(sum, n), (bin, count)| {
                    (sum + f64::from(*bin) * *count as f64, n + *count as f64)
                })
            };
            let seconds: Vec<(f64, f64)> = step.successes.iter().map(|bins| of(bins)).collect();
            let whole = seconds.iter().fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
            let middle = if whole.1 > 0.0 { whole.0 / whole.1 } else { 0.0 };
            // Each step about its own middle, so that the mix of steps does not matter.
            for (sum, (bins, n)) in sums.iter_mut().zip(&seconds) {
                *sum = (sum.0 + bins - middle * n, sum.1 + n);
            }
        }
        let mut last = 0.0;
        let level = |(sum, n): &(f64, f64)| {
            last = if *n > 0.0 { sum / n } else { last };
            last
        };
        warm_up::cut(&sums.iter().map(level).collect::<Vec<_>>())
    }

    /// The estimates without the first `cut` seconds; `unit` seconds count as one.
    pub(super) fn measure(self, cut: usize, unit: usize) -> Measured<'a> {
        let steps = self.steps.iter().map(|step| step.measure(cut, unit)).collect();
        let open = self.load.model == "open";
        let offered = self.load.offered;
        let dropped = self.load.dropped;
        let all = offered.unwrap_or(self.load.started.saturating_add(dropped)).max(dropped);
        Measured {
            steps,
            throughput: (self.load.model == "closed").then(|| self.throughput(cut, unit)),
            dropped: open.then_some((dropped, all)),
            probe: self.probe(cut),
            seconds: self,
            cut,
            unit,
        }
    }

    fn throughput(&self, cut: usize, unit: usize) -> Result<Estimate, Undecided> {
        // A second that the load did not fill has fewer for that alone.
        let full = (self.load.planned_ms.min(self.load.duration_ms) / 1_000) as usize;
        let mut sums = vec![0_u64; full.min(self.length).saturating_sub(cut) / unit];
        for step in &self.steps {
            for (at, (failed, count)) in step.requests.iter().skip(cut).enumerate() {
                if let Some(sum) = sums.get_mut(at / unit) {
                    *sum = sum.saturating_add(count - failed);
                }
            }
        }
        estimate::rate(&sums)
    }

    fn probe(&self, cut: usize) -> Option<Probe> {
        let taken = self.run.probe_ns.iter().skip(cut).take(self.length).filter(|ns| **ns > 0);
        let mut taken: Vec<f64> = taken.map(|ns| *ns as f64).collect();
        if taken.len() < PROBED {
            return None;
        }
        taken.sort_by(f64::total_cmp);
        let at = |share: f64| taken[((taken.len() - 1) as f64 * share).round() as usize];
        let middle = at(0.5);
        Some(Probe { middle, unsteady: (at(0.84) - at(0.16)) / 2.0 / middle })
    }
}

impl Measured<'_> {
    /// A step by its name.
    pub(super) fn step(&self, name: &str) -> Option<&Step<'_>> {
        self.steps.iter().find(|step| step.step.step == name)
    }

    /// Other quantiles of a step; those that cannot be estimated are none.
    pub(super) fn quantiles(&self, name: &str, qs: &[f64]) -> Vec<Option<Estimate>> {
        let found = self.seconds.steps.iter().find(|step| step.step.step == name);
        let Some(step) = found else { return vec![None; qs.len()] };
        let latencies = step.latencies(self.cut, self.unit);
        qs.iter().map(|q| estimate::of_latencies(&latencies, *q).ok()).collect()
    }

    /// The run it is of.
    pub(super) fn run(&self) -> &RunResult {
        self.seconds.run
    }
}

impl Step<'_> {
    /// A quantile, where the run says enough of it without another beside it.
    pub(super) fn alone(&self, at: usize) -> Result<&Estimate, Undecided> {
        let one = self.latency[at].as_ref().map_err(Clone::clone)?;
        estimate::alone(one, QUANTILES[at])?;
        if one.drifts() { Err(Undecided::Unstable) } else { Ok(one) }
    }
}

impl<'a> StepSeconds<'a> {
    fn measure(&self, cut: usize, unit: usize) -> Step<'a> {
        let latencies = self.latencies(cut, unit);
        let sums = |requests: &[(u64, u64)]| {
            requests.iter().fold((0_u64, 0_u64), |all, one| {
                (all.0.saturating_add(one.0), all.1.saturating_add(one.1))
            })
        };
        let requests = self.requests.get(cut..).unwrap_or_default();
        let units: Vec<(u64, u64)> = requests.chunks(unit).map(sums).collect();
        Step {
            step: self.step,
            latency: QUANTILES.map(|q| estimate::of_latencies(&latencies, q)),
            plain: QUANTILES.map(|q| latencies.quantile(q)),
            errors: estimate::errors(&units),
            requests: sums(requests),
        }
    }

    fn latencies(&self, cut: usize, unit: usize) -> Latencies {
        let seconds = self.successes.get(cut..).unwrap_or_default();
        if unit == 1 {
            return Latencies::of_counts(seconds);
        }
        let units: Vec<Vec<(u32, u64)>> = seconds.chunks(unit).map(<[_]>::concat).collect();
        Latencies::of_counts(&units)
    }
}
