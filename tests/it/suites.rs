//! The suites that come with the program: planned in every profile, and as many as promised.

use std::fs;
use std::path::Path;

use taster::metric::Metric;
use taster::plan::{ActionPlan, CheckWhat, Node, Plan, ShapePlan};
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
