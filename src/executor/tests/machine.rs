//! Tests of what is measured of the machine while load runs.

use std::time::Duration;

use super::{Trial, after, load_of, plan, profiles};

const TEST: &str = "tests:\n  - { name: x, steps: [{ step: s, get: /s }] }\n";

#[test]
fn each_second_of_a_load_has_a_turn_of_the_probe() {
    let trial = Trial::new(plan(&[&load_of("users: 1, duration: 2s")], 0), after(50));
    let result = trial.execute();
    let probe = &result.probe_ns[..2];
    // Arithmetic, memory and forty datagrams: more than nothing, less than a second.
    assert!(probe.iter().all(|turn| (10_000..1_000_000_000).contains(turn)), "{probe:?}");
    assert!(result.probe_ns.len() <= result.generator.cpu.len());
}

#[test]
fn tests_alone_are_no_measurement_of_the_machine() {
    let text = format!("name: t\n{TEST}");
    let trial = Trial::new(plan(&[&text], 0), after(10));
    assert_eq!(trial.execute().probe_ns, Vec::<u64>::new());
    // A load that is not wanted is none either.
    let text = format!("name: t\n{TEST}load:\n  journey: [{{ step: a, get: /a }}]\n");
    let mut both = plan(&[&(text + &profiles("users: 1, duration: 1s"))], 0);
    let scenario = std::sync::Arc::get_mut(&mut both.scenarios[0]).expect("nobody else has it");
    scenario.load = None;
    let began = Trial::new(both, |_| crate::driver::Turn::ok(Duration::ZERO)).execute();
    assert_eq!((began.tests.len(), began.probe_ns), (1, Vec::<u64>::new()));
}
