//! Tests of the closed model, through goose: in a paused time where goose only begins, in real
//! time where it counts the seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Trial, after, load, load_of, plan, profiles, summary};
use crate::driver::Turn;
use crate::sample::Failure;

const HOOKS: &str = "before-user: [{ step: sign in, post: /in }]\n\
                     after-user: [{ step: sign out, post: /out }]\n";

#[test]
fn each_user_does_its_iterations_and_no_more() {
    for threads in [1, 2, 5] {
        let text = load_of("users: 3, iterations: 4") + HOOKS;
        let trial = Trial::new(plan(&[&text], 0), after(30)).threads(threads);
        let result = trial.load();
        let load = load(&result);
        assert_eq!((load.started, load.completed, load.dropped), (12, 12, 0), "{threads} threads");
        let seen: Vec<_> = trial.seen().into_iter().filter(|seen| seen.step == "a").collect();
        let all: BTreeSet<_> = seen.iter().map(|seen| (seen.user, seen.iteration)).collect();
        let wanted = (1..=3).flat_map(|user| (1..=4).map(move |iteration| (user, iteration)));
        assert_eq!((seen.len(), all), (12, wanted.collect()));
        assert_eq!((trial.count("sign in"), trial.count("sign out")), (3, 3));
        assert_eq!((load.users_max, load.duration_ms), (3, 30 + 4 * 30));
    }
}

#[test]
fn constant_users_end_on_time_and_finish_what_they_began() {
    let text = load_of("users: 2, duration: 10s") + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), after(300)).threads(2);
    let result = trial.load();
    let load = load(&result);
    // Signed in after 300 ms, then one iteration each 300 ms: the last begins at 9.9 s.
    assert_eq!((load.started, load.completed, load.interrupted), (66, 66, 0));
    assert_eq!((trial.count("sign in"), trial.count("sign out")), (2, 2));
    assert_eq!((load.duration_ms, load.users_max), (10_200, 2));
    assert_eq!(result.steps[0].rate, 66.0 / 10.2);
}

#[test]
fn a_step_that_never_ends_is_cut_off_and_counted() {
    let text = load_of("users: 3, duration: 5s, graceful-stop: 2s") + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), |call| match (call.step.name.as_str(), call.user) {
        ("a", 2) => Turn::ok(Duration::from_secs(3_600)),
        _ => Turn::ok(Duration::from_millis(100)),
    });
    let result = trial.load();
    let (load, step) = (load(&result), &result.steps[0]);
    assert_eq!((load.interrupted, load.started), (1, load.completed + 1));
    assert_eq!((step.failures["interrupted"], step.failed), (1, 1));
    assert_eq!(step.failed_us.max / 1_000_000, 6, "it was cut off after 6.9 s");
    assert_eq!(step.count, load.started);
    assert_eq!(load.duration_ms, 7_000);
    assert_eq!(trial.count("sign out"), 3, "who was cut off is torn down too");
}

#[test]
fn think_time_is_in_no_latency_and_in_every_iteration() {
    let text = format!(
        "name: t\nload:\n  journey: [{{ step: a, get: /a }}, {{ step: b, get: /b }}]\n  \
         think: 400ms\n{}",
        profiles("users: 1, iterations: 5")
    );
    let trial = Trial::new(plan(&[&text], 0), after(100));
    let result = trial.load();
    for step in &result.steps {
        assert_eq!(step.response_us, summary([100; 5]));
        assert_eq!(step.lag_us.max, 0);
    }
    assert_eq!(load(&result).iteration_us, summary([1_000; 5]));
    assert_eq!(trial.times("b")[0], 500);
}

#[test]
fn users_are_there_from_one_iteration_to_the_next_and_pauses_are_told_apart() {
    let text = |think: &str| {
        format!(
            "name: t\nload:\n  journey: [{{ step: a, get: /a }}]\n{think}{}",
            profiles("users: 2, duration: 3s, graceful-stop: 0s")
        )
    };
    let presence = |think: &str| {
        let result = Trial::new(plan(&[&text(think)], 0), after(100)).load();
        (load(&result).present_us, load(&result).thought_us)
    };
    assert_eq!(presence(""), (6_000_000, 0), "two users, three seconds each");
    assert_eq!(presence("  think: 10s\n"), (6_000_000, 5_800_000), "the pause was cut off");
    assert_eq!(presence("  think: 900ms\n"), (6_000_000, 5_400_000));
}

#[test]
fn a_failed_step_ends_its_iteration_and_not_its_user() {
    let text = format!(
        "name: t\nload:\n  journey: [{{ step: a, get: /a }}, {{ step: b, get: /b }}]\n{}",
        profiles("users: 2, iterations: 6")
    );
    let trial = Trial::new(plan(&[&text], 0), |call| match call.iteration % 2 {
        0 => Turn::fails(Duration::from_millis(5), Failure::Status(503)),
        _ => Turn::ok(Duration::from_millis(50)),
    });
    let result = trial.load();
    assert_eq!((load(&result).completed, load(&result).failed), (12, 6));
    assert_eq!((result.steps[0].count, result.steps[0].failed), (12, 6));
    assert_eq!((result.steps[1].count, result.steps[1].failed), (6, 0));
    assert_eq!(result.steps[0].response_us, summary([50; 6]), "failures are in no latency");
}

#[test]
fn journeys_are_chosen_by_weight() {
    let text = format!(
        "name: t\nload:\n  journeys:\n    \
         - {{ journey: many, weight: 3, steps: [{{ step: a, get: /a }}] }}\n    \
         - {{ journey: few, weight: 1, steps: [{{ step: b, get: /b }}] }}\n{}",
        profiles("users: 4, iterations: 500")
    );
    let counts = |threads| {
        let trial = Trial::new(plan(&[&text], 0), after(10)).threads(threads);
        let result = trial.load();
        (result.steps[0].count, result.steps[1].count)
    };
    let (many, few) = counts(1);
    assert_eq!(many + few, 2_000);
    assert!((1_420..=1_580).contains(&many), "{many} of 2000 is not near three quarters");
    assert_eq!(counts(3), (many, few), "the same seed chooses the same, however many threads");
}

#[test]
fn a_user_whose_setup_fails_stays_away_in_the_end() {
    let text = load_of("users: 3, duration: 60s") + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), |call| match (call.step.name.as_str(), call.user) {
        ("sign in", 2..) => Turn::fails(Duration::ZERO, Failure::Status(401)),
        _ => Turn::ok(Duration::from_secs(1)),
    });
    let result = trial.load();
    assert_eq!(result.scenarios[0].setup_failures[0].count, 6, "two users, three times each");
    assert_eq!(load(&result).users_max, 1);
    assert_eq!(load(&result).duration_ms, 60_000, "the others go on");
    let nobody = |_: &crate::driver::Call<'_>| Turn::fails(Duration::ZERO, Failure::Connect);
    let trial = Trial::new(plan(&[&text], 0), nobody);
    let result = trial.load();
    assert_eq!((load(&result).started, load(&result).duration_ms), (0, 0));
    assert_eq!(result.scenarios[0].setup_failures[0].count, 9);
}

#[test]
fn rows_that_end_stop_the_users_they_are_missing_for() {
    let feed = |pick: &str| {
        let data = format!("data: {{ rows: {{ csv: rows.csv, pick: {pick}, at-end: stop }} }}\n");
        let text = load_of("users: 4, duration: 30s") + HOOKS + &data;
        text.replace("/a }", "\"/{{ rows.id }}\" }")
    };
    let trial = Trial::new(plan(&[&feed("in-order")], 7), after(500)).threads(2);
    let result = trial.load();
    let counted = load(&result);
    assert_eq!((counted.started, counted.feed_ended.as_deref()), (7, Some("rows")));
    assert!(counted.duration_ms < 2_000, "{} ms", counted.duration_ms);
    assert_eq!((trial.count("sign in"), trial.count("sign out")), (4, 4));

    let trial = Trial::new(plan(&[&feed("each")], 3), after(500)).threads(2);
    let result = trial.load();
    let users: BTreeSet<u32> = trial.seen().iter().map(|seen| seen.user).collect();
    assert_eq!(users, BTreeSet::from([1, 2, 3]), "the fourth has no row");
    assert_eq!(load(&result).duration_ms, 30_000, "and the others go on");
}

#[test]
fn users_come_and_go_as_the_ramp_says() {
    let profile = "start-users: 0, stages: [{ duration: 1s, target: 4 }, \
                   { duration: 500ms, target: 4 }, { duration: 1s, target: 0 }]";
    let text = load_of(profile) + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), after(10)).threads(2);
    let result = trial.execute();
    let load = load(&result);
    assert_eq!((trial.count("sign in"), trial.count("sign out")), (4, 4));
    assert_eq!((load.users_max, load.interrupted), (4, 0));
    let mut walks: BTreeMap<u32, usize> = BTreeMap::new();
    for seen in trial.seen().iter().filter(|seen| seen.step == "a") {
        *walks.entry(seen.user).or_default() += 1;
    }
    let counts: Vec<usize> = walks.values().copied().collect();
    assert_eq!(counts.len(), 4);
    // First come, last gone: 2.25 s for the first, 0.5 s for the last, of some 11 ms each.
    assert!(counts[0] > counts[3], "{counts:?}");
    assert!(load.duration_ms >= 2_500, "{} ms", load.duration_ms);
    let order: Vec<u32> =
        trial.seen().iter().filter(|s| s.step == "sign in").map(|s| s.user).collect();
    assert_eq!(order.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3, 4]));
}

#[test]
fn users_who_left_do_not_come_back_as_others() {
    let profile = "start-users: 2, stages: [{ duration: 300ms, target: 0 }, \
                   { duration: 200ms, target: 0 }, { duration: 300ms, target: 2 }]";
    let text = load_of(profile) + HOOKS;
    let trial = Trial::new(plan(&[&text], 0), after(5));
    let result = trial.execute();
    let users: Vec<u32> =
        trial.seen().iter().filter(|seen| seen.step == "sign in").map(|seen| seen.user).collect();
    // The last is due at the very end, and may or may not still come.
    assert!(users == [1, 2, 3] || users == [1, 2, 3, 4], "{users:?}");
    assert_eq!(trial.count("sign out"), users.len());
    assert_eq!(load(&result).users_max, 2);
}
