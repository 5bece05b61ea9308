//! Tests of the open model and of iterations that users share, in a paused time.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{
    Entry, Ledger, Machine, Observer, Run, RunInfo, Trial, after, begin, load, load_of, paused,
    plan, profiles, summary,
};
use crate::driver::Turn;
use crate::plan::ShapePlan;
use crate::sample::{Failure, Timing};

#[test]
fn a_constant_rate_begins_each_iteration_when_it_is_due() {
    let trial = Trial::new(plan(&[&load_of("arrivals: 10/s, duration: 2s")], 0), after(30));
    let result = trial.load();
    let due: Vec<u128> = (0..20).map(|k| k * 100).collect();
    assert_eq!(trial.times("a"), due);
    assert_eq!(result.steps[0].lag_us, summary([0; 20]));
    assert_eq!(result.steps[0].response_us, summary([30; 20]));
    assert_eq!((load(&result).started, load(&result).duration_ms), (20, 2_000));
    assert_eq!(result.steps[0].rate, 10.0);
}

/// Wants every sample.
#[derive(Default)]
struct Keeper(Vec<Timing>);

impl Observer for Keeper {
    fn entry(&mut self, _: &Entry, _: &Ledger) {}

    fn cpu_seconds(&mut self) -> Option<f64> {
        None
    }

    fn wants_timings(&self) -> bool {
        true
    }

    fn timings(&mut self, scenario: usize, timings: Vec<Timing>) {
        assert_eq!(scenario, 0);
        self.0.extend(timings);
    }
}

#[test]
fn whoever_wants_every_sample_gets_each_once_with_its_number() {
    let profile = load_of("arrivals: 10/s, duration: 2s");
    let trial = Trial::new(plan(&[&profile], 0), after(30)).threads(3);
    let mut keeper = Keeper::default();
    let begin = begin::begin(&trial.plan, RunInfo::default(), Machine::default());
    let mut run = Run { ledger: Ledger::new(begin), observer: &mut keeper };
    paused(trial.loaded(&mut run));
    keeper.0.sort_by_key(|timing| timing.number);
    assert_eq!(keeper.0.len(), 20);
    for (k, timing) in keeper.0.iter().enumerate() {
        let due = Duration::from_millis(100 * k as u64);
        assert_eq!((timing.number, timing.due), (k as u64, due));
        assert_eq!((timing.ended - due, timing.outcome), (Duration::from_millis(30), Ok(())));
    }
}

#[test]
fn a_ramp_begins_each_iteration_when_it_is_due() {
    let stages = "arrivals: 1/s, stages: [{ duration: 3s, target: 20/s }]";
    let trial = Trial::new(plan(&[&load_of(stages)], 0), after(1));
    trial.load();
    let ShapePlan::Open { arrivals, .. } = &trial.plan.scenarios[0].load.as_ref().unwrap().shape
    else {
        panic!("it is open")
    };
    let began = trial.times("a");
    assert_eq!(began.len() as u64, arrivals.count());
    for (k, at) in began.iter().enumerate() {
        let due = arrivals.due(k as u64).unwrap().as_millis();
        assert!(*at == due || *at == due + 1, "{k}: {at} is not {due}, which timers round up");
    }
}

#[test]
fn waiting_for_a_user_is_part_of_the_response() {
    let profile = "arrivals: 20/s, duration: 2s, max-users: 1";
    let trial = Trial::new(plan(&[&load_of(profile)], 0), after(100));
    let result = trial.load();
    let step = &result.steps[0];
    // Due every 50 ms, done every 100 ms: each waits 50 ms longer than the one before.
    assert_eq!(step.response_us, summary((0..40).map(|k| 100 + 50 * k)));
    assert_eq!(step.blocked_us, summary((0..40).map(|k| 50 * k)));
    assert_eq!(step.lag_us, summary([0; 40]), "the generator was never late itself");
    assert_eq!(step.service_us, summary([100; 40]));
    assert_eq!((load(&result).started, load(&result).dropped), (40, 0));
    assert_eq!((load(&result).users_max, load(&result).duration_ms), (1, 4_000));
    assert_eq!(step.rate, 10.0);
}

#[test]
fn what_was_begun_or_dropped_is_all_that_was_offered() {
    let profile = "arrivals: 20/s, duration: 2s, max-users: 1, graceful-stop: 950ms";
    let trial = Trial::new(plan(&[&load_of(profile)], 0), after(100));
    let result = trial.load();
    let load = load(&result);
    assert_eq!((load.offered, load.started, load.dropped), (Some(40), 30, 10));
    assert_eq!((load.completed, load.interrupted), (29, 1));
    let step = &result.steps[0];
    assert_eq!((step.count, step.failed, step.dropped), (30, 1, 10));
    assert_eq!(step.failures["interrupted"], 1);
    assert_eq!(load.duration_ms, 2_950);
}

#[test]
fn workers_share_the_same_arrivals() {
    let profile = "arrivals: 40/s, duration: 1s, max-users: 8";
    let times = |threads| {
        let trial = Trial::new(plan(&[&load_of(profile)], 0), after(70)).threads(threads);
        let result = trial.load();
        assert_eq!((load(&result).started, load(&result).dropped), (40, 0));
        trial.times("a")
    };
    let alone = times(1);
    assert_eq!(alone.len(), 40);
    for threads in 2..5 {
        assert_eq!(times(threads), alone, "{threads} threads");
    }
}

#[test]
fn more_threads_than_users_make_no_more_users() {
    let profile = "arrivals: 20/s, duration: 1s, max-users: 1";
    let trial = Trial::new(plan(&[&load_of(profile)], 0), after(100)).threads(4);
    let result = trial.load();
    assert_eq!(trial.times("a"), (0..20).map(|k| k * 100).collect::<Vec<u128>>());
    assert_eq!((load(&result).users_max, load(&result).started), (1, 20));
}

#[test]
fn users_are_used_again() {
    let trial = Trial::new(plan(&[&load_of("arrivals: 10/s, duration: 3s")], 0), after(50));
    trial.load();
    let users: BTreeSet<u32> = trial.seen().iter().map(|seen| seen.user).collect();
    let iterations: Vec<u64> = trial.seen().iter().map(|seen| seen.iteration).collect();
    assert_eq!(users, BTreeSet::from([1]));
    assert_eq!(iterations, (1..=30).collect::<Vec<u64>>());
}

const HOOKS: &str = "before-user: [{ step: sign in, post: /in }]\n\
                     after-user: [{ step: sign out, post: /out }]\n";

#[test]
fn setup_of_users_is_outside_of_the_measured_part() {
    let text = load_of("arrivals: 10/s, duration: 1s, max-users: 3") + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), after(200)).threads(2);
    let result = trial.load();
    assert_eq!((trial.count("sign in"), trial.count("sign out")), (3, 3));
    let begins = trial.times("a")[0];
    assert!(trial.times("sign in").iter().all(|at| *at + 200 <= begins));
    assert_eq!(result.steps[0].lag_us.min, 0);
    assert_eq!(result.steps[0].response_us.min, summary([200]).min);
    assert_eq!(result.steps.len(), 1, "what only setup does has no row");
}

#[test]
fn without_any_user_all_is_dropped_and_nobody_waits() {
    let text = load_of("arrivals: 10/s, duration: 60s, max-users: 4") + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), |call| match call.step.name.as_str() {
        "sign in" => Turn::fails(Duration::ZERO, Failure::Status(500)),
        _ => Turn::ok(Duration::ZERO),
    });
    let result = trial.load();
    let load = load(&result);
    assert_eq!((load.started, load.dropped, load.duration_ms), (0, 600, 0));
    assert_eq!(result.scenarios[0].setup_failures[0].count, 4);
    assert_eq!(trial.count("sign out"), 4, "teardown is done whatever came before it");
}

#[test]
fn users_whose_setup_failed_leave_their_numbers_to_others() {
    let text = load_of("arrivals: 50/s, duration: 1s, max-users: 6") + HOOKS;
    let failed = std::sync::atomic::AtomicBool::new(false);
    let trial = Trial::new(plan(&[&text], 0), move |call| {
        let first = call.user == 2 && !failed.swap(true, std::sync::atomic::Ordering::SeqCst);
        match first {
            true => Turn::fails(Duration::ZERO, Failure::Reset),
            false => Turn::ok(Duration::from_millis(500)),
        }
    });
    trial.load();
    let busy = trial.seen().into_iter().filter(|seen| seen.step == "a" && seen.iteration == 1);
    let users: Vec<u32> = busy.map(|seen| seen.user).collect();
    let distinct: BTreeSet<u32> = users.iter().copied().collect();
    assert_eq!(users.len(), distinct.len(), "no two users have one number: {users:?}");
}

#[test]
fn the_end_of_the_rows_ends_the_load() {
    let text = load_of("arrivals: 10/s, duration: 60s")
        + "data: { rows: { csv: rows.csv, pick: in-order, at-end: stop } }\n";
    let text = text.replace("/a }", "\"/{{ rows.id }}\" }");
    for threads in [1, 3] {
        let trial = Trial::new(plan(&[&text], 5), after(10)).threads(threads);
        let result = trial.load();
        let load = load(&result);
        assert_eq!((load.started, load.feed_ended.as_deref()), (5, Some("rows")));
        assert!(load.duration_ms < 1_000, "{} ms", load.duration_ms);
        assert!(result.steps[0].rate > 5.0, "{}", result.steps[0].rate);
    }
}

#[test]
fn users_without_a_row_are_missing_and_the_others_do_the_work() {
    let text = load_of("arrivals: 10/s, duration: 2s, max-users: 8")
        + "data: { rows: { csv: rows.csv, pick: each, at-end: stop } }\n";
    let text = text.replace("/a }", "\"/{{ rows.id }}\" }");
    let trial = Trial::new(plan(&[&text], 2), after(250));
    let result = trial.load();
    let users: BTreeSet<u32> = trial.seen().iter().map(|seen| seen.user).collect();
    assert_eq!(users, BTreeSet::from([1, 2]));
    assert_eq!((load(&result).started, load(&result).dropped), (20, 0));
}

#[test]
fn a_pause_before_the_first_step_is_nobodys_lateness() {
    let text = format!(
        "name: t\nload:\n  journey: [{{ pause: 700ms }}, {{ step: a, get: /a }}]\n{}",
        profiles("arrivals: 5/s, duration: 1s")
    );
    let trial = Trial::new(plan(&[&text], 0), after(40));
    let result = trial.load();
    assert_eq!(result.steps[0].response_us, summary([40; 5]));
    assert_eq!(load(&result).iteration_us.max / 1_000, 740);
}

#[test]
fn shared_iterations_are_done_once_each() {
    for (threads, users) in [(1, 4), (3, 4), (4, 2)] {
        let profile = format!("users: {users}, shared-iterations: 50");
        let trial =
            Trial::new(plan(&[&(load_of(&profile) + HOOKS)], 0), after(20)).threads(threads);
        let result = trial.load();
        let load = load(&result);
        assert_eq!((load.started, load.completed, load.dropped), (50, 50, 0));
        assert_eq!((trial.count("a"), load.users_max), (50, users));
        assert_eq!(
            (trial.count("sign in"), trial.count("sign out")),
            (users as usize, users as usize)
        );
        assert!(load.duration_ms <= 20 * 50 / u64::from(users) + 20, "{}", load.duration_ms);
    }
}

#[test]
fn shared_iterations_that_take_too_long_are_dropped_and_counted() {
    let profile = "users: 2, shared-iterations: 100, max-duration: 1s";
    let trial = Trial::new(plan(&[&load_of(profile)], 0), after(300));
    let result = trial.load();
    let load = load(&result);
    assert_eq!((load.started, load.completed, load.dropped), (8, 8, 92));
    assert_eq!(load.duration_ms, 1_200);
}

#[test]
fn independent_visitors_are_begun_when_they_are_due_and_offered_as_they_come() {
    let profile = "arrivals: 50/s, duration: 4s, spacing: poisson, max-users: 500";
    let times = |threads| {
        let trial = Trial::new(plan(&[&load_of(profile)], 0), after(20)).threads(threads);
        let result = trial.load();
        let load = load(&result);
        assert_eq!((load.offered, load.dropped), (Some(load.started), 0));
        assert!(load.started.abs_diff(200) < 60, "{} of about 200", load.started);
        assert_eq!(result.steps[0].blocked_us.max, 0);
        trial.times("a")
    };
    let alone = times(1);
    let gaps: BTreeSet<u128> = alone.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() > 20, "they are not alike: {gaps:?}");
    assert_eq!(times(3), alone);
}

#[test]
fn loads_side_by_side_do_not_fire_at_the_same_instants() {
    let first = load_of("arrivals: 10/s, duration: 2s");
    let second = first.replace("name: t", "name: u").replace("step: a", "step: b");
    let trial = Trial::new(plan(&[&first, &second], 0), after(1));
    let result = trial.load();
    let (a, b) = (trial.times("a"), trial.times("b"));
    assert_eq!((a.len(), b.len()), (20, 20));
    assert_eq!(a, (0..20).map(|k| k * 100).collect::<Vec<u128>>(), "the first is not moved");
    assert!(b.iter().zip(&a).all(|(b, a)| (40..80).contains(&(b - a))), "{b:?}");
    assert_eq!(result.steps.iter().map(|step| step.lag_us.p99 / 1_000).max(), Some(0));
}

#[test]
fn a_user_that_is_free_in_time_blocks_nobody_and_who_waits_is_told_apart() {
    // Two users of 150 ms for arrivals every 50 ms: the third finds nobody, and waits 50 ms.
    let profile = "arrivals: 20/s, duration: 200ms, max-users: 2";
    let trial = Trial::new(plan(&[&load_of(profile)], 0), after(150));
    let result = trial.load();
    let step = &result.steps[0];
    assert_eq!(step.blocked_us, summary([0, 0, 50, 50]));
    assert_eq!(step.lag_us.max, 0);
    assert_eq!(step.response_us, summary([150, 150, 200, 200]));
    assert_eq!(load(&result).users_max, 2);
}

#[test]
fn a_target_that_cannot_follow_costs_no_place_in_a_queue() {
    let profile = "arrivals: 100000/s, duration: 10s, max-users: 2, graceful-stop: 0s";
    let trial = Trial::new(plan(&[&load_of(profile)], 0), after(500));
    let result = trial.load();
    let load = load(&result);
    assert_eq!((load.offered, load.started + load.dropped), (Some(1_000_000), 1_000_000));
    // The second user begins 10 µs later than the first, and its last iteration is cut off.
    assert_eq!((load.started, load.completed), (40, 39));
}
