//! Each way a well-written scenario can fail to become a plan, as a folder with its files and
//! what is said about them. The file `run`, where there is one, holds the command line.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use taster::diagnostic::{Diagnostic, Diagnostics};
use taster::plan::{CODES, build};

use crate::project::Project;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plan-diagnostics");
    let mut cases: Vec<PathBuf> = fs::read_dir(root)
        .expect("the goldens are part of the repository")
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    cases.sort();
    cases
}

fn found(case: &Path) -> Vec<Diagnostic> {
    let project = Project::read(case);
    match build(&project.inputs, &project.overrides) {
        Ok(plan) => plan.warnings,
        Err(all) => all.list,
    }
}

#[test]
fn every_impossible_plan_is_answered_as_recorded() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut different = Vec::new();
    for case in cases() {
        let said: Diagnostics = found(&case).into_iter().collect();
        let said = format!("{said}\n");
        let golden = case.join("stderr");
        if update {
            fs::write(&golden, said).expect("the golden can be written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != said {
            different.push(format!("{}:\n{said}", case.display()));
        }
    }
    let help = "UPDATE_GOLDEN=1 cargo test --test it plan_diagnostics records what is said now";
    assert!(different.is_empty(), "{}\n{help}", different.join("\n"));
}

#[test]
fn every_code_of_planning_has_a_case() {
    let seen: BTreeSet<&str> =
        cases().iter().flat_map(|case| found(case)).map(|one| one.code).collect();
    let known: BTreeSet<&str> = CODES.iter().map(|one| one.code).collect();
    let missing: Vec<&&str> = known.difference(&seen).collect();
    assert!(missing.is_empty(), "without a case: {missing:?}");
    let parsing: BTreeSet<&str> = taster::scenario::CODES.iter().map(|one| one.code).collect();
    let strange: Vec<&str> =
        seen.into_iter().filter(|code| !known.contains(code) && !parsing.contains(code)).collect();
    assert!(strange.is_empty(), "in no catalogue: {strange:?}");
}

#[test]
fn every_problem_of_planning_says_what_to_do() {
    for case in cases() {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let all = found(&case);
        assert!(!all.is_empty(), "{name} is not wrong at all");
        for one in all {
            assert!(one.help.is_some_and(|help| !help.is_empty()), "{name} has no help");
            assert!(!one.problem.ends_with('.'), "{name}: no full stop");
        }
    }
}
