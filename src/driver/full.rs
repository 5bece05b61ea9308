//! The full lane: reqwest, for what the fast lane does not speak: HTTP/2, proxies, odd servers.
//!
//! Phases are told apart at what a connection is made of: the resolver, the connector, the session
//! cache that TLS asks first of all, the body that is taken to be sent.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use hyper::body::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Request, Response, redirect, retry};
use rustls::NamedGroup;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::DriverError;
use super::failure::{CONNECT_TIMEOUT, Phase, classify};
use super::request::Outgoing;
use super::tls;
use crate::plan::{ConnectionPlan, HttpVersion};
use crate::sample::Phases;

/// TLS sessions that are remembered: as many as rustls does.
const SESSIONS: usize = 256;

tokio::task_local! {
    /// The request that the running piece of code works for.
    static STAMPS: Stamps;
}

/// What happened for one request, and when.
#[derive(Debug, Clone, Default)]
struct Stamps(Arc<Mutex<Times>>);

#[derive(Debug, Clone, Copy, Default)]
struct Times {
    dns: Duration,
    connect: Option<Instant>,
    tls: Option<Instant>,
    connected: Option<Instant>,
    sent: Option<Instant>,
}

impl Stamps {
    fn note(&self, write: impl FnOnce(&mut Times)) {
        write(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// For whatever request is being worked for, if any.
    fn here(write: impl FnOnce(&mut Times)) {
        // Connections that nobody waits for any more have nobody to tell.
        let _ = STAMPS.try_with(|stamps| stamps.note(write));
    }
}

impl Times {
    /// The time from `from` to the first byte of the answer, or to where it broke.
    fn phases(&self, from: Instant, first: Instant) -> Phases {
        let mut phases = Phases::default();
        let mut at = from;
        let span = |one: Instant, two: Instant| two.saturating_duration_since(one);
        if let (Some(begun), Some(ended)) = (self.connect, self.connected) {
            phases.dns = self.dns.min(span(begun, ended));
            let secure = self.tls.unwrap_or(ended).clamp(begun, ended);
            phases.connect = span(begun, secure).saturating_sub(phases.dns);
            phases.tls = span(secure, ended);
            phases.send = span(from, begun);
            at = ended.clamp(from, first);
        }
        let sent = self.sent.unwrap_or(at).clamp(at, first);
        phases.send += span(at, sent);
        phases.wait = span(sent, first);
        phases
    }
}

/// Connections of the full lane, shared by all users of one worker.
pub(super) struct Full {
    client: reqwest::Client,
    version: HttpVersion,
}

impl Full {
    /// With a scenario's options.
    ///
    /// # Errors
    /// When its TLS options, its proxy or its protocol cannot be had.
    pub(super) fn new(plan: &ConnectionPlan, file: &str) -> Result<Self, DriverError> {
        let protocols: &[&str] = match plan.version {
            HttpVersion::Auto => &["h2", "http/1.1"],
            HttpVersion::One => &["http/1.1"],
            HttpVersion::Two => &["h2"],
        };
        let mut tls = tls::config(plan, file, protocols)?;
        let cache = Arc::new(ClientSessionMemoryCache::new(SESSIONS));
        tls.resumption = Resumption::store(Arc::new(Sessions(cache)));
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            // Bodies are decoded after the clock has stopped, and their true sizes are counted.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .dns_resolver(Arc::new(Resolver))
            .connector_layer(Connecting)
            .tls_backend_preconfigured(tls);
        match plan.version {
            HttpVersion::Auto => {}
            HttpVersion::One => builder = builder.http1_only(),
            HttpVersion::Two => builder = builder.http2_prior_knowledge(),
        }
        let failed = |error: &reqwest::Error| {
            // The words below reqwest's "builder error".
            let cause = std::error::Error::source(error).map(ToString::to_string);
            let cause = cause.unwrap_or_else(|| error.to_string());
            DriverError::Client { file: file.to_string(), cause }
        };
        if let Some(url) = &plan.proxy {
            builder = builder.proxy(reqwest::Proxy::all(url).map_err(|error| failed(&error))?);
        }
        Ok(Full { client: builder.build().map_err(|error| failed(&error))?, version: plan.version })
    }

    /// What to add where no answer came: a server that was never asked whether it speaks HTTP/2
    /// hangs up, or answers in HTTP/1.1.
    pub(super) fn doubt(&self, url: &reqwest::Url) -> &'static str {
        match self.version {
            HttpVersion::Two if url.scheme() == "http" => {
                "; `http: { version: 2 }` speaks HTTP/2 from the first byte: does this server?"
            }
            _ => "",
        }
    }

    /// The status that a page is answered with; its body is not read.
    ///
    /// # Errors
    /// A few words on why there is no answer.
    pub(super) async fn status(&self, url: &reqwest::Url) -> Result<u16, String> {
        let request = Request::new(reqwest::Method::GET, url.clone());
        match self.client.execute(request).await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) => Err(classify(&error, url, Phase::Waiting).message),
        }
    }

    /// Sends a request and waits for the head of its answer. The time from `from` until then, or
    /// until it broke or was given up, is added to `phases`, and `end` is set to when that was.
    pub(super) async fn send(
        &self,
        outgoing: &Outgoing,
        from: Instant,
        (phases, end): (&mut Phases, &mut Instant),
    ) -> Result<Response, reqwest::Error> {
        let stamps = Stamps::default();
        let mut request = Request::new(outgoing.method.clone(), outgoing.url.clone());
        *request.headers_mut() = outgoing.headers.clone();
        if !outgoing.body.is_empty() {
            let body = Sent { bytes: Some(outgoing.body.clone()), stamps: stamps.clone() };
            *request.body_mut() = Some(reqwest::Body::wrap(body));
        }
        // Told at the end, however it comes: a deadline may end this future first.
        let _told = Told { stamps: stamps.clone(), from, phases, end };
        STAMPS.scope(stamps, self.client.execute(request)).await
    }
}

/// Tells the phases when it goes.
struct Told<'p> {
    stamps: Stamps,
    from: Instant,
    phases: &'p mut Phases,
    end: &'p mut Instant,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        *self.end = Instant::now();
        self.stamps.note(|times| self.phases.add(times.phases(self.from, *self.end)));
    }
}

/// A body that tells when it was taken.
struct Sent {
    bytes: Option<Bytes>,
    stamps: Stamps,
}

impl Body for Sent {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.stamps.note(|times| times.sent = Some(Instant::now()));
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }
}

/// Looks addresses up, and times it.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let begun = Instant::now();
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            Stamps::here(|times| times.dns += begun.elapsed());
            let found: Vec<SocketAddr> = found?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Times the opening of connections.
#[derive(Clone)]
struct Connecting;

impl<S> Layer<S> for Connecting {
    type Service = Connected<S>;

    fn layer(&self, inner: S) -> Connected<S> {
        Connected(inner)
    }
}

#[derive(Clone)]
struct Connected<S>(S);

impl<S, R> Service<R> for Connected<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: 'static,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, to: R) -> Self::Future {
        let opening = self.0.call(to);
        let stamps = STAMPS.try_with(Stamps::clone).unwrap_or_default();
        Box::pin(async move {
            stamps.note(|times| times.connect = Some(Instant::now()));
            let opened = STAMPS.scope(stamps.clone(), opening).await;
            stamps.note(|times| times.connected = Some(Instant::now()));
            opened
        })
    }
}

/// Remembers TLS sessions; it is asked for one when a handshake begins.
#[derive(Debug)]
struct Sessions(Arc<ClientSessionMemoryCache>);

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.0.set_kx_hint(name, group);
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        Stamps::here(|times| times.tls = Some(Instant::now()));
        self.0.kx_hint(name)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.0.set_tls12_session(name, value);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.0.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.0.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.0.insert_tls13_ticket(name, value);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.take_tls13_ticket(name)
    }
}
