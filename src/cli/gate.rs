//! What a comparison is told: the margins that were typed, and what is known of the noise.

use std::time::Duration;

use crate::analysis::gate::{Compared, Gate, Noise};
use crate::cli::args::Margin;
use crate::store::Window;

/// For comparisons with these baselines.
pub fn gate(margin: &Margin, floor: Duration, window: &Window) -> Gate {
    let usual = Gate::default();
    let all = [
        (Compared::P50, margin.p50),
        (Compared::P95, margin.p95),
        (Compared::P99, margin.p99),
        (Compared::Throughput, margin.throughput),
    ];
    let left_out = all.iter().filter(|(_, share)| share.is_none()).map(|(metric, _)| *metric);
    let [p50, p95, p99] = usual.latency;
    Gate {
        latency: [margin.p50.unwrap_or(p50), margin.p95.unwrap_or(p95), margin.p99.unwrap_or(p99)],
        latency_floor_us: floor.as_micros().try_into().unwrap_or(u64::MAX),
        errors: margin.errors,
        throughput: margin.throughput.unwrap_or(usual.throughput),
        left_out: left_out.collect(),
        noise: noise(window),
        ..usual
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
