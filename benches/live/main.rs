//! `cargo bench --bench live`: what the live view costs a load at a high rate.
//!
//! `--rounds N`, `--seconds N`, `--rate N` (requests a second) and `--json FILE`.

mod measure;
#[path = "../../tests/it/support/terminal.rs"]
mod terminal;

use std::process::ExitCode;

use serde_json::Value;

use crate::measure::{Amount, Compared, NUMBERS, Problem, Seen, load, serve};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).cloned()
    };
    let number = |name: &str, usual: u32| after(name).and_then(|n| n.parse().ok()).unwrap_or(usual);
    let amount = Amount {
        rounds: number("--rounds", 5),
        seconds: number("--seconds", 15),
        rate: number("--rate", 10_000),
    };
    match compare(amount) {
        Ok(compared) => {
            print!("{}", compared.table());
            if let Some(file) = after("--json")
                && let Err(error) = std::fs::write(&file, json(&compared))
            {
                eprintln!("live: {file}: {error}");
                return ExitCode::FAILURE;
            }
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("live: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all rounds; who is first changes from one to the next.
fn compare(amount: Amount) -> Result<Compared, Problem> {
    let url = serve().map_err(|error| format!("no server: {error}"))?;
    let mut rounds = Vec::new();
    for round in 0..amount.rounds {
        eprintln!("round {} of {}", round + 1, amount.rounds);
        let first = load(&url, amount, round % 2 == 1)?;
        let second = load(&url, amount, round % 2 == 0)?;
        rounds.push(if round % 2 == 0 { (first, second) } else { (second, first) });
    }
    match rounds.iter().all(|(without, with)| with.drawn && !without.drawn) {
        true => Ok(Compared { amount, rounds }),
        false => Err("the view was not drawn where it should be".to_string()),
    }
}

/// All numbers.
fn json(compared: &Compared) -> String {
    let of = |seen: &Seen| -> Value {
        NUMBERS.iter().map(|(what, _, of)| (what.to_string(), Value::from(of(seen)))).collect()
    };
    let rounds = compared.rounds.iter();
    let rounds: Vec<Value> =
        rounds.map(|(off, on)| serde_json::json!({ "without": of(off), "with": of(on) })).collect();
    format!("{}\n", serde_json::json!({ "rate": compared.amount.rate, "rounds": rounds }))
}
