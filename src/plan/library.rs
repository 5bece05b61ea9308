//! One scenario file with everything it includes: which step a name means, and where.

use std::collections::BTreeMap;

use super::files::{Found, Inputs, all_steps};
use crate::diagnostic::{Diagnostic, Spanned, nearest};
use crate::scenario::{Action, Scenario, Step};

/// A file and all that it includes, directly or not.
pub(super) struct Library<'a> {
    /// The file itself first.
    pub(super) files: Vec<File<'a>>,
}

/// One file of a library.
pub(super) struct File<'a> {
    pub(super) scenario: &'a Scenario,
    /// The files it includes, by their index in the library.
    includes: Vec<usize>,
    /// The steps that have a name, in the order written.
    named: BTreeMap<&'a str, Vec<&'a Step>>,
}

impl<'a> Library<'a> {
    /// Follows the includes of a file.
    pub(super) fn open(
        inputs: &'a Inputs,
        scenario: &'a Scenario,
        problems: &mut Vec<Diagnostic>,
    ) -> Self {
        let mut library = Library { files: Vec::new() };
        let mut open = Opening { inputs, problems, indexes: BTreeMap::new(), trail: Vec::new() };
        open.add(&mut library, scenario, &scenario.file.name);
        library
    }

    /// All its scenario files.
    pub(super) fn scenarios(&self) -> Vec<&'a Scenario> {
        self.files.iter().map(|file| file.scenario).collect()
    }

    /// The file something was written in, by its index.
    pub(super) fn index_of(&self, step: &Step) -> usize {
        let name = &step.place.file.name;
        self.files.iter().position(|file| file.scenario.file.name == *name).unwrap_or(0)
    }

    /// The step that a name means in a file: one of its own, else one of a file it includes.
    pub(super) fn resolve(
        &self,
        file: usize,
        name: &Spanned<String>,
    ) -> Result<&'a Step, Box<Diagnostic>> {
        let own = self.files[file].named.get(name.value.as_str());
        if let Some(steps) = own {
            return one_of(name, steps);
        }
        let mut included: Vec<&'a Step> = Vec::new();
        for index in &self.files[file].includes {
            included
                .extend(self.files[*index].named.get(name.value.as_str()).into_iter().flatten());
        }
        if included.is_empty() {
            Err(self.unknown(file, name).into())
        } else {
            one_of(name, &included)
        }
    }

    fn unknown(&self, file: usize, name: &Spanned<String>) -> Diagnostic {
        let mut known: Vec<&str> = self.files[file].named.keys().copied().collect();
        for index in &self.files[file].includes {
            known.extend(self.files[*index].named.keys().copied());
        }
        let problem = format!("there is no step named `{}`", name.value);
        let diagnostic = Diagnostic::error("unknown-step", problem, &name.place, "used here");
        match nearest(&name.value, known.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => diagnostic.help(
                "no step has a name yet: give one with `step: name`, or `include` a file of steps",
            ),
            None => diagnostic.help(format!("the named steps are {}", quoted_list(&known))),
        }
    }
}

struct Opening<'a, 'p> {
    inputs: &'a Inputs,
    problems: &'p mut Vec<Diagnostic>,
    indexes: BTreeMap<String, usize>,
    trail: Vec<String>,
}

impl<'a> Opening<'a, '_> {
    fn add(&mut self, library: &mut Library<'a>, scenario: &'a Scenario, path: &str) -> usize {
        let index = library.files.len();
        self.indexes.insert(path.to_string(), index);
        library.files.push(File { scenario, includes: Vec::new(), named: named(scenario) });
        self.trail.push(path.to_string());
        for name in &scenario.include {
            match self.include(library, name) {
                Ok(included) => library.files[index].includes.push(included),
                Err(problem) => self.problems.push(*problem),
            }
        }
        self.trail.pop();
        index
    }

    fn include(
        &mut self,
        library: &mut Library<'a>,
        name: &Spanned<String>,
    ) -> Result<usize, Box<Diagnostic>> {
        let (content, path) = self.inputs.find(name)?;
        if let Some(at) = self.trail.iter().position(|open| *open == path) {
            let mut cycle = self.trail[at..].to_vec();
            cycle.push(path);
            let problem = format!("files include each other: {}", cycle.join(" -> "));
            let place = &name.place;
            return Err(Diagnostic::error("include-cycle", problem, place, "closes the circle")
                .help("move the steps that both need into a third file")
                .into());
        }
        if let Some(index) = self.indexes.get(&path) {
            return Ok(*index);
        }
        match content {
            Found::Scenario(scenario) => Ok(self.add(library, scenario, &path)),
            Found::Bytes(_) => {
                let problem = format!("`{path}` is not a scenario file");
                Err(Diagnostic::error("not-a-scenario", problem, &name.place, "included here")
                    .help("`include` takes scenario files with `steps`, in YAML")
                    .into())
            }
        }
    }
}

fn named(scenario: &Scenario) -> BTreeMap<&str, Vec<&Step>> {
    let mut named: BTreeMap<&str, Vec<&Step>> = BTreeMap::new();
    for step in all_steps(scenario) {
        match (&step.name, &step.action) {
            // `use: x` as `x` only mentions x.
            (Some(name), Action::Use(used, _)) if name.value == used.value => {}
            (Some(name), _) => named.entry(&name.value).or_default().push(step),
            (None, _) => {}
        }
    }
    named
}

/// The step, if all that have the name are written the same way.
fn one_of<'a>(name: &Spanned<String>, steps: &[&'a Step]) -> Result<&'a Step, Box<Diagnostic>> {
    let first = steps[0];
    let written = |step: &Step| step.place.text().split_whitespace().collect::<Vec<_>>().join(" ");
    match steps.iter().find(|step| written(step) != written(first)) {
        None => Ok(first),
        Some(other) => {
            let problem = format!("`{}` could be either of two different steps", name.value);
            let (first, other) = (place_of(first), place_of(other));
            let label = format!("the other is {other}");
            Err(Diagnostic::error("ambiguous-step", problem, &name.place, "used here")
                .related(first, format!("one is here, {label}"))
                .help("give one of them another name, or keep only one and `use` it")
                .into())
        }
    }
}

fn place_of(step: &Step) -> &crate::diagnostic::Place {
    step.name.as_ref().map_or(&step.place, |name| &name.place)
}

/// "`a`, `b` and `c`", cut where nobody would read on.
pub(super) fn quoted_list<T: AsRef<str>>(words: &[T]) -> String {
    const MOST: usize = 12;
    let mut sorted: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let shown: Vec<String> = sorted.iter().take(MOST).map(|word| format!("`{word}`")).collect();
    match (sorted.len().checked_sub(MOST), shown.as_slice()) {
        (Some(more @ 1..), _) => format!("{} and {more} more", shown.join(", ")),
        (_, [all @ .., last]) if !all.is_empty() => format!("{} and {last}", all.join(", ")),
        _ => shown.concat(),
    }
}
