//! Turns lists of steps into nodes: names resolved, conditions compiled, think times settled.

use std::collections::BTreeSet;

use serde_json::Value;

use super::compiler::{Compiler, Flow, NamedStep, StepKey, to_diagnostic};
use super::overlay::{is_empty, lay_over};
use super::request::default_name;
use super::variables::captures_of;
use super::{ActionPlan, Condition, Node, RepeatPlan, SeriesKind};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{Action, BrowserStep, Comparison, HttpStep, Matcher, Repeat, Step};
use crate::units::Pause;

/// A scenario with more is a mistake, or meant to use up memory.
const MOST_NODES: usize = 20_000;

impl Compiler<'_> {
    /// Compiles a flow: `name` says where it is, `scope` what was captured before it.
    pub(super) fn walk(
        &mut self,
        steps: &[Step],
        name: &str,
        scope: &BTreeSet<String>,
        (flow, think): (Flow, Option<Pause>),
    ) -> Vec<Node> {
        self.variables.scope.clone_from(scope);
        self.variables.flow = name.to_string();
        self.flow = flow;
        self.nodes(steps, think)
    }

    fn nodes(&mut self, steps: &[Step], think: Option<Pause>) -> Vec<Node> {
        let mut nodes = Vec::new();
        for step in steps {
            let depth = self.using.len();
            self.nodes += 1;
            if self.nodes == MOST_NODES {
                let problem = format!("the scenario has more than {MOST_NODES} steps");
                let diagnostic = Diagnostic::error("too-many-steps", problem, &step.place, "here");
                self.problem(diagnostic.help("steps that use one another multiply"));
            }
            if self.nodes < MOST_NODES
                && let Some(step) = self.expand(step)
            {
                nodes.extend(self.node(&step, think));
            }
            self.using.truncate(depth);
        }
        nodes
    }

    fn node(&mut self, step: &Step, think: Option<Pause>) -> Option<Node> {
        self.variables.step = shown_name(step);
        let when = self.conditions(&step.when);
        // What must exist for the step to be done can be used in it, and not after it.
        let outer = self.variables.scope.clone();
        let guards = step.when.iter().filter(|(_, matcher)| exists(matcher));
        self.variables.scope.extend(guards.map(|(name, _)| name.value.clone()));
        let node = self.settled(step, think, when);
        let own = self.captured(std::slice::from_ref(step));
        self.variables.scope.retain(|name| outer.contains(name) || own.contains(name));
        node
    }

    fn settled(&mut self, step: &Step, think: Option<Pause>, when: Vec<Condition>) -> Option<Node> {
        let own = step.think.as_ref().map(|think| think.value);
        let (action, think) = match &step.action {
            Action::Http(http) => {
                let file = self.library.index_of(step);
                let plan = self.request(named(step, || default_name(http)), http, file);
                (ActionPlan::Http(plan), own.or(think))
            }
            Action::Browser(browser) => {
                let step_named = named(step, || browser_in_words(browser));
                let plan = self.browser(step_named, step, browser)?;
                (ActionPlan::Browser(plan), own.or(think))
            }
            Action::Pause(pause) => (ActionPlan::Pause(pause.value), own),
            Action::Group(steps) => {
                if step.repeat.is_some() {
                    // From the second turn on they have been made.
                    let captured = self.captured(steps);
                    self.variables.scope.extend(captured);
                }
                (ActionPlan::Group(self.nodes(steps, think)), own)
            }
            Action::Use(..) => return None,
        };
        let repeat = step.repeat.as_ref().map(|repeat| self.repeat(repeat));
        Some(Node { when, repeat, think, action })
    }

    /// The step itself, or the step it uses with what is written beside `use` laid over it.
    fn expand(&mut self, step: &Step) -> Option<Step> {
        self.walked.insert(key_of(step));
        let Action::Use(name, over) = &step.action else { return Some(step.clone()) };
        let file = self.library.index_of(step);
        let used = match self.library.resolve(file, name) {
            Ok(used) => used,
            Err(problem) => {
                self.problem(*problem);
                return None;
            }
        };
        let key = key_of(used);
        if let Some(at) = self.using.iter().position(|(open, _)| *open == key) {
            let mut cycle: Vec<&str> =
                self.using[at..].iter().map(|(_, name)| name.as_str()).collect();
            cycle.push(&name.value);
            let problem = format!("steps use each other: {}", cycle.join(" -> "));
            let diagnostic =
                Diagnostic::error("use-cycle", problem, &name.place, "closes the circle");
            self.problem(diagnostic.help("let one of them do its work without the other"));
            return None;
        }
        self.using.push((key, name.value.clone()));
        let base = self.expand(used)?;
        self.lay_step_over(base, step, (name, over))
    }

    fn lay_step_over(
        &mut self,
        base: Step,
        step: &Step,
        (name, over): (&Spanned<String>, &HttpStep),
    ) -> Option<Step> {
        let action = match base.action {
            Action::Http(http) => Action::Http(Box::new(lay_over(&http, over))),
            other if is_empty(over) => other,
            _ => {
                let problem =
                    format!("`{}` is not a request, so nothing can be laid over it", name.value);
                self.problem(
                    Diagnostic::error("not-a-request", problem, &step.place, "used here")
                        .related(&base.place, "the step that is used")
                        .help("keep only `use` and the keys that every step has, such as `when`"),
                );
                return None;
            }
        };
        let tags = step.tags.iter().map(|(key, _)| &key.value).collect::<Vec<_>>();
        let mut laid = base.tags;
        laid.retain(|(key, _)| !tags.contains(&&key.value));
        laid.extend(step.tags.iter().cloned());
        Some(Step {
            place: base.place,
            name: step.name.clone().or(base.name),
            when: step.when.iter().chain(&base.when).cloned().collect(),
            repeat: step.repeat.clone().or(base.repeat),
            think: step.think.clone().or(base.think),
            tags: laid,
            action,
        })
    }

    fn repeat(&mut self, repeat: &Repeat) -> RepeatPlan {
        RepeatPlan {
            times: repeat.times.value,
            until: self.conditions(&repeat.until),
            every: repeat.every.as_ref().map(|every| every.value).unwrap_or_default(),
        }
    }

    fn conditions(&mut self, conditions: &[(Spanned<String>, Matcher)]) -> Vec<Condition> {
        let mut compiled = Vec::new();
        for (name, matcher) in conditions {
            let existence = matcher.tests.iter().any(|test| matches!(test, Comparison::Exists(_)));
            let matcher = self.matcher(matcher);
            match self.variables.condition_slot(&name.value, existence) {
                Ok(slot) => compiled.push(Condition { slot, matcher }),
                Err(trouble) => self.problem(to_diagnostic(trouble, &name.place)),
            }
        }
        compiled
    }

    /// The names that a flow can capture, those of steps it uses included.
    pub(super) fn captured(&self, steps: &[Step]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<&Step> = steps.iter().collect();
        while let Some(step) = open.pop() {
            if !seen.insert(key_of(step)) {
                continue;
            }
            names.extend(captures_of(step).iter().map(|capture| capture.name.value.clone()));
            match &step.action {
                Action::Group(inside) => open.extend(inside),
                Action::Use(name, _) => {
                    open.extend(self.library.resolve(self.library.index_of(step), name));
                }
                _ => {}
            }
        }
        names
    }
}

/// A step as it is counted.
fn named(step: &Step, default: impl FnOnce() -> String) -> NamedStep<'_> {
    let name = step.name.as_ref().map_or_else(default, |name| name.value.clone());
    let tags = step.tags.iter().map(|(key, value)| (key.value.clone(), value.value.clone()));
    NamedStep { name, tags: tags.collect(), place: &step.place, kind: SeriesKind::Http }
}

fn shown_name(step: &Step) -> String {
    let default = || match &step.action {
        Action::Http(http) => default_name(http),
        Action::Browser(browser) => browser_in_words(browser),
        _ => format!("line {}", step.place.line()),
    };
    named(step, default).name
}

/// `click button "Buy"`, on one line.
fn browser_in_words(browser: &BrowserStep) -> String {
    let verb = browser.verb.value.as_str();
    match &browser.argument.value {
        Value::String(text) => format!("{verb} {}", shortened(text)),
        Value::Object(map) => {
            let words = map.iter().filter_map(|(key, value)| match (key.as_str(), value) {
                ("role" | "url" | "request" | "response" | "load" | "key", Value::String(text)) => {
                    Some(shortened(text))
                }
                ("with" | "until", _) => None,
                (_, Value::String(text)) => Some(format!("{:?}", shortened(text))),
                _ => None,
            });
            [verb.to_string()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
        }
        _ => verb.to_string(),
    }
}

/// The beginning of a text, white space folded: a script is no name.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match folded.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", &folded[..at]),
        None => folded,
    }
}

fn exists(matcher: &Matcher) -> bool {
    matcher.tests.iter().any(|test| matches!(test, Comparison::Exists(wanted) if wanted.value))
}

/// Which step this is.
pub(super) fn key_of(step: &Step) -> StepKey {
    (step.place.file.name.clone(), step.place.span.start)
}
