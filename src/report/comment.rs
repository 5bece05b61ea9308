//! Writes `comment.md`: the one comment of a pull request that is written anew with every run.
//!
//! It is `report.md` behind a marker. The marker comes first, so that nothing that is cut off the
//! end can lose it, and names what was run, so that two suites of one repository have a comment
//! each.

use super::comparison::Pair;
use super::markdown;
use super::rows::Report;

/// The longest key in a marker.
const KEY: usize = 80;

/// The comment of a run.
pub(super) fn render(report: &Report<'_>) -> String {
    let run = &report.result.run;
    let profile = if run.profile.is_empty() { "tests" } else { run.profile.as_str() };
    let scenarios = report.result.scenarios.iter().map(|scenario| scenario.name.as_str());
    marked(std::iter::once(profile).chain(scenarios), &markdown::render(report))
}

/// The comment of a comparison that is not of one run.
pub(super) fn comparison(page: &Pair<'_>) -> String {
    let mut names = vec!["comparison"];
    for row in page.changes.iter().flat_map(|changes| changes.rows()) {
        if !names.contains(&row.scenario.as_str()) {
            names.push(&row.scenario);
        }
    }
    marked(names.into_iter(), &markdown::comparison(page))
}

/// Behind a marker that is the same for every run of what these names say: small letters, digits
/// and hyphens, which can end no comment.
fn marked<'a>(names: impl Iterator<Item = &'a str>, text: &str) -> String {
    let mut key = String::new();
    for letter in names.collect::<Vec<_>>().join("-").chars() {
        match letter.to_ascii_lowercase() {
            letter if letter.is_ascii_alphanumeric() => key.push(letter),
            _ if key.ends_with('-') => {}
            _ => key.push('-'),
        }
    }
    key.truncate(KEY);
    format!("<!-- taster:comment:v1:{} -->\n{text}", key.trim_matches('-'))
}
