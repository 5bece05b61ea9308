//! Finds where the warm-up of a run ends: what lies before says nothing of the service.
//!
//! The first ten seconds are cut, and then whole blocks of five as long as MSER-5 gains by it:
//! the cut after which the mean of the rest is surest. A cut is believed only where what it takes
//! away is unlike the rest, for of steady noise MSER cuts some too. Never is more than half cut.

use super::long_run::{mean, variance};

/// Seconds that are always cut, where half of the run is not less.
const ALWAYS: usize = 10;

/// Seconds of a block.
const BLOCK: usize = 5;

/// What is cut must differ from the rest by so many standard deviations of its blocks.
const UNLIKE: f64 = 2.0;

/// How many seconds to cut, of a series with one number a second.
pub fn cut(series: &[f64]) -> usize {
    let most = series.len() / 2;
    let always = ALWAYS.min(most);
    let blocks: Vec<f64> = series[always..].chunks_exact(BLOCK).map(mean).collect();
    let may_go = (most - always) / BLOCK;
    let rest = |cut: usize| &blocks[cut..];
    // The squared standard error of the mean of the rest, as if blocks were independent.
    let error = |cut: usize| {
        let left = rest(cut).len() as f64;
        variance(rest(cut)) * (left - 1.0) / (left * left)
    };
    let cuts = (1..=may_go).filter(|cut| rest(*cut).len() >= 2);
    let Some(best) = cuts.min_by(|a, b| error(*a).total_cmp(&error(*b))) else { return always };
    let off = (mean(&blocks[..best]) - mean(rest(best))).abs();
    let gains = error(best) < error(0) && off > UNLIKE * variance(rest(best)).sqrt();
    if gains { always + best * BLOCK } else { always }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ten_seconds_go_and_no_more_of_a_steady_run() {
        let steady: Vec<f64> = (0..60).map(|at| f64::from(at * 7 % 5)).collect();
        assert_eq!(cut(&steady), 10);
    }

    #[test]
    fn a_long_warm_up_is_cut_to_its_end() {
        let slow = |at: i32| if at < 18 { 3.0 } else { 0.0 };
        let warming: Vec<f64> = (0..60).map(|at| slow(at) + f64::from(at * 7 % 5) / 10.0).collect();
        assert_eq!(cut(&warming), 20);
    }

    #[test]
    fn half_of_a_short_run_stays() {
        for length in 0..20 {
            assert_eq!(cut(&vec![1.0; length]), length / 2);
        }
    }

    proptest! {
        #[test]
        fn never_more_than_half_is_cut(series in prop::collection::vec(-1e3f64..1e3, 0..200)) {
            prop_assert!(cut(&series) <= series.len() / 2);
        }
    }
}
