//! One request and its answer on one connection.
//!
//! What is known of an exchange lies outside of the future that makes it: when the future is
//! given up at its deadline, what had come stays to be shown.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;
use tokio::time::Instant;

use super::buffer::{Buffer, Pool};
use super::connect::Stream;
use super::framing::{Framing, Malformed, Progress};
use crate::driver::failure::{self, Broken, Phase};
use crate::sample::{Failure, Phases};

/// How one exchange goes.
#[derive(Debug)]
pub(crate) struct Flight {
    /// What came, where anything did.
    pub(crate) buffer: Option<Buffer>,
    /// What it means.
    pub(crate) framing: Framing,
    /// Where the time went.
    pub(crate) phases: Phases,
    /// The time up to here is in `phases`.
    pub(crate) stamp: Instant,
    /// Bytes sent.
    pub(crate) sent: u64,
    /// Bytes received.
    pub(crate) received: u64,
    /// Whether a connection is being opened for it.
    pub(crate) opening: bool,
    /// Whether the request is out.
    written: bool,
}

/// Why an exchange ended without an answer.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The connection ended before a byte of the answer came.
    Dead(Broken),
    /// Anything else.
    Broken(Broken),
}

impl Flight {
    /// Before anything was sent; `method` and `limit` as in `Framing::new`.
    pub(crate) fn new(method: &str, limit: u64, started: Instant) -> Self {
        Flight {
            buffer: None,
            framing: Framing::new(method, limit),
            phases: Phases::default(),
            stamp: started,
            sent: 0,
            received: 0,
            opening: false,
            written: false,
        }
    }

    /// How far it came, for a message.
    pub(crate) fn phase(&self) -> Phase {
        match self.framing.head() {
            None => Phase::Waiting,
            Some(_) => Phase::Body(self.framing.body_length()),
        }
    }

    /// Before the same request is sent once more.
    pub(crate) fn again(&mut self) {
        self.framing = self.framing.again();
        self.buffer = None;
        self.written = false;
    }

    /// The end of what happened, at the time that it broke or was given up.
    pub(crate) fn give_up(&mut self, now: Instant) {
        let left = now.saturating_duration_since(std::mem::replace(&mut self.stamp, now));
        match (self.written, self.received) {
            _ if self.opening => self.phases.connect += left,
            (false, _) => self.phases.send += left,
            (true, 0) => self.phases.wait += left,
            (true, _) => self.phases.receive += left,
        }
    }

    /// Sends `request` and reads the answer to its last byte.
    pub(crate) async fn fly(
        &mut self,
        stream: &mut Stream,
        request: &[u8],
        pool: &Pool,
    ) -> Result<(), Lost> {
        let mut written = 0;
        let flown = poll_fn(|cx| {
            if !self.written {
                match self.write(stream, cx, (request, &mut written)) {
                    Poll::Pending => {}
                    Poll::Ready(Ok(())) => self.out(written),
                    // A server that refuses a long body may have said so before it hung up.
                    Poll::Ready(Err(error)) if written == 0 => return Poll::Ready(Err(error)),
                    Poll::Ready(Err(_)) => self.out(written),
                }
            }
            self.read(stream, cx, pool)
        });
        flown.await.map_err(|error| self.lost(error))
    }

    fn out(&mut self, written: usize) {
        let now = Instant::now();
        self.phases.send += now.saturating_duration_since(std::mem::replace(&mut self.stamp, now));
        self.sent += written as u64;
        self.written = true;
    }

    fn write(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        (request, written): (&[u8], &mut usize),
    ) -> Poll<Result<(), Gone>> {
        while *written < request.len() {
            match stream.poll_write(cx, &request[*written..]) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(Gone::Closed)),
                Poll::Ready(Ok(bytes)) => *written += bytes,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Gone::Io(error))),
            }
        }
        stream.poll_flush(cx).map_err(Gone::Io)
    }

    /// Reads until the answer is complete. A buffer is held only while it holds something.
    fn read(
        &mut self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        pool: &Pool,
    ) -> Poll<Result<(), Gone>> {
        if self.buffer.is_none() && stream.poll_readable(cx).is_pending() {
            return Poll::Pending;
        }
        let mut buffer = self.buffer.take().unwrap_or_else(|| pool.lend());
        let read = self.read_into(&mut buffer, stream, cx);
        if buffer.filled().is_empty() {
            pool.take(buffer);
        } else {
            self.buffer = Some(buffer);
        }
        read
    }

    fn read_into(
        &mut self,
        buffer: &mut Buffer,
        stream: &mut Stream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Gone>> {
        loop {
            let mut room = ReadBuf::new(buffer.room());
            match stream.poll_read(cx, &mut room) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Gone::Io(error))),
                Poll::Ready(Ok(())) => {}
            }
            let bytes = room.filled().len();
            if bytes == 0 {
                return Poll::Ready(self.ended(buffer));
            }
            self.arrived(bytes as u64);
            buffer.fill(bytes);
            match self.framing.feed(buffer) {
                Ok(Progress::More) => {}
                Ok(Progress::Done) => return Poll::Ready(Ok(())),
                Err(malformed) => return Poll::Ready(Err(Gone::Malformed(malformed))),
            }
        }
    }

    fn arrived(&mut self, bytes: u64) {
        let now = Instant::now();
        let took = now.saturating_duration_since(std::mem::replace(&mut self.stamp, now));
        match self.received {
            // An answer that comes before the whole request is out.
            0 if !self.written => self.phases.send += took,
            0 => self.phases.wait += took,
            _ => self.phases.receive += took,
        }
        self.received += bytes;
    }

    /// The connection ended in good order, which may complete the answer.
    fn ended(&mut self, buffer: &mut Buffer) -> Result<(), Gone> {
        match self.framing.close(buffer) {
            Ok(()) => Ok(()),
            Err(Malformed::Ended) => Err(Gone::Closed),
            Err(malformed) => Err(Gone::Malformed(malformed)),
        }
    }

    /// Whether the connection may carry another request.
    pub(crate) fn keeps(&self) -> bool {
        self.written && self.framing.keeps()
    }

    fn lost(&mut self, gone: Gone) -> Lost {
        self.give_up(Instant::now());
        let phase = self.phase();
        let broken = match gone {
            Gone::Malformed(malformed) => return Lost::Broken(malformed.told(phase, self.limit())),
            Gone::Closed => Broken::new(Failure::Reset, failure::ended(phase)),
            Gone::Io(error) => failure::exchange_io(&error, phase),
        };
        if self.received == 0 { Lost::Dead(broken) } else { Lost::Broken(broken) }
    }

    fn limit(&self) -> u64 {
        self.framing.limit()
    }
}

/// Why there is nothing more to read or write.
enum Gone {
    Closed,
    Io(io::Error),
    Malformed(Malformed),
}

impl Malformed {
    fn told(self, phase: Phase, limit: u64) -> Broken {
        let message = match self {
            Malformed::TooLong => return crate::driver::decode::too_long(limit),
            Malformed::Ended => return Broken::new(Failure::Reset, failure::ended(phase)),
            Malformed::TooLarge => "the answer has more headers than can be read".to_string(),
            Malformed::Head(what) => format!("the answer is not HTTP: {what}"),
            Malformed::Body(what) => {
                format!("{}: the body is not HTTP: {what}", failure::at(phase))
            }
        };
        Broken::new(Failure::Protocol, message)
    }
}
