//! Judges a saved result and writes what there is to say about it.

use std::path::Path;

use crate::analysis::{self, Margins, Verdict};
use crate::cli::args::JudgeArgs;
use crate::cli::{Ended, words};
use crate::report::{self, TextOptions};
use crate::result::RunResult;
use crate::store::{Baselines, RunFolder};

/// A verdict, and the baseline it rests on.
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The baseline, if there was one.
    pub baseline: Option<RunResult>,
}

/// Judges a result against the newest baseline of its profile. `strict` is for results that
/// somebody will act on: there a baseline of another kind of machine makes the run INVALID,
/// while a first look at the embedded backend is only told that nothing could be compared.
pub fn conclude(result: &RunResult, args: &JudgeArgs, strict: bool) -> Result<Judged, Ended> {
    Ok(against(result, baseline(&result.run.profile, args)?, args, strict))
}

/// The newest baseline of a profile, where one is wanted and there.
pub fn baseline(profile: &str, args: &JudgeArgs) -> Result<Option<RunResult>, Ended> {
    if args.no_baseline || profile.is_empty() {
        return Ok(None);
    }
    Ok(Baselines::in_folder(&args.baseline).newest(profile)?.map(|kept| kept.result))
}

/// Judges a result against a given one.
pub fn against(
    result: &RunResult,
    baseline: Option<RunResult>,
    args: &JudgeArgs,
    strict: bool,
) -> Judged {
    let margins = Margins {
        latency: args.margin.0,
        latency_floor_us: args.margin_floor.as_micros() as u64,
        strict_machine: strict,
        fail_on_flaky: args.fail_on_flaky,
        ..Margins::default()
    };
    let verdict = analysis::judge(result, baseline.as_ref(), &margins);
    Judged { verdict, baseline }
}

/// Writes the reports wanted into a run's folder.
pub fn write(
    folder: &RunFolder,
    result: &RunResult,
    judged: &Judged,
    args: &JudgeArgs,
) -> Result<(), Ended> {
    for format in &args.report {
        let files = report::render(*format, result, &judged.verdict, judged.baseline.as_ref());
        for (name, content) in files {
            folder.write(&name, &content)?;
        }
    }
    Ok(())
}

/// Shows the verdict: on standard output, because it is what was asked for.
pub fn show(result: &RunResult, judged: &Judged, folder: Option<&Path>) {
    let options = TextOptions {
        colour: words::output_coloured(),
        files: folder.map(|folder| folder.display().to_string()),
    };
    let text = report::text(result, &judged.verdict, judged.baseline.as_ref(), &options);
    words::data(&text);
}
