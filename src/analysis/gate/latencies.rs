//! Is the latencies of one step in one run, second by second, in few numbers.
//!
//! The seconds share one list of bins, so that a quantile of all and the samples of one second
//! above it are found with the same edges. Within a bin samples count as evenly spread: a bin of
//! a histogram with three digits is at most a thousandth wide.

use hdrhistogram::Histogram;

/// One bin of one second: the bin's place in the list, and the samples up to its upper edge.
type UpTo = (u32, u64);

/// The latencies of one step in one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Latencies {
    /// Lower and upper edges in microseconds, of the bins that have samples, ascending.
    edges: Vec<(f64, f64)>,
    /// Samples up to the upper edge of each bin.
    up_to: Vec<u64>,
    /// The same of each second, only bins that have samples in it.
    seconds: Vec<Vec<UpTo>>,
}

/// Bins a power of two apart have as many bins between them: three digits, as recorded.
const HALF: u64 = 1024;

/// The bin that a value (microseconds) lies in: numbered as HdrHistogram does at three digits.
pub(super) fn bin(value: u64) -> u32 {
    let shift = 53_u32.saturating_sub(value.leading_zeros());
    (u64::from(shift) * HALF + (value >> shift)) as u32
}

/// The edges of a bin. What was rounded to whole microseconds lies half of one about them.
fn edges(bin: u32) -> (f64, f64) {
    let bin = u64::from(bin);
    let shift = (bin / HALF).saturating_sub(1).min(53);
    let low = (bin - shift * HALF) as f64 * (1_u64 << shift) as f64;
    let high = low + (1_u64 << shift) as f64;
    ((low - 0.5).max(0.0), high - 0.5)
}

/// The same bins in their order, each once.
fn added(mut bins: Vec<UpTo>) -> Vec<UpTo> {
    bins.sort_unstable_by_key(|(place, _)| *place);
    bins.dedup_by(|next, last| {
        let same = next.0 == last.0;
        if same {
            last.1 = last.1.saturating_add(next.1);
        }
        same
    });
    bins
}

/// The samples of a histogram by `bin`.
pub(super) fn counts(histogram: &Histogram<u64>) -> Vec<(u32, u64)> {
    let recorded = histogram.iter_recorded();
    let of = |value: u64| bin(histogram.lowest_equivalent(value));
    recorded.map(|step| (of(step.value_iterated_to()), step.count_since_last_iteration())).collect()
}

impl Latencies {
    /// From a histogram for each second.
    pub(super) fn of(seconds: &[Histogram<u64>]) -> Self {
        let seconds: Vec<Vec<(u32, u64)>> = seconds.iter().map(counts).collect();
        Self::of_counts(&seconds)
    }

    /// From the samples of each second by `bin`; more than once the same bin adds up.
    pub(super) fn of_counts(seconds: &[Vec<(u32, u64)>]) -> Self {
        let highest = seconds.iter().flatten().map(|(bin, _)| *bin).max();
        let mut all = vec![0_u64; highest.map_or(0, |highest| highest as usize + 1)];
        for (bin, count) in seconds.iter().flatten() {
            let sum = &mut all[*bin as usize];
            *sum = sum.saturating_add(*count);
        }
        let mut places = vec![0_u32; all.len()];
        let mut whole = Self { edges: Vec::new(), up_to: Vec::new(), seconds: Vec::new() };
        let mut sum = 0_u64;
        for (bin, count) in all.iter().enumerate().filter(|(_, count)| **count > 0) {
            places[bin] = whole.edges.len() as u32;
            sum = sum.saturating_add(*count);
            whole.edges.push(edges(bin as u32));
            whole.up_to.push(sum);
        }
        for second in seconds {
            let mut bins: Vec<UpTo> = second
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(bin, count)| (places[*bin as usize], *count))
                .collect();
            if !bins.is_sorted_by(|one, next| one.0 < next.0) {
                bins = added(bins);
            }
            let mut sum = 0_u64;
            for (_, count) in &mut bins {
                sum = sum.saturating_add(*count);
                *count = sum;
            }
            whole.seconds.push(bins);
        }
        whole
    }

    /// All samples.
    pub(super) fn count(&self) -> u64 {
        self.up_to.last().copied().unwrap_or(0)
    }

    /// How many seconds, those without samples included.
    pub(super) fn len(&self) -> usize {
        self.seconds.len()
    }

    /// The samples of a second.
    pub(super) fn count_in(&self, second: usize) -> u64 {
        self.seconds.get(second).and_then(|bins| bins.last()).map_or(0, |(_, sum)| *sum)
    }

    /// The quantile `p` (kept within 0 and 1), microseconds; none without samples.
    pub(super) fn quantile(&self, p: f64) -> Option<f64> {
        let n = self.count();
        if n == 0 {
            return None;
        }
        let rank = p.clamp(0.0, 1.0) * n as f64;
        let at = self.up_to.partition_point(|sum| (*sum as f64) < rank).min(self.up_to.len() - 1);
        let before = if at == 0 { 0 } else { self.up_to[at - 1] };
        let (low, high) = self.edges[at];
        let within = (rank - before as f64) / (self.up_to[at] - before).max(1) as f64;
        Some(low + within.clamp(0.0, 1.0) * (high - low))
    }

    /// The samples of a second above a value; of the bin it lies in, the part above.
    pub(super) fn above(&self, second: usize, value: f64) -> f64 {
        let Some(bins) = self.seconds.get(second) else { return 0.0 };
        let place = self.edges.partition_point(|(_, high)| *high <= value);
        let at = bins.partition_point(|(bin, _)| (*bin as usize) < place);
        let before = if at == 0 { 0 } else { bins[at - 1].1 };
        let above = self.count_in(second).saturating_sub(before) as f64;
        let Some((bin, sum)) = bins.get(at).filter(|(bin, _)| *bin as usize == place) else {
            return above;
        };
        let (low, high) = self.edges[*bin as usize];
        let below = ((value - low) / (high - low)).clamp(0.0, 1.0);
        above - below * (sum - before) as f64
    }

    /// The same with every latency so many times as long, edges and all: exact.
    #[cfg(test)]
    pub(super) fn scaled(&self, factor: f64) -> Self {
        let scale = |(low, high): &(f64, f64)| (low * factor, high * factor);
        Self { edges: self.edges.iter().map(scale).collect(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::result::histogram::empty;

    fn histogram(values: &[u64]) -> Histogram<u64> {
        let mut histogram = empty();
        values.iter().for_each(|value| histogram.record(*value).unwrap());
        histogram
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours_in_proportion() {
        let latencies = Latencies::of(&[histogram(&[10, 20]), histogram(&[30, 40])]);
        assert_eq!(latencies.quantile(0.0), Some(9.5));
        assert_eq!(latencies.quantile(0.125), Some(10.0));
        assert_eq!(latencies.quantile(0.5), Some(20.5));
        assert_eq!(latencies.quantile(1.0), Some(40.5));
        assert_eq!(Latencies::of(&[]).quantile(0.5), None);
    }

    #[test]
    fn samples_above_a_value_are_counted_by_the_second() {
        let latencies = Latencies::of(&[histogram(&[10, 20]), histogram(&[30, 40]), empty()]);
        let above: Vec<f64> = (0..4).map(|at| latencies.above(at, 30.0)).collect();
        assert_eq!(above, [0.0, 1.5, 0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn a_value_lies_in_the_bin_that_the_histogram_has_for_it(value in 0u64..1 << 40) {
            let histogram = histogram(&[value]);
            let (low, high) = edges(bin(value));
            let from = histogram.lowest_equivalent(value);
            let to = histogram.next_non_equivalent(value);
            prop_assert_eq!(low, (from as f64 - 0.5).max(0.0));
            prop_assert_eq!(high, to as f64 - 0.5);
        }

        #[test]
        fn the_seconds_share_what_is_above_a_quantile(
            seconds in prop::collection::vec(prop::collection::vec(0u64..100_000, 0..20), 1..8),
            q in 0.01f64..0.999,
        ) {
            let histograms: Vec<_> = seconds.iter().map(|second| histogram(second)).collect();
            let latencies = Latencies::of(&histograms);
            if let Some(value) = latencies.quantile(q) {
                let above: f64 = (0..latencies.len()).map(|at| latencies.above(at, value)).sum();
                let wanted = (1.0 - q) * latencies.count() as f64;
                prop_assert!((above - wanted).abs() < 1e-6, "{} {}", above, wanted);
            }
        }

        #[test]
        fn no_value_is_too_large(value in any::<u64>()) {
            let latencies = Latencies::of_counts(&[vec![(bin(value), 3)]]);
            prop_assert!(latencies.quantile(0.5).unwrap().is_finite());
        }
    }
}
