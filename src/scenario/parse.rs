//! The one function from text to `Scenario`.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};

use super::check::check;
use super::grammar::{FILE, Kind};
use super::problems::Problems;
use super::{Scenario, convert, yaml};

/// Reads a scenario file. What comes with a scenario are warnings only; what comes instead of one
/// is everything that is wrong with the file, warnings included, in the order of the file.
pub fn parse(file: &Arc<SourceFile>) -> Result<(Scenario, Vec<Diagnostic>), Diagnostics> {
    let mut problems = Problems::new(file);
    let Some(root) = yaml::read(&mut problems) else { return Err(problems.into_sorted()) };
    check(&Kind::Object(|| &FILE), &root, "the file", &mut problems);
    let scenario = convert::scenario(&root, &mut problems);
    let found = problems.into_sorted();
    if found.has_errors() { Err(found) } else { Ok((scenario, found.list)) }
}
