//! One request of an archive with its answer.

use serde_json::{Map, Value, json};

use super::url_of;
use crate::import::tree::Node;
use crate::import::{Notes, literal, name};

/// Headers that a scenario's requests have anyway, that belong to a browser, or that hold secrets.
const LEFT_OUT: [&str; 22] = [
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "dnt",
    "host",
    "if-modified-since",
    "if-none-match",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "proxy-connection",
    "referer",
    "te",
    "transfer-encoding",
    "upgrade-insecure-requests",
    "user-agent",
    "x-requested-with",
];

/// What was sent and what came back.
pub struct Exchange {
    /// The line of the archive.
    pub line: usize,
    /// `GET`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Headers that matter.
    pub headers: Map<String, Value>,
    /// The key of the body and the body.
    pub body: Option<(&'static str, Value)>,
    /// Its type, where the key of the body does not say it.
    pub kind: Option<String>,
    /// The token that it was sent with. It is never written.
    pub bearer: Option<String>,
    /// What captured it, where an earlier answer brought it.
    pub token: Option<String>,
    /// The status; 0 where there was no answer.
    pub status: u16,
    /// The answer, where it is JSON.
    pub answer: Option<Value>,
    /// What later requests need of the answer: name and JSONPath.
    pub captures: Map<String, Value>,
}

impl Exchange {
    /// Reads an entry; what of it is left out is told.
    pub fn of(entry: &Node, notes: &mut Notes<'_>) -> Option<Self> {
        let (request, response) = (entry.get("request")?, entry.get("response"));
        let url = url_of(entry)?;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_string(),
        };
        let line = entry.line;
        let (mut headers, mut bearer) = (Map::new(), None);
        for header in request.get("headers").map(Node::items).unwrap_or_default() {
            let key = header.text("name").unwrap_or_default().to_lowercase();
            let value = header.text("value").unwrap_or_default();
            match key.as_str() {
                "authorization" if value.to_lowercase().starts_with("bearer ") => {
                    bearer = value.get(7..).map(|token| token.trim().to_string());
                }
                "authorization" => {
                    notes.line(header.line, "the header `authorization` is left out: write `auth`");
                }
                "accept" if value.starts_with("*/*") || value.contains("text/html") => {}
                key if key.starts_with([':']) || key.starts_with("sec-") => {}
                key if LEFT_OUT.contains(&key) => {}
                key if looks_secret(key) => {
                    let told = format!("the header `{key}` is left out: it may be a secret");
                    notes.line(header.line, told);
                }
                _ => drop(headers.insert(key, literal(value).into())),
            }
        }
        let (body, kind) = request.get("postData").map_or((None, None), |data| body(data, notes));
        let status = response.and_then(|answer| answer.get("status")).and_then(Node::as_number);
        let status = status.unwrap_or(0.0) as u16;
        if status == 0 {
            notes.line(line, "there is no answer in the archive; any 2xx or 3xx is expected");
        }
        let content = response.and_then(|answer| answer.get("content"));
        let text = content.and_then(|content| content.text("text"));
        let method = request.text("method").unwrap_or("GET").to_uppercase();
        let answer = text.and_then(|text| serde_json::from_str(text).ok());
        let (path, captures, token) = (literal(&path), Map::new(), None);
        Some(Self {
            line,
            method,
            path,
            headers,
            body,
            kind,
            bearer,
            token,
            status,
            answer,
            captures,
        })
    }

    /// Whether it needs a token that nothing in the archive brought.
    pub fn needs_token(&self) -> bool {
        self.bearer.is_some() && self.token.is_none()
    }

    /// A name for its step.
    pub fn called(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        let path = path.replace("{{ ", "{").replace(" }}", "}");
        name(&format!("{} {path}", self.method))
    }

    /// The step.
    pub fn step(&self, called: &str) -> Value {
        let mut step = Map::new();
        step.insert("step".into(), called.into());
        let key = self.method.to_lowercase();
        match key.as_str() {
            "get" | "post" | "put" | "patch" | "delete" | "head" | "options" | "trace" => {
                step.insert(key, self.path.as_str().into());
            }
            _ => {
                step.insert("method".into(), self.method.as_str().into());
                step.insert("url".into(), self.path.as_str().into());
            }
        }
        let mut headers = self.headers.clone();
        if let Some(kind) = &self.kind {
            headers.insert("content-type".into(), kind.as_str().into());
        }
        if !headers.is_empty() {
            step.insert("headers".into(), headers.into());
        }
        if self.bearer.is_some() {
            let token = self.token.as_deref().unwrap_or("{{ vars.token }}");
            step.insert("auth".into(), json!({ "bearer": token }));
        }
        if let Some((key, body)) = &self.body {
            step.insert((*key).into(), body.clone());
        }
        // Browsers ask whether what they have is still good, and follow redirects one by one.
        match self.status {
            0 => {}
            304 => drop(step.insert("expect".into(), json!({ "status": [200, 304] }))),
            300..=399 => {
                step.insert("redirects".into(), "stop".into());
                step.insert("expect".into(), json!({ "status": self.status }));
            }
            status => drop(step.insert("expect".into(), json!({ "status": status }))),
        }
        if !self.captures.is_empty() {
            step.insert("capture".into(), self.captures.clone().into());
        }
        Value::Object(step)
    }
}

fn looks_secret(key: &str) -> bool {
    ["token", "secret", "api-key", "apikey", "password", "csrf"]
        .iter()
        .any(|word| key.contains(word))
}

type Body = (Option<(&'static str, Value)>, Option<String>);

fn body(data: &Node, notes: &mut Notes<'_>) -> Body {
    let kind = data.text("mimeType").unwrap_or_default();
    let text = data.text("text").unwrap_or_default();
    if kind.contains("multipart/") {
        let told = "a body of several parts is left out: write `multipart`";
        notes.line(data.line, told);
        return (None, None);
    }
    if kind.contains("json")
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        return (Some(("json", harmless(value, notes, data.line))), None);
    }
    if kind.contains("x-www-form-urlencoded") {
        let pairs = data.get("params").map(Node::items).unwrap_or_default();
        let told =
            |one: &Node| Some((one.text("name")?.to_string(), one.text("value")?.to_string()));
        let mut fields: Vec<(String, String)> = pairs.iter().filter_map(told).collect();
        if fields.is_empty() {
            fields = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        }
        let fields = fields.into_iter().map(|(key, value)| {
            let value = kept(&key, literal(&value).into(), notes, data.line);
            (key, value)
        });
        return (Some(("form", Value::Object(fields.collect()))), None);
    }
    match text.is_empty() {
        true => (None, None),
        false => (Some(("body", literal(text).into())), Some(kind.to_string())),
    }
}

fn harmless(value: Value, notes: &mut Notes<'_>, line: usize) -> Value {
    match value {
        Value::String(text) => literal(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| harmless(item, notes, line)).collect(),
        Value::Object(map) => {
            let inner = map.into_iter().map(|(key, value)| {
                let value = harmless(value, notes, line);
                let value = kept(&key, value, notes, line);
                (key, value)
            });
            Value::Object(inner.collect())
        }
        other => other,
    }
}

/// A password that somebody typed while he was recorded is kept, because without it nobody signs
/// in, and told, because a scenario file is shared.
fn kept(key: &str, value: Value, notes: &mut Notes<'_>, line: usize) -> Value {
    let key_lower = key.to_lowercase();
    if ["password", "secret"].iter().any(|word| key_lower.contains(word)) && value.is_string() {
        let told =
            format!("`{key}` holds what was typed: put it into `secrets` before you share it");
        notes.line(line, told);
    }
    value
}
