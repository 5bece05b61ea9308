//! From the paths on the command line to a plan: reads the scenario files and all that they name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::args::WhatArgs;
use crate::cli::choose::Asked;
use crate::cli::{Ended, broken};
use crate::diagnostic::Diagnostics;
use crate::plan::{self, FileContent, Inputs, Overrides, Plan};
use crate::scenario::{self, Scenario, WantedKind};
use crate::store::{self, Project};

/// Reads, parses and plans what the command line names; all problems of all files at once.
///
/// # Errors
/// When there are no scenario files, or when there is an error in one.
pub fn plan(
    what: &WhatArgs,
    asked: &Asked,
    target: &str,
    seed: u64,
    (tests, load): (bool, bool),
) -> Result<Plan, Ended> {
    let mut reading = Reading::default();
    reading.inputs.folder = std::env::current_dir().unwrap_or_default();
    reading.root.clone_from(&what.project.folder);
    for path in paths(what)? {
        reading.scenario_file(&path)?;
    }
    if reading.problems.has_errors() {
        return Err(broken(&reading.problems));
    }
    let overrides = Overrides {
        target: target.trim_end_matches('/').to_string(),
        profile: what.profile.clone(),
        vars: reading.vars(what),
        tags: asked.tags.clone(),
        browsers: asked.browsers.clone(),
        choice: asked.choice.clone(),
        seed,
        secrets: reading.secrets(),
        duet: asked.duet,
        allow_load: what.allow_load.clone(),
        tests,
        load,
    };
    let mut plan =
        plan::build(&reading.inputs, &overrides).map_err(|problems| broken(&problems))?;
    plan.warnings.splice(0..0, reading.problems.list);
    Ok(plan)
}

/// The scenario files meant; without any, those of `scenarios/`.
fn paths(what: &WhatArgs) -> Result<Vec<PathBuf>, Ended> {
    let default = [PathBuf::from("scenarios")];
    let given = if what.paths.is_empty() { &default[..] } else { &what.paths };
    if what.paths.is_empty() && !default[0].exists() {
        return Err(Ended::usage(
            "there is no folder `scenarios` here; name the scenario files to run, as in \
             `taster run checks/shop.yaml`, or let `taster init` write a first one",
        ));
    }
    Ok(store::find_scenarios(given)?)
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    inputs: Inputs,
    /// The folder of the project file; empty where it is this one.
    root: PathBuf,
    /// Warnings, and errors that keep a plan from being made.
    problems: Diagnostics,
}

impl Reading {
    fn scenario_file(&mut self, path: &Path) -> Result<(), Ended> {
        let source = store::read_source(path)?;
        // A project file makes the project larger than the folder that commands are typed in.
        let root = if self.root.as_os_str().is_empty() { Path::new(".") } else { &self.root };
        let project = Project::of(&self.inputs.folder.join(path), root)?;
        if let Some(scenario) = self.parse(&source) {
            self.wanted(&project, &scenario);
            self.inputs.scenarios.push(scenario);
        }
        Ok(())
    }

    fn parse(
        &mut self,
        source: &std::sync::Arc<crate::diagnostic::SourceFile>,
    ) -> Option<Scenario> {
        match scenario::parse(source) {
            Ok((scenario, warnings)) => {
                self.problems.list.extend(warnings);
                Some(scenario)
            }
            Err(problems) => {
                self.problems.list.extend(problems.list);
                None
            }
        }
    }

    /// Reads what a scenario names, and what its includes name in turn.
    fn wanted(&mut self, project: &Project, scenario: &Scenario) {
        for wanted in scenario.wanted_files() {
            // A name that leaves the project is told by the plan, where it is written.
            let Some(path) = plan::locate(&wanted.path.place.file.name, &wanted.path.value) else {
                continue;
            };
            if self.inputs.files.contains_key(&path) {
                continue;
            }
            let file = Path::new(&path);
            let content = match project.read(file) {
                Err(error) => FileContent::Unreadable {
                    reason: error.reason(),
                    siblings: store::names_beside(file),
                },
                Ok(bytes) if wanted.kind == WantedKind::Include => {
                    self.included(project, file, bytes)
                }
                Ok(bytes) => FileContent::Bytes(bytes.into()),
            };
            self.inputs.files.insert(path, content);
        }
    }

    fn included(&mut self, project: &Project, path: &Path, bytes: Vec<u8>) -> FileContent {
        let unreadable = |reason: String| FileContent::Unreadable { reason, siblings: Vec::new() };
        let source = match store::source(path, bytes) {
            Ok(source) => source,
            Err(error) => return unreadable(error.reason()),
        };
        // Its own problems are told at their own places; the include itself is fine.
        let Some(included) = self.parse(&source) else {
            return unreadable("it has errors of its own".to_string());
        };
        // Present before its own wants are read, so that files which include each other end.
        let shown = path.display().to_string();
        self.inputs.files.insert(shown, FileContent::Scenario(Box::new(included.clone())));
        self.wanted(project, &included);
        FileContent::Scenario(Box::new(included))
    }

    fn scenarios(&self) -> impl Iterator<Item = &Scenario> {
        let included = self.inputs.files.values().filter_map(|content| match content {
            FileContent::Scenario(scenario) => Some(&**scenario),
            FileContent::Bytes(_) | FileContent::Unreadable { .. } => None,
        });
        self.inputs.scenarios.iter().chain(included)
    }

    /// The vars that are replaced. Those of the project are for all its scenarios: where only some
    /// are named, one that none of these declares is for the others.
    fn vars(&self, what: &WhatArgs) -> Vec<(String, String)> {
        let declared = |name: &String| {
            self.scenarios().flat_map(|file| &file.vars).any(|(known, _)| known.value == *name)
        };
        let all = what.paths.is_empty() || what.project.names(&what.paths);
        let keep = |var: &&(String, String)| all || !what.project.gives(var) || declared(&var.0);
        what.var.iter().filter(keep).cloned().collect()
    }

    /// The declared environment variables that are set.
    fn secrets(&self) -> BTreeMap<String, String> {
        let names = self.scenarios().flat_map(|file| &file.secrets).map(|name| name.value.clone());
        names.filter_map(|name| Some((name.clone(), std::env::var(&name).ok()?))).collect()
    }
}
