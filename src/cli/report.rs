//! `taster report`: judges saved results again and draws their reports.

use std::path::Path;

use crate::cli::args::ReportArgs;
use crate::cli::exit::{ExitStatus, of_verdict};
use crate::cli::{Ended, judge};
use crate::store::{self, RunFolder};

/// Draws each result; the exit is that of the gravest verdict.
pub fn report(args: &ReportArgs) -> Result<ExitStatus, Ended> {
    if args.out.is_some() && args.results.len() > 1 {
        return Err(Ended::usage(
            "--out takes the reports of one result; give one, or leave it out",
        ));
    }
    let mut gravest = None;
    for path in &args.results {
        let result = store::read_result(path)?;
        let own = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        let out = args.out.as_deref().or(own).unwrap_or(Path::new("."));
        let mut judged = judge::conclude(&result, &args.judge)?;
        let folder = RunFolder::open(out)?;
        // Links to the pages of traces lead nowhere from another folder.
        if own == Some(out) {
            judged.verdict.evidence = folder.evidence()?;
        }
        judge::write(&folder, &result, &judged, &args.judge)?;
        judge::show(&result, &judged, Some(out));
        gravest = gravest.max(Some(judged.verdict.word));
    }
    Ok(gravest.map_or(ExitStatus::Invalid, |word| of_verdict(word, args.judge.inconclusive)))
}
