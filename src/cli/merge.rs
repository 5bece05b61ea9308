//! `taster merge`: puts the results of shards together and judges the whole.

use crate::cli::args::MergeArgs;
use crate::cli::exit::{ExitStatus, of_verdict};
use crate::cli::{Ended, judge, notifying, project, run, words};
use crate::executor;
use crate::result;
use crate::store::{self, RunFolder};

/// Merges, saves, judges, renders, exits.
pub fn merge(args: &MergeArgs) -> Result<ExitStatus, Ended> {
    notifying::check(&args.chat)?;
    let results: Result<Vec<_>, _> =
        args.results.iter().map(|path| store::read_result(path)).collect();
    let mut whole = result::merge(results?).map_err(|error| Ended::usage(error.to_string()))?;
    whole.run.id = run::new_id(executor::wall_clock());
    whole.run.command = std::env::args().map(|word| args.chat.hide(&word)).collect();
    whole.run.fail_on_flaky |= args.judge.fail_on_flaky;
    let out = args.out.clone().unwrap_or_else(|| args.reports_dir.join(&whole.run.id));
    let folder = RunFolder::open(&out)?;
    folder.save(&whole)?;
    // The shards themselves left it alone, so that all of them divided by the same durations.
    if let Err(error) = store::learn_durations(&project::root(), &whole) {
        words::say(&format!("the durations of the tests are not kept: {error}"));
    }
    let judged = judge::conclude(&whole, &args.judge)?;
    judge::show(&whole, &judged, Some(folder.path()));
    judge::write(&folder, &whole, &judged, &args.judge)?;
    if args.out.is_none() {
        folder.make_latest()?;
    }
    notifying::of_run(&args.chat, &whole, &judged);
    Ok(of_verdict(judged.verdict.word, args.judge.inconclusive))
}
