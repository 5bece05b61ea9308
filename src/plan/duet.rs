//! Makes one side of a duet of a load: as long as the duet wants it, and in turns with the other
//! side, or half of it at the same time. Never more than the profile says.

use std::time::Duration;

use super::{Arrivals, LoadPlan, Population, ScenarioPlan, ShapePlan, Spacing, Turns};
use crate::diagnostic::Diagnostic;

/// The load of one side of a duet, where it differs from the profile's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuetLoad {
    /// How long the load of all scenarios is together.
    pub length: Duration,
    /// The turns that the sides take; without, each side has half of the load all the time.
    pub turns: Option<Turns>,
    /// Whether this side goes first.
    pub first: bool,
}

/// Makes the loads of all scenarios one side's.
///
/// # Errors
/// A profile that counts iterations, or that has nothing to divide.
pub(super) fn take_side(
    scenarios: &mut [ScenarioPlan],
    duet: &DuetLoad,
) -> Result<(), Vec<Diagnostic>> {
    let loads = || scenarios.iter().filter_map(|one| Some((one, one.load.as_ref()?)));
    let problems: Vec<Diagnostic> =
        loads().filter_map(|(scenario, load)| unfit(&scenario.name, load, duet)).collect();
    let ends = loads().map(|(_, load)| load.start_after + load.shape.duration());
    let whole = ends.max().unwrap_or_default();
    if whole.is_zero() || !problems.is_empty() {
        return if problems.is_empty() { Ok(()) } else { Err(problems) };
    }
    let by = duet.length.as_secs_f64() / whole.as_secs_f64();
    for load in scenarios.iter_mut().filter_map(|one| one.load.as_mut()) {
        stretch(load, by);
        load.turns = duet.turns;
        match (&mut load.shape, duet.turns) {
            (ShapePlan::Open { arrivals, .. }, Some(turns)) => {
                arrivals.turns = Some((turns, load.start_after));
            }
            (shape, None) => halve(shape, duet.first),
            _ => {}
        }
    }
    Ok(())
}

/// Why a load cannot be that of a duet.
fn unfit(scenario: &str, load: &LoadPlan, duet: &DuetLoad) -> Option<Diagnostic> {
    let profile = &load.profile;
    match &load.shape {
        ShapePlan::PerUser { .. } | ShapePlan::Shared { .. } => {
            let problem = format!(
                "`{scenario}`: the profile `{profile}` counts iterations, and a duet needs load \
                 that lasts for a time"
            );
            Some(Diagnostic::without_place("duet-profile", problem).help(
                "choose another with --profile: one of `users` or `arrivals` with a `duration`",
            ))
        }
        ShapePlan::Closed(population) if duet.turns.is_none() && population.max() < 2 => {
            let problem = format!(
                "`{scenario}`: the profile `{profile}` has one user, who cannot be at both sides \
                 at the same time"
            );
            let help = "say `--layout interleaved`, or choose a profile with more users";
            Some(Diagnostic::without_place("duet-profile", problem).help(help))
        }
        _ => None,
    }
}

/// Makes all times of a load longer, or shorter, by the same share: rates and users stay.
fn stretch(load: &mut LoadPlan, by: f64) {
    let longer = |time: Duration| {
        Duration::try_from_secs_f64(time.as_secs_f64() * by).unwrap_or(Duration::MAX)
    };
    load.start_after = longer(load.start_after);
    match &mut load.shape {
        ShapePlan::Open { arrivals: Arrivals { stages, .. }, .. } => {
            stages.iter_mut().for_each(|stage| stage.0 = longer(stage.0));
        }
        ShapePlan::Closed(Population { stages, .. }) => {
            stages.iter_mut().for_each(|stage| stage.0 = longer(stage.0));
        }
        ShapePlan::PerUser { .. } | ShapePlan::Shared { .. } => {}
    }
}

/// Half of the rate, or of the users, rounded down: both sides together are never more than all.
/// Evenly spaced arrivals of the one side are due between those of the other; those of independent
/// visitors are drawn anew. Were they the same ones, each request would have its twin at the very
/// moment, or always the same time before it, and whoever comes second finds the machine awake.
fn halve(shape: &mut ShapePlan, first: bool) {
    match shape {
        ShapePlan::Open { arrivals, max_users } => {
            arrivals.start /= 2.0;
            arrivals.stages.iter_mut().for_each(|stage| stage.1 /= 2.0);
            *max_users = (*max_users / 2).max(1);
            arrivals.spacing = match arrivals.spacing {
                spacing if first => spacing,
                Spacing::Even(share) => Spacing::Even((share + 0.5).fract()),
                Spacing::Poisson(seed) => Spacing::Poisson(!seed),
            };
        }
        ShapePlan::Closed(population) => {
            population.start /= 2;
            population.stages.iter_mut().for_each(|stage| stage.1 /= 2);
        }
        ShapePlan::PerUser { .. } | ShapePlan::Shared { .. } => {}
    }
}
