//! `cargo bench --bench live`: what the live view and publishing cost a load at a high rate.
//!
//! `--rounds N`, `--seconds N`, `--rate N` (requests a second) and `--json FILE`.

mod measure;
mod receivers;
#[path = "../../tests/it/support/terminal.rs"]
mod terminal;

use std::process::ExitCode;

use serde_json::Value;

use crate::measure::{Amount, Compared, NUMBERS, Problem, Seen, WAYS, Watched, load, serve};

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
    for round in 0..amount.rounds as usize {
        eprintln!("round {} of {}", round + 1, amount.rounds);
        let mut seen = [None; WAYS.len()];
        for turn in 0..WAYS.len() {
            let at = (turn + round) % WAYS.len();
            seen[at] = Some(watched(&url, amount, WAYS[at])?);
        }
        let [Some(alone), Some(view), Some(published)] = seen else { continue };
        rounds.push([alone, view, published]);
    }
    Ok(Compared { amount, rounds })
}

/// One load that was really watched as it should be.
fn watched(url: &str, amount: Amount, way: Watched) -> Result<Seen, Problem> {
    let seen = load(url, amount, way)?;
    let (scrapes, pushes) = seen.told;
    let often = amount.seconds as usize / 2;
    let holds = match way {
        Watched::Alone => !seen.drawn && seen.told == (0, 0),
        Watched::View => seen.drawn,
        Watched::Published => scrapes >= often && pushes >= often,
    };
    match holds {
        true => Ok(seen),
        false => {
            Err(format!("{way:?} was not watched so: drawn {}, told {:?}", seen.drawn, seen.told))
        }
    }
}

/// All numbers.
fn json(compared: &Compared) -> String {
    let of = |seen: &Seen| -> Value {
        NUMBERS.iter().map(|(what, _, of)| (what.to_string(), Value::from(of(seen)))).collect()
    };
    let one = |[alone, view, published]: &[Seen; 3]| {
        let (alone, view, published) = (of(alone), of(view), of(published));
        serde_json::json!({ "alone": alone, "view": view, "published": published })
    };
    let rounds: Vec<Value> = compared.rounds.iter().map(one).collect();
    format!("{}\n", serde_json::json!({ "rate": compared.amount.rate, "rounds": rounds }))
}
