//! `taster compare`: judges saved results against others.

use std::path::PathBuf;

use crate::cli::args::CompareArgs;
use crate::cli::exit::{ExitStatus, of_verdict};
use crate::cli::judge::Against;
use crate::cli::{Ended, judge};
use crate::result::RunResult;
use crate::store::{self, Baselines, StoreError, Window};

/// Judges the last result, and more runs like it, against those before it; shows it and writes
/// nothing.
pub fn compare(args: &CompareArgs) -> Result<ExitStatus, Ended> {
    let read = |paths: &[PathBuf]| -> Result<Vec<RunResult>, StoreError> {
        paths.iter().map(|path| store::read_result(path)).collect()
    };
    let mut results = read(&args.results)?;
    let again = read(&args.also)?;
    let Some(new) = results.pop().filter(|_| !results.is_empty()) else {
        return Err(Ended::usage("give at least two results: the old ones, and the new one last"));
    };
    // What is known of the machine's noise holds for results given by hand too.
    let noise = Baselines::in_folder(&args.judge.baseline).noise(&new.machine.fingerprint)?;
    let window = Window { runs: results, noise, ..Window::default() };
    let against = Against { window, again, asked: true };
    let judged = judge::judged(&new, against, &args.judge);
    judge::show(&new, &judged, None);
    Ok(of_verdict(judged.verdict.word, args.judge.inconclusive))
}
