//! Medians over rounds, and how sure they are.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

/// Times that the rounds are drawn anew for the interval.
const DRAWS: usize = 2_000;

/// A value over several rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Half of the rounds are below.
    pub median: f64,
    /// The smallest and the largest.
    pub range: (f64, f64),
    /// Where the median lies with 95 % confidence, by resampling the rounds.
    pub interval: (f64, f64),
}

impl Spread {
    /// Of these values; none where there are none.
    pub fn of(values: &[f64], seed: u64) -> Option<Self> {
        let sorted = sorted(values.to_vec());
        let (first, last) = (*sorted.first()?, *sorted.last()?);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut draw = || {
            let one = |_| sorted[random.random_range(0..sorted.len())];
            median(&self::sorted((0..sorted.len()).map(one).collect()))
        };
        let medians = self::sorted((0..DRAWS).map(|_| draw()).collect());
        let interval = (medians[DRAWS / 40], medians[DRAWS - DRAWS / 40 - 1]);
        Some(Self { median: median(&sorted), range: (first, last), interval })
    }

    /// For a table: the median and its interval.
    pub fn show(&self, digits: usize) -> String {
        let (low, high) = self.interval;
        format!("{:.digits$} [{low:.digits$}, {high:.digits$}]", self.median)
    }

    /// For the file.
    pub fn json(&self) -> Value {
        json!({
            "median": self.median,
            "range": [self.range.0, self.range.1],
            "interval95": [self.interval.0, self.interval.1],
        })
    }
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
    (sorted[low] + sorted[high]) / 2.0
}
