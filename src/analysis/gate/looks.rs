//! The looks at a duet: after which restarts it is judged, and how they share the error rates.
//!
//! How often a duet may be looked at is settled before it begins, and each look has a part of both
//! error rates, so that all of them together err no more often than one (Bonferroni: whatever the
//! looks have in common). A look at which nothing is decided costs its part all the same.
//!
//! Looks before the third restart end a duet early. They lean on what has been learnt of this
//! machine, for one or two pairs of processes tell nothing of how much pairs differ: whoever
//! settles them must know that. After one restart nothing ever FAILs (see `decide`).

use super::Gate;

/// A duet takes so many restarts unless what they show is plain before.
pub const LEAST: u32 = 3;

/// So many restarts must have taught how far equal sides differ before a duet may end early: one
/// or two pairs of processes are judged then by what is known of others.
pub const TAUGHT: u32 = 10;

/// The part of the look after the first restart, and of the one after the second.
const EARLY: [f64; 2] = [0.10, 0.20];

/// The part that the planned look has, of what early ones leave, where another may follow it: three
/// restarts decide most duets, and five that were not decided by then have power to spare.
const BEFORE_EXTENSION: f64 = 0.75;

/// Which of the looks it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Before all restarts that were planned are made: it may end the duet early.
    Early {
        /// The restarts that were planned.
        planned: u32,
    },
    /// After all that were planned.
    Planned,
    /// After those that were added once.
    Extended,
}

/// One look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// After so many restarts.
    pub restarts: u32,
    /// Its part of both error rates.
    pub share: f64,
    /// Which of them it is.
    pub occasion: Occasion,
}

/// The looks after so many restarts each, as a duet has settled them (any order); none of none.
pub fn settled(restarts: &[u32]) -> Vec<Look> {
    let mut at: Vec<u32> = restarts.iter().copied().filter(|count| *count > 0).collect();
    at.sort_unstable();
    at.dedup();
    let first = at.iter().position(|count| *count >= LEAST).unwrap_or(at.len());
    let (early, main) = at.split_at(first);
    let share = |count: u32| EARLY[(count as usize).clamp(1, EARLY.len()) - 1];
    let left = 1.0 - early.iter().map(|count| share(*count)).sum::<f64>();
    let planned = main.first().copied().unwrap_or(LEAST);
    let ahead = early.iter().map(|count| Look {
        restarts: *count,
        share: share(*count),
        occasion: Occasion::Early { planned },
    });
    let extensions = main.len().saturating_sub(1);
    let after = main.iter().enumerate().map(|(at, count)| {
        let (part, occasion) = match (at, extensions) {
            (0, 0) => (1.0, Occasion::Planned),
            (0, _) => (BEFORE_EXTENSION, Occasion::Planned),
            (_, more) => ((1.0 - BEFORE_EXTENSION) / more as f64, Occasion::Extended),
        };
        Look { restarts: *count, share: left * part, occasion }
    });
    ahead.chain(after).collect()
}

/// Where early looks are, of a duet with so many restarts planned.
pub fn early(planned: u32) -> impl Iterator<Item = u32> {
    1..LEAST.min(planned)
}

impl Look {
    /// The one look at a duet that is neither ended early nor extended.
    pub fn only(restarts: u32) -> Self {
        Self { restarts, share: 1.0, occasion: Occasion::Planned }
    }
}

/// The gate at a look that has `share` of both error rates.
pub fn at_look(gate: &Gate, share: f64) -> Gate {
    Gate {
        alpha_fail: gate.alpha_fail * share,
        alpha_pass: gate.alpha_pass * share,
        ..gate.clone()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shares(restarts: &[u32]) -> Vec<f64> {
        settled(restarts).iter().map(|look| look.share).collect()
    }

    #[test]
    fn the_only_look_has_all_of_both_error_rates() {
        assert_eq!(settled(&[3]), [Look::only(3)]);
        assert_eq!(settled(&[7]), [Look::only(7)]);
    }

    #[test]
    fn a_look_that_may_be_followed_by_another_leaves_it_a_quarter() {
        assert_eq!(shares(&[3, 5]), [0.75, 0.25]);
        let looks = settled(&[5, 3]);
        assert_eq!(looks[1].occasion, Occasion::Extended);
        assert_eq!((looks[0].restarts, looks[0].occasion), (3, Occasion::Planned));
    }

    #[test]
    fn early_looks_take_their_part_from_the_others() {
        let looks = settled(&[1, 2, 3, 5]);
        let early = Occasion::Early { planned: 3 };
        assert_eq!(looks.iter().filter(|look| look.occasion == early).count(), 2);
        for (look, share) in looks.iter().zip([0.10, 0.20, 0.525, 0.175]) {
            assert!((look.share - share).abs() < 1e-12, "{look:?}");
        }
    }

    proptest! {
        #[test]
        fn however_many_looks_there_are_they_share_no_more_than_there_is(
            restarts in prop::collection::vec(any::<u32>(), 0..8),
            few in prop::collection::vec(0u32..7, 0..8),
        ) {
            for restarts in [restarts, few] {
                let all: f64 = shares(&restarts).iter().sum();
                prop_assert!(all <= 1.0 + 1e-12, "{restarts:?} {all}");
                prop_assert!(shares(&restarts).iter().all(|share| *share > 0.0));
            }
        }
    }
}
