//! Is when a load was paused, and the load's own time, which stands still meanwhile.
//!
//! Nothing is asked of the target in a pause but what was begun before it. So a pause is no second
//! in which the target did nothing, and no schedule is behind because of it: seconds, schedules and
//! ends are in the load's own time. How long a request took is not: it took what it took.

use std::time::Duration;

/// The pauses of a load, in the time since it began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pauses {
    over: Vec<(Duration, Duration)>,
    since: Option<Duration>,
}

impl Pauses {
    /// A pause begins; one that goes on already does so.
    pub fn begin(&mut self, at: Duration) {
        self.since.get_or_insert(at);
    }

    /// The pause is over, where there is one.
    pub fn end(&mut self, at: Duration) {
        if let Some(since) = self.since.take() {
            self.over.push((since, at.max(since)));
        }
    }

    /// Whether one goes on.
    pub fn is_on(&self) -> bool {
        self.since.is_some()
    }

    /// How much of the load's own time had passed at a time since it began.
    pub fn passed(&self, at: Duration) -> Duration {
        if self.over.is_empty() && self.since.is_none() {
            return at;
        }
        let at = self.since.map_or(at, |since| at.min(since));
        let lost = self.over.iter().map(|(begin, end)| at.min(*end).saturating_sub(*begin));
        at.saturating_sub(lost.sum())
    }

    /// How long all pauses were that are over.
    pub fn lost(&self) -> Duration {
        self.over.iter().map(|(begin, end)| *end - *begin).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_time_of_a_load_stands_still_while_it_is_paused() {
        let mut pauses = Pauses::default();
        assert_eq!(pauses.passed(ms(7)), ms(7));
        pauses.begin(ms(1_000));
        pauses.begin(ms(1_500));
        assert_eq!((pauses.passed(ms(900)), pauses.passed(ms(9_000))), (ms(900), ms(1_000)));
        assert_eq!((pauses.is_on(), pauses.lost()), (true, ms(0)));
        pauses.end(ms(3_000));
        pauses.end(ms(3_100));
        assert_eq!(
            [999, 2_000, 3_000, 3_700].map(|at| pauses.passed(ms(at))),
            [ms(999), ms(1_000), ms(1_000), ms(1_700)]
        );
        assert_eq!((pauses.is_on(), pauses.lost()), (false, ms(2_000)));
    }

    proptest! {
        #[test]
        fn it_never_runs_backwards_and_never_ahead(
            mut turns in prop::collection::vec(0_u64..9_000, 0..7),
            mut times in prop::collection::vec(0_u64..10_000, 2..40),
        ) {
            turns.sort_unstable();
            times.sort_unstable();
            let mut pauses = Pauses::default();
            for (at, turn) in turns.iter().enumerate() {
                if at % 2 == 0 { pauses.begin(ms(*turn)) } else { pauses.end(ms(*turn)) }
            }
            let passed: Vec<_> = times.iter().map(|at| pauses.passed(ms(*at))).collect();
            prop_assert!(passed.is_sorted());
            prop_assert!(times.iter().zip(&passed).all(|(at, passed)| *passed <= ms(*at)));
            let end = pauses.passed(ms(10_000));
            if !pauses.is_on() {
                prop_assert_eq!(end + pauses.lost(), ms(10_000));
            }
        }
    }
}
