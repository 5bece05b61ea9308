//! `taster plan`: checks scenario files and prints what a run would do; sends nothing.

use crate::cli::args::PlanArgs;
use crate::cli::choose::Asked;
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, inputs, preflight, words};

/// Plans and prints.
pub fn plan(args: &PlanArgs) -> Result<ExitStatus, Ended> {
    let target = args.what.target.as_deref().unwrap_or("http://127.0.0.1");
    let seed = args.what.seed.unwrap_or(1);
    let plan = inputs::plan(&args.what, &Asked::by(&args.choose)?, target, seed, (true, true))?;
    words::warnings(&plan);
    words::data(&plan.describe());
    if args.gate.gate {
        preflight::preflight(&plan, &args.gate)?;
    }
    Ok(ExitStatus::Pass)
}
