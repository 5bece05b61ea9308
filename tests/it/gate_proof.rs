//! How often the gate errs, in small: the proof of `benches/gate` with fewer trials, and what is
//! recorded of real duets judged again. The seed is fixed, so the numbers only change with the
//! gate.

#[path = "../../benches/gate/replay.rs"]
mod replay;
#[path = "../../benches/gate/synthetic/mod.rs"]
mod synthetic;

use std::path::Path;

use synthetic::Amount;

#[test]
fn the_gate_errs_as_rarely_as_it_says_and_finds_what_it_must() {
    let amount = Amount { seed: 1, trials: 100, runs: 26, alone: 26, seconds: 30, whole: false };
    let outcome = synthetic::run(&amount, |_| {});
    let missed: Vec<&str> =
        outcome.goals.iter().filter(|goal| goal.is_surely_missed).map(|goal| goal.what).collect();
    assert!(missed.is_empty(), "{missed:?}\n{}", outcome.text());
    // Every goal was tried, and stands in the file with what was reached.
    let json = outcome.json();
    let reached = json["to_reach"].as_array().into_iter().flatten();
    assert!(reached.clone().count() >= 15, "{json:#}");
    assert!(reached.clone().all(|goal| goal["reached"].is_number()), "{json:#}");
    let met = reached.filter(|goal| goal["met"] == true).count();
    assert_eq!(met == outcome.goals.len(), outcome.is_met());
}

#[test]
fn a_goal_is_held_against_all_seeds_together() {
    let of = |seed| Amount { seed, trials: 8, runs: 20, alone: 20, seconds: 12, whole: false };
    let seeds = [1, 2].map(|seed| synthetic::run(&of(seed), |_| {}));
    let reached = |outcome: &synthetic::Outcome| -> Vec<f64> {
        outcome.goals.iter().filter_map(|goal| Some(goal.share?.seen)).collect()
    };
    let [one, two] = seeds.each_ref().map(reached);
    assert_ne!(one, two, "other seeds, other luck");
    let joined = seeds.into_iter().reduce(synthetic::Outcome::and).expect("two");
    for (at, both) in reached(&joined).into_iter().enumerate() {
        let mean = (one[at] + two[at]) / 2.0;
        assert!((both - mean).abs() < 1e-9, "{}: {both}", joined.goals[at].what);
        assert_eq!(joined.goals[at].seeds, [one[at], two[at]]);
    }
    assert_eq!(joined.json()["seeds"], serde_json::json!([1, 2]));
    assert_eq!(joined.is_met(), joined.goals.iter().all(|goal| goal.word() == "met"));
}

#[test]
fn recorded_duets_are_judged_again_and_nothing_is_claimed_of_a_busy_machine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/gate/recordings");
    let outcome = replay::run(&folder).unwrap();
    assert!(outcome.is_met(), "{}", outcome.text());
    let json = outcome.json();
    let kinds: Vec<_> = json["recordings"].as_array().into_iter().flatten().collect();
    for busy in ["busy-aa", "busy-slow-20"] {
        let kind = kinds.iter().find(|kind| kind["kind"] == busy).unwrap();
        let gate = &kind["rules"][0];
        assert_eq!(gate["rule"], "gate");
        assert_eq!(gate["said"]["inconclusive"]["share"], 1.0, "{}", outcome.text());
    }
}
