//! `taster baseline`: accepts, lists, shows and pins baselines, and learns a machine's noise.

mod accept;
mod calibrate;
mod equal_sides;
mod show;

use std::collections::BTreeMap;

use crate::cli::args::{BaselineCommand, BaselinesArgs, PinArgs};
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, words};
use crate::executor;
use crate::store::{self, Baselines, Kept};

/// Does one of them.
pub fn baseline(command: &BaselineCommand) -> Result<ExitStatus, Ended> {
    match command {
        BaselineCommand::Accept(args) => accept::accept(args),
        BaselineCommand::List(args) => list(args),
        BaselineCommand::Show(args) => show::show(args),
        BaselineCommand::Calibrate(args) => calibrate::calibrate(args),
        BaselineCommand::Pin(args) => pin(args, true),
        BaselineCommand::Unpin(args) => pin(args, false),
    }
}

/// With fewer baselines most of what is known of the noise is a guess.
const ENOUGH: usize = 5;

fn list(args: &BaselinesArgs) -> Result<ExitStatus, Ended> {
    let kept = Baselines::in_folder(&args.baseline).list(None)?;
    if kept.is_empty() {
        words::say(&format!(
            "no baselines in `{}`; `taster baseline accept --why ...` keeps one",
            args.baseline.display()
        ));
    }
    let here = store::machine().fingerprint;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &kept {
        words::data(&format!("{}\n", line(one, &here)));
        let count = counts.entry(&one.result.run.profile).or_default();
        *count += usize::from(one.result.machine.fingerprint == here);
    }
    for (profile, count) in counts {
        nag(profile, count);
    }
    Ok(ExitStatus::Pass)
}

/// Says what too few baselines cost, until there are enough.
fn nag(profile: &str, count: usize) {
    if count < ENOUGH {
        let baselines = if count == 1 { "baseline" } else { "baselines" };
        words::say(&format!(
            "`{profile}` has {count} {baselines} of this kind of machine: the noise is a guess \
             until there are {ENOUGH}. `taster baseline calibrate --profile {profile} --accept \
             --why ...` makes them"
        ));
    }
}

fn line(kept: &Kept, here: &str) -> String {
    let run = &kept.result.run;
    let accepted = kept.result.accepted.clone().unwrap_or_default();
    let revision = accepted.revision.as_ref().or(run.git_revision.as_ref());
    let mut line = format!(
        "{}  {}  {}  by {}: {}",
        run.profile,
        run.id,
        revision.map_or("no revision", String::as_str),
        accepted.by,
        accepted.why,
    );
    if accepted.pinned.is_some() {
        line.push_str("  (pinned)");
    }
    let machine = &kept.result.machine;
    if machine.fingerprint != here {
        line.push_str(&format!("  (another machine: {}, {} cores)", machine.cpu, machine.cores));
    }
    line
}

fn pin(args: &PinArgs, wanted: bool) -> Result<ExitStatus, Ended> {
    let now = executor::wall_clock().to_string();
    let baselines = Baselines::in_folder(&args.baselines.baseline);
    let kept = baselines.pin(&args.run, wanted.then_some(now.as_str()))?;
    let profile = &kept.result.run.profile;
    words::say(&match wanted {
        true => format!("{} is the anchor of `{profile}` now", kept.path.display()),
        false => format!("{} is no anchor of `{profile}`", kept.path.display()),
    });
    Ok(ExitStatus::Pass)
}
