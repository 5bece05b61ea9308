//! From statements to steps: what is done on a page.

use serde_json::{Map, Value, json};

use super::{Making, Steps};
use crate::import::route::Route;
use crate::import::script::{Does, Expr, Kind, Known, Statement};

/// Functions that call each other without end are no test.
const DEEPEST: usize = 20;

/// What is done to an element and takes no argument but options.
const PLAIN: [(&str, &str); 9] = [
    ("click", "click"),
    ("tap", "click"),
    ("dblclick", "double-click"),
    ("hover", "hover"),
    ("focus", "focus"),
    ("clear", "clear"),
    ("check", "check"),
    ("uncheck", "uncheck"),
    ("scrollIntoViewIfNeeded", "scroll"),
];

impl Making<'_> {
    /// Walks statements in their order.
    pub(super) fn walk(&mut self, statements: &[Statement], steps: &mut Steps) {
        for statement in statements {
            match &statement.does {
                Does::Do(expr) | Does::Return(expr) => self.done(expr, steps),
                Does::Let(names, value) => self.assigned(names, value, steps),
                Does::Declare(name, function) => {
                    self.scope.bind(name, Known::Function(function.clone()));
                }
                Does::Block(inner) => self.walk(inner, steps),
                Does::Nothing => {}
                _ => self.left(&statement.at),
            }
        }
    }

    fn assigned(&mut self, names: &[(String, Option<String>)], value: &Expr, steps: &mut Steps) {
        let [(name, None)] = names else { return self.left(&value.at) };
        if let Some(step) = self.api(value, steps) {
            return self.scope.bind(name, Known::Answer(step));
        }
        if let Some((step, path)) = self.json_of(value) {
            return self.scope.bind(name, Known::Part(step, path));
        }
        if self.locator(value).is_some() {
            return self.scope.bind(name, Known::Expr(value.clone()));
        }
        match (value.function(), self.scope.value(value)) {
            (Some(function), _) => self.scope.bind(name, Known::Function(function.clone())),
            (None, Some(value)) => self.scope.bind(name, Known::Value(value)),
            (None, None) => self.left(&value.at),
        }
    }

    fn done(&mut self, expr: &Expr, steps: &mut Steps) {
        if self.api(expr, steps).is_some() || self.expected(expr, steps).is_some() {
            return;
        }
        let Some((callee, arguments)) = expr.call() else { return self.left(&expr.at) };
        let path = callee.path().unwrap_or_default();
        match (path.as_str(), arguments) {
            ("test.step", [called, function, ..]) => {
                let called = self.scope.text(called);
                match (called, function.function().cloned()) {
                    (Some(called), Some(function)) => {
                        let mut inner = Steps::new();
                        self.walk(&function.body, &mut inner);
                        if !inner.is_empty() {
                            let inner: Vec<Value> = inner.into_iter().map(Value::Object).collect();
                            let group =
                                json!({ "group": crate::import::name(&called), "steps": inner });
                            steps.extend(group.as_object().cloned());
                        }
                    }
                    _ => self.left(&expr.at),
                }
            }
            ("page.waitForTimeout", _) => {
                let told = "a fixed wait is left out: steps wait for what they need";
                self.notes.at(expr.at.start, told);
            }
            _ => match self.page_step(expr).or_else(|| self.locator_step(expr)) {
                Some(step) => steps.push(step),
                None if self.inlined(expr, steps) => {}
                None => self.left(&expr.at),
            },
        }
    }

    /// A function of the file itself.
    fn inlined(&mut self, expr: &Expr, steps: &mut Steps) -> bool {
        let Some((callee, arguments)) = expr.call() else { return false };
        let known = callee.name().and_then(|name| self.scope.known(name)).cloned();
        let Some(Known::Function(function)) = known else { return false };
        if self.depth >= DEEPEST {
            return false;
        }
        for (names, argument) in function.parameters.iter().zip(arguments) {
            let Some(name) = names.first().filter(|name| *name != "page") else { continue };
            let known = match self.scope.value(argument) {
                Some(value) => Known::Value(value),
                None => Known::Expr(argument.clone()),
            };
            self.scope.bind(name, known);
        }
        self.depth += 1;
        self.walk(&function.body, steps);
        self.depth -= 1;
        true
    }

    /// What is done to a page as a whole.
    fn page_step(&mut self, expr: &Expr) -> Option<Map<String, Value>> {
        let (of, method, arguments) = expr.method()?;
        let keyboard = of.path().is_some_and(|path| path.ends_with("page.keyboard"));
        if keyboard {
            let text = self.scope.text(arguments.first()?)?;
            return match method {
                "press" => Some(step("press", text.into())),
                "type" | "insertText" => Some(step("type", text.into())),
                _ => None,
            };
        }
        if !self.is_page(of) {
            return None;
        }
        match (method, arguments) {
            ("goto", [url, ..]) => {
                let url = self.scope.text(url)?;
                Some(step("goto", self.address(&url)?.into()))
            }
            ("reload", _) => Some(step("reload", true.into())),
            ("goBack", _) => Some(step("back", true.into())),
            ("goForward", _) => Some(step("forward", true.into())),
            ("close", []) => Some(step("close", true.into())),
            ("waitForURL", [url, ..]) => {
                let url = match &url.kind {
                    Kind::Regex(..) => self.words(url)?,
                    _ => {
                        let text = self.scope.text(url)?;
                        self.address(&text)?.into()
                    }
                };
                Some(step("expect-url", url))
            }
            ("waitForLoadState", rest) => {
                let state = rest.first().and_then(|state| self.scope.text(state));
                let state = match state.as_deref() {
                    Some("networkidle") => "idle",
                    Some("domcontentloaded") => "dom",
                    _ => "load",
                };
                Some(step("wait-for", json!({ "load": state })))
            }
            ("waitForSelector", [selector, ..]) => {
                let locator = super::locators::css(&self.scope.text(selector)?)?;
                Some(step("see", locator.into()))
            }
            ("screenshot", options) => {
                let path = options.first().and_then(|options| options.get("path"));
                let name = path.and_then(|path| self.scope.text(path));
                let name = name.unwrap_or_else(|| "page".to_string());
                let name = name.rsplit('/').next().unwrap_or_default().trim_end_matches(".png");
                Some(step("screenshot", name.into()))
            }
            ("setViewportSize", [size]) => {
                let size = self.scope.value(size)?;
                let (width, height) = (size.get("width")?.as_u64()?, size.get("height")?.as_u64()?);
                Some(step("viewport", json!(format!("{width}x{height}"))))
            }
            (method, [selector, rest @ ..]) => {
                let locator = super::locators::css(&self.scope.text(selector)?)?;
                self.act(method, locator, rest)
            }
            _ => None,
        }
    }

    /// What is done to an element.
    fn locator_step(&mut self, expr: &Expr) -> Option<Map<String, Value>> {
        let (of, method, arguments) = expr.method()?;
        let locator = self.locator(of)?;
        self.act(method, locator, arguments)
    }

    fn act(
        &mut self,
        method: &str,
        mut locator: Map<String, Value>,
        arguments: &[Expr],
    ) -> Option<Map<String, Value>> {
        if let Some((_, verb)) = PLAIN.iter().find(|(theirs, _)| *theirs == method) {
            let mut verb = *verb;
            if let Some(options) = arguments.first() {
                verb = self.click_options(options, &mut locator, verb)?;
            }
            return Some(step(verb, locator.into()));
        }
        match (method, arguments) {
            ("fill", [text, rest @ ..]) => {
                let text = self.scope.text(text)?;
                self.within(rest, &mut locator)?;
                locator.insert("with".into(), text.into());
                Some(step("fill", locator.into()))
            }
            ("type" | "pressSequentially", [text, ..]) => {
                locator.insert("with".into(), self.scope.text(text)?.into());
                Some(step("type", locator.into()))
            }
            ("press", [key, ..]) => {
                locator.insert("key".into(), self.scope.text(key)?.into());
                Some(step("press", locator.into()))
            }
            ("setChecked", [value, ..]) => match self.scope.value(value)? {
                Value::Bool(true) => Some(step("check", locator.into())),
                Value::Bool(false) => Some(step("uncheck", locator.into())),
                _ => None,
            },
            ("selectOption", [option, ..]) => {
                let option = match self.scope.value(option)? {
                    Value::Object(map) => map.get("label").or(map.get("value"))?.clone(),
                    other => other,
                };
                locator.insert("option".into(), option);
                Some(step("select", locator.into()))
            }
            ("setInputFiles", [file, ..]) => {
                let file =
                    self.scope.value(file).filter(|file| file.is_string() || file.is_array())?;
                let told = "a file to upload lies beside the scenario";
                self.notes.at(arguments[0].at.start, told);
                locator.insert("file".into(), file);
                Some(step("upload", locator.into()))
            }
            ("dragTo", [to, ..]) => {
                let to = self.locator(to)?;
                Some(step("drag", json!({ "from": locator, "to": to })))
            }
            ("waitFor", rest) => {
                let state = rest.first().and_then(|options| options.get("state"));
                let state = state.and_then(|state| self.scope.text(state));
                let verb = match state.as_deref() {
                    Some("hidden") => "hide",
                    Some("detached") => "expect-detached",
                    Some("attached") => "expect-attached",
                    _ => "see",
                };
                Some(step(verb, locator.into()))
            }
            _ => None,
        }
    }

    /// The options of a click, as far as we have them.
    fn click_options<'v>(
        &mut self,
        options: &Expr,
        locator: &mut Map<String, Value>,
        verb: &'v str,
    ) -> Option<&'v str> {
        let Kind::Object(entries) = &options.kind else { return None };
        let mut verb = verb;
        for (key, value) in entries {
            let value = self.scope.value(value)?;
            match (key.as_str(), value) {
                ("button", Value::String(button)) if button == "right" && verb == "click" => {
                    verb = "right-click";
                }
                ("button", Value::String(button)) => {
                    locator.insert("button".into(), button.into());
                }
                ("force", Value::Bool(force)) => drop(locator.insert("force".into(), force.into())),
                ("clickCount", Value::Number(count)) => {
                    locator.insert("count".into(), count.into());
                }
                ("timeout", Value::Number(ms)) => {
                    locator.insert("within".into(), format!("{ms}ms").into());
                }
                ("modifiers", Value::Array(keys)) => {
                    let keys = keys.iter().filter_map(Value::as_str).map(str::to_lowercase);
                    let keys: Vec<String> = keys
                        .map(|key| if key == "controlormeta" { "control".to_string() } else { key })
                        .collect();
                    locator.insert("modifiers".into(), keys.into());
                }
                _ => return None,
            }
        }
        Some(verb)
    }

    /// `{ timeout: 1000 }` as the last argument.
    pub(super) fn within(&mut self, rest: &[Expr], into: &mut Map<String, Value>) -> Option<()> {
        for options in rest {
            let Kind::Object(entries) = &options.kind else { return None };
            for (key, value) in entries {
                let value = self.scope.value(value)?;
                match key.as_str() {
                    "timeout" => drop(into.insert("within".into(), format!("{value}ms").into())),
                    // These only matter for how Playwright itself goes about it.
                    "force" | "noWaitAfter" => {}
                    _ => return None,
                }
            }
        }
        Some(())
    }

    /// A path on the target, wherever that was.
    pub(super) fn address(&mut self, url: &str) -> Option<String> {
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
        // Patterns of URLs are not read any further.
        if url.starts_with('*') {
            return Some(url);
        }
        let url = match url.strip_prefix("./") {
            Some(path) => format!("/{path}"),
            None => url,
        };
        let route = Route::of(&url)?;
        if !route.origin.is_empty() && !self.origins.contains(&route.origin) {
            self.origins.push(route.origin.clone());
        }
        Some(route.path)
    }
}

/// A step with one verb.
pub(super) fn step(verb: &str, argument: Value) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert(verb.to_string(), argument);
    map
}
