//! What is in a folder already.

use std::path::{Path, PathBuf};

use super::kind;
use crate::cli::args::ImportFrom;
use crate::store;

/// How deep is looked.
const LEVELS: usize = 5;

/// What was found.
#[derive(Debug, Default)]
pub struct Survey {
    /// Scenario files.
    pub scenarios: Vec<PathBuf>,
    /// What can be imported, from the folder on.
    pub imports: Vec<(ImportFrom, PathBuf)>,
    /// Whether there is a trace of GitHub.
    pub github: bool,
    /// Whether there is a pipeline of GitLab.
    pub gitlab: bool,
}

impl Survey {
    /// Looks at a folder.
    pub fn of(folder: &Path) -> Self {
        let mut survey = Self {
            github: folder.join(".github").is_dir(),
            gitlab: folder.join(".gitlab-ci.yml").is_file(),
            ..Self::default()
        };
        for path in store::files_below(folder, LEVELS) {
            let inside = path.strip_prefix(folder).unwrap_or(&path).to_path_buf();
            if inside.parent() == Some(Path::new("scenarios")) && ends(&inside, &["yaml", "yml"]) {
                survey.scenarios.push(inside);
            } else if let Some(from) = told_by(&path) {
                survey.imports.push((from, inside));
            }
        }
        survey
    }

    /// What was found, a line each.
    pub fn told(&self) -> Vec<String> {
        let found = |(from, path): &(ImportFrom, PathBuf)| {
            format!("found {}: {}", path.display(), kind(*from))
        };
        self.imports.iter().map(found).collect()
    }
}

fn ends(path: &Path, endings: &[&str]) -> bool {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    endings.contains(&end)
}

/// What a file is, by its name and what it says of itself.
fn told_by(path: &Path) -> Option<ImportFrom> {
    let text = || store::read_source(path).ok().map(|file| file.text.clone());
    if ends(path, &["har"]) {
        return Some(ImportFrom::Har);
    }
    if ends(path, &["js", "ts", "mjs", "mts"]) {
        let text = text()?;
        let imports = |name: &str| {
            text.contains(&format!("'{name}'")) || text.contains(&format!("\"{name}\""))
        };
        if imports("k6/http") {
            return Some(ImportFrom::K6);
        }
        let tests = text.contains("test(") && imports("@playwright/test");
        return tests.then_some(ImportFrom::Playwright);
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let speaks = ["openapi", "swagger", "api-docs"].iter().any(|word| name.contains(word));
    if speaks && ends(path, &["json", "yaml", "yml"]) {
        let text = text()?;
        let says = |line: &str| line.trim_start().trim_start_matches('"').starts_with("openapi");
        // All on one line, or a line for each key.
        let has = text.lines().any(says) || text.contains("\"openapi\":");
        return has.then_some(ImportFrom::Openapi);
    }
    None
}
