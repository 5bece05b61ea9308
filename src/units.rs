//! Writes and reads quantities: durations, rates, pauses, sizes, percentages.

use std::time::Duration;

/// Events per second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// A pause: fixed (`least == most`) or drawn evenly from a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// The shortest.
    pub least: Duration,
    /// The longest.
    pub most: Duration,
}
