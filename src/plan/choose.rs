//! Chooses tests: those that the command line asks for, those that these need, and of all of them
//! the part that one shard runs.

use std::collections::BTreeSet;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::build::unknown_word;
use super::library::quoted_list;
use super::{Overrides, ScenarioPlan, TestPlan, shard};
use crate::diagnostic::Diagnostic;

/// The most names that are told of what there is instead.
const SHOWN: usize = 6;

/// What the command line asks of tests, beside tags and engines.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// `--grep`: only tests that one of these matches, by their name alone or behind that of
    /// their scenario (`shop › signs in`).
    pub grep: Vec<Regex>,
    /// `--grep-invert`: no test that one of these matches.
    pub grep_invert: Vec<Regex>,
    /// `--last-failed`: only tests with these ids.
    pub ids: Option<BTreeSet<String>>,
    /// `--shard`: which of how many, the first is 1.
    pub shard: Option<(u32, u32)>,
    /// How long tests took in earlier runs, in milliseconds, by their ids.
    pub durations: std::collections::BTreeMap<String, u64>,
}

/// The part of all tests that one of several runs has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardPlan {
    /// Which, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
    /// How many tests all shards have together.
    pub total: u32,
    /// The numbers of its own among them; what these need is run as well.
    pub own: Vec<u32>,
    /// A digest of who has what: shards that divided differently do not add up.
    pub division: String,
}

/// What tells a test from all others of a run: `shop › signs in [webkit]`.
pub fn test_id(scenario: &str, test: &str, browser: Option<&str>) -> String {
    match browser {
        Some(browser) => format!("{scenario} › {test} [{browser}]"),
        None => format!("{scenario} › {test}"),
    }
}

/// Leaves of all tests those that are asked for, with what they need. Nothing asked for is all.
pub(super) fn choose(
    scenarios: &mut [ScenarioPlan],
    overrides: &Overrides,
) -> Result<Option<ShardPlan>, Vec<Diagnostic>> {
    expect_durations(scenarios, overrides);
    let problems = unknown(scenarios, overrides);
    if !problems.is_empty() {
        return Err(problems);
    }
    let asked = |scenario: &str, test: &TestPlan| {
        by_tag(test, overrides) && by_engine(test, overrides) && by_name(scenario, test, overrides)
    };
    let chosen: Vec<Vec<bool>> = scenarios
        .iter()
        .map(|one| one.tests.iter().map(|test| asked(&one.name, test)).collect())
        .collect();
    let written = scenarios.iter().any(|one| !one.tests.is_empty());
    if written && chosen.iter().flatten().all(|chosen| !chosen) {
        return Err(vec![none_left(scenarios, overrides)]);
    }
    for (scenario, mut keep) in scenarios.iter_mut().zip(chosen) {
        with_needs(&mut scenario.tests, &mut keep);
        retain(&mut scenario.tests, &keep);
    }
    Ok(overrides.choice.shard.map(|(index, of)| divide(scenarios, index, of)))
}

fn expect_durations(scenarios: &mut [ScenarioPlan], overrides: &Overrides) {
    for scenario in scenarios {
        for test in &mut scenario.tests {
            let id = test_id(&scenario.name, &test.name, test.browser.as_deref());
            test.expected_ms = overrides.choice.durations.get(&id).copied();
        }
    }
}

fn by_tag(test: &TestPlan, overrides: &Overrides) -> bool {
    overrides.tags.is_empty() || overrides.tags.iter().any(|tag| test.tags.contains(tag))
}

fn by_engine(test: &TestPlan, overrides: &Overrides) -> bool {
    let wanted = &overrides.browsers;
    test.browser.as_ref().is_none_or(|one| wanted.is_empty() || wanted.contains(one))
}

fn by_name(scenario: &str, test: &TestPlan, overrides: &Overrides) -> bool {
    let choice = &overrides.choice;
    let any = |list: &[Regex]| list.iter().any(|one| matches(one, scenario, &test.name));
    let id = || test_id(scenario, &test.name, test.browser.as_deref());
    (choice.grep.is_empty() || any(&choice.grep))
        && !any(&choice.grep_invert)
        && choice.ids.as_ref().is_none_or(|ids| ids.contains(&id()))
}

fn matches(pattern: &Regex, scenario: &str, test: &str) -> bool {
    pattern.is_match(test) || pattern.is_match(&test_id(scenario, test, None))
}

/// Words of the command line that no test answers to, one by one.
fn unknown(scenarios: &[ScenarioPlan], overrides: &Overrides) -> Vec<Diagnostic> {
    let all = || scenarios.iter().flat_map(|one| one.tests.iter().map(move |test| (one, test)));
    if all().next().is_none() {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let mut engines: Vec<&str> = all().filter_map(|(_, test)| test.browser.as_deref()).collect();
    engines.sort_unstable();
    engines.dedup();
    for browser in overrides.browsers.iter().filter(|one| !engines.contains(&one.as_str())) {
        let problem = format!("no test runs in the browser `{browser}`");
        problems.push(unknown_word("no-such-browser", problem, browser, &engines));
    }
    let mut names: Vec<&str> = all().map(|(_, test)| test.name.as_str()).collect();
    names.dedup();
    for pattern in &overrides.choice.grep {
        if all().any(|(scenario, test)| matches(pattern, &scenario.name, &test.name)) {
            continue;
        }
        let problem = format!("no test has a name that `--grep {pattern}` matches");
        let diagnostic = Diagnostic::without_place("no-such-test", problem);
        problems.push(diagnostic.help(nearest_names(pattern.as_str(), &names)));
    }
    problems
}

/// The names that are most like what was asked for: whole, or in one of their words.
fn nearest_names(wanted: &str, names: &[&str]) -> String {
    let wanted = wanted.to_lowercase();
    let likeness = |name: &str| {
        let name = name.to_lowercase();
        let parts = name.split_whitespace().chain([name.as_str()]);
        parts.map(|part| strsim::jaro_winkler(part, &wanted)).fold(0.0, f64::max)
    };
    let mut near: Vec<(f64, &str)> = names.iter().map(|name| (likeness(name), *name)).collect();
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let some: Vec<&str> = near.iter().take(SHOWN).map(|(_, name)| *name).collect();
    match names.len() > SHOWN {
        true => format!("the nearest of {} tests are {}", names.len(), quoted_list(&some)),
        false => format!("there are {}", quoted_list(&some)),
    }
}

fn none_left(scenarios: &[ScenarioPlan], overrides: &Overrides) -> Diagnostic {
    let count: usize = scenarios.iter().map(|one| one.tests.len()).sum();
    let choice = &overrides.choice;
    let options = [
        ("--tag", !overrides.tags.is_empty()),
        ("--browser", !overrides.browsers.is_empty()),
        ("--grep", !choice.grep.is_empty()),
        ("--grep-invert", !choice.grep_invert.is_empty()),
        ("--last-failed", choice.ids.is_some()),
    ];
    let given: Vec<&str> =
        options.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    let problem = format!("not one of {count} tests is left by {}", quoted_list(&given));
    let help = match choice.ids {
        Some(_) => "the last run was of other scenario files, or these tests have other names now",
        None => "each leaves some, and none is left by all: leave one of them out",
    };
    let mut diagnostic = Diagnostic::without_place("no-such-test", problem);
    if given.len() > 1 || choice.ids.is_some() || !choice.grep_invert.is_empty() {
        diagnostic = diagnostic.help(help);
    }
    diagnostic
}

/// Adds what is needed by what is kept, and what that needs.
fn with_needs(tests: &mut [TestPlan], keep: &mut [bool]) {
    let mut open: Vec<usize> = (0..tests.len()).filter(|at| keep[*at]).collect();
    while let Some(at) = open.pop() {
        let count = tests.len();
        let needs: Vec<usize> =
            tests[at].needs.iter().copied().filter(|need| *need < count).collect();
        for need in needs {
            if !std::mem::replace(&mut keep[need], true) {
                tests[need].needed_by = Some(tests[at].name.clone());
                open.push(need);
            }
        }
    }
}

/// Drops the others; needs are places in the list, so they move with it.
fn retain(tests: &mut Vec<TestPlan>, keep: &[bool]) {
    let mut places = Vec::with_capacity(keep.len());
    let mut next = 0;
    for kept in keep {
        places.push(kept.then_some(next));
        next += usize::from(*kept);
    }
    let mut at = 0;
    tests.retain_mut(|test| {
        let kept = keep[at];
        at += 1;
        test.needs = test.needs.iter().filter_map(|need| *places.get(*need)?).collect();
        kept
    });
}

/// Leaves one shard's tests, and what they need.
fn divide(scenarios: &mut [ScenarioPlan], index: u32, of: u32) -> ShardPlan {
    let all: Vec<&TestPlan> = scenarios.iter().flat_map(|one| &one.tests).collect();
    let owners = shard::divide(&all.iter().map(|one| one.expected_ms).collect::<Vec<_>>(), of);
    let mut digest = Sha256::new();
    digest.update(of.to_le_bytes());
    let mut own = Vec::new();
    let mut number = 0;
    for scenario in scenarios.iter_mut() {
        let mut keep = Vec::with_capacity(scenario.tests.len());
        for test in &scenario.tests {
            let owner = owners[number];
            digest.update(test_id(&scenario.name, &test.name, test.browser.as_deref()));
            digest.update([0]);
            digest.update(owner.to_le_bytes());
            keep.push(owner + 1 == index);
            if owner + 1 == index {
                own.push(number as u32);
            }
            number += 1;
        }
        with_needs(&mut scenario.tests, &mut keep);
        retain(&mut scenario.tests, &keep);
    }
    let division = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    ShardPlan { index, of, total: number as u32, own, division }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::plan::{Inputs, Plan, build};

    const SHOP: &str = "name: shop\ntests:\n\
        - { name: signs in, tags: [auth], steps: [{ get: /a }] }\n\
        - { name: signs out, tags: [auth], steps: [{ get: /b }] }\n\
        - { name: lists, steps: [{ get: /c }] }\n\
        - { name: orders, steps: [{ get: /d }] }\n";

    fn overrides(choice: Choice) -> Overrides {
        let target = "http://target.example".to_string();
        Overrides { target, tests: true, choice, ..Overrides::default() }
    }

    fn planned(text: &str, overrides: &Overrides) -> Result<Plan, String> {
        let parsed = crate::scenario::parse(&SourceFile::new("s.yaml", text));
        let scenario = parsed.unwrap_or_else(|problems| panic!("{problems}")).0;
        let inputs = Inputs { scenarios: vec![scenario], ..Inputs::default() };
        build(&inputs, overrides).map_err(|problems| problems.to_string())
    }

    fn names(plan: &Plan) -> Vec<&str> {
        plan.scenarios.iter().flat_map(|one| &one.tests).map(|test| test.name.as_str()).collect()
    }

    fn regexes(patterns: &[&str]) -> Vec<Regex> {
        patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect()
    }

    fn chosen(grep: &[&str], invert: &[&str]) -> Result<Vec<String>, String> {
        let (grep, grep_invert) = (regexes(grep), regexes(invert));
        let plan = planned(SHOP, &overrides(Choice { grep, grep_invert, ..Choice::default() }))?;
        Ok(names(&plan).into_iter().map(String::from).collect())
    }

    #[test]
    fn tests_are_chosen_by_name_alone_or_behind_their_scenario() {
        assert_eq!(chosen(&["signs"], &[]).unwrap(), ["signs in", "signs out"]);
        assert_eq!(chosen(&["^lists$", "out$"], &[]).unwrap(), ["signs out", "lists"]);
        assert_eq!(chosen(&["^shop › orders$"], &[]).unwrap(), ["orders"]);
        assert_eq!(chosen(&[], &["signs", "^shop › lists"]).unwrap(), ["orders"]);
        assert_eq!(chosen(&["signs"], &["out"]).unwrap(), ["signs in"]);
    }

    #[test]
    fn what_matches_no_test_is_an_error_that_names_the_nearest() {
        let told = chosen(&["sigs in"], &[]).unwrap_err();
        assert!(told.contains("`--grep sigs in`") && told.contains("`signs in`"), "{told}");
        let told = chosen(&["lists", "nothing"], &[]).unwrap_err();
        assert!(told.contains("`--grep nothing`"), "each pattern must match: {told}");
        let told = chosen(&["signs"], &["signs"]).unwrap_err();
        assert!(told.contains("not one of 4 tests is left"), "{told}");
        assert!(told.contains("`--grep` and `--grep-invert`"), "{told}");
        let both = Overrides {
            tags: vec!["auth".to_string()],
            ..overrides(Choice { grep: regexes(&["lists"]), ..Choice::default() })
        };
        let told = planned(SHOP, &both).unwrap_err();
        assert!(told.contains("`--grep` and `--tag`"), "{told}");
        let browser =
            Overrides { browsers: vec!["chrome".to_string()], ..overrides(Choice::default()) };
        let told = planned(SHOP, &browser).unwrap_err();
        assert!(told.contains("no test runs in the browser `chrome`"), "{told}");
    }

    #[test]
    fn ids_that_are_no_longer_there_leave_nothing() {
        let ids = Some(BTreeSet::from(["other › lists".to_string()]));
        let told = planned(SHOP, &overrides(Choice { ids, ..Choice::default() })).unwrap_err();
        assert!(told.contains("`--last-failed`") && told.contains("other names now"), "{told}");
        let ids = Some(BTreeSet::from(["shop › lists".to_string()]));
        let plan = planned(SHOP, &overrides(Choice { ids, ..Choice::default() })).unwrap();
        assert_eq!(names(&plan), ["lists"]);
    }

    #[test]
    fn what_is_needed_comes_along_and_moves_with_the_list() {
        let mut plan = planned(SHOP, &overrides(Choice::default())).unwrap();
        let tests = &mut std::sync::Arc::get_mut(&mut plan.scenarios[0]).unwrap().tests;
        (tests[3].needs, tests[2].needs) = (vec![2], vec![0]);
        let mut keep = [false, false, false, true];
        with_needs(tests, &mut keep);
        assert_eq!(keep, [true, false, true, true], "also what the needed needs");
        retain(tests, &keep);
        let left: Vec<_> = tests.iter().map(|t| (t.name.as_str(), t.needs.clone())).collect();
        assert_eq!(left, [("signs in", vec![]), ("lists", vec![0]), ("orders", vec![1])]);
        tests[0].needs = vec![1];
        let mut keep = [false, false, true];
        with_needs(tests, &mut keep);
        assert_eq!(keep, [true; 3], "a circle is no endless loop");
    }

    /// Some tests with needs, durations and tests that no other needs.
    fn suite() -> impl Strategy<Value = Vec<(Option<u64>, Vec<usize>)>> {
        let one = (prop::option::of(0u64..10_000), prop::collection::vec(any::<usize>(), 0..3));
        prop::collection::vec(one, 1..40).prop_map(|mut all| {
            for (at, (_, needs)) in all.iter_mut().enumerate() {
                // Only what comes before, so that there is no circle.
                needs.iter_mut().for_each(|need| *need %= at.max(1));
                needs.retain(|need| *need < at);
            }
            all
        })
    }

    fn scenarios(suite: &[(Option<u64>, Vec<usize>)]) -> Vec<ScenarioPlan> {
        let tests: String = (0..suite.len())
            .map(|at| format!("- {{ name: t{at}, steps: [{{ get: /a }}] }}\n"))
            .collect();
        let text = format!("name: t\ntests:\n{tests}");
        let plan = planned(&text, &overrides(Choice::default())).unwrap();
        let owned = |one| std::sync::Arc::into_inner(one).expect("nobody else has it");
        let mut scenarios: Vec<ScenarioPlan> = plan.scenarios.into_iter().map(owned).collect();
        for (test, (expected, needs)) in scenarios[0].tests.iter_mut().zip(suite) {
            (test.expected_ms, test.needs) = (*expected, needs.clone());
        }
        scenarios
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_test_is_in_exactly_one_shard_and_has_what_it_needs(
            suite in suite(), of in 1u32..6,
        ) {
            let mut owners = vec![0; suite.len()];
            let mut divisions = BTreeSet::new();
            for index in 1..=of {
                let mut scenarios = scenarios(&suite);
                let shard = divide(&mut scenarios, index, of);
                prop_assert_eq!((shard.index, shard.of), (index, of));
                prop_assert_eq!(shard.total as usize, suite.len());
                shard.own.iter().for_each(|number| owners[*number as usize] += 1);
                divisions.insert(shard.division);
                let tests = &scenarios[0].tests;
                let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
                for own in &shard.own {
                    let name = format!("t{own}");
                    prop_assert!(names.contains(&name.as_str()));
                }
                for test in tests {
                    let at: usize = test.name[1..].parse().unwrap();
                    let needs = test.needs.iter().map(|need| tests[*need].name.clone());
                    let wanted = suite[at].1.iter().map(|need| format!("t{need}"));
                    prop_assert_eq!(needs.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
                }
            }
            prop_assert_eq!(owners, vec![1; suite.len()]);
            prop_assert_eq!(divisions.len(), 1, "all shards know that they divided alike");
        }
    }
}
