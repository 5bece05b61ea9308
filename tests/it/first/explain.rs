//! `taster explain`, `man` and completions: every code is explained, and shells can read theirs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::Sandbox;

fn codes() -> BTreeSet<String> {
    let text = Sandbox::new().run(&["explain", "--json"]).exits(0).stdout;
    let all: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let all = all.as_array().expect("a list");
    all.iter().map(|one| one["code"].as_str().expect("a text").to_string()).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a source folder can be read");
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        match path.is_dir() {
            true => found.extend(rust_files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Whatever is made a code of anywhere in the source has an explanation: the calls that take one
/// are looked for in the text, so that a new one cannot be forgotten.
#[test]
fn every_code_in_the_source_is_explained() {
    let known = codes();
    // What follows these is a code, perhaps on the next line.
    let calls = [
        "Diagnostic::error(",
        "Diagnostic::warning(",
        "Diagnostic::without_place(",
        ".coded(",
        "code: \"",
        "unknown_word(",
        ".error(",
        ".warning(",
    ];
    let code = regex::Regex::new(r#"^\s*"?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)""#).expect("a pattern");
    let (mut seen, mut missing) = (BTreeSet::new(), Vec::new());
    for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for call in calls {
            for (at, _) in product.match_indices(call) {
                let rest = &product[at + call.len()..];
                let Some(found) = code.captures(rest).map(|found| found[1].to_string()) else {
                    continue;
                };
                if !known.contains(&found) {
                    missing.push(format!("{found} in {}", path.display()));
                }
                seen.insert(found);
            }
        }
    }
    assert!(missing.is_empty(), "not explained: {missing:#?}");
    assert!(seen.len() > 100, "the source is not read any more: {}", seen.len());
}

/// What the goldens of reports and messages show can be asked for.
#[test]
fn every_code_that_a_golden_shows_is_explained() {
    let known = codes();
    let shown = regex::Regex::new(
        r"(?:^(?:error|warning)|^(?:FAIL|INVALID|INCONCLUSIVE) .*) ?\[([a-z-]+)\]",
    )
    .expect("a pattern");
    let mut seen = BTreeSet::new();
    for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        for found in text.lines().filter_map(|line| shown.captures(line)) {
            assert!(known.contains(&found[1]), "{} in {}", &found[1], path.display());
            seen.insert(found[1].to_string());
        }
    }
    assert!(seen.len() > 100, "the goldens are not read any more: {}", seen.len());
}

#[test]
fn a_code_is_explained_and_an_unknown_one_gets_the_nearest() {
    let sandbox = Sandbox::new();
    let told = sandbox.run(&["explain", "unknown-key"]).exits(0).stdout;
    assert_eq!(
        told,
        "unknown-key (in a scenario file)\n\n  \
         cause:    There is no such key here.\n  \
         example:  nmae: shop\n  \
         fix:      Write the key that is suggested; `taster schema` gives editors all of them.\n"
    );
    sandbox.run(&["explain", "unknown-kye"]).exits(2).says(&["did you mean `unknown-key`?"]);
    let all = sandbox.run(&["explain"]).exits(0);
    assert!(all.stdout.lines().count() > codes().len(), "{all}");
}

/// Whether a program is there to ask; what is not there is said, for who wonders.
fn checks(program: &str, arguments: &[&str], script: &str) {
    let sandbox = Sandbox::new();
    sandbox.write("script", script);
    let told = Command::new(program)
        .args(arguments)
        .arg(sandbox.path("script"))
        .stdin(Stdio::null())
        .output();
    match told {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("{program} is not on this machine");
        }
        told => {
            let told = told.expect("it can be started");
            let said = String::from_utf8_lossy(&told.stderr).into_owned();
            assert!(told.status.success() && said.is_empty(), "{program}: {said}");
        }
    }
}

#[test]
fn shells_can_read_their_completions() {
    let sandbox = Sandbox::new();
    let script = |shell: &str| sandbox.run(&["completions", shell]).exits(0).stdout;
    let (bash, zsh, fish) = (script("bash"), script("zsh"), script("fish"));
    checks("bash", &["-n"], &bash);
    checks("zsh", &["-n"], &zsh);
    checks("fish", &["--no-execute"], &fish);
    for (shell, text) in [("bash", bash), ("zsh", zsh), ("fish", fish)] {
        for word in ["init", "import", "explain", "show-origin"] {
            assert!(text.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn every_command_has_a_page_of_the_manual() {
    let sandbox = Sandbox::new();
    sandbox.run(&["man", "--all", "--out", "man1"]).exits(0);
    let names = sandbox.names("man1");
    for page in ["taster.1", "taster-run.1", "taster-init.1", "taster-baseline-accept.1"] {
        assert!(names.contains(&page.to_string()), "{page}: {names:?}");
    }
    assert!(!names.iter().any(|name| name.contains("guard")), "{names:?}");
    let page = sandbox.run(&["man", "baseline", "accept"]).exits(0).stdout;
    assert_eq!(page, sandbox.read("man1/taster-baseline-accept.1"));
    for part in [".TH TASTER", ".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", "\\-\\-why"] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(sandbox.read("man1/taster-run.1").contains("taster run \\-\\-target"));
    sandbox.run(&["man", "rnu"]).exits(2).says(&["did you mean `run`?"]);
}
