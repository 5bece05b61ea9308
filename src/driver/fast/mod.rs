//! The fast lane: HTTP/1.1 over plain TCP and TLS, written for load.
//!
//! A request is written out into memory that its user keeps, sent by one system call where that
//! is possible, and its answer is read into a buffer that is lent for as long as it is looked at.
//! Each user has its own connections, as a browser has. Everything else HTTP can be is the full
//! lane's.

mod buffer;
mod connect;
mod fields;
mod flight;
mod framing;
mod render;
mod write;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::ReadBuf;

use super::failure::Broken;
use crate::plan::Origin;
use buffer::Pool;
use connect::{Connector, Stream};
pub(super) use flight::Flight;
use flight::Lost;
pub(super) use framing::HEADERS;
pub(super) use render::{Rendered, fixed};
pub(super) use write::{line, outgoing, request};

/// Connections that one user keeps at most.
const KEPT: usize = 6;

/// What the users of one worker share.
pub(super) struct Fast {
    connector: Connector,
    /// Buffers for answers.
    pub(super) pool: Pool,
}

impl Fast {
    /// With these TLS options.
    pub(super) fn new(tls: Option<Arc<rustls::ClientConfig>>) -> Self {
        Fast { connector: Connector::new(tls), pool: Pool::default() }
    }
}

/// The connections of one user.
#[derive(Debug, Default)]
pub(super) struct Lines {
    kept: Vec<(Arc<Origin>, Stream)>,
}

/// What is to be sent.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    /// Where to.
    pub(super) origin: &'a Arc<Origin>,
    /// The request, whole.
    pub(super) bytes: &'a [u8],
    /// Whether it does the same when it is done twice (RFC 9110 section 9.2.2).
    pub(super) idempotent: bool,
}

impl Lines {
    /// Sends a request and reads its answer into `flight`. A kept connection that turns out to be
    /// dead is replaced: at once where that is known beforehand, and after the fact for requests
    /// that may be repeated, which `resent` counts.
    pub(super) async fn exchange(
        &mut self,
        fast: &Fast,
        ask: Ask<'_>,
        (flight, resent): (&mut Flight, &mut u32),
    ) -> Result<(), Broken> {
        if let Some(mut stream) = self.reuse(ask.origin).await {
            match flight.fly(&mut stream, ask.bytes, &fast.pool).await {
                Ok(()) => {
                    self.keep(ask.origin, stream, flight);
                    return Ok(());
                }
                Err(Lost::Dead(_)) if ask.idempotent => {
                    *resent += 1;
                    flight.again();
                }
                Err(Lost::Dead(broken) | Lost::Broken(broken)) => return Err(broken),
            }
        }
        // Rare, and large: in a box it costs a user who waits nothing.
        Box::pin(self.anew(fast, ask, flight)).await
    }

    async fn anew(&mut self, fast: &Fast, ask: Ask<'_>, flight: &mut Flight) -> Result<(), Broken> {
        flight.opening = true;
        let times = (&mut flight.phases, &mut flight.stamp);
        let mut stream = fast.connector.open(ask.origin, times).await?;
        flight.opening = false;
        match flight.fly(&mut stream, ask.bytes, &fast.pool).await {
            Ok(()) => {
                self.keep(ask.origin, stream, flight);
                Ok(())
            }
            Err(Lost::Dead(broken) | Lost::Broken(broken)) => Err(broken),
        }
    }

    /// A kept connection to this origin, if it lives.
    async fn reuse(&mut self, origin: &Origin) -> Option<Stream> {
        let at = self.kept.iter().position(|(kept, _)| **kept == *origin)?;
        let (_, mut stream) = self.kept.swap_remove(at);
        // Nothing may come before something was asked; looking costs no system call.
        let mut unasked = [0; 1];
        let quiet = poll_fn(|cx| {
            let mut room = ReadBuf::new(&mut unasked);
            Poll::Ready(stream.poll_read(cx, &mut room).is_pending())
        });
        quiet.await.then_some(stream)
    }

    fn keep(&mut self, origin: &Arc<Origin>, stream: Stream, flight: &Flight) {
        if !flight.keeps() {
            return;
        }
        if self.kept.len() >= KEPT {
            self.kept.remove(0);
        }
        self.kept.push((origin.clone(), stream));
    }
}
