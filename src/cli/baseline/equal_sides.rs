//! Learns how far the two sides of a duet differ on this machine although nothing does: from duets
//! of one target with itself, made for that or saved before.

use std::path::{Path, PathBuf};

use super::accept;
use super::calibrate::{TEACHERS, nothing, of_machine, told_steps};
use crate::analysis::Word;
use crate::analysis::gate::{self, Gate, looks};
use crate::cli::args::{CalibrateArgs, DuetArgs, DuetsArgs, NotifyArgs, SidesArgs};
use crate::cli::duet;
use crate::cli::duet::verdict::Recorded;
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, interrupt, run, words};
use crate::executor;
use crate::result::{DuetPart, LearntNoise, RunResult};
use crate::store::Baselines;
use crate::units::show_percent;

/// Restarts of each duet that is made to teach.
const RESTARTS: u32 = looks::LEAST;

/// Makes duets of the target with itself, and learns from them.
pub(super) fn from_new(args: &CalibrateArgs, duets: u32) -> Result<ExitStatus, Ended> {
    let folder = args.run.out.clone().unwrap_or_else(|| {
        PathBuf::from("reports").join(format!("calibrate-{}", run::new_id(executor::wall_clock())))
    });
    let stop = interrupt::listening()?;
    let mut taught = Teachers::default();
    for number in 1..=duets {
        words::say(&format!("duet {number} of {duets}: the target with itself"));
        let seed = args.run.what.seed.map(|seed| seed.wrapping_add(u64::from(number * RESTARTS)));
        let with_itself = of_itself(args, seed);
        let out = folder.join(number.to_string());
        let Some(recorded) = duet::measure(&with_itself, &out, &stop)? else {
            words::say("stopped: nothing is learnt");
            return Ok(ExitStatus::Interrupted);
        };
        // Both sides are the same, so whatever the comparison says is noise and teaches.
        let verdict = recorded.judge(&Gate::default())?;
        let of_sides = verdict.comparison.as_ref().map(|found| found.word);
        if verdict.word == Word::Invalid
            || verdict.word == Word::Fail && of_sides != Some(Word::Fail)
        {
            return Err(Ended::new(
                ExitStatus::Fail,
                format!("`{}` teaches nothing: {}", out.display(), verdict.headline),
            ));
        }
        taught.add(recorded)?;
    }
    taught.learn(args)
}

/// Learns from saved duets.
pub(super) fn from_saved(args: &CalibrateArgs) -> Result<ExitStatus, Ended> {
    let mut taught = Teachers::default();
    for folder in &args.duets.folders {
        let duet = Recorded::read(folder)?;
        let verdict = duet.judge(&Gate::default())?;
        if matches!(verdict.word, Word::Fail | Word::Invalid) {
            return Err(Ended::new(
                ExitStatus::Fail,
                format!(
                    "`{}` teaches nothing: only a duet of one build with itself does, and this one \
                     is {}",
                    folder.display(),
                    verdict.headline
                ),
            ));
        }
        taught.add(duet)?;
    }
    taught.learn(args)
}

/// A duet of the target with itself, that makes all of its restarts and no others.
fn of_itself(args: &CalibrateArgs, seed: Option<u64>) -> DuetArgs {
    let (run, how) = (&args.run, &args.duets);
    let DuetsArgs { command, ready, ready_within, .. } = how.clone();
    let faults = if command.is_some() || run.what.target.is_some() { &[] } else { &run.fault[..] };
    DuetArgs {
        paths: run.what.paths.clone(),
        sides: SidesArgs {
            a: run.what.target.clone().filter(|_| command.is_none()),
            b: run.what.target.clone().filter(|_| command.is_none()),
            a_command: command.clone(),
            b_command: command,
            ready,
            ready_within,
            a_fault: faults.to_vec(),
            b_fault: faults.to_vec(),
        },
        layout: how.layout,
        restarts: RESTARTS,
        segment: how.segment,
        no_extension: true,
        no_early_stop: true,
        allow_short: false,
        profile: run.what.profile.clone(),
        var: run.what.var.clone(),
        allow_load: run.what.allow_load.clone(),
        seed,
        threads: run.threads,
        report: Vec::new(),
        project: run.what.project.clone(),
        out: None,
        reports_dir: run.reports_dir.clone(),
        replay: None,
        chat: NotifyArgs::default(),
        margin: run.judge.margin,
        margin_floor: run.judge.margin_floor,
        baseline: run.judge.baseline.clone(),
        inconclusive: run.judge.inconclusive,
    }
}

/// Duets that teach.
#[derive(Default)]
struct Teachers {
    restarts: Vec<(RunResult, RunResult)>,
    ids: Vec<String>,
}

impl Teachers {
    fn add(&mut self, duet: Recorded) -> Result<(), Ended> {
        let id = part(&duet.restarts).id;
        if self.ids.contains(&id) {
            return Err(Ended::usage(format!("the duet `{id}` is given twice: it counts once")));
        }
        self.ids.push(id);
        self.restarts.extend(duet.restarts);
        Ok(())
    }

    /// What they have in common; an error where they have not.
    fn alike(&self) -> Result<(bool, bool), Ended> {
        let of = |part: &DuetPart| (part.turn_ms > 0, part.restarted);
        let parts = self.restarts.iter().filter_map(|(_, b)| b.run.duet.as_ref());
        let mut kinds: Vec<(bool, bool)> = parts.map(of).collect();
        kinds.dedup();
        match kinds.as_slice() {
            [one] => Ok(*one),
            _ => Err(Ended::usage(
                "these duets are not alike: some had their sides in turns and others not, or some \
                 restarted their targets and others did not; give one kind's",
            )),
        }
    }

    fn learn(self, args: &CalibrateArgs) -> Result<ExitStatus, Ended> {
        let count = self.restarts.len();
        let Some((_, first)) = self.restarts.first().filter(|_| count >= TEACHERS as usize) else {
            return Err(Ended::usage(format!(
                "{count} restarts teach too little: give duets with {TEACHERS} or more together"
            )));
        };
        let (machine, profile) = (first.machine.clone(), first.run.profile.clone());
        if self.restarts.iter().any(|(a, _)| a.machine.fingerprint != machine.fingerprint) {
            return Err(Ended::usage(
                "these duets were run on different kinds of machines: give one's",
            ));
        }
        let (turns, restarted) = self.alike()?;
        let found = gate::between_sides(&self.restarts)
            .map_err(|error| Ended::usage(format!("a duet cannot be read: {error}")))?;
        let Some(found) = found else { return Err(nothing()) };
        let learnt = LearntNoise {
            sd: found.sd,
            steps: found.steps,
            runs: self.ids,
            restarts: found.told,
            turns,
            restarted,
            profile,
            by: accept::who(&args.accepting),
            at: executor::wall_clock().to_string(),
        };
        let baselines = Baselines::in_folder(&args.run.judge.baseline);
        let known = baselines.noise(&machine.fingerprint)?;
        let between_runs = known.and_then(|known| known.between_runs);
        let path = baselines.keep_noise(&of_machine(machine, (between_runs, Some(learnt))))?;
        tell(count, found, &path);
        Ok(ExitStatus::Pass)
    }
}

fn tell(count: usize, found: gate::Learnt, path: &Path) {
    let gate::Learnt { sd, steps, told } = found;
    words::data(&format!(
        "{count} restarts: p95 of the same build differs by {} between the sides ({}); \
         kept in {}\n",
        show_percent(sd),
        told_steps(steps),
        path.display()
    ));
    if (told as usize) < count {
        words::say(&format!(
            "{told} of the {count} restarts have taught it: in the others a step had too few \
             samples to tell its p95"
        ));
    }
    if told < looks::TAUGHT {
        words::say(&format!(
            "duets end early where {} restarts or more have taught this",
            looks::TAUGHT
        ));
    }
}

fn part(restarts: &[(RunResult, RunResult)]) -> DuetPart {
    restarts.first().and_then(|(_, b)| b.run.duet.clone()).unwrap_or_default()
}
