//! `taster duet`: two targets measured together, several times, and one judged by the other.
//!
//! Each side of each restart is a run of its own, in a process and a result file of its own. The
//! verdict is made from these files alone, so `--replay` comes to the same one.

mod cores;
mod fit;
mod pair;
pub mod part;
mod setting;
mod targets;
pub mod verdict;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::analysis::gate::Gate;
use crate::analysis::{Verdict, Word};
use crate::cli::args::{DuetArgs, Layout, WhatArgs};
use crate::cli::choose::Asked;
use crate::cli::duet::setting::{EXTENSION, Setting};
use crate::cli::duet::targets::Targets;
use crate::cli::duet::verdict::Recorded;
use crate::cli::exit::{ExitStatus, of_verdict};
use crate::cli::{Ended, gate, inputs, interrupt, notifying, run, safety, words};
use crate::driver;
use crate::executor::{self, Stop};
use crate::plan::{DuetLoad, Turns};
use crate::result::{DuetPart, RunResult};
use crate::store::{self, RunFolder, Window};
use crate::units::{show_count, show_duration, write_duration};

/// How long a turn is; as long as a slice, so that none has both sides' requests in it.
const TURN: Duration = Duration::from_secs(1);

/// What is due so soon after a switch still meets what the other side has left in caches.
const SETTLE: Duration = Duration::from_millis(50);

/// Measures, judges, reports, exits; or does the last three again.
pub fn duet(args: &DuetArgs) -> Result<ExitStatus, Ended> {
    if let Some(folder) = &args.replay {
        let (_, status) = conclude(&Recorded::read(folder)?, folder, args)?;
        return Ok(status);
    }
    notifying::check(&args.chat)?;
    let (out, latest) = match &args.out {
        Some(out) => (out.clone(), false),
        None => (args.reports_dir.join(run::new_id(executor::wall_clock())), true),
    };
    let Some(recorded) = measure(args, &out, &interrupt::listening()?)? else {
        words::say(&format!(
            "what was recorded is in `{}`; `taster duet --replay` judges it where it is enough",
            out.display()
        ));
        return Ok(ExitStatus::Interrupted);
    };
    let (verdict, status) = conclude(&recorded, &out, args)?;
    if latest {
        RunFolder::open(&out)?.make_latest()?;
    }
    let last = recorded.restarts.last().map(|(_, b)| b);
    notifying::of_duet(&args.chat, &recorded.names, last, &verdict);
    Ok(status)
}

/// Records a duet into a folder until a look at it decides, or all restarts there may be are made;
/// none where it was interrupted.
///
/// # Errors
/// What is wrong with the scenarios, the targets or the set-up, before anything is started.
pub fn measure(args: &DuetArgs, out: &Path, stop: &Stop) -> Result<Option<Recorded>, Ended> {
    let mut duet = Duet::new(args, stop)?;
    duet.check()?;
    RunFolder::open(out)?;
    duet.announce();
    duet.record(out)
}

/// The margins that were typed; what is known of the noise stands in the recordings.
fn told_gate(args: &DuetArgs) -> Gate {
    gate::gate(&args.margin, args.margin_floor, &Window::default())
}

fn conclude(
    recorded: &Recorded,
    folder: &Path,
    args: &DuetArgs,
) -> Result<(Verdict, ExitStatus), Ended> {
    let verdict = recorded.judge(&told_gate(args))?;
    recorded.show(&verdict, folder);
    recorded.write(&verdict, &RunFolder::open(folder)?, &args.report)?;
    let status = of_verdict(verdict.word, args.inconclusive);
    Ok((verdict, status))
}

/// A duet that is to be recorded.
struct Duet<'a> {
    args: &'a DuetArgs,
    id: String,
    seed: u64,
    setting: Setting,
    targets: Targets,
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
    fn new(args: &'a DuetArgs, stop: &Stop) -> Result<Self, Ended> {
        let targets = Targets::of(&args.sides)?;
        let many = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        let layout = args.layout.unwrap_or(setting::layout(many));
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
            setting: Setting::of(args, layout, targets.restart())?,
            targets,
            runtime,
            stop: stop.clone(),
        })
    }

    /// How long the load of a restart is.
    fn length(&self) -> Duration {
        match self.setting.layout {
            Layout::Interleaved => self.args.segment * 2,
            Layout::SideBySide => self.args.segment,
        }
    }

    /// Problems in files and refusals are said before anything is started.
    fn check(&self) -> Result<(), Ended> {
        let args = self.args;
        fit::can_be_judged(args, self.setting.layout)?;
        let what = WhatArgs {
            paths: args.paths.clone(),
            target: None,
            profile: args.profile.clone(),
            var: args.var.clone(),
            allow_load: args.allow_load.clone(),
            seed: args.seed,
            project: args.project.clone(),
        };
        let here = "http://127.0.0.1:1".to_string();
        let urls = match &self.targets {
            Targets::Urls(urls) => urls.clone(),
            _ => [here.clone(), here],
        };
        let interleaved = self.setting.layout == Layout::Interleaved;
        for (number, url) in urls.iter().enumerate() {
            let (length, first) = (self.length(), number == 0);
            let turns = Turns { length: TURN, first, settle: SETTLE, end: length };
            let duet = DuetLoad { length, turns: interleaved.then_some(turns), first };
            let asked = Asked { duet: Some(duet), ..Asked::default() };
            let plan = inputs::plan(&what, &asked, url, self.seed, (false, true))?;
            safety::may_load(plan.hosts.iter().map(String::as_str), &args.allow_load)?;
            if number == 0 {
                words::warnings(&plan);
                fit::has_samples(args, &plan, self.most())?;
            }
            if !self.targets.restart() {
                let reached = self.runtime.block_on(driver::reach(url));
                reached.map_err(Ended::environment)?;
            }
        }
        Ok(())
    }

    /// The most restarts there may be.
    fn most(&self) -> u32 {
        self.setting.looks.iter().copied().max().unwrap_or(self.args.restarts)
    }

    fn announce(&self) {
        let [a, b] = self.targets.names();
        words::say(&format!("a, what is compared with: {a}"));
        words::say(&format!("b, what is judged:        {b}"));
        self.announce_setting();
    }

    fn announce_setting(&self) {
        let setting = &self.setting;
        let layout = match setting.layout {
            Layout::Interleaved => "in turns of a second",
            Layout::SideBySide => "side by side, half of the load each",
        };
        let all = self.length() * self.args.restarts;
        let more = self.most() > self.args.restarts;
        words::say(&format!(
            "{layout}: {} restarts of {} for each side, {} in all{}; seed: {}",
            self.args.restarts,
            show_duration(self.args.segment),
            show_duration(all),
            if more { ", and two more where that does not decide" } else { "" },
            self.seed
        ));
        match &setting.no_early_stop {
            Some(why) => words::say(&format!(
                "it does not end early: how far equal sides differ on this kind of machine {why}; \
                 `taster baseline calibrate --duets` learns it"
            )),
            None if !self.args.no_early_stop => words::say(
                "it ends after one restart or two where the verdict is plain by then: how far \
                 equal sides differ here is known",
            ),
            None => {}
        }
        let apart = setting.layout == Layout::SideBySide && self.targets.restart();
        if apart && setting.cores.is_none() {
            words::say(
                "the sides share their cores: holding services and generators to cores of their \
                 own takes at least four",
            );
        }
    }

    /// Records until a look decides; none where it was interrupted.
    fn record(&mut self, out: &Path) -> Result<Option<Recorded>, Ended> {
        let (id, names) = (self.id.clone(), self.targets.names());
        let mut recorded = Recorded { id, names, ..Recorded::default() };
        let gate = told_gate(self.args);
        while recorded.restarts.len() < self.most() as usize {
            let number = recorded.restarts.len() as u32 + 1;
            match self.restart(number, out)? {
                Restart::Whole(sides) => recorded.restarts.push(*sides),
                Restart::Interrupted => return Ok(None),
                Restart::Failed(why) => {
                    recorded.failed = Some(why);
                    return Ok(Some(recorded));
                }
            }
            if number == 1 && self.takes_turns_instead(&mut recorded, out)? {
                continue;
            }
            if recorded.is_unfit() {
                words::say("nothing that follows could make this a verdict: it ends here");
                return Ok(Some(recorded));
            }
            if !self.setting.looks.contains(&number) {
                continue;
            }
            let word = recorded.judge(&gate)?.word;
            if word != Word::Inconclusive {
                break;
            }
            if number == self.args.restarts && number < self.most() {
                words::say(&format!(
                    "INCONCLUSIVE after {number} restarts: the one extension that was allowed \
                     for, {EXTENSION} more"
                ));
            }
        }
        Ok(Some(recorded))
    }

    /// Where the first restart shows that the machine cannot take both sides at once, the duet
    /// begins again with the sides in turns: one would only be in the way of the other. That is
    /// decided by how much load was given and not by how fast a side was, so that it costs nothing
    /// of the error rates.
    fn takes_turns_instead(&mut self, recorded: &mut Recorded, out: &Path) -> Result<bool, Ended> {
        let overload = recorded.restarts.first().and_then(fit::overloaded);
        let (Layout::SideBySide, Some(why)) = (self.setting.layout, overload) else {
            return Ok(false);
        };
        words::say(&format!(
            "this machine cannot take both sides at once: {why}. From here on they take turns, and \
             what was recorded does not count"
        ));
        for (a, b) in std::mem::take(&mut recorded.restarts) {
            for part in [a, b].iter().filter_map(|side| side.run.duet.as_ref()) {
                store::forget_part(out, &part.name())?;
            }
        }
        self.setting = Setting::of(self.args, Layout::Interleaved, self.targets.restart())?;
        self.check()?;
        self.announce_setting();
        Ok(true)
    }

    /// Starts both targets, in the other order than the time before, and both sides of the load.
    fn restart(&self, number: u32, out: &Path) -> Result<Restart, Ended> {
        let a_first = !number.is_multiple_of(2);
        let order = if a_first { [0, 1] } else { [1, 0] };
        // Cores change hands as ports do.
        let cores = self.setting.cores.clone().map(|[a, b]| if a_first { [a, b] } else { [b, a] });
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
        let planned = self.args.restarts;
        words::say(&format!(
            "restart {number} of {}: a {}; b {}",
            if number > planned { self.most() } else { planned },
            told(&sides.0),
            told(&sides.1)
        ));
        Ok(Restart::Whole(Box::new(sides)))
    }

    fn part(&self, side: usize, restart: u32, a_first: bool) -> DuetPart {
        let interleaved = self.setting.layout == Layout::Interleaved;
        let millis = |time: Duration| if interleaved { time.as_millis() as u32 } else { 0 };
        DuetPart {
            id: self.id.clone(),
            side: ["a", "b"][side].to_string(),
            what: self.targets.names()[side].clone(),
            restart,
            first: (side == 0) == a_first,
            turn_ms: millis(TURN),
            settle_ms: millis(SETTLE),
            looks: self.setting.looks.clone(),
            between_sides: self.setting.between_sides,
            restarted: self.targets.restart(),
            own_cores: self.setting.cores.is_some(),
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
