//! From `http.post(url, body, parameters)` to a step.

use serde_json::{Map, Value, json};

use super::{Making, Step};
use crate::import::route::Route;
use crate::import::script::{Expr, Kind};
use crate::import::{name, unlike};

/// What a call of `http` sends.
struct Sent<'e> {
    method: String,
    url: &'e Expr,
    body: Option<&'e Expr>,
    parameters: Option<&'e Expr>,
}

impl Making<'_> {
    /// The step of a call of `http`; none where it is no such call.
    pub(super) fn request(&mut self, expr: &Expr, group: Option<&str>) -> Option<usize> {
        let (callee, arguments) = expr.call()?;
        let path = callee.path()?;
        let method = path.strip_prefix("http.")?;
        let arguments: Vec<&Expr> = arguments.iter().collect();
        let sent = match (method, arguments.as_slice()) {
            ("get" | "head", [url, rest @ ..]) => Sent {
                method: method.to_string(),
                url,
                body: None,
                parameters: rest.first().copied(),
            },
            ("post" | "put" | "patch" | "options" | "del", [url, rest @ ..]) => Sent {
                method: if method == "del" { "delete" } else { method }.to_string(),
                url,
                body: rest.first().copied(),
                parameters: rest.get(1).copied(),
            },
            ("request" | "asyncRequest", [method, url, rest @ ..]) => Sent {
                method: self.scope.text(method)?.to_lowercase(),
                url,
                body: rest.first().copied(),
                parameters: rest.get(1).copied(),
            },
            _ => return None,
        };
        self.send(&sent, expr, group)
    }

    fn send(&mut self, sent: &Sent<'_>, whole: &Expr, group: Option<&str>) -> Option<usize> {
        let url = self.scope.text(sent.url).and_then(|url| self.route(&url));
        let Some(route) = url else {
            let told = "its URL is only known at run time";
            let shown = crate::import::script::shown(&self.file.text, &whole.at);
            self.notes.at(whole.at.start, format!("{shown} is left out: {told}"));
            return None;
        };
        let mut step = Step::default();
        let known = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
        match known.contains(&sent.method.as_str()) {
            true => drop(step.map.insert(sent.method.clone(), route.path.as_str().into())),
            false => {
                step.map.insert("method".into(), sent.method.to_uppercase().into());
                step.map.insert("url".into(), route.path.as_str().into());
            }
        }
        let mut called = format!("{} {}", sent.method.to_uppercase(), route.shown());
        if let Some(group) = group {
            called = format!("{group}: {called}");
        }
        if let Some(parameters) = sent.parameters {
            self.parameters(parameters, &mut step, &mut called);
        }
        if let Some(body) = sent.body.filter(|body| !matches!(body.kind, Kind::Nothing)) {
            self.body(body, &mut step);
        }
        step.name = unlike(&mut self.names, &name(&called));
        self.steps.push(step);
        Some(self.steps.len() - 1)
    }

    /// The path of a URL. Where it goes is the target, whether it is written or read from the
    /// environment.
    fn route(&mut self, url: &str) -> Option<Route> {
        let mut url = url.to_string();
        if let Some(rest) = url.strip_prefix("{{ vars.")
            && let Some((var, path)) = rest.split_once(" }}")
        {
            let default = self.scope.vars.get(var).and_then(Value::as_str).unwrap_or_default();
            if default.is_empty() || default.contains("://") {
                let path = if path.is_empty() { "/" } else { path };
                url = format!("{}{path}", default.trim_end_matches('/'));
            }
        }
        let route = Route::of(&url)?;
        if !route.origin.is_empty() && !self.origins.contains(&route.origin) {
            self.origins.push(route.origin.clone());
        }
        Some(route)
    }

    fn body(&mut self, body: &Expr, step: &mut Step) {
        let stringified =
            body.call().filter(|(callee, _)| callee.path().as_deref() == Some("JSON.stringify"));
        let inner = stringified.and_then(|(_, arguments)| arguments.first());
        let Some(value) = self.scope.value(inner.unwrap_or(body)) else {
            return self.left(&body.at);
        };
        let parsed = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        let parsed = parsed.filter(|value| value.is_object() || value.is_array());
        match (value, parsed) {
            (value, _) if inner.is_some() => drop(step.map.insert("json".into(), value)),
            (_, Some(json)) => drop(step.map.insert("json".into(), json)),
            (Value::Object(fields), _) => {
                let text = |value: Value| match value {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                let fields = fields.into_iter().map(|(key, value)| (key, text(value).into()));
                step.map.insert("form".into(), Value::Object(fields.collect()));
            }
            (value, _) => drop(step.map.insert("body".into(), value)),
        }
        // A JSON body says itself what it is.
        if step.map.contains_key("json")
            && let Some(Value::Object(headers)) = step.map.get_mut("headers")
        {
            headers.retain(|name, _| !name.eq_ignore_ascii_case("content-type"));
            if headers.is_empty() {
                step.map.shift_remove("headers");
            }
        }
    }

    fn parameters(&mut self, parameters: &Expr, step: &mut Step, called: &mut String) {
        let known = self.scope.value(parameters);
        let Kind::Object(entries) = &parameters.kind else {
            // A name: what it stands for is known, or nothing is.
            match known {
                Some(Value::Object(map)) => {
                    for (key, value) in map {
                        if !given(&key, value, step, called) {
                            self.left(&parameters.at);
                        }
                    }
                }
                Some(Value::Null) => {}
                _ => self.left(&parameters.at),
            }
            return;
        };
        for (key, value) in entries {
            let value_known = self.scope.value(value);
            if !value_known.is_some_and(|value| given(key, value, step, called)) {
                self.left(&value.at);
            }
        }
    }
}

/// Takes one of a request's parameters over, where a scenario has it.
fn given(key: &str, value: Value, step: &mut Step, called: &mut String) -> bool {
    match (key, value) {
        ("headers", Value::Object(headers)) => {
            let text = |value: Value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let headers = headers.into_iter().map(|(key, value)| (key, Value::from(text(value))));
            let headers: Map<String, Value> = headers.collect();
            if !headers.is_empty() {
                step.map.insert("headers".into(), headers.into());
            }
            true
        }
        ("tags", Value::Object(mut tags)) => {
            if let Some(Value::String(own)) = tags.shift_remove("name") {
                *called = own;
            }
            // These belong to the step anyway.
            tags.retain(|name, value| {
                value.is_string()
                    && !["step", "scenario", "browser", "name"].contains(&name.as_str())
            });
            if !tags.is_empty() {
                step.map.insert("tags".into(), tags.into());
            }
            true
        }
        ("timeout", Value::String(time)) => {
            step.map.insert("timeout".into(), time.into());
            true
        }
        ("timeout", Value::Number(ms)) => {
            step.map.insert("timeout".into(), format!("{ms}ms").into());
            true
        }
        ("redirects", Value::Number(count)) => {
            let value = if count.as_u64() == Some(0) { json!("stop") } else { count.into() };
            step.map.insert("redirects".into(), value);
            true
        }
        ("cookies", Value::Object(cookies)) if cookies.values().all(Value::is_string) => {
            step.map.insert("cookies".into(), cookies.into());
            true
        }
        ("responseType", _) => true,
        _ => false,
    }
}
