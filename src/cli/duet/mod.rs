//! `taster duet`: two targets measured together, several times, and one judged by the other.
//!
//! Each side of each restart is a run of its own, in a process and a result file of its own. The
//! verdict is made from these files alone, so `--replay` comes to the same one.

mod cores;
mod pair;
pub mod part;
mod targets;
pub mod verdict;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::analysis::Word;
use crate::analysis::gate::Gate;
use crate::cli::args::{DuetArgs, Layout, WhatArgs};
use crate::cli::choose::Asked;
use crate::cli::duet::cores::Cores;
use crate::cli::duet::targets::Targets;
use crate::cli::duet::verdict::Recorded;
use crate::cli::exit::{ExitStatus, of_verdict};
use crate::cli::{Ended, gate, inputs, interrupt, run, safety, words};
use crate::driver;
use crate::executor::{self, Stop};
use crate::plan::{DuetLoad, Turns};
use crate::result::{DuetPart, RunResult};
use crate::store::{self, Baselines, RunFolder, Window};
use crate::units::{show_count, show_duration, write_duration};

/// How long a turn is; as long as a slice, so that none has both sides' requests in it.
const TURN: Duration = Duration::from_secs(1);

/// What is due so soon after a switch still meets what the other side has left in caches.
const SETTLE: Duration = Duration::from_millis(50);

/// Half of a short segment is warm-up, and percentiles take at least six seconds of the rest.
const SHORT: Duration = Duration::from_secs(12);

/// Restarts that are added once.
const EXTENSION: u32 = 2;

/// With fewer cores the sides would take them from each other.
const SIDE_BY_SIDE: usize = 4;

/// Measures, judges, reports, exits; or does the last three again.
pub fn duet(args: &DuetArgs) -> Result<ExitStatus, Ended> {
    if let Some(folder) = &args.replay {
        let recorded = Recorded::read(folder)?;
        let machine = recorded.machine().unwrap_or_default();
        return conclude((&recorded, &told_gate(args, &machine)?), folder, args);
    }
    let duet = Duet::new(args)?;
    duet.check()?;
    let (out, latest) = match &args.out {
        Some(out) => (out.clone(), false),
        None => (PathBuf::from("reports").join(&duet.id), true),
    };
    let folder = RunFolder::open(&out)?;
    let gate = &told_gate(args, &store::machine().fingerprint)?;
    duet.announce();
    let recorded = match duet.record(&out, gate)? {
        Some(recorded) => recorded,
        None => {
            words::say(&format!(
                "what was recorded is in `{}`; `taster duet --replay` judges it where it is enough",
                out.display()
            ));
            return Ok(ExitStatus::Interrupted);
        }
    };
    let status = conclude((&recorded, gate), &out, args)?;
    if latest {
        folder.make_latest()?;
    }
    Ok(status)
}

/// What the comparison is told: the margins that were typed, and what is known of the noise
/// between the sides on this kind of machine.
fn told_gate(args: &DuetArgs, fingerprint: &str) -> Result<Gate, Ended> {
    let noise = Baselines::in_folder(&args.baseline).noise(fingerprint)?;
    let learnt = noise.as_ref().is_some_and(|noise| noise.between_sides.is_some());
    let known = Window { noise, ..Window::default() };
    let mut gate = gate::gate(&args.margin, args.margin_floor, &known);
    gate.noise.learnt = learnt;
    Ok(gate)
}

fn conclude(
    (recorded, gate): (&Recorded, &Gate),
    folder: &Path,
    args: &DuetArgs,
) -> Result<ExitStatus, Ended> {
    let verdict = recorded.judge(gate)?;
    recorded.show(&verdict, folder);
    recorded.write(&verdict, &RunFolder::open(folder)?, &args.report)?;
    Ok(of_verdict(verdict.word, args.inconclusive))
}

/// A duet that is to be recorded.
struct Duet<'a> {
    args: &'a DuetArgs,
    id: String,
    seed: u64,
    layout: Layout,
    targets: Targets,
    /// After how many restarts it is judged.
    looks: Vec<u32>,
    cores: Option<[Cores; 2]>,
    runtime: Runtime,
    stop: Stop,
}

/// How one restart went.
enum Restart {
    Whole(Box<(RunResult, RunResult)>),
    Failed(String),
    Interrupted,
}

impl<'a> Duet<'a> {
    fn new(args: &'a DuetArgs) -> Result<Self, Ended> {
        let targets = Targets::of(&args.sides)?;
        let many = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let layout = args.layout.unwrap_or(match many < SIDE_BY_SIDE {
            true => Layout::Interleaved,
            false => Layout::SideBySide,
        });
        let looks = match args.no_extension {
            true => vec![args.restarts],
            false => vec![args.restarts, args.restarts + EXTENSION],
        };
        // In turns nobody is in the other's way, and all cores are better than half of them.
        let apart = layout == Layout::SideBySide && targets.restart();
        let cores = if apart { cores::divide(&cores::available()) } else { None };
        // Services are listened to while this thread waits for the sides.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|error| Ended::environment(format!("cannot start an event loop: {error}")))?;
        Ok(Self {
            args,
            id: run::new_id(executor::wall_clock()),
            seed: args.seed.unwrap_or_else(rand::random),
            layout,
            targets,
            looks,
            cores,
            runtime,
            stop: Stop::new(),
        })
    }

    /// How long the load of a restart is.
    fn length(&self) -> Duration {
        match self.layout {
            Layout::Interleaved => self.args.segment * 2,
            Layout::SideBySide => self.args.segment,
        }
    }

    /// Problems in files and refusals are said before anything is started.
    fn check(&self) -> Result<(), Ended> {
        let args = self.args;
        let what = WhatArgs {
            paths: args.paths.clone(),
            target: None,
            profile: args.profile.clone(),
            var: args.var.clone(),
            allow_load: args.allow_load.clone(),
            seed: args.seed,
        };
        let here = "http://127.0.0.1:1".to_string();
        let urls = match &self.targets {
            Targets::Urls(urls) => urls.clone(),
            _ => [here.clone(), here],
        };
        let interleaved = self.layout == Layout::Interleaved;
        for (number, url) in urls.iter().enumerate() {
            let (length, first) = (self.length(), number == 0);
            let turns = Turns { length: TURN, first, settle: SETTLE, end: length };
            let duet = DuetLoad { length, turns: interleaved.then_some(turns), first };
            let asked = Asked { duet: Some(duet), ..Asked::default() };
            let plan = inputs::plan(&what, &asked, url, self.seed, (false, true))?;
            safety::may_load(plan.hosts.iter().map(String::as_str), &args.allow_load)?;
            if number == 0 {
                words::warnings(&plan);
            }
            if !self.targets.restart() {
                let reached = self.runtime.block_on(driver::reach(url));
                reached.map_err(Ended::environment)?;
            }
        }
        Ok(())
    }

    fn announce(&self) {
        let [a, b] = self.targets.names();
        words::say(&format!("a, what is compared with: {a}"));
        words::say(&format!("b, what is judged:        {b}"));
        let layout = match self.layout {
            Layout::Interleaved => "in turns of a second",
            Layout::SideBySide => "side by side, half of the load each",
        };
        let all = self.length() * self.args.restarts;
        words::say(&format!(
            "{layout}: {} restarts of {} for each side, {} in all{}; seed: {}",
            self.args.restarts,
            show_duration(self.args.segment),
            show_duration(all),
            if self.looks.len() > 1 { ", and two more where that does not decide" } else { "" },
            self.seed
        ));
        if self.args.segment < SHORT {
            words::say(&format!(
                "a segment of less than {} decides on errors alone: too little of it is left \
                 without the warm-up to decide on latencies",
                show_duration(SHORT)
            ));
        }
        if self.layout == Layout::SideBySide && self.targets.restart() && self.cores.is_none() {
            words::say(
                "the sides share their cores: holding services and generators to cores of their \
                 own takes at least four",
            );
        }
    }

    /// Records until a look decides; none where it was interrupted.
    fn record(&self, out: &Path, gate: &Gate) -> Result<Option<Recorded>, Ended> {
        interrupt::listen(&self.stop)?;
        let (id, names) = (self.id.clone(), self.targets.names());
        let mut recorded = Recorded { id, names, ..Recorded::default() };
        for (look, restarts) in self.looks.iter().enumerate() {
            while (recorded.restarts.len() as u32) < *restarts {
                let number = recorded.restarts.len() as u32 + 1;
                match self.restart(number, out)? {
                    Restart::Whole(sides) => recorded.restarts.push(*sides),
                    Restart::Interrupted => return Ok(None),
                    Restart::Failed(why) => {
                        recorded.failed = Some(why);
                        return Ok(Some(recorded));
                    }
                }
            }
            let last = look + 1 == self.looks.len();
            if last || recorded.judge(gate)?.word != Word::Inconclusive {
                break;
            }
            words::say(&format!(
                "INCONCLUSIVE after {restarts} restarts: the one extension that was allowed for, \
                 {EXTENSION} more"
            ));
        }
        Ok(Some(recorded))
    }

    /// Starts both targets, in the other order than the time before, and both sides of the load.
    fn restart(&self, number: u32, out: &Path) -> Result<Restart, Ended> {
        let a_first = !number.is_multiple_of(2);
        let order = if a_first { [0, 1] } else { [1, 0] };
        // Cores change hands as ports do.
        let cores = self.cores.clone().map(|[a, b]| if a_first { [a, b] } else { [b, a] });
        let watch = (&self.runtime, &self.stop);
        let (mut started, urls) = self.targets.start(order, cores.as_ref(), watch)?;
        let parts = [0, 1].map(|side| self.part(side, number, a_first));
        let commands = [0, 1].map(|side| self.command(&parts[side], &urls[side], out));
        let failed = pair::run(commands, cores.as_ref(), &self.stop)?;
        let died = urls.each_ref().map(|url| started.died(url));
        started.end(&self.runtime);
        if self.stop.is_requested() {
            return Ok(Restart::Interrupted);
        }
        for (part, words) in parts.iter().zip(died).chain(parts.iter().zip(failed)) {
            if let Some(words) = words {
                let why = format!("side {} of restart {number} failed: {words}", part.side);
                return Ok(Restart::Failed(why));
            }
        }
        let [a, b] = parts.each_ref().map(|part| store::keep_part(out, &part.name()));
        let sides = (a?, b?);
        words::say(&format!(
            "restart {number} of {}: a {}; b {}",
            self.looks.iter().find(|look| **look >= number).unwrap_or(&number),
            told(&sides.0),
            told(&sides.1)
        ));
        Ok(Restart::Whole(Box::new(sides)))
    }

    fn part(&self, side: usize, restart: u32, a_first: bool) -> DuetPart {
        let interleaved = self.layout == Layout::Interleaved;
        let millis = |time: Duration| if interleaved { time.as_millis() as u32 } else { 0 };
        DuetPart {
            id: self.id.clone(),
            side: ["a", "b"][side].to_string(),
            what: self.targets.names()[side].clone(),
            restart,
            first: (side == 0) == a_first,
            turn_ms: millis(TURN),
            settle_ms: millis(SETTLE),
            looks: self.looks.clone(),
            restarted: self.targets.restart(),
        }
    }

    /// `taster load` as one side.
    fn command(&self, part: &DuetPart, url: &str, out: &Path) -> Command {
        let args = self.args;
        let mut command = Command::new(run::launch().guard);
        command.arg("load").args(&args.paths).args(["--target", url]);
        if let Some(profile) = &args.profile {
            command.args(["--profile", profile]);
        }
        for (name, value) in &args.var {
            command.arg("--var").arg(format!("{name}={value}"));
        }
        for host in &args.allow_load {
            command.args(["--allow-load", host]);
        }
        if let Some(threads) = args.threads {
            command.arg("--threads").arg(threads.to_string());
        }
        // Other requests in each restart, the same on both sides.
        let seed = self.seed.wrapping_add(u64::from(part.restart) - 1);
        command.arg("--seed").arg(seed.to_string());
        command.arg("--out").arg(store::part_folder(out, &part.name()));
        command.args(["--no-baseline", "--report", "json"]);
        command.arg("--duet-length").arg(write_duration(self.length()));
        command.arg("--duet-part").arg(serde_json::json!(part).to_string());
        command
    }
}

/// `3,000 requests, 12 failed`.
fn told(result: &RunResult) -> String {
    let requests: u64 = result.steps.iter().map(|step| step.count).sum();
    let failed: u64 = result.steps.iter().map(|step| step.failed).sum();
    format!("{} requests, {} failed", show_count(requests), show_count(failed))
}
