//! From `check(answer, { ... })` to what a step expects.

use serde_json::{Map, Value, json};

use super::Making;
use super::answer::Source;
use crate::import::script::{Does, Expr, Kind, Known};

impl Making<'_> {
    /// `check(answer, { name: (r) => condition })`
    pub(super) fn check(&mut self, step: usize, conditions: &Expr) {
        let Kind::Object(entries) = &conditions.kind else { return self.left(&conditions.at) };
        for (called, condition) in entries {
            let returned =
                condition.function().and_then(|function| match function.body.as_slice() {
                    [only] => match &only.does {
                        Does::Return(value) => Some((function, value)),
                        _ => None,
                    },
                    _ => None,
                });
            let done = match returned {
                Some((function, value)) => {
                    let name = function.parameters.first().and_then(|names| names.first());
                    if let Some(name) = name {
                        self.scope.bind(name, Known::Answer(step));
                    }
                    self.condition(value).is_some()
                }
                None => self.condition(condition).is_some(),
            };
            if !done {
                let what = format!(
                    "the check `{}` is not, or not wholly, taken over",
                    crate::import::name(called)
                );
                self.notes.at(condition.at.start, what);
            }
        }
    }

    /// Adds what a condition demands to its step; none where that cannot be said.
    fn condition(&mut self, expr: &Expr) -> Option<()> {
        match &expr.kind {
            Kind::Binary("&&", left, right) => {
                if let Some(()) = self.status_range(left, right) {
                    return Some(());
                }
                // Half of it is better than nothing; that it is half is told.
                let both = (self.condition(left), self.condition(right));
                both.0.and(both.1)
            }
            Kind::Binary("||", left, right) => self.either_status(left, right),
            Kind::Binary(sign, left, right) => match self.source(left) {
                Some(source) => self.compare(source, sign, right),
                None => {
                    let source = self.source(right)?;
                    self.compare(source, turned(sign), left)
                }
            },
            Kind::Not(inner) => match self.source(inner)? {
                Source::Json(step, path) => self.json(step, &path, "exists", false.into()),
                _ => None,
            },
            Kind::Call(..) => self.asked(expr),
            _ => match self.source(expr)? {
                Source::Json(step, path) | Source::Length(step, path) => {
                    self.json(step, &path, "exists", true.into())
                }
                Source::Body(step) => self.put(step, "body", "empty", false.into()),
                Source::Header(step, name) => self.header(step, &name, json!({ "exists": true })),
                _ => None,
            },
        }
    }

    /// `r.status >= 200 && r.status < 300`
    fn status_range(&mut self, left: &Expr, right: &Expr) -> Option<()> {
        let mut bound = |expr: &Expr, signs: [&str; 2]| {
            let Kind::Binary(sign, of, value) = &expr.kind else { return None };
            let Source::Status(step) = self.source(of)? else { return None };
            let at = self.scope.value(value)?.as_u64()?;
            match *sign {
                sign if sign == signs[0] => Some((step, at)),
                sign if sign == signs[1] => Some((step, at + 1)),
                _ => None,
            }
        };
        let (step, low) = bound(left, [">=", ">"])?;
        let (_, high) = bound(right, ["<", "<="])?;
        let classes: Vec<Value> =
            (low / 100..high.div_ceil(100)).map(|c| format!("{c}xx").into()).collect();
        let whole = low % 100 == 0 && high % 100 == 0 && !classes.is_empty();
        whole.then(|| self.expect(step, "status", classes.into()))?
    }

    /// `r.status === 200 || r.status === 201`
    fn either_status(&mut self, left: &Expr, right: &Expr) -> Option<()> {
        let (mut found, mut wanted) = (None, Vec::new());
        let mut open = vec![right, left];
        while let Some(expr) = open.pop() {
            match &expr.kind {
                Kind::Binary("||", left, right) => open.extend([&**right, &**left]),
                Kind::Binary("===" | "==", of, value) => {
                    let Source::Status(step) = self.source(of)? else { return None };
                    found = Some(step);
                    wanted.push(self.scope.value(value)?);
                }
                _ => return None,
            }
        }
        self.expect(found?, "status", wanted.into())
    }

    fn compare(&mut self, source: Source, sign: &str, with: &Expr) -> Option<()> {
        let nothing = matches!(with.kind, Kind::Nothing);
        let value = self.scope.value(with)?;
        let order = match sign {
            ">" => Some("gt"),
            ">=" => Some("gte"),
            "<" => Some("lt"),
            "<=" => Some("lte"),
            _ => None,
        };
        match (source, sign, order) {
            (Source::Status(step), "===" | "==", _) => self.expect(step, "status", value),
            (Source::Status(step), "<", _) if value == json!(400) => {
                self.expect(step, "status", json!(["2xx", "3xx"]))
            }
            (Source::Duration(step), "<" | "<=", _) => {
                let milliseconds = value.as_f64()?;
                self.expect(step, "within", format!("{milliseconds}ms").into())
            }
            (Source::Json(step, path), "===" | "==", _) if nothing => {
                self.json(step, &path, "exists", false.into())
            }
            (Source::Json(step, path), "!==" | "!=", _) if nothing => {
                self.json(step, &path, "exists", true.into())
            }
            (Source::Json(step, path), "===" | "==", _) => self.json(step, &path, "equals", value),
            (Source::Json(step, path), "!==" | "!=", _) => self.json(step, &path, "not", value),
            (Source::Json(step, path), _, Some(order)) => self.json(step, &path, order, value),
            (Source::Length(step, path), "===" | "==", _) => {
                self.json(step, &path, "length", value)
            }
            (Source::Length(step, path), _, Some(order)) => {
                self.json(step, &path, "length", json!({ order: value }))
            }
            (Source::Body(step), "!==" | "!=", _) => match value.as_str() {
                Some("") => self.put(step, "body", "empty", false.into()),
                _ => self.put(step, "body", "not", value),
            },
            (Source::Body(step), "===" | "==", _) => self.put(step, "body", "equals", value),
            (Source::Header(step, name), "===" | "==", _) => self.header(step, &name, value),
            _ => None,
        }
    }

    /// Conditions that are calls: `r.body.includes('x')`, `Array.isArray(r.json('y'))`.
    fn asked(&mut self, expr: &Expr) -> Option<()> {
        let (callee, arguments) = expr.call()?;
        if callee.path().as_deref() == Some("Array.isArray") {
            let Source::Json(step, path) = self.source(arguments.first()?)? else { return None };
            return self.json(step, &path, "type", "array".into());
        }
        let (of, method, arguments) = expr.method()?;
        if method == "includes"
            && let Some(Value::Array(list)) = self.scope.value(of)
        {
            let Source::Status(step) = self.source(arguments.first()?)? else { return None };
            return self.expect(step, "status", list.into());
        }
        let operator = match method {
            "includes" => "contains",
            "startsWith" => "starts-with",
            "endsWith" => "ends-with",
            _ => return None,
        };
        let value = self.scope.value(arguments.first()?)?;
        match self.source(of)? {
            Source::Body(step) => self.put(step, "body", operator, value),
            Source::Json(step, path) => self.json(step, &path, operator, value),
            Source::Header(step, name) => self.header(step, &name, json!({ operator: value })),
            _ => None,
        }
    }

    /// One thing can be demanded once; who demands another thing of it is told.
    fn expect(&mut self, step: usize, key: &str, value: Value) -> Option<()> {
        let value = match &value {
            Value::Array(items) if items.len() == 1 => items[0].clone(),
            _ => value,
        };
        let expect = &mut self.steps.get_mut(step)?.expect;
        match expect.get(key) {
            Some(known) if *known != value => None,
            _ => {
                expect.insert(key.to_string(), value);
                Some(())
            }
        }
    }

    fn put(&mut self, step: usize, key: &str, operator: &str, value: Value) -> Option<()> {
        let expect = &mut self.steps.get_mut(step)?.expect;
        add(expect.entry(key).or_insert_with(|| json!({})), operator, value)
    }

    fn json(&mut self, step: usize, path: &str, operator: &str, value: Value) -> Option<()> {
        let expect = &mut self.steps.get_mut(step)?.expect;
        let json = expect.entry("json").or_insert_with(|| json!({})).as_object_mut()?;
        add(json.entry(path).or_insert_with(|| json!({})), operator, value)
    }

    fn header(&mut self, step: usize, name: &str, value: Value) -> Option<()> {
        let expect = &mut self.steps.get_mut(step)?.expect;
        let headers = expect.entry("headers").or_insert_with(|| json!({})).as_object_mut()?;
        headers.insert(name.to_string(), value);
        Some(())
    }
}

/// Adds an operator to a matcher. That something exists goes without saying beside any other.
fn add(matcher: &mut Value, operator: &str, value: Value) -> Option<()> {
    let map: &mut Map<String, Value> = matcher.as_object_mut()?;
    if operator == "exists" && value == true && !map.is_empty() {
        return Some(());
    }
    if map.get("exists") == Some(&Value::Bool(true)) {
        map.shift_remove("exists");
    }
    match map.get(operator) {
        Some(known) if *known != value => None,
        _ => {
            map.insert(operator.to_string(), value);
            Some(())
        }
    }
}

/// The sign for the sides the other way round.
fn turned(sign: &str) -> &str {
    match sign {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}
