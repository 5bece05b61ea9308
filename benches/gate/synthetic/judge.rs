//! The only place that calls the gate: a trial is judged by the functions that judge a run, from
//! the estimates on. What stands before them (files, the warm-up) is not tried here.

use hdrhistogram::Histogram;
use taster::analysis::Word;
use taster::analysis::gate::decide::{self, Replicas, Row, Scale};
use taster::analysis::gate::estimate::{self, Estimate};
use taster::analysis::gate::moderate::{Difference, Prior};
use taster::analysis::gate::siblings::{self, Runs};
use taster::analysis::gate::stored::Point;
use taster::analysis::gate::{
    self, Compared, Gate, Undecided, duet as sides, looks, stored as runs,
};

use super::peers;

/// What is compared, in the order of everything here.
pub const QUANTILES: [Compared; 3] = [Compared::P50, Compared::P95, Compared::P99];

/// One quantile of a run, or why it cannot be told.
pub type Known = Result<Estimate, Undecided>;

/// A run as the gate sees it.
pub struct Measured {
    /// By quantile.
    pub estimates: [Known; 3],
    /// The p95 as a naive rule takes it.
    pub p95: f64,
}

/// How often a duet is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Once, after so many restarts.
    Only(usize),
    /// After three, and where that decides nothing, after five: settled before it begins.
    Extended,
    /// After one, two and three, where the noise between equal sides has been learnt.
    Early,
}

impl Look {
    /// As it stands in the table.
    pub fn name(self) -> String {
        match self {
            Look::Only(restarts) => restarts.to_string(),
            Look::Extended => "3, or 5".to_string(),
            Look::Early => "3, or 1 or 2".to_string(),
        }
    }

    /// The most restarts it takes.
    pub fn most(self) -> usize {
        match self {
            Look::Only(restarts) => restarts,
            Look::Extended => 5,
            Look::Early => 3,
        }
    }

    /// The looks, as they are settled before.
    fn settled(self) -> Vec<gate::Look> {
        match self {
            Look::Only(restarts) => vec![gate::Look::only(restarts as u32)],
            Look::Extended => looks::settled(&[3, 5]),
            Look::Early => looks::settled(&[1, 2, 3]),
        }
    }
}

/// Estimates a run.
pub fn measured(seconds: &[Histogram<u64>]) -> Measured {
    Measured {
        estimates: QUANTILES.map(|at| estimate::latency(seconds, at.quantile().unwrap_or(0.5))),
        p95: peers::quantile(&peers::spectrum(seconds), 0.95),
    }
}

/// From so many stored runs on a drift within one is no reason to leave it out.
const BASELINES: usize = 5;

/// One quantile of one step in all runs; the probe is ln of a machine's slowness.
pub struct Step {
    /// Which quantile.
    pub quantile: usize,
    /// Of the stored runs.
    pub before: Vec<(Known, Option<f64>)>,
    /// Of the candidate's.
    pub after: Vec<(Known, Option<f64>)>,
}

impl Step {
    /// Without a probe.
    pub fn of(quantile: usize, before: &[&Measured], after: &[&Measured]) -> Self {
        let plain = |run: &&Measured| (run.estimates[quantile].clone(), None);
        let before = before.iter().map(plain).collect();
        Self { quantile, before, after: after.iter().map(plain).collect() }
    }

    /// A stored run that cannot be told is left out, a candidate's is not.
    fn points(&self) -> Result<Runs, Undecided> {
        let q = QUANTILES[self.quantile].quantile().unwrap_or(0.5);
        let point =
            |(one, probe): (&Estimate, Option<f64>)| Point { theta: one.theta, se: one.se, probe };
        // With enough stored runs their own spread says what the seconds of one cannot.
        let few = self.before.len() < BASELINES;
        let alone = |(one, probe): &'_ (Known, Option<f64>)| {
            let one = one.clone()?;
            if few {
                estimate::alone(&one, q)?;
            }
            if few && one.drifts() { Err(Undecided::Unstable) } else { Ok((one, *probe)) }
        };
        let before: Vec<_> = self.before.iter().map(alone).filter_map(Result::ok).collect();
        let after: Vec<_> = self.after.iter().map(alone).collect::<Result<_, _>>()?;
        estimate::enough(before.iter().map(|(one, _)| one), q)?;
        estimate::enough(after.iter().map(|(one, _)| one), q)?;
        Ok(Runs {
            baselines: before.iter().map(|(one, probe)| point((one, *probe))).collect(),
            candidates: after.iter().map(|(one, probe)| point((one, *probe))).collect(),
        })
    }
}

/// Judges steps against stored runs: one family, as it is judged of one scenario.
pub fn stored(steps: &[Step], gate: &Gate) -> Word {
    let mut rows = Vec::new();
    let mut all = Vec::new();
    let mut many = false;
    for quantile in 0..QUANTILES.len() {
        let of = |step: &&Step| step.quantile == quantile;
        let points: Vec<Result<Runs, Undecided>> =
            steps.iter().filter(of).map(Step::points).collect();
        let most = steps.iter().map(|step| step.before.len()).max().unwrap_or(0);
        let whole = |runs: &&Runs| runs.baselines.len() == most;
        let complete: Vec<Runs> = points.iter().flatten().filter(whole).cloned().collect();
        let contrasts = siblings::contrasts(&complete);
        many |= contrasts.is_some();
        let mut contrasts = contrasts.unwrap_or_default().into_iter();
        all.extend(complete);
        let prior = Prior::of(gate.noise.between_runs);
        for points in points {
            let contrast = points.as_ref().ok().filter(whole).and_then(|_| contrasts.next());
            let found = points.and_then(|runs| {
                runs::difference(&runs.baselines, &runs.candidates, prior)
                    .ok_or(Undecided::Unstable)
            });
            rows.push(Row { contrast, ..row(quantile, found, (Replicas::Runs(1), gate)) });
        }
    }
    let whole = many.then(|| siblings::whole(&all, gate.noise.between_runs)).flatten();
    if whole.is_some() {
        rows.iter_mut().for_each(|row| row.whole = Some(0));
    }
    let whole: Vec<Difference> = whole.into_iter().collect();
    decide::word(&decide::decide(rows, &whole, gate))
}

fn row(
    quantile: usize,
    found: Result<Difference, Undecided>,
    (replicas, gate): (Replicas, &Gate),
) -> Row {
    let growth = gate.latency[quantile];
    Row {
        metric: QUANTILES[quantile],
        margin: growth.ln_1p(),
        floor: (growth / 2.0).ln_1p(),
        found,
        replicas,
        ..Row::empty(Scale::Growth)
    }
}

/// One quantile of one step in all restarts: what is compared with, and the candidate.
pub type Sides<'a> = Vec<(&'a Measured, &'a Measured)>;

/// Judges steps of a duet, each with its quantile: one family. `look` says how often. With the word
/// comes after how many restarts it fell.
pub fn duet(steps: &[(usize, Sides<'_>)], look: Look, gate: &Gate) -> (Word, usize) {
    let mut last = (Word::Inconclusive, 0);
    for look in look.settled() {
        let restarts = look.restarts as usize;
        last = (after(steps, restarts, &gate::at_look(gate, look.share)), restarts);
        if last.0 != Word::Inconclusive {
            break;
        }
    }
    last
}

/// What restarts of equal sides teach of how far these differ, as `gate::between_sides` learns it
/// from files.
pub fn learnt(pairs: &[(&Measured, &Measured)]) -> f64 {
    const P95: usize = 1;
    const QUIETEST: f64 = 0.005;
    let of = |(a, b): &(&Measured, &Measured)| {
        let (a, b) = (a.estimates[P95].as_ref().ok()?, b.estimates[P95].as_ref().ok()?);
        let found = sides::segment(a, b, false);
        Some(found.d * found.d - found.se * found.se)
    };
    let variances: Vec<f64> = pairs.iter().filter_map(of).collect();
    let mean = variances.iter().sum::<f64>() / variances.len().max(1) as f64;
    mean.max(QUIETEST * QUIETEST).sqrt()
}

fn after(steps: &[(usize, Sides<'_>)], restarts: usize, gate: &Gate) -> Word {
    let mut rows = Vec::new();
    for quantile in 0..QUANTILES.len() {
        let of = steps.iter().filter(|(at, _)| *at == quantile);
        let all: Vec<Result<Vec<sides::Segment>, Undecided>> =
            of.map(|(_, pairs)| segments(&pairs[..restarts], quantile)).collect();
        let known: Vec<&Vec<sides::Segment>> = all.iter().flatten().collect();
        let prior = match known.len() >= POOLED {
            true => Prior::of_steps(spread(&known), 0.5),
            false => Prior::of(gate.noise.between_sides),
        };
        for segments in all {
            let margin = gate.latency[quantile].ln_1p();
            let found =
                segments.and_then(|segments| match sides::asymmetry(&segments, prior, margin) {
                    Some(differs) => Err(Undecided::Asymmetry { differs }),
                    None => sides::difference(&segments, prior).ok_or(Undecided::Unstable),
                });
            let replicas = Replicas::Restarts(restarts as u32);
            rows.push(row(quantile, found, (replicas, gate)));
        }
    }
    decide::word(&decide::decide(rows, &[], gate))
}

/// From so many steps on their variance is one.
const POOLED: usize = 10;

/// The mean variance of restarts over the steps.
fn spread(steps: &[&Vec<sides::Segment>]) -> f64 {
    let of = |segments: &Vec<sides::Segment>| {
        let count = segments.len() as f64;
        let mean = segments.iter().map(|one| one.d).sum::<f64>() / count;
        segments.iter().map(|one| (one.d - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0)
    };
    steps.iter().map(|segments| of(segments)).sum::<f64>() / steps.len() as f64
}

fn segments(
    pairs: &[(&Measured, &Measured)],
    quantile: usize,
) -> Result<Vec<sides::Segment>, Undecided> {
    let q = QUANTILES[quantile].quantile().unwrap_or(0.5);
    let (mut segments, mut have) = (Vec::new(), 0.0);
    for (at, (a, b)) in pairs.iter().enumerate() {
        let known = |side: &Measured| side.estimates[quantile].clone();
        let (a, b) = (known(a)?, known(b)?);
        // The sides change places at each restart.
        let segment = sides::segment(&a, &b, at % 2 == 0);
        let effective = segment.effective(&a, &b);
        estimate::fit((effective, segment.drifts), q)?;
        have += effective;
        segments.push(segment);
    }
    estimate::reach(have, q)?;
    Ok(segments)
}

/// Failures of a run as the gate sees them.
pub struct Failures {
    estimate: Known,
    requests: (u64, u64),
}

impl Failures {
    /// The share of requests that failed.
    pub fn share(&self) -> f64 {
        self.requests.0 as f64 / self.requests.1.max(1) as f64
    }
}

/// Estimates the failures of a run: failed and done, by second.
pub fn failures_of(seconds: &[(u64, u64)]) -> Failures {
    let requests = seconds.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    Failures { estimate: estimate::errors(seconds), requests }
}

/// A share of failures may always grow by this.
const ERRORS_FLOOR: f64 = 0.001;

/// Judges the share of failures against stored runs.
pub fn failures(before: &[&Failures], after: &[&Failures], gate: &Gate) -> Word {
    let known = |all: &[&Failures]| -> Vec<Estimate> {
        all.iter().filter_map(|run| run.estimate.clone().ok()).collect()
    };
    let (old, new) = (known(before), known(after));
    // Where nothing has changed, the candidate's failures come in the baselines' bursts.
    let point = |one: &Estimate, se: f64| Point { theta: one.theta, se, probe: None };
    let before_points: Vec<Point> = old.iter().map(|one| point(one, one.se)).collect();
    let after_points: Vec<Point> = new.iter().map(|one| point(one, 0.0)).collect();
    let within = old.iter().map(|one| one.se * one.se).sum::<f64>() / old.len().max(1) as f64;
    let found = runs::difference(&before_points, &after_points, Prior::of_errors(within));
    let sum = |all: &[&Failures]| {
        all.iter().fold((0, 0), |sum, run| (sum.0 + run.requests.0, sum.1 + run.requests.1))
    };
    let (old, new) = (sum(before), sum(after));
    let share = |(failed, all): (u64, u64)| failed as f64 / all.max(1) as f64;
    let scale = Scale::Share { before: estimate::arcsine(old.0 as f64, old.1 as f64) };
    let row = Row {
        metric: Compared::Errors,
        margin: scale.of(gate.errors),
        floor: scale.of(ERRORS_FLOOR),
        found: found.ok_or(Undecided::Unstable),
        failures: Some(decide::Failures {
            before: old.0,
            after: new.0,
            effective: new.1 as f64,
            grown: share(new) - share(old),
            share: share(old),
            floor: ERRORS_FLOOR,
            margin: gate.errors,
        }),
        ..Row::empty(scale)
    };
    decide::word(&decide::decide(vec![row], &[], gate))
}
