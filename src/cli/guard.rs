//! `taster guard`: started by Taster itself before each driver and browser, so that none is left.

use crate::cli::Ended;
use crate::cli::args::GuardArgs;
use crate::cli::exit::ExitStatus;
use crate::driver::browser;

/// Guards one program; the process ends with the program's own exit code.
pub fn guard(args: &GuardArgs) -> Result<ExitStatus, Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Ended::environment(format!("cannot start an event loop: {error}")))?;
    let kept = runtime.block_on(browser::keep(&args.program, args.scratch.as_deref()));
    // A thread that still waits for the end of standard input must not hold the process.
    runtime.shutdown_background();
    let code = kept.map_err(|error| Ended::environment(format!("cannot start {error}")))?;
    std::process::exit(code)
}
