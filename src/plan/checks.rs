//! Compiles what a step expects and captures, and puts each check in words.

use std::sync::Arc;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::compiler::Compiler;
use super::matchers::in_words;
use super::{CapturePlan, CaptureSource, CheckPlan, CheckWhat, Site};
use crate::diagnostic::{Diagnostic, Place, SourceFile, Spanned};
use crate::scenario::{CaptureFrom, Expect, HttpStep, StatusSet};
use crate::units::write_duration;

/// A step's checks have one bit each in `Sample::failed_checks`.
const MOST_CHECKS: usize = 64;

impl Compiler<'_> {
    /// Compiles the checks of a step, the status first; `place` is the step's.
    pub(super) fn checks(&mut self, expect: &Expect, place: &Place) -> Vec<CheckPlan> {
        let mut checks = vec![status_check(expect, place)];
        for (name, matcher) in &expect.headers {
            let lower = name.value.to_lowercase();
            let text = format!("header {lower} {}", in_words(matcher));
            let what = CheckWhat::Header(lower, self.matcher(matcher));
            checks.push(CheckPlan { text, site: Site::from(&name.place), what });
        }
        if let Some(matcher) = &expect.body {
            let text = format!("body {}", in_words(matcher));
            let what = CheckWhat::Body(self.matcher(matcher));
            checks.push(CheckPlan { text, site: Site::from(&matcher.place), what });
        }
        for (path, matcher) in &expect.json {
            let text = format!("{} {}", path.value, in_words(matcher));
            let matcher = self.matcher(matcher);
            let Some(compiled) = self.json_path(path) else { continue };
            let what = CheckWhat::Json(compiled, matcher);
            checks.push(CheckPlan { text, site: Site::from(&path.place), what });
        }
        checks.extend(self.schema_check(expect));
        if let Some(within) = &expect.within {
            let text = format!("within {}", write_duration(within.value));
            let what = CheckWhat::Within(within.value);
            checks.push(CheckPlan { text, site: Site::from(&within.place), what });
        }
        if checks.len() > MOST_CHECKS {
            let problem =
                format!("a step can have {MOST_CHECKS} checks, and this one has {}", checks.len());
            let diagnostic = Diagnostic::error("too-many-checks", problem, place, "this step");
            self.problem(diagnostic.help("a `schema` checks a whole answer as one check"));
        }
        checks
    }

    /// Compiles the captures of a step; their names are in scope from here on.
    pub(super) fn captures(&mut self, http: &HttpStep) -> Vec<CapturePlan> {
        let mut captures = Vec::new();
        for capture in &http.capture {
            let from = match &capture.from {
                CaptureFrom::JsonPath(path) => self.json_path(path).map(CaptureSource::Json),
                CaptureFrom::Header(name) => Some(CaptureSource::Header(name.value.to_lowercase())),
                CaptureFrom::Cookie(name) => Some(CaptureSource::Cookie(name.value.clone())),
                CaptureFrom::Regex(pattern, group) => self.regex_capture(pattern, *group),
                CaptureFrom::Body => Some(CaptureSource::Body),
                // The reader has refused it.
                CaptureFrom::Page(_) => None,
            };
            let name = &capture.name;
            let slot = self.variables.slot(&name.value);
            self.variables.scope.insert(name.value.clone());
            let Some(from) = from else { continue };
            let site = Site::from(&name.place);
            captures.push(CapturePlan { name: name.value.clone(), slot, from, site });
        }
        captures
    }

    fn regex_capture(&mut self, pattern: &Spanned<String>, group: u32) -> Option<CaptureSource> {
        let regex = self.regex(pattern)?;
        let groups = regex.captures_len() - 1;
        if group as usize > groups {
            let problem = format!("the regular expression has no group {group}: it has {groups}");
            let diagnostic = Diagnostic::error("bad-regex", problem, &pattern.place, "here");
            self.problem(diagnostic.help("put parentheses around what is to be captured"));
            return None;
        }
        Some(CaptureSource::Regex(regex, group))
    }

    fn json_path(&mut self, path: &Spanned<String>) -> Option<JsonPath> {
        match JsonPath::parse(&path.value) {
            Ok(compiled) => Some(compiled),
            Err(error) => {
                let problem = format!("`{}` is not a JSONPath: {error}", path.value);
                let diagnostic = Diagnostic::error("bad-json-path", problem, &path.place, "here");
                self.problem(
                    diagnostic.help("a path looks like `$.data.items[0].name` (RFC 9535)"),
                );
                None
            }
        }
    }

    fn schema_check(&mut self, expect: &Expect) -> Option<CheckPlan> {
        let (schema, place, text) = match (&expect.schema, &expect.schema_file) {
            (Some(schema), _) => {
                (schema.value.clone(), schema.place.clone(), "body matches its schema".to_string())
            }
            (None, Some(name)) => {
                let (schema, place) = self.schema_file(name)?;
                (schema, place, format!("body matches {}", name.value))
            }
            (None, None) => return None,
        };
        let written = expect.schema_file.as_ref().map_or(&place, |name| &name.place);
        let site = Site::from(written);
        match jsonschema::validator_for(&schema) {
            Ok(validator) => {
                let what = CheckWhat::Schema(Arc::<Validator>::new(validator));
                Some(CheckPlan { text, site, what })
            }
            Err(error) => {
                let problem = schema_problem(&error);
                let diagnostic = Diagnostic::error("bad-schema", problem, &place, "this schema")
                    .help("`$ref` can only point into the schema itself, as `#/$defs/name`");
                self.problem(match &expect.schema_file {
                    Some(name) => diagnostic.related(&name.place, "named here"),
                    None => diagnostic,
                });
                None
            }
        }
    }

    fn schema_file(&mut self, name: &Spanned<String>) -> Option<(Value, Place)> {
        let (bytes, path) = match self.inputs.bytes(name) {
            Ok(found) => found,
            Err(problem) => {
                self.problem(*problem);
                return None;
            }
        };
        let file = SourceFile::new(path, String::from_utf8_lossy(&bytes));
        match serde_json::from_slice(&bytes) {
            Ok(schema) => Some((schema, Place::new(&file, 0..0))),
            Err(error) => {
                let place = line_of(&file, error.line());
                let problem = format!("the JSON Schema is not JSON: {error}");
                let diagnostic = Diagnostic::error("schema-not-json", problem, &place, "here");
                let diagnostic = diagnostic.related(&name.place, "named here");
                self.problem(diagnostic.help("a schema file holds JSON and nothing else"));
                None
            }
        }
    }
}

fn schema_problem(error: &jsonschema::ValidationError<'_>) -> String {
    let text = error.to_string();
    if let Some((other, _)) =
        text.strip_prefix("Resource '").and_then(|rest| rest.split_once("' is not present"))
    {
        return format!("the JSON Schema refers to `{other}`, which is not in it");
    }
    match error.instance_path().to_string() {
        at if at.is_empty() => format!("the JSON Schema cannot be used: {text}"),
        at => format!("the JSON Schema cannot be used, at `{at}`: {text}"),
    }
}

fn line_of(file: &Arc<SourceFile>, line: usize) -> Place {
    let before = file.text.split_inclusive('\n').take(line.saturating_sub(1));
    let start = before.map(str::len).sum::<usize>();
    let length = file.text[start..].find('\n').unwrap_or(file.text.len() - start);
    Place::new(file, start..start + length)
}

fn status_check(expect: &Expect, place: &Place) -> CheckPlan {
    let written: Vec<StatusSet> = expect.status.iter().map(|status| status.value).collect();
    let (sets, place) = match expect.status.first() {
        Some(first) => (written, &first.place),
        None => (vec![StatusSet::Class(2), StatusSet::Class(3)], place),
    };
    let words: Vec<String> = sets
        .iter()
        .map(|set| match set {
            StatusSet::One(status) => status.to_string(),
            StatusSet::Class(class) => format!("{class}xx"),
        })
        .collect();
    let text = format!("status is {}", words.join(" or "));
    CheckPlan { text, site: Site::from(place), what: CheckWhat::Status(sets) }
}

/// Whether an answer with an HTML error page and a good status would satisfy the checks.
pub(super) fn is_weak(http: &HttpStep, wants_json: bool) -> bool {
    let expect = &http.expect;
    let has_body = expect.status.iter().all(|status| match status.value {
        StatusSet::One(status) => status / 100 == 2 && status != 204 && status != 205,
        StatusSet::Class(class) => class == 2,
    });
    let method = http.method.as_ref().map_or("GET", |method| method.value.as_str());
    has_body
        && !wants_json
        && !matches!(method, "HEAD" | "OPTIONS" | "TRACE")
        && expect.headers.is_empty()
        && expect.body.is_none()
        && http.capture.is_empty()
}

/// Whether the answer must be JSON.
///
/// It must where JSON is checked or captured, where the request accepts JSON and nothing else,
/// and where JSON is sent and no other kind of answer is asked for or expected.
pub(super) fn wants_json(http: &HttpStep, accept: Option<&str>, sends_json: bool) -> bool {
    let expect = &http.expect;
    let reads_json = !expect.json.is_empty()
        || expect.schema.is_some()
        || expect.schema_file.is_some()
        || http.capture.iter().any(|capture| matches!(capture.from, CaptureFrom::JsonPath(_)));
    if reads_json {
        return true;
    }
    let kind =
        expect.headers.iter().find(|(name, _)| name.value.eq_ignore_ascii_case("content-type"));
    if let Some((_, kind)) = kind {
        return in_words(kind).contains("json");
    }
    match accept {
        Some(accept) => accept
            .split(',')
            .map(|kind| kind.split(';').next().unwrap_or_default().trim().to_lowercase())
            .all(|kind| kind == "application/json" || kind.ends_with("+json")),
        None => sends_json,
    }
}

/// A `within` that the timeout makes impossible to miss.
pub(super) fn within_over_timeout(expect: &Expect, timeout: Duration) -> Option<Diagnostic> {
    let within = expect.within.as_ref().filter(|within| within.value >= timeout)?;
    let problem = format!(
        "`within {}` can never fail: the request ends after {}",
        write_duration(within.value),
        write_duration(timeout)
    );
    Some(
        Diagnostic::warning("within-over-timeout", problem, &within.place, "too long")
            .help("make `within` shorter than `timeout`, or `timeout` longer"),
    )
}
