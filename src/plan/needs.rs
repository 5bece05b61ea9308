//! Compiles tests, and settles which others each of them needs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::browse::{Browsing, Times};
use super::compiler::{Compiler, Flow};
use super::library::quoted_list;
use super::{PagePlan, Site, TestPlan};
use crate::diagnostic::{Diagnostic, Spanned, nearest};
use crate::plan::Node;
use crate::scenario::Test;

const TEST_TIMEOUT: Duration = Duration::from_secs(60);

impl Compiler<'_> {
    /// Compiles all tests of the file, in the order written; a test with several engines is there
    /// once for each.
    pub(super) fn tests(
        &mut self,
        tests: &[Test],
        scope: &super::compiler::Names,
    ) -> Vec<TestPlan> {
        let compiled: Vec<(Vec<Node>, PagePlan)> =
            tests.iter().map(|test| self.test(test, scope)).collect();
        let needs = self.needs(tests);
        if !self.overrides.tests {
            return Vec::new();
        }
        let mut plans: Vec<TestPlan> = Vec::new();
        // Where the plans of each test are.
        let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for ((at, test), (steps, page)) in tests.iter().enumerate().zip(compiled) {
            for browser in engines(test) {
                places.entry(at).or_default().push(plans.len());
                plans.push(TestPlan {
                    name: test.name.value.clone(),
                    tags: test.tags.iter().map(|tag| tag.value.clone()).collect(),
                    browser,
                    attempts: test.retries.as_ref().map_or(0, |retries| retries.value) + 1,
                    timeout: test.timeout.as_ref().map_or(TEST_TIMEOUT, |timeout| timeout.value),
                    skip: test.skip.as_ref().map(|reason| reason.value.clone()),
                    page: page.clone(),
                    needs: Vec::new(),
                    needed_by: None,
                    expected_ms: None,
                    steps: steps.clone(),
                    site: Site::from(&test.name.place),
                });
            }
        }
        for (at, own) in &places {
            for plan in own {
                let others = needs[*at].iter().filter_map(|need| places.get(need)).flatten();
                let fits = |other: &&usize| {
                    let engine = &plans[**other].browser;
                    engine.is_none() || *engine == plans[*plan].browser
                };
                plans[*plan].needs = others.filter(fits).copied().collect();
            }
        }
        plans
    }

    fn test(&mut self, test: &Test, scope: &super::compiler::Names) -> (Vec<Node>, PagePlan) {
        let page = self.page(&[&self.scenario().page, &test.page]);
        self.browsing = Browsing { engine: None, times: Times::from(&page) };
        let name = format!("in the test `{}`", test.name.value);
        let no_browser = test
            .browser
            .is_empty()
            .then_some(("this test has none", "add `browser: [chromium]` to the test"));
        let flow = Flow { journey: false, no_browser };
        (self.walk(&test.steps, &name, scope, (flow, None)), page)
    }

    /// The tests that each test needs, as indices; what is wrong with them is noted.
    fn needs(&mut self, tests: &[Test]) -> Vec<Vec<usize>> {
        let mut all = Vec::new();
        for test in tests {
            let found: Vec<usize> =
                test.needs.iter().filter_map(|name| self.need(tests, test, name)).collect();
            all.push(found);
        }
        for at in 0..tests.len() {
            if let Some(circle) = circle_from(at, &all) {
                self.needs_itself(tests, &circle);
                return vec![Vec::new(); tests.len()];
            }
        }
        all
    }

    fn need(&mut self, tests: &[Test], test: &Test, name: &Spanned<String>) -> Option<usize> {
        let Some(at) = tests.iter().position(|other| other.name.value == name.value) else {
            let names: Vec<&str> = tests.iter().map(|test| test.name.value.as_str()).collect();
            let problem = format!("no test of this file is named `{}`", name.value);
            let help = match nearest(&name.value, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", quoted_list(&names)),
            };
            let code = "unknown-test";
            self.problem(Diagnostic::error(code, problem, &name.place, "not known").help(help));
            return None;
        };
        let engines = |test: &Test| -> BTreeSet<String> {
            test.browser.iter().map(|engine| engine.value.clone()).collect()
        };
        let (own, others) = (engines(test), engines(&tests[at]));
        let missing: Vec<&String> = own.difference(&others).collect();
        if others.is_empty() || (missing.is_empty() && !own.is_empty()) {
            return Some(at);
        }
        let problem = match missing.first() {
            Some(engine) => format!("`{}` is not run in {engine}, and this test is", name.value),
            None => format!("`{}` is run in a browser, and this test has none", name.value),
        };
        let place = &tests[at].name.place;
        self.problem(
            Diagnostic::error("needs-other-engine", problem, &name.place, "needed here")
                .related(place, "the test that is needed")
                .help("let both have the same `browser`: a test needs another in its own engine"),
        );
        None
    }

    fn needs_itself(&mut self, tests: &[Test], circle: &[usize]) {
        let [first, ..] = circle else { return };
        let names: Vec<&str> =
            circle.iter().chain([first]).map(|at| tests[*at].name.value.as_str()).collect();
        let test = &tests[*first];
        let next = names.get(1).copied().unwrap_or_default();
        let named = test.needs.iter().find(|need| need.value == next);
        let place = named.map_or(&test.name.place, |named| &named.place);
        let problem = format!("tests need each other: {}", names.join(" -> "));
        self.problem(
            Diagnostic::error("needs-cycle", problem, place, "closes the circle")
                .help("let one of them do by itself what it needs"),
        );
    }
}

/// The engines of a test; none for HTTP only.
fn engines(test: &Test) -> Vec<Option<String>> {
    match test.browser.as_slice() {
        [] => vec![None],
        engines => engines.iter().map(|engine| Some(engine.value.clone())).collect(),
    }
}

/// The way from a test back to itself, if there is one.
fn circle_from(start: usize, needs: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut before: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        for next in &needs[at] {
            if *next == start {
                let mut circle = vec![at];
                while let Some(last) = circle.last().filter(|last| **last != start) {
                    circle.push(*before.get(last)?);
                }
                circle.reverse();
                return Some(circle);
            }
            if !before.contains_key(next) {
                before.insert(*next, at);
                open.push(*next);
            }
        }
    }
    None
}
