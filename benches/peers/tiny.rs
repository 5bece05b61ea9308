//! The same program with the tiniest amounts, as a test: that everybody is measured, does the same
//! work, and that the tables have their rows. Never how fast anything was.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::Value;

use crate::bench::{Amount, Bench, Problem};
use crate::goals::{Reached, Row};
use crate::growth::Growth;
use crate::rounds::Round;
use crate::table::Outcome;
use crate::tool::{self, Tool, Work};
use crate::{connections, goals, growth, hog, install, rounds, users, work};

/// The name of this test.
const NAME: &str = "peers_are_measured_and_do_equal_work";

/// Measures with what is inside of this program and Taster, and checks the outcome; unless the
/// words of `cargo test` choose other tests.
///
/// # Errors
/// With all that is wrong.
pub fn run(words: &[String]) -> Result<ExitCode, Problem> {
    if words.iter().any(|word| word == "--list") {
        println!("{NAME}: test");
        return Ok(ExitCode::SUCCESS);
    }
    // Options may have numbers; a name that is asked for is none.
    let names: Vec<&String> = words
        .iter()
        .filter(|word| !word.starts_with('-') && word.parse::<u64>().is_err())
        .collect();
    if !names.is_empty() && !names.iter().any(|name| NAME.contains(name.as_str())) {
        println!("{NAME} is not asked for");
        return Ok(ExitCode::SUCCESS);
    }
    let (warm_up, seconds) = (Duration::from_millis(50), Duration::from_millis(400));
    let amount = Amount { rounds: 1, warm_up, seconds, seed: 1 };
    let mut bench = Bench::new(amount, "tiny")?;
    // On cores of their own, others' work would be in the way of other tests.
    bench.pinned = false;
    // The stub is for where there is no nginx.
    install::find(&mut bench, &[], false);
    let wrong = [lies(), check(&bench)?].concat();
    match wrong.is_empty() {
        true => {
            println!("{NAME}: ok");
            Ok(ExitCode::SUCCESS)
        }
        false => Err(Problem::new(wrong.join("\n"))),
    }
}

fn check(bench: &Bench) -> Result<Vec<String>, Problem> {
    let tools = tool::available(bench);
    let looked = work::look(bench, &tools)?;
    let rounds = rounds::all(bench, &tools)?;
    // Nothing that needs an installation is compared.
    let mut rows = goals::rows(&rounds, &[], 1);
    let compared = rows.len();
    rows.extend(users::rows(bench, 20));
    rows.push(growth::row(bench, Growth { requests: &[20, 200], seconds: 2 }));
    rows.push(connections::row(bench, 128));
    rows.push(hog::row(bench, 1));
    let outcome = Outcome { tools, missing: Vec::new(), looked, rounds, rows };
    let mut wrong = Vec::new();
    // Closed and own engine against the reqwest loop, goose's request and the floor, and each
    // other on the journey.
    claim(&mut wrong, compared == 7, format!("{compared} comparisons, expected 7"));
    for tool in &outcome.tools {
        let why = outcome.disqualified(*tool);
        claim(&mut wrong, why.is_none(), format!("{tool}: {}", why.unwrap_or_default()));
        outcome.rounds.iter().for_each(|round| check_measured(&mut wrong, round, *tool));
    }
    outcome.rows.iter().for_each(|row| check_row(&mut wrong, row));
    check_written(&mut wrong, &outcome, bench);
    Ok(wrong)
}

/// A tool that leaves work out is found.
fn lies() -> Vec<String> {
    let days = ["2026-01-01".to_string(), "2026-01-02".to_string()];
    let honest = work::honest("2026-01-02");
    let mut wrong = Vec::new();
    let accepted = |log: &str| work::examine(log, Work::Journey, &days).is_ok();
    claim(&mut wrong, accepted(&honest), format!("an honest journey is refused: {honest}"));
    let without_token = honest.replace("Bearer", "Basic");
    claim(&mut wrong, !accepted(&without_token), "a journey without a token is accepted".into());
    let old = honest.replace("2026-01-02", "2025-01-02");
    claim(&mut wrong, !accepted(&old), "a journey of another day is accepted".into());
    let many = honest.repeat(100);
    let meals = |line: &&str| !line.contains("/api/meals?");
    let skipped = many.lines().filter(meals).collect::<Vec<_>>().join("\n");
    claim(&mut wrong, accepted(&many), "a hundred honest journeys are refused".into());
    claim(&mut wrong, !accepted(&skipped), "a journey that skips a step is accepted".into());
    claim(&mut wrong, !accepted(""), "a journey without requests is accepted".into());
    let elsewhere = work::examine("GET\t/y\t200\t-\t-", Work::Get, &days);
    claim(&mut wrong, elsewhere.is_err(), "a GET of something else is accepted".into());
    wrong
}

fn claim(wrong: &mut Vec<String>, holds: bool, what: String) {
    if !holds {
        wrong.push(what);
    }
}

fn check_measured(wrong: &mut Vec<String>, round: &Round, tool: Tool) {
    match round.get(&tool) {
        Some(Ok(one)) => {
            let numbers = [one.rate, one.cpu_us, one.whole_cpu_us];
            let positive = numbers.iter().all(|number| number.is_finite() && *number > 0.0);
            claim(wrong, positive, format!("{tool}: not all positive: {one:?}"));
        }
        Some(Err(problem)) => wrong.push(format!("{tool}: {problem}")),
        None => wrong.push(format!("{tool} was not measured")),
    }
}

fn check_row(wrong: &mut Vec<String>, row: &Row) {
    let known = row.reached != Reached::Unknown;
    claim(wrong, known, format!("{}: {}", row.what, row.measured));
    for ratio in ["requests_per_second", "cpu_per_request", "ratio"] {
        if let Some(median) = row.data[ratio]["median"].as_f64() {
            let positive = median.is_finite() && median > 0.0;
            claim(wrong, positive, format!("{}: the ratio is {median}", row.what));
        }
    }
}

/// Both forms of the outcome hold every tool and every row.
fn check_written(wrong: &mut Vec<String>, outcome: &Outcome, bench: &Bench) {
    let (text, json) = (outcome.text(bench), outcome.json(bench));
    for tool in &outcome.tools {
        claim(wrong, text.contains(&format!("| {tool} | ")), format!("no line for {tool}: {text}"));
    }
    for row in &outcome.rows {
        claim(wrong, text.contains(&row.what), format!("no line for {}: {text}", row.what));
    }
    let length = |key: &str| json[key].as_array().map_or(0, Vec::len);
    claim(wrong, length("to_reach") == outcome.rows.len(), format!("rows are missing: {json}"));
    claim(wrong, length("rounds") == 1, format!("rounds are missing: {json}"));
    claim(wrong, json["complete"] == Value::Bool(true), format!("it is incomplete: {text}"));
    println!("{text}");
}
