//! Forms: read as browsers send them, and shown again with what was wrong.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::super::App;
use super::super::flaw::Flaw;
use super::super::input::Raw;
use super::super::reply::Refusal;
use super::multipart::{self, Upload};
use super::notices;
use super::page::{Declined, Page};

/// What a form holds. A name may come several times.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    pairs: Vec<(String, String)>,
    pub(super) upload: Option<Upload>,
}

/// A field of the API, the field of the form that it comes from, and its label.
pub(super) type Label = (&'static str, &'static str, &'static str);

impl Form {
    pub(super) fn of(pairs: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Form { pairs, upload: None }
    }

    fn from_query(query: &[u8]) -> Self {
        Form { pairs: form_urlencoded::parse(query).into_owned().collect(), upload: None }
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.pairs.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// A text, or null when the field was left empty.
    pub(super) fn text(&self, name: &str) -> Value {
        let text = self.get(name);
        if text.trim().is_empty() { Value::Null } else { json!(text) }
    }

    /// A number if it is one. What is none stays a text, and the rule says what it must be.
    pub(super) fn number(&self, name: &str) -> Value {
        number(self.get(name))
    }

    /// All values of that name.
    pub(super) fn list(&self, name: &str) -> Value {
        json!(self.all(name).collect::<Vec<_>>())
    }

    /// Words with commas between them.
    pub(super) fn words(&self, name: &str) -> Value {
        let words = self.get(name).split(',').map(str::trim).filter(|word| !word.is_empty());
        json!(words.collect::<Vec<_>>())
    }

    fn values(&self) -> (Value, Value) {
        let (mut first, mut all) = (Map::new(), Map::new());
        for (name, value) in &self.pairs {
            first.entry(name.as_str()).or_insert_with(|| json!(value));
            if let Value::Array(list) = all.entry(name.as_str()).or_insert_with(|| json!([])) {
                list.push(json!(value));
            }
        }
        (Value::Object(first), Value::Object(all))
    }

    /// What a template shows of a form that nothing was wrong with yet.
    pub(super) fn fresh(&self) -> Value {
        let (values, lists) = self.values();
        json!({ "values": values, "lists": lists, "errors": {}, "list": [], "first": "" })
    }

    /// What a template shows of a form that was refused.
    pub(super) fn refused(&self, page: &Page, refusal: &Refusal, labels: &[Label]) -> Value {
        let mut shown = self.fresh();
        if page.has(Flaw::Errors) {
            return shown;
        }
        let (mut errors, mut list) = (Map::new(), Vec::new());
        for detail in &refusal.details {
            let (name, label) = label_of(&detail.field, labels);
            let text = notices::sentence(&format!("{label} {}", detail.message));
            if !errors.contains_key(&name) {
                list.push(json!({ "name": name, "text": text }));
                errors.insert(name, json!(text));
            }
        }
        let plain = refusal.details.is_empty() || refusal.status != StatusCode::BAD_REQUEST;
        shown["problem"] = if plain { json!(problem(refusal)) } else { Value::Null };
        shown["first"] = list.first().map_or(json!(""), |first| first["name"].clone());
        shown["list"] = json!(list);
        shown["errors"] = Value::Object(errors);
        shown
    }
}

fn number(text: &str) -> Value {
    let text = text.trim();
    if text.is_empty() {
        return Value::Null;
    }
    let read = serde_json::from_str::<Value>(text).ok().filter(Value::is_number);
    read.unwrap_or_else(|| json!(text))
}

/// A value of a list of numbers, by the same reading.
pub(super) fn number_of(text: &str) -> Value {
    number(text)
}

/// The form's name and label for a field of the API. One of a list belongs to the list.
fn label_of(field: &str, labels: &[Label]) -> (String, String) {
    let known = labels.iter().find(|(api, ..)| {
        field.strip_prefix(api).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
    });
    match known {
        Some((_, name, label)) => ((*name).to_owned(), (*label).to_owned()),
        None => (field.to_owned(), field.to_owned()),
    }
}

fn problem(refusal: &Refusal) -> String {
    let text = notices::sentence(&refusal.message);
    match refusal.retry_after {
        Some(seconds) => format!("{text} Wait {seconds} seconds."),
        None => text,
    }
}

/// The template of a form, with what was refused and the status of that.
pub(super) fn show_again(page: &Page, template: &str, refusal: &Refusal, data: Value) -> Response {
    let mut response = page.draw(refusal.status, template, data);
    if let Some(seconds) = refusal.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// A form that was sent from one of our own pages.
pub(super) struct Posted(pub(super) Form);

impl FromRequest<Arc<App>> for Posted {
    type Rejection = Declined;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Declined> {
        let (mut parts, body) = request.into_parts();
        let page = Page::from_request_parts(&mut parts, app).await?;
        let headers = parts.headers.clone();
        let Raw(body) = Raw::from_request(Request::from_parts(parts, body), app).await?;
        let form = read(&headers, &body)?;
        if form.get("csrf") != page.csrf_token() {
            return Err(Refusal::csrf().into());
        }
        Ok(Posted(form))
    }
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Form, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        return Ok(Form::from_query(body));
    }
    let wrong = || Refusal::bad_request("MALFORMED_FORM", "this is not a form");
    let boundary = multipart::boundary(kind).ok_or_else(wrong)?;
    let (pairs, upload) = multipart::read(body, &boundary).ok_or_else(wrong)?;
    Ok(Form { pairs, upload })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_what_the_api_reads() {
        let form = Form::from_query(b"age=41&weight=70.5&height=tall&goal=&tag=a&tag=b&w=x,+y,");
        assert_eq!(form.number("age"), json!(41));
        assert_eq!(form.number("weight"), json!(70.5));
        assert_eq!(form.number("height"), json!("tall"));
        assert_eq!(form.number("none"), Value::Null);
        assert_eq!(form.text("goal"), Value::Null);
        assert_eq!(form.list("tag"), json!(["a", "b"]));
        assert_eq!(form.words("w"), json!(["x", "y"]));
    }

    #[test]
    fn a_field_in_a_list_has_the_label_of_the_list() {
        let labels: [Label; 2] = [("tags", "tags", "Tags"), ("address.street", "street", "Street")];
        assert_eq!(label_of("tags[3]", &labels).1, "Tags");
        assert_eq!(label_of("address.street", &labels).0, "street");
        assert_eq!(label_of("tagsoup", &labels).1, "tagsoup");
    }
}
