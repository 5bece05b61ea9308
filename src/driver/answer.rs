//! Is what came back: status, headers, body; text and JSON are only made when asked for.

use std::borrow::Cow;
use std::cell::OnceCell;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Version};
use serde_json::Value;
use url::Url;

use super::fast::{Flight, HEADERS};
use super::show::Words;

/// One answer, complete.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) version: Version,
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Decoded.
    pub(super) body: Vec<u8>,
    /// Where it came from in the end.
    pub(super) url: Url,
    json: OnceCell<serde_json::Result<Value>>,
}

impl Answer {
    pub(super) fn new(parts: (Version, StatusCode, HeaderMap), url: Url) -> Self {
        let (version, status, headers) = parts;
        Answer { version, status, headers, body: Vec::new(), url, json: OnceCell::new() }
    }

    /// The answer of the fast lane, as far as it came; none before its head was whole.
    pub(super) fn of(flight: &Flight, url: Url) -> Option<Self> {
        let head = flight.framing.head()?;
        let (bytes, body) = flight.framing.parts(flight.buffer.as_ref()?);
        let mut fields = [httparse::EMPTY_HEADER; HEADERS];
        let mut response = httparse::Response::new(&mut fields);
        response.parse(bytes).ok()?;
        let mut headers = HeaderMap::with_capacity(response.headers.len());
        for field in response.headers.iter() {
            let name = HeaderName::from_bytes(field.name.as_bytes());
            let value = HeaderValue::from_bytes(field.value);
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.append(name, value);
            }
        }
        let version = if head.minor == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
        let status = StatusCode::from_u16(head.status).ok()?;
        let mut answer = Answer::new((version, status, headers), url);
        answer.body = body.to_vec();
        Some(answer)
    }

    /// The body as text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.payload())
    }

    /// The body as JSON; else why it is none.
    pub(super) fn json(&self) -> Result<&Value, &serde_json::Error> {
        self.json.get_or_init(|| serde_json::from_slice(self.payload())).as_ref()
    }

    /// Why the body is no JSON.
    pub(super) fn no_json(&self, error: &serde_json::Error, words: Words<'_>) -> String {
        if self.is_blank() {
            return "the body is empty".to_string();
        }
        let begins = words.beginning(&self.text());
        format!("the body is not JSON ({error}); it begins `{begins}`")
    }

    /// The values of a header, as one text.
    pub(super) fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values =
            self.headers.get_all(name).iter().map(reqwest::header::HeaderValue::as_bytes);
        let first = String::from_utf8_lossy(values.next()?);
        Some(values.fold(first, |all, more| {
            Cow::Owned(format!("{all}, {}", String::from_utf8_lossy(more)))
        }))
    }

    /// What kind of page the body is, if it is one where JSON was wanted.
    pub(super) fn page(&self) -> Option<&'static str> {
        let body = self.payload().trim_ascii_start();
        if body.is_empty() {
            return None;
        }
        let begins = |with: &str| {
            body.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with.as_bytes()))
        };
        let html = self.headers.get(CONTENT_TYPE).is_some_and(|value| {
            let value = value.as_bytes();
            value.get(..9).is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/html"))
        });
        if body[0] == b'<' {
            let xml = begins("<?xml") && !html;
            return Some(if xml { "XML" } else { "HTML" });
        }
        // JSON under a wrong content type is still JSON.
        (html && self.json().is_err()).then_some("HTML")
    }

    /// `404 Not Found`
    pub(super) fn status_line(&self) -> String {
        match self.status.canonical_reason() {
            Some(reason) => format!("{} {reason}", self.status.as_u16()),
            None => self.status.as_u16().to_string(),
        }
    }

    /// `; the body begins ...`, for the end of a message.
    pub(super) fn glimpse(&self, words: Words<'_>) -> String {
        if self.is_blank() {
            return "; the body is empty".into();
        }
        format!("; the body begins `{}`", words.beginning(&self.text()))
    }

    fn is_blank(&self) -> bool {
        self.payload().iter().all(u8::is_ascii_whitespace)
    }

    /// The body without a byte order mark.
    fn payload(&self) -> &[u8] {
        self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body)
    }
}
