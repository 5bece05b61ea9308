//! Reads a folder the way the command line does, for tests of planning.

use std::fs;
use std::path::{Path, PathBuf};

use taster::diagnostic::SourceFile;
use taster::plan::{FileContent, Inputs, Overrides, Plan, build, locate};
use taster::scenario::{Scenario, WantedKind, parse};

/// A folder of scenario files and what the command line says about them.
pub struct Project {
    /// Everything read.
    pub inputs: Inputs,
    /// The command line.
    pub overrides: Overrides,
}

impl Project {
    /// One scenario of this text that wants no files.
    pub fn of(text: &str) -> Self {
        Self::named("scenario.yaml", text)
    }

    /// One scenario of this text, read under a name.
    pub fn named(name: &str, text: &str) -> Self {
        let mut project = Self::empty();
        match parse(&SourceFile::new(name, text)) {
            Ok((scenario, _)) => project.inputs.scenarios.push(scenario),
            Err(problems) => panic!("{problems}"),
        }
        project
    }

    /// Adds a file.
    pub fn with(mut self, path: &str, text: &str) -> Self {
        let content = match path.ends_with(".yaml") {
            true => match parse(&SourceFile::new(path, text)) {
                Ok((scenario, _)) => FileContent::Scenario(Box::new(scenario)),
                Err(problems) => panic!("{problems}"),
            },
            false => FileContent::Bytes(text.as_bytes().into()),
        };
        self.inputs.files.insert(path.to_string(), content);
        self
    }

    /// The plan, which must be possible.
    pub fn plan(&self) -> Plan {
        build(&self.inputs, &self.overrides).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn empty() -> Self {
        let overrides = Overrides {
            target: "http://target.example:8080".into(),
            tests: true,
            load: true,
            ..Overrides::default()
        };
        Project { inputs: Inputs::default(), overrides }
    }

    /// Reads a file and all it wants.
    pub fn read_file(folder: &Path, name: &str) -> Self {
        let mut project = Self::empty();
        project.add(folder, name);
        project
    }

    /// Reads `scenario.yaml` and all it wants, and the file `run` with one option a line:
    /// `scenario FILE`, `profile NAME`, `var A=B`, `secret A=B`, `tag T`, `grep R`, `browser E`,
    /// `target URL`, `only tests` or `only load`.
    pub fn read(folder: &Path) -> Self {
        let mut project = Self::read_file(folder, "scenario.yaml");
        let run = fs::read_to_string(folder.join("run")).unwrap_or_default();
        for line in run.lines() {
            let (word, value) = line.split_once(' ').expect("`word value` on each line");
            project.option(folder, word, value);
        }
        project
    }

    fn option(&mut self, folder: &Path, word: &str, value: &str) {
        let pair = || value.split_once('=').map(|(a, b)| (a.to_string(), b.to_string()));
        let overrides = &mut self.overrides;
        match word {
            "scenario" => self.add(folder, value),
            "profile" => overrides.profile = Some(value.into()),
            "var" => overrides.vars.extend(pair()),
            "secret" => overrides.secrets.extend(pair()),
            "tag" => overrides.tags.push(value.into()),
            "grep" => overrides.choice.grep.push(value.parse().expect("a pattern")),
            "browser" => overrides.browsers.push(value.into()),
            "target" => overrides.target = value.trim().into(),
            "only" => (overrides.tests, overrides.load) = (value == "tests", value == "load"),
            _ => panic!("`run` has an unknown word: {word}"),
        }
    }

    fn add(&mut self, folder: &Path, name: &str) {
        let scenario = read_scenario(&folder.join(name), name);
        self.want(folder, &scenario);
        self.inputs.scenarios.push(scenario);
    }

    fn want(&mut self, folder: &Path, scenario: &Scenario) {
        for wanted in scenario.wanted_files() {
            let from = &wanted.path.place.file.name;
            let Some(path) = locate(from, &wanted.path.value) else { continue };
            if self.inputs.files.contains_key(&path) {
                continue;
            }
            let at = folder.join(&path);
            let content = match fs::read(&at) {
                Err(_) => FileContent::Unreadable {
                    reason: "there is no such file".into(),
                    siblings: siblings(&at),
                },
                Ok(_) if wanted.kind == WantedKind::Include && path.ends_with(".yaml") => {
                    let included = read_scenario(&at, &path);
                    let content = FileContent::Scenario(Box::new(included.clone()));
                    self.inputs.files.insert(path, content);
                    self.want(folder, &included);
                    continue;
                }
                Ok(bytes) => FileContent::Bytes(bytes.into()),
            };
            self.inputs.files.insert(path, content);
        }
    }
}

fn read_scenario(at: &Path, name: &str) -> Scenario {
    let text = fs::read_to_string(at).expect("the scenario can be read");
    match parse(&SourceFile::new(name, text)) {
        Ok((scenario, _)) => scenario,
        Err(problems) => panic!("{}\n{problems}", at.display()),
    }
}

fn siblings(at: &Path) -> Vec<String> {
    let folder: PathBuf = at.parent().map(Into::into).unwrap_or_default();
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
