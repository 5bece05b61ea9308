//! `taster baseline accept`: what may become a baseline, and who says so.

use std::path::Path;

use crate::analysis::{self, Margins, Stored, Word};
use crate::cli::args::{AcceptArgs, AcceptingArgs};
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, words};
use crate::executor;
use crate::result::{Accepted, Health, RunResult, check_sound};
use crate::store::{self, Baselines, KEPT};

/// Accepts all results or none.
pub fn accept(args: &AcceptArgs) -> Result<ExitStatus, Ended> {
    let baselines = Baselines::in_folder(&args.baselines.baseline);
    let mut results: Vec<RunResult> = Vec::new();
    for path in &args.results {
        let shown = format!("`{}`", path.display());
        let result = store::read_result(path)?;
        acceptable(&shown, &result, &args.accepting)?;
        same_machine(&shown, &result, (&baselines, &results), &args.accepting)?;
        if results.iter().any(|other| other.run.id == result.run.id) {
            return Err(Ended::usage(format!(
                "{shown} is the run `{}`, which is given twice: a run counts once",
                result.run.id
            )));
        }
        results.push(result);
    }
    keep(&baselines, results, &args.why, &args.accepting)?;
    Ok(ExitStatus::Pass)
}

/// Keeps results that may be kept, and no more of each profile than are of use.
pub fn keep(
    baselines: &Baselines,
    results: Vec<RunResult>,
    why: &str,
    args: &AcceptingArgs,
) -> Result<(), Ended> {
    let by = who(args);
    let mut profiles = Vec::new();
    for mut result in results {
        result.accepted = Some(Accepted {
            by: by.clone(),
            why: why.to_string(),
            at: executor::wall_clock().to_string(),
            revision: args.revision.clone(),
            ..Accepted::default()
        });
        let path = baselines.keep(&result)?;
        words::say(&format!("accepted as {}", path.display()));
        profiles.push(result.run.profile);
    }
    profiles.sort();
    profiles.dedup();
    for profile in profiles {
        for old in baselines.prune(&profile)? {
            words::say(&format!("removed {}: {KEPT} newer ones are kept", old.path.display()));
        }
    }
    Ok(())
}

/// Who accepts: as told, as git knows them, or as the system does.
pub fn who(args: &AcceptingArgs) -> String {
    let git = || store::git_user(Path::new("."));
    let system = || std::env::var("USER").ok().filter(|user| !user.is_empty());
    args.by.clone().or_else(git).or_else(system).unwrap_or_else(|| "unknown".to_string())
}

/// Only a whole run that passes without any baseline, of a revision that can be had again.
fn acceptable(shown: &str, result: &RunResult, args: &AcceptingArgs) -> Result<(), Ended> {
    good(shown, result)?;
    committed(shown, result.run.git_revision.as_deref(), args)
}

/// Whether a run is whole and passes without any baseline.
///
/// # Errors
/// Why it cannot be a baseline, and what to do.
pub fn good(shown: &str, result: &RunResult) -> Result<(), Ended> {
    if result.run.profile.is_empty() {
        return Err(Ended::usage(format!(
            "{shown} has no load, so there is nothing to compare later runs with"
        )));
    }
    let refused = |why: String| {
        Err(Ended::new(ExitStatus::Fail, format!("{shown} cannot be a baseline: {why}")))
    };
    if let Some(why) = &result.run.ended_early {
        return refused(format!(
            "it did not end by itself ({why}), and later runs would be compared with a part of \
             one; run it again to its end"
        ));
    }
    if result.generator.health == Health::Invalid {
        return refused(format!(
            "the generator was its limit ({}), so its latencies are not the target's",
            result.generator.reasons.join("; ")
        ));
    }
    if let Some(change) = result.run.altered.first() {
        return refused(format!(
            "its load was changed by hand ({change}), so it is not that of its profile; run it \
             again without touching it"
        ));
    }
    if let Some(part) = &result.run.duet {
        return refused(format!(
            "it is one side of the duet `{}`, which ran beside the other; run `taster load` alone",
            part.id
        ));
    }
    if let Err(error) = check_sound(result) {
        return Err(Ended::usage(format!("{shown} {error}")));
    }
    let verdict = analysis::judge(result, &Stored::none(), &Margins::default());
    if verdict.word != Word::Pass {
        let why = format!("{shown} did not PASS and cannot be a baseline: {}", verdict.headline);
        return Err(Ended::new(ExitStatus::Fail, why));
    }
    Ok(())
}

/// Whether what was run is a revision, and no change that is nowhere but here.
///
/// # Errors
/// Where it is not, and nobody says that this is meant.
pub fn committed(shown: &str, revision: Option<&str>, args: &AcceptingArgs) -> Result<(), Ended> {
    let changed = revision.filter(|revision| revision.ends_with('+'));
    match changed {
        Some(revision) if !args.dirty && args.revision.is_none() => Err(Ended::usage(format!(
            "{shown} is of a checkout with uncommitted changes ({revision}), so nobody can say \
             later what was measured: commit and run again, or accept it with --dirty, or with \
             --revision where the target is of another one"
        ))),
        _ => Ok(()),
    }
}

/// A kind of machine that is new to a profile is more often a mistake than meant.
fn same_machine(
    shown: &str,
    result: &RunResult,
    (baselines, before): (&Baselines, &[RunResult]),
    args: &AcceptingArgs,
) -> Result<(), Ended> {
    let kept = baselines.list(Some(&result.run.profile))?;
    let known = kept.iter().map(|kept| &kept.result).chain(before);
    let known: Vec<&RunResult> =
        known.filter(|other| other.run.profile == result.run.profile).collect();
    let here = &result.machine;
    let Some(other) = known.last() else { return Ok(()) };
    if args.new_machine || known.iter().any(|other| other.machine.fingerprint == here.fingerprint) {
        return Ok(());
    }
    let there = &other.machine;
    Err(Ended::new(
        ExitStatus::Invalid,
        format!(
            "{shown} is of another kind of machine ({}, {} cores) than the baselines of `{}` ({}, \
             {} cores): runs there could not be compared with it. Accept it with --new-machine if \
             runs shall be compared on both",
            here.cpu, here.cores, result.run.profile, there.cpu, there.cores
        ),
    ))
}
