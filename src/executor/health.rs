//! Whether the generator itself could have distorted what it measured.
//!
//! Two questions are kept apart. Was it slow, for whatever reason? Then latencies may be its own:
//! SUSPECT. Had it no CPU time left, so that it and not the target set the pace? Then they are
//! its own, and the load is what it could do: INVALID. A machine that is busy with other things,
//! such as the target itself, makes the generator slow and is not its limit, unless it keeps the
//! generator from its core for much of the time.
//!
//! A closed load without pauses asks for all that generator and target can do: a thread without
//! time left is its purpose then. There Little's law decides: users are either in a request or
//! with the generator, so the share of their time that requests cover says who set the pace.

use crate::executor::pulse::Beat;
use crate::result::{Headroom, Health, LoadResult, RunResult, ScenarioResult, StepResult, Summary};
use crate::units::{show_duration_us, show_percent};

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

/// Late beginnings below this, or below this share of the response time, change no number that
/// anybody reads.
const LAG: (u64, f64) = (1_000, 0.1);

/// Iterations of which a 99th percentile says something.
const MANY: u64 = 300;

/// The share of a core that a schedule of arrivals may take: what is left decides how soon the
/// next one is begun.
const BUSY: Bounds = Bounds { suspect: 0.70, invalid: 0.85 };

/// The share of the time that a thread may wait for a core. Beyond the second it is the limit, if
/// it never had time left: what it worked and what it waited fill the whole time.
const QUEUED: Bounds = Bounds { suspect: 0.01, invalid: 0.05 };

/// The same as a share of the time that it wanted one: an idle generator waits rarely, and then
/// as long as a busy one. It has to be some time all the same.
const CROWDED: (f64, f64) = (0.2, 0.001);

/// The share of the machine's time that its host may keep from it.
const STOLEN: Bounds = Bounds { suspect: 0.005, invalid: 0.10 };

/// The share of the users' time that requests must cover where users never pause.
const COVERED: Bounds = Bounds { suspect: 0.95, invalid: 0.85 };

/// Files and ports used above this share of their limit.
const NEAR: f64 = 0.9;

/// Where doubt begins, and where certainty does.
struct Bounds {
    suspect: f64,
    invalid: f64,
}

impl Bounds {
    fn over(&self, value: f64) -> Option<(Health, f64)> {
        match value {
            value if value > self.invalid => Some((Health::Invalid, self.invalid)),
            value if value > self.suspect => Some((Health::Suspect, self.suspect)),
            _ => None,
        }
    }
}

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
    let all_out = loads(result).count() > 0 && loads(result).all(|(_, load)| is_all_out(load));
    match all_out {
        true => uncovered(result, beats, &mut judged),
        false => no_time_left(result, beats, &mut judged),
    }
    no_core(beats, all_out, &mut judged);
    slow_loops(beats, &mut judged);
    late_schedules(result, &mut judged);
    let generator = &result.generator;
    near(generator.files, "files and sockets open", "raise `ulimit -n`", &mut judged);
    let advice = "widen net.ipv4.ip_local_port_range, or keep connections";
    near(generator.ports, "sockets for the local ports", advice, &mut judged);
    judged
}

fn loads(result: &RunResult) -> impl Iterator<Item = (&ScenarioResult, &LoadResult)> {
    result.scenarios.iter().filter_map(|scenario| Some((scenario, scenario.load.as_ref()?)))
}

/// Users who never pause ask for all there is.
fn is_all_out(load: &LoadResult) -> bool {
    load.model == "closed" && load.present_us > 0 && load.thought_us == 0
}

/// A thread without time left for the next thing: the load is what it can do.
fn no_time_left(result: &RunResult, beats: &[Beat], judged: &mut Judged) {
    let seconds = beats.len().max(1);
    let full = beats.iter().filter(|beat| beat.cpu >= FULL).count();
    // One second alone may be that in which everything is loaded and connected.
    if full >= 2 && full as f64 >= OFTEN * seconds as f64 {
        let reason = format!(
            "a thread of the generator used all of its core in {full} of {seconds} seconds: \
             lower the load, or use more threads on a machine with more cores"
        );
        return judged.worsen(Health::Invalid, reason);
    }
    let busy = mean(beats, |beat| beat.cpu);
    if beats.len() >= 2
        && loads(result).any(|(_, load)| load.model == "open")
        && let Some((health, bound)) = BUSY.over(busy)
    {
        let (busy, bound) = (show_percent(busy), show_percent(bound));
        judged.worsen(
            health,
            format!(
                "a thread of the generator worked {busy} of the time, which is more than {bound}, \
                 so arrivals had to wait for it: lower the rate, or use more threads"
            ),
        );
    }
}

/// Users who never pause and are not in a request either: then they wait for the generator.
fn uncovered(result: &RunResult, beats: &[Beat], judged: &mut Judged) {
    let full = mean(beats, |beat| beat.cpu) >= FULL;
    for (scenario, load) in loads(result) {
        let steps = || result.steps.iter().filter(|step| step.scenario == scenario.name);
        let covered = steps().map(in_requests).sum::<f64>() / load.present_us as f64;
        // Requests that fail at once, such as refused connections, take next to no time: then the
        // failures are what there is to say, and they stand.
        let (count, failed) =
            steps().fold((0, 0), |sum, step| (sum.0 + step.count, sum.1 + step.failed));
        let works = failed * 2 < count;
        if covered >= COVERED.suspect {
            continue;
        }
        let (health, bound, remedy) = match full && works && covered < COVERED.invalid {
            true => (Health::Invalid, COVERED.invalid, "use more threads, or fewer users"),
            false => (Health::Suspect, COVERED.suspect, "use fewer users, or pauses"),
        };
        let (name, covered) = (&scenario.name, show_percent(covered));
        let bound = show_percent(bound);
        judged.worsen(
            health,
            format!(
                "`{name}`: requests took {covered} of the users' time, not {bound}; in the rest \
                 they waited for the generator, which made the load smaller: {remedy}"
            ),
        );
    }
}

/// Microseconds that users spent in a step.
fn in_requests(step: &StepResult) -> f64 {
    let spent = |summary: &Summary| summary.mean * summary.count as f64;
    spent(&step.service_us) + spent(&step.failed_us)
}

/// Threads that could have run and were not let: something else has their core. A load that asks
/// for all there is competes with its target for it, and is judged by what its requests cover.
fn no_core(beats: &[Beat], all_out: bool, judged: &mut Judged) {
    let (queued, worked) = (mean(beats, |beat| beat.queued), mean(beats, |beat| beat.cpu));
    let crowded = queued / (queued + worked).max(f64::MIN_POSITIVE);
    if let Some((over, bound)) = QUEUED.over(queued) {
        let spare = all_out || queued + worked < FULL;
        let health = if spare { Health::Suspect } else { over };
        let (queued, bound) = (show_percent(queued), show_percent(bound));
        judged.worsen(
            health,
            format!(
                "a thread of the generator waited for a core {queued} of the time, which is more \
                 than {bound}: run it with less beside it, or on more cores"
            ),
        );
    } else if crowded > CROWDED.0 && queued > CROWDED.1 {
        let (crowded, bound) = (show_percent(crowded), show_percent(CROWDED.0));
        judged.worsen(
            Health::Suspect,
            format!(
                "when a thread of the generator had something to do, it waited for a core \
                 {crowded} of the time, which is more than {bound}: run it with less beside it"
            ),
        );
    }
    let stolen = mean(beats, |beat| beat.stolen);
    if let Some((health, bound)) = STOLEN.over(stolen) {
        let (stolen, bound) = (show_percent(stolen), show_percent(bound));
        judged.worsen(
            health,
            format!(
                "the host kept {stolen} of its time from this machine, which is more than \
                 {bound}: use a machine that is not shared"
            ),
        );
    }
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

/// Open loads whose iterations began late although users were free: then it was not the target.
fn late_schedules(result: &RunResult, judged: &mut Judged) {
    for (scenario, _) in loads(result).filter(|(_, load)| load.model == "open") {
        let steps = || result.steps.iter().filter(|step| step.scenario == scenario.name);
        // Only the first step of a journey has a schedule, and each journey has a first step.
        let Some(worst) = steps().max_by_key(|step| step.lag_us.p95) else { continue };
        let Summary { p95, p99, count, .. } = worst.lag_us;
        // Of few iterations the slowest hundredth is the slowest one, and that a mere hiccup.
        let (lag, word) = if count < MANY { (p95, "p95") } else { (p99, "p99") };
        let response = worst.response_us.p50;
        let bound = LAG.0.max((response as f64 * LAG.1) as u64);
        if lag <= bound {
            continue;
        }
        let (health, remedy) = match judged.health {
            Health::Invalid => (Health::Invalid, "lower the rate, or use more cores"),
            _ => (Health::Suspect, "the machine is busy"),
        };
        let (lag, bound) = (show_duration_us(lag), show_duration_us(bound));
        let name = &scenario.name;
        judged.worsen(
            health,
            format!(
                "`{name}`: iterations began up to {lag} late ({word}) although users were free, \
                 which is more than {bound}: {remedy}"
            ),
        );
    }
}

/// What is nearly used up fails first, and looks like the target's failure.
fn near(seen: Option<Headroom>, what: &str, advice: &str, judged: &mut Judged) {
    let Some(Headroom { most, limit }) = seen else { return };
    if most as f64 > NEAR * limit as f64 {
        judged.worsen(
            Health::Suspect,
            format!("there were {most} {what}, and there may be {limit}: {advice}"),
        );
    }
}

fn mean(beats: &[Beat], part: impl Fn(&Beat) -> f64) -> f64 {
    beats.iter().map(part).sum::<f64>() / beats.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::result::journal::blank;
    use crate::result::{LoadResult, ScenarioResult, StepResult, Summary};

    fn beat(gap_ms: u64, late_us: u64, cpu: f64) -> Beat {
        let (gap, late) = (Duration::from_millis(gap_ms), Duration::from_micros(late_us));
        Beat { gap, late, cpu, ..Beat::default() }
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

    /// An open load with this lag (p99) and response time (p50).
    fn open(lag: u64, response: u64) -> RunResult {
        let mut result = blank();
        let load = LoadResult { model: "open".into(), ..Default::default() };
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
            step.lag_us = Summary { count: 1_000, p95: lag, p99: lag, ..Summary::default() };
            step.response_us.p50 = response;
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
        let judged = judge(&open(80_000, 20_000), &[beat(300, 50_000, 0.97); 30]);
        assert_eq!((judged.health, judged.reasons.len()), (Health::Invalid, 4));
    }

    #[test]
    fn a_late_schedule_is_the_generators_fault() {
        let idle = minute(&[]);
        let judged = |result| judge(&result, &idle).health;
        assert_eq!(judged(open(80_000, 20_000)), Health::Suspect);
        assert_eq!(judged(open(900, 1_000)), Health::Valid, "nobody reads such a difference");
        assert_eq!(judged(open(1_100, 1_000)), Health::Suspect);
        assert_eq!(judged(open(8_000, 90_000)), Health::Valid, "it is small beside the target");
        let busy = minute(&[beat(10, 2_000, 0.99); 40]);
        assert_eq!(judge(&open(80_000, 20_000), &busy).health, Health::Invalid);
    }

    #[test]
    fn the_latest_of_few_iterations_is_a_hiccup() {
        let mut few = open(0, 1_000);
        few.steps[1].lag_us = Summary { count: 50, p95: 200, p99: 9_000, ..Summary::default() };
        assert_eq!(judge(&few, &minute(&[])).health, Health::Valid);
        few.steps[1].lag_us.p95 = 9_000;
        assert_eq!(judge(&few, &minute(&[])).health, Health::Suspect);
    }

    #[test]
    fn closed_loads_have_no_schedule_to_be_late_for() {
        let mut closed = open(80_000, 20_000);
        closed.scenarios[0].load.as_mut().unwrap().model = "closed".into();
        assert_eq!(judge(&closed, &minute(&[])).health, Health::Valid);
    }

    #[test]
    fn a_schedule_needs_a_thread_with_time_to_spare() {
        let judged = |cpu| judge(&open(0, 1_000), &[beat(2, 900, cpu); 20]).health;
        assert_eq!(
            [0.69, 0.72, 0.84, 0.87].map(judged),
            [Health::Valid, Health::Suspect, Health::Suspect, Health::Invalid]
        );
    }

    /// A closed load of users who were there for 100 s, of which requests took so many.
    fn all_out(requests: f64, thought_us: u64) -> RunResult {
        let mut result = open(0, 1_000);
        let load = result.scenarios[0].load.as_mut().unwrap();
        (load.model, load.present_us, load.thought_us) = ("closed".into(), 100_000_000, thought_us);
        let half = Summary { count: 1_000, mean: requests * 1e6 / 2_000.0, ..Summary::default() };
        (result.steps[0].service_us, result.steps[1].failed_us) = (half, half);
        result
    }

    #[test]
    fn users_who_never_pause_may_take_the_whole_thread() {
        let busy = [beat(10, 3_000, 0.99); 10];
        let judged = |requests| judge(&all_out(requests, 0), &busy).health;
        assert_eq!(judged(97.0), Health::Valid, "requests took nearly all of their time");
        assert_eq!(judged(90.0), Health::Suspect);
        assert_eq!(judged(80.0), Health::Invalid, "the generator set the pace");
        let idle = [beat(2, 900, 0.3); 10];
        assert_eq!(judge(&all_out(80.0, 0), &idle).health, Health::Suspect, "it had time left");
        assert_eq!(judge(&all_out(97.0, 1), &busy).health, Health::Invalid, "pauses are not work");
    }

    /// A target that refuses connections is not the generator's limit, however fast it refuses.
    #[test]
    fn requests_that_fail_at_once_do_not_make_the_generator_the_limit() {
        let mut refused = all_out(60.0, 0);
        refused.steps.iter_mut().for_each(|step| step.failed = step.count);
        let busy = [beat(10, 3_000, 0.99); 10];
        assert_eq!(judge(&refused, &busy).health, Health::Suspect);
    }

    #[test]
    fn a_schedule_beside_users_who_never_pause_still_needs_time() {
        let mut both = all_out(97.0, 0);
        both.scenarios.extend(open(0, 1_000).scenarios);
        assert_eq!(judge(&both, &[beat(10, 3_000, 0.99); 10]).health, Health::Invalid);
    }

    #[test]
    fn a_thread_that_waits_for_a_core_is_doubtful_and_one_that_waits_long_is_the_limit() {
        let judged = |queued, cpu| health(&[Beat { queued, ..beat(2, 900, cpu) }; 10]);
        assert_eq!(judged(0.009, 0.5), Health::Valid);
        assert_eq!(judged(0.02, 0.5), Health::Suspect);
        assert_eq!(judged(0.3, 0.3), Health::Suspect, "it had time left");
        assert_eq!(judged(0.04, 0.88), Health::Suspect);
        assert_eq!(judged(0.5, 0.5), Health::Invalid, "it wanted its core and got half of it");
        assert_eq!(judged(0.004, 0.010), Health::Suspect, "it waited whenever it wanted a core");
        assert_eq!(judged(0.000_5, 0.001), Health::Valid, "too rare to say");
        let crowded = [Beat { queued: 0.5, ..beat(2, 900, 0.5) }; 10];
        assert_eq!(judge(&all_out(97.0, 0), &crowded).health, Health::Suspect);
        let once = Beat { queued: 0.5, ..beat(2, 900, 0.3) };
        assert_eq!(health(&minute(&[once])), Health::Valid, "a hiccup");
    }

    #[test]
    fn a_host_that_keeps_time_from_the_machine_is_told() {
        let judged = |stolen| health(&[Beat { stolen, ..beat(2, 900, 0.3) }; 10]);
        assert_eq!(
            [0.004, 0.02, 0.2].map(judged),
            [Health::Valid, Health::Suspect, Health::Invalid]
        );
    }

    #[test]
    fn files_and_ports_that_run_out_are_told_before_they_do() {
        let mut result = blank();
        result.generator.files = Some(Headroom { most: 900, limit: 1_024 });
        assert_eq!(judge(&result, &[]).health, Health::Valid);
        result.generator.files = Some(Headroom { most: 1_000, limit: 1_024 });
        result.generator.ports = Some(Headroom { most: 28_000, limit: 28_232 });
        let judged = judge(&result, &[]);
        assert_eq!((judged.health, judged.reasons.len()), (Health::Suspect, 2));
        assert!(judged.reasons[0].contains("ulimit -n"), "{:?}", judged.reasons);
    }
}
