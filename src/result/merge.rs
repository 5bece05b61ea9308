//! Puts the results of shards together into one.
//!
//! What each shard knows of the division decides whether they add up; a shard that is not there
//! is remembered, and judged (`analysis::validity`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Merged, RunResult, ScenarioResult, Shard, TestResult, TestStatus};

/// Why results do not add up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There are none.
    #[error("there is no result to merge")]
    Nothing,
    /// One is of a whole run.
    #[error("`{0}` is not a shard: only results of `taster test --shard I/N` add up to one")]
    NotAShard(String),
    /// One also has load.
    #[error("`{0}` has load: only tests are divided into shards; judge it by itself")]
    Load(String),
    /// Two are the same shard.
    #[error(
        "`{first}` and `{second}` are both shard {index}: give one of them, the one that counts"
    )]
    Twice {
        /// Which shard.
        index: u32,
        /// The run given first.
        first: String,
        /// The other.
        second: String,
    },
    /// They are parts of different wholes.
    #[error(
        "`{first}` and `{second}` do not belong together: {what}. All shards must be run from the \
         same files, with the same options and the same recorded durations"
    )]
    Different {
        /// The run given first.
        first: String,
        /// The other.
        second: String,
        /// What differs.
        what: &'static str,
    },
}

/// One result of the results of shards; what is known of the run itself is that of the first
/// shard there is.
///
/// # Errors
/// When they are not shards of one whole, or one is there twice. One that is missing is no error:
/// the result says so.
pub fn merge(mut results: Vec<RunResult>) -> Result<RunResult, MergeError> {
    let mut shards = Vec::new();
    for result in &results {
        let id = || result.run.id.clone();
        if !result.steps.is_empty() || result.scenarios.iter().any(|one| one.load.is_some()) {
            return Err(MergeError::Load(id()));
        }
        shards.push((result.run.shard.clone().ok_or_else(|| MergeError::NotAShard(id()))?, id()));
    }
    same_division(&shards)?;
    same_sources(&results)?;
    let Some((first, _)) = shards.first() else { return Err(MergeError::Nothing) };
    let of = first.of;
    let there: BTreeSet<u32> = shards.iter().map(|(shard, _)| shard.index).collect();
    let missing = (1..=of).filter(|index| !there.contains(index)).collect();
    results.sort_by_key(|one| one.run.shard.as_ref().map_or(0, |shard| shard.index));
    let scenarios = scenarios(&results);
    let tests = tests(&mut results, &scenarios);
    let mut rest = results.into_iter();
    let Some(mut whole) = rest.next() else { return Err(MergeError::Nothing) };
    for other in rest {
        whole.run.started = whole.run.started.min(other.run.started);
        whole.run.duration_ms = whole.run.duration_ms.max(other.run.duration_ms);
        whole.run.ended_early = whole.run.ended_early.or(other.run.ended_early);
        whole.run.fail_on_flaky |= other.run.fail_on_flaky;
    }
    whole.run.shard = None;
    whole.run.merged = Some(Merged { of, missing });
    (whole.scenarios, whole.tests) = (scenarios, tests);
    Ok(whole)
}

fn same_division(shards: &[(Shard, String)]) -> Result<(), MergeError> {
    let mut seen: BTreeMap<u32, &str> = BTreeMap::new();
    let Some((first, first_id)) = shards.first() else { return Ok(()) };
    for (shard, id) in shards {
        let different = |what| {
            let (first, second) = (first_id.clone(), id.clone());
            Err(MergeError::Different { first, second, what })
        };
        if shard.of != first.of {
            return different("they are of different numbers of shards");
        }
        if shard.division != first.division || shard.total != first.total {
            return different("they divided the tests differently");
        }
        if let Some(known) = seen.insert(shard.index, id) {
            let (first, second) = (known.to_string(), id.clone());
            return Err(MergeError::Twice { index: shard.index, first, second });
        }
    }
    Ok(())
}

/// Tests of other files, or of another revision, would make a whole that nobody has seen.
fn same_sources(results: &[RunResult]) -> Result<(), MergeError> {
    let Some(first) = results.first() else { return Ok(()) };
    for other in results {
        let different = |what| {
            let (first, second) = (first.run.id.clone(), other.run.id.clone());
            Err(MergeError::Different { first, second, what })
        };
        if let (Some(one), Some(two)) = (&first.run.git_revision, &other.run.git_revision)
            && one != two
        {
            return different("they are of different revisions");
        }
        let files = |result: &RunResult| -> Vec<(String, String)> {
            result.scenarios.iter().map(|one| (one.name.clone(), one.digest.clone())).collect()
        };
        if files(first) != files(other) {
            return different("their scenario files differ");
        }
    }
    Ok(())
}

/// The files, with what went wrong in the setup of each run.
fn scenarios(results: &[RunResult]) -> Vec<ScenarioResult> {
    let mut all: Vec<ScenarioResult> = Vec::new();
    for scenario in results.iter().flat_map(|result| &result.scenarios) {
        match all.iter_mut().find(|known| known.name == scenario.name) {
            None => all.push(scenario.clone()),
            Some(known) => {
                let failures = scenario.setup_failures.iter().cloned();
                known.setup_failures.extend(failures);
            }
        }
    }
    all
}

/// All tests in the order of the files. What several shards needed, several have run: the gravest
/// of its outcomes counts.
fn tests(results: &mut [RunResult], scenarios: &[ScenarioResult]) -> Vec<TestResult> {
    let mut all: BTreeMap<_, TestResult> = BTreeMap::new();
    let order: BTreeMap<&str, usize> =
        scenarios.iter().enumerate().map(|(at, one)| (one.name.as_str(), at)).collect();
    for test in results.iter_mut().flat_map(|result| std::mem::take(&mut result.tests)) {
        let line = test.place.rsplit_once(':').and_then(|(_, line)| line.parse::<u32>().ok());
        let scenario = order.get(test.scenario.as_str()).copied();
        let repeat = test.repeat.map(|repeat| repeat.number);
        let key = (scenario, line, test.name.clone(), test.browser.clone(), repeat);
        match all.get(&key) {
            Some(known) if gravity(known.status) >= gravity(test.status) => {}
            _ => drop(all.insert(key, test)),
        }
    }
    all.into_values().collect()
}

fn gravity(status: TestStatus) -> u8 {
    match status {
        TestStatus::Skipped => 0,
        TestStatus::Passed => 1,
        TestStatus::Flaky => 2,
        TestStatus::Unsupported => 3,
        TestStatus::NotRun => 4,
        TestStatus::Failed => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::journal::blank;

    /// One of three shards with these tests of two files.
    fn shard(index: u32, tests: &[(&str, u32, TestStatus)]) -> RunResult {
        let one = |(scenario, line, status): &(&str, u32, TestStatus)| TestResult {
            scenario: scenario.to_string(),
            name: format!("t{line}"),
            tags: Vec::new(),
            browser: None,
            repeat: None,
            status: *status,
            duration_ms: 1,
            attempts: 1,
            checks: 1,
            reason: None,
            place: format!("{scenario}.yaml:{line}"),
            failure: None,
            tries: Vec::new(),
            samples: Vec::new(),
        };
        let file = |name: &str| ScenarioResult { name: name.to_string(), ..Default::default() };
        let mut result = RunResult { tests: tests.iter().map(one).collect(), ..blank() };
        result.scenarios = vec![file("z"), file("a")];
        let division = "d".to_string();
        result.run.shard = Some(Shard { index, of: 3, total: 4, own: Vec::new(), division });
        result.run.id = format!("run-{index}");
        result
    }

    fn told(result: &RunResult) -> Vec<(String, TestStatus)> {
        result.tests.iter().map(|test| (test.place.clone(), test.status)).collect()
    }

    #[test]
    fn what_several_shards_needed_counts_once_with_its_gravest_outcome() {
        use TestStatus::{Failed, Flaky, NotRun, Passed};
        let parts = || {
            vec![
                shard(2, &[("z", 1, Failed), ("z", 30, NotRun)]),
                shard(1, &[("z", 1, Passed), ("z", 4, Passed)]),
                shard(3, &[("z", 1, Flaky), ("a", 2, Passed)]),
            ]
        };
        let wanted = [
            ("z.yaml:1".to_string(), Failed),
            ("z.yaml:4".to_string(), Passed),
            ("z.yaml:30".to_string(), NotRun),
            ("a.yaml:2".to_string(), Passed),
        ];
        let whole = merge(parts()).expect("they belong together");
        assert_eq!(told(&whole), wanted, "in the order of the files and lines");
        assert_eq!(whole.run.merged, Some(Merged { of: 3, missing: Vec::new() }));
        assert_eq!(whole.run.shard, None);
        let mut turned = parts();
        turned.reverse();
        assert_eq!(merge(turned), Ok(whole), "in whatever order they are given");
    }

    #[test]
    fn a_shard_that_is_not_there_is_remembered() {
        let whole = merge(vec![shard(2, &[])]).expect("it is a shard");
        assert_eq!(whole.run.merged, Some(Merged { of: 3, missing: vec![1, 3] }));
        assert_eq!(merge(Vec::new()), Err(MergeError::Nothing));
    }

    #[test]
    fn a_cut_off_shard_is_not_forgotten() {
        let mut cut = shard(3, &[]);
        cut.run.ended_early = Some("interrupted".to_string());
        cut.run.fail_on_flaky = true;
        let whole = merge(vec![shard(1, &[]), shard(2, &[]), cut]).expect("they are shards");
        assert_eq!(whole.run.ended_early.as_deref(), Some("interrupted"));
        assert!(whole.run.fail_on_flaky);
    }
}
