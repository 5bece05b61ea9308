//! Whether the generator itself could have distorted what it measured.
//!
//! Two questions are kept apart. Was it slow, for whatever reason? Then latencies may be its own:
//! SUSPECT. Had it no CPU time left, so that it and not the target set the pace? Then they are
//! its own, and the load is what it could do: INVALID. A machine that is busy with other things,
//! such as the target itself, makes the generator slow and is not its limit.

use crate::executor::pulse::Beat;
use crate::result::{Health, RunResult};

/// A thread that uses this share of a core has no time left for what comes next.
const FULL: f64 = 0.9;

/// So large a share of all seconds without time left, and the whole run was bound by it.
const OFTEN: f64 = 0.2;

/// A loop that is on average later than this in a second makes short latencies longer. Timers
/// alone, which are exact to a millisecond, make it about one.
const LATE_US: u128 = 5_000;

/// A loop that stands still for so long makes its mark on every request that is going on.
const STALL_US: u64 = 50_000;

/// Standing still for this share of the time changes a 99th percentile.
const STALLED: f64 = 0.01;

/// Late beginnings below this are what timers do.
const LAG_US: u64 = 5_000;

/// The judgement, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Judged {
    /// The judgement.
    pub health: Health,
    /// Why, and what to do.
    pub reasons: Vec<String>,
}

impl Judged {
    /// Nothing to complain of.
    pub fn valid() -> Self {
        Self { health: Health::Valid, reasons: Vec::new() }
    }

    fn worsen(&mut self, health: Health, reason: String) {
        if self.health == Health::Valid || health == Health::Invalid {
            self.health = health;
        }
        self.reasons.push(reason);
    }
}

/// Judges the generator by what it recorded, and by the worst of its workers in each second.
pub(super) fn judge(result: &RunResult, beats: &[Beat]) -> Judged {
    let mut judged = Judged::valid();
    let seconds = beats.len().max(1);
    let full = beats.iter().filter(|beat| beat.cpu >= FULL).count();
    // One second alone may be that in which everything is loaded and connected.
    let bound = full >= 2 && full as f64 >= OFTEN * seconds as f64;
    if bound {
        judged.worsen(
            Health::Invalid,
            format!(
                "a thread of the generator used all of its core in {full} of {seconds} seconds: \
                 lower the load, or use more threads on a machine with more cores"
            ),
        );
    }
    slow_loops(beats, &mut judged);
    late_schedules(result, bound, &mut judged);
    judged
}

/// Whatever waits for a slow loop is measured as slow itself.
fn slow_loops(beats: &[Beat], judged: &mut Judged) {
    let seconds = beats.len().max(1);
    let late = beats.iter().filter(|beat| beat.late.as_micros() > LATE_US).count();
    if late >= 2 && late as f64 >= OFTEN * seconds as f64 {
        judged.worsen(
            Health::Suspect,
            format!(
                "the generator came late to its own work in {late} of {seconds} seconds: the \
                 machine is busy"
            ),
        );
    }
    let gaps = beats.iter().map(|beat| beat.gap.as_micros() as u64);
    let stalls: u64 = gaps.filter(|gap| *gap > STALL_US).sum();
    if stalls as f64 > STALLED * 1e6 * seconds as f64 {
        judged.worsen(
            Health::Suspect,
            format!(
                "the generator stood still for {} ms in {seconds} seconds: the machine is busy",
                stalls / 1_000
            ),
        );
    }
}

/// Open loads whose iterations began late with users to spare: then it was not the target.
fn late_schedules(result: &RunResult, bound: bool, judged: &mut Judged) {
    for scenario in &result.scenarios {
        let Some(load) = scenario.load.as_ref().filter(|load| load.model == "open") else {
            continue;
        };
        let steps = || result.steps.iter().filter(|step| step.scenario == scenario.name);
        // Only the first step of a journey has a schedule, and each journey has a first step.
        let Some(worst) = steps().max_by_key(|step| step.lag_us.p99) else { continue };
        let (lag, service) = (worst.lag_us.p99, worst.service_us.p99);
        let spare = load.users_max < load.users_limit;
        if !spare || lag <= LAG_US || lag * 2 <= service {
            continue;
        }
        let (health, remedy) = match bound {
            true => (Health::Invalid, "lower the rate, or use more cores"),
            false => (Health::Suspect, "the machine is busy"),
        };
        judged.worsen(
            health,
            format!(
                "`{}`: iterations began up to {} ms late (p99) although users were free: {remedy}",
                scenario.name,
                lag / 1_000
            ),
        );
    }
}
