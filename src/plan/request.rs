//! Compiles a request: address, headers, body, and what it expects.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::checks::{is_weak, wants_json, within_over_timeout};
use super::compiler::{Compiler, NamedStep};
use super::overlay::with_defaults;
use super::step::Prepared;
use super::template::Spelling;
use super::{BodyPlan, HttpPlan, PartPlan, Site, Template};
use crate::diagnostic::{Diagnostic, Place, Spanned};
use crate::scenario::{Auth, Body, HttpDefaults, HttpStep, Part};

const TIMEOUT: Duration = Duration::from_secs(30);
const REDIRECTS: u32 = 10;
const MAX_BODY: u64 = 64_000_000;

impl Compiler<'_> {
    /// Compiles a request of the file with index `file`.
    pub(super) fn request(
        &mut self,
        step: NamedStep<'_>,
        http: &HttpStep,
        file: usize,
    ) -> Arc<HttpPlan> {
        self.variables.step = step.name.clone();
        let defaults = self.defaults_of(file);
        let http = with_defaults(http, &defaults);
        let timeout = http.timeout.as_ref().map_or(TIMEOUT, |timeout| timeout.value);
        let url = self.url(&http, file, step.place);
        let query = self.pairs(&http.query);
        let mut headers = self.headers(&http.headers);
        let basic = self.auth(&http, &mut headers);
        let cookies = self.texts(&http.cookies);
        let body = self.body(http.body.as_ref());
        let checks = self.checks(&http.expect, step.place);
        let accept = headers.iter().find(|(name, _)| name == "accept");
        let accept = accept.and_then(|(_, value)| value.as_text());
        let wants_json = wants_json(&http, accept, matches!(body, BodyPlan::Json(_)));
        self.lint(&http, step.place, (wants_json, timeout));
        let site = Site::from(step.place);
        let name = step.name.clone();
        let series = self.series(step, &checks);
        let captures = self.captures(&http);
        let method = http.method.as_ref().map_or("GET", |method| &method.value).to_string();
        let redirects = http.redirects.as_ref().map_or(REDIRECTS, |count| count.value);
        let max_body = defaults.max_body.as_ref().map_or(MAX_BODY, |bytes| bytes.value);
        let plan = HttpPlan {
            series,
            name,
            site,
            method,
            url,
            query,
            headers,
            basic,
            cookies,
            body,
            redirects,
            timeout,
            max_body,
            checks,
            captures,
            wants_json,
            prepared: Prepared::default(),
        };
        Arc::new(plan.prepare())
    }

    pub(super) fn defaults_of(&self, file: usize) -> HttpDefaults {
        let outer = &self.scenario().http;
        match file {
            0 => outer.clone(),
            _ => super::overlay::defaults(&self.library.files[file].scenario.http, outer),
        }
    }

    fn lint(&mut self, http: &HttpStep, place: &Place, (json, timeout): (bool, Duration)) {
        if let Some(problem) = within_over_timeout(&http.expect, timeout) {
            self.problem(problem);
        }
        if is_weak(http, json) {
            let problem = "only the status of this step is checked, and an error page may have it";
            self.problem(
                Diagnostic::warning("weak-check", problem, place, "nothing says what must come")
                    .help("add to `expect` a `json`, `schema`, `body` or `headers` check"),
            );
        }
    }

    fn headers(
        &mut self,
        headers: &[(Spanned<String>, Spanned<String>)],
    ) -> Vec<(String, Template)> {
        let mut compiled = Vec::new();
        for (name, value) in headers {
            let template = self.template(value, Spelling::Plain);
            let controls = |text: &str| text.contains(|c: char| c.is_control() && c != '\t');
            if template.as_text().is_some_and(controls) {
                let problem = "the value of a header cannot hold line breaks or control characters";
                let code = "bad-header-value";
                self.problem(
                    Diagnostic::error(code, problem, &value.place, "here")
                        .help("take the line break out of the var"),
                );
            }
            compiled.push((name.value.to_lowercase(), template));
        }
        compiled
    }

    fn auth(
        &mut self,
        http: &HttpStep,
        headers: &mut Vec<(String, Template)>,
    ) -> Option<(Template, Template)> {
        match &http.auth {
            Some(Auth::Basic(user, password)) => {
                let user = self.template(user, Spelling::Plain);
                Some((user, self.template(password, Spelling::Plain)))
            }
            Some(Auth::Bearer(token)) => {
                let mut template = self.template(token, Spelling::Plain);
                template.prepend("Bearer ");
                headers.retain(|(name, _)| name != "authorization");
                headers.push(("authorization".into(), template));
                None
            }
            Some(Auth::None) | None => None,
        }
    }

    fn texts(&mut self, list: &[(Spanned<String>, Spanned<String>)]) -> Vec<(String, Template)> {
        let mut compiled = Vec::new();
        for (name, value) in list {
            compiled.push((name.value.clone(), self.template(value, Spelling::Plain)));
        }
        compiled
    }

    /// Names with one value or a list of values, as text; whoever sends them encodes them.
    fn pairs(&mut self, list: &[(Spanned<String>, Spanned<Value>)]) -> Vec<(String, Template)> {
        let mut compiled = Vec::new();
        for (name, value) in list {
            let values = match &value.value {
                Value::Array(values) => values.clone(),
                single => vec![single.clone()],
            };
            for single in values {
                let text = match single {
                    Value::String(text) => text,
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                let text = Spanned::new(text, value.place.clone());
                compiled.push((name.value.clone(), self.template(&text, Spelling::Plain)));
            }
        }
        compiled
    }

    fn body(&mut self, body: Option<&Body>) -> BodyPlan {
        match body {
            None => BodyPlan::None,
            Some(Body::Json(value)) => BodyPlan::Json(self.json(value)),
            Some(Body::Form(fields)) => BodyPlan::Form(self.pairs(fields)),
            Some(Body::Text(text)) => BodyPlan::Text(self.template(text, Spelling::Plain)),
            Some(Body::File(name)) => BodyPlan::Bytes(self.file(name).unwrap_or_default()),
            Some(Body::Multipart(parts)) => {
                let mut compiled = Vec::new();
                for (name, part) in parts {
                    compiled.push((name.value.clone(), self.part(part)));
                }
                BodyPlan::Multipart(compiled)
            }
        }
    }

    fn part(&mut self, part: &Part) -> PartPlan {
        match part {
            Part::Text(text) => PartPlan::Text(self.template(text, Spelling::Plain)),
            Part::File { file, name, content_type } => {
                let bytes = self.file(file).unwrap_or_default();
                let own = file.value.rsplit('/').next().unwrap_or_default().to_string();
                let name = match name {
                    Some(name) => self.fixed_text(name, "the name of a file").unwrap_or_default(),
                    None => own,
                };
                let kind = match content_type {
                    Some(kind) => self.fixed_text(kind, "a content type").unwrap_or_default(),
                    None => "application/octet-stream".into(),
                };
                PartPlan::File(bytes, name, kind)
            }
        }
    }

    fn file(&mut self, name: &Spanned<String>) -> Option<Arc<[u8]>> {
        match self.inputs.bytes(name) {
            Ok((bytes, _)) => Some(bytes),
            Err(problem) => {
                self.problem(*problem);
                None
            }
        }
    }
}

/// The name of a step that has none: `GET /meals/{id}`.
pub(super) fn default_name(http: &HttpStep) -> String {
    let method = http.method.as_ref().map_or("GET", |method| &method.value);
    let url = http.url.as_ref().map_or("", |url| &url.value);
    let mut name = format!("{method} ");
    let mut rest = url;
    while let Some((before, after)) = rest.split_once("{{") {
        let (inside, behind) = after.split_once("}}").unwrap_or((after, ""));
        if let Some((path, _query)) = before.split_once('?') {
            return name + path;
        }
        name.push_str(before);
        name.push('{');
        name.push_str(inside.trim());
        name.push('}');
        rest = behind;
    }
    name.push_str(rest.split_once('?').map_or(rest, |(path, _query)| path));
    name
}
