//! The checks there are, in the order in which they are made.

use std::fmt;
use std::str::FromStr;

use super::row::Row;
use super::trial::Bench;
use super::{CalibrationError, draw::Law, ends, floor, order, spread};

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// An answer without delay: the shortest time that can be told here.
    Floor,
    /// A constant rate on a server that takes 200 µs.
    Constant,
    /// Drawn service times: exponential.
    Exponential,
    /// Lognormal.
    Lognormal,
    /// Of two kinds.
    Bimodal,
    /// A server that stands still, with 20 users at most.
    StallFew,
    /// With 600 users at most: always one free.
    StallMany,
    /// A server that serves one at a time.
    Queue,
    /// Where the time of a slow answer went.
    Phases,
    /// Answers that break, or come in an odd way.
    Ends,
    /// The closed model in a stall.
    Closed,
}

/// How long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Long enough for each bound.
    Full,
    /// As short as it can be: for a first look.
    Quick,
}

impl Length {
    /// Seconds of load.
    pub(super) fn seconds(self, full: u32, quick: u32) -> u32 {
        match self {
            Length::Full => full,
            Length::Quick => quick,
        }
    }
}

impl Check {
    /// All of them.
    pub const ALL: [Check; 11] = [
        Check::Floor,
        Check::Constant,
        Check::Exponential,
        Check::Lognormal,
        Check::Bimodal,
        Check::StallFew,
        Check::StallMany,
        Check::Queue,
        Check::Phases,
        Check::Ends,
        Check::Closed,
    ];

    /// As it is written on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Check::Floor => "floor",
            Check::Constant => "constant",
            Check::Exponential => "exponential",
            Check::Lognormal => "lognormal",
            Check::Bimodal => "bimodal",
            Check::StallFew => "stall-20",
            Check::StallMany => "stall-600",
            Check::Queue => "queue",
            Check::Phases => "phases",
            Check::Ends => "ends",
            Check::Closed => "closed",
        }
    }

    /// What is done, for a person who waits.
    pub fn about(self) -> &'static str {
        match self {
            Check::Floor => "1,000 requests/s to a server without delay",
            Check::Constant => "1,000 requests/s to a server that takes 200 µs",
            Check::Exponential => "400 requests/s, service times drawn: exponential",
            Check::Lognormal => "400 requests/s, service times drawn: lognormal",
            Check::Bimodal => "400 requests/s, service times drawn: of two kinds",
            Check::StallFew => "400 requests/s, 20 users, 1 s of every 5 s the server stands still",
            Check::StallMany => "the same with 600 users",
            Check::Queue => "400 requests/s to a server that serves one at a time",
            Check::Phases => "a first byte after 5 ms, the rest 7 ms later",
            Check::Ends => "resets, half-closed connections, answers byte by byte",
            Check::Closed => "20 users in the closed model, with the same stalls",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Check {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Check::ALL.into_iter().find(|check| check.name() == text);
        known.ok_or_else(|| format!("the checks are {}", Check::ALL.map(Check::name).join(", ")))
    }
}

/// Makes one check.
///
/// # Errors
/// When it came to no end. An instrument that is wrong is a row, not an error.
pub fn examine(check: Check, length: Length, bench: &Bench) -> Result<Vec<Row>, CalibrationError> {
    match check {
        Check::Floor => floor::floor(length, bench),
        Check::Constant => floor::constant(length, bench),
        Check::Exponential => spread::spread("exponential", Law::Exponential, length, bench),
        Check::Lognormal => spread::spread("lognormal", Law::Lognormal, length, bench),
        Check::Bimodal => spread::spread("bimodal", Law::Bimodal, length, bench),
        Check::StallFew => order::stall("stall-20", 20, length, bench),
        Check::StallMany => order::stall("stall-600", 600, length, bench),
        Check::Queue => order::queue(length, bench),
        Check::Phases => ends::phases(length, bench),
        Check::Ends => ends::ends(length, bench),
        Check::Closed => order::closed(length, bench),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_check_is_called_by_its_name_and_a_wrong_name_lists_them() {
        for check in Check::ALL {
            assert_eq!(check.name().parse(), Ok(check));
        }
        let wrong = Check::from_str("stall").unwrap_err();
        assert!(wrong.contains("stall-20, stall-600"), "{wrong}");
    }
}
