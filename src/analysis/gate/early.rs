//! Ends a restart of a duet early, where what it would come to is plain already.
//!
//! One restart is one pair of processes, so this is only allowed where it has been learnt how far
//! equal sides differ on this machine. Looking often would err often: the bounds are those of
//! O'Brien and Fleming, wide at first, which nine looks together exceed as rarely as one should.

use super::decide::word_at;
use super::sides::sides;
use super::{Gate, fitting};
use crate::analysis::Word;
use crate::result::RunResult;
use crate::result::histogram::HistogramError;

/// Seconds between looks.
pub const EVERY: u32 = 20;

/// The most looks.
pub const LOOKS: u32 = 9;

/// The word of a restart so far at the look of that number (1 to `LOOKS`, every `EVERY` seconds
/// of measured load), `(what is compared with, candidate)`; none where it must go on, always so
/// where the noise has not been learnt. The error is of the first histogram that cannot be read.
pub fn look(
    so_far: &(RunResult, RunResult),
    number: u32,
    gate: &Gate,
) -> Result<Option<Word>, HistogramError> {
    if !gate.noise.learnt || number == 0 || number > LOOKS {
        return Ok(None);
    }
    let part = f64::from(number) / f64::from(LOOKS);
    let restarts = std::slice::from_ref(so_far);
    let mut rows = Vec::new();
    for scenario in fitting::scenarios(Some(&so_far.1)) {
        if fitting::same_load(scenario, &[&so_far.0, &so_far.1]) {
            rows.extend(sides(restarts, scenario)?.rows(gate));
        }
    }
    // The rest of both alphas is for the restarts that follow where none of the looks ends it.
    Ok(word_at(&rows, part, (gate.alpha_fail / 2.0, gate.alpha_pass / 2.0)))
}
