//! What `taster plan` prints of a scenario, for each of its profiles.

use std::fs;
use std::path::Path;

use taster::plan::{Plan, build};

use crate::project::Project;

fn plan(change: impl FnOnce(&mut Project)) -> Plan {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plan/describes_a_shop");
    let mut project = Project::read(&root);
    change(&mut project);
    build(&project.inputs, &project.overrides).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn a_plan_is_described_as_recorded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plan/describes_a_shop");
    let mut different = Vec::new();
    for profile in ["smoke", "load", "each", "shared", "rate", "ramp"] {
        let plan = plan(|project| project.overrides.profile = Some(profile.into()));
        assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
        let said = plan.describe();
        let golden = root.join(format!("{profile}.txt"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, said).expect("the golden can be written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != said {
            different.push(format!("{}:\n{said}", golden.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn a_plan_with_browsers_is_described_as_recorded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = root.join("tests/golden/plan/describes_a_shop_in_browsers");
    let project = Project::read(&root);
    let plan = build(&project.inputs, &project.overrides).unwrap_or_else(|all| panic!("{all}"));
    assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
    let said = plan.describe();
    let golden = root.join("smoke.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, said).expect("the golden can be written");
    } else {
        assert_eq!(fs::read_to_string(&golden).unwrap_or_default(), said);
    }
}
