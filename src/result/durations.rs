//! Is how long tests took in earlier runs: small enough to be committed, or cached by a pipeline.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RunResult;

/// A duration that changed by less than this share of itself is left as it is known, and so is
/// one that changed by less than `FLOOR`: a file that is committed shall not change with each run.
const SHARE: f64 = 0.25;

/// In milliseconds.
const FLOOR: u64 = 50;

/// The most tests that are remembered.
const MOST: usize = 100_000;

/// How long tests took, in milliseconds, by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Durations {
    /// By `TestResult::id`.
    pub tests: BTreeMap<String, u64>,
}

impl Durations {
    /// Learns from the tests that passed; what is known already moves half of the way, so that one
    /// slow run is not believed at once. True where something changed.
    pub fn learn(&mut self, result: &RunResult) -> bool {
        let before = self.clone();
        let mut seen: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for test in result.tests.iter().filter(|test| test.status.passed()) {
            let (sum, count) = seen.entry(test.id()).or_default();
            (*sum, *count) = (sum.saturating_add(test.duration_ms), *count + 1);
        }
        for (id, (sum, count)) in seen {
            let seen = sum / count;
            let full = self.tests.len() >= MOST;
            match self.tests.get_mut(&id) {
                Some(known) if same(*known, seen) => {}
                Some(known) => *known = (*known).midpoint(seen),
                None if full => {}
                None => drop(self.tests.insert(id, seen)),
            }
        }
        *self != before
    }
}

fn same(known: u64, seen: u64) -> bool {
    let change = known.abs_diff(seen);
    change <= FLOOR || change as f64 <= known as f64 * SHARE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::journal::blank;
    use crate::result::{TestResult, TestStatus};

    fn run(tests: &[(&str, TestStatus, u64)]) -> RunResult {
        let one = |(name, status, duration_ms): &(&str, TestStatus, u64)| TestResult {
            scenario: "shop".to_string(),
            name: name.to_string(),
            tags: Vec::new(),
            browser: None,
            repeat: None,
            status: *status,
            duration_ms: *duration_ms,
            attempts: 1,
            checks: 1,
            reason: None,
            place: String::new(),
            failure: None,
            tries: Vec::new(),
            samples: Vec::new(),
        };
        RunResult { tests: tests.iter().map(one).collect(), ..blank() }
    }

    #[test]
    fn only_tests_that_passed_teach_and_small_changes_do_not() {
        let mut known = Durations::default();
        let (passed, failed) = (TestStatus::Passed, TestStatus::Failed);
        assert!(known.learn(&run(&[("a", passed, 1_000), ("b", failed, 9)])));
        assert_eq!(known.tests, BTreeMap::from([("shop › a".to_string(), 1_000)]));
        assert!(!known.learn(&run(&[("a", passed, 1_200), ("a", failed, 99_000)])));
        assert!(known.learn(&run(&[("a", TestStatus::Flaky, 3_000)])));
        assert_eq!(known.tests["shop › a"], 2_000);
    }

    #[test]
    fn repetitions_teach_their_mean() {
        let mut known = Durations::default();
        let passed = TestStatus::Passed;
        known.learn(&run(&[("a", passed, 100), ("a", passed, 300)]));
        assert_eq!(known.tests["shop › a"], 200);
    }
}
