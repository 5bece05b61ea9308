//! Ctrl-C: once ends the run with what there is, twice ends the process. A terminal that goes away
//! and a request to terminate do the same.

use crate::cli::Ended;
use crate::cli::exit::{ExitCodes, ExitStatus};
use crate::cli::{live, words};
use crate::executor::Stop;
use crate::result::RunResult;

/// The reason that `Stop` is given.
pub const INTERRUPTED: &str = "interrupted";

/// The reason of a stop that lets what was begun come to its end.
pub const STOPPED: &str = "stopped by hand";

/// Whether somebody ended the run before its time.
pub fn ended(result: &RunResult) -> bool {
    matches!(result.run.ended_early.as_deref(), Some(INTERRUPTED | STOPPED))
}

/// A stop that interruptions ask for.
///
/// # Errors
/// When the system refuses the handler.
pub fn listening() -> Result<Stop, Ended> {
    let stop = Stop::new();
    listen(&stop)?;
    Ok(stop)
}

/// Listens for interruptions of a run.
///
/// # Errors
/// When the system refuses the handler.
pub fn listen(stop: &Stop) -> Result<(), Ended> {
    let stop = stop.clone();
    // Installed before goose can install its own, which would end the process without a result.
    ctrlc::set_handler(move || {
        if stop.is_urgent() {
            live::give_back();
            at_once();
        }
        // The live view shows that itself.
        if !live::is_shown() {
            words::say("\ninterrupted: saving what there is (once more to end at once)");
        }
        stop.request(INTERRUPTED);
    })
    .map_err(|error| Ended::environment(format!("cannot listen for Ctrl-C: {error}")))
}

/// Ends the process as it is: somebody has asked for that twice.
pub fn at_once() -> ! {
    std::process::exit(i32::from(ExitStatus::Interrupted.number(ExitCodes::Taster)));
}
