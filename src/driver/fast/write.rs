//! A request between its two forms: what the rest of the driver works with, and HTTP/1.1 text.

use std::io::Write as _;

use hyper::body::Bytes;
use reqwest::Method;
use reqwest::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::driver::exemplar;
use crate::driver::failure::Broken;
use crate::driver::request::Outgoing;
use crate::plan::{Origin, WirePlan};
use crate::sample::Failure;

/// Headers of a request that are not the step's.
const OWN: [&str; 2] = ["host", "content-length"];

/// Writes a request as HTTP/1.1 (RFC 9112 section 3).
pub(crate) fn request(outgoing: &Outgoing) -> Vec<u8> {
    let Outgoing { method, url, headers, body, .. } = outgoing;
    let mut out = Vec::with_capacity(256 + body.len());
    // Writing into a Vec cannot fail.
    let _ = write!(out, "{method} {} HTTP/1.1\r\n", exemplar::request_target(url));
    if !headers.contains_key(HOST) {
        let _ = write!(out, "host: {}\r\n", exemplar::authority(url));
    }
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    let told = !body.is_empty() || [Method::POST, Method::PUT, Method::PATCH].contains(method);
    if told && !headers.contains_key("content-length") {
        let _ = write!(out, "content-length: {}\r\n", body.len());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

/// Reads a request back that was written from its prepared form.
///
/// # Errors
/// None that a prepared request can have.
pub(crate) fn outgoing(wire: &WirePlan, method: &str, bytes: &[u8]) -> Result<Outgoing, Broken> {
    let odd = |what: &str| Broken::new(Failure::Protocol, format!("the request is odd: {what}"));
    let mut headers = vec![httparse::EMPTY_HEADER; bytes.iter().filter(|b| **b == b'\n').count()];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Err(odd("it has no end")),
        Err(error) => return Err(odd(&error.to_string())),
    };
    let url = url(&wire.origin, parsed.path.unwrap_or("/")).map_err(|error| odd(&error))?;
    let mut fields = HeaderMap::with_capacity(parsed.headers.len());
    for header in parsed.headers.iter().filter(|header| !OWN.contains(&header.name)) {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let value = HeaderValue::from_bytes(header.value);
        if let (Ok(name), Ok(value)) = (name, value) {
            fields.append(name, value);
        }
    }
    Ok(Outgoing {
        method: Method::from_bytes(method.as_bytes()).unwrap_or_default(),
        url,
        headers: fields,
        cookies: Vec::new(),
        body: Bytes::copy_from_slice(&bytes[head..]),
    })
}

fn url(origin: &Origin, target: &str) -> Result<Url, String> {
    let scheme = if origin.tls { "https" } else { "http" };
    let text = format!("{scheme}://{}{target}", origin.authority());
    Url::parse(&text).map_err(|error| error.to_string())
}

/// Method and target of a request that was written out.
pub(crate) fn line(request: &[u8]) -> &str {
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = std::str::from_utf8(line).unwrap_or_default();
    line.rsplit_once(' ').map_or(line, |(line, _version)| line)
}
