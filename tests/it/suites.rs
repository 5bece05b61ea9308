//! The suites that come with the program: planned in every profile, and as many as promised.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use taster::metric::Metric;
use taster::plan::{ActionPlan, CheckWhat, Node, Plan, ShapePlan, TestPlan};
use taster::scenario::parse;

use crate::project::Project;

/// Each file, and the least number of tests it has: those of the suites that it replaces.
const FILES: [(&str, usize); 7] = [
    ("auth", 15),
    ("health", 8),
    ("meals", 20),
    ("recommendations", 18),
    ("shopping", 13),
    ("profile", 1),
    ("database", 5),
];

const PROFILES: [&str; 6] = ["smoke", "load", "spike", "stress", "soak", "rate"];

fn planned(name: &str, profile: &str) -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut project = Project::read_file(&folder, &format!("{name}.yaml"));
    project.overrides.profile = Some(profile.into());
    project.plan()
}

#[test]
fn every_suite_has_at_least_the_tests_of_the_one_it_replaces() {
    for (name, least) in FILES {
        let plan = planned(name, "smoke");
        let tests = plan.scenarios[0].tests.len();
        assert!(tests >= least, "{name} has {tests} tests, and replaces {least}");
        assert!(plan.warnings.is_empty(), "{name}: {:?}", plan.warnings);
    }
}

#[test]
fn every_suite_has_every_profile_and_bounds_what_it_measures() {
    for (name, _) in FILES {
        for profile in PROFILES {
            let plan = planned(name, profile);
            let load = plan.scenarios[0].load.as_ref().expect("every suite has load");
            assert_eq!(load.profile, profile);
            // Closed loads hardly see a service that stands still; the default run has to.
            let open = profile == "rate" || (profile, name) == ("smoke", "health");
            assert_eq!(matches!(load.shape, ShapePlan::Open { .. }), open, "{name}: {profile}");
            let bounded = |metric| load.slas.iter().any(|sla| sla.sla.metric == metric);
            assert!(bounded(Metric::HttpReqFailed), "{name}: no bound on failures");
            assert!(bounded(Metric::HttpReqDuration), "{name}: no bound on latency");
        }
    }
}

#[test]
fn no_test_looks_at_the_status_alone() {
    for (name, _) in FILES {
        let plan = planned(name, "smoke");
        for test in &plan.scenarios[0].tests {
            assert!(test.steps.iter().any(looks_inside), "{name} › {}", test.name);
        }
    }
}

fn looks_inside(node: &Node) -> bool {
    match &node.action {
        ActionPlan::Http(step) => step
            .checks
            .iter()
            .any(|check| !matches!(check.what, CheckWhat::Status(_) | CheckWhat::Within(_))),
        ActionPlan::Group(nodes) => nodes.iter().any(looks_inside),
        ActionPlan::Browser(_) | ActionPlan::Pause(_) => false,
    }
}

#[test]
fn every_scenario_in_the_page_about_the_suites_is_whole() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/suites.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let blocks: Vec<&str> = page.split("```yaml\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let text = block.split("```").next().expect("a block ends");
        let file = taster::diagnostic::SourceFile::new("docs/suites.md", text);
        if let Err(problems) = parse(&file) {
            panic!("{problems}");
        }
    }
}

/// A suite of the pages. It has no load, so there is no profile to choose.
fn planned_browser(name: &str) -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/browser");
    let mut project = Project::read_file(&folder, &format!("{name}.yaml"));
    project.overrides.load = false;
    project.plan()
}

#[test]
fn every_group_of_pages_is_tried_in_every_engine() {
    let (mut all, mut everywhere) = (0, 0);
    for name in ["auth", "meals", "recommendations", "shopping"] {
        let plan = planned_browser(name);
        assert!(plan.warnings.is_empty(), "{name}: {:?}", plan.warnings);
        let tests = &plan.scenarios[0].tests;
        let in_engine = |test: &str, engine: &str| {
            let same = |each: &&TestPlan| each.name == test;
            tests.iter().filter(same).any(|each| each.browser.as_deref() == Some(engine))
        };
        let names: BTreeSet<&str> = tests.iter().map(|test| test.name.as_str()).collect();
        let engines = ["chromium", "firefox", "webkit"];
        let whole = |test: &&&str| engines.iter().all(|engine| in_engine(test, engine));
        assert!(names.len() >= 12, "{name} has {} tests", names.len());
        assert!(tests.iter().any(|test| test.tags.contains(&"smoke".to_string())), "{name}");
        (all, everywhere) = (all + names.len(), everywhere + names.iter().filter(whole).count());
    }
    assert!(all >= 80 && everywhere >= 60, "{all} tests, {everywhere} of them in every engine");
}

#[test]
fn every_test_in_a_browser_looks_at_something() {
    for name in ["auth", "meals", "recommendations", "shopping"] {
        for test in &planned_browser(name).scenarios[0].tests {
            let looks = |node: &Node| match &node.action {
                ActionPlan::Browser(step) => step.looks() || step.verb == "download",
                _ => false,
            };
            assert!(test.steps.iter().any(looks), "{name} › {}", test.name);
        }
    }
}
