//! Writes a request out as far as that can be done before the run: HTTP/1.1 text with holes
//! (RFC 9112), and the origin it goes to.
//!
//! Whatever is out of the ordinary (a host that is only known while running, a path that a URL
//! parser would change, a multipart body) has no such form and is made the long way.

use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url, form_urlencoded};

use super::{BodyPlan, Expression, HttpPlan, Segment, Spelling, Template};

/// What every request says of itself where its step says nothing.
pub const DEFAULT_HEADERS: [(&str, &str); 3] = [
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br"),
    ("user-agent", concat!("taster/", env!("CARGO_PKG_VERSION"))),
];

/// Headers that change how a request is sent, not only what it says.
const FRAMING: [&str; 8] = [
    "connection",
    "content-length",
    "cookie",
    "expect",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Where connections go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Whether it is `https`.
    pub tls: bool,
    /// The host as a URL has it: a name, or an address with its brackets.
    pub host: String,
    /// The address, where the host is one.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

impl Origin {
    /// The origin of an HTTP URL; none for any other.
    pub fn of(url: &Url) -> Option<Self> {
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let address = match url.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
        };
        let host = url.host_str()?.to_string();
        Some(Origin { tls, host, address, port: url.port_or_known_default()? })
    }

    /// `host:port`, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// As the `host` header has it: the port only where it is not the usual one.
    pub fn authority(&self) -> String {
        match (self.tls, self.port) {
            (false, 80) | (true, 443) => self.host.clone(),
            _ => self.place(),
        }
    }
}

/// A request as far as it can be written out beforehand.
#[derive(Debug, Clone)]
pub struct WirePlan {
    /// Where it goes.
    pub origin: Arc<Origin>,
    /// Request line and headers, in order.
    pub head: Vec<Piece>,
    /// The body.
    pub body: WireBody,
    /// Whether the same request may be sent twice (RFC 9110 section 9.2.2).
    pub idempotent: bool,
}

/// A piece of a head.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// As it is.
    Text(String),
    /// A part of the path: no value in it may begin with a dot after a slash, because URLs give
    /// such segments a meaning.
    Path(Template),
    /// A value of the query, to be URL-encoded.
    Query(Template),
    /// The value of a header: without control characters.
    Value(Template),
    /// User and password, to be written as `Basic` credentials.
    Basic(Template, Template),
}

/// A body, and what ends the head before it.
#[derive(Debug, Clone)]
pub enum WireBody {
    /// Written at the end of the head already.
    Fixed,
    /// Rendered; its length is told before it.
    Rendered(Template),
    /// Pairs to be URL-encoded; their length is told before them.
    Form(Vec<(String, Template)>),
    /// A file's bytes; their length is in the head already.
    Bytes(Arc<[u8]>),
}

/// Whether a method does the same when it is done twice.
pub fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE" | "TRACE")
}

/// The form of a step; none for what has to be made the long way.
pub fn wire(step: &HttpPlan) -> Option<WirePlan> {
    if !step.cookies.is_empty() || !is_token(&step.method) {
        return None;
    }
    let (origin, path) = address(&step.url)?;
    let mut head = Head { pieces: Vec::new() };
    head.text(&format!("{} ", step.method));
    head.pieces.extend(path);
    let asks = step.url.segments.iter().any(|s| matches!(s, Segment::Text(t) if t.contains('?')));
    head.query(&step.query, asks);
    head.text(&format!(" HTTP/1.1\r\nhost: {}\r\n", origin.authority()));
    for (name, value) in headers(step)? {
        head.text(&format!("{name}: "));
        match value {
            Value::Fixed(text) => head.text(&text),
            Value::Rendered(template) => head.pieces.push(Piece::Value(template)),
            Value::Basic(user, password) => head.pieces.push(Piece::Basic(user, password)),
        }
        head.text("\r\n");
    }
    let body = head.body(step);
    let idempotent = is_idempotent(&step.method);
    Some(WirePlan { origin: Arc::new(origin), head: head.pieces, body, idempotent })
}

struct Head {
    pieces: Vec<Piece>,
}

impl Head {
    fn text(&mut self, more: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push_str(more),
            _ => self.pieces.push(Piece::Text(more.to_string())),
        }
    }

    fn query(&mut self, pairs: &[(String, Template)], mut asks: bool) {
        for (name, value) in pairs {
            self.text(if asks { "&" } else { "?" });
            asks = true;
            self.text(&encoded(name));
            self.text("=");
            match value.as_text() {
                Some(text) => self.text(&encoded(text)),
                None => self.pieces.push(Piece::Query(value.clone())),
            }
        }
    }

    fn body(&mut self, step: &HttpPlan) -> WireBody {
        let fixed = |head: &mut Self, text: &str| {
            // A method that has a body says that there is none (RFC 9110 section 8.6).
            let told = !text.is_empty() || matches!(step.method.as_str(), "POST" | "PUT" | "PATCH");
            let length =
                if told { format!("content-length: {}\r\n", text.len()) } else { "".into() };
            head.text(&format!("{length}\r\n{text}"));
            WireBody::Fixed
        };
        match &step.body {
            BodyPlan::Json(body) | BodyPlan::Text(body) => match body.as_text() {
                Some(text) => fixed(self, text),
                None => WireBody::Rendered(body.clone()),
            },
            BodyPlan::Form(pairs) => WireBody::Form(pairs.clone()),
            BodyPlan::Bytes(bytes) => {
                self.text(&format!("content-length: {}\r\n\r\n", bytes.len()));
                WireBody::Bytes(bytes.clone())
            }
            BodyPlan::None | BodyPlan::Multipart(_) => fixed(self, ""),
        }
    }
}

/// URL-encoded, as in a query and a form.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Whether a text may name a method or a header (RFC 9110 section 5.6.2).
fn is_token(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(plain)
}

enum Value {
    Fixed(String),
    Rendered(Template),
    Basic(Template, Template),
}

/// The headers in the order and with the precedence of a request made the long way.
fn headers(step: &HttpPlan) -> Option<Vec<(String, Value)>> {
    let mut all: Vec<(String, Value)> = Vec::new();
    let mut put = |name: &str, value: Value| match all.iter_mut().find(|(held, _)| held == name) {
        Some((_, held)) => *held = value,
        None => all.push((name.to_string(), value)),
    };
    for (name, value) in &step.headers {
        if FRAMING.contains(&name.as_str()) || !is_token(name) {
            return None;
        }
        match value.as_text() {
            Some(text) if !text.bytes().all(is_field_byte) => return None,
            Some(text) => put(name, Value::Fixed(text.to_string())),
            None => put(name, Value::Rendered(value.clone())),
        }
    }
    if let Some((user, password)) = &step.basic {
        put("authorization", Value::Basic(user.clone(), password.clone()));
    }
    let kind = match &step.body {
        BodyPlan::None => None,
        BodyPlan::Json(_) => Some("application/json"),
        BodyPlan::Text(_) => Some("text/plain; charset=utf-8"),
        BodyPlan::Form(_) => Some("application/x-www-form-urlencoded"),
        BodyPlan::Bytes(_) => Some("application/octet-stream"),
        BodyPlan::Multipart(_) => return None,
    };
    let defaults = kind.map(|kind| ("content-type", kind)).into_iter().chain(DEFAULT_HEADERS);
    for (name, value) in defaults {
        if !all.iter().any(|(held, _)| held == name) {
            all.push((name.to_string(), Value::Fixed(value.to_string())));
        }
    }
    Some(all)
}

/// Whether a byte may stand in the value of a header (RFC 9110 section 5.5).
pub fn is_field_byte(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// The origin and the pieces of the path, where a URL parser would leave the path as it is.
fn address(url: &Template) -> Option<(Origin, Vec<Piece>)> {
    let (Segment::Text(first), rest) = url.segments.split_first()? else { return None };
    let scheme = first.find("://")? + 3;
    let path_at = first[scheme..].find(['/', '?', '#']).map(|at| scheme + at);
    if path_at.is_none() && !rest.is_empty() {
        return None;
    }
    // Every value is percent-encoded, so that one letter stands for all of them.
    let sample: Option<String> = url
        .segments
        .iter()
        .map(|segment| match segment {
            Segment::Text(text) => Some(text.as_str()),
            Segment::Hole(Expression::Slot(_) | Expression::Call(_), Spelling::Percent) => {
                Some("x")
            }
            Segment::Hole(..) => None,
        })
        .collect();
    let parsed = Url::parse(&sample?).ok()?;
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
        return None;
    }
    let origin = Origin::of(&parsed)?;
    let (front, path) = first.split_at(path_at.unwrap_or(first.len()));
    let bare = if path.starts_with('/') { "" } else { "/" };
    let written: String = [bare, path]
        .into_iter()
        .map(str::to_string)
        .chain(rest.iter().map(|s| match s {
            Segment::Text(text) => text.clone(),
            Segment::Hole(..) => "x".to_string(),
        }))
        .collect();
    let unchanged = parsed[url::Position::BeforePath..url::Position::AfterQuery] == *written;
    if !unchanged || written.contains("/.") || front.is_empty() {
        return None;
    }
    let mut segments = vec![Segment::Text(format!("{bare}{path}"))];
    segments.extend(rest.iter().cloned());
    let template = Template { segments };
    Some((
        origin,
        vec![match template.as_text() {
            Some(text) => Piece::Text(text.to_string()),
            None => Piece::Path(template),
        }],
    ))
}
