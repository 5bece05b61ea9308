//! Tells the kinds of broken exchanges apart by the chain of errors below reqwest's.
//!
//! Only kinds and types are looked at, never a library's wording: wording changes.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::Url;

use super::show;
use crate::sample::Failure;
use crate::units::write_duration;

/// How long a connection may take; a request with a shorter timeout ends sooner.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What broke, and what to tell about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) failure: Failure,
    pub(super) message: String,
}

impl Broken {
    pub(super) fn new(failure: Failure, message: impl Into<String>) -> Self {
        Broken { failure, message: message.into() }
    }
}

/// Where in an exchange it broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The request was sent or being sent; nothing came back.
    Waiting,
    /// So many bytes of the body were there.
    Body(u64),
}

/// What an error of reqwest means.
pub(super) fn classify(error: &reqwest::Error, url: &Url, phase: Phase) -> Broken {
    let chain = Chain::of(error);
    if error.is_connect() || error.is_dns() {
        return connect(error, &chain, url);
    }
    if chain.tls.is_some() {
        return tls(chain.tls, &place(url));
    }
    if error.is_timeout() {
        return Broken::new(Failure::Timeout, format!("{}: timed out", at(phase)));
    }
    if error.is_builder() {
        let words = chain.deepest.unwrap_or_else(|| error.to_string());
        return Broken::new(Failure::Protocol, format!("the request cannot be sent: {words}"));
    }
    if let Some(broken) = http(&chain, phase) {
        return broken;
    }
    if let Some(broken) = io(&chain, phase) {
        return broken;
    }
    let words = chain.deepest.unwrap_or_else(|| error.to_string());
    Broken::new(Failure::Protocol, format!("{}: {words}", at(phase)))
}

/// What the timeout of a step means.
pub(super) fn timeout(limit: Duration, phase: Phase) -> Broken {
    let limit = write_duration(limit);
    let message = match phase {
        Phase::Waiting => format!("no answer within {limit}"),
        Phase::Body(0) => format!("headers came, but no body within {limit}"),
        Phase::Body(bytes) => format!("the body did not end within {limit}: {bytes} bytes came"),
    };
    Broken::new(Failure::Timeout, message)
}

/// The errors below reqwest's, by type.
#[derive(Default)]
struct Chain<'e> {
    tls: Option<&'e rustls::Error>,
    http: Option<&'e hyper::Error>,
    http2: Option<&'e h2::Error>,
    io: Option<&'e io::Error>,
    /// The words of the last error: the most exact ones.
    deepest: Option<String>,
}

impl<'e> Chain<'e> {
    fn of(error: &'e reqwest::Error) -> Self {
        let mut chain = Chain::default();
        let mut next = error.source();
        while let Some(error) = next {
            chain.tls = chain.tls.or(error.downcast_ref());
            chain.http = chain.http.or(error.downcast_ref());
            chain.http2 = chain.http2.or(error.downcast_ref());
            chain.deepest = Some(show::visible(&error.to_string(), false));
            let io = error.downcast_ref::<io::Error>();
            // The innermost one: outer ones only wrap.
            chain.io = io.or(chain.io);
            // `source` of an io::Error leaves out the error that it wraps.
            let wrapped = io.and_then(|io| io.get_ref()).map(|inner| inner as &dyn Error);
            next = wrapped.or_else(|| error.source());
        }
        chain
    }
}

/// No connection came about.
fn connect(error: &reqwest::Error, chain: &Chain<'_>, url: &Url) -> Broken {
    let place = place(url);
    if chain.tls.is_some() {
        return tls(chain.tls, &place);
    }
    if error.is_dns() {
        return no_address(url.host_str().unwrap_or(""));
    }
    if error.is_timeout() {
        return connect_timeout(&place);
    }
    if url.scheme() == "https"
        && let Some(UNEXPECTED_EOF | RESET | io::ErrorKind::BrokenPipe) =
            chain.io.map(io::Error::kind)
    {
        return broke_handshake(&place);
    }
    match chain.io {
        Some(error) => connect_io(error, &place),
        None => {
            let words = chain.deepest.clone().unwrap_or_else(|| error.to_string());
            Broken::new(Failure::Connect, format!("no connection to {place}: {words}"))
        }
    }
}

/// What it means that the system opens no connection to `place`.
pub(super) fn connect_io(error: &io::Error, place: &str) -> Broken {
    let message = match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::ConnectionRefused, _) => {
            format!("connection refused: nothing listens at {place}")
        }
        (io::ErrorKind::AddrNotAvailable, _) => {
            format!("this machine has no free port left for a connection to {place}: {error}")
        }
        (_, Some(TOO_MANY_FILES)) => format!(
            "this machine allows no more open files, so no connection to {place}: \
             raise the limit (`ulimit -n`)"
        ),
        _ => format!("no connection to {place}: {error}"),
    };
    Broken::new(Failure::Connect, show::visible(&message, false))
}

/// No connection came about in time.
pub(super) fn connect_timeout(place: &str) -> Broken {
    let limit = write_duration(CONNECT_TIMEOUT);
    Broken::new(Failure::Connect, format!("no connection to {place} within {limit}"))
}

/// A host that nobody knows.
pub(super) fn no_address(host: &str) -> Broken {
    Broken::new(Failure::Connect, format!("no address is known for `{host}`"))
}

/// What it means that a TLS handshake with `place` failed.
pub(super) fn handshake(error: &io::Error, place: &str) -> Broken {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (inner, error.kind()) {
        (Some(inner), _) => tls(Some(inner), place),
        (None, UNEXPECTED_EOF | RESET | io::ErrorKind::BrokenPipe) => broke_handshake(place),
        (None, _) => {
            let message = format!("TLS with {place} failed: {error}");
            Broken::new(Failure::Tls, show::visible(&message, false))
        }
    }
}

fn broke_handshake(place: &str) -> Broken {
    Broken::new(Failure::Tls, format!("{place} closed the connection within the TLS handshake"))
}

/// What it means that reading or writing failed within an exchange.
pub(super) fn exchange_io(error: &io::Error, phase: Phase) -> Broken {
    let words = show::visible(&error.to_string(), false);
    match error.kind() {
        UNEXPECTED_EOF | RESET | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            Broken::new(Failure::Reset, ended(phase))
        }
        io::ErrorKind::TimedOut => Broken::new(Failure::Timeout, format!("{}: {words}", at(phase))),
        _ => Broken::new(Failure::Reset, format!("{} ({words})", ended(phase))),
    }
}

const UNEXPECTED_EOF: io::ErrorKind = io::ErrorKind::UnexpectedEof;
const RESET: io::ErrorKind = io::ErrorKind::ConnectionReset;
/// EMFILE, the same on all systems that have it.
const TOO_MANY_FILES: i32 = 24;

fn tls(error: Option<&rustls::Error>, place: &str) -> Broken {
    use rustls::Error as Tls;
    let Some(error) = error else {
        return Broken::new(Failure::Tls, format!("TLS with {place} failed"));
    };
    let message = match error {
        Tls::AlertReceived(rustls::AlertDescription::NoApplicationProtocol) => format!(
            "{place} speaks no version of HTTP that was offered; for HTTP/2 say \
             `http: {{ version: 2 }}`"
        ),
        Tls::InvalidMessage(_) => {
            format!("TLS with {place} failed: what it answers is not TLS; is it plain `http://`?")
        }
        Tls::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => format!(
            "the certificate of {place} is signed by nobody this machine trusts; \
             name its authority with `http: {{ tls: {{ ca: FILE }} }}`"
        ),
        Tls::InvalidCertificate(rustls::CertificateError::BadSignature) => format!(
            "the certificate of {place} is not signed by the authority it names: either of them \
             was replaced; name the new authority with `http: {{ tls: {{ ca: FILE }} }}`"
        ),
        Tls::InvalidCertificate(_) => format!("the certificate of {place} is not valid: {error}"),
        _ => format!("TLS with {place} failed: {error}"),
    };
    Broken::new(Failure::Tls, show::visible(&message, false))
}

/// Errors of the HTTP layer itself.
fn http(chain: &Chain<'_>, phase: Phase) -> Option<Broken> {
    if let Some(error) = chain.http2 {
        let ended = error.is_io() || error.is_go_away() || error.is_reset();
        let kind = if ended { Failure::Reset } else { Failure::Protocol };
        let message = format!("{}: {}", at(phase), show::visible(&error.to_string(), false));
        return Some(Broken::new(kind, message));
    }
    let error = chain.http?;
    if error.is_parse_too_large() {
        let message = "the answer has more headers than can be read";
        return Some(Broken::new(Failure::Protocol, message));
    }
    if error.is_parse() {
        let words = show::visible(&error.to_string(), false);
        return Some(Broken::new(Failure::Protocol, format!("the answer is not HTTP: {words}")));
    }
    let closed = error.is_incomplete_message() || error.is_closed() || error.is_canceled();
    closed.then(|| Broken::new(Failure::Reset, ended(phase)))
}

/// Errors of the connection, and of what is read from it.
fn io(chain: &Chain<'_>, phase: Phase) -> Option<Broken> {
    let error = chain.io?;
    let words = chain.deepest.as_deref().unwrap_or("");
    // Without hyper above it, it is the decoder that met the end: of a gzip stream, say.
    let decoding = chain.http.is_none() && phase != Phase::Waiting;
    let broken = match error.kind() {
        _ if decoding => {
            let message = format!("the body does not fit its `content-encoding`: {words}");
            Broken::new(Failure::Protocol, message)
        }
        UNEXPECTED_EOF | RESET => Broken::new(Failure::Reset, ended(phase)),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            Broken::new(Failure::Reset, ended(phase))
        }
        io::ErrorKind::TimedOut => Broken::new(Failure::Timeout, format!("{}: {words}", at(phase))),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            let message = format!("{}: the body is not HTTP: {words}", at(phase));
            Broken::new(Failure::Protocol, message)
        }
        _ => Broken::new(Failure::Reset, format!("{} ({words})", ended(phase))),
    };
    Some(broken)
}

pub(super) fn ended(phase: Phase) -> String {
    match phase {
        Phase::Waiting => "the connection ended before an answer came".into(),
        Phase::Body(bytes) => {
            format!("the connection ended within the body: {bytes} bytes came")
        }
    }
}

pub(super) fn at(phase: Phase) -> String {
    match phase {
        Phase::Waiting => "while waiting for the answer".into(),
        Phase::Body(bytes) => format!("within the body, after {bytes} bytes"),
    }
}

fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or("");
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_string(),
    }
}
