//! Writes a population as goose's test plan: when each user of one worker comes and goes.
//!
//! Goose spreads the users of a step evenly over its time, beginning at once, and keeps exact
//! time in steps that add or end users; one that keeps their number ends up to half a second
//! late. So each stage becomes two steps: all of its users but the last, in the time until the
//! last one is due; then the last one, in the time until the next stage's first is due. No step
//! keeps the number, and no time is lost.

use std::time::Duration;

use crate::executor::crew::Worker;
use crate::plan::Population;

/// Users who come, or go, one after the other.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    first: Duration,
    every: Duration,
    count: usize,
    up: bool,
}

impl Run {
    fn last(&self) -> Duration {
        self.first + self.every * (self.count as u32 - 1)
    }
}

/// The steps of this worker's share: users and milliseconds, as goose's test plan has them. The
/// shares of all workers together are the population, user by user.
pub(super) fn steps(population: &Population, worker: Worker) -> Vec<(usize, usize)> {
    let runs = runs(population, worker);
    let mut steps = Vec::new();
    let Some(first) = runs.first() else { return steps };
    if !first.first.is_zero() {
        steps.push((0, millis(first.first)));
    }
    let mut users = 0;
    for (at, run) in runs.iter().enumerate() {
        let change = |users: usize, by: usize| if run.up { users + by } else { users - by };
        let next = runs.get(at + 1).map_or(population.duration(), |next| next.first);
        if run.count > 1 {
            users = change(users, run.count - 1);
            steps.push((users, millis(run.last()) - millis(run.first)));
        }
        users = change(users, 1);
        steps.push((users, millis(next).saturating_sub(millis(run.last()))));
    }
    steps
}

/// The users that come in all of a population: one who leaves does not come back.
pub(super) fn launches(population: &Population) -> u64 {
    let mut before = 0;
    let levels = std::iter::once(population.start).chain(population.stages.iter().map(|s| s.1));
    let rises =
        levels.map(|users| u64::from(users.saturating_sub(std::mem::replace(&mut before, users))));
    rises.sum()
}

fn runs(population: &Population, worker: Worker) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut begin = Duration::ZERO;
    let mut from = 0;
    let stages = std::iter::once((Duration::ZERO, population.start));
    for (length, to) in stages.chain(population.stages.iter().copied()) {
        runs.extend(run(worker, (from, to), (begin, length)));
        (begin, from) = (begin + length, to);
    }
    runs
}

/// This worker's part of one stage. User k is there while the line is above k, and belongs to
/// worker k modulo their number.
fn run(
    worker: Worker,
    (from, to): (u32, u32),
    (begin, length): (Duration, Duration),
) -> Option<Run> {
    let (of, up) = (worker.of as u32, to > from);
    let changes = from.abs_diff(to);
    // Change j, from 1, is made when j of all of them have come: by user from+j-1, or from-j.
    let first = (1..=changes.min(of)).find(|j| {
        let user = if up { from + j - 1 } else { from - j };
        user % of == worker.index as u32
    })?;
    let after = |change: u32| {
        let nanos = length.as_nanos() * u128::from(change) / u128::from(changes);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    };
    Some(Run {
        first: begin + after(first),
        every: after(of.min(changes)),
        count: ((changes - first) / of + 1) as usize,
        up,
    })
}

fn millis(duration: Duration) -> usize {
    duration.as_millis() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn one() -> Worker {
        Worker { index: 0, of: 1 }
    }

    #[test]
    fn constant_users_come_at_once_and_stay() {
        let population = Population::constant(10, 30 * SECOND);
        assert_eq!(steps(&population, one()), [(9, 0), (10, 30_000)]);
        let single = Population::constant(1, SECOND);
        assert_eq!(steps(&single, one()), [(1, 1_000)]);
    }

    #[test]
    fn a_ramp_brings_each_user_when_the_line_has_passed_a_whole_one() {
        let stages = vec![(10 * SECOND, 10), (5 * SECOND, 10), (10 * SECOND, 0)];
        let ramp = Population { start: 0, stages };
        assert_eq!(
            steps(&ramp, one()),
            [(0, 1_000), (9, 9_000), (10, 6_000), (1, 9_000), (0, 0)],
            "the last comes at 10 s and the first goes at 16 s"
        );
    }

    #[test]
    fn a_stage_without_users_lasts() {
        let stages = vec![(SECOND, 2), (SECOND, 0), (5 * SECOND, 0), (SECOND, 2)];
        let gap = Population { start: 2, stages };
        assert_eq!(
            steps(&gap, one()),
            [(1, 0), (2, 1_500), (1, 500), (0, 5_500), (1, 500), (2, 0)]
        );
        assert_eq!(launches(&gap), 4);
    }

    #[test]
    fn nobody_comes_to_an_empty_population() {
        assert_eq!(steps(&Population::constant(0, SECOND), one()), []);
        assert_eq!(launches(&Population::constant(0, SECOND)), 0);
    }

    fn populations() -> impl Strategy<Value = Population> {
        let stage = ((0_u32..20).prop_map(|s| SECOND * s), 0_u32..40);
        (0_u32..40, prop::collection::vec(stage, 1..5))
            .prop_map(|(start, stages)| Population { start, stages })
    }

    /// The users there are at a time if goose keeps these steps.
    fn users_at(steps: &[(usize, usize)], at: usize) -> usize {
        let (mut begin, mut users) = (0, 0_usize);
        for (to, length) in steps {
            if at < begin {
                break;
            }
            let changes = to.abs_diff(users);
            let gone = at - begin;
            let done = match length {
                0 => changes,
                _ => changes.min(if changes == 0 { 0 } else { gone * changes / length + 1 }),
            };
            users = if *to > users { users + done } else { users - done };
            begin += length;
        }
        users
    }

    #[test]
    fn no_step_keeps_the_number_of_users() {
        let stages = vec![(SECOND, 5), (SECOND, 5), (Duration::ZERO, 9), (SECOND, 1)];
        let population = Population { start: 3, stages };
        let steps = steps(&population, one());
        assert!(steps.windows(2).all(|pair| pair[0].0 != pair[1].0), "{steps:?}");
    }

    proptest! {
        #[test]
        fn the_shares_are_the_population_at_any_time(
            population in populations(),
            of in 1_usize..5,
            at in 0_usize..80_000,
        ) {
            let shares: Vec<_> =
                (0..of).map(|index| steps(&population, Worker { index, of })).collect();
            let users: usize = shares.iter().map(|steps| users_at(steps, at)).sum();
            // Times are whole milliseconds, so the line is met within two of them.
            let around = [at.saturating_sub(3), at, at + 3].map(|at| {
                let at = Duration::from_millis(at as u64);
                population.users_at(at.min(population.duration().saturating_sub(SECOND / 1000)))
            });
            if Duration::from_millis(at as u64) < population.duration() {
                let (least, most) = (around.iter().min(), around.iter().max());
                let users = users as u32;
                prop_assert!(
                    least.is_some_and(|least| *least <= users)
                        && most.is_some_and(|most| users <= *most),
                    "{users} users, not {around:?} at {at}: {shares:?}"
                );
            }
        }

        #[test]
        fn every_launch_is_somebodys(population in populations(), of in 1_usize..5) {
            let mut rises = 0;
            for index in 0..of {
                let mut before = 0;
                for (users, _) in steps(&population, Worker { index, of }) {
                    rises += users.saturating_sub(before) as u64;
                    before = users;
                }
            }
            prop_assert_eq!(rises, launches(&population));
        }
    }
}
