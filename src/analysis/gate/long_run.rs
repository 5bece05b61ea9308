//! Says how much a sum over seconds varies when the seconds resemble their neighbours.

/// Resemblance of neighbours above this is not told apart from a trend.
const MOST: f64 = 0.9;

/// How many batches of neighbouring seconds stand guard over the model.
const BATCHES: usize = 6;

/// What a series of seconds came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LongRun {
    /// The variance of a sum over the series, divided by its seconds.
    pub(super) variance: f64,
    /// How much a second resembles the one before it, from 0 to 0.9.
    pub(super) rho: f64,
}

/// By a first-order autoregression with its small-sample correction, and never less than the
/// variance of six batches shows: noise that comes in states is not autoregressive.
pub(super) fn long_run(series: &[f64]) -> LongRun {
    let n = series.len();
    if n < 2 {
        return LongRun { variance: 0.0, rho: 0.0 };
    }
    let seconds = n as f64;
    let mean = series.iter().sum::<f64>() / seconds;
    let square = |value: &f64| (value - mean) * (value - mean);
    let own = series.iter().map(square).sum::<f64>() / (seconds - 1.0);
    if own <= 0.0 || !own.is_finite() {
        return LongRun { variance: 0.0, rho: 0.0 };
    }
    let pairs = series.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean));
    let r = pairs.sum::<f64>() / (seconds - 1.0) / own;
    let rho = (r + (1.0 + 4.0 * r) / seconds).clamp(0.0, MOST);
    let variance = own * (1.0 + rho) / (1.0 - rho);
    LongRun { variance: variance.max(of_batches(series)), rho }
}

fn of_batches(series: &[f64]) -> f64 {
    let length = (series.len() / BATCHES).max(1);
    let sums: Vec<f64> = series.chunks_exact(length).map(|batch| batch.iter().sum()).collect();
    variance(&sums) / length as f64
}

/// The sample variance; 0 of fewer than two values.
pub(super) fn variance(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean) * (value - mean));
    squares.sum::<f64>() / (values.len() as f64 - 1.0)
}

/// The mean; 0 of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The median; 0 of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => sorted[n / 2 - 1].midpoint(sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_that_follow_a_slow_wave_vary_more_in_sum_than_shuffled_ones() {
        let wave: Vec<f64> = (0..60).map(|at| (f64::from(at) / 6.0).sin()).collect();
        let shuffled: Vec<f64> = (0..60).map(|at| wave[(at * 23) % 60]).collect();
        assert!(long_run(&wave).rho > 0.85);
        assert!(long_run(&wave).variance > 4.0 * long_run(&shuffled).variance);
    }

    #[test]
    fn the_numbers_are_those_of_the_formulas() {
        // Mean 0, own variance 10/7; no batch is longer than one second.
        let series = [2.0, 1.0, 0.0, -1.0, -2.0, 0.0, 0.0, 0.0];
        let found = long_run(&series);
        let r: f64 = (2.0 + 0.0 + 0.0 + 2.0) / 10.0;
        let rho = r + (1.0 + 4.0 * r) / 8.0;
        assert!((found.rho - rho).abs() < 1e-12);
        assert!((found.variance - 10.0 / 7.0 * (1.0 + rho) / (1.0 - rho)).abs() < 1e-12);
    }

    #[test]
    fn nothing_and_one_second_and_equal_seconds_do_not_vary() {
        for series in [&[][..], &[3.0], &[5.0; 30]] {
            assert_eq!(long_run(series), LongRun { variance: 0.0, rho: 0.0 });
        }
    }
}
