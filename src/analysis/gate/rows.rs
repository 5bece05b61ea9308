//! Makes the rows of one scenario: what its runs came to, metric by metric.

use super::decide::{DROPPED, ERRORS_FLOOR, Failures, Replicas, Row, Scale};
use super::estimate::{self, Estimate};
use super::long_run::{mean, median};
use super::measured::{Measured, QUANTILES, Step};
use super::moderate::{Difference, Prior};
use super::siblings::{self, Runs};
use super::stored::{self, Point};
use super::{Compared, Gate, Undecided};

/// The metrics that are quantiles, in the order of `QUANTILES`.
pub(super) const LATENCIES: [Compared; 3] = [Compared::P50, Compared::P95, Compared::P99];

/// Arrivals are lost together: so many say as much as one by itself would.
const BURST: f64 = 5.0;

/// What is compared of one scenario.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) scenario: String,
    /// The baselines, oldest first.
    pub(super) before: Vec<Measured<'a>>,
    pub(super) after: Vec<Measured<'a>>,
    /// Why nothing of its latencies can be decided.
    pub(super) blocked: Option<Undecided>,
}

/// The rows of all scenarios, as they are made.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Tests of whole runs, one a scenario at most.
    pub(super) whole: Vec<Difference>,
    pub(super) notes: Vec<String>,
}

/// One latency of one step in all runs.
enum Latency {
    /// Fit to be compared.
    Known(Runs),
    /// The baselines have it, a candidate has not.
    Lost(Undecided),
    /// The baselines do not have it, and why.
    Unknown(Undecided),
}

impl Pair<'_> {
    /// A step in each of some runs.
    fn of<'s>(runs: &'s [Measured<'_>], step: &str) -> Vec<(&'s Step<'s>, Option<f64>)> {
        let find = |run: &'s Measured<'_>| {
            let probe = run.probe.map(|probe| probe.middle.ln());
            run.step(step).map(|step| (step, probe))
        };
        runs.iter().filter_map(find).collect()
    }

    fn latency(&self, step: &str, at: usize) -> Latency {
        let (before, after) = (Self::of(&self.before, step), Self::of(&self.after, step));
        // With enough baselines their own spread says what the seconds of one run cannot; then only
        // all runs together need the samples.
        let alone = before.len() < siblings::BASELINES;
        let honest = |step: &Step<'_>| match alone {
            true => step.alone(at).cloned(),
            false => step.latency[at].clone(),
        };
        let known: Vec<(Estimate, Option<f64>)> =
            before.iter().filter_map(|(step, probe)| Some((honest(step).ok()?, *probe))).collect();
        // Of no run there is no sample either.
        if let Err(why) = estimate::enough(known.iter().map(|(one, _)| one), QUANTILES[at]) {
            let first = before.iter().find_map(|(step, _)| honest(step).err());
            return Latency::Unknown(first.unwrap_or(why));
        }
        let mut new = Vec::new();
        for (step, probe) in &after {
            match honest(step) {
                Ok(found) => new.push((found, *probe)),
                Err(why) => return Latency::Lost(why),
            }
        }
        if let Err(why) = estimate::enough(new.iter().map(|(one, _)| one), QUANTILES[at]) {
            return Latency::Lost(why);
        }
        // One run without a probe, and it tells nothing of the others.
        let all = known.iter().chain(&new).all(|(_, probe)| probe.is_some());
        let point = |(one, probe): &(Estimate, Option<f64>)| Point {
            theta: one.theta,
            se: one.se,
            probe: probe.filter(|_| all),
        };
        Latency::Known(Runs {
            baselines: known.iter().map(point).collect(),
            candidates: new.iter().map(point).collect(),
        })
    }

    /// The steps that both have, in the order of the candidate.
    fn steps(&self) -> impl Iterator<Item = &Step<'_>> {
        let both = |step: &&Step<'_>| !Self::of(&self.before, &step.step.step).is_empty();
        self.after.first().into_iter().flat_map(|run| &run.steps).filter(both)
    }

    fn complete(&self, runs: &Runs) -> bool {
        runs.baselines.len() == self.before.len() && runs.candidates.len() == self.after.len()
    }
}

impl Rows {
    /// All rows of a scenario, in the order of its steps.
    pub(super) fn add(&mut self, pair: &Pair<'_>, gate: &Gate) {
        if pair.before.is_empty() || pair.after.is_empty() {
            return;
        }
        self.unmatched(pair);
        let first = self.rows.len();
        self.latencies(pair, gate);
        self.rows.extend(pair.steps().filter_map(|step| errors(pair, step, gate)));
        let places: Vec<&str> = pair.steps().map(|step| step.step.step.as_str()).collect();
        let place = |row: &Row| (places.iter().position(|step| *step == row.step), row.metric);
        self.rows[first..].sort_by_key(place);
        self.rows.extend(throughput(pair, gate).filter(|_| gate.compares(Compared::Throughput)));
        self.rows.extend(dropped(pair));
    }

    fn unmatched(&mut self, pair: &Pair<'_>) {
        let steps = pair.after.first().into_iter().flat_map(|run| &run.steps);
        for step in steps.filter(|step| Pair::of(&pair.before, &step.step.step).is_empty()) {
            let step = &step.step.step;
            self.notes.push(format!("The step `{step}` is new since the baselines."));
        }
        let old = pair.before.last().into_iter().flat_map(|run| &run.steps);
        for step in old.filter(|step| Pair::of(&pair.after, &step.step.step).is_empty()) {
            let step = &step.step.step;
            let gone = "of the baselines is gone, and no longer measured.";
            self.notes.push(format!("The step `{step}` {gone}"));
        }
    }

    fn latencies(&mut self, pair: &Pair<'_>, gate: &Gate) {
        let first = self.rows.len();
        let mut all: Vec<Runs> = Vec::new();
        let mut compared = false;
        let wanted = |(_, metric): &(usize, Compared)| gate.compares(*metric);
        for (at, metric) in LATENCIES.into_iter().enumerate().filter(wanted) {
            let steps: Vec<(&Step<'_>, Latency)> =
                pair.steps().map(|step| (step, pair.latency(&step.step.step, at))).collect();
            let full = |(_, latency): &(&Step<'_>, Latency)| match latency {
                Latency::Known(runs) if pair.complete(runs) => Some(runs.clone()),
                _ => None,
            };
            let complete: Vec<Runs> = steps.iter().filter_map(full).collect();
            let contrasts = siblings::contrasts(&complete);
            compared |= contrasts.is_some();
            let mut contrasts = contrasts.unwrap_or_default().into_iter();
            all.extend(complete);
            let prior = Prior::of(gate.noise.between_runs);
            let mut unknown = Vec::new();
            for (step, latency) in &steps {
                let contrast = match latency {
                    Latency::Known(runs) if pair.complete(runs) => contrasts.next(),
                    _ => None,
                };
                let found = match latency {
                    Latency::Unknown(why) => {
                        unknown.push((step.step.step.as_str(), why));
                        continue;
                    }
                    Latency::Lost(why) => Err(why.clone()),
                    Latency::Known(runs) => {
                        stored::difference(&runs.baselines, &runs.candidates, prior)
                            .ok_or(Undecided::Unstable)
                    }
                };
                self.rows.push(Row { contrast, ..latency_row(pair, step, at, (found, gate)) });
            }
            self.notes.extend(not_comparable(metric, &unknown));
        }
        let whole = compared.then(|| siblings::whole(&all, gate.noise.between_runs)).flatten();
        if let Some(whole) = whole {
            let index = self.whole.len();
            self.whole.push(whole);
            self.rows[first..].iter_mut().for_each(|row| row.whole = Some(index));
        }
    }
}

fn latency_row(
    pair: &Pair<'_>,
    step: &Step<'_>,
    at: usize,
    (found, gate): (Result<Difference, Undecided>, &Gate),
) -> Row {
    let plain = |runs: &[Measured<'_>]| {
        let of = Pair::of(runs, &step.step.step);
        median(&of.iter().filter_map(|(step, _)| step.plain[at]).collect::<Vec<_>>())
    };
    let (before, after) = (plain(&pair.before), plain(&pair.after));
    let growth = growth(gate, at, before);
    Row {
        scenario: pair.scenario.clone(),
        step: step.step.step.clone(),
        place: step.step.place.clone(),
        metric: LATENCIES[at],
        before,
        after,
        margin: growth.ln_1p(),
        floor: (growth / 2.0).ln_1p(),
        found: pair.blocked.clone().map_or(found, Err),
        replicas: Replicas::Runs(pair.after.len() as u32),
        ..Row::empty(Scale::Growth)
    }
}

/// How much a latency of `before` microseconds must not grow, as a share.
pub(super) fn growth(gate: &Gate, at: usize, before: f64) -> f64 {
    gate.latency[at].max(gate.latency_floor_us as f64 / before.max(1.0)).max(1e-6)
}

fn errors(pair: &Pair<'_>, step: &Step<'_>, gate: &Gate) -> Option<Row> {
    let name = &step.step.step;
    let (before, after) = (Pair::of(&pair.before, name), Pair::of(&pair.after, name));
    let estimates = |runs: &[(&Step<'_>, Option<f64>)]| -> Vec<Estimate> {
        runs.iter().filter_map(|(step, _)| step.errors.clone().ok()).collect()
    };
    let old = estimates(&before);
    if old.is_empty() {
        return None;
    }
    let sums = |runs: &[(&Step<'_>, Option<f64>)]| {
        let all = |of: fn(&(u64, u64)) -> u64| {
            runs.iter().fold(0_u64, |sum, (step, _)| sum.saturating_add(of(&step.requests)))
        };
        (all(|one| one.0), all(|one| one.1))
    };
    let shares = Shares { before: sums(&before), after: sums(&after) };
    let found = shares.against(&old, &estimates(&after));
    let row = shares.row(found, (gate.errors, ERRORS_FLOOR));
    Some(Row {
        scenario: pair.scenario.clone(),
        step: name.clone(),
        place: step.step.place.clone(),
        metric: Compared::Errors,
        replicas: Replicas::Runs(pair.after.len() as u32),
        ..row
    })
}

fn throughput(pair: &Pair<'_>, gate: &Gate) -> Option<Row> {
    let of = |runs: &[Measured<'_>]| -> Vec<Point> {
        let all = runs.iter().all(|run| run.probe.is_some());
        let point = |run: &Measured<'_>| {
            let rate = run.throughput.as_ref()?.as_ref().ok()?;
            let probe = run.probe.filter(|_| all).map(|probe| probe.middle.ln());
            // Less is worse, and all scales grow where it gets worse.
            Some(Point { theta: -rate.theta, se: rate.se, probe })
        };
        runs.iter().filter_map(point).collect()
    };
    pair.after.first()?.throughput.as_ref()?;
    let (old, new) = (of(&pair.before), of(&pair.after));
    if old.is_empty() {
        return None;
    }
    let lost = || {
        let why = pair.after.iter().find_map(|run| run.throughput.clone()?.err());
        why.unwrap_or(Undecided::Unstable)
    };
    let prior = Prior::of(gate.noise.between_runs);
    let found = match new.len() == pair.after.len() {
        true => stored::difference(&old, &new, prior).ok_or(Undecided::Unstable),
        false => Err(lost()),
    };
    let middle = |points: &[Point]| {
        let thetas: Vec<f64> = points.iter().map(|point| -point.theta).collect();
        if thetas.is_empty() { 0.0 } else { mean(&thetas).exp() }
    };
    let scale = Scale::Shrinkage;
    Some(Row {
        scenario: pair.scenario.clone(),
        metric: Compared::Throughput,
        before: middle(&old),
        after: middle(&new),
        margin: scale.of(gate.throughput),
        floor: scale.of(gate.throughput / 2.0),
        found: pair.blocked.clone().map_or(found, Err),
        replicas: Replicas::Runs(pair.after.len() as u32),
        ..Row::empty(scale)
    })
}

fn dropped(pair: &Pair<'_>) -> Option<Row> {
    let of = |runs: &[Measured<'_>]| -> Vec<(u64, u64)> {
        runs.iter().filter_map(|run| run.dropped).filter(|(_, of)| *of > 0).collect()
    };
    let (old, new) = (of(&pair.before), of(&pair.after));
    if old.is_empty() || new.is_empty() {
        return None;
    }
    let shares = Shares { before: added(&old), after: added(&new) };
    let estimates = |all: &[(u64, u64)]| all.iter().map(lost).collect::<Vec<_>>();
    let found = shares.against(&estimates(&old), &estimates(&new));
    let both = pair.blocked == Some(Undecided::NotDelivered);
    let found = if both { Err(Undecided::NotDelivered) } else { found };
    Some(Row {
        scenario: pair.scenario.clone(),
        metric: Compared::Dropped,
        replicas: Replicas::Runs(pair.after.len() as u32),
        ..shares.row(found, (DROPPED, DROPPED / 2.0))
    })
}

/// Iterations never begun, as an estimate of their share.
pub(super) fn lost((dropped, of): &(u64, u64)) -> Estimate {
    let (hits, n) = (*dropped as f64, (*of).max(1) as f64);
    let deff = if *dropped > 0 { BURST } else { 1.0 };
    let theta = estimate::arcsine(hits, n);
    Estimate { theta, se: (deff / n).sqrt(), nu: 2.0, psi: Vec::new(), deff, rho: 0.0, n: *of }
}

/// Sums that a forged file cannot overflow.
pub(super) fn added(all: &[(u64, u64)]) -> (u64, u64) {
    all.iter().fold((0, 0), |sum, one| (sum.0.saturating_add(one.0), sum.1.saturating_add(one.1)))
}

/// So many of so many, before and after.
pub(super) struct Shares {
    pub(super) before: (u64, u64),
    pub(super) after: (u64, u64),
}

impl Shares {
    fn against(&self, old: &[Estimate], new: &[Estimate]) -> Result<Difference, Undecided> {
        let point = |one: &Estimate| Point { theta: one.theta, se: one.se, probe: None };
        let old: Vec<Point> = old.iter().map(point).collect();
        // Bursts grow with the share: where nothing has changed the candidate has the baselines'.
        let like = |one: &Estimate| Point { se: 0.0, ..point(one) };
        let new: Vec<Point> = new.iter().map(like).collect();
        let within = mean(&old.iter().map(|point| point.se * point.se).collect::<Vec<_>>());
        stored::difference(&old, &new, Prior::of_errors(within))
            .ok_or(Undecided::TooFew { have: 0.0, need: 1.0 })
    }

    /// A row without its names; `bounds` are margin and floor, as differences of shares.
    pub(super) fn row(&self, found: Result<Difference, Undecided>, bounds: (f64, f64)) -> Row {
        let share = |(hits, of): (u64, u64)| hits as f64 / of.max(1) as f64;
        let (before, after) = (share(self.before), share(self.after));
        let on_scale = |(hits, of): (u64, u64)| estimate::arcsine(hits as f64, of as f64);
        let scale = Scale::Share { before: on_scale(self.before) };
        // It is asked for only where none failed, and then none came in a burst.
        let effective = self.after.1 as f64;
        Row {
            metric: Compared::Errors,
            before,
            after,
            margin: scale.of(bounds.0),
            floor: scale.of(bounds.1),
            found,
            failures: Some(Failures {
                before: self.before.0,
                after: self.after.0,
                effective,
                grown: after - before,
                share: before,
                floor: bounds.1,
                margin: bounds.0,
            }),
            ..Row::empty(scale)
        }
    }
}

fn not_comparable(metric: Compared, steps: &[(&str, &Undecided)]) -> Option<String> {
    let (_, why) = steps.first()?;
    let names: Vec<String> = steps.iter().map(|(step, _)| format!("`{step}`")).collect();
    let why = match why {
        Undecided::TooFew { have, need } => format!(
            "the baselines have too few samples (as many as {have:.0} independent ones, and it \
             takes {need:.0}). Accept longer runs"
        ),
        Undecided::TooShort { have, need } => format!(
            "the baselines have {have} s without their warm-up, and it takes {need}. Accept longer \
             runs"
        ),
        Undecided::TailNotReached => {
            "the baselines' interval reaches past their slowest sample. Accept longer runs"
                .to_string()
        }
        _ => "the baselines drift from second to second, so no interval is honest. Accept longer \
              runs, or runs of a steady load"
            .to_string(),
    };
    Some(format!("not comparable: {} of {}: {why}.", metric.name(), names.join(", ")))
}
