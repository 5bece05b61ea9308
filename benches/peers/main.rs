//! `make bench`: Taster beside its peers, in rounds, on one pinned server, with equal work proven
//! at the server. `cargo bench --bench peers -- --help` lists the options.
//!
//! Under `cargo test` the same program runs with the tiniest amounts, and checks what it made
//! rather than how fast that was.

mod args;
mod bench;
mod clients;
mod connections;
mod floor;
mod goals;
mod growth;
mod hog;
mod install;
mod measure;
mod proc;
mod rounds;
mod selftest;
mod server;
mod stats;
mod stub;
mod table;
mod tiny;
mod tool;
mod users;
mod work;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Part, Role};
use crate::bench::{Bench, Problem};
use crate::goals::Row;
use crate::growth::Growth;
use crate::table::Outcome;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match Args::are_meant(&words) {
        true => act(&Args::parse()),
        false => tiny::run(&words),
    };
    match done {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("peers: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn act(args: &Args) -> Result<ExitCode, Problem> {
    match &args.role {
        Some(role) => play(role),
        None => compare(args),
    }
}

/// What this program does when it starts itself.
fn play(role: &Role) -> Result<ExitCode, Problem> {
    match role {
        Role::Client { client, url, seconds } => {
            println!("requests: {}", clients::run(*client, url, *seconds)?);
        }
        Role::Hog { seconds } => clients::hog(*seconds),
        Role::Serve { address, log } => stub::serve(*address, log.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn compare(args: &Args) -> Result<ExitCode, Problem> {
    let mut bench = Bench::new(args.amount(), "run")?;
    let wanted = args.wanted()?;
    let missing = install::find(&mut bench, &wanted, args.install);
    if bench.nginx.is_none() {
        let why = missing.first().map_or(String::new(), |(_, why)| why.clone());
        return Err(Problem::new(format!("nginx, the server of all comparisons: {why}")));
    }
    let outcome = measure_all(&bench, args, (missing, &wanted))?;
    let file = args.json.clone().unwrap_or_else(|| bench::home().join("latest.json"));
    std::fs::write(&file, format!("{:#}\n", outcome.json(&bench)))?;
    print!("{}", outcome.text(&bench));
    eprintln!("all numbers: {}", file.display());
    Ok(match outcome.is_complete() && !outcome.is_disturbed() && bench.pinned {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn measure_all(
    bench: &Bench,
    args: &Args,
    (missing, wanted): (Vec<install::Missing>, &[&str]),
) -> Result<Outcome, Problem> {
    let tools = match args.has(Part::Tools) {
        true => tool::available(bench),
        false => Vec::new(),
    };
    let looked = work::look(bench, &tools)?;
    let rounds = match tools.is_empty() {
        true => Vec::new(),
        false => rounds::all(bench, &tools)?,
    };
    let rows = Vec::new();
    let mut outcome = Outcome { tools, missing, looked, rounds, rows };
    if args.has(Part::Tools) {
        outcome.rows = goals::rows(&outcome.qualified(), wanted, bench.amount.seed);
    }
    outcome.rows.extend(others(bench, args));
    Ok(outcome)
}

/// The goals that are not comparisons of tools.
fn others(bench: &Bench, args: &Args) -> Vec<Row> {
    let mut rows = Vec::new();
    if args.has(Part::Users) {
        rows.extend(users::rows(bench, 10_000));
    }
    if args.has(Part::Growth) {
        // Ten million need more time than most have; all runs take the same.
        let growth = match args.full {
            true => Growth { requests: &[100_000, 1_000_000, 10_000_000], seconds: 120 },
            false => Growth { requests: &[100_000, 1_000_000], seconds: 30 },
        };
        rows.push(growth::row(bench, growth));
    }
    if args.has(Part::Connections) {
        rows.push(connections::row(bench, 5_000));
    }
    if args.has(Part::Hog) {
        rows.push(hog::row(bench, 8));
    }
    if args.has(Part::Selftest) {
        rows.extend(selftest::rows(bench));
    }
    rows
}
