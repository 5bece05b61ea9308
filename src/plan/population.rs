//! How many virtual users there are over time under a closed workload.

use std::time::Duration;

/// How many users there are, over time: straight lines between points.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Users at the start.
    pub start: u32,
    /// What is reached at each stage's end.
    pub stages: Vec<(Duration, u32)>,
}

impl Population {
    /// The same number of users all the time.
    pub fn constant(users: u32, duration: Duration) -> Self {
        Self { start: users, stages: vec![(duration, users)] }
    }

    /// The users at a time; after the end none.
    ///
    /// A user comes, or goes, when the line has passed a whole one, as in k6: on the way from 0
    /// to 10 in 10 s the first is there after one second, and from 10 to 0 the first is gone
    /// after one.
    pub fn users_at(&self, at: Duration) -> u32 {
        let mut begin = Duration::ZERO;
        let mut from = self.start;
        for (duration, to) in &self.stages {
            let end = begin.saturating_add(*duration);
            if at < end {
                let change = u128::from(from.abs_diff(*to)) * (at - begin).as_nanos();
                let change = (change / duration.as_nanos()) as u32;
                return if *to < from { from - change } else { from + change };
            }
            (begin, from) = (end, *to);
        }
        0
    }

    /// The most users there are at any time.
    pub fn max(&self) -> u32 {
        self.stages.iter().map(|(_, users)| *users).fold(self.start, u32::max)
    }

    /// How long all stages take.
    pub fn duration(&self) -> Duration {
        self.stages.iter().fold(Duration::ZERO, |sum, (duration, _)| sum.saturating_add(*duration))
    }

    /// The part that one of several workers carries: all shares add up to the whole at the
    /// start and at every stage's end, and no two differ there by more than one user.
    pub fn share(&self, worker: u32, workers: u32) -> Population {
        let part = |users: u32| part_of(users, worker, workers);
        Population {
            start: part(self.start),
            stages: self.stages.iter().map(|(length, users)| (*length, part(*users))).collect(),
        }
    }
}

fn part_of(users: u32, worker: u32, workers: u32) -> u32 {
    let workers = workers.max(1);
    users / workers + u32::from(worker < users % workers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ramp() -> Population {
        let second = Duration::from_secs(1);
        Population { start: 0, stages: vec![(10 * second, 10), (5 * second, 10), (second, 0)] }
    }

    #[test]
    fn users_come_and_go_when_the_line_passes_a_whole_one() {
        let users = |millis| ramp().users_at(Duration::from_millis(millis));
        assert_eq!(
            [0, 999, 1000, 9_999, 10_000, 14_999].map(users),
            [0, 0, 1, 9, 10, 10],
            "on the way up"
        );
        assert_eq!([15_000, 15_099, 15_100, 15_999].map(users), [10, 10, 9, 1], "and down");
        assert_eq!(users(16_000), 0, "after the end");
        assert_eq!(ramp().max(), 10);
        assert_eq!(ramp().duration(), Duration::from_secs(16));
    }

    #[test]
    fn a_stage_without_length_is_a_jump() {
        let population =
            Population { start: 0, stages: vec![(Duration::ZERO, 50), (Duration::MAX, 50)] };
        assert_eq!(population.users_at(Duration::ZERO), 50);
    }

    fn populations() -> impl Strategy<Value = Population> {
        let stage = ((0_u64..100_000).prop_map(Duration::from_millis), 0_u32..10_000);
        (0_u32..10_000, prop::collection::vec(stage, 1..6))
            .prop_map(|(start, stages)| Population { start, stages })
    }

    proptest! {
        #[test]
        fn shares_add_up_at_every_stage_end(whole in populations(), workers in 1_u32..17) {
            let shares: Vec<_> = (0..workers).map(|w| whole.share(w, workers)).collect();
            prop_assert_eq!(shares.iter().map(|s| s.start).sum::<u32>(), whole.start);
            for (at, stage) in whole.stages.iter().enumerate() {
                let parts: Vec<u32> = shares.iter().map(|share| share.stages[at].1).collect();
                prop_assert_eq!(parts.iter().sum::<u32>(), stage.1);
                prop_assert!(parts.iter().all(|part| part.abs_diff(parts[0]) <= 1));
            }
        }

        #[test]
        fn users_stay_between_the_ends_of_their_stage(
            population in populations(),
            millis in 0_u64..500_000,
        ) {
            let at = Duration::from_millis(millis);
            let users = population.users_at(at);
            prop_assert!(users <= population.max());
            if at >= population.duration() {
                prop_assert_eq!(users, 0);
            }
        }

        #[test]
        fn a_stage_that_rises_never_loses_a_user(
            from in 0_u32..1000,
            more in 0_u32..1000,
            times in prop::collection::vec(0_u64..9_999, 2..20),
        ) {
            let length = Duration::from_secs(10);
            let up = Population { start: from, stages: vec![(length, from + more)] };
            let down = Population { start: from + more, stages: vec![(length, from)] };
            let mut times = times;
            times.sort_unstable();
            let walk = |population: &Population| -> Vec<u32> {
                times.iter().map(|ms| population.users_at(Duration::from_millis(*ms))).collect()
            };
            prop_assert!(walk(&up).is_sorted());
            prop_assert!(walk(&down).iter().rev().is_sorted());
        }
    }
}
