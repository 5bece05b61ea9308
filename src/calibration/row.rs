//! One thing that was measured beside what it should be, and what that is worth.

/// What is measured beside what it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The check and the quantity, such as `constant p50`.
    pub name: String,
    /// As measured.
    pub measured: f64,
    /// The truth.
    pub expected: f64,
    /// How far the two may be apart; none where nothing is demanded.
    pub bound: Option<f64>,
    /// How far they would be apart at best.
    pub goal: Option<f64>,
    /// Of all numbers.
    pub unit: &'static str,
    /// What it is worth.
    pub verdict: Word,
    /// What a reader needs to know about it; may be empty.
    pub note: String,
}

/// What a row is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing is demanded: it is there to be known.
    Info,
    /// Within the goal.
    Goal,
    /// Within the bound.
    Pass,
    /// Not within the bound, on a machine that was too busy to say why.
    Invalid,
    /// Not within the bound.
    Fail,
}

impl Word {
    /// As it is printed.
    pub fn text(self) -> &'static str {
        match self {
            Word::Info => "INFO",
            Word::Goal => "GOAL",
            Word::Pass => "PASS",
            Word::Invalid => "INVALID",
            Word::Fail => "FAIL",
        }
    }
}

impl Row {
    /// A row of which nothing is demanded.
    pub fn info(name: &str, (measured, expected): (f64, f64), unit: &'static str) -> Self {
        let (name, note) = (name.to_string(), String::new());
        let (bound, goal, verdict) = (None, None, Word::Info);
        Self { name, measured, expected, bound, goal, unit, verdict, note }
    }

    /// The same with a bound and a goal. Where the machine was `busy`, a bound that holds holds
    /// all the more, and one that does not says nothing.
    pub fn within(self, (bound, goal): (f64, f64), busy: Option<&str>) -> Self {
        let error = self.difference().abs();
        // Written so that what is no number holds nothing.
        let (verdict, reason) = match busy {
            _ if error <= goal => (Word::Goal, None),
            _ if error <= bound => (Word::Pass, None),
            Some(reason) => (Word::Invalid, Some(reason)),
            None => (Word::Fail, None),
        };
        let row = Self { bound: Some(bound), goal: Some(goal), verdict, ..self };
        match reason {
            Some(reason) => row.noted(reason),
            None => row,
        }
    }

    /// The same with a note more.
    pub fn noted(mut self, note: &str) -> Self {
        if !self.note.is_empty() {
            self.note.push_str("; ");
        }
        self.note.push_str(note);
        self
    }

    /// Measured less expected.
    pub fn difference(&self) -> f64 {
        self.measured - self.expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(measured: f64, busy: Option<&str>) -> Word {
        Row::info("a", (measured, 100.0), "µs").within((50.0, 20.0), busy).verdict
    }

    #[test]
    fn a_difference_is_worth_what_its_bound_and_its_goal_say() {
        assert_eq!([100.0, 80.0, 120.0].map(|measured| word(measured, None)), [Word::Goal; 3]);
        assert_eq!([121.0, 50.0, 150.0].map(|measured| word(measured, None)), [Word::Pass; 3]);
        assert_eq!([49.0, 151.0, f64::NAN].map(|measured| word(measured, None)), [Word::Fail; 3]);
    }

    #[test]
    fn a_busy_machine_excuses_an_error_and_spoils_no_success() {
        assert_eq!(word(900.0, Some("busy")), Word::Invalid);
        assert_eq!(word(130.0, Some("busy")), Word::Pass);
        let row = Row::info("a", (900.0, 100.0), "µs").noted("b").within((1.0, 1.0), Some("busy"));
        assert_eq!(row.note, "b; busy");
    }
}
