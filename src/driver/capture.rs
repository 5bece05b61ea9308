//! Takes values out of an answer into a session's variables.

use serde_json::Value;

use super::answer::Answer;
use super::cookies::Jar;
use super::failure::Broken;
use super::nearest;
use super::show::{self, Words};
use crate::plan::{CapturePlan, CaptureSource};
use crate::sample::Failure;

/// The value that one capture asks for.
pub(super) fn capture(
    plan: &CapturePlan,
    answer: &Answer,
    jar: &Jar,
    words: Words<'_>,
) -> Result<Value, Broken> {
    let found = match &plan.from {
        CaptureSource::Json(path) => match answer.json() {
            Ok(document) => path.query(document).first().cloned().ok_or_else(|| {
                format!("nothing there; {}", nearest::nearest(path, document, words))
            }),
            Err(error) => Err(answer.no_json(error, words)),
        },
        CaptureSource::Header(name) => match answer.header(name) {
            Some(value) => Ok(Value::from(value.into_owned())),
            None => Err("the answer has no such header".to_string()),
        },
        CaptureSource::Cookie(name) => match jar.get(&answer.url, name) {
            Some(value) => Ok(Value::from(value)),
            None => Err(no_cookie(jar)),
        },
        CaptureSource::Regex(regex, group) => {
            let text = answer.text();
            let found = regex.captures(&text).map(|groups| groups.get(*group as usize));
            match found {
                Some(Some(part)) => Ok(Value::from(part.as_str())),
                Some(None) => Err(format!("it is found, but without its group {group}")),
                None => Err(format!("not found{}", answer.glimpse(words))),
            }
        }
        CaptureSource::Body => Ok(Value::from(answer.text().into_owned())),
    };
    found.map_err(|why| {
        let message = format!("captures `{}` from {}: {why}", plan.name, source(&plan.from));
        Broken::new(Failure::Check, message)
    })
}

fn source(from: &CaptureSource) -> String {
    match from {
        CaptureSource::Json(path) => path.to_string(),
        CaptureSource::Header(name) => format!("the header `{name}`"),
        CaptureSource::Cookie(name) => format!("the cookie `{name}`"),
        CaptureSource::Regex(regex, _) => format!("`{}`", show::cut(regex.as_str(), 80)),
        CaptureSource::Body => "the body".to_string(),
    }
}

fn no_cookie(jar: &Jar) -> String {
    match jar.names().as_slice() {
        [] => "no cookie was set".to_string(),
        names => format!("not set; there are: {}", names.join(", ")),
    }
}
