//! Keeps histograms of what mostly is nought only where something is not.

use hdrhistogram::Histogram;

use super::{add_histogram, empty_histogram, put};

/// Records a value of a histogram that only is there once something is more than nought; `before`
/// values were.
pub(super) fn put_late(histogram: &mut Option<Histogram<u64>>, value: u64, before: u64) {
    if value > 0 || histogram.is_some() {
        put(histogram.get_or_insert_with(|| zeros(before)), value);
    }
}

/// A lag of nought is not stored until something is late; then those before count as nought.
fn zeros(count: u64) -> Histogram<u64> {
    let mut histogram = empty_histogram();
    histogram.saturating_record_n(0, count);
    histogram
}

pub(super) fn merged_lag(
    lags: (Option<Histogram<u64>>, Option<Histogram<u64>>),
    counts: (u64, u64),
) -> Option<Histogram<u64>> {
    if lags.0.is_none() && lags.1.is_none() {
        return None;
    }
    let mut all = lags.0.unwrap_or_else(|| zeros(counts.0));
    add_histogram(&mut all, &lags.1.unwrap_or_else(|| zeros(counts.1)));
    Some(all)
}
