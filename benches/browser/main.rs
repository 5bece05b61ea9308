//! `make bench-browser`: Taster beside Playwright, on the same pages, machine and Chromium, in
//! turns within one run.
//!
//! Prints a table and writes `target/bench-browser.json`. `--rounds N` for more turns.

mod app;
mod micro;
mod peer;
mod table;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use crate::micro::{Amounts, Micro};
use crate::peer::Peer;

/// Anything that ends the comparison, in words.
pub type Problem = String;

/// What Chromium is started with by both.
const FLAGS: &str = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let rounds = words.iter().position(|word| word == "--rounds");
    let rounds = rounds.and_then(|at| words.get(at + 1)?.parse().ok()).unwrap_or(5);
    match compare(rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("browser: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// What both did, one entry for each round.
#[derive(Default)]
pub struct Compared {
    /// Wall time of the suite by workers, traces off: Playwright, Taster.
    pub suite: Vec<(u32, Duration, Duration)>,
    /// Taster with one worker: without traces, with.
    pub traced: Vec<(Duration, Duration)>,
    /// Playwright's and Taster's small things.
    pub micro: Vec<(Micro, Micro)>,
}

fn compare(rounds: u32) -> Result<(), Problem> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let address = runtime.block_on(app::serve()).map_err(|error| error.to_string())?;
    let target = format!("http://{address}");
    let peer = Peer::install(here, &target)?;
    let amounts = Amounts::default();
    let mut compared = Compared::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for workers in [1, 2] {
            // Whoever is first finds what the other left in the caches, so they take turns.
            let (theirs, ours) = match round % 2 {
                0 => (peer.suite(workers)?, ours(here, &target, workers, "never")?),
                _ => {
                    let ours = ours(here, &target, workers, "never")?;
                    (peer.suite(workers)?, ours)
                }
            };
            compared.suite.push((workers, theirs, ours));
        }
        let (plain, traced) = (ours(here, &target, 1, "never")?, ours(here, &target, 1, "failed")?);
        compared.traced.push((plain, traced));
        compared.micro.push((peer.micro(&amounts)?, micro::taster(here, &target, &amounts)?));
    }
    let text = table::render(&compared);
    println!("{text}");
    let file = here.join("target/bench-browser.json");
    std::fs::write(&file, table::json(&compared)).map_err(|error| error.to_string())?;
    println!("written to {}", file.display());
    Ok(())
}

/// The wall time of the suite by this build of Taster.
fn ours(here: &Path, target: &str, workers: u32, traces: &str) -> Result<Duration, Problem> {
    let out: PathBuf = here.join("target/bench-browser");
    let suite = here.join("benches/browser/suite.yaml");
    let began = Instant::now();
    let done = Command::new(env!("CARGO_BIN_EXE_taster"))
        .args(["test", "--target", target, "--trace", traces])
        .args(["--workers", &workers.to_string()])
        .arg("--out")
        .arg(&out)
        .arg(suite)
        .output();
    let took = began.elapsed();
    let done = done.map_err(|error| format!("taster did not start: {error}"))?;
    match done.status.success() {
        true => Ok(took),
        false => Err(format!("taster failed: {}", String::from_utf8_lossy(&done.stdout))),
    }
}
