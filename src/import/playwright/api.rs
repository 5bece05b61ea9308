//! From `request.get(...)` and what is expected of its answer to a request step.

use serde_json::{Map, Value, json};

use super::expects::Expected;
use super::{Making, Steps};
use crate::import::script::{Expr, Kind, Known};

impl Making<'_> {
    /// The step of a request; none where an expression is none.
    pub(super) fn api(&mut self, expr: &Expr, steps: &mut Steps) -> Option<usize> {
        let (of, method, arguments) = expr.method()?;
        let of = of.path()?;
        let sends =
            matches!(of.as_str(), "request" | "page.request" | "context.request" | "apiContext");
        let methods = ["get", "post", "put", "patch", "delete", "head"];
        if !sends || !methods.contains(&method) {
            return None;
        }
        let url = self.scope.text(arguments.first()?)?;
        let path = self.address(&url)?;
        let mut step = Map::new();
        step.insert(method.to_string(), path.into());
        if let Some(options) = arguments.get(1) {
            self.sent(options, &mut step);
        }
        steps.push(step);
        Some(steps.len() - 1)
    }

    fn sent(&mut self, options: &Expr, step: &mut Map<String, Value>) {
        let Kind::Object(entries) = &options.kind else { return self.left(&options.at) };
        for (key, value) in entries {
            let Some(known) = self.scope.value(value) else {
                self.left(&value.at);
                continue;
            };
            let text = |value: Value| match value {
                Value::String(text) => Value::from(text),
                other => other.to_string().into(),
            };
            let texts = |map: Map<String, Value>| -> Value {
                Value::Object(map.into_iter().map(|(key, value)| (key, text(value))).collect())
            };
            match (key.as_str(), known) {
                ("data", Value::String(body)) => drop(step.insert("body".into(), body.into())),
                ("data", value) => drop(step.insert("json".into(), value)),
                ("headers", Value::Object(map)) => drop(step.insert("headers".into(), texts(map))),
                ("params", Value::Object(map)) => drop(step.insert("query".into(), texts(map))),
                ("form", Value::Object(map)) => drop(step.insert("form".into(), texts(map))),
                ("timeout", value) => {
                    step.insert("timeout".into(), format!("{value}ms").into());
                }
                ("maxRedirects", value) if value == json!(0) => {
                    step.insert("redirects".into(), "stop".into());
                }
                ("failOnStatusCode", _) => {}
                _ => self.left(&value.at),
            }
        }
    }

    /// The part of an answer's JSON that an expression means: step and JSONPath.
    pub(super) fn json_of(&mut self, expr: &Expr) -> Option<(usize, String)> {
        match &expr.kind {
            Kind::Name(name) => match self.scope.known(name)? {
                Known::Part(step, path) => Some((*step, path.clone())),
                _ => None,
            },
            Kind::Member(of, key) => {
                let (step, path) = self.json_of(of)?;
                Some((step, format!("{path}.{key}")))
            }
            Kind::Index(of, key) => {
                let (step, path) = self.json_of(of)?;
                match self.scope.value(key)? {
                    Value::Number(number) => Some((step, format!("{path}[{number}]"))),
                    Value::String(key) => Some((step, format!("{path}['{key}']"))),
                    _ => None,
                }
            }
            Kind::Call(..) => match expr.method()? {
                (of, "json", []) => match self.scope.known(of.name()?)? {
                    Known::Answer(step) => Some((*step, "$".to_string())),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// What is expected of an answer; where a capture would be needed, nothing is guessed.
    pub(super) fn of_answer(&mut self, expected: &Expected<'_>, steps: &mut Steps) -> Option<()> {
        if let Some((of, method, [])) = expected.of.method()
            && let Some(Known::Answer(step)) =
                of.name().and_then(|name| self.scope.known(name)).cloned()
        {
            let with = expected.with.first().and_then(|value| self.scope.value(value));
            return match (method, expected.how, with, expected.not) {
                ("status", "toBe" | "toEqual" | "toStrictEqual", Some(status), false) => {
                    expect(steps, step)?.insert("status".into(), status);
                    Some(())
                }
                ("ok", "toBeTruthy", None, false) => {
                    expect(steps, step)?.insert("status".into(), "2xx".into());
                    Some(())
                }
                ("ok", "toBe", Some(Value::Bool(true)), false) => {
                    expect(steps, step)?.insert("status".into(), "2xx".into());
                    Some(())
                }
                ("text", "toContain", Some(text), not) => {
                    let way = if not { "not-contains" } else { "contains" };
                    expect(steps, step)?.insert("body".into(), json!({ way: text }));
                    Some(())
                }
                _ => None,
            };
        }
        if let Kind::Member(of, length) = &expected.of.kind
            && length == "length"
            && let Some((step, path)) = self.json_of(of)
        {
            let (_, matcher) = self.matcher(expected)?;
            return demand(steps, step, &path, json!({ "length": matcher }));
        }
        let (step, path) = self.json_of(expected.of)?;
        let (deeper, matcher) = self.matcher(expected)?;
        demand(steps, step, &format!("{path}{deeper}"), matcher)
    }

    /// A matcher, and the path below what is looked at.
    fn matcher(&mut self, expected: &Expected<'_>) -> Option<(String, Value)> {
        let first = expected.with.first().and_then(|value| self.scope.value(value));
        let not = expected.not;
        let here = |matcher: Value| Some((String::new(), matcher));
        match (expected.how, first) {
            ("toBe" | "toEqual" | "toStrictEqual", Some(value)) => match (not, value) {
                (true, value) => here(json!({ "not": value })),
                (false, value) => here(json!({ "equals": value })),
            },
            ("toContain", Some(value)) => {
                here(json!({ (if not { "not-contains" } else { "contains" }): value }))
            }
            ("toHaveLength", Some(value)) if !not => here(json!({ "length": value })),
            ("toBeGreaterThan", Some(value)) if !not => here(json!({ "gt": value })),
            ("toBeGreaterThanOrEqual", Some(value)) if !not => here(json!({ "gte": value })),
            ("toBeLessThan", Some(value)) if !not => here(json!({ "lt": value })),
            ("toBeLessThanOrEqual", Some(value)) if !not => here(json!({ "lte": value })),
            ("toBeDefined" | "toBeTruthy", None) => here(json!({ "exists": !not })),
            ("toBeUndefined", None) => here(json!({ "exists": not })),
            ("toBeNull", None) if !not => here(json!({ "equals": null })),
            ("toMatch", _) if !not => {
                let words = expected.with.first().and_then(|value| self.words(value))?;
                match words {
                    Value::String(text) => here(json!({ "contains": text })),
                    matches => here(matches),
                }
            }
            ("toHaveProperty", Some(Value::String(path))) => {
                let value = expected.with.get(1).and_then(|value| self.scope.value(value));
                let matcher = match value {
                    Some(value) if !not => json!({ "equals": value }),
                    Some(_) => return None,
                    None => json!({ "exists": !not }),
                };
                Some((format!(".{path}"), matcher))
            }
            _ => None,
        }
    }
}

fn expect(steps: &mut Steps, step: usize) -> Option<&mut Map<String, Value>> {
    steps.get_mut(step)?.entry("expect").or_insert_with(|| json!({})).as_object_mut()
}

/// Adds a matcher to what is expected of a path.
fn demand(steps: &mut Steps, step: usize, path: &str, matcher: Value) -> Option<()> {
    let json = expect(steps, step)?.entry("json").or_insert_with(|| json!({})).as_object_mut()?;
    let known = json.entry(path).or_insert_with(|| json!({})).as_object_mut()?;
    for (key, value) in matcher.as_object()? {
        if known.get(key).is_some_and(|other| other != value) {
            return None;
        }
        known.insert(key.clone(), value.clone());
    }
    Some(())
}
