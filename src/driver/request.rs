//! Makes the request that a step asks for: its templates written out, its body encoded.

use std::mem;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use rand::Rng;
use reqwest::Method;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::{Url, form_urlencoded};

use super::failure::Broken;
use super::show;
use crate::plan::{BodyPlan, DEFAULT_HEADERS, HttpPlan, PartPlan, Scope, Template};
use crate::sample::Failure;

/// A request ready to go out; cookies are added for each URL it goes to.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    /// The step's own cookies.
    pub(super) cookies: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// Writes out all templates of a step.
///
/// Fails with `Missing` for a value that is not there, and with `Protocol` for what cannot be
/// put into an HTTP request.
pub(super) fn outgoing(step: &HttpPlan, scope: &mut Scope<'_>) -> Result<Outgoing, Broken> {
    let mut writer = Writer { scope, text: String::new() };
    let method = Method::from_bytes(step.method.as_bytes())
        .map_err(|_| unsendable(format!("`{}` is no method", step.method)))?;
    let mut url = writer.url(step)?;
    let mut headers = HeaderMap::with_capacity(step.headers.len() + 5);
    if let Some(value) = take_user(&mut url)? {
        headers.insert(header::AUTHORIZATION, value);
    }
    for (name, template) in &step.headers {
        let value = writer.write(template, || format!("the header `{name}`"))?;
        headers.insert(header_name(name)?, header_value(name, value)?);
    }
    if let Some((user, password)) = &step.basic {
        let user = writer.write(user, || "the user of `auth`".into())?.to_string();
        let password = writer.write(password, || "the password of `auth`".into())?;
        headers.insert(header::AUTHORIZATION, basic(&user, password)?);
    }
    let mut cookies = Vec::with_capacity(step.cookies.len());
    for (name, template) in &step.cookies {
        let value = writer.write(template, || format!("the cookie `{name}`"))?;
        cookies.push((name.clone(), value.to_string()));
    }
    let body = writer.body(&step.body, &mut headers)?;
    for (name, value) in DEFAULT_HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    Ok(Outgoing { method, url, headers, cookies, body })
}

/// Takes user and password out of a URL: they belong into a header.
fn take_user(url: &mut Url) -> Result<Option<HeaderValue>, Broken> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| {
        // Of the two decoders for percent signs this is the one at hand; it takes `+` for a space.
        let pair = format!("x={}", text.replace('+', "%2B"));
        let value = form_urlencoded::parse(pair.as_bytes()).next();
        value.map_or(String::new(), |(_, value)| value.into_owned())
    };
    let value = basic(&decoded(url.username()), &decoded(url.password().unwrap_or("")))?;
    // Neither can fail for a URL with a host, and one of HTTP has a host.
    let _ = (url.set_username(""), url.set_password(None));
    Ok(Some(value))
}

fn basic(user: &str, password: &str) -> Result<HeaderValue, Broken> {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    header_value("authorization", &format!("Basic {encoded}"))
}

/// Something that HTTP has no way to send.
fn unsendable(what: String) -> Broken {
    Broken::new(Failure::Protocol, format!("the request cannot be sent: {what}"))
}

fn header_name(name: &str) -> Result<HeaderName, Broken> {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    parsed
        .map_err(|_| unsendable(format!("`{}` is no name of a header", show::visible(name, false))))
}

pub(super) fn header_value(name: &str, value: &str) -> Result<HeaderValue, Broken> {
    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
        unsendable(format!("the header `{name}` has a control character, such as a line break"))
    })
}

struct Writer<'w, 's> {
    scope: &'w mut Scope<'s>,
    text: String,
}

impl Writer<'_, '_> {
    /// A template written out; `role` says what it is needed for.
    fn write(
        &mut self,
        template: &Template,
        role: impl FnOnce() -> String,
    ) -> Result<&str, Broken> {
        self.text.clear();
        match template.render(self.scope, &mut self.text) {
            Ok(()) => Ok(&self.text),
            Err(missing) => {
                let message = format!("{} cannot be made: {missing}", role());
                Err(Broken::new(Failure::Missing, message))
            }
        }
    }

    fn url(&mut self, step: &HttpPlan) -> Result<Url, Broken> {
        let text = self.write(&step.url, || "the URL".into())?;
        let mut url = Url::parse(text).map_err(|error| {
            unsendable(format!("`{}` is no URL: {error}", show::visible(text, false)))
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(unsendable(format!("`{url}` is neither `http:` nor `https:`")));
        }
        if !step.query.is_empty() {
            for (name, template) in &step.query {
                let value = self.write(template, || format!("the query parameter `{name}`"))?;
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        Ok(url)
    }

    fn body(&mut self, body: &BodyPlan, headers: &mut HeaderMap) -> Result<Bytes, Broken> {
        let role = || "the body".into();
        let (kind, bytes) = match body {
            BodyPlan::None => return Ok(Bytes::new()),
            BodyPlan::Json(template) => {
                self.write(template, role)?;
                ("application/json", mem::take(&mut self.text).into())
            }
            BodyPlan::Text(template) => {
                self.write(template, role)?;
                ("text/plain; charset=utf-8", mem::take(&mut self.text).into())
            }
            BodyPlan::Form(fields) => {
                let mut pairs = form_urlencoded::Serializer::new(String::new());
                for (name, template) in fields {
                    let value = self.write(template, || format!("the field `{name}`"))?;
                    pairs.append_pair(name, value);
                }
                ("application/x-www-form-urlencoded", pairs.finish().into())
            }
            BodyPlan::Bytes(bytes) => {
                ("application/octet-stream", Bytes::from_owner(Shared(bytes.clone())))
            }
            BodyPlan::Multipart(fields) => {
                let boundary = format!("taster-{:016x}", self.scope.random.next_u64());
                let bytes = self.multipart(fields, &boundary)?;
                let kind = format!("multipart/form-data; boundary={boundary}");
                // Without this boundary nobody could read the body, whatever the step says.
                headers.insert(header::CONTENT_TYPE, header_value("content-type", &kind)?);
                return Ok(bytes.into());
            }
        };
        headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
        Ok(bytes)
    }

    /// RFC 7578, with names escaped as browsers do.
    fn multipart(
        &mut self,
        fields: &[(String, PartPlan)],
        boundary: &str,
    ) -> Result<Vec<u8>, Broken> {
        let mut out = Vec::new();
        for (name, part) in fields {
            let disposition = format!("form-data; name=\"{}\"", escaped(name));
            out.extend(format!("--{boundary}\r\ncontent-disposition: {disposition}").bytes());
            match part {
                PartPlan::Text(template) => {
                    let value = self.write(template, || format!("the field `{name}`"))?;
                    out.extend(b"\r\n\r\n");
                    out.extend(value.bytes());
                }
                PartPlan::File(bytes, file, kind) => {
                    let kind = header_value("content-type", kind)?;
                    out.extend(format!("; filename=\"{}\"", escaped(file)).bytes());
                    out.extend(b"\r\ncontent-type: ");
                    out.extend(kind.as_bytes());
                    out.extend(b"\r\n\r\n");
                    out.extend(bytes.iter());
                }
            }
            out.extend(b"\r\n");
        }
        out.extend(format!("--{boundary}--\r\n").bytes());
        Ok(out)
    }
}

fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A file's bytes, sent without being copied.
struct Shared(Arc<[u8]>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
