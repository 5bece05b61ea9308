//! From the statements of a function to steps, in their order.

use serde_json::{Map, Value};

use super::Making;
use super::answer::Source;
use crate::import::script::{Does, Expr, Kind, Known, Statement};

/// Functions that call each other without end are no test.
const DEEPEST: usize = 20;

/// Names that templates use themselves.
const TAKEN: [&str; 6] = ["vars", "secrets", "now", "user", "iteration", "uuid"];

impl Making<'_> {
    /// Walks statements; `group` is the name that stands before those of the steps.
    pub(super) fn walk(&mut self, statements: &[Statement], group: Option<&str>) {
        for statement in statements {
            match &statement.does {
                Does::Let(names, value) => self.assigned(names, value, group),
                Does::Do(expr) => self.done(expr, group),
                Does::Declare(name, function) => {
                    self.scope.bind(name, Known::Function(function.clone()));
                }
                Does::Block(inner) => self.walk(inner, group),
                // What `setup` returns is looked at by who calls it.
                Does::Return(_) | Does::Nothing => {}
                _ => self.left(&statement.at),
            }
        }
    }

    fn assigned(&mut self, names: &[(String, Option<String>)], value: &Expr, group: Option<&str>) {
        if let Some(function) = value.function()
            && let [(name, None)] = names
        {
            return self.scope.bind(name, Known::Function(function.clone()));
        }
        if let Some(step) = self.request(value, group) {
            return match names {
                [(name, None)] => self.scope.bind(name, Known::Answer(step)),
                _ => self.left(&value.at),
            };
        }
        if let Some(source) = self.source(value) {
            for (name, key) in names {
                let source = match (key, source.clone()) {
                    (None, source) => Some(source),
                    (Some(key), Source::Json(step, path)) => {
                        Some(Source::Json(step, format!("{path}.{key}")))
                    }
                    _ => None,
                };
                match source {
                    Some(source) => self.keep(name, source, value),
                    None => self.left(&value.at),
                }
            }
            return;
        }
        match (names, self.scope.value(value)) {
            ([(name, None)], Some(value)) => self.scope.bind(name, Known::Value(value)),
            (names, Some(Value::Object(map))) => {
                for (name, key) in names {
                    let found = key.as_ref().and_then(|key| map.get(key)).cloned();
                    self.scope.bind(name, Known::Value(found.unwrap_or_default()));
                }
            }
            _ => {
                // A call whose result is kept may send requests all the same.
                if !self.inlined(value, group) {
                    self.left(&value.at);
                }
            }
        }
    }

    /// A variable that is a part of an answer: captured once something needs it as a value.
    fn keep(&mut self, name: &str, source: Source, value: &Expr) {
        match source {
            Source::Answer(step) => self.scope.bind(name, Known::Answer(step)),
            Source::Json(step, path) if path == "$" => {
                self.scope.bind(name, Known::Part(step, path));
            }
            source => match self.capture(name, source) {
                Some(value) => self.scope.bind(name, Known::Value(value)),
                None => self.left(&value.at),
            },
        }
    }

    /// Captures a part of an answer, and gives the template for it.
    fn capture(&mut self, wanted: &str, source: Source) -> Option<Value> {
        let (step, taken): (usize, Value) = match source {
            Source::Json(step, path) => (step, path.into()),
            Source::Header(step, name) => (step, serde_json::json!({ "header": name })),
            Source::Body(step) => (step, "body".into()),
            _ => return None,
        };
        let wanted = if TAKEN.contains(&wanted) { format!("the-{wanted}") } else { wanted.into() };
        let captures = &mut self.steps.get_mut(step)?.captures;
        captures.insert(wanted.clone(), taken);
        Some(format!("{{{{ {wanted} }}}}").into())
    }

    /// The value of an expression in which parts of answers are captured.
    pub(super) fn captured(&mut self, expr: &Expr, wanted: &str) -> Option<Value> {
        if let Kind::Object(entries) = &expr.kind {
            let mut map = Map::new();
            for (key, value) in entries {
                let value = self.captured(value, key)?;
                map.insert(key.clone(), value);
            }
            return Some(map.into());
        }
        match self.source(expr) {
            Some(source) => self.capture(wanted, source),
            None => self.scope.value(expr),
        }
    }

    fn done(&mut self, expr: &Expr, group: Option<&str>) {
        if self.request(expr, group).is_some() {
            return;
        }
        let Some((callee, arguments)) = expr.call() else { return self.left(&expr.at) };
        match (callee.path().as_deref(), arguments) {
            (Some("check"), [answer, conditions, ..]) => {
                let step = match self.source(answer) {
                    Some(Source::Answer(step)) => Some(step),
                    _ => self.request(answer, group),
                };
                match step {
                    Some(step) => self.check(step, conditions),
                    None => self.left(&expr.at),
                }
            }
            (Some("sleep"), [time, ..]) => match self.pause(time) {
                Some(pause) => self.think(&pause),
                None => self.left(&expr.at),
            },
            (Some("group"), [called, function, ..]) => {
                let (called, function) = (self.scope.text(called), function.function().cloned());
                match (called, function) {
                    (Some(called), Some(function)) => self.walk(&function.body, Some(&called)),
                    _ => self.left(&expr.at),
                }
            }
            _ => {
                if !self.inlined(expr, group) {
                    self.left(&expr.at);
                }
            }
        }
    }

    /// A function of the script itself: its statements, with its parameters known.
    fn inlined(&mut self, expr: &Expr, group: Option<&str>) -> bool {
        let Some((callee, arguments)) = expr.call() else { return false };
        let known = callee.name().and_then(|name| self.scope.known(name)).cloned();
        let Some(Known::Function(function)) = known else { return false };
        if self.depth >= DEEPEST {
            return false;
        }
        for (names, argument) in function.parameters.iter().zip(arguments) {
            let Some(name) = names.first() else { continue };
            let known = match self.source(argument) {
                Some(Source::Answer(step)) => Some(Known::Answer(step)),
                Some(Source::Json(step, path)) => Some(Known::Part(step, path)),
                _ => self.scope.value(argument).map(Known::Value),
            };
            if let Some(known) = known {
                self.scope.bind(name, known);
            }
        }
        self.depth += 1;
        self.walk(&function.body, group);
        self.depth -= 1;
        true
    }

    /// `sleep(1)`, `sleep(Math.random() * 2 + 1)`, `sleep(randomIntBetween(1, 3))`
    fn pause(&mut self, time: &Expr) -> Option<String> {
        if let Some((callee, [low, high])) = time.call()
            && callee.path().as_deref() == Some("randomIntBetween")
        {
            let (low, high) = (self.scope.value(low)?.as_f64()?, self.scope.value(high)?.as_f64()?);
            return Some(format!("{}..{}", seconds(low), seconds(high)));
        }
        if let Kind::Binary("+", left, right) = &time.kind {
            let sides = [(left, right), (right, left)];
            return sides.into_iter().find_map(|(random, fixed)| {
                let most = self.random(random)?;
                let least = self.scope.value(fixed)?.as_f64()?;
                Some(format!("{}..{}", seconds(least), seconds(least + most)))
            });
        }
        if let Some(most) = self.random(time) {
            return Some(format!("0s..{}", seconds(most)));
        }
        let fixed = self.scope.value(time)?.as_f64()?;
        (fixed > 0.0).then(|| seconds(fixed))
    }

    /// The most that `Math.random() * n` comes to.
    fn random(&mut self, expr: &Expr) -> Option<f64> {
        let is_random = |expr: &Expr| {
            let callee = expr.call().and_then(|(callee, _)| callee.path());
            callee.as_deref() == Some("Math.random")
        };
        match &expr.kind {
            Kind::Binary("*", left, right) if is_random(left) => self.scope.value(right)?.as_f64(),
            Kind::Binary("*", left, right) if is_random(right) => self.scope.value(left)?.as_f64(),
            _ if is_random(expr) => Some(1.0),
            _ => None,
        }
    }

    /// A pause after the last step, under load; before the first there is nothing to think about.
    fn think(&mut self, pause: &str) {
        if let Some(step) = self.steps.last_mut() {
            step.map.insert("think".into(), pause.into());
        }
    }
}

/// To the millisecond, because sums of parts are seldom round.
fn seconds(seconds: f64) -> String {
    format!("{}s", (seconds * 1_000.0).round() / 1_000.0)
}
