//! What a comparison is told: the margins that were typed, and what is known of the noise.

use std::time::Duration;

use crate::analysis::gate::{Gate, Noise};
use crate::cli::args::Margin;
use crate::store::Window;

/// For comparisons with these baselines.
pub fn gate(margin: &Margin, floor: Duration, window: &Window) -> Gate {
    Gate {
        latency: [margin.p50, margin.p95, margin.p99],
        latency_floor_us: floor.as_micros().try_into().unwrap_or(u64::MAX),
        errors: margin.errors,
        throughput: margin.throughput,
        noise: noise(window),
        ..Gate::default()
    }
}

/// What is known of the noise on this kind of machine. Runs that taught it and are baselines
/// themselves would be counted twice, and look surer than they are: then it is not used.
pub fn noise(window: &Window) -> Noise {
    let assumed = Noise::default();
    let Some(learnt) = &window.noise else { return assumed };
    let taught = |id: &String| window.runs.iter().any(|run| run.run.id == *id);
    let runs = learnt.between_runs.as_ref().filter(|learnt| !learnt.runs.iter().any(taught));
    let sides = learnt.between_sides.as_ref();
    Noise {
        between_runs: runs.map_or(assumed.between_runs, |learnt| learnt.sd),
        between_sides: sides.map_or(assumed.between_sides, |learnt| learnt.sd),
        learnt: runs.is_some(),
    }
}
