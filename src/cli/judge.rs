//! Judges a saved result and writes what there is to say about it.

use std::path::Path;

use crate::analysis::{self, Margins, Stored, Verdict};
use crate::cli::args::JudgeArgs;
use crate::cli::{Ended, gate, github, words};
use crate::report::{self, TextOptions};
use crate::result::RunResult;
use crate::store::{Baselines, RunFolder, Window};

/// A verdict, and the newest baseline it rests on.
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// The newest baseline, if there was one.
    pub baseline: Option<RunResult>,
}

/// What a run is compared with, read from files.
#[derive(Default)]
pub struct Against {
    /// Baselines of this kind of machine, their anchor, and what is known of its noise.
    pub window: Window,
    /// More runs of what is judged.
    pub again: Vec<RunResult>,
    /// Whether somebody asked for just this comparison: then it is strict, whatever the target.
    pub asked: bool,
}

/// Judges a result against the baselines of its profile. What somebody will act on is judged
/// strictly; a first look at the embedded backend is only told what could not be compared.
pub fn conclude(result: &RunResult, args: &JudgeArgs) -> Result<Judged, Ended> {
    let against = baselines(&result.run.profile, &result.machine.fingerprint, args)?;
    Ok(judged(result, against, args))
}

/// The baselines of a profile for a kind of machine, where they are wanted and there.
pub fn baselines(profile: &str, machine: &str, args: &JudgeArgs) -> Result<Against, Ended> {
    if args.no_baseline || profile.is_empty() {
        return Ok(Against::default());
    }
    let window = Baselines::in_folder(&args.baseline).window(profile, machine)?;
    Ok(Against { window, ..Against::default() })
}

/// Judges a result against given ones.
pub fn judged(result: &RunResult, against: Against, args: &JudgeArgs) -> Judged {
    let strict = against.asked || !result.run.embedded;
    judged_as(result, against, args, strict)
}

/// The same, strictly or not whatever it was run against.
pub fn judged_as(result: &RunResult, against: Against, args: &JudgeArgs, strict: bool) -> Judged {
    let Against { mut window, again, .. } = against;
    let stored = Stored {
        baselines: window.runs.iter().collect(),
        anchor: window.anchor.as_ref(),
        again: again.iter().collect(),
        elsewhere: window.left_out.iter().map(|left| &left.machine).collect(),
    };
    let margins = Margins {
        gate: gate::gate(&args.margin, args.margin_floor, &window),
        strict,
        fail_on_flaky: args.fail_on_flaky,
    };
    let verdict = analysis::judge(result, &stored, &margins);
    Judged { verdict, baseline: window.runs.pop() }
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
    github::tell(folder, result, judged, args)
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
