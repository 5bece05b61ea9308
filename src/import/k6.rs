//! From a k6 script: its requests as steps, its checks as expectations, its options as profiles and
//! SLAs.

mod answer;
mod checks;
mod options;
mod request;
mod walk;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::script::{self, Does, Expr, Function, Known, Scope, Statement};
use super::{Imported, Notes, name, nothing, plainer};
use crate::diagnostic::{Diagnostics, SourceFile};

/// A step that is being made.
#[derive(Debug, Default)]
struct Step {
    /// Its keys but for the name, what is expected and what is captured.
    map: Map<String, Value>,
    name: String,
    expect: Map<String, Value>,
    captures: Map<String, Value>,
}

struct Making<'a> {
    file: &'a SourceFile,
    notes: Notes<'a>,
    scope: Scope,
    steps: Vec<Step>,
    names: Vec<String>,
    /// Where requests went.
    origins: Vec<String>,
    /// How many functions deep the walk is.
    depth: usize,
}

/// Reads a script.
///
/// # Errors
/// When it cannot be read, or sends nothing.
pub fn from_k6(file: &Arc<SourceFile>) -> Result<Imported, Diagnostics> {
    let statements = script::parse(file)?;
    let mut making = Making {
        file,
        notes: Notes::of(file),
        scope: Scope::default(),
        steps: Vec::new(),
        names: Vec::new(),
        origins: Vec::new(),
        depth: 0,
    };
    let (default, options) = making.top(&statements);
    let before = making.once("setup");
    if let (Some((_, Some(given))), Some(function)) = (&before, &default)
        && let Some(parameter) = function.parameters.first().and_then(|names| names.first())
    {
        making.scope.bind(parameter, Known::Value(given.clone()));
    }
    let journeys = making.journeys(default.as_ref(), options.as_ref());
    if journeys.iter().all(|(_, steps)| steps.is_empty()) {
        return Err(nothing(file, "no function that k6 would run sends a request"));
    }
    let after = making.once("teardown");
    let loads = options.as_ref().map(|options| making.options(options)).unwrap_or_default();
    Ok(making.put_together(
        (before.map(|(steps, _)| steps), after.map(|(steps, _)| steps)),
        journeys,
        loads,
    ))
}

type Journeys = Vec<(String, Vec<usize>)>;

/// The steps of `setup` and of `teardown`.
type Hooks = (Option<Vec<usize>>, Option<Vec<usize>>);

impl Making<'_> {
    /// What stands at the top: constants and functions. Gives the default function and the options.
    fn top(&mut self, statements: &[Statement]) -> (Option<Function>, Option<Expr>) {
        let (mut default, mut options) = (None, None);
        for statement in statements {
            match &statement.does {
                Does::Default(function) => default = Some(function.clone()),
                Does::Let(names, value) if names.first().is_some_and(|(n, _)| n == "options") => {
                    options = Some(value.clone());
                }
                Does::Let(names, value) => self.constant(names, value),
                Does::Declare(name, function) => {
                    self.scope.bind(name, Known::Function(function.clone()));
                }
                Does::Import(from) if from.starts_with('.') => {
                    self.notes.at(statement.at.start, format!("`{from}` is not read"));
                }
                Does::Import(_) | Does::Nothing => {}
                Does::Block(inner) => {
                    for one in inner {
                        if let Does::Let(names, value) = &one.does {
                            self.constant(names, value);
                        }
                    }
                }
                _ => self.left(&statement.at),
            }
        }
        (default, options)
    }

    fn constant(&mut self, names: &[(String, Option<String>)], value: &Expr) {
        let [(name, None)] = names else { return self.left(&value.at) };
        if let Some(function) = value.function() {
            return self.scope.bind(name, Known::Function(function.clone()));
        }
        match self.scope.value(value) {
            Some(value) => self.scope.bind(name, Known::Value(value)),
            None => self.left(&value.at),
        }
    }

    /// Says that something is not taken over.
    fn left(&mut self, at: &std::ops::Range<usize>) {
        let what = script::shown(&self.file.text, at);
        self.notes.at(at.start, format!("{what} is not taken over"));
    }

    /// The steps of a function that is run once, and what it returns.
    fn once(&mut self, name: &str) -> Option<(Vec<usize>, Option<Value>)> {
        let Some(Known::Function(function)) = self.scope.known(name).cloned() else { return None };
        let first = self.steps.len();
        self.walk(&function.body, None);
        let returned = function.body.iter().find_map(|statement| match &statement.does {
            Does::Return(value) => Some(value),
            _ => None,
        });
        let returned = returned.and_then(|value| self.captured(value, name));
        Some(((first..self.steps.len()).collect(), returned))
    }

    /// The functions that users walk: the default one, and those that `exec` names.
    fn journeys(&mut self, default: Option<&Function>, options: Option<&Expr>) -> Journeys {
        let mut all: Vec<(String, Function)> = Vec::new();
        all.extend(default.map(|function| ("default".to_string(), function.clone())));
        let scenarios = options.and_then(|options| options.get("scenarios"));
        let entries = match scenarios.map(|one| &one.kind) {
            Some(script::Kind::Object(entries)) => entries.as_slice(),
            _ => &[],
        };
        for (_, scenario) in entries {
            let name = scenario.get("exec").and_then(|name| self.scope.text(name));
            let Some(name) = name.filter(|name| !all.iter().any(|(known, _)| known == name)) else {
                continue;
            };
            match self.scope.known(&name) {
                Some(Known::Function(function)) => all.push((name, function.clone())),
                _ => self.notes.at(scenario.at.start, format!("there is no function `{name}`")),
            }
        }
        if all.len() > 1 {
            self.notes.whole("several functions are walked: each is a journey, in every profile");
        }
        let mut journeys = Vec::new();
        for (name, function) in all {
            let first = self.steps.len();
            self.walk(&function.body, None);
            journeys.push((name, (first..self.steps.len()).collect()));
        }
        journeys
    }

    fn put_together(self, hooks: Hooks, journeys: Journeys, loads: options::Loads) -> Imported {
        let Self { file, mut notes, mut scope, steps, origins, .. } = self;
        for origin in &origins {
            notes.whole(format!("requests went to {origin}: give it with --target"));
        }
        let mut scenario = Map::new();
        let title = file.name.rsplit('/').next().unwrap_or(&file.name);
        let title = title.trim_end_matches(".ts").trim_end_matches(".js");
        scenario.insert("name".into(), name(title).into());
        // A var that was only the target is the target now.
        let used = serde_json::to_string(&all(&steps)).unwrap_or_default();
        scope.vars.retain(|name, _| used.contains(&format!("vars.{name} ")));
        if !scope.vars.is_empty() {
            scenario.insert("vars".into(), scope.vars.into());
        }
        if !loads.http.is_empty() {
            scenario.insert("http".into(), loads.http.clone().into());
        }
        let (before, after) = hooks;
        let names = |numbers: &[usize]| -> Vec<Value> {
            numbers.iter().map(|number| steps[*number].name.as_str().into()).collect()
        };
        for (key, numbers) in [("before-run", &before), ("after-run", &after)] {
            if let Some(numbers) = numbers.as_ref().filter(|numbers| !numbers.is_empty()) {
                scenario.insert(key.into(), names(numbers).into());
            }
        }
        scenario.insert("steps".into(), all(&steps).into());
        let tests =
            journeys.iter().filter(|(_, steps)| !steps.is_empty()).map(|(called, steps)| {
                let test = match called.as_str() {
                    "default" => "one iteration".to_string(),
                    other => format!("one iteration of {}", name(other)),
                };
                json!({ "name": test, "tags": ["smoke"], "steps": names(steps) })
            });
        scenario.insert("tests".into(), tests.collect());
        let journeys: Vec<&(String, Vec<usize>)> =
            journeys.iter().filter(|(_, steps)| !steps.is_empty()).collect();
        scenario.insert("load".into(), load(&journeys, &names, loads));
        Imported { scenario, notes: notes.sorted() }
    }
}

fn load(
    journeys: &[&(String, Vec<usize>)],
    names: &dyn Fn(&[usize]) -> Vec<Value>,
    loads: options::Loads,
) -> Value {
    let mut load = Map::new();
    match journeys {
        [(_, only)] => drop(load.insert("journey".into(), names(only).into())),
        several => {
            let one = |(called, steps): &&(String, Vec<usize>)| {
                let steps = names(steps);
                json!({ "journey": name(called), "steps": steps })
            };
            load.insert("journeys".into(), several.iter().map(one).collect());
        }
    }
    let mut profiles = loads.profiles;
    if profiles.is_empty() {
        profiles.insert("once".into(), json!({ "users": 1, "iterations": 1 }));
    }
    load.insert("profiles".into(), profiles.into());
    if !loads.slas.is_empty() {
        load.insert("sla".into(), loads.slas.into());
    }
    load.into()
}

/// The steps as they are written.
fn all(steps: &[Step]) -> Vec<Value> {
    let one = |step: &Step| {
        let mut map = Map::new();
        map.insert("step".into(), step.name.as_str().into());
        map.extend(step.map.clone());
        let mut expect = step.expect.clone();
        plainer(&mut expect);
        for (key, part) in [("expect", &expect), ("capture", &step.captures)] {
            if !part.is_empty() {
                map.insert(key.into(), part.clone().into());
            }
        }
        // The pause comes last, as it does in time.
        if let Some(think) = map.shift_remove("think") {
            map.insert("think".into(), think);
        }
        Value::Object(map)
    };
    steps.iter().map(one).collect()
}
