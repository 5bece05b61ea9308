//! Whether the generator itself could have distorted what it measured.

use crate::result::{Health, RunResult};

/// A loop that is later than this, in a second, cannot be trusted for that second.
const GAP_US: u64 = 100_000;

/// A schedule that is later than this at its 99th percentile is not the schedule asked for.
const LAG_US: u64 = 50_000;

/// The share of the machine's CPU above which the generator waits for itself.
const CPU: f32 = 0.9;

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
}

/// Judges the generator by what it recorded of itself.
pub(super) fn judge(result: &RunResult) -> Judged {
    let mut judged = Judged::valid();
    let seconds = result.generator.loop_gap_us.len().max(1);
    let late = result.generator.loop_gap_us.iter().filter(|gap| **gap > GAP_US).count();
    if late * 5 >= seconds && late >= 2 {
        judged.worsen(
            Health::Invalid,
            format!(
                "the generator's loops stood still for over 100 ms in {late} of {seconds} seconds: \
             the machine is too busy; stop other work on it, or lower the load"
            ),
        );
    } else if late > 0 {
        judged.worsen(
            Health::Suspect,
            format!(
                "the generator's loops stood still for over 100 ms in {late} of {seconds} seconds"
            ),
        );
    }
    let full = result.generator.cpu.iter().filter(|share| **share > CPU).count();
    if full * 2 >= seconds && full >= 2 {
        judged.worsen(
            Health::Suspect,
            format!(
                "the generator used over 90 % of the machine in {full} of {seconds} seconds: \
             use another machine or lower the load"
            ),
        );
    }
    for (scenario, lag) in late_schedules(result) {
        judged.worsen(
            Health::Invalid,
            format!(
                "`{scenario}`: iterations began up to {} ms late (p99) although users were free: \
             the generator could not keep its own schedule; lower the rate or use more cores",
                lag / 1000
            ),
        );
    }
    judged
}

impl Judged {
    fn worsen(&mut self, health: Health, reason: String) {
        if self.health == Health::Valid || health == Health::Invalid {
            self.health = health;
        }
        self.reasons.push(reason);
    }
}

/// Open loads whose iterations began late with users to spare: then it was not the target.
fn late_schedules(result: &RunResult) -> impl Iterator<Item = (&str, u64)> {
    result.scenarios.iter().filter_map(|scenario| {
        let load = scenario.load.as_ref().filter(|load| load.model == "open")?;
        let spare = load.users_max < load.users_limit;
        let first = result.steps.iter().find(|step| step.scenario == scenario.name)?;
        let lag = first.lag_us.p99;
        (spare && lag > LAG_US).then_some((scenario.name.as_str(), lag))
    })
}
