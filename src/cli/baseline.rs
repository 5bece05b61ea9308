//! `taster baseline`: accepts, lists and shows baselines.

use crate::analysis::{self, Margins, Word};
use crate::cli::args::{AcceptArgs, BaselineCommand, BaselinesArgs, ShowArgs};
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, words};
use crate::executor;
use crate::result::{Accepted, RunResult};
use crate::store::{self, Baselines, Kept};
use crate::units::{show_count, show_duration_us};

/// Does one of them.
pub fn baseline(command: &BaselineCommand) -> Result<ExitStatus, Ended> {
    match command {
        BaselineCommand::Accept(args) => accept(args),
        BaselineCommand::List(args) => list(args),
        BaselineCommand::Show(args) => show(args),
    }
}

/// Only a result that passes without any baseline can be one.
fn accept(args: &AcceptArgs) -> Result<ExitStatus, Ended> {
    let mut result = store::read_result(&args.result)?;
    if result.run.profile.is_empty() {
        return Err(Ended::usage(format!(
            "`{}` has no load, so there is nothing to compare later runs with",
            args.result.display()
        )));
    }
    let verdict = analysis::judge(&result, None, &Margins::default());
    if verdict.word != Word::Pass {
        return Err(Ended::new(
            ExitStatus::Fail,
            format!(
                "`{}` did not PASS and cannot be a baseline: {}",
                args.result.display(),
                verdict.headline
            ),
        ));
    }
    result.accepted = Some(Accepted {
        by: args.by.clone(),
        why: args.why.clone(),
        at: executor::wall_clock().to_string(),
    });
    let path = Baselines::in_folder(&args.baselines.baseline).keep(&result)?;
    words::say(&format!("accepted as {}", path.display()));
    Ok(ExitStatus::Pass)
}

fn list(args: &BaselinesArgs) -> Result<ExitStatus, Ended> {
    let kept = Baselines::in_folder(&args.baseline).list(None)?;
    if kept.is_empty() {
        words::say(&format!(
            "no baselines in `{}`; `taster baseline accept --why ...` keeps one",
            args.baseline.display()
        ));
    }
    for one in &kept {
        words::data(&format!("{}\n", line(one)));
    }
    Ok(ExitStatus::Pass)
}

fn line(kept: &Kept) -> String {
    let run = &kept.result.run;
    let accepted = kept.result.accepted.clone().unwrap_or_default();
    format!(
        "{}  {}  {}  by {}: {}",
        run.profile,
        run.id,
        run.git_revision.as_deref().unwrap_or("no revision"),
        accepted.by,
        accepted.why,
    )
}

fn show(args: &ShowArgs) -> Result<ExitStatus, Ended> {
    let folder = &args.baselines.baseline;
    let Some(kept) = Baselines::in_folder(folder).newest(&args.profile)? else {
        return Err(Ended::usage(format!(
            "there is no baseline of the profile `{}` in `{}`; `taster baseline list` shows those \
             there are",
            args.profile,
            folder.display()
        )));
    };
    words::data(&format!("{}\n{}", line(&kept), table(&kept.result)));
    Ok(ExitStatus::Pass)
}

fn table(result: &RunResult) -> String {
    let machine = &result.machine;
    let mut text = format!(
        "recorded {} on {} ({} cores, {})\n\n",
        result.run.started, machine.cpu, machine.cores, machine.os
    );
    for step in &result.steps {
        text.push_str(&format!(
            "{:<44} {:>8} {:>10} p50 {:>10} p95 {:>10} p99\n",
            format!("{} › {}", step.scenario, step.step),
            show_count(step.count),
            show_duration_us(step.response_us.p50),
            show_duration_us(step.response_us.p95),
            show_duration_us(step.response_us.p99),
        ));
    }
    text
}
