//! Tests of the view, on terminals of all sizes.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::cli::live::keys::Hold;
use crate::executor::Planned;
use crate::recorder::empty_histogram;
use crate::result::journal::{LoadSecond, SecondEntry, StepSecond, blank};
use crate::result::{
    Histograms, LoadResult, ScenarioResult, SlaRecord, Slice, StepResult, Vital, histogram,
};

fn step(name: &str) -> StepResult {
    let empty = serde_json::json!({
        "scenario": "shop", "step": name, "tags": {}, "place": "shop.yaml:3", "count": 0,
        "failed": 0, "dropped": 0, "rate": 0.0, "response_us": summary(),
        "service_us": summary(), "lag_us": summary(), "failed_us": summary(), "failures": {},
        "examples": [], "checks": [], "bytes_sent": 0, "bytes_received": 0,
        "histograms": { "response": "" }, "slices": [],
    });
    serde_json::from_value(empty).expect("a step")
}

fn summary() -> serde_json::Value {
    serde_json::to_value(crate::result::Summary::default()).expect("numbers")
}

/// So many answers of a step in a second, each of so many microseconds.
fn done(step: usize, second: u32, (count, us, failed): (u64, u64, u64)) -> StepSecond {
    let mut seen = empty_histogram();
    seen.record_n(us, count).expect("it fits");
    let response = if count == 0 { String::new() } else { histogram::encode(&seen) };
    let histograms = Histograms { response, ..Histograms::default() };
    let slice = Slice { second, count: count + failed, failed, histograms };
    let failures = [("status".to_string(), failed)];
    let failures = failures.into_iter().filter(|(_, count)| *count > 0).collect();
    StepSecond { step, slice, failures, ..StepSecond::default() }
}

/// A load of a minute of a scenario with these steps and SLAs, that offers 20 arrivals a second.
fn state(steps: &[&str], slas: &[&str]) -> State {
    let mut run = blank();
    run.run.target = "http://127.0.0.1:4000".to_string();
    run.run.profile = "load".to_string();
    run.steps = steps.iter().map(|name| step(name)).collect();
    let slas = slas.iter().map(|text| SlaRecord { text: text.to_string(), ..SlaRecord::default() });
    let load = LoadResult { slas: slas.collect(), model: "open".into(), ..LoadResult::default() };
    let name = "shop".to_string();
    run.scenarios = vec![ScenarioResult { name, load: Some(load), ..ScenarioResult::default() }];
    State::new(run, vec![Planned { users: 0, rate: 20.0 }; 60])
}

fn second(number: u32, steps: Vec<StepSecond>) -> SecondEntry {
    let load = LoadSecond { started: 20, users: 7, ..LoadSecond::default() };
    SecondEntry {
        second: number,
        cpu: Some(0.25),
        loop_gap_us: 900,
        vital: Some(Vital { lag_p99_us: 300, thread_cpu: 0.4, ..Vital::default() }),
        loads: vec![load],
        steps,
        ..SecondEntry::default()
    }
}

/// Twelve seconds in which `browse` gets slower and `pay` fails now and then.
fn busy() -> State {
    let slas = [
        "http_req_duration: p(95)<500",
        "http_req_duration{step:browse}: p(95)<10",
        "http_req_failed: rate<0.01",
    ];
    let mut state = state(&["browse", "pay"], &slas);
    for number in 0..12 {
        let slow = 1_000 * u64::from(number + 1);
        let browse = done(0, number, (30, slow, 0));
        state.second(second(number, vec![browse, done(1, number, (5, 40_000, 1))]));
    }
    state.notice("failed: shop › pay: 500".to_string());
    state
}

fn seen(state: &State, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| draw(frame, state)).expect("it draws");
    let buffer = terminal.backend().buffer();
    let line = |y: u16| -> String {
        let cells = (0..width).map(|x| buffer[(x, y)].symbol());
        cells.collect::<String>().trim_end().to_string()
    };
    (0..height).map(|y| line(y) + "\n").collect()
}

#[test]
fn a_load_in_progress_is_shown_with_rates_quantiles_slas_and_failures() {
    let text = seen(&busy(), (118, 20));
    for wanted in [
        "steady, 12 of 60 s, 48 s left",
        "7 users   offered 20/s, begun 20/s   36/s requests   432 in all   12 failed (2.8%)",
        "failures: status 12",
        "generator well   CPU 25%   core 40%   late 300 µs   loop gap 900 µs",
        "PASS          http_req_duration: p(95)<500",
        "█░░░░░░░░░ 8%",
        "failed: shop › pay: 500",
        "▁▂▂▃▄▄▅▆▇▇██",
        "? help  p pause  s stop gently  q stop now  + - > < users",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    // The last ten seconds alone: the first two, the fastest, are no longer among them.
    let browse = text.lines().find(|line| line.starts_with("browse")).expect("a row");
    assert!(browse.contains("30/s") && browse.contains("7 ms"), "{browse}");
    let pay = text.lines().find(|line| line.starts_with("pay")).expect("a row");
    assert!(pay.contains("6/s") && pay.contains(" 10 "), "{pay}");
}

#[test]
fn what_is_beyond_its_bound_now_is_marked_beside_the_whole_load() {
    let text = seen(&busy(), (118, 20));
    let sla = text.lines().find(|line| line.contains("{step:browse}")).expect("a row");
    // Of all seconds it is 11.4 ms, of the last ten 12.
    assert!(sla.starts_with("FAIL") && sla.contains("12 ms!"), "{sla}");
    let browse = text.lines().find(|line| line.starts_with("browse")).expect("a row");
    assert_eq!(browse.matches('!').count(), 1, "its p95 alone has a bound near: {browse}");
    let pay = text.lines().find(|line| line.starts_with("pay")).expect("a row");
    assert!(!pay.contains('!'), "{pay}");
}

#[test]
fn a_strained_generator_is_said_in_a_word() {
    let mut state = state(&["browse"], &[]);
    let mut late = second(0, Vec::new());
    late.loop_gap_us = 80_000;
    state.second(late);
    assert!(seen(&state, (100, 12)).contains("generator STRAINED"));
}

#[test]
fn what_fails_or_is_slow_is_seen_where_not_all_steps_fit() {
    let names: Vec<String> = (0..30).map(|number| format!("step {number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut state = state(&names, &[]);
    let steps = (0..30).map(|at| match at {
        17 => done(at, 0, (0, 1, 3)),
        23 => done(at, 0, (9, 700_000, 0)),
        _ => done(at, 0, (9, 1_000, 0)),
    });
    state.second(second(0, steps.collect()));
    let text = seen(&state, (110, 14));
    assert!(text.contains("step 17") && text.contains("step 23"), "{text}");
    assert!(text.contains("24 more, faster"), "{text}");
}

#[test]
fn a_small_terminal_shows_what_matters_most() {
    let text = seen(&busy(), (40, 12));
    for wanted in ["12 of 60 s", "7 users", "12 failed (2.8%)", "FAIL", "browse", "pay", "12 ms!"] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    assert!(text.contains("? help  p pause  s stop gently"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 40));
}

#[test]
fn where_the_load_is_is_a_word_and_hands_are_seen() {
    let shape = |users: [u32; 6]| users.map(|users| Planned { users, rate: 0.0 }).to_vec();
    let mut state = state(&["browse"], &[]);
    state.planned = shape([0, 2, 4, 4, 4, 2]);
    let hold = Hold::default();
    let mut phases = Vec::new();
    for number in 0..6 {
        state.held(&hold);
        let text = seen(&state, (90, 12));
        let line = text.lines().nth(1).expect("a line");
        phases.push(line.trim_matches(['█', ' ']).to_string());
        state.second(second(number, vec![done(0, number, (1, 1_000, 0))]));
    }
    assert_eq!(
        phases.iter().map(|line| line.split(',').next().unwrap_or_default()).collect::<Vec<_>>(),
        ["ramping up", "ramping up", "steady", "steady", "ramping down", "ramping down"],
    );
    state.held(&hold);
    assert!(seen(&state, (90, 12)).contains("ending, 6 of 6 s, what was begun"));
    hold.stop.request_gently("enough");
    state.held(&hold);
    assert!(seen(&state, (90, 12)).contains("STOPPING gently (q: now)"));
    hold.stop.request("enough");
    state.held(&hold);
    assert!(seen(&state, (90, 12)).contains("STOPPING (q: at once)"));
}

#[test]
fn any_terminal_is_large_enough_not_to_break_it() {
    let mut state = busy();
    for help in [false, true] {
        state.help = help;
        for width in [1, 9, 40, 60, 80, 300] {
            for height in [1, 3, 6, 12, 100] {
                seen(&state, (width, height));
            }
        }
    }
    let help = seen(&state, (120, 24));
    for (key, does) in KEYS {
        assert!(help.contains(&format!("{key:5}{does}")), "{help}");
    }
    assert!(help.contains("blurs what it measures"), "{help}");
}
