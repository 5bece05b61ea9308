//! What a client sent, read field by field: every wrong field is reported, not only the first.
//!
//! What a field must satisfy is a rule of `rules`. Nothing here knows what the fields mean.

use std::future::poll_fn;
use std::ops::RangeInclusive;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::reply::{Detail, Refusal};
use super::rules;

/// The largest body that is read.
const BODY_LIMIT: usize = 1 << 20;

/// How much of a larger body is thrown away before the refusal. A client that is still sending
/// when the connection closes may see a reset and never read the answer.
const DRAIN_LIMIT: usize = 16 << 20;

/// The fields of a JSON object or of a query, and what was wrong with them.
#[derive(Debug, Default)]
pub(super) struct Fields {
    values: Map<String, Value>,
    prefix: String,
    details: Vec<Detail>,
}

/// Which part of a list is wanted. Pages count from 1.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PageOf {
    pub(super) page: i64,
    pub(super) limit: i64,
}

impl PageOf {
    pub(super) fn offset(self) -> i64 {
        (self.page - 1) * self.limit
    }
}

impl Fields {
    pub(super) fn from_query(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.is_empty());
        let values = pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into())));
        Fields { values: values.collect(), ..Fields::default() }
    }

    pub(super) fn from_value(value: Value, prefix: &str) -> Self {
        let mut fields = Fields { prefix: prefix.to_owned(), ..Fields::default() };
        match value {
            Value::Object(values) => fields.values = values,
            _ => fields.reject("", "must be an object"),
        }
        fields
    }

    /// The value of a field that may be absent (or null, or an empty text in a query).
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        rule: impl Fn(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.values.get(name).filter(|value| !value.is_null())?;
        match rule(value) {
            Ok(value) => Some(value),
            Err(message) => {
                self.reject(name, &message);
                None
            }
        }
    }

    /// The value of a field that must be there. It is a default until `finish` says all is well.
    pub(super) fn required<T: Default>(
        &mut self,
        name: &str,
        rule: impl Fn(&Value) -> Result<T, String>,
    ) -> T {
        if self.values.get(name).is_none_or(Value::is_null) {
            self.reject(name, "is required");
            return T::default();
        }
        self.optional(name, rule).unwrap_or_default()
    }

    /// A required object within this one.
    pub(super) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields) -> T) -> T {
        let value = self.values.get(name).cloned().unwrap_or(Value::Null);
        let mut inner = Fields::from_value(value, &format!("{}{name}", self.prefix));
        self.read_inner(&mut inner, read)
    }

    /// A required list of objects, with so many of them.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        size: RangeInclusive<usize>,
        read: impl Fn(&mut Fields) -> T,
    ) -> Vec<T> {
        let Some(Value::Array(items)) = self.values.get(name).cloned() else {
            self.reject(name, "must be a list");
            return Vec::new();
        };
        if !size.contains(&items.len()) {
            let message = format!("must have {} to {} entries", size.start(), size.end());
            self.reject(name, &message);
            return Vec::new();
        }
        let mut all = Vec::with_capacity(items.len());
        for (position, item) in items.into_iter().enumerate() {
            let prefix = format!("{}{name}[{position}]", self.prefix);
            let mut inner = Fields::from_value(item, &prefix);
            all.push(self.read_inner(&mut inner, &read));
        }
        all
    }

    fn read_inner<T>(&mut self, inner: &mut Fields, read: impl FnOnce(&mut Fields) -> T) -> T {
        if !inner.details.is_empty() {
            // It is not even an object: that its fields are missing goes without saying.
            self.details.append(&mut inner.details);
            return read(&mut Fields::default());
        }
        inner.prefix.push('.');
        let value = read(inner);
        self.details.append(&mut inner.details);
        value
    }

    /// Which page of a list is wanted, of at most 100 rows.
    pub(super) fn page(&mut self, usual: i64) -> PageOf {
        let page = self.optional("page", rules::parsed(rules::integer(1..=1_000_000)));
        let limit = self.optional("limit", rules::parsed(rules::integer(1..=100)));
        PageOf { page: page.unwrap_or(1), limit: limit.unwrap_or(usual) }
    }

    pub(super) fn reject(&mut self, name: &str, message: &str) {
        let field = format!("{}{name}", self.prefix);
        self.details.push(Detail { field, message: message.to_owned() });
    }

    /// Refuses the request if a field was wrong.
    pub(super) fn finish(self) -> Result<(), Refusal> {
        if self.details.is_empty() { Ok(()) } else { Err(Refusal::validation(self.details)) }
    }
}

/// The fields of the query.
pub(super) struct Query(pub(super) Fields);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Ok(Query(Fields::from_query(parts.uri.query().unwrap_or_default())))
    }
}

/// The id in the path. One that is no UUID belongs to nothing, so routes say 404 of it.
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Id(id)),
            Err(_) => Err(Refusal::not_found("thing")),
        }
    }
}

/// The body as it came, at most 1 MB of it.
pub(super) struct Raw(pub(super) Vec<u8>);

impl<S: Sync> FromRequest<S> for Raw {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        read_body(request.into_body()).await.map(Raw)
    }
}

impl Raw {
    /// The fields of the JSON object that it must be.
    pub(super) fn fields(&self) -> Result<Fields, Refusal> {
        let value = serde_json::from_slice(&self.0).map_err(|_| Refusal::malformed_json())?;
        let fields = Fields::from_value(value, "");
        if fields.details.is_empty() {
            return Ok(fields);
        }
        Err(Refusal::validation(fields.details))
    }
}

/// The fields of the JSON body.
pub(super) struct Json(pub(super) Fields);

impl<S: Sync> FromRequest<S> for Json {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let body = read_body(request.into_body()).await?;
        Raw(body).fields().map(Json)
    }
}

async fn read_body(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let mut read = Vec::new();
    let mut seen = 0;
    while let Some(piece) = next_piece(&mut body).await? {
        seen += piece.len();
        if seen <= BODY_LIMIT {
            read.extend_from_slice(&piece);
        } else if seen > DRAIN_LIMIT {
            break;
        }
    }
    if seen > BODY_LIMIT { Err(Refusal::payload_too_large()) } else { Ok(read) }
}

async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
        let broken = |_| Refusal::bad_request("INCOMPLETE_BODY", "the body broke off");
        if let Ok(data) = frame.map_err(broken)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}
