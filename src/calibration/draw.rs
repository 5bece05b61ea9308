//! Service times that are drawn from a seed: whoever has the seed knows each of them.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// How service times are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// At least 1 ms, and an exponential with a mean of 4 ms on top.
    Exponential,
    /// Half of them below 3 ms, with a long tail.
    Lognormal,
    /// Seven of eight between 1 and 3 ms, the others between 15 and 25 ms.
    Bimodal,
    /// An exponential with a mean of 2 ms, from nothing: for a queue.
    Queue,
}

/// The first `count` service times of a seed, in nanoseconds.
pub fn draw(law: Law, count: usize, seed: u64) -> Vec<u64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed ^ (law as u64) << 56);
    // A unit is in [0, 1); a logarithm needs one above 0.
    let mut unit = move || 1.0 - random.random_range(0.0..1.0);
    let mut milliseconds = || match law {
        Law::Exponential => 1.0 - 4.0 * f64::ln(unit()),
        Law::Lognormal => {
            let normal = (-2.0 * f64::ln(unit())).sqrt() * (std::f64::consts::TAU * unit()).cos();
            3.0 * (0.5 * normal).exp()
        }
        Law::Bimodal if unit() < 0.875 => 1.0 + 2.0 * unit(),
        Law::Bimodal => 15.0 + 10.0 * unit(),
        Law::Queue => -2.0 * f64::ln(unit()),
    };
    (0..count).map(|_| (milliseconds() * 1e6) as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::truth::{quantile, sorted};

    fn milliseconds(law: Law) -> Vec<f64> {
        sorted(draw(law, 40_000, 7).into_iter().map(|ns| ns as f64 / 1e6))
    }

    #[track_caller]
    fn near(found: f64, wanted: f64) {
        assert!((found / wanted - 1.0).abs() < 0.03, "{found} is not about {wanted}");
    }

    fn at(values: &[f64], q: f64) -> f64 {
        quantile(values, q).expect("there are values")
    }

    #[test]
    fn the_same_seed_draws_the_same_and_another_does_not() {
        let five = |law, seed| draw(law, 5, seed);
        for law in [Law::Exponential, Law::Lognormal, Law::Bimodal, Law::Queue] {
            assert_eq!(five(law, 1), five(law, 1));
            assert_eq!(five(law, 1), draw(law, 9, 1)[..5], "{law:?}: a longer run begins alike");
            assert_ne!(five(law, 1), five(law, 2));
        }
        assert_ne!(five(Law::Exponential, 1), five(Law::Queue, 1));
    }

    #[test]
    fn each_law_has_the_quantiles_of_its_formula() {
        let exponential = milliseconds(Law::Exponential);
        near(at(&exponential, 0.5), 1.0 + 4.0 * 2f64.ln());
        near(at(&exponential, 0.99), 1.0 + 4.0 * 100f64.ln());
        assert!(exponential[0] >= 1.0);
        let lognormal = milliseconds(Law::Lognormal);
        near(at(&lognormal, 0.5), 3.0);
        near(at(&lognormal, 0.975), 3.0 * (0.5f64 * 1.96).exp());
        let queue = milliseconds(Law::Queue);
        near(queue.iter().sum::<f64>() / queue.len() as f64, 2.0);
        let bimodal = milliseconds(Law::Bimodal);
        let low = bimodal.iter().filter(|ms| **ms < 9.0).count();
        near(low as f64 / bimodal.len() as f64, 0.875);
        assert!(bimodal.iter().all(|ms| (1.0..=3.0).contains(ms) || (15.0..=25.0).contains(ms)));
    }
}
