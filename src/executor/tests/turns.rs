//! Tests of the sides of a duet, in a paused time: whose turn it is, what is counted where.

use std::time::Duration;

use super::{Trial, after, load, load_of, plan_with, profiles};
use crate::driver::Turn;
use crate::plan::{DuetLoad, ShapePlan, Turns};
use crate::result::RunResult;

const SECOND: Duration = Duration::from_secs(1);

/// One side of a duet of eight seconds in turns.
fn side(first: bool) -> DuetLoad {
    let (settle, end) = (Duration::from_millis(50), 8 * SECOND);
    let turns = Turns { length: SECOND, first, settle, end };
    DuetLoad { length: end, turns: Some(turns), first }
}

/// One side of eight seconds side by side.
fn half(first: bool) -> DuetLoad {
    DuetLoad { length: 8 * SECOND, turns: None, first }
}

/// The seconds that the first step has slices of, and the samples in each.
fn slices(result: &RunResult) -> Vec<(u32, u64)> {
    result.steps[0].slices.iter().map(|slice| (slice.second, slice.count)).collect()
}

fn trial(text: &str, duet: DuetLoad, millis: u64) -> Trial {
    Trial::new(plan_with(&[text], 0, Some(duet)), after(millis))
}

#[test]
fn arrivals_in_the_other_sides_turns_do_not_exist() {
    let profile = load_of("arrivals: 20/s, duration: 60s");
    for (first, own) in [(true, [0, 3, 4, 7]), (false, [1, 2, 5, 6])] {
        for threads in [1, 3] {
            let trial = trial(&profile, side(first), 10).threads(threads);
            let result = trial.load();
            let load = load(&result);
            assert_eq!((load.offered, load.started, load.dropped), (Some(80), 80, 0));
            assert_eq!(load.planned_ms, 8_000, "it is as long as the duet wants it");
            let seconds: Vec<u32> = slices(&result).iter().map(|(second, _)| *second).collect();
            assert_eq!(seconds, own);
            assert_eq!(result.steps[0].count, 80);
        }
    }
}

#[test]
fn what_was_due_just_after_a_switch_is_in_the_sums_and_in_no_slice() {
    let result = trial(&load_of("arrivals: 100/s, duration: 8s"), side(true), 1).load();
    assert_eq!(slices(&result), [(0, 95), (3, 95), (4, 100), (7, 95)]);
    assert_eq!((result.steps[0].count, result.steps[0].response_us.count), (400, 400));
}

/// If they were not, the slower side would lose its slowest requests.
#[test]
fn slow_requests_that_end_in_the_others_turn_are_counted_where_they_were_due() {
    let result = trial(&load_of("arrivals: 20/s, duration: 8s"), side(true), 700).load();
    // Those due from 300 ms on end in the other's turns, where the side has no slice.
    assert_eq!(slices(&result), [(0, 19), (3, 5), (4, 34), (7, 19)]);
    assert_eq!(result.steps[0].count, 80);
}

#[test]
fn users_wait_for_their_turn_before_an_iteration() {
    let trial = trial(&load_of("users: 1, duration: 60s"), side(false), 100);
    let result = trial.load();
    let seconds: Vec<u32> = slices(&result).iter().map(|(second, _)| *second).collect();
    assert_eq!(seconds, [1, 2, 5, 6]);
    let load = load(&result);
    assert!(load.present_us <= 4_100_000, "waiting for a turn is nobody's time: {load:?}");
    assert!((38..=40).contains(&load.completed), "{load:?}");
    assert!(result.steps[0].response_us.max < 110_000, "nor is it latency");
}

#[test]
fn a_step_after_a_pause_waits_for_its_turn_too() {
    let text = "name: t\nload:\n  journey:\n    - { step: a, get: /a }\n    - pause: 400ms\n    \
                - { step: b, get: /b }\n"
        .to_string()
        + &profiles("users: 1, duration: 8s");
    let trial = trial(&text, side(true), 100);
    let result = trial.load();
    // All begin in 0..1, 3..5 or 7..8 of the load's seconds; after its end it is nobody's turn.
    for (step, at) in [("a", trial.times("a")), ("b", trial.times("b"))] {
        let out = at.iter().find(|at| !matches!(**at / 1_000, 0 | 3 | 4 | 7 | 8));
        assert_eq!(out, None, "{step}: {at:?}");
    }
    let iterations = result.scenarios[0].load.as_ref().map(|load| load.iteration_us.max);
    assert!(iterations.is_some_and(|max| max < 800_000), "without the waiting: {iterations:?}");
}

#[test]
fn side_by_side_each_has_half_of_the_load_all_the_time() {
    let profile = load_of("arrivals: 20/s, duration: 8s");
    let due = |first| {
        let trial = trial(&profile, half(first), 1);
        let result = trial.load();
        assert_eq!((load(&result).started, slices(&result).len()), (80, 8));
        let ShapePlan::Open { arrivals, .. } =
            &trial.plan.scenarios[0].load.as_ref().unwrap().shape
        else {
            panic!("it is open")
        };
        arrivals.due(0).unwrap()
    };
    assert_eq!((due(true), due(false)), (Duration::ZERO, Duration::from_millis(50)));
    let users = trial(&load_of("users: 5, duration: 8s"), half(true), 100).load();
    assert_eq!(load(&users).users_max, 2, "never more than the profile says");
}

#[test]
fn a_shape_is_stretched_and_its_rates_stay() {
    let stages = "stages: [{ duration: 10s, target: 8 }, { duration: 30s, target: 8 }]";
    let plan = plan_with(&[&load_of(stages)], 0, Some(side(true)));
    let ShapePlan::Closed(population) = &plan.scenarios[0].load.as_ref().unwrap().shape else {
        panic!("it is closed")
    };
    assert_eq!(population.stages, [(2 * SECOND, 8), (6 * SECOND, 8)]);
}

#[test]
fn a_failure_just_after_a_switch_is_a_failure_all_the_same() {
    let plan = plan_with(&[&load_of("arrivals: 20/s, duration: 8s")], 0, Some(side(true)));
    let failed = std::sync::atomic::AtomicUsize::new(0);
    let trial =
        Trial::new(plan, move |_| match failed.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 => Turn::fails(Duration::ZERO, crate::sample::Failure::Status(500)),
            _ => Turn::ok(Duration::ZERO),
        });
    let result = trial.load();
    assert_eq!((result.steps[0].failed, result.steps[0].count), (1, 80));
    assert!(result.steps[0].slices.iter().all(|slice| slice.failed == 0));
}

/// When each iteration of a side is due, in seconds.
fn dues(profile: &str, first: bool) -> Vec<f64> {
    let plan = plan_with(&[&load_of(profile)], 0, Some(half(first)));
    let load = plan.scenarios[0].load.as_ref().expect("it has one");
    let ShapePlan::Open { arrivals, .. } = &load.shape else { panic!("it is open") };
    arrivals.times((0, 1)).map(|(_, due)| due.as_secs_f64()).collect()
}

#[test]
fn even_arrivals_of_sides_at_once_are_due_between_those_of_the_other() {
    let (a, b) =
        (dues("arrivals: 20/s, duration: 8s", true), dues("arrivals: 20/s, duration: 8s", false));
    assert_eq!((a.len(), b.len()), (80, 80));
    for (a, b) in a.iter().zip(&b) {
        assert!((b - a - 0.05).abs() < 1e-6, "{a} {b}");
    }
}

/// Twins at one moment, or always as far apart, would make one side wait for the other, or find the
/// machine awake, restart after restart.
#[test]
fn visitors_of_sides_at_once_have_no_twins() {
    let profile = "arrivals: 200/s, duration: 8s, spacing: poisson";
    let (a, b) = (dues(profile, true), dues(profile, false));
    for side in [&a, &b] {
        assert!((680..920).contains(&side.len()), "800 are due, give or take four deviations");
    }
    let near =
        |due: &f64| b.iter().map(|other| other - due).filter(|gap| *gap >= 0.0).fold(9.0, f64::min);
    let gaps: Vec<f64> = a.iter().map(near).filter(|gap| *gap < 9.0).collect();
    let middle = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let spread = gaps.iter().map(|gap| (gap - middle).powi(2)).sum::<f64>() / gaps.len() as f64;
    // Of independent ones the next of the other side is exponentially far: as spread as it is far.
    assert!((0.8..1.2).contains(&(spread.sqrt() / middle)), "{middle} {spread}");
    assert_eq!(a, dues(profile, true), "the same seed gives the same arrivals");
}
