//! What a run does that is one side of a duet: it says when it is ready, begins when it is told,
//! and ends when whoever started it is gone.

use std::io::BufRead;
use std::time::Duration;

use crate::cli::args::PartArgs;
use crate::cli::interrupt::INTERRUPTED;
use crate::cli::words;
use crate::executor::Stop;
use crate::plan::{DuetLoad, Turns};

/// What a side says, on standard error, once its users are set up.
pub const READY: &str = "ready to begin";

/// The load of a side, as the options tell.
pub fn load(args: &PartArgs) -> Option<DuetLoad> {
    let (part, length) = (args.duet_part.as_ref()?, args.duet_length?);
    let millis = |ms: u32| Duration::from_millis(ms.into());
    let turns = (part.turn_ms > 0).then(|| Turns {
        length: millis(part.turn_ms),
        first: part.first,
        settle: millis(part.settle_ms),
        end: length,
    });
    Some(DuetLoad { length, turns, first: part.first })
}

/// Says that it is ready, and waits for the line that tells the start: nanoseconds on the clock of
/// `executor::monotonic`. From then on the end of standard input ends the run.
pub fn wait_for_start(stop: &Stop) -> Option<Duration> {
    words::say(READY);
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    let start = read.ok().and_then(|_| line.trim().parse().ok()).map(Duration::from_nanos);
    if start.is_none() {
        stop.request(INTERRUPTED);
        return None;
    }
    let stop = stop.clone();
    std::thread::spawn(move || {
        // It is held open, and nothing more is said, until the duet is over or gone.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        stop.request(INTERRUPTED);
    });
    start
}
