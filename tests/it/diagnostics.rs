//! Each way a scenario file can be wrong, as a folder with the file and what is said about it.
//! The list of folders reads as a catalogue of errors.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use taster::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use taster::scenario::{CODES, parse};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/diagnostics");
    let mut cases: Vec<PathBuf> = fs::read_dir(root)
        .expect("the goldens are part of the repository")
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    cases.sort();
    cases
}

/// Errors, or the warnings that came with a scenario.
fn found(case: &Path) -> Vec<Diagnostic> {
    let text = fs::read_to_string(case.join("scenario.yaml")).expect("each case has a scenario");
    match parse(&SourceFile::new("scenario.yaml", text)) {
        Ok((_, warnings)) => warnings,
        Err(all) => all.list,
    }
}

#[test]
fn every_wrong_file_is_answered_as_recorded() {
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
    let help = "UPDATE_GOLDEN=1 cargo test --test it diagnostics records what is said now";
    assert!(different.is_empty(), "{}\n{help}", different.join("\n"));
}

#[test]
fn every_code_has_a_case_and_every_case_a_code() {
    let seen: BTreeSet<&str> =
        cases().iter().flat_map(|case| found(case)).map(|one| one.code).collect();
    let known: BTreeSet<&str> = CODES.iter().map(|one| one.code).collect();
    assert_eq!(seen, known);
}

#[test]
fn every_problem_says_where_and_what_to_do() {
    for case in cases() {
        let all = found(&case);
        assert!(!all.is_empty(), "{} is not wrong at all", case.display());
        for one in all {
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            assert!(one.place.is_some(), "{name} has no place");
            assert!(one.help.is_some_and(|help| !help.is_empty()), "{name} has no help");
            assert!(!one.problem.ends_with('.'), "{name}: no full stop");
        }
    }
}
