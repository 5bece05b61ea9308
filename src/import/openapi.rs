//! From an OpenAPI 3 description: a step for each operation, with examples for what it needs and
//! the status it promises.

mod sample;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::route::Route;
use super::tree::{self, Node};
use super::{Imported, Notes, first_load, literal, name, not_this, nothing, unlike};
use crate::diagnostic::{Diagnostics, SourceFile};

const METHODS: [&str; 8] = ["get", "head", "options", "trace", "post", "put", "patch", "delete"];

/// What an operation of these changes is for somebody to look at first.
const HARMLESS: [&str; 3] = ["get", "head", "options"];

/// Reads a description, JSON or YAML.
///
/// # Errors
/// When it is none, or has no operation.
pub fn from_openapi(file: &Arc<SourceFile>) -> Result<Imported, Diagnostics> {
    let root = tree::read(file, "an OpenAPI description")?;
    match root.text("openapi") {
        Some(version) if version.starts_with("3.") => {}
        Some(version) => {
            let what = format!("OpenAPI 3: it says `openapi: {version}`");
            return Err(not_this(file, &what, root.get("openapi").map_or(1, |node| node.line)));
        }
        None if root.get("swagger").is_some() => {
            let line = root.get("swagger").map_or(1, |node| node.line);
            return Err(not_this(file, "OpenAPI 3 but Swagger 2; convert it first", line));
        }
        None => return Err(not_this(file, "an OpenAPI description: there is no `openapi`", 1)),
    }
    let mut made = Making { root: &root, notes: Notes::of(file), token: false, names: Vec::new() };
    let base = made.base();
    let (mut steps, mut tests, mut journey) = (Vec::new(), Vec::new(), Vec::new());
    for (path, item) in root.get("paths").map(Node::entries).unwrap_or_default() {
        let item = made.resolved(item);
        for (method, operation) in item.entries() {
            if METHODS.contains(&method.as_str()) {
                let step = made.operation((path, item), (method, operation));
                let step_name = step["step"].clone();
                let (test, loaded) = made.test(&step_name, (method, operation), &step);
                if loaded {
                    journey.push(step_name);
                }
                steps.push(step);
                tests.push(test);
            }
        }
    }
    if steps.is_empty() {
        return Err(nothing(file, "`paths` has no operation"));
    }
    let mut scenario = Map::new();
    let title = root.get("info").and_then(|info| info.text("title")).unwrap_or("api");
    scenario.insert("name".into(), name(title).into());
    let mut vars = Map::new();
    if let Some(base) = &base {
        vars.insert("base".into(), literal(base).into());
        scenario.insert("http".into(), json!({ "base": "{{ vars.base }}" }));
    }
    if made.token {
        vars.insert("token".into(), "none".into());
    }
    if !vars.is_empty() {
        scenario.insert("vars".into(), vars.into());
    }
    scenario.insert("steps".into(), steps.into());
    scenario.insert("tests".into(), tests.into());
    if !journey.is_empty() {
        scenario.insert("load".into(), first_load(journey));
    }
    Ok(Imported { scenario, notes: made.notes.sorted() })
}

struct Making<'a> {
    root: &'a Node,
    notes: Notes<'a>,
    /// Whether a step needs one.
    token: bool,
    names: Vec<String>,
}

impl<'a> Making<'a> {
    /// A node, or what its `$ref` stands for.
    fn resolved(&self, node: &'a Node) -> &'a Node {
        sample::resolved(self.root, node)
    }

    /// The path that all others are below.
    fn base(&mut self) -> Option<String> {
        let servers = self.root.get("servers").map(Node::items).unwrap_or_default();
        let first = servers.first()?;
        let mut url = first.text("url")?.to_string();
        for (name, variable) in first.get("variables").map(Node::entries).unwrap_or_default() {
            let default = variable.text("default").unwrap_or_default();
            url = url.replace(&format!("{{{name}}}"), default);
        }
        for other in servers.iter().skip(1) {
            let url = other.text("url").unwrap_or_default();
            self.notes.line(other.line, format!("another server, {url}: give it with --target"));
        }
        let route = Route::of(&url)?;
        if !route.origin.is_empty() {
            let told = format!("the server is {}: give it with --target", route.origin);
            self.notes.line(first.line, told);
        }
        let path = route.path.trim_end_matches('/').to_string();
        (!path.is_empty()).then_some(path)
    }

    fn operation(
        &mut self,
        (path, item): (&str, &'a Node),
        (method, operation): (&str, &'a Node),
    ) -> Value {
        let called = name(&format!("{} {path}", method.to_uppercase()));
        let called = unlike(&mut self.names, &called);
        let mut step = Map::new();
        step.insert("step".into(), called.clone().into());
        let parameters = self.parameters(item, operation);
        let url = self.url(path, &parameters, &called);
        step.insert(method.into(), url.into());
        for (place, key) in [("query", "query"), ("header", "headers"), ("cookie", "cookies")] {
            let values = self.values(&parameters, place, &called);
            if !values.is_empty() {
                step.insert(key.into(), values.into());
            }
        }
        self.body(operation, &called, &mut step);
        self.sign_in(operation, &called, &mut step);
        if let Some(status) = self.status(operation, &called) {
            step.insert("expect".into(), json!({ "status": status }));
        }
        Value::Object(step)
    }

    /// Those of the path and of the operation, which win.
    fn parameters(&self, item: &'a Node, operation: &'a Node) -> Vec<&'a Node> {
        let own = operation.get("parameters").map(Node::items).unwrap_or_default();
        let shared = item.get("parameters").map(Node::items).unwrap_or_default();
        let mut all: Vec<&Node> = own.iter().map(|node| self.resolved(node)).collect();
        for node in shared.iter().map(|node| self.resolved(node)) {
            let same = |other: &&Node| ["name", "in"].iter().all(|k| other.text(k) == node.text(k));
            if !all.iter().any(same) {
                all.push(node);
            }
        }
        all
    }

    fn url(&mut self, path: &str, parameters: &[&'a Node], called: &str) -> String {
        let mut url = literal(path);
        for parameter in parameters.iter().filter(|one| one.text("in") == Some("path")) {
            let name = parameter.text("name").unwrap_or_default();
            let value = self.value(parameter, called);
            url = url.replace(&format!("{{{name}}}"), &in_url(&value));
        }
        // What nobody describes is still a place for a value.
        while let (Some(start), Some(end)) = (url.find('{'), url.find('}')) {
            if end < start || url[start..].starts_with("{{") {
                break;
            }
            let told = format!("{called}: `{}` is not described; 1 was taken", &url[start..=end]);
            self.notes.whole(told);
            url.replace_range(start..=end, "1");
        }
        url
    }

    /// Only what must be there: what may be is for a person to add.
    fn values(&mut self, all: &[&'a Node], place: &str, called: &str) -> Map<String, Value> {
        let mut values = Map::new();
        for parameter in all.iter().filter(|one| one.text("in") == Some(place)) {
            let name = parameter.text("name").unwrap_or_default();
            match parameter.get("required").is_some_and(Node::is_true) {
                true => drop(values.insert(name.to_string(), text(&self.value(parameter, called)))),
                false => {
                    let told = format!("{called}: the optional {place} `{name}` is left out");
                    self.notes.line(parameter.line, told);
                }
            }
        }
        values
    }

    fn value(&mut self, parameter: &'a Node, called: &str) -> Value {
        let examples = parameter.get("examples").map(Node::entries).unwrap_or_default();
        let first = examples.first().and_then(|(_, one)| self.resolved(one).get("value"));
        if let Some(given) = parameter.get("example").or(first) {
            return given.to_json();
        }
        let (value, told) = match parameter.get("schema") {
            Some(schema) => sample::of(self.root, schema),
            None => (Value::from("1"), false),
        };
        if !told {
            let name = parameter.text("name").unwrap_or_default();
            let told = format!("{called}: `{name}` has no example; {value} was taken");
            self.notes.line(parameter.line, told);
        }
        value
    }

    fn body(&mut self, operation: &'a Node, called: &str, step: &mut Map<String, Value>) {
        let Some(body) = operation.get("requestBody").map(|body| self.resolved(body)) else {
            return;
        };
        let kinds = body.get("content").map(Node::entries).unwrap_or_default();
        let json = kinds.iter().find(|(kind, _)| kind.contains("json"));
        let form = kinds.iter().find(|(kind, _)| kind == "application/x-www-form-urlencoded");
        let Some((kind, content)) = json.or(form) else {
            let all: Vec<&str> = kinds.iter().map(|(kind, _)| kind.as_str()).collect();
            let told = format!("{called}: its body ({}) is left out", all.join(", "));
            return self.notes.line(body.line, told);
        };
        let examples = content.get("examples").map(Node::entries).unwrap_or_default();
        let first = examples.first().and_then(|(_, one)| self.resolved(one).get("value"));
        let given = content.get("example").or(first).map(Node::to_json);
        let value = given.unwrap_or_else(|| {
            let schema = content.get("schema").map(|schema| sample::of(self.root, schema));
            let (value, told) = schema.unwrap_or((json!({}), false));
            if !told {
                let told = format!("{called}: its body has no example; one was made of the schema");
                self.notes.line(body.line, told);
            }
            value
        });
        match kind.contains("json") {
            true => drop(step.insert("json".into(), harmless(value))),
            false => {
                let fields = value.as_object().cloned().unwrap_or_default();
                let fields = fields.into_iter().map(|(key, value)| (key, text(&value)));
                step.insert("form".into(), Value::Object(fields.collect()));
            }
        }
    }

    /// A token is for who runs it; all other ways to sign in are told.
    fn sign_in(&mut self, operation: &'a Node, called: &str, step: &mut Map<String, Value>) {
        let Some(needed) = operation.get("security").or(self.root.get("security")) else { return };
        let Some((scheme, _)) = needed.items().first().and_then(|one| one.entries().first()) else {
            return;
        };
        let schemes = self.root.get("components").and_then(|all| all.get("securitySchemes"));
        let found = schemes.and_then(|all| all.get(scheme)).map(|node| self.resolved(node));
        let kind = |key: &str| found.and_then(|node| node.text(key)).unwrap_or_default();
        match (kind("type"), kind("scheme")) {
            ("http", "bearer") | ("oauth2" | "openIdConnect", _) => {
                self.token = true;
                step.insert("auth".into(), json!({ "bearer": "{{ vars.token }}" }));
                let line = found.map_or(0, |node| node.line);
                let told = "a token is needed: --var token=..., or capture one in `before-each`";
                self.notes.line(line, told);
            }
            _ => {
                let told = format!("{called}: it needs `{scheme}`, which is not taken over");
                self.notes.line(needed.line, told);
            }
        }
    }

    /// The lowest success that is promised.
    fn status(&mut self, operation: &'a Node, called: &str) -> Option<Value> {
        let answers = operation.get("responses").map(Node::entries).unwrap_or_default();
        let codes = answers.iter().map(|(code, _)| code.trim_matches('"'));
        let mut good: Vec<&str> = codes.filter(|code| code.starts_with(['2', '3'])).collect();
        good.sort_unstable();
        match good.first() {
            Some(code) => Some(match code.parse::<u16>() {
                Ok(code) => code.into(),
                Err(_) => code.to_lowercase().into(),
            }),
            None => {
                let told = format!("{called}: it promises no success; any 2xx or 3xx is expected");
                self.notes.line(operation.line, told);
                None
            }
        }
    }

    /// The test of an operation, and whether load may do it too.
    fn test(
        &mut self,
        step: &Value,
        (method, operation): (&str, &'a Node),
        made: &Value,
    ) -> (Value, bool) {
        let summary = operation.text("summary").or(operation.text("operationId"));
        let plain = step.as_str().unwrap_or_default().to_string();
        let called = summary.map_or(plain.clone(), |text| format!("{} ({plain})", name(text)));
        let mut test = Map::new();
        test.insert("name".into(), called.into());
        let harmless = HARMLESS.contains(&method);
        if harmless {
            test.insert("tags".into(), json!(["smoke"]));
        } else {
            let why = "it changes data: look at what it sends, then take this line away";
            test.insert("skip".into(), why.into());
        }
        test.insert("steps".into(), json!([step]));
        let open = made.get("auth").is_none();
        (test.into(), harmless && open)
    }
}

/// Within a JSON body nothing is a template.
fn harmless(value: Value) -> Value {
    match value {
        Value::String(text) => literal(&text).into(),
        Value::Array(items) => items.into_iter().map(harmless).collect(),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (key, harmless(value))).collect())
        }
        other => other,
    }
}

/// A parameter as text.
fn text(value: &Value) -> Value {
    match value {
        Value::String(text) => literal(text).into(),
        Value::Array(items) => items.iter().map(text).collect(),
        other => literal(&other.to_string()).into(),
    }
}

/// A value within a path.
fn in_url(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let whole: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    whole.replace('+', "%20")
}
