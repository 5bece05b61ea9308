//! Reads which part of a metric is meant: `http_req_duration{step:sign in}`.
//!
//! ```text
//! selector  -> metric [ "{" tag ":" value { "," tag ":" value } "}" ]
//! ```
//!
//! As in k6, with quoted values beside it, because the names of steps may have commas in them.

use super::parse::MetricError;
use super::{Metric, Scope};

/// Tags that k6 puts on samples and we do not, each with the way to say the same here.
const REFUSED_TAGS: [(&str, &str); 16] = [
    ("status", "say which statuses are right in the step's `expect`"),
    ("group", "name the step instead: {step:...}"),
    ("method", "name the step instead: {step:...}"),
    ("url", "name the step instead: {step:...}"),
    ("check", "name the step instead: {step:...}"),
    ("error", "http_req_failed counts all failures"),
    ("error_code", "http_req_failed counts all failures"),
    ("proto", "give the step a tag of your own"),
    ("subproto", "give the step a tag of your own"),
    ("tls_version", "give the step a tag of your own"),
    ("service", "give the step a tag of your own"),
    ("ocsp_status", "give the step a tag of your own"),
    ("ip", "give the step a tag of your own"),
    ("vu", "give the step a tag of your own"),
    ("iter", "give the step a tag of your own"),
    ("expected_response", "see http_req_failed for the failures"),
];

/// Reads a metric with its tags, such as `http_req_duration{step:sign in}`: the key of an entry
/// in k6's map of thresholds.
pub fn parse_selector(text: &str) -> Result<(Metric, Vec<(String, String)>), MetricError> {
    let Some(open) = text.find('{') else { return Ok((text.parse()?, Vec::new())) };
    let metric = text[..open].parse::<Metric>()?;
    let Some(inner) = text[open + 1..].trim_end().strip_suffix('}') else {
        return Err(MetricError {
            problem: "the tags are not closed".to_string(),
            span: open..text.len(),
            fix: Some("write them as {tag:value}".to_string()),
            choices: &[],
        });
    };
    let mut tags: Vec<(String, String)> = Vec::new();
    let mut at = open + 1;
    for part in split_outside_quotes(inner) {
        let span = at..at + part.len();
        at = span.end + 1;
        let problem = match read_tag(metric, part) {
            Ok(Some((key, _))) if tags.iter().any(|(other, _)| *other == key) => {
                (format!("the tag `{key}` is given twice"), Some("keep one of them".to_string()))
            }
            Ok(tag) => {
                tags.extend(tag);
                continue;
            }
            Err(problem) => problem,
        };
        let (problem, fix) = problem;
        return Err(MetricError { problem, span, fix, choices: &[] });
    }
    Ok((metric, tags))
}

/// What is wrong with a tag, and what to write instead.
type Refusal = (String, Option<String>);

/// One tag as key and value; none for one that only says what the metric means anyway.
fn read_tag(metric: Metric, part: &str) -> Result<Option<(String, String)>, Refusal> {
    let Some((key, value)) = part.split_once(':') else {
        let fix = Some("write it as tag:value".to_string());
        return Err((format!("`{}` is not a tag with a value", part.trim()), fix));
    };
    let (key, value) = (key.trim(), unquoted(value.trim()));
    if key.is_empty() || value.is_empty() {
        let fix = Some("write it as tag:value".to_string());
        return Err((format!("`{}` has an empty side", part.trim()), fix));
    }
    let successes_only = matches!(metric, Metric::HttpReqDuration | Metric::HttpReqService);
    if key == "expected_response" && value == "true" && successes_only {
        return Ok(None);
    }
    if let Some((_, instead)) = REFUSED_TAGS.iter().find(|(refused, _)| *refused == key) {
        return Err((format!("{metric} is not kept apart by `{key}`"), Some(instead.to_string())));
    }
    if metric.scope() == Scope::Scenario && key != "scenario" {
        let fix = "leave the tag out, or use {scenario:...}".to_string();
        return Err((format!("{metric} belongs to no step, so it has no `{key}`"), Some(fix)));
    }
    let key = if key == "name" { "step" } else { key };
    Ok(Some((key.to_string(), value.to_string())))
}

/// The text between commas; a comma inside quotes does not count.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut quote = None;
    let (mut in_value, mut value_begins) = (false, false);
    text.split(|c: char| {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if value_begins && (c == '"' || c == '\'') => quote = Some(c),
            None if c == ',' => {
                (in_value, value_begins) = (false, false);
                return true;
            }
            None => {}
        }
        // Only the first colon ends the key; one inside the value is the value's own.
        value_begins = (c == ':' && !in_value) || (value_begins && c.is_whitespace());
        in_value |= c == ':';
        false
    })
    .collect()
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}
