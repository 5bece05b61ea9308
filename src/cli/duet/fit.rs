//! Says of a duet what cannot come to anything: before it is run, that nothing of it could ever be
//! judged; after its first restart, that the machine cannot take both sides at once.

use crate::analysis::gate::ahead;
use crate::cli::Ended;
use crate::cli::args::{DuetArgs, Layout};
use crate::plan::Plan;
use crate::result::{Health, RunResult};
use crate::units::{show_count, show_duration, show_percent};

/// Of both sides at once each must be given this share of its load, or one is in the other's way.
const DELIVERED: f64 = 0.99;

/// What waits longer for a free user, in microseconds, was not given when it was due.
const LATE_US: u64 = 1_000_000;

/// Refuses a duet whose latencies could never be compared, whatever they are.
///
/// # Errors
/// Why, and the shortest segment that is enough.
pub fn can_be_judged(args: &DuetArgs, layout: Layout) -> Result<(), Ended> {
    let least = ahead::shortest_segment(layout == Layout::SideBySide);
    if args.allow_short || args.segment.as_secs() >= u64::from(least) {
        return Ok(());
    }
    Err(Ended::usage(format!(
        "segments of {} can never be judged: half of a short one is warm-up, and what is left is \
         too little to see how seconds vary; say --segment {least}s or longer, or --allow-short to \
         try whether the targets come up",
        show_duration(args.segment)
    )))
}

/// Refuses one whose plan gives every step too few samples for any latency; `most` is the number
/// of restarts that there may be. What the plan cannot say is not refused.
///
/// # Errors
/// Why, and how much longer the segments must be.
pub fn has_samples(args: &DuetArgs, plan: &Plan, most: u32) -> Result<(), Ended> {
    let loads = || plan.scenarios.iter().filter(|scenario| scenario.load.is_some());
    let amounts: Vec<Option<f64>> =
        loads().flat_map(|one| one.amounts()).map(|amount| amount.times).collect();
    if args.allow_short || amounts.is_empty() || amounts.iter().any(Option::is_none) {
        return Ok(());
    }
    let samples = amounts.into_iter().flatten().fold(0.0, f64::max) * f64::from(most);
    let needed = ahead::fewest();
    if samples >= needed {
        return Ok(());
    }
    let longer = (args.segment.as_secs() as f64 * needed / samples.max(1.0)).ceil() as u64;
    Err(Ended::usage(format!(
        "this duet can never be judged: no step is done more than {} times on a side, and the \
         median alone takes {}; say --segment {}s or longer, or raise the rate of the profile",
        show_count(samples.round() as u64),
        show_count(needed as u64),
        longer.next_multiple_of(2)
    )))
}

/// Why the machine cannot take both sides at once, by one restart of them.
pub fn overloaded(sides: &(RunResult, RunResult)) -> Option<String> {
    [("a", &sides.0), ("b", &sides.1)].into_iter().find_map(|(side, result)| {
        if result.generator.health == Health::Invalid {
            let why = result.generator.reasons.join("; ");
            return Some(format!("the generator of side {side} was the limit ({why})"));
        }
        let loads = result.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
        let share = loads.filter_map(|load| {
            let due = load.offered.filter(|due| *due > 0)?;
            Some(1.0 - load.dropped as f64 / due as f64)
        });
        let least = share.fold(1.0, f64::min);
        if least < DELIVERED {
            let given = show_percent(least.max(0.0));
            return Some(format!("side {side} was given only {given} of its load"));
        }
        let late = result.steps.iter().any(|step| step.blocked_us.p99 > LATE_US);
        late.then(|| {
            format!(
                "side {side} was given its load late: more than a hundredth of it waited longer \
                 than a second for a free user"
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::{LoadResult, ScenarioResult};

    fn result(offered: u64, dropped: u64, health: Health) -> RunResult {
        let mut result = crate::result::journal::blank();
        result.generator.health = health;
        let load = LoadResult { offered: Some(offered), dropped, ..LoadResult::default() };
        result.scenarios = vec![ScenarioResult { load: Some(load), ..ScenarioResult::default() }];
        result
    }

    #[test]
    fn a_side_that_loses_more_than_a_hundredth_of_its_load_is_too_much_for_the_machine() {
        let good = || result(1_000, 10, Health::Valid);
        assert_eq!(overloaded(&(good(), good())), None);
        let lost = result(1_000, 40, Health::Suspect);
        assert_eq!(
            overloaded(&(good(), lost)),
            Some("side b was given only 96% of its load".to_string())
        );
        let full = result(0, 0, Health::Invalid);
        assert!(overloaded(&(full, good())).is_some_and(|why| why.contains("side a")));
    }
}
