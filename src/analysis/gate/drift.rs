//! Looks along the history of baselines: where it has made a step, and how far it has come from
//! the pinned anchor while no single run did.
//!
//! A step is found as E-divisive does it, by the split that tells best, and with Student's t in
//! place of permutations, so that the same files give the same answer.

use super::against::measure;
use super::measured::{Measured, Step};
use super::moderate::{Difference, Fit, Prior};
use super::rows::{LATENCIES, Pair, growth};
use super::stored::Point;
use super::{Compared, Gate, fitting, long_run, stored, student};
use crate::result::RunResult;
use crate::result::histogram::HistogramError;
use crate::units::show_percent;

/// Runs on each side of a step.
const SIDE: usize = 3;

/// How often a history without a step is said to have one, over all its metrics.
const FALSE_STEPS: f64 = 0.01;

/// A step in the history of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Jump {
    /// The scenario.
    pub scenario: String,
    /// The step of the journey.
    pub step: String,
    /// The metric.
    pub metric: Compared,
    /// The first run after it, counted from 0 in the order of time.
    pub at: usize,
    /// That run's id.
    pub run: String,
    /// By how much it changed, as a share.
    pub change: f64,
}

/// How far a metric has come from the anchor.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The scenario.
    pub scenario: String,
    /// The step.
    pub step: String,
    /// The metric.
    pub metric: Compared,
    /// The change since the anchor, as a share.
    pub change: f64,
    /// Whether it is larger than the margin, and surely not chance.
    pub sure: bool,
}

/// The history of baselines (any order): the last step of each scenario, where there is one.
/// The error is of the first histogram that cannot be read.
pub fn jumps(baselines: &[&RunResult], gate: &Gate) -> Result<Vec<Jump>, HistogramError> {
    let runs = in_time(baselines);
    let mut jumps = Vec::new();
    for scenario in fitting::scenarios(runs.last().copied()) {
        if !fitting::same_load(scenario, &runs) {
            continue;
        }
        jumps.extend(last_jump(scenario, &measure(&runs, scenario)?, gate));
    }
    Ok(jumps)
}

/// How far the newest baselines (any order) have come from the anchor, metric by metric. The
/// error is of the first histogram that cannot be read.
pub fn from_anchor(
    baselines: &[&RunResult],
    anchor: &RunResult,
    gate: &Gate,
) -> Result<Vec<Drift>, HistogramError> {
    let runs = in_time(baselines);
    let mut drifts = Vec::new();
    for scenario in fitting::scenarios(runs.last().copied()) {
        let both: Vec<&RunResult> = runs.iter().copied().chain([anchor]).collect();
        if fitting::same_load(scenario, &both) {
            let history = measure(&runs, scenario)?;
            // The newest three: one alone may be a lucky one.
            let newest = &history[history.len().saturating_sub(SIDE)..];
            let anchor = measure(&[anchor], scenario)?;
            drifts.extend(drift(scenario, newest, (&anchor, &history), gate));
        }
    }
    Ok(drifts)
}

fn in_time<'a>(runs: &[&'a RunResult]) -> Vec<&'a RunResult> {
    let mut runs = runs.to_vec();
    runs.sort_by(|a, b| (&a.run.started, &a.run.id).cmp(&(&b.run.started, &b.run.id)));
    runs
}

/// Drops the baselines before the last step, and says so.
pub(super) fn shorten(pair: &mut Pair<'_>, gate: &Gate) -> Option<String> {
    let jump = last_jump(&pair.scenario, &pair.before, gate)?;
    pair.before.drain(..jump.at);
    let direction = if jump.change > 0.0 { "grew" } else { "fell" };
    Some(format!(
        "{} `{}` {direction} by {} at the baseline {}: only the {} since then are compared with.",
        jump.metric.name(),
        jump.step,
        show_percent(jump.change.abs()),
        jump.run,
        pair.before.len()
    ))
}

/// What has grown since the anchor by more than its margin, a sentence each.
pub(super) fn since(pair: &Pair<'_>, anchor: &[Measured<'_>], gate: &Gate) -> Vec<String> {
    let far = drift(&pair.scenario, &pair.after, (anchor, &pair.before), gate);
    let sentence = |drift: Drift| {
        format!(
            "{} of `{}` has grown by {} since the pinned anchor: slow drift adds up though no \
             single run fails for it.",
            drift.metric.name(),
            drift.step,
            show_percent(drift.change)
        )
    };
    far.into_iter().filter(|drift| drift.sure && drift.change > 0.0).map(sentence).collect()
}

/// The last step in any metric of a scenario.
fn last_jump(scenario: &str, runs: &[Measured<'_>], gate: &Gate) -> Option<Jump> {
    let mut found: Option<Jump> = None;
    let mut from = 0;
    while let Some(jump) = jump(scenario, &runs[from..], gate) {
        from += jump.at;
        found = Some(Jump { at: from, ..jump });
    }
    found
}

/// The surest step of all metrics.
fn jump(scenario: &str, runs: &[Measured<'_>], gate: &Gate) -> Option<Jump> {
    if runs.len() < 2 * SIDE {
        return None;
    }
    let all = histories(runs);
    let splits = runs.len() + 1 - 2 * SIDE;
    let limit = FALSE_STEPS / 2.0 / (splits * all.len().max(1)) as f64;
    let mut best: Option<(f64, Jump)> = None;
    for (step, at, points) in &all {
        let floor = (gate.latency[*at] / 2.0).ln_1p();
        for split in SIDE..=runs.len() - SIDE {
            let found = two(&points[..split], &points[split..], gate.noise.between_runs);
            let p = found.p().min(1.0 - found.p());
            let surer = best.as_ref().is_none_or(|(least, _)| p < *least);
            if p <= limit && found.d.abs() >= floor && surer {
                let jump = Jump {
                    scenario: scenario.to_string(),
                    step: step.clone(),
                    metric: LATENCIES[*at],
                    at: split,
                    run: runs[split].run().run.id.clone(),
                    change: found.d.exp_m1(),
                };
                best = Some((p, jump));
            }
        }
    }
    best.map(|(_, jump)| jump)
}

/// Each step's p50 and p95 in all runs, where all runs have them.
fn histories(runs: &[Measured<'_>]) -> Vec<(String, usize, Vec<Point>)> {
    let steps = runs.last().into_iter().flat_map(|run| &run.steps);
    let both = steps.flat_map(|step| [(step, 0), (step, 1)]);
    let history = |(step, at): (&Step<'_>, usize)| {
        let name = &step.step.step;
        let points: Option<Vec<Point>> = runs.iter().map(|run| point(run, name, at)).collect();
        Some((name.clone(), at, points?))
    };
    both.filter_map(history).collect()
}

fn point(run: &Measured<'_>, step: &str, at: usize) -> Option<Point> {
    let found = run.step(step)?.latency[at].as_ref().ok()?;
    Some(Point { theta: found.theta, se: found.se, probe: None })
}

/// Two groups of runs, each with its own middle.
fn two(before: &[Point], after: &[Point], tau: f64) -> Difference {
    let middle = |points: &[Point]| {
        points.iter().map(|point| point.theta).sum::<f64>() / points.len().max(1) as f64
    };
    let (old, new) = (middle(before), middle(after));
    let squares = |points: &[Point], middle: f64| {
        points.iter().map(|point| (point.theta - middle).powi(2)).sum::<f64>()
    };
    let all = before.len() + after.len();
    let within = before.iter().chain(after).map(|point| point.se * point.se).sum::<f64>();
    let fit = Fit {
        d: new - old,
        squares: squares(before, old) + squares(after, new),
        df: all as f64 - 2.0,
        leverage: 1.0 / before.len().max(1) as f64 + 1.0 / after.len().max(1) as f64,
    };
    fit.moderate(Prior::of(tau), within / all.max(1) as f64, 0.0)
}

/// `now` against the anchor, with the noise of the history between them.
fn drift(
    scenario: &str,
    now: &[Measured<'_>],
    (anchor, history): (&[Measured<'_>], &[Measured<'_>]),
    gate: &Gate,
) -> Vec<Drift> {
    let Some(anchor) = anchor.first() else { return Vec::new() };
    let mut drifts = Vec::new();
    for step in &anchor.steps {
        let name = &step.step.step;
        for (at, metric) in LATENCIES.into_iter().enumerate() {
            let points = |runs: &[Measured<'_>]| -> Vec<Point> {
                runs.iter().filter_map(|run| point(run, name, at)).collect()
            };
            let (Some(then), new, all) = (point(anchor, name, at), points(now), points(history))
            else {
                continue;
            };
            if new.is_empty() {
                continue;
            }
            let (tau, margin) = (gate.noise.between_runs, growth(gate, at, then.theta.exp()));
            let d = long_run::mean(&new.iter().map(|point| point.theta).collect::<Vec<_>>());
            let d = d - then.theta;
            let known = if all.is_empty() { &new } else { &all };
            let Some(noise) = stored::difference(known, &new, Prior::of(tau)) else { continue };
            let sd = noise.each * (1.0 + 1.0 / new.len() as f64).sqrt();
            let rare = student::above(d.abs() / sd.max(1e-300), noise.df) <= 0.005;
            drifts.push(Drift {
                scenario: scenario.to_string(),
                step: name.clone(),
                metric,
                change: d.exp_m1(),
                sure: rare && d.abs() >= margin.ln_1p(),
            });
        }
    }
    drifts
}
