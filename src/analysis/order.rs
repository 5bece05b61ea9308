//! Argues about quantiles from order statistics alone: exact, and without assuming any shape.
//!
//! How many of `n` samples lie above the quantile `q` is binomial, whatever the distribution. It
//! assumes that samples are independent, which those of one run are not quite: the intervals are
//! somewhat too narrow, so they serve to hold back a judgement and never to sharpen one.

use hdrhistogram::Histogram;

/// How sure a one-sided statement must be.
const SURE: f64 = 0.95;

/// Beyond this many samples the normal approximation stands in for the sum of probabilities.
const EXACT: u64 = 20_000;

/// The standard normal quantile that belongs to `SURE`.
const Z: f64 = 1.644_853_626_951_472;

/// The fewest samples for a median or a mean.
const FLOOR: u64 = 20;

/// How many samples it takes to decide the quantile `q` (0 to 1) from its estimate: three on the
/// rarer side of it ("rule of three": with fewer there may well be none), and at least 20. The
/// extremes are facts about the samples, and one is enough.
pub fn needed(q: f64) -> u64 {
    if q <= 0.0 || q >= 1.0 {
        return 1;
    }
    // 1 - 0.95 is a little below 0.05 in binary: without the factor p95 would need 61.
    let rarer = q.min(1.0 - q);
    ((3.0 / rarer * (1.0 - 1e-9)).ceil() as u64).max(FLOOR)
}

/// Whether seeing `hits` or more of `n` is so rare at probability `p` that it refutes `p`.
pub(super) fn refutes(n: u64, hits: u64, p: f64) -> bool {
    hits > 0 && at_least(n, hits, p) <= 1.0 - SURE
}

/// Surely at most and surely at least the quantile `q`, each at 95 %; none where there are too
/// few samples to say.
pub fn interval(histogram: &Histogram<u64>, q: f64) -> (Option<u64>, Option<u64>) {
    let n = histogram.len();
    let lower = lower_rank(n, q);
    // The upper end is the lower end of the mirrored quantile.
    let upper = lower_rank(n, 1.0 - q).map(|rank| n + 1 - rank);
    (lower.map(|rank| at_rank(histogram, rank)), upper.map(|rank| at_rank(histogram, rank)))
}

/// The largest rank whose sample is surely not above the quantile.
fn lower_rank(n: u64, q: f64) -> Option<u64> {
    if n > EXACT {
        let spread = (n as f64 * q * (1.0 - q)).sqrt();
        let rank = (n as f64 * q - Z * spread).floor();
        return (rank >= 1.0).then_some(rank as u64);
    }
    let mut below = 0.0;
    let mut rank = None;
    for (hits, probability) in probabilities(n, q).enumerate() {
        // `below` is P(X < hits); the sample of rank `hits` is sure while that stays small.
        if below > 1.0 - SURE {
            break;
        }
        rank = (hits > 0).then_some(hits as u64);
        below += probability;
    }
    rank
}

/// P(X >= hits) for a binomial X.
fn at_least(n: u64, hits: u64, p: f64) -> f64 {
    if hits > n {
        return 0.0;
    }
    if p <= 0.0 || p >= 1.0 {
        return if p >= 1.0 || hits == 0 { 1.0 } else { 0.0 };
    }
    if n > EXACT {
        let spread = (n as f64 * p * (1.0 - p)).sqrt();
        // Only the decision at `SURE` is used, so a step at Z is as good as the curve.
        return if hits as f64 - 0.5 > n as f64 * p + Z * spread { 0.0 } else { 1.0 };
    }
    probabilities(n, p).skip(usize::try_from(hits).unwrap_or(usize::MAX)).sum()
}

/// P(X = 0), P(X = 1), ... in logarithms, so that large `n` does not underflow.
fn probabilities(n: u64, p: f64) -> impl Iterator<Item = f64> {
    let (yes, no) = (p.ln(), (-p).ln_1p());
    let mut choose = 0.0_f64;
    (0..=n).map(move |hits| {
        if hits > 0 {
            choose += ((n - hits + 1) as f64).ln() - (hits as f64).ln();
        }
        (choose + hits as f64 * yes + (n - hits) as f64 * no).exp()
    })
}

/// The sample of a rank, counted from 1.
fn at_rank(histogram: &Histogram<u64>, rank: u64) -> u64 {
    let mut seen = 0;
    for bucket in histogram.iter_recorded() {
        seen += bucket.count_since_last_iteration();
        if seen >= rank {
            return bucket.value_iterated_to();
        }
    }
    histogram.max()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::result::histogram::empty;

    #[test]
    fn the_minimum_is_three_samples_beyond_the_quantile() {
        let quantiles = [0.5, 0.9, 0.95, 0.99, 0.999, 0.05, 1.0, 0.0];
        assert_eq!(quantiles.map(needed), [20, 30, 60, 300, 3_000, 60, 1, 1]);
    }

    #[test]
    fn a_breach_is_sure_when_chance_would_hardly_make_it() {
        // P(X >= 3) of 20 at 5 % is 7.5 %, P(X >= 4) is 1.6 %.
        assert!(!refutes(20, 3, 0.05));
        assert!(refutes(20, 4, 0.05));
        assert!(!refutes(20, 0, 0.05));
        assert!(refutes(1_000_000, 60_000, 0.05));
        assert!(!refutes(1_000_000, 50_100, 0.05));
    }

    #[test]
    fn the_interval_of_a_median_is_the_textbook_one() {
        let mut ten = empty();
        (1..=10).for_each(|value| ten.record(value).unwrap());
        // For n = 10 the sign test gives the 2nd and the 9th at 98.9 % each, and no closer ranks.
        assert_eq!(interval(&ten, 0.5), (Some(2), Some(9)));
        assert_eq!(interval(&ten, 0.95).1, None);
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_estimate(
            values in prop::collection::vec(1u64..10_000_000, 1..400),
            q in 0.01f64..0.99,
        ) {
            let mut all = empty();
            values.iter().for_each(|value| all.record(*value).unwrap());
            let estimate = all.value_at_quantile(q);
            let (lower, upper) = interval(&all, q);
            prop_assert!(lower.is_none_or(|lower| lower <= estimate));
            prop_assert!(upper.is_none_or(|upper| upper >= estimate));
        }
    }
}
