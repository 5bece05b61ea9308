//! Finds steps that passed in the last fifth of the time they had: the flaky tests of tomorrow.

use crate::result::evidence::NearMiss;
use crate::result::trace::Trace;

/// From which share of its time on a step is close.
const CLOSE: f64 = 0.8;

/// Steps that passed with little time left, closest first.
pub fn near_misses(trace: &Trace) -> Vec<NearMiss> {
    let mut close: Vec<NearMiss> = trace
        .steps
        .iter()
        .filter(|step| step.failure.is_none() && step.within_ms > 0.0)
        .filter(|step| step.took_ms >= CLOSE * step.within_ms)
        .map(|step| NearMiss {
            step: step.name.clone(),
            place: step.place.clone(),
            took_ms: step.took_ms,
            within_ms: step.within_ms,
        })
        .collect();
    let used = |miss: &NearMiss| miss.took_ms / miss.within_ms;
    close.sort_by(|one, other| used(other).total_cmp(&used(one)));
    close
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sketch;

    #[test]
    fn a_step_in_the_last_fifth_of_its_time_is_close() {
        let mut trace = sketch::green();
        trace.steps = vec![
            sketch::step("quick", 0.0, 100.0, 5_000.0),
            sketch::step("just not", 0.0, 3_999.0, 5_000.0),
            sketch::step("close", 0.0, 4_000.0, 5_000.0),
            sketch::step("closest", 0.0, 990.0, 1_000.0),
            sketch::step("without a limit", 0.0, 9_000.0, 0.0),
            sketch::step("failed", 0.0, 5_000.0, 5_000.0),
        ];
        trace.steps[5].failure = Some("not seen".to_string());
        let names: Vec<String> = near_misses(&trace).into_iter().map(|one| one.step).collect();
        assert_eq!(names, ["closest", "close"]);
    }
}
