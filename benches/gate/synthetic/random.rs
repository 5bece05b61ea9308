//! Random numbers of the synthetic stage: everything follows from the seed and from what the
//! numbers are for, so that parts may run in any order and on any number of threads.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Random numbers of one run, segment or trial.
pub struct Random {
    source: Xoshiro256PlusPlus,
    spare: Option<f64>,
}

impl Random {
    /// Those of number `index` of what is called `what`.
    pub fn new(seed: u64, what: &str, index: usize) -> Self {
        // FNV-1a: names that differ in a letter have nothing to do with each other.
        let mut digest = 0xcbf2_9ce4_8422_2325_u64;
        let bytes = seed.to_le_bytes().into_iter().chain(what.bytes());
        for byte in bytes.chain((index as u64).to_le_bytes()) {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Self { source: Xoshiro256PlusPlus::seed_from_u64(digest), spare: None }
    }

    /// Evenly from 0 to 1, without 1.
    pub fn even(&mut self) -> f64 {
        (self.source.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something happens that happens in this share of all cases.
    pub fn happens(&mut self, share: f64) -> bool {
        self.even() < share
    }

    /// One of the numbers below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        (self.even() * count as f64) as usize
    }

    /// Some of the numbers below `count`, each at most once.
    pub fn distinct(&mut self, some: usize, count: usize) -> Vec<usize> {
        let mut chosen = Vec::with_capacity(some);
        while chosen.len() < some.min(count) {
            let next = self.below(count);
            if !chosen.contains(&next) {
                chosen.push(next);
            }
        }
        chosen
    }

    /// A standard normal number (Marsaglia's polar method).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (x, y) = (2.0 * self.even() - 1.0, 2.0 * self.even() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(y * scale);
                return x * scale;
            }
        }
    }

    /// A stationary series, each value resembling the one before by `resemblance`.
    pub fn series(&mut self, length: usize, resemblance: f64, sd: f64) -> Vec<f64> {
        let fresh = sd * (1.0 - resemblance * resemblance).sqrt();
        let mut value = sd * self.normal();
        let mut values = Vec::with_capacity(length);
        for _ in 0..length {
            values.push(value);
            value = resemblance * value + fresh * self.normal();
        }
        values
    }
}
