//! The turns that the two sides of a duet take: one after the other as A B B A, so that neither is
//! always the later one, and what drifts slowly meets both alike.

use std::time::Duration;

/// The turns of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turns {
    /// How long each turn is: whole seconds, so that none shares a slice with the other side's.
    pub length: Duration,
    /// Whether this side has the first and the last of each four turns, or the two between.
    pub first: bool,
    /// What is due within so long after a switch is not measured by itself.
    pub settle: Duration,
    /// How long all turns together are.
    pub end: Duration,
}

impl Turns {
    /// Whether this side has its turn, so long after the start.
    pub fn is_own(&self, at: Duration) -> bool {
        at < self.end && self.owns(self.turn(at))
    }

    /// When this side may begin what it would like to begin at `at`: then, or when its next turn
    /// begins; none when there will be no other.
    pub fn next_own(&self, at: Duration) -> Option<Duration> {
        let turn = self.turn(at);
        let own = (turn..turn + 3).find(|turn| self.owns(*turn))?;
        let next = at.max(self.start(own));
        (next < self.end).then_some(next)
    }

    /// The last time not after `at` at which this side had its turn: what was begun in it and
    /// ends later belongs to it. The very start, where it had none yet.
    pub fn last_own(&self, at: Duration) -> Duration {
        const LEAST: Duration = Duration::from_nanos(1);
        let at = at.min(self.end.saturating_sub(LEAST));
        let turn = self.turn(at);
        let own = (turn.saturating_sub(2)..=turn).rev().find(|turn| self.owns(*turn));
        own.map_or(Duration::ZERO, |own| at.min(self.start(own + 1).saturating_sub(LEAST)))
    }

    /// Whether what is due at `at` comes so soon after the other side's turn that it still feels
    /// it.
    pub fn settles(&self, at: Duration) -> bool {
        let turn = self.turn(at);
        let switched = turn == 0 || !self.owns(turn - 1);
        self.owns(turn) && switched && at - self.start(turn) < self.settle
    }

    fn owns(&self, turn: u64) -> bool {
        matches!(turn % 4, 0 | 3) == self.first
    }

    fn turn(&self, at: Duration) -> u64 {
        let turn = at.as_nanos() / self.length.as_nanos().max(1);
        u64::try_from(turn).unwrap_or(u64::MAX - 4)
    }

    fn start(&self, turn: u64) -> Duration {
        let nanos = self.length.as_nanos() * u128::from(turn);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn turns(first: bool) -> Turns {
        let (length, end) = (Duration::from_secs(1), Duration::from_secs(12));
        Turns { length, first, settle: Duration::from_millis(50), end }
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_sides_take_turns_as_a_b_b_a() {
        let who: String = (0..12)
            .map(|second| if turns(true).is_own(ms(second * 1_000 + 500)) { 'a' } else { 'b' })
            .collect();
        assert_eq!(who, "abbaabbaabba");
    }

    #[test]
    fn whoever_comes_in_the_others_turn_waits_for_the_next_of_his_own() {
        assert_eq!(turns(true).next_own(ms(999)), Some(ms(999)));
        assert_eq!(turns(true).next_own(ms(1_000)), Some(ms(3_000)));
        assert_eq!(turns(true).next_own(ms(4_500)), Some(ms(4_500)), "two in a row are one");
        assert_eq!(turns(false).next_own(ms(0)), Some(ms(1_000)));
        assert_eq!(turns(false).next_own(ms(11_000)), None, "there is no other");
        assert_eq!(turns(true).next_own(ms(12_000)), None);
    }

    #[test]
    fn what_ends_in_the_others_turn_belongs_to_the_second_it_was_begun_in() {
        let second = |turns: Turns, at| turns.last_own(ms(at)).as_secs();
        let own = [500, 1_200, 2_900, 3_000, 4_700, 5_100, 99_000];
        assert_eq!(own.map(|at| second(turns(true), at)), [0, 0, 0, 3, 4, 4, 11]);
        assert_eq!(
            [0, 1_100, 3_300, 4_900, 99_000].map(|at| second(turns(false), at)),
            [0, 1, 2, 2, 10]
        );
    }

    #[test]
    fn only_a_switch_has_to_settle() {
        let settles = |at| turns(true).settles(ms(at));
        assert!(settles(0) && settles(49) && settles(3_010));
        assert!(!settles(50) && !settles(4_010), "the turn before was its own");
        assert!(!settles(1_010), "it is the other's turn");
    }

    proptest! {
        #[test]
        fn at_any_time_one_side_has_its_turn(at in 0_u64..12_000) {
            prop_assert_ne!(turns(true).is_own(ms(at)), turns(false).is_own(ms(at)));
        }

        #[test]
        fn time_as_a_side_counts_it_never_runs_backwards(
            first: bool,
            mut times in prop::collection::vec(0_u64..15_000, 2..50),
        ) {
            times.sort_unstable();
            let turns = turns(first);
            let seen: Vec<_> = times.iter().map(|at| turns.last_own(ms(*at))).collect();
            prop_assert!(seen.is_sorted());
            for (at, seen) in times.iter().zip(seen) {
                prop_assert!(seen <= ms(*at));
                prop_assert!(turns.is_own(seen) || seen == Duration::ZERO);
                if turns.is_own(ms(*at)) {
                    prop_assert_eq!(seen, ms(*at));
                }
            }
        }

        #[test]
        fn the_next_turn_is_own_and_nothing_before_it(first: bool, at in 0_u64..12_000) {
            let turns = turns(first);
            if let Some(next) = turns.next_own(ms(at)) {
                prop_assert!(next >= ms(at) && turns.is_own(next));
                prop_assert!((at..next.as_millis() as u64).all(|at| !turns.is_own(ms(at))));
            }
        }
    }
}
