//! Runs Playwright: its npm package against the system's Chromium, no browser of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::micro::{Amounts, Micro};
use crate::{FLAGS, Problem};

/// Playwright, installed.
pub struct Peer {
    folder: PathBuf,
    chromium: PathBuf,
    target: String,
}

/// What the folder of the peer holds.
const FILES: [&str; 4] = ["package.json", "suite.spec.mjs", "playwright.config.mjs", "micro.mjs"];

impl Peer {
    /// Installs it below `target/`, where it is not there yet.
    pub fn install(here: &Path, target: &str) -> Result<Peer, Problem> {
        let folder = here.join("target/peers/playwright");
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for file in FILES {
            let from = here.join("benches/browser").join(file);
            std::fs::copy(from, folder.join(file)).map_err(|error| error.to_string())?;
        }
        if !folder.join("node_modules/@playwright/test").exists() {
            let mut npm = Command::new("npm");
            npm.args(["install", "--no-audit", "--no-fund"]).current_dir(&folder);
            npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
            run(&mut npm)?;
        }
        let places = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];
        let chromium = places.iter().map(PathBuf::from).find(|path| path.exists());
        let chromium = chromium.ok_or("there is no Chromium: taster doctor --install")?;
        Ok(Peer { folder, chromium, target: target.to_string() })
    }

    /// The wall time of the suite with so many workers.
    pub fn suite(&self, workers: u32) -> Result<Duration, Problem> {
        let mut playwright = Command::new("node");
        playwright.args(["node_modules/@playwright/test/cli.js", "test"]);
        self.settle(&mut playwright).env("BENCH_WORKERS", workers.to_string());
        let began = Instant::now();
        run(&mut playwright)?;
        Ok(began.elapsed())
    }

    /// Its small things.
    pub fn micro(&self, amounts: &Amounts) -> Result<Micro, Problem> {
        let mut node = Command::new("node");
        node.arg("micro.mjs");
        self.settle(&mut node).env("BENCH_AMOUNTS", amounts.json());
        let text = String::from_utf8_lossy(&run(&mut node)?.stdout).into_owned();
        Micro::read(&text).ok_or_else(|| format!("Playwright said: {text}"))
    }

    fn settle<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .current_dir(&self.folder)
            .env("BENCH_TARGET", &self.target)
            .env("BENCH_CHROMIUM", &self.chromium)
            .env("BENCH_FLAGS", FLAGS)
    }
}

fn run(command: &mut Command) -> Result<Output, Problem> {
    let name = format!("{:?}", command.get_program());
    let done = command.output().map_err(|error| format!("{name} did not start: {error}"))?;
    match done.status.success() {
        true => Ok(done),
        false => Err(format!(
            "{name} failed: {}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        )),
    }
}
