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

/// Standing still for this share of the time is seen at a 99th percentile; less is a hiccup, which
/// every shared machine has now and then.
const STALLED: f64 = 0.02;

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::result::journal::blank;
    use crate::result::{LoadResult, ScenarioResult, StepResult, Summary};

    fn beat(gap_ms: u64, late_us: u64, cpu: f64) -> Beat {
        Beat { gap: Duration::from_millis(gap_ms), late: Duration::from_micros(late_us), cpu }
    }

    /// A minute with these seconds in it, all others as they should be.
    fn minute(odd: &[Beat]) -> Vec<Beat> {
        let usual = std::iter::repeat_n(beat(2, 900, 0.3), 60 - odd.len());
        odd.iter().copied().chain(usual).collect()
    }

    fn health(beats: &[Beat]) -> Health {
        let judged = judge(&blank(), beats);
        assert_eq!(judged.health == Health::Valid, judged.reasons.is_empty());
        judged.health
    }

    /// An open load with so many users at work of ten, and this lag and service time (p99).
    fn open(users_max: u32, lag: u64, service: u64) -> RunResult {
        let mut result = blank();
        let load =
            LoadResult { model: "open".into(), users_limit: 10, users_max, ..Default::default() };
        let name = "shop".to_string();
        result.scenarios =
            vec![ScenarioResult { name, load: Some(load), ..ScenarioResult::default() }];
        for (name, lag) in [("browse", 0), ("sign in", lag)] {
            let mut step: StepResult = serde_json::from_value(serde_json::json!({
                "scenario": "shop", "step": name, "tags": {}, "place": "", "count": 10, "failed": 0,
                "dropped": 0, "rate": 1.0, "failures": {}, "examples": [], "checks": [],
                "response_us": Summary::default(), "service_us": Summary::default(),
                "lag_us": Summary::default(), "failed_us": Summary::default(),
                "bytes_sent": 0, "bytes_received": 0, "slices": [],
                "histograms": { "response": "" },
            }))
            .unwrap();
            (step.lag_us.p99, step.service_us.p99) = (lag, service);
            result.steps.push(step);
        }
        result
    }

    #[test]
    fn a_generator_with_time_to_spare_is_valid() {
        assert_eq!(health(&[]), Health::Valid);
        assert_eq!(health(&minute(&[])), Health::Valid);
        assert_eq!(health(&[beat(30, 2_000, 0.8); 10]), Health::Valid);
    }

    #[test]
    fn one_hiccup_in_a_minute_is_no_reason_to_doubt() {
        assert_eq!(health(&minute(&[beat(400, 9_000, 0.99)])), Health::Valid);
        assert_eq!(health(&minute(&[beat(45, 900, 0.3); 30])), Health::Valid);
    }

    #[test]
    fn a_loop_that_stands_still_for_a_fiftieth_of_the_time_is_suspect() {
        assert_eq!(health(&minute(&[beat(1_300, 900, 0.3)])), Health::Suspect);
        assert_eq!(health(&minute(&[beat(120, 900, 0.3); 11])), Health::Suspect);
        assert_eq!(health(&[beat(150, 900, 0.1)]), Health::Suspect, "also in a short run");
    }

    #[test]
    fn a_busy_machine_is_suspect_however_busy_it_is() {
        assert_eq!(health(&minute(&[beat(40, 8_000, 0.5); 12])), Health::Suspect);
        assert_eq!(health(&[beat(900, 400_000, 0.4); 60]), Health::Suspect);
    }

    #[test]
    fn a_generator_that_uses_all_it_can_get_is_invalid() {
        let judged = judge(&blank(), &minute(&[beat(10, 2_000, 0.95); 12]));
        assert_eq!(judged.health, Health::Invalid);
        assert!(judged.reasons[0].contains("12 of 60 seconds"), "{:?}", judged.reasons);
        assert_eq!(health(&[beat(10, 2_000, 0.95); 2]), Health::Invalid);
        assert_eq!(health(&[beat(10, 2_000, 0.95); 1]), Health::Valid, "it may be the start-up");
        assert_eq!(health(&minute(&[beat(10, 2_000, 0.95); 11])), Health::Valid);
    }

    #[test]
    fn invalid_stays_whatever_else_is_found() {
        let judged = judge(&open(3, 80_000, 20_000), &[beat(300, 50_000, 0.97); 30]);
        assert_eq!((judged.health, judged.reasons.len()), (Health::Invalid, 4));
    }

    #[test]
    fn a_late_schedule_with_users_to_spare_is_the_generators_fault() {
        let idle = minute(&[]);
        let judged = |result| judge(&result, &idle).health;
        assert_eq!(judged(open(3, 80_000, 20_000)), Health::Suspect);
        assert_eq!(judged(open(10, 80_000, 20_000)), Health::Valid, "all users were busy");
        assert_eq!(judged(open(3, 4_000, 1_000)), Health::Valid, "timers are that late");
        assert_eq!(judged(open(3, 8_000, 90_000)), Health::Valid, "it is small beside the target");
        let busy = minute(&[beat(10, 2_000, 0.99); 40]);
        assert_eq!(judge(&open(3, 80_000, 20_000), &busy).health, Health::Invalid);
    }

    #[test]
    fn closed_loads_have_no_schedule_to_be_late_for() {
        let mut closed = open(3, 80_000, 20_000);
        closed.scenarios[0].load.as_mut().unwrap().model = "closed".into();
        assert_eq!(judge(&closed, &minute(&[])).health, Health::Valid);
    }
}
