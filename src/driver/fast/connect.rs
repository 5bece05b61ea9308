//! Opens connections: the host's address, TCP, TLS; each of them timed.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::driver::failure::{self, Broken, CONNECT_TIMEOUT};
use crate::plan::Origin;
use crate::sample::{Failure, Phases};

/// How long an address is believed: users that connect together ask once.
const BELIEVED: Duration = Duration::from_secs(60);

/// A connection.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }

    /// Whether it is worth reading: pending where there is nothing for sure.
    pub(crate) fn poll_readable(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Plain(stream) => stream.poll_read_ready(cx),
            // What came may lie decrypted already.
            Stream::Tls(_) => Poll::Ready(Ok(())),
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Plain(_) => Poll::Ready(Ok(())),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }
}

/// The addresses of hosts, and when they were looked up.
type Known = HashMap<String, (Instant, Arc<[IpAddr]>)>;

/// Opens connections for all users of one worker.
pub(crate) struct Connector {
    tls: Option<Arc<rustls::ClientConfig>>,
    known: Mutex<Known>,
}

impl Connector {
    /// With these TLS options; none where no origin needs TLS.
    pub(crate) fn new(tls: Option<Arc<rustls::ClientConfig>>) -> Self {
        Connector { tls, known: Mutex::default() }
    }

    /// A new connection. What its parts took since `stamp` is added to `phases`, and `stamp` is
    /// moved on.
    pub(crate) async fn open(
        &self,
        origin: &Origin,
        (phases, stamp): (&mut Phases, &mut Instant),
    ) -> Result<Stream, Broken> {
        let until = Instant::now() + CONNECT_TIMEOUT;
        let addresses = self.addresses(origin).await?;
        if origin.address.is_none() {
            phases.dns += lap(stamp);
        }
        let tcp = timeout_at(until, tcp(origin.port, &addresses)).await;
        phases.connect += lap(stamp);
        let tcp = match tcp {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(failure::connect_io(&error, &origin.place())),
            Err(_) => return Err(failure::connect_timeout(&origin.place())),
        };
        // Small requests go out at once; a failure here only makes them later.
        let _ = tcp.set_nodelay(true);
        if !origin.tls {
            return Ok(Stream::Plain(tcp));
        }
        let shaken = timeout_at(until, self.handshake(origin, tcp)).await;
        phases.tls += lap(stamp);
        shaken.unwrap_or_else(|_| Err(failure::connect_timeout(&origin.place())))
    }

    async fn handshake(&self, origin: &Origin, tcp: TcpStream) -> Result<Stream, Broken> {
        let no_tls = || Broken::new(Failure::Tls, "TLS is not set up for this origin");
        let config = self.tls.clone().ok_or_else(no_tls)?;
        let name = origin.host.trim_matches(['[', ']']).to_string();
        let name = ServerName::try_from(name)
            .map_err(|error| Broken::new(Failure::Tls, format!("{}: {error}", origin.place())))?;
        match TlsConnector::from(config).connect(name, tcp).await {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(error) => Err(failure::handshake(&error, &origin.place())),
        }
    }

    async fn addresses(&self, origin: &Origin) -> Result<Arc<[IpAddr]>, Broken> {
        if let Some(address) = origin.address {
            return Ok(Arc::new([address]));
        }
        let known = self.lock().get(&origin.host).cloned();
        if let Some((_, addresses)) = known.filter(|(at, _)| at.elapsed() < BELIEVED) {
            return Ok(addresses);
        }
        let found = tokio::net::lookup_host((origin.host.as_str(), origin.port)).await;
        let addresses: Arc<[IpAddr]> = match found {
            Ok(found) => found.map(|address| address.ip()).collect(),
            Err(_) => Arc::new([]),
        };
        if addresses.is_empty() {
            return Err(failure::no_address(&origin.host));
        }
        self.lock().insert(origin.host.clone(), (Instant::now(), addresses.clone()));
        Ok(addresses)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first of the addresses that takes the connection; else the last one's error.
async fn tcp(port: u16, addresses: &[IpAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(SocketAddr::new(*address, port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The time since `stamp`, which is set to now.
fn lap(stamp: &mut Instant) -> Duration {
    let now = Instant::now();
    now.saturating_duration_since(std::mem::replace(stamp, now))
}
