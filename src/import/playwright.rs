//! From Playwright tests: each test with its hooks, its actions and expectations as browser steps,
//! its API calls as requests.

mod actions;
mod api;
mod expects;
mod locators;

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::script::{self, Does, Expr, Function, Known, Scope, Statement};
use super::{Imported, Notes, name, nothing, plainer, unlike};
use crate::diagnostic::{Diagnostics, SourceFile};

/// Steps that are being made.
type Steps = Vec<Map<String, Value>>;

struct Making<'a> {
    file: &'a SourceFile,
    notes: Notes<'a>,
    scope: Scope,
    tests: Vec<Value>,
    names: Vec<String>,
    /// Where pages are.
    origins: Vec<String>,
    /// The groups that the walk is in.
    groups: Vec<Group>,
    /// Whether any step needs a browser.
    browsed: bool,
    /// How many functions deep the walk is.
    depth: usize,
}

/// `test.describe`, or the file itself.
#[derive(Default)]
struct Group {
    name: String,
    before: Steps,
    after: Steps,
    skipped: bool,
}

/// Reads a file of tests.
///
/// # Errors
/// When it cannot be read, or has no test with a step.
pub fn from_playwright(file: &Arc<SourceFile>) -> Result<Imported, Diagnostics> {
    let statements = script::parse(file)?;
    let mut making = Making {
        file,
        notes: Notes::of(file),
        scope: Scope::default(),
        tests: Vec::new(),
        names: Vec::new(),
        origins: Vec::new(),
        groups: vec![Group::default()],
        browsed: false,
        depth: 0,
    };
    making.group(&statements);
    if making.tests.is_empty() {
        return Err(nothing(file, "no `test(...)` has a step that can be taken over"));
    }
    let Making { mut notes, mut scope, tests, origins, browsed, .. } = making;
    for origin in &origins {
        notes.whole(format!("pages and requests are at {origin}: give it with --target"));
    }
    if browsed {
        notes.whole("browser tests run in chromium; add firefox and webkit where you want them");
    }
    let mut scenario = Map::new();
    let title = file.name.rsplit('/').next().unwrap_or(&file.name);
    let title = title.split(".spec.").next().and_then(|text| text.split(".test.").next());
    let title = title.unwrap_or_default().trim_end_matches(".ts").trim_end_matches(".js");
    scenario.insert("name".into(), name(title).into());
    let used = Value::from(tests.clone()).to_string();
    scope.vars.retain(|name, _| used.contains(&format!("vars.{name} ")));
    if !scope.vars.is_empty() {
        scenario.insert("vars".into(), scope.vars.into());
    }
    scenario.insert("tests".into(), tests.into());
    Ok(Imported { scenario, notes: notes.sorted() })
}

impl Making<'_> {
    /// Says that something is not taken over.
    fn left(&mut self, at: &Range<usize>) {
        let what = script::shown(&self.file.text, at);
        self.notes.at(at.start, format!("{what} is not taken over"));
    }

    fn group(&mut self, statements: &[Statement]) {
        for statement in statements {
            match &statement.does {
                Does::Do(expr) => self.declared(expr, &statement.at),
                Does::Let(names, value) => self.bound(names, value),
                Does::Declare(name, function) => {
                    self.scope.bind(name, Known::Function(function.clone()));
                }
                Does::Import(from) if from.starts_with('.') => {
                    self.notes.at(statement.at.start, format!("`{from}` is not read"));
                }
                Does::Block(inner) => self.group(inner),
                Does::Import(_) | Does::Nothing => {}
                _ => self.left(&statement.at),
            }
        }
    }

    /// A constant outside of tests.
    fn bound(&mut self, names: &[(String, Option<String>)], value: &Expr) {
        let [(name, None)] = names else { return self.left(&value.at) };
        let known = match (value.function(), self.scope.value(value)) {
            (Some(function), _) => Known::Function(function.clone()),
            (None, Some(value)) => Known::Value(value),
            (None, None) => return self.left(&value.at),
        };
        self.scope.bind(name, known);
    }

    /// `test(...)` and all that stands beside it.
    fn declared(&mut self, expr: &Expr, at: &Range<usize>) {
        let Some((callee, arguments)) = expr.call() else { return self.left(at) };
        let path = callee.path().unwrap_or_default();
        let function = arguments.last().and_then(Expr::function).cloned();
        let called = arguments.first().and_then(|name| self.scope.text(name));
        match (path.as_str(), called, function) {
            ("test" | "it" | "test.only", Some(called), Some(function)) => {
                self.test((&called, arguments), &function, None);
            }
            ("test.skip" | "test.fixme" | "it.skip", Some(called), Some(function)) => {
                self.test((&called, arguments), &function, Some("it is skipped in Playwright"));
            }
            (path, called, Some(function))
                if path.starts_with("test.describe") || path == "describe" =>
            {
                let skipped = path.ends_with("skip") || path.ends_with("fixme");
                if path.ends_with("serial") {
                    self.notes
                        .at(at.start, "the order of these tests is not taken over: `needs` is");
                }
                let name = called.unwrap_or_default();
                self.groups.push(Group { name, skipped, ..Group::default() });
                self.group(&function.body);
                self.groups.pop();
            }
            ("test.beforeEach" | "beforeEach", _, Some(function)) => {
                let steps = self.steps_of(&function);
                if let Some(group) = self.groups.last_mut() {
                    group.before.extend(steps);
                }
            }
            ("test.afterEach" | "afterEach", _, Some(function)) => {
                let steps = self.steps_of(&function);
                if let Some(group) = self.groups.last_mut() {
                    group.after.extend(steps);
                }
            }
            _ => self.left(at),
        }
    }

    fn steps_of(&mut self, function: &Function) -> Steps {
        let mut steps = Steps::new();
        self.walk(&function.body, &mut steps);
        steps
    }

    fn test(
        &mut self,
        (called, arguments): (&str, &[Expr]),
        function: &Function,
        skip: Option<&str>,
    ) {
        let own = self.steps_of(function);
        if own.is_empty() {
            let at = arguments.first().map_or(0, |first| first.at.start);
            let told = format!("the test `{}` is left out: no step of it was taken", name(called));
            return self.notes.at(at, told);
        }
        let mut words: Vec<&str> = called.split_whitespace().collect();
        let mut tags: Vec<String> =
            words.iter().filter_map(|word| word.strip_prefix('@')).map(String::from).collect();
        words.retain(|word| !word.starts_with('@'));
        if let Some(details) = arguments.get(1).filter(|details| details.function().is_none()) {
            match details.get("tag").and_then(|tag| self.scope.value(tag)) {
                Some(Value::String(tag)) => tags.push(tag.trim_start_matches('@').to_string()),
                Some(Value::Array(list)) => {
                    let all = list.iter().filter_map(Value::as_str);
                    tags.extend(all.map(|tag| tag.trim_start_matches('@').to_string()));
                }
                _ => self.left(&details.at),
            }
        }
        let groups = self.groups.iter().map(|group| group.name.as_str());
        let path: Vec<&str> = groups.filter(|name| !name.is_empty()).collect();
        let whole = [path, vec![&words.join(" ")]].concat().join(": ");
        let before = self.groups.iter().flat_map(|group| group.before.clone());
        let after: Steps = self.groups.iter().rev().flat_map(|group| group.after.clone()).collect();
        let mut steps: Steps = before.chain(own).chain(after).collect();
        for step in &mut steps {
            step.get_mut("expect").and_then(Value::as_object_mut).map(plainer).unwrap_or_default();
        }
        let mut test = Map::new();
        test.insert("name".into(), unlike(&mut self.names, &name(&whole)).into());
        tags.sort();
        tags.dedup();
        if !tags.is_empty() {
            test.insert("tags".into(), tags.into());
        }
        if steps.iter().any(browses) {
            self.browsed = true;
            test.insert("browser".into(), json!(["chromium"]));
        }
        let skipped = self.groups.iter().any(|group| group.skipped);
        if let Some(why) = skip.or(skipped.then_some("its group is skipped in Playwright")) {
            test.insert("skip".into(), why.into());
        }
        test.insert("steps".into(), steps.into_iter().map(Value::Object).collect());
        self.tests.push(test.into());
    }
}

/// Whether a step needs a browser.
fn browses(step: &Map<String, Value>) -> bool {
    let requests = ["get", "post", "put", "patch", "delete", "head", "options", "method", "pause"];
    if let Some(inner) = step.get("steps").and_then(Value::as_array) {
        return inner.iter().filter_map(Value::as_object).any(browses);
    }
    !step.keys().any(|key| requests.contains(&key.as_str()))
}
