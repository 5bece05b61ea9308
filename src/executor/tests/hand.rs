//! Tests of what a hand on the keyboard does: pauses, numbers of users, gentle stops; in a paused
//! time.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::sleep;

use super::{
    EndEntry, Entry, Ledger, Listener, Machine, Run, RunInfo, Trial, after, begin, load, load_of,
    paused, plan,
};
use crate::driver::Turn;
use crate::executor::{Control, Scale, Stop};
use crate::result::{Health, RunResult};

const HOOKS: &str = "before-user: [{ step: sign in, post: /in }]\n\
                     after-user: [{ step: sign out, post: /out }]\n";

/// What is done to a run, and when, in milliseconds after its beginning.
type Act = (u64, fn(&Control, &Stop));

fn pause(control: &Control, _: &Stop) {
    control.pause();
}

fn go_on(control: &Control, _: &Stop) {
    control.go_on();
}

fn gently(_: &Control, stop: &Stop) {
    stop.request_gently("stopped by hand");
}

/// Runs the load of a trial while these things are done to it.
fn handled(trial: &Trial, acts: &'static [Act]) -> RunResult {
    let mut listener = Listener::default();
    let begin = begin::begin(&trial.plan, RunInfo::default(), Machine::default());
    let mut run = Run { ledger: Ledger::new(begin), observer: &mut listener };
    paused(async {
        let (control, stop) = (trial.control.clone(), trial.stop.clone());
        tokio::spawn(async move {
            // The load begins when all workers are ready, which takes no time, and 20 ms.
            let mut now = 0;
            sleep(Duration::from_millis(21)).await;
            for (at, act) in acts {
                sleep(Duration::from_millis(at - now)).await;
                act(&control, &stop);
                now = *at;
            }
        });
        trial.loaded(&mut run).await;
    });
    run.tell(Entry::End(Box::new(EndEntry {
        browsers: Vec::new(),
        duration_ms: 0,
        ended_early: trial.stop.reason(),
        health: Health::Valid,
        reasons: Vec::new(),
    })));
    run.ledger.finish()
}

fn told(result: &RunResult) -> Vec<String> {
    result.run.altered.iter().map(ToString::to_string).collect()
}

/// How often a step was done in each second of the clock, pauses included.
fn by_second(trial: &Trial) -> BTreeMap<u128, usize> {
    let mut seconds = BTreeMap::new();
    for at in trial.times("a") {
        *seconds.entry(at / 1_000).or_default() += 1;
    }
    seconds
}

#[test]
fn a_pause_moves_a_schedule_and_nothing_of_it_is_owed() {
    for threads in [1, 3] {
        let profile = load_of("arrivals: 10/s, duration: 4s, max-users: 6");
        let trial = Trial::new(plan(&[&profile], 0), after(30)).threads(threads);
        let result = handled(&trial, &[(1_050, pause), (8_050, go_on)]);
        let times = trial.times("a");
        assert_eq!(times.len(), 40, "all of them");
        let within = |at: &&u128| (1_060..8_050).contains(*at);
        assert_eq!(times.iter().filter(within).count(), 0, "{times:?}");
        let after: Vec<u128> = times.iter().copied().filter(|at| *at > 1_060).collect();
        assert!(after[0].abs_diff(8_100) <= 2, "the next is as far off as it was: {after:?}");
        assert_eq!(result.steps[0].lag_us.max, 0, "nobody was late");
        assert!(result.steps[0].response_us.max < 31_000, "{:?}", result.steps[0].response_us);
        assert_eq!((load(&result).dropped, load(&result).duration_ms), (0, 4_000));
        assert_eq!(result.steps[0].rate, 10.0, "a pause is in no rate");
        let seconds: Vec<u32> = result.steps[0].slices.iter().map(|slice| slice.second).collect();
        assert_eq!(seconds, [0, 1, 2, 3], "nor in any second");
        assert_eq!(result.generator.loop_gap_us.len(), 4);
        assert_eq!(told(&result), ["paused at 1.0 s for 7.0 s"]);
    }
}

#[test]
fn what_waited_for_a_user_before_a_pause_has_waited_so_long_and_no_longer() {
    let profile = load_of("arrivals: 10/s, duration: 2s, max-users: 1");
    let trial = Trial::new(plan(&[&profile], 0), after(150));
    let result = handled(&trial, &[(1_000, pause), (11_000, go_on)]);
    assert_eq!(trial.count("a"), 20);
    // The k-th is due at 100k ms and begun at 150k: the last waits 950 ms, which no pause changes.
    let step = &result.steps[0];
    assert!(step.blocked_us.max <= 1_001_000, "{:?}", step.blocked_us);
    assert!(step.lag_us.max <= 2_000, "it is not the generator's doing: {:?}", step.lag_us);
    assert!(step.response_us.max <= 1_151_000, "{:?}", step.response_us);
}

#[test]
fn a_request_that_goes_on_in_a_pause_takes_what_it_takes() {
    let trial = Trial::new(plan(&[&load_of("users: 1, duration: 3s")], 0), |call| {
        Turn::ok(Duration::from_millis(if call.iteration == 2 { 2_500 } else { 500 }))
    });
    let result = handled(&trial, &[(1_000, pause), (2_000, go_on)]);
    assert_eq!(result.steps[0].response_us.max / 1_000, 2_500);
    // The second began at 0.5 s and ended at 3 s, which is 2 s of load; then two more.
    assert_eq!((trial.count("a"), load(&result).duration_ms), (4, 3_000));
}

#[test]
fn users_begin_nothing_in_a_pause_and_have_all_of_their_time() {
    // Of the first, four iterations each end in the pause or before it; then there are two seconds.
    for (profile, count) in [
        ("users: 3, duration: 3s", 33),
        ("users: 3, shared-iterations: 30", 30),
        ("users: 3, iterations: 10", 30),
    ] {
        for threads in [1, 2] {
            let text = load_of(profile) + HOOKS;
            let trial = Trial::new(plan(&[&text], 0), |call| {
                Turn::ok(Duration::from_millis(if call.step.name == "a" { 300 } else { 0 }))
            })
            .threads(threads);
            let result = handled(&trial, &[(1_000, pause), (61_000, go_on)]);
            assert_eq!(trial.count("a"), count, "{profile}");
            let times = trial.times("a");
            assert!(!times.iter().any(|at| (1_010..60_990).contains(at)), "{profile}: {times:?}");
            let load = load(&result);
            assert_eq!((load.started, load.interrupted), (load.completed, 0), "{profile}");
            assert!(load.duration_ms <= 3_400, "{profile}: {}", load.duration_ms);
            // The time of a pause is nobody's presence, but for what was begun before it.
            let present = 300_000 * count as u64;
            assert!(load.present_us.abs_diff(present) <= 100_000, "{}", load.present_us);
            assert_eq!(trial.count("sign out"), 3, "{profile}");
        }
    }
}

#[test]
fn users_come_and_go_as_the_keys_say_on_all_workers() {
    fn more(control: &Control, _: &Stop) {
        assert_eq!(control.scale(Scale::OneMore), [("t".to_string(), 3)]);
        assert_eq!(control.scale(Scale::OneMore), [("t".to_string(), 4)]);
        assert_eq!(control.scale(Scale::TenthMore), [("t".to_string(), 5)]);
    }
    fn fewer(control: &Control, _: &Stop) {
        for left in [4, 3, 2, 1] {
            assert_eq!(control.scale(Scale::OneLess), [("t".to_string(), left)]);
        }
        assert_eq!(control.scale(Scale::TenthLess), [], "never none: that is a pause");
    }
    for threads in [1, 2] {
        let text = load_of("users: 2, duration: 12s") + HOOKS;
        let trial = Trial::new(plan(&[&text], 0), |call| {
            Turn::ok(Duration::from_millis(if call.step.name == "a" { 100 } else { 0 }))
        })
        .threads(threads);
        let result = handled(&trial, &[(4_000, more), (8_000, fewer)]);
        let seconds = by_second(&trial);
        let near = |second: u128, users: usize| {
            let done = seconds[&second];
            assert!(done.abs_diff(users * 10) <= 2, "{users} users in {second}: {seconds:?}");
        };
        near(2, 2);
        near(6, 5);
        near(10, 1);
        assert_eq!(load(&result).users_max, 5);
        assert_eq!(load(&result).users[10], 1, "{:?}", load(&result).users);
        assert_eq!((trial.count("sign in"), trial.count("sign out")), (5, 5));
        assert_eq!(load(&result).duration_ms / 100, 120);
        assert_eq!(
            told(&result),
            ["users of `t` set to 5 at 4.0 s", "users of `t` set to 1 at 8.0 s"]
        );
    }
}

#[test]
fn users_beyond_the_plan_do_iterations_of_their_own() {
    fn more(control: &Control, _: &Stop) {
        control.scale(Scale::OneMore);
    }
    let trial = Trial::new(plan(&[&load_of("users: 2, duration: 4s")], 0), after(100));
    handled(&trial, &[(2_000, more)]);
    let mut users: Vec<u32> = trial.seen().iter().map(|seen| seen.user).collect();
    users.sort_unstable();
    users.dedup();
    assert_eq!(users, [1, 2, 3]);
    let mut done: Vec<(u32, u64)> =
        trial.seen().iter().map(|seen| (seen.user, seen.iteration)).collect();
    let all = done.len();
    done.sort_unstable();
    done.dedup();
    assert_eq!(done.len(), all, "nobody does one twice");
}

#[test]
fn a_ramp_goes_on_after_a_pause_where_it_was() {
    let stages = "stages: [{ duration: 4s, target: 4 }, { duration: 4s, target: 0 }]";
    for threads in [1, 2] {
        let trial = Trial::new(plan(&[&load_of(stages)], 0), after(100)).threads(threads);
        let result = handled(&trial, &[(3_000, pause), (9_000, go_on)]);
        let users = &load(&result).users;
        assert_eq!(load(&result).duration_ms / 100, 80, "{users:?}");
        // Goose counts the seconds itself, and none pass here: it has brought nobody by then.
        let planned = [0, 0, 0, 3, 4, 4, 3, 2];
        for (seen, planned) in users.iter().zip(planned) {
            assert!(seen.abs_diff(planned) <= 1, "{users:?}");
        }
    }
}

#[test]
fn only_users_of_a_closed_load_for_a_time_can_be_set_and_only_while_it_runs() {
    fn none(control: &Control, _: &Stop) {
        assert_eq!(control.scale(Scale::OneMore), []);
        assert!(!control.is_used());
    }
    for profile in ["arrivals: 10/s, duration: 1s", "users: 2, iterations: 10"] {
        let trial = Trial::new(plan(&[&load_of(profile)], 0), after(90));
        trial.control.pause();
        assert!(!trial.control.is_paused(), "there is no load yet");
        let result = handled(&trial, &[(500, none)]);
        assert!(told(&result).is_empty());
        trial.control.pause();
        assert!(!trial.control.is_paused(), "it is over");
    }
}

#[test]
fn a_gentle_stop_waits_for_what_was_begun_within_the_graceful_stop() {
    for profile in ["users: 2, duration: 60s", "arrivals: 2/s, duration: 60s, max-users: 2"] {
        for (grace, took, cut) in [("30s", 5_000, 0), ("2s", 4_000, 2)] {
            let text = load_of(&format!("{profile}, graceful-stop: {grace}")) + HOOKS;
            let trial = Trial::new(plan(&[&text], 0), |call| {
                Turn::ok(Duration::from_secs(if call.step.name == "a" { 5 } else { 0 }))
            });
            let result = handled(&trial, &[(2_000, gently)]);
            let load = load(&result);
            assert_eq!((load.started, load.interrupted), (2, cut), "{profile}, {grace}");
            assert_eq!(result.run.ended_early.as_deref(), Some("stopped by hand"));
            let late = load.duration_ms.abs_diff(took);
            assert!(late <= 600, "{profile}, {grace}: {}", load.duration_ms);
            assert_eq!(trial.count("sign out"), 2, "{profile}");
        }
    }
}

#[test]
fn a_stop_ends_a_pause_and_a_second_one_hurries_a_gentle_one() {
    fn hurry(_: &Control, stop: &Stop) {
        stop.request("interrupted");
    }
    let trial = Trial::new(plan(&[&load_of("users: 2, duration: 60s")], 0), after(300));
    let result = handled(&trial, &[(1_000, pause), (5_000, gently)]);
    assert_eq!((load(&result).interrupted, trial.count("a")), (0, 8));
    assert_eq!(told(&result), ["paused at 1.0 s for 4.0 s"]);

    let long = plan(&[&load_of("users: 2, duration: 60s, graceful-stop: 50s")], 0);
    let trial = Trial::new(long, after(40_000));
    let result = handled(&trial, &[(1_000, gently), (3_000, hurry)]);
    assert_eq!(load(&result).interrupted, 2);
    assert!(load(&result).duration_ms.abs_diff(4_000) < 100, "{}", load(&result).duration_ms);
}
