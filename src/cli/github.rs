//! Tells GitHub Actions of a run, in its own ways: annotations, the job summary, outputs.

use std::path::{Path, PathBuf};

use crate::analysis::Verdict;
use crate::cli::args::JudgeArgs;
use crate::cli::judge::Judged;
use crate::cli::{Ended, words};
use crate::report::{self, Format, Sides, Told};
use crate::result::RunResult;
use crate::store::{self, RunFolder};

/// GitHub refuses a summary of more than 1 MiB whole; several runs of one step share it.
const SUMMARY: u64 = 1_000_000;

/// Outputs of a job may have 1 MB together.
const OUTPUTS: u64 = 1_000_000;

/// Whether this is a job of GitHub Actions.
pub fn is_here() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// Tells it, in a job or where `--report github` asks for it; what there is no place for is left
/// out.
///
/// # Errors
/// When a file of the runner cannot be written.
pub fn tell(
    folder: &RunFolder,
    result: &RunResult,
    judged: &Judged,
    args: &JudgeArgs,
) -> Result<(), Ended> {
    // A side of a duet is no run of its own to anybody: the duet tells of all of them.
    if !is_wanted(&args.report) || result.run.duet.is_some() {
        return Ok(());
    }
    let at = from_the_top();
    put(report::told(result, &judged.verdict, judged.baseline.as_ref(), &at), folder)
}

/// Tells it of a comparison that is not of one run, such as a duet, in the same ways.
///
/// # Errors
/// When a file of the runner cannot be written.
pub fn tell_of_comparison(
    folder: &RunFolder,
    verdict: &Verdict,
    sides: &Sides,
    formats: &[Format],
) -> Result<(), Ended> {
    match is_wanted(formats) {
        true => put(report::told_of_comparison(verdict, sides, &from_the_top()), folder),
        false => Ok(()),
    }
}

fn is_wanted(formats: &[Format]) -> bool {
    is_here() || formats.contains(&Format::Github)
}

fn put(told: Told, folder: &RunFolder) -> Result<(), Ended> {
    // On the stream of the report, so that no mark around that can still be open.
    words::command(&told.annotations);
    summarise(&told)?;
    let path = std::path::absolute(folder.path()).unwrap_or(folder.path().to_path_buf());
    let mut outputs = told.outputs;
    outputs.push(("report-path", path.display().to_string()));
    put_out(&outputs)
}

/// Appends outputs of the step.
///
/// # Errors
/// When the file of the runner cannot be written.
pub fn put_out(outputs: &[(&str, String)]) -> Result<(), Ended> {
    let Some(file) = file("GITHUB_OUTPUT") else { return Ok(()) };
    // A value cannot end itself, whatever is in it, because nobody knows where it ends.
    let end = format!("taster-{:032x}", rand::random::<u128>());
    let text: String =
        outputs.iter().map(|(name, value)| format!("{name}<<{end}\n{value}\n{end}\n")).collect();
    store::append_within(&file, &text, "", OUTPUTS)?;
    Ok(())
}

fn summarise(told: &Told) -> Result<(), Ended> {
    let Some(file) = file("GITHUB_STEP_SUMMARY") else { return Ok(()) };
    let headline = told.summary.lines().next().unwrap_or_default();
    let notice =
        format!("{headline}\n\n_There is no room for more here: see report.html of the run._\n");
    store::append_within(&file, &format!("{}\n", told.summary), &notice, SUMMARY)?;
    Ok(())
}

fn file(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The way from the top of the repository to this folder, such as `shop/`; empty at the top.
fn from_the_top() -> String {
    let (Some(top), Ok(here)) = (file("GITHUB_WORKSPACE"), std::env::current_dir()) else {
        return String::new();
    };
    match here.strip_prefix(&top) {
        Ok(rest) if rest != Path::new("") => format!("{}/", rest.display()),
        _ => String::new(),
    }
}
