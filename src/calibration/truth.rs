//! What the right answer is, by arithmetic alone: no clock, no socket, nothing measured.
//!
//! Times are nanoseconds from the start of a run where each request is meant, and seconds where a
//! share of many is.

/// The quantiles that distributions are compared at.
const GRID: std::ops::RangeInclusive<u32> = 1..=99;

/// And those of the tail.
const TAIL: [f64; 2] = [0.995, 0.999];

/// The response time of each request to a server that serves one at a time, in order: requests
/// `(due, service)` by due time. It is the wait for the one before, then the own service
/// (D. V. Lindley 1952).
pub fn lindley(requests: impl IntoIterator<Item = (u64, u64)>) -> Vec<u64> {
    let mut free = 0;
    let response = |(due, service): (u64, u64)| {
        free = due.max(free) + service;
        free - due
    };
    requests.into_iter().map(response).collect()
}

/// A server that stands still for `lasting` in every `every` seconds, under a constant rate of
/// which `load` is the share that it can do at most (0: it is infinitely fast).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stall {
    /// Seconds.
    pub lasting: f64,
    /// Seconds.
    pub every: f64,
    /// From 0 to below 1.
    pub load: f64,
}

impl Stall {
    /// How long a request waits at most whose share `q` of all waits no longer, in seconds.
    ///
    /// What comes first in a stall waits for all of it. From there the wait falls in a straight
    /// line to nothing, and reaches it when all that came meanwhile is done too: a stall reaches
    /// `lasting / (1 - load)` far. The waits of those within are so evenly spread.
    pub fn wait(&self, q: f64) -> f64 {
        let touched = self.lasting / (1.0 - self.load) / self.every;
        if q <= 1.0 - touched {
            return 0.0;
        }
        self.lasting * (1.0 - (1.0 - q) / touched)
    }
}

/// The value at the rank `q` of sorted values: the smallest that a share of `q` does not exceed.
/// Nothing has none.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    // A rank of 99.00000000000001 is a rounded 99, not the next one.
    let rank = (q * sorted.len() as f64 - 1e-9).ceil().max(1.0) as usize;
    sorted.get(rank.min(sorted.len()).checked_sub(1)?).copied()
}

/// Sorts, for those who need it.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = values.into_iter().collect();
    all.sort_by(f64::total_cmp);
    all
}

/// The largest difference between two sorted samples' shares below any value
/// (Kolmogorov-Smirnov): 0 when they are alike, 1 when they have nothing in common.
pub fn distance(one: &[f64], other: &[f64]) -> f64 {
    let share = |sorted: &[f64], value: f64| {
        sorted.partition_point(|each| *each <= value) as f64 / sorted.len().max(1) as f64
    };
    let at = |value: &f64| (share(one, *value) - share(other, *value)).abs();
    one.iter().chain(other).map(at).fold(0.0, f64::max)
}

/// The quantiles from 1 to 99.9 %.
pub fn quantiles() -> impl Iterator<Item = f64> {
    GRID.map(|percent| f64::from(percent) / 100.0).chain(TAIL)
}

/// The largest ratio between what two functions give for a quantile, as a logarithm: 0.01 is one
/// per cent.
pub fn log_error(measured: impl Fn(f64) -> f64, truth: impl Fn(f64) -> f64) -> f64 {
    quantiles().map(|q| (measured(q) / truth(q)).ln().abs()).fold(0.0, f64::max)
}

/// How much errors grew over a run: the median of the last third less that of the first.
pub fn drift(errors: &[f64]) -> Option<f64> {
    let third = errors.len() / 3;
    let median = |part: &[f64]| quantile(&sorted(part.iter().copied()), 0.5);
    Some(median(&errors[errors.len() - third..])? - median(&errors[..third])?)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    /// The same server, one unit of time after the other.
    fn simulated(requests: &[(u64, u64)]) -> Vec<u64> {
        let mut responses = vec![None; requests.len()];
        let (mut queue, mut left, mut now) = (VecDeque::new(), 0, 0);
        let mut next = 0;
        while responses.contains(&None) {
            while next < requests.len() && requests[next].0 == now {
                queue.push_back(next);
                next += 1;
            }
            // Whoever is done makes room in the same instant, as does a service of no length.
            loop {
                match queue.front() {
                    Some(first) if left == 0 => left = requests[*first].1 + 1,
                    Some(first) if left == 1 => {
                        responses[*first] = Some(now - requests[*first].0);
                        queue.pop_front();
                        left = 0;
                    }
                    _ => break,
                }
            }
            left = if left > 1 { left - 1 } else { left };
            now += 1;
        }
        responses.into_iter().flatten().collect()
    }

    /// The sorted waits of requests at a constant rate, each served for `1 / capacity`, by a
    /// server that stands still at the beginning of each period.
    fn waits(stall: Stall, rate: u64, periods: u64) -> Vec<f64> {
        let per_period = (rate as f64 * stall.every) as u64;
        let service = stall.load / rate as f64;
        let mut free: f64 = 0.0;
        let wait = |k: u64| {
            let due = k as f64 / rate as f64;
            let begin = due.max(free);
            let stalled = begin % stall.every < stall.lasting;
            let begin = if stalled {
                (begin / stall.every).floor() * stall.every + stall.lasting
            } else {
                begin
            };
            free = begin + service;
            begin - due
        };
        sorted((0..per_period * periods).map(wait).collect::<Vec<_>>())
    }

    #[test]
    fn a_stall_of_one_second_in_five_is_seen_at_these_percentiles() {
        let fast = Stall { lasting: 1.0, every: 5.0, load: 0.0 };
        let waits = [0.5, 0.8, 0.9, 0.95, 0.99].map(|q| (fast.wait(q) * 1e3).round());
        assert_eq!(waits, [0.0, 0.0, 500.0, 750.0, 950.0]);
        // A server that needs a tenth of its time catches up for a ninth of a second more.
        let slow = Stall { lasting: 1.0, every: 10.0, load: 0.1 };
        assert_eq!([0.9, 0.99].map(|q| (slow.wait(q) * 1e3).round()), [100.0, 910.0]);
    }

    #[test]
    fn a_quantile_is_a_value_that_was_there() {
        let values = sorted([3.0, 1.0, 2.0, 4.0]);
        let at = |q| quantile(&values, q).unwrap_or_default();
        assert_eq!([0.0, 0.25, 0.26, 0.5, 0.99, 1.0].map(at), [1.0, 1.0, 2.0, 2.0, 4.0, 4.0]);
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn distances_run_from_nothing_to_one() {
        let (one, other) = ([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(distance(&one, &one), 0.0);
        assert_eq!(distance(&one, &other), 0.25);
        assert_eq!(distance(&one, &[9.0]), 1.0);
    }

    #[test]
    fn what_grows_over_a_run_is_drift_and_what_is_always_there_is_none() {
        assert_eq!(drift(&[5.0; 30]), Some(0.0));
        assert_eq!(drift(&(0..300).map(f64::from).collect::<Vec<_>>()), Some(200.0));
        assert_eq!(drift(&[1.0, 2.0]), None);
    }

    #[test]
    fn a_ratio_is_found_wherever_it_is() {
        let twice_at_the_end = |q: f64| if q > 0.998 { 2.0 } else { 1.0 };
        assert!((log_error(twice_at_the_end, |_| 1.0) - 2f64.ln()).abs() < 1e-12);
        assert!((log_error(|_| 1.0, twice_at_the_end) - 2f64.ln()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn lindleys_formula_gives_what_happens(
            steps in prop::collection::vec((0u64..9, 0u64..9), 1..60),
        ) {
            let mut due = 0;
            let requests: Vec<(u64, u64)> = steps
                .into_iter()
                .map(|(gap, service)| {
                    due += gap;
                    (due, service)
                })
                .collect();
            prop_assert_eq!(lindley(requests.iter().copied()), simulated(&requests));
        }

        #[test]
        fn the_waits_behind_a_stall_are_as_the_closed_form_says(
            lasting in 0.2f64..2.0,
            rest in 0.5f64..8.0,
            load in 0.0f64..0.6,
            q in 0.01f64..0.999,
        ) {
            let stall = Stall { lasting, every: (lasting / (1.0 - load) + rest).ceil(), load };
            let simulated = quantile(&waits(stall, 400, 3), q).unwrap_or_default();
            // Requests come 2.5 ms apart, so no wait can be told more finely than that.
            prop_assert!((simulated - stall.wait(q)).abs() < 0.006, "{simulated} {stall:?}");
        }

        #[test]
        fn a_constant_error_is_a_distance_only_where_values_are_dense(
            values in prop::collection::vec(1.0f64..100.0, 2..80),
            error in 0.0f64..10.0,
        ) {
            let truth = sorted(values.iter().copied());
            let moved = sorted(values.iter().map(|value| value + error));
            let within = |value: &f64| {
                let near = truth.iter().filter(|each| (**each - value).abs() <= error).count();
                near as f64 / truth.len() as f64
            };
            let densest = truth.iter().chain(&moved).map(within).fold(0.0, f64::max);
            prop_assert!(distance(&truth, &moved) <= densest + 1e-9);
        }
    }
}
