//! Tests of how a run ends: several loads at once, stops in every phase, panics.

use std::time::Duration;

use super::{Trial, after, load_of, plan};
use crate::driver::Turn;
use crate::result::LoadResult;
use crate::sample::Failure;

const HOOKS: &str = "before-run: [{ step: seed, post: /seed }]\n\
                     before-user: [{ step: sign in, post: /in }]\n\
                     after-user: [{ step: sign out, post: /out }]\n\
                     after-run: [{ step: clean, post: /clean }]\n";

fn seconds(seconds: f64) -> Option<Duration> {
    Some(Duration::from_secs_f64(seconds))
}

#[test]
fn loads_of_different_length_run_beside_each_other() {
    let short = load_of("users: 1, duration: 2s");
    let long =
        load_of("arrivals: 10/s, duration: 4s, start-after: 3s").replace("name: t", "name: u");
    let fixed = load_of("users: 2, iterations: 3").replace("name: t", "name: v");
    let trial = Trial::new(plan(&[&short, &long, &fixed], 0), after(100)).threads(2);
    let result = trial.load();
    let loads: Vec<&LoadResult> =
        result.scenarios.iter().map(|one| one.load.as_ref().unwrap()).collect();
    assert_eq!(loads.iter().map(|l| l.started).collect::<Vec<_>>(), [20, 40, 6]);
    let durations: Vec<u64> = loads.iter().map(|load| load.duration_ms).collect();
    assert_eq!(durations, [2_000, 4_000, 300], "each has its own, for its own rate");
    assert_eq!(result.steps.iter().map(|s| s.rate).collect::<Vec<_>>(), [10.0, 10.0, 20.0]);
    let first = result.steps[1].slices.first().map(|slice| slice.second);
    assert_eq!(first, Some(3), "the seconds are those of the whole load");
    // The last iteration ends just when the eighth second begins.
    assert_eq!(result.generator.loop_gap_us.len(), 8, "idle seconds are told too");
}

#[test]
fn a_stop_begins_nothing_new_and_tears_down() {
    for profile in [
        "users: 3, duration: 60s",
        "arrivals: 10/s, duration: 60s, max-users: 3",
        "users: 3, shared-iterations: 10000",
        "users: 3, iterations: 10000",
    ] {
        let trial = Trial::new(plan(&[&(load_of(profile) + HOOKS)], 0), after(300)).threads(2);
        let result = trial.load_stopped_after(seconds(5.0));
        let load = result.scenarios[0].load.as_ref().unwrap();
        assert!(load.started > 0, "{profile}");
        assert_eq!((load.started, load.interrupted), (load.completed, 0), "{profile}");
        assert!(trial.times("a").iter().all(|at| *at <= 5_000), "{profile}: nothing new");
        assert_eq!((trial.count("sign out"), trial.count("clean")), (3, 1), "{profile}");
        assert!((4_000..5_000).contains(&load.duration_ms), "{profile}: {}", load.duration_ms);
        let offered = load.offered.unwrap_or(load.started);
        assert_eq!(load.dropped + load.started, offered, "{profile}");
    }
}

#[test]
fn a_stop_cuts_off_what_does_not_end_soon() {
    for profile in [
        "users: 2, duration: 60s",
        "arrivals: 1/s, duration: 60s, max-users: 2",
        "users: 2, shared-iterations: 100",
    ] {
        let trial = Trial::new(plan(&[&(load_of(profile) + HOOKS)], 0), |call| {
            let long = call.step.name == "a";
            Turn::ok(Duration::from_secs(if long { 50 } else { 0 }))
        });
        let result = trial.load_stopped_after(seconds(10.0));
        let load = result.scenarios[0].load.as_ref().unwrap();
        assert_eq!((load.started, load.interrupted), (2, 2), "{profile}");
        assert_eq!(result.steps[0].failures["interrupted"], 2, "{profile}");
        assert_eq!(trial.count("sign out"), 2, "{profile}");
        assert!((10_900..11_100).contains(&load.duration_ms), "{profile}: {}", load.duration_ms);
    }
}

#[test]
fn a_stop_during_the_setup_of_users_is_heard() {
    let text = load_of("arrivals: 10/s, duration: 60s, max-users: 40") + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), |call| {
        let setup = call.step.name == "sign in";
        Turn::ok(Duration::from_millis(if setup { 800 } else { 1 }))
    });
    let result = trial.load_stopped_after(seconds(1.0));
    let load = result.scenarios[0].load.as_ref().unwrap();
    assert_eq!((load.started, load.dropped), (0, 600));
    assert_eq!(trial.count("sign in"), 32, "two rounds of sixteen were begun");
    assert_eq!(trial.count("sign out"), 32, "and all of them torn down");
}

#[test]
fn a_stop_before_the_load_begins_is_heard() {
    let text = load_of("users: 2, duration: 10s, start-after: 1h") + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), after(1));
    let result = trial.load_stopped_after(seconds(5.0));
    assert_eq!((trial.count("a"), trial.count("clean")), (0, 1));
    assert!(result.generator.loop_gap_us.len() < 10);
}

#[test]
fn a_stop_during_the_setup_of_the_run_leaves_the_rest_out() {
    let text = load_of("users: 2, duration: 10s") + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), |call| {
        let setup = call.step.name == "seed";
        Turn::ok(Duration::from_secs(if setup { 60 } else { 0 }))
    });
    let result = trial.load_stopped_after(seconds(1.0));
    assert_eq!((trial.count("a"), trial.count("clean")), (0, 1));
    assert!(result.scenarios[0].setup_failures.is_empty(), "a stop is no failure");
}

#[test]
fn a_run_that_was_not_set_up_is_not_loaded_and_still_torn_down() {
    let broken = load_of("users: 2, duration: 1s") + HOOKS;
    let whole = load_of("users: 1, iterations: 2").replace("name: t", "name: u");
    let trial = Trial::new(plan(&[&broken, &whole], 0), |call| match call.step.name.as_str() {
        "seed" => Turn::fails(Duration::ZERO, Failure::Status(500)),
        _ => Turn::ok(Duration::ZERO),
    });
    let result = trial.load();
    assert_eq!(result.scenarios[0].setup_failures[0].step, "seed");
    assert_eq!(result.scenarios[0].load.as_ref().unwrap().started, 0);
    assert_eq!(result.scenarios[1].load.as_ref().unwrap().started, 2, "others are");
    assert_eq!((result.steps[0].count, result.steps[1].count), (0, 2), "each has its own row");
    assert_eq!(trial.count("clean"), 1);
}

#[test]
fn a_bug_in_a_user_ends_the_run_and_is_not_kept_secret() {
    for profile in ["users: 2, duration: 5s", "arrivals: 5/s, duration: 1s"] {
        let trial = Trial::new(plan(&[&load_of(profile)], 0), |call| match call.user {
            1 => panic!("a bug, for the test"),
            _ => Turn::ok(Duration::ZERO),
        });
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| trial.load()));
        assert!(run.is_err(), "{profile}");
    }
}

#[test]
fn threads_that_cannot_connect_end_the_run_with_the_reason() {
    let mut trial =
        Trial::new(plan(&[&(load_of("users: 4, duration: 5s"))], 0), after(1)).threads(2);
    let working = trial.connect.clone();
    let made = std::sync::atomic::AtomicUsize::new(0);
    trial.connect = std::sync::Arc::new(move |plan, purpose| {
        match made.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
            0 | 1 => working(plan, purpose),
            _ => Err(crate::driver::DriverError::Client {
                file: "0.yaml".to_string(),
                cause: "no more of them".to_string(),
            }),
        }
    });
    let options = super::Options { workers: 1, threads: 2, ..super::Options::default() };
    let known = (super::RunInfo::default(), super::Machine::default());
    let mut listener = super::Listener::default();
    let how = (&options, &trial.stop);
    let browsers = super::browsers::browsers(&trial.plan, &options);
    let through = (&trial.connect, &browsers);
    let run = super::execute_through(through, &trial.plan, known, how, &mut listener);
    let message = run.map(|_| ()).map_err(|error| error.to_string());
    assert!(message.as_ref().is_err_and(|text| text.contains("no more of them")), "{message:?}");
}
