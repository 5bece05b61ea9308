//! What somebody changed by hand while a load went on, as it is stored.
//!
//! Such a run is not the one that its scenario describes, so it is compared with nothing and
//! becomes no baseline (`analysis`).

use serde::{Deserialize, Serialize};

/// One thing that somebody changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alteration {
    /// Milliseconds of load before it. Pauses are not load: the seconds of a result have none.
    pub at_ms: u64,
    /// What was changed.
    pub what: Altered,
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Altered {
    /// Nothing new was begun for a time.
    Paused {
        /// How long, in milliseconds; none while nobody has let it go on.
        lasted_ms: Option<u64>,
    },
    /// The users of a scenario were set to a number, whatever its profile says.
    Users {
        /// The scenario.
        scenario: String,
        /// Users from then on.
        users: u32,
    },
}

/// Changes of the number of users that follow one another within so many milliseconds are one: the
/// key was pressed several times.
const SAME_MS: u64 = 2_000;

/// Adds a change to those before it: a pause that is over to its beginning, a number of users to
/// the one just set.
pub(super) fn add(all: &mut Vec<Alteration>, new: &Alteration) {
    let continues = |known: &Alteration| match (&known.what, &new.what) {
        (Altered::Paused { lasted_ms: None }, Altered::Paused { .. }) => true,
        (Altered::Users { scenario, .. }, Altered::Users { scenario: other, .. }) => {
            scenario == other && new.at_ms.saturating_sub(known.at_ms) < SAME_MS
        }
        _ => false,
    };
    // Several scenarios are changed by one key, so the one before may be of another.
    let last = all.iter_mut().rev().take_while(|known| !is_pause(known) || is_pause(new));
    match last.into_iter().find(|known| continues(known)) {
        Some(known) => known.what = new.what.clone(),
        None => all.push(new.clone()),
    }
}

fn is_pause(one: &Alteration) -> bool {
    matches!(one.what, Altered::Paused { .. })
}

impl std::fmt::Display for Alteration {
    /// `paused at 12.0 s for 3.3 s`, `users of "shop" set to 30 at 20.1 s`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = |ms: u64| format!("{}.{} s", ms / 1_000, ms % 1_000 / 100);
        let at = seconds(self.at_ms);
        match &self.what {
            Altered::Paused { lasted_ms: Some(ms) } => {
                write!(f, "paused at {at} for {}", seconds(*ms))
            }
            Altered::Paused { lasted_ms: None } => write!(f, "paused at {at} and not let go on"),
            Altered::Users { scenario, users } => {
                write!(f, "users of `{scenario}` set to {users} at {at}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(at_ms: u64, scenario: &str, users: u32) -> Alteration {
        Alteration { at_ms, what: Altered::Users { scenario: scenario.to_string(), users } }
    }

    fn paused(at_ms: u64, lasted_ms: Option<u64>) -> Alteration {
        Alteration { at_ms, what: Altered::Paused { lasted_ms } }
    }

    #[test]
    fn what_belongs_together_is_one_change_and_is_told_in_words() {
        let mut all = Vec::new();
        for new in [
            paused(12_040, None),
            paused(12_040, Some(3_310)),
            users(20_100, "shop", 11),
            users(20_100, "bank", 6),
            users(20_400, "shop", 12),
            users(20_400, "bank", 7),
            paused(21_000, Some(100)),
            users(21_000, "shop", 13),
            users(40_000, "shop", 14),
            paused(50_000, None),
        ] {
            add(&mut all, &new);
        }
        let told: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "paused at 12.0 s for 3.3 s",
                "users of `shop` set to 12 at 20.1 s",
                "users of `bank` set to 7 at 20.1 s",
                "paused at 21.0 s for 0.1 s",
                "users of `shop` set to 13 at 21.0 s",
                "users of `shop` set to 14 at 40.0 s",
                "paused at 50.0 s and not let go on",
            ]
        );
    }
}
