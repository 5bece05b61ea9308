//! When iterations are due under an open workload, in closed form from one start.
//!
//! The area under the rate, N(t), is the number of iterations due by t. The k-th (from 0) is due
//! when N(t) = k: the first at once, and the k-th of a constant rate r at k/r, as in k6's
//! constant-arrival-rate and in wrk2. (k6's ramping executor waits for the area 1 first; here
//! both shapes count from 0, so that a ramp between equal rates is a constant rate.) While the
//! rate is zero nothing is due: what would fall there waits until the rate rises.
//!
//! Evenly spaced arrivals are one apart in N. Those of independent visitors are a Poisson process:
//! the k-th is due when N(t) is the sum of k+1 gaps, each drawn from the exponential distribution
//! of mean 1, so that the same map of N to times serves every shape.
//!
//! In a duet whose sides take turns, what is due in the other side's turns does not exist, and the
//! others are numbered as if it never had: both sides do the same iterations.
//!
//! The times depend on k and the seed alone. Worker w of n takes k = w, w+n, w+2n, ..: however
//! many share the schedule, the whole is the same.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Turns;

/// When iterations are due: straight lines of rate between points, per second.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    /// The rate at the start.
    pub start: f64,
    /// What is reached at each stage's end.
    pub stages: Vec<(Duration, f64)>,
    /// How far apart they are around that rate.
    pub spacing: Spacing,
    /// The turns in which there are any, and how long after the first of them this schedule
    /// begins; all the time without.
    pub turns: Option<(Turns, Duration)>,
}

/// How far arrivals are apart, counted in arrivals: the rate makes times of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spacing {
    /// One apart, the first of them at this share of one, 0 to 1: so that loads side by side do
    /// not all fire at the same instants.
    Even(f64),
    /// As far as independent visitors are: exponential, drawn from this seed.
    Poisson(u64),
}

impl Arrivals {
    /// A constant rate per second, evenly spaced from the start on.
    pub fn constant(rate: f64, duration: Duration) -> Self {
        Self::ramping(rate, vec![(duration, rate)])
    }

    /// Ramps of the rate, evenly spaced from the start on.
    pub fn ramping(start: f64, stages: Vec<(Duration, f64)>) -> Self {
        Self { start, stages, spacing: Spacing::Even(0.0), turns: None }
    }

    /// How many iterations are due before the end. Of Poisson arrivals each is drawn for it.
    pub fn count(&self) -> u64 {
        match self.spacing {
            _ if self.turns.is_some() => self.times((0, 1)).count() as u64,
            // An area of 12000.000000001 is a rounded 12000, not the start of one more.
            Spacing::Even(first) => (self.limit() - first).ceil().max(0.0) as u64,
            Spacing::Poisson(_) => self.times((0, 1)).count() as u64,
        }
    }

    /// When iteration `k`, counted from 0, is due; none after the last.
    pub fn due(&self, k: u64) -> Option<Duration> {
        self.times((k, 1)).next().map(|(_, due)| due)
    }

    /// The iterations from `first` on, each `step`th of all, with the times they are due.
    pub fn times(&self, (first, step): (u64, u64)) -> Times {
        let gaps = match self.spacing {
            Spacing::Even(share) => Gaps::Even(share),
            Spacing::Poisson(seed) => {
                Gaps::Drawn { random: Xoshiro256PlusPlus::seed_from_u64(seed), sum: 0.0, drawn: 0 }
            }
        };
        Times {
            lines: self.lines().collect(),
            limit: self.limit(),
            end: self.duration(),
            gaps,
            next: first,
            step: step.max(1),
            line: 0,
            passed: (0.0, 0.0),
            own: self.turns.map(|(turns, after)| Own { turns, after, all: 0, seen: 0 }),
        }
    }

    /// The rate per second at a time; after a jump the new one, after the end zero.
    pub fn rate_at(&self, at: Duration) -> f64 {
        let mut begin = Duration::ZERO;
        let mut from = self.start;
        for (duration, to) in &self.stages {
            let end = begin.saturating_add(*duration);
            if at < end {
                let share = (at - begin).as_secs_f64() / duration.as_secs_f64();
                return from + (to - from) * share;
            }
            (begin, from) = (end, *to);
        }
        0.0
    }

    /// How long the schedule is.
    pub fn duration(&self) -> Duration {
        self.stages.iter().fold(Duration::ZERO, |sum, (duration, _)| sum.saturating_add(*duration))
    }

    /// The highest rate there is.
    pub fn peak(&self) -> f64 {
        self.stages.iter().map(|(_, rate)| *rate).fold(self.start, f64::max)
    }

    /// The area that arrivals must stay below.
    fn limit(&self) -> f64 {
        let area: f64 = self.lines().map(|line| line.area()).sum();
        area - TINY * area.max(1.0)
    }

    fn lines(&self) -> impl Iterator<Item = Line> + '_ {
        let starts = std::iter::once(self.start).chain(self.stages.iter().map(|stage| stage.1));
        starts.zip(&self.stages).map(|(from, (duration, to))| Line {
            from: from.max(0.0),
            to: to.max(0.0),
            seconds: duration.as_secs_f64(),
        })
    }
}

/// Iterations and when they are due, in order. It holds where it is and no list of them, so a
/// schedule that nobody can follow costs no memory.
#[derive(Debug, Clone)]
pub struct Times {
    lines: Vec<Line>,
    limit: f64,
    end: Duration,
    gaps: Gaps,
    next: u64,
    step: u64,
    /// The line that the schedule has come to, and the area and the seconds before it.
    line: usize,
    passed: (f64, f64),
    own: Option<Own>,
}

/// Which arrivals of a schedule are one side's in a duet.
#[derive(Debug, Clone)]
struct Own {
    turns: Turns,
    after: Duration,
    /// How many of all, and of its own, came before.
    all: u64,
    seen: u64,
}

#[derive(Debug, Clone)]
enum Gaps {
    Even(f64),
    /// The gaps of so many arrivals are drawn, and add up to `sum`.
    Drawn {
        random: Xoshiro256PlusPlus,
        sum: f64,
        drawn: u64,
    },
}

impl Iterator for Times {
    type Item = (u64, Duration);

    fn next(&mut self) -> Option<(u64, Duration)> {
        if self.own.is_some() {
            return self.next_own();
        }
        let number = self.next;
        let area = self.gaps.until(number);
        if area >= self.limit {
            return None;
        }
        self.next = number.saturating_add(self.step);
        Some((number, self.time_of(area)))
    }
}

impl Times {
    /// The next of its own among all arrivals, which are looked through one by one.
    fn next_own(&mut self) -> Option<(u64, Duration)> {
        loop {
            let all = self.own.as_ref()?.all;
            let area = self.gaps.until(all);
            if area >= self.limit {
                return None;
            }
            let due = self.time_of(area);
            let own = self.own.as_mut()?;
            own.all += 1;
            if !own.turns.is_own(due.saturating_add(own.after)) {
                continue;
            }
            own.seen += 1;
            let number = own.seen - 1;
            if number == self.next {
                self.next = number.saturating_add(self.step);
                return Some((number, due));
            }
        }
    }

    /// The time at which the area to its left is `area`, never less than the one before.
    fn time_of(&mut self, area: f64) -> Duration {
        let mut seconds = None;
        while let Some(line) = self.lines.get(self.line) {
            let (wanted, all) = (area - self.passed.0, line.area());
            // At a corner the later line has it, so that no time of rate zero is hit; by as
            // much as the sum is rounded, so that a corner is found where one is meant.
            if all > 0.0 && wanted < all - TINY * all.max(1.0) {
                seconds = Some(self.passed.1 + line.time_of(wanted.max(0.0)));
                break;
            }
            self.passed = (self.passed.0 + all, self.passed.1 + line.seconds);
            self.line += 1;
        }
        let seconds = seconds.unwrap_or(self.passed.1).min(self.end.as_secs_f64());
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}

impl Gaps {
    /// The area at which arrival `number` is due; numbers only grow.
    fn until(&mut self, number: u64) -> f64 {
        match self {
            Gaps::Even(first) => number as f64 + *first,
            Gaps::Drawn { random, sum, drawn } => {
                while *drawn <= number {
                    // From 0 to below 1, so that its logarithm is finite.
                    let chance: f64 = random.random();
                    *sum -= (1.0 - chance).ln();
                    *drawn += 1;
                }
                *sum
            }
        }
    }
}

/// How much of an area may be rounding.
const TINY: f64 = 1e-12;

#[derive(Debug, Clone, Copy)]
struct Line {
    from: f64,
    to: f64,
    seconds: f64,
}

impl Line {
    fn area(&self) -> f64 {
        (self.from + self.to) / 2.0 * self.seconds
    }

    /// The time, from the line's start, at which the area to its left is `area`.
    ///
    /// The quadratic is solved from the end where the rate is lower, in the form without a
    /// difference of near numbers: a rate that rises from zero or falls to it loses no digits.
    fn time_of(&self, area: f64) -> f64 {
        let slope = (self.to - self.from) / self.seconds;
        let time = if slope < 0.0 {
            self.seconds - reach(self.to, -slope, self.area() - area)
        } else {
            reach(self.from, slope, area)
        };
        time.clamp(0.0, self.seconds)
    }
}

/// The time a rate that begins at `rate` and rises by `slope` needs for an area.
fn reach(rate: f64, slope: f64, area: f64) -> f64 {
    if area <= 0.0 {
        return 0.0;
    }
    2.0 * area / (rate + (rate * rate + 2.0 * slope * area).sqrt())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(number: f64) -> Duration {
        Duration::from_secs_f64(number)
    }

    /// The area by the trapezoid of each stage: what `due` inverts, written another way.
    fn area_until(arrivals: &Arrivals, at: f64) -> f64 {
        let (mut begin, mut from, mut area) = (0.0, arrivals.start, 0.0);
        for (duration, to) in &arrivals.stages {
            let length = duration.as_secs_f64();
            let part = (at - begin).clamp(0.0, length);
            if length > 0.0 {
                area += part * (from + (from + (to - from) * part / length)) / 2.0;
            }
            (begin, from) = (begin + length, *to);
        }
        area
    }

    #[test]
    fn a_constant_rate_starts_at_once_and_keeps_its_distance() {
        let arrivals = Arrivals::constant(200.0, seconds(60.0));
        assert_eq!(arrivals.count(), 12_000);
        assert_eq!(arrivals.due(0), Some(Duration::ZERO));
        assert_eq!(arrivals.due(1), Some(Duration::from_millis(5)));
        assert_eq!(arrivals.due(11_999), Some(Duration::from_millis(59_995)));
        assert_eq!(arrivals.due(12_000), None);
    }

    #[test]
    fn a_rate_that_does_not_fit_its_duration_keeps_the_last_part() {
        assert_eq!(Arrivals::constant(0.3, seconds(10.0)).count(), 3);
        assert_eq!(Arrivals::constant(1.0, seconds(2.5)).count(), 3);
        assert_eq!(Arrivals::constant(0.1, seconds(5.0)).count(), 1);
        assert_eq!(Arrivals::constant(0.0, seconds(5.0)).count(), 0);
        assert_eq!(Arrivals::constant(5.0, Duration::ZERO).count(), 0);
    }

    #[test]
    fn a_ramp_from_zero_follows_the_square_root() {
        let arrivals = Arrivals::ramping(0.0, vec![(seconds(10.0), 20.0)]);
        assert_eq!(arrivals.count(), 100);
        for k in [0_u64, 1, 4, 9, 49, 99] {
            let expected = (k as f64).sqrt();
            let due = arrivals.due(k).expect("within the schedule").as_secs_f64();
            assert!((due - expected).abs() < 1e-8, "{k}: {due} is not {expected}");
        }
    }

    #[test]
    fn nothing_is_due_while_the_rate_is_zero() {
        let stages = vec![
            (seconds(1.0), 10.0),
            (Duration::ZERO, 0.0),
            (seconds(5.0), 0.0),
            (Duration::ZERO, 10.0),
            (seconds(1.0), 10.0),
        ];
        let arrivals = Arrivals::ramping(10.0, stages);
        assert_eq!(arrivals.count(), 20);
        assert_eq!(arrivals.due(9), Some(Duration::from_millis(900)));
        assert_eq!(arrivals.due(10), Some(seconds(6.0)));
        assert_eq!(arrivals.rate_at(seconds(3.0)), 0.0);
        assert_eq!(arrivals.rate_at(seconds(6.0)), 10.0);
        assert_eq!(arrivals.rate_at(seconds(7.0)), 0.0);
    }

    fn schedules() -> impl Strategy<Value = Arrivals> {
        let rate = prop_oneof![Just(0.0), 0.01..50.0, 50.0..5000.0];
        let millis = prop_oneof![Just(0_u64), 1_u64..120_000];
        let stage = (millis.prop_map(Duration::from_millis), rate.clone());
        (rate, prop::collection::vec(stage, 1..6))
            .prop_map(|(start, stages)| Arrivals::ramping(start, stages))
    }

    #[test]
    fn a_shift_moves_every_arrival_by_a_part_of_one() {
        let mut arrivals = Arrivals::constant(10.0, seconds(3.0));
        arrivals.spacing = Spacing::Even(0.25);
        assert_eq!(arrivals.count(), 30, "as many as without");
        assert_eq!(arrivals.due(0), Some(Duration::from_millis(25)));
        assert_eq!(arrivals.due(29), Some(Duration::from_millis(2_925)));
        assert_eq!(arrivals.due(30), None);
    }

    fn poisson(mut arrivals: Arrivals, seed: u64) -> Arrivals {
        arrivals.spacing = Spacing::Poisson(seed);
        arrivals
    }

    /// How far the gaps, counted in arrivals, are from the exponential distribution: the largest
    /// distance between the two, times the root of their number (Kolmogorov and Smirnov).
    fn distance(arrivals: &Arrivals) -> f64 {
        let times = arrivals.times((0, 1)).map(|(_, due)| area_until(arrivals, due.as_secs_f64()));
        let mut before = 0.0;
        let mut gaps: Vec<f64> =
            times.map(|area| area - std::mem::replace(&mut before, area)).collect();
        gaps.sort_by(f64::total_cmp);
        let count = gaps.len() as f64;
        let apart = gaps.iter().enumerate().map(|(at, gap)| {
            let wanted = 1.0 - (-gap).exp();
            (wanted - at as f64 / count).abs().max((wanted - (at + 1) as f64 / count).abs())
        });
        apart.fold(0.0, f64::max) * count.sqrt()
    }

    #[test]
    fn gaps_of_independent_visitors_are_exponential_at_any_rate() {
        let stages = vec![(seconds(20.0), 400.0), (seconds(10.0), 400.0), (seconds(20.0), 20.0)];
        for seed in 0..5 {
            let constant = poisson(Arrivals::constant(200.0, seconds(50.0)), seed);
            let ramping = poisson(Arrivals::ramping(0.0, stages.clone()), seed);
            for arrivals in [constant, ramping] {
                let distance = distance(&arrivals);
                // Beyond 1.95 is one in a thousand of samples that are exponential.
                assert!(distance < 1.95, "{distance} with the seed {seed}");
            }
        }
        let even = Arrivals::constant(200.0, seconds(50.0));
        assert!(distance(&even) > 10.0, "and even ones are not");
    }

    #[test]
    fn visitors_come_at_the_rate_on_average() {
        let counts = (0..200)
            .map(|seed| poisson(Arrivals::constant(50.0, seconds(10.0)), seed).count() as f64);
        let counts: Vec<f64> = counts.collect();
        let mean = counts.iter().sum::<f64>() / 200.0;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 199.0;
        // 500 expected, as spread as a Poisson number is: its variance is its mean.
        assert!((494.0..506.0).contains(&mean), "{mean}");
        assert!((350.0..680.0).contains(&variance), "{variance}");
    }

    proptest! {
        #[test]
        fn as_many_are_due_as_there_is_area(arrivals in schedules()) {
            let area = area_until(&arrivals, arrivals.duration().as_secs_f64());
            let count = arrivals.count() as f64;
            prop_assert!(count >= area - 1e-6 && count < area + 1.0 + 1e-6, "{count} of {area}");
            prop_assert_eq!(arrivals.due(arrivals.count()), None);
        }

        #[test]
        fn each_is_due_where_the_area_is_its_number(
            arrivals in schedules(),
            pick in 0.0_f64..1.0,
        ) {
            let count = arrivals.count();
            if count == 0 {
                return Ok(());
            }
            let k = ((count as f64 * pick) as u64).min(count - 1);
            let due = arrivals.due(k).expect("less than the count").as_secs_f64();
            // The area grows with time, so bracketing the time brackets the number.
            let (before, after) = (area_until(&arrivals, due - 1e-6),
                area_until(&arrivals, due + 1e-6));
            let rounding = 1e-9 * (k as f64).max(1.0);
            prop_assert!(before <= k as f64 + rounding, "{k} at {due}: {before} before");
            prop_assert!(after >= k as f64 - rounding, "{k} at {due}: {after} after");
        }

        #[test]
        fn later_ones_are_never_due_earlier(arrivals in schedules(), from in 0_u64..100_000) {
            let from = from.min(arrivals.count());
            let times: Vec<_> = (from..from + 200).map_while(|k| arrivals.due(k)).collect();
            prop_assert!(times.is_sorted());
            prop_assert!(times.iter().all(|due| *due <= arrivals.duration()));
        }

        #[test]
        fn workers_share_the_schedule_whole(arrivals in schedules(), workers in 1_u64..9) {
            let all = (0..300).map_while(|k| arrivals.due(k));
            let mut shared: Vec<_> = (0..workers)
                .flat_map(|w| (0..300).skip(w as usize).step_by(workers as usize))
                .filter_map(|k| arrivals.due(k))
                .collect();
            shared.sort();
            prop_assert_eq!(shared, all.collect::<Vec<_>>());
        }

        #[test]
        fn visitors_are_the_same_however_many_workers_share_them(
            arrivals in schedules(),
            seed in any::<u64>(),
            workers in 1_u64..9,
        ) {
            let arrivals = poisson(arrivals, seed);
            let all: Vec<_> = arrivals.times((0, 1)).take(500).collect();
            let most = all.len() as u64;
            let mut shared: Vec<_> = (0..workers)
                .flat_map(|w| arrivals.times((w, workers)).take_while(|(k, _)| *k < most))
                .collect();
            shared.sort();
            prop_assert!(all.iter().all(|(_, due)| *due <= arrivals.duration()));
            prop_assert!(all.is_sorted_by_key(|(_, due)| *due));
            prop_assert_eq!(shared, all);
        }

        #[test]
        fn the_sides_of_a_duet_share_the_schedule_turn_by_turn(
            arrivals in schedules(),
            seed in prop::option::of(any::<u64>()),
            after in 0_u64..5_000,
            workers in 1_u64..4,
        ) {
            let arrivals = seed.map_or(arrivals.clone(), |seed| poisson(arrivals, seed));
            let side = |first| {
                let (length, end) = (Duration::from_secs(1), Duration::MAX);
                let turns = Turns { length, first, settle: Duration::ZERO, end };
                let turns = Some((turns, Duration::from_millis(after)));
                Arrivals { turns, ..arrivals.clone() }
            };
            let due = |of: &Arrivals| -> Vec<(u64, Duration)> {
                of.times((0, 1)).take(300).collect()
            };
            let (first, second) = (side(true), side(false));
            for one in [&first, &second] {
                let numbers: Vec<u64> = due(one).iter().map(|(number, _)| *number).collect();
                prop_assert_eq!(&numbers, &(0..numbers.len() as u64).collect::<Vec<_>>());
                let mut shared: Vec<_> =
                    (0..workers).flat_map(|w| one.times((w, workers)).take(300)).collect();
                shared.sort();
                shared.truncate(due(one).len());
                prop_assert_eq!(shared, due(one));
            }
            let mut both: Vec<Duration> =
                due(&first).into_iter().chain(due(&second)).map(|(_, due)| due).collect();
            both.sort_unstable();
            let all: Vec<Duration> = arrivals.times((0, 1)).take(300).map(|(_, due)| due).collect();
            let until = both.len().min(all.len());
            // One side may have been cut at 300 while the other went on: compare what both have.
            let whole = due(&first).len() < 300 && due(&second).len() < 300;
            prop_assert!(!whole || both[..until] == all[..until]);
        }

        #[test]
        fn a_shift_changes_the_number_by_one_at_most(
            arrivals in schedules(),
            share in 0.0_f64..1.0,
        ) {
            let plain = arrivals.count();
            let shifted = Arrivals { spacing: Spacing::Even(share), ..arrivals };
            prop_assert!(plain.abs_diff(shifted.count()) <= 1);
            prop_assert_eq!(shifted.times((0, 1)).take(2_000).count() as u64,
                shifted.count().min(2_000));
        }
    }
}
