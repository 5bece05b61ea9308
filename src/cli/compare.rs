//! `taster compare`: judges one saved result against another.

use crate::cli::args::CompareArgs;
use crate::cli::exit::{ExitStatus, of_verdict};
use crate::cli::{Ended, judge};
use crate::store;

/// Judges `new` against `old` and shows it; writes nothing.
pub fn compare(args: &CompareArgs) -> Result<ExitStatus, Ended> {
    let old = store::read_result(&args.old)?;
    let new = store::read_result(&args.new)?;
    let judged = judge::against(&new, Some(old), &args.judge, true);
    judge::show(&new, &judged, None);
    Ok(of_verdict(judged.verdict.word, args.judge.inconclusive))
}
