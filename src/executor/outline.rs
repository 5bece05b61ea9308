//! What a plan wants of each second of its load, for whoever shows how it goes.

use std::time::Duration;

use crate::executor::load_duration;
use crate::plan::{Plan, ShapePlan};

/// More seconds than these are not foretold.
const MOST: u64 = 7 * 86_400;

/// What is planned for one second of the load of all scenarios, in its middle.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Planned {
    /// Users of closed loads.
    pub users: u32,
    /// Arrivals of open loads, a second.
    pub rate: f64,
}

/// Each second of the load of a plan, from its start.
pub fn outline(plan: &Plan) -> Vec<Planned> {
    let seconds = load_duration(plan).as_millis().div_ceil(1_000) as u64;
    (0..seconds.min(MOST)).map(|second| planned(plan, second)).collect()
}

fn planned(plan: &Plan, second: u64) -> Planned {
    let middle = Duration::from_millis(second * 1_000 + 500);
    let mut all = Planned::default();
    for load in plan.scenarios.iter().filter_map(|scenario| scenario.load.as_ref()) {
        let Some(at) = middle.checked_sub(load.start_after) else { continue };
        match &load.shape {
            ShapePlan::Closed(population) => all.users += population.users_at(at),
            ShapePlan::PerUser { users, .. } | ShapePlan::Shared { users, .. } => {
                all.users += users;
            }
            ShapePlan::Open { arrivals, .. } => all.rate += arrivals.rate_at(at),
        }
    }
    all
}
