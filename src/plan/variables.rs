//! What a name in a template means at the place where it stands: `vars`, secrets, feeds, and
//! the captures made by then.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::compile::{Meaning, Trouble};
use super::expression::FUNCTIONS;
use super::library::{Library, quoted_list};
use super::{Overrides, Slot};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::scenario::{Action, Capture, HttpStep, Step};

/// All variables of one scenario.
#[derive(Default)]
pub(super) struct Variables {
    /// The names, by slot.
    pub(super) slots: Vec<String>,
    indexes: BTreeMap<String, Slot>,
    pub(super) vars: BTreeMap<String, Var>,
    pub(super) secrets: BTreeMap<String, Secret>,
    pub(super) feeds: BTreeMap<String, FeedNames>,
    /// Where each capture of the files is made, and by which step.
    captures: BTreeMap<String, (Place, String)>,
    /// The captures that can have been made by now.
    pub(super) scope: BTreeSet<String>,
    /// Where the steps being compiled are walked: "in test `x`".
    pub(super) flow: String,
    /// The step being compiled.
    pub(super) step: String,
}

/// One of `vars`.
pub(super) struct Var {
    pub(super) value: Value,
    pub(super) used: bool,
}

/// One of `secrets`.
pub(super) struct Secret {
    pub(super) place: Place,
    pub(super) value: Option<String>,
    /// The steps that use it.
    pub(super) users: Vec<String>,
}

/// A feed's columns; none if the file could not be read, and then any name will do.
pub(super) struct FeedNames {
    pub(super) columns: Option<Vec<String>>,
    pub(super) used: bool,
}

impl Variables {
    /// Collects what the files of a library declare; the file itself wins over its includes.
    pub(super) fn new(library: &Library<'_>, overrides: &Overrides) -> Self {
        let mut variables = Variables::default();
        for scenario in library.scenarios() {
            for (name, value) in &scenario.vars {
                let var = Var { value: value.value.clone(), used: false };
                variables.vars.entry(name.value.clone()).or_insert(var);
            }
            for name in &scenario.secrets {
                let value = overrides.secrets.get(&name.value).cloned();
                let secret = Secret { place: name.place.clone(), value, users: Vec::new() };
                variables.secrets.entry(name.value.clone()).or_insert(secret);
            }
            for step in super::files::all_steps(scenario) {
                variables.note_captures(step);
            }
        }
        for (name, text) in &overrides.vars {
            if let Some(var) = variables.vars.get_mut(name) {
                var.value = replaced(&var.value, text);
            }
        }
        variables
    }

    fn note_captures(&mut self, step: &Step) {
        for capture in captures_of(step) {
            let made = (capture.name.place.clone(), written_name(step));
            self.captures.entry(capture.name.value.clone()).or_insert(made);
        }
    }

    /// The slot of a variable, new if it has none yet.
    pub(super) fn slot(&mut self, name: &str) -> Slot {
        if let Some(slot) = self.indexes.get(name) {
            return *slot;
        }
        // More would need a file larger than any that is read; the last slot is then shared.
        let slot = Slot(u16::try_from(self.slots.len()).unwrap_or(u16::MAX));
        self.slots.push(name.to_string());
        self.indexes.insert(name.to_string(), slot);
        slot
    }

    /// What a name means here.
    pub(super) fn meaning(&mut self, name: &str) -> Result<Meaning, Trouble> {
        if self.scope.contains(name) {
            return Ok(Meaning::Slot(self.slot(name)));
        }
        match name.split_once('.') {
            Some(("vars", var)) => self.var(var),
            Some(("secrets", secret)) => self.secret(secret),
            Some((feed, column)) => self.column(feed, column),
            None => Err(self.no_capture(name)),
        }
    }

    /// The slot that a condition looks at.
    ///
    /// Whether a capture exists may be asked before it was made.
    pub(super) fn condition_slot(
        &mut self,
        name: &str,
        about_existence: bool,
    ) -> Result<Slot, Trouble> {
        if about_existence && self.captures.contains_key(name) {
            return Ok(self.slot(name));
        }
        self.meaning(name).map(|_| self.slot(name))
    }

    fn var(&mut self, name: &str) -> Result<Meaning, Trouble> {
        if let Some(var) = self.vars.get_mut(name) {
            var.used = true;
            return Ok(Meaning::Fixed(var.value.clone()));
        }
        let problem = format!("there is no var `{name}`");
        let known: Vec<&String> = self.vars.keys().collect();
        Err(self.unknown(problem, name, &known, "vars"))
    }

    fn secret(&mut self, name: &str) -> Result<Meaning, Trouble> {
        let step = self.step.clone();
        if let Some(secret) = self.secrets.get_mut(name) {
            if !secret.users.contains(&step) {
                secret.users.push(step);
            }
            return Ok(Meaning::Slot(self.slot(&format!("secrets.{name}"))));
        }
        let problem = format!("the secret `{name}` is not declared");
        let known: Vec<&String> = self.secrets.keys().collect();
        let trouble = self.unknown(problem, name, &known, "secrets");
        Err(match known.is_empty() {
            true => trouble.help(format!("add `secrets: [{name}]` at the top of the file")),
            false => trouble,
        })
    }

    fn column(&mut self, feed: &str, column: &str) -> Result<Meaning, Trouble> {
        let Some(names) = self.feeds.get_mut(feed) else {
            let problem = format!("there is no data named `{feed}`");
            if let Some(near) = nearest(feed, ["vars", "secrets"]) {
                let help = format!("did you mean `{near}.{column}`?");
                return Err(Trouble::new("unknown-name", problem).label("unknown").help(help));
            }
            let known: Vec<&String> = self.feeds.keys().collect();
            return Err(self.unknown(problem, feed, &known, "data"));
        };
        names.used = true;
        match &names.columns {
            Some(columns) if !columns.iter().any(|known| known == column) => {
                let problem = format!("the data `{feed}` has no column `{column}`");
                let known = columns.clone();
                Err(self.unknown(problem, column, &known, "columns"))
            }
            _ => Ok(Meaning::Slot(self.slot(&format!("{feed}.{column}")))),
        }
    }

    fn no_capture(&self, name: &str) -> Trouble {
        if let Some((place, step)) = self.captures.get(name) {
            let problem = format!("`{name}` is not captured before this step {}", self.flow);
            let trouble = Trouble::new("captured-later", problem).label("has no value here");
            let line = place.line();
            if *step == self.step {
                return trouble
                    .related(place, "captured here, from the answer to this step")
                    .help("a capture can be used in the steps after the one that makes it");
            }
            return trouble.related(place, format!("captured here, by `{step}`")).help(format!(
                "let `{step}` (line {line}) run earlier, for example in `before-each`"
            ));
        }
        let trouble =
            Trouble::new("unknown-name", format!("there is no variable `{name}`")).label("unknown");
        if self.vars.contains_key(name) {
            return trouble.help(format!("it is one of `vars`: write `vars.{name}`"));
        }
        if self.secrets.contains_key(name) {
            return trouble.help(format!("it is a secret: write `secrets.{name}`"));
        }
        if FUNCTIONS.contains(&name) {
            return trouble.help(format!("it is a function: write `{name}()`"));
        }
        let known = self.in_scope();
        match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => trouble.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => trouble.help(
                "nothing is in scope here: declare `vars`, `data` or `secrets`, or `capture` it",
            ),
            None => trouble.help(format!("in scope are {}", quoted_list(&known))),
        }
    }

    fn unknown<T: AsRef<str>>(
        &self,
        problem: String,
        name: &str,
        known: &[T],
        what: &str,
    ) -> Trouble {
        let trouble = Trouble::new("unknown-name", problem).label("unknown");
        match nearest(name, known.iter().map(AsRef::as_ref)) {
            Some(near) => trouble.help(format!("did you mean `{near}`?")),
            None if known.is_empty() => {
                trouble.help(format!("the file has no `{what}`; declare it there"))
            }
            None => trouble.help(format!("the {what} are {}", quoted_list(known))),
        }
    }

    fn in_scope(&self) -> Vec<String> {
        let vars = self.vars.keys().map(|name| format!("vars.{name}"));
        let secrets = self.secrets.keys().map(|name| format!("secrets.{name}"));
        let columns = self.feeds.iter().flat_map(|(feed, names)| {
            names.columns.iter().flatten().map(move |column| format!("{feed}.{column}"))
        });
        self.scope.iter().cloned().chain(vars).chain(columns).chain(secrets).collect()
    }

    /// Declared secrets that some step needs and that are not set.
    pub(super) fn unset_secrets(&self) -> Vec<Diagnostic> {
        let unset = self
            .secrets
            .iter()
            .filter(|(_, secret)| secret.value.is_none() && !secret.users.is_empty());
        unset
            .map(|(name, secret)| {
                let users = quoted_list(&secret.users);
                let problem = format!("the secret `{name}` is not set; it is used by {users}");
                Diagnostic::error("unset-secret", problem, &secret.place, "declared here")
                    .help(format!("set the environment variable {name}"))
            })
            .collect()
    }
}

/// The captures that a step itself makes.
pub(super) fn captures_of(step: &Step) -> &[Capture] {
    match &step.action {
        Action::Http(http) | Action::Use(_, http) => {
            let HttpStep { capture, .. } = &**http;
            capture
        }
        Action::Browser(browser) => &browser.capture,
        _ => &[],
    }
}

/// The name of a step as its file has it, for messages.
fn written_name(step: &Step) -> String {
    match (&step.name, &step.action) {
        (Some(name), _) | (None, Action::Use(name, _)) => name.value.clone(),
        (None, Action::Http(http)) => super::request::default_name(http),
        _ => format!("line {}", step.place.line()),
    }
}

/// A value given on the command line keeps the type of the one it replaces, if it can.
fn replaced(old: &Value, text: &str) -> Value {
    let read: Option<Value> = match old {
        Value::Number(_) => serde_json::from_str(text).ok().filter(Value::is_number),
        Value::Bool(_) => serde_json::from_str(text).ok().filter(Value::is_boolean),
        _ => None,
    };
    read.unwrap_or_else(|| Value::from(text))
}
