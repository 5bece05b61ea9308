//! Flaws of the pages: what one of them does wrong on purpose, so that it shows whether a test in
//! a browser notices; and hindrances, with which a page is right in the end but hard to use.
//!
//! Routes and templates ask for flaws, the script of the pages for hindrances.

use std::time::Duration;

/// What a page does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The password's label belongs to no field.
    Label,
    /// Whoever signs in lands on the wrong page.
    Landing,
    /// Signing out leaves the session open.
    SignOut,
    /// What is wrong with a field is not said.
    Errors,
    /// Searching for something finds everything.
    Search,
    /// What is deleted is still there.
    Delete,
    /// Who saves last wins, and nobody is told.
    Conflict,
    /// An opinion is taken note of and forgotten.
    Like,
    /// What one is allergic to is not saved.
    Allergies,
    /// Sums are a cent too high.
    Total,
    /// The number at the cart stays.
    Badge,
    /// A card that no bank takes buys something.
    Card,
}

/// All flaws by name, in the order of their bits.
pub(super) const FLAWS: [(&str, Flaw); 12] = [
    ("page-label", Flaw::Label),
    ("page-landing", Flaw::Landing),
    ("page-sign-out", Flaw::SignOut),
    ("page-errors", Flaw::Errors),
    ("page-search", Flaw::Search),
    ("page-delete", Flaw::Delete),
    ("page-conflict", Flaw::Conflict),
    ("page-like", Flaw::Like),
    ("page-allergies", Flaw::Allergies),
    ("page-total", Flaw::Total),
    ("page-badge", Flaw::Badge),
    ("page-card", Flaw::Card),
];

/// What makes a page hard to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hindrance {
    /// Something lies over the page for so long.
    Overlay,
    /// Buttons are put in only after so long.
    Late,
    /// Buttons move about for so long.
    Moving,
    /// For so long, buttons are replaced by others like them as soon as they are pressed.
    Replaced,
    /// The script of the page breaks after so long.
    ScriptError,
}

/// All hindrances by name, with the time of one that is named without, in milliseconds.
pub(super) const HINDRANCES: [(&str, Hindrance, u64); 5] = [
    ("page-overlay", Hindrance::Overlay, 2_000),
    ("page-late", Hindrance::Late, 1_000),
    ("page-moving", Hindrance::Moving, 2_000),
    ("page-replaced", Hindrance::Replaced, 2_000),
    ("page-script-error", Hindrance::ScriptError, 100),
];

/// What is wrong with the pages that answer one request.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Defects {
    flaws: u32,
    hindrances: [Option<Duration>; HINDRANCES.len()],
}

impl Defects {
    pub(super) fn add_flaw(&mut self, flaw: Flaw) {
        self.flaws |= 1 << flaw as u32;
    }

    pub(super) fn add_hindrance(&mut self, hindrance: Hindrance, time: Duration) {
        self.hindrances[hindrance as usize] = Some(time);
    }

    pub(super) fn has(self, flaw: Flaw) -> bool {
        self.flaws >> flaw as u32 & 1 == 1
    }

    /// The hindrances there are: their names without `page-`, and milliseconds.
    pub(super) fn hindrances(self) -> Vec<(&'static str, u64)> {
        let named = HINDRANCES.iter().zip(self.hindrances);
        let written =
            |((name, _, _), time): (&(&'static str, Hindrance, u64), Option<Duration>)| {
                let millis = u64::try_from(time?.as_millis()).unwrap_or(u64::MAX);
                Some((name.strip_prefix("page-").unwrap_or(name), millis))
            };
        named.filter_map(written).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_the_order_of_their_bits() {
        for (at, (name, flaw)) in FLAWS.iter().enumerate() {
            assert_eq!(*flaw as usize, at, "{name}");
        }
        for (at, (name, hindrance, _)) in HINDRANCES.iter().enumerate() {
            assert_eq!(*hindrance as usize, at, "{name}");
        }
    }

    #[test]
    fn each_defect_stands_for_itself() {
        let mut defects = Defects::default();
        defects.add_flaw(Flaw::Total);
        defects.add_hindrance(Hindrance::Late, Duration::from_millis(300));
        assert!(defects.has(Flaw::Total) && !defects.has(Flaw::Badge) && !defects.has(Flaw::Label));
        assert_eq!(defects.hindrances(), [("late", 300)]);
    }
}
