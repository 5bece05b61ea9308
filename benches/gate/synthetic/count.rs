//! How often each word was said, with Wilson's interval: what is known of a rate after so many
//! trials.

use serde_json::{Value, json};
use taster::analysis::Word;

/// The standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// How often each word was said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// FAIL.
    pub fail: u64,
    /// PASS.
    pub pass: u64,
    /// INCONCLUSIVE, and what was not compared at all.
    pub inconclusive: u64,
}

/// A share of all trials and its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// What was seen.
    pub seen: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Count {
    /// One more.
    pub fn add(&mut self, word: Word) {
        match word {
            Word::Fail => self.fail += 1,
            Word::Pass => self.pass += 1,
            Word::Inconclusive | Word::Invalid => self.inconclusive += 1,
        }
    }

    /// Those of other trials as well.
    pub fn join(&mut self, other: &Count) {
        self.fail += other.fail;
        self.pass += other.pass;
        self.inconclusive += other.inconclusive;
    }

    /// All trials.
    pub fn trials(&self) -> u64 {
        self.fail + self.pass + self.inconclusive
    }

    /// Of a word.
    pub fn share(&self, word: Word) -> Share {
        let hits = match word {
            Word::Fail => self.fail,
            Word::Pass => self.pass,
            Word::Inconclusive | Word::Invalid => self.inconclusive,
        };
        Share::of(hits, self.trials())
    }

    /// As it stands in the file.
    pub fn json(&self) -> Value {
        json!({
            "trials": self.trials(),
            "fail": self.share(Word::Fail).json(),
            "pass": self.share(Word::Pass).json(),
            "inconclusive": self.share(Word::Inconclusive).json(),
        })
    }
}

impl FromIterator<Word> for Count {
    fn from_iter<I: IntoIterator<Item = Word>>(words: I) -> Self {
        let mut count = Count::default();
        words.into_iter().for_each(|word| count.add(word));
        count
    }
}

impl Share {
    /// So many of so many. Of none nothing is known: from nought to one.
    pub fn of(hits: u64, trials: u64) -> Self {
        if trials == 0 {
            return Self { seen: 0.0, low: 0.0, high: 1.0 };
        }
        let (n, seen) = (trials as f64, hits as f64 / trials as f64);
        let middle = (seen + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let square = seen * (1.0 - seen) / n + Z * Z / (4.0 * n * n);
        let half = Z / (1.0 + Z * Z / n) * square.sqrt();
        Self { seen, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
    }

    fn json(self) -> Value {
        json!({ "share": self.seen, "low": self.low, "high": self.high })
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Share { seen, low, high } = *self;
        let text = format!("{:.1} [{:.1}..{:.1}]", seen * 100.0, low * 100.0, high * 100.0);
        f.pad(&text)
    }
}
