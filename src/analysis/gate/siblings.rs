//! Compares the steps of a run with each other: the others tell what the machine did to one.
//!
//! What is common to all steps of a run (its place in memory, its neighbours) hides a change of
//! one. So with many steps the false alarms are divided: half go to a test of the run as a whole,
//! the median of all steps, and half to each step against the median of its run. The contrasts
//! share one variance. The runs themselves do not: what their steps have in common is one number
//! a run, however many steps tell it, and sharing it let a few more regressions pass (6 % at the
//! margin, simulated) than are promised.

use super::long_run::{mean, median};
use super::moderate::{Difference, Prior};
use super::stored::{self, Point};

/// Steps that are enough for a common variance, and for each other's measure.
pub(super) const STEPS: usize = 10;

/// Baselines that are.
pub(super) const BASELINES: usize = 5;

/// One metric of one step in all runs, the same runs for each step.
#[derive(Debug, Clone, PartialEq)]
pub struct Runs {
    /// Of the baselines.
    pub baselines: Vec<Point>,
    /// Of the candidates.
    pub candidates: Vec<Point>,
}

/// Whether there are enough steps and runs.
pub(super) fn enough(steps: &[Runs]) -> bool {
    let first = steps.first();
    let runs = first.map_or((0, 0), |one| (one.baselines.len(), one.candidates.len()));
    let alike = |one: &Runs| (one.baselines.len(), one.candidates.len()) == runs;
    steps.len() >= STEPS && runs.0 >= BASELINES && runs.1 > 0 && steps.iter().all(alike)
}

/// Each step against the median of all, run by run. None of too few.
pub fn contrasts(steps: &[Runs]) -> Option<Vec<Difference>> {
    if !enough(steps) {
        return None;
    }
    let own = |of: fn(&Runs) -> &[Point]| -> Vec<Vec<Point>> {
        let middles = middles(steps, of);
        let less = |(point, middle): (&Point, &f64)| plain(point.theta - middle, None);
        let step = |step: &Runs| of(step).iter().zip(&middles).map(less).collect();
        steps.iter().map(step).collect()
    };
    let (before, after) = (own(|step| &step.baselines), own(|step| &step.candidates));
    let spreads: Vec<f64> = before.iter().filter_map(|points| stored::spread(points)).collect();
    let prior = Prior::of_steps(mean(&spreads), 0.0);
    before.iter().zip(&after).map(|(b, c)| stored::difference(b, c, prior)).collect()
}

/// The run as a whole: the median of all that is given. None of too few.
pub fn whole(steps: &[Runs], tau: f64) -> Option<Difference> {
    if !enough(steps) {
        return None;
    }
    let points = |of: fn(&Runs) -> &[Point]| -> Vec<Point> {
        let probes = of(&steps[0]).iter().map(|point| point.probe);
        let both = middles(steps, of).into_iter().zip(probes);
        both.map(|(middle, probe)| plain(middle, probe)).collect()
    };
    let (before, after) = (points(|step| &step.baselines), points(|step| &step.candidates));
    stored::difference(&before, &after, Prior::of(tau))
}

fn plain(theta: f64, probe: Option<f64>) -> Point {
    Point { theta, se: 0.0, probe }
}

/// The median over the steps, of each run.
fn middles(steps: &[Runs], of: fn(&Runs) -> &[Point]) -> Vec<f64> {
    let runs = of(&steps[0]).len();
    let run = |run: usize| steps.iter().map(|step| of(step)[run].theta).collect::<Vec<_>>();
    (0..runs).map(|at| median(&run(at))).collect()
}
