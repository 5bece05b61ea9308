//! `make gate-proof`: how often the gate errs, measured. `cargo bench --bench gate -- --help` lists
//! the options.
//!
//! Two stages, and how long a verdict takes (`--verdict-time`). The synthetic stage makes runs up
//! on hosts whose noise is known and counts wrong words; the real one records duets of the embedded
//! backend, and judges the recordings by the gate and by the rules of others.

mod args;
mod record;
mod replay;
mod synthetic;
mod time;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Real};

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.real {
        None if args.verdict_time => time::run(),
        None => synthetic(&args),
        Some(Real::Record) => record::record(&args),
        Some(Real::Replay) => replay(&args),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("gate: {problem}");
            ExitCode::from(6)
        }
    }
}

fn synthetic(args: &Args) -> Result<bool, String> {
    let outcomes = args.amounts().map(|amount| {
        eprintln!("seed {}", amount.seed);
        synthetic::run(&amount, |what| eprintln!("  {what}"))
    });
    let outcome = outcomes.reduce(synthetic::Outcome::and).ok_or("there is no seed to try")?;
    print!("{}", outcome.text());
    write(args, &outcome.json())?;
    Ok(outcome.is_met())
}

fn replay(args: &Args) -> Result<bool, String> {
    let outcome = replay::run(&args.folder)?;
    print!("{}", outcome.text());
    write(args, &outcome.json())?;
    Ok(outcome.is_met())
}

fn write(args: &Args, value: &serde_json::Value) -> Result<(), String> {
    let (file, text) = (&args.json, format!("{value:#}\n"));
    std::fs::write(file, text).map_err(|why| format!("{}: {why}", file.display()))?;
    eprintln!("all numbers: {}", file.display());
    Ok(())
}
