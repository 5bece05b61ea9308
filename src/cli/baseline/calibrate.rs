//! `taster baseline calibrate`: runs the same load several times and learns by how much runs
//! differ on this machine although nothing has changed.

use std::path::Path;

use super::{accept, equal_sides};
use crate::analysis::gate::learn;
use crate::cli::args::{CalibrateArgs, JudgeArgs, PublishArgs, RunArgs};
use crate::cli::exit::ExitStatus;
use crate::cli::run::{self, Half};
use crate::cli::{Ended, interrupt, words};
use crate::executor::{self, Stop};
use crate::result::{LearntNoise, Machine, MachineNoise, NOISE_FORMAT, RunResult};
use crate::store::{self, Baselines};
use crate::units::show_percent;

/// A comparison takes what is learnt for as good as four runs say: five have so many degrees of
/// freedom, and fewer would promise more than they know.
pub(super) const TEACHERS: u32 = 5;

/// Runs, learns, and keeps what was learnt.
pub fn calibrate(args: &CalibrateArgs) -> Result<ExitStatus, Ended> {
    if let Some(duets) = args.duets.count {
        return equal_sides::from_new(args, duets);
    }
    if !args.duets.folders.is_empty() {
        return equal_sides::from_saved(args);
    }
    let runs = args.runs.unwrap_or(if args.accept { 2 * TEACHERS } else { TEACHERS });
    if args.accept && runs < 2 * TEACHERS {
        return Err(Ended::usage(format!(
            "--accept needs --runs {} or more: every second run becomes a baseline, and the \
             others, {TEACHERS} at least, teach the noise",
            2 * TEACHERS
        )));
    }
    let baselines = Baselines::in_folder(&args.run.judge.baseline);
    let machine = store::machine();
    // What keeps the end from being written is known before the minutes are spent.
    let known = baselines.noise(&machine.fingerprint)?;
    if args.accept {
        let revision = store::git_revision(Path::new("."));
        accept::committed("what would be run", revision.as_deref(), &args.accepting)?;
    }
    let folder = args.run.out.clone().unwrap_or_else(|| {
        args.run.reports_dir.join(format!("calibrate-{}", run::new_id(executor::wall_clock())))
    });
    let stop = interrupt::listening()?;
    let mut results = Vec::new();
    for number in 1..=runs {
        match one(args, (number, runs), &folder, &stop)? {
            Ok(result) => results.push(result),
            Err(status) => return Ok(status),
        }
    }
    let (teachers, offered): (Vec<(usize, RunResult)>, Vec<_>) =
        results.into_iter().enumerate().partition(|(at, _)| !args.accept || at % 2 == 0);
    let of = |runs: Vec<(usize, RunResult)>| -> Vec<RunResult> {
        runs.into_iter().map(|(_, run)| run).collect()
    };
    let (teachers, offered) = (of(teachers), of(offered));
    let learnt = learnt(&teachers, &accept::who(&args.accepting))?;
    let between_sides = known.and_then(|known| known.between_sides);
    let noise = of_machine(machine, (Some(learnt.clone()), between_sides));
    let path = baselines.keep_noise(&noise)?;
    words::data(&format!(
        "{} runs of `{}`: p95 of the same build differs by {} from run to run ({}); kept in \
         {}\n",
        learnt.runs.len(),
        learnt.profile,
        show_percent(learnt.sd),
        told_steps(learnt.steps),
        path.display()
    ));
    match &args.why {
        Some(why) => accept::keep(&baselines, offered, why, &args.accepting)?,
        None => words::say(
            "these runs teach the noise and are no baselines; `--accept --why ...` makes as many \
             that are",
        ),
    }
    Ok(ExitStatus::Pass)
}

/// Of how many steps something was learnt.
pub(super) fn told_steps(steps: u32) -> String {
    if steps == 1 { "of 1 step".to_string() } else { format!("of {steps} steps") }
}

/// As it is kept.
pub(super) fn of_machine(
    machine: Machine,
    (between_runs, between_sides): (Option<LearntNoise>, Option<LearntNoise>),
) -> MachineNoise {
    let tool_version = env!("CARGO_PKG_VERSION").to_string();
    let (format, seal) = (NOISE_FORMAT, String::new());
    MachineNoise { format, tool_version, machine, between_runs, between_sides, seal }
}

/// The end of a calibration that has taught nothing.
pub(super) fn nothing() -> Ended {
    Ended::new(
        ExitStatus::Inconclusive,
        "no step has enough samples in each run to tell its p95, so nothing is learnt: run a \
         profile that is longer or has more load (`taster plan --gate` says how much it takes)",
    )
}

/// One run, whole and good; or how it ended where somebody stopped it.
fn one(
    args: &CalibrateArgs,
    (number, of): (u32, u32),
    folder: &Path,
    stop: &Stop,
) -> Result<Result<RunResult, ExitStatus>, Ended> {
    words::say(&format!("run {number} of {of}"));
    let out = folder.join(number.to_string());
    let judge = JudgeArgs { no_baseline: true, report: Vec::new(), ..args.run.judge.clone() };
    let run =
        RunArgs { out: Some(out.clone()), one_of: Some(stop.clone()), judge, ..args.run.clone() };
    let status = run::run(&run, Half::Load, &PublishArgs::default())?;
    if status == ExitStatus::Interrupted {
        words::say("stopped: nothing is learnt");
        return Ok(Err(status));
    }
    let result = store::read_result(&out)?;
    accept::good(&format!("`{}`", out.display()), &result)?;
    Ok(Ok(result))
}

fn learnt(runs: &[RunResult], by: &str) -> Result<LearntNoise, Ended> {
    let teachers: Vec<&RunResult> = runs.iter().collect();
    let found = learn::between_runs(&teachers)
        .map_err(|error| Ended::usage(format!("the runs cannot be read: {error}")))?;
    let Some(found) = found else { return Err(nothing()) };
    Ok(LearntNoise {
        sd: found.sd,
        steps: found.steps,
        runs: runs.iter().map(|run| run.run.id.clone()).collect(),
        profile: runs.first().map(|run| run.run.profile.clone()).unwrap_or_default(),
        by: by.to_string(),
        at: executor::wall_clock().to_string(),
        ..LearntNoise::default()
    })
}
