//! Turns a histogram of microseconds into an exponential one of seconds.

use hdrhistogram::Histogram;

use super::message::Buckets;

/// Each power of two has `2^SCALE` buckets, so a bucket ends 0.27 % above its beginning: whoever
/// reads a percentile from one is off by that at most, and by the 0.1 % of our own histograms. It
/// is the finest that a Prometheus keeps, and never changes within a run.
pub(super) const SCALE: i32 = 8;

/// The buckets, and how many values were zero.
pub(super) fn exponential(of: &Histogram<u64>) -> (Buckets, u64) {
    let (mut zero, mut buckets) = (0, Buckets::default());
    let mut next = None;
    for value in of.iter_recorded() {
        let us = of.median_equivalent(value.value_iterated_to());
        let count = value.count_at_value();
        if us == 0 {
            zero += count;
            continue;
        }
        let index = index(us);
        // Values come in their order, so indices only grow.
        let gap = match next {
            None => {
                buckets.offset = index;
                0
            }
            Some(next) => index - next,
        };
        buckets.counts.extend(std::iter::repeat_n(0, gap.max(0) as usize));
        match buckets.counts.last_mut().filter(|_| gap < 0) {
            Some(last) => *last += count,
            None => buckets.counts.push(count),
        }
        next = Some(buckets.offset + buckets.counts.len() as i32);
    }
    (buckets, zero)
}

/// The bucket of so many microseconds: it ends with `2^((index + 1) / 2^SCALE)` seconds, that
/// included.
fn index(us: u64) -> i32 {
    let scaled = (us as f64 / 1e6).log2() * f64::from(1 << SCALE);
    scaled.ceil() as i32 - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::result::histogram::empty;

    /// The upper bound of the bucket with the value of this rank, in microseconds.
    fn at_rank(buckets: &Buckets, rank: u64) -> f64 {
        let mut seen = 0;
        let at = buckets.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        let index = buckets.offset + at.expect("it has so many") as i32;
        (f64::from(index + 1) / f64::from(1 << SCALE)).exp2() * 1e6
    }

    #[test]
    fn a_bucket_ends_with_its_power() {
        assert_eq!(index(1_000_000), -1);
        assert_eq!(index(2_000_000), 255);
        assert_eq!(index(2_000_001), 256);
        assert_eq!(exponential(&empty()), (Buckets::default(), 0));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_percentiles_are_off_by_four_thousandths_at_most(
            values in prop::collection::vec(0u64..90_000_000, 1..200)
        ) {
            let mut histogram = empty();
            values.iter().for_each(|us| histogram.record(*us).unwrap());
            let (buckets, zero) = exponential(&histogram);
            prop_assert_eq!(zero + buckets.counts.iter().sum::<u64>(), values.len() as u64);
            prop_assert!(buckets.counts.first().is_none_or(|first| *first > 0));
            prop_assert!(buckets.counts.last().is_none_or(|last| *last > 0));
            let mut sorted = values;
            sorted.sort_unstable();
            let rank = (sorted.len() * 95).div_ceil(100);
            let truth = sorted[rank - 1] as f64;
            if truth > 0.0 {
                let read = at_rank(&buckets, rank as u64 - zero);
                prop_assert!((read / truth - 1.0).abs() <= 0.004, "{} for {}", read, truth);
            }
        }
    }
}
