//! Says, before a run, what a comparison of it will be able to see.
//!
//! The newest baseline stands in for the run to come and goes through the comparison itself, so
//! that what is promised is what will be held: how sure a comparison is does not depend on what it
//! finds. Of a duet the baselines tell how much one segment's samples say; its seconds count as
//! unpaired, so that it sees what is told here or more.

use super::against::{against_stored, measure};
use super::decide::smallest;
use super::detectable::{self, Samples, Setup};
use super::estimate::{self, Estimate};
use super::long_run::{mean, variance};
use super::looks::{Look, at_look, settled};
use super::measured::Measured;
use super::moderate::Prior;
use super::rows::LATENCIES;
use super::{Change, Compared, Design, Gate, Undecided, fitting, warm_up};
use crate::result::RunResult;
use crate::result::histogram::HistogramError;

/// Restarts of the two looks of a duet.
pub const RESTARTS: [u32; 2] = [3, 5];

/// Numbers of baselines that the first comparisons are told for.
pub const FIRST: [u32; 2] = [5, 10];

/// One metric of one step, as the next comparison will see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ahead {
    /// The scenario.
    pub scenario: String,
    /// The step; empty where the row is of the whole scenario.
    pub step: String,
    /// What is compared.
    pub metric: Compared,
    /// What it usually is: microseconds, a share, or a number a second.
    pub usual: f64,
    /// By how much baselines differ from each other: a standard deviation, as a share; none of
    /// one, and of shares of failures.
    pub noise: Option<f64>,
    /// The change that must not be missed, as in `Change`.
    pub margin: f64,
    /// The smallest change that is called FAIL four times in five, of one run and of three; none
    /// where nothing can be decided.
    pub stored: [Option<f64>; 2],
    /// The same in a duet of `RESTARTS`; none for what is told of stored runs only.
    pub duet: [Option<f64>; 2],
    /// Why one run decides nothing, where it does not.
    pub why: Option<Undecided>,
}

/// What the next comparison will see.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outlook {
    /// All rows, in the order of the comparison.
    pub rows: Vec<Ahead>,
    /// What the comparison has to say beside them.
    pub notes: Vec<String>,
}

/// What a comparison with these baselines (oldest first, of one kind of machine) will see, and a
/// duet with segments of so many seconds a side.
///
/// # Errors
/// When a histogram of a baseline cannot be read.
pub fn outlook(
    baselines: &[&RunResult],
    segment: u32,
    gate: &Gate,
) -> Result<Outlook, HistogramError> {
    let Some(newest) = baselines.last() else { return Ok(Outlook::default()) };
    let several: Vec<&RunResult> = baselines.iter().rev().cycle().take(3).copied().collect();
    let one = against_stored(&[newest], baselines, None, gate)?;
    let three = against_stored(&several, baselines, None, gate)?;
    let mut rows = Vec::new();
    for scenario in fitting::scenarios(Some(newest)) {
        let known = measure(baselines, scenario)?;
        for change in one.changes.iter().filter(|change| change.scenario == *scenario) {
            let same = |other: &&Change| {
                (&other.scenario, &other.step, other.metric)
                    == (&change.scenario, &change.step, change.metric)
            };
            let of_three = three.changes.iter().find(same);
            let family = one.changes.len();
            rows.push(Ahead {
                scenario: change.scenario.clone(),
                step: change.step.clone(),
                metric: change.metric,
                usual: change.before,
                noise: noise(&estimates(&known, change)),
                margin: change.margin,
                stored: [change.smallest, of_three.map_or(change.smallest, |row| row.smallest)],
                duet: duet(&estimates(&known, change), (change, family), segment, gate),
                why: change.why.clone().filter(|why| !matches!(why, Undecided::Noise { .. })),
            });
        }
    }
    Ok(Outlook { rows, notes: one.notes })
}

/// What the baselines tell of a row's metric, where it is a latency or a throughput.
fn estimates<'a>(known: &'a [Measured<'_>], row: &Change) -> Vec<&'a Estimate> {
    let at = LATENCIES.iter().position(|metric| *metric == row.metric);
    let of = |run: &'a Measured<'_>| match (at, row.metric) {
        (Some(at), _) => run.step(&row.step)?.latency[at].as_ref().ok(),
        (None, Compared::Throughput) => run.throughput.as_ref()?.as_ref().ok(),
        _ => None,
    };
    known.iter().filter_map(of).collect()
}

fn noise(known: &[&Estimate]) -> Option<f64> {
    let thetas: Vec<f64> = known.iter().map(|one| one.theta).collect();
    (thetas.len() > 1).then(|| variance(&thetas).sqrt())
}

/// What a duet sees of a latency, at each of its two looks.
fn duet(
    known: &[&Estimate],
    (row, family): (&Change, usize),
    segment: u32,
    gate: &Gate,
) -> [Option<f64>; 2] {
    let left = f64::from(without_warm_up(segment));
    let Some(q) = row.metric.quantile().filter(|_| !known.is_empty() && left > 0.0) else {
        return [None; 2];
    };
    let seconds = mean(&known.iter().map(|one| one.psi.len() as f64).collect::<Vec<_>>());
    let each = mean(&known.iter().map(|one| one.se * one.se).collect::<Vec<_>>());
    let samples = mean(&known.iter().map(|one| one.effective()).collect::<Vec<_>>());
    let within = 2.0 * each * seconds / left;
    let prior = Prior::of(gate.noise.between_sides);
    let bounds = (row.margin.ln_1p(), (row.margin / 2.0).ln_1p());
    at_both(|look| {
        let count = f64::from(look.restarts);
        if samples * left / seconds.max(1.0) * count < estimate::needed(q) {
            return None;
        }
        let look = at_look(gate, look.share);
        let sure = (look.alpha_fail / family.max(1) as f64, look.alpha_pass);
        let sd = ((prior.tau * prior.tau + within) / count).sqrt();
        Some(smallest(sure, (sd, prior.df + count - 1.0), bounds).exp_m1())
    })
}

/// One metric of a step that was never run, as its first comparisons will see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// What is compared.
    pub metric: Compared,
    /// Whether there will be enough samples.
    pub samples: Samples,
    /// The smallest change that is called FAIL four times in five, of one run against `FIRST`
    /// baselines.
    pub stored: [f64; 2],
    /// The same in a duet of `RESTARTS`.
    pub duet: [f64; 2],
}

/// What a step at `rate` requests a second will show, typically: in runs of so many seconds and
/// duets with segments of `segment` seconds a side, among `steps` steps in all.
pub fn unseen(rate: f64, (seconds, segment): (u32, u32), steps: u32, gate: &Gate) -> Vec<Unseen> {
    let setup = |design: Design, (seconds, share): (u32, f64)| Setup {
        design,
        rows: detectable::family(steps),
        seconds: f64::from(without_warm_up(seconds)),
        rate,
        share,
    };
    let metrics = LATENCIES.into_iter().chain([Compared::Errors]);
    let one = |metric: Compared| {
        let stored = FIRST.map(|baselines| {
            let run = setup(Design::Stored { baselines, runs: 1 }, (seconds, 1.0));
            detectable::smallest(metric, &run, gate)
        });
        let duet = at_both(|look| {
            let design = Design::Duet { restarts: look.restarts, look: look.occasion };
            detectable::smallest(metric, &setup(design, (segment, look.share)), gate)
        });
        let run = setup(Design::Stored { baselines: FIRST[0], runs: 1 }, (seconds, 1.0));
        Unseen { metric, samples: detectable::samples(metric, &run), stored, duet }
    };
    metrics.filter(|metric| gate.compares(*metric)).map(one).collect()
}

/// Something of each of the two looks of a duet.
fn at_both<T>(of: impl Fn(Look) -> T) -> [T; 2] {
    let looks = settled(&RESTARTS);
    RESTARTS.map(|count| {
        let look = looks.iter().find(|look| look.restarts == count);
        of(look.copied().unwrap_or(Look::only(count)))
    })
}

/// The shortest load, in seconds, of which a comparison of latencies can say anything: what is left
/// of it without its warm-up has seconds enough.
pub fn shortest() -> u32 {
    let enough = |seconds: &u32| estimate::long_enough(without_warm_up(*seconds) as usize).is_ok();
    (1..=60).find(enough).unwrap_or(60)
}

/// The same of a segment of a duet, for each side: an even number, as turns go. Where the sides
/// take turns (`apart` is false), the load is twice as long as the segment, and only whole turns of
/// both count.
pub fn shortest_segment(apart: bool) -> u32 {
    let left = |segment: u32| match apart {
        true => without_warm_up(segment),
        false => {
            let warm_up = (2 * segment - without_warm_up(2 * segment)).next_multiple_of(2);
            segment - warm_up / 2
        }
    };
    let enough = |segment: &u32| estimate::long_enough(left(*segment) as usize).is_ok();
    (2..=60).step_by(2).find(enough).unwrap_or(60)
}

/// How many requests of a step would be too few for any latency, however alike they were.
pub fn fewest() -> f64 {
    LATENCIES.iter().filter_map(|one| one.quantile()).map(estimate::needed).fold(1e9, f64::min)
}

/// How many seconds of a load are left without its warm-up.
fn without_warm_up(seconds: u32) -> u32 {
    let length = seconds.min(86_400);
    length - warm_up::cut(&vec![0.0; length as usize]) as u32
}
