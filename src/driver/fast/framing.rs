//! Finds where an answer ends (HTTP/1.1, RFC 9112), as its bytes come in.
//!
//! Pure: bytes go in, and whether the answer is complete comes out. The body of a chunked answer
//! is moved together in place, so that a complete answer is one head and one body in one buffer.

use std::mem::MaybeUninit;

use super::buffer::Buffer;
use super::fields::{Coding, Fields, chunk_size};

/// Headers that an answer may have: as many as hyper reads.
pub(crate) const HEADERS: usize = 100;
/// Bytes that a head may have, and the trailers of a chunked body.
const HEAD: usize = 400 * 1024;
/// A line that gives the size of a chunk, extensions included.
const CHUNK_LINE: usize = 16 * 1024;

/// How far an answer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It goes on.
    More,
    /// It is complete.
    Done,
}

/// What makes an answer none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// More headers, or longer ones, than can be read.
    TooLarge,
    /// The head is not HTTP; what is wrong with it.
    Head(&'static str),
    /// The body is not what its framing says; what is wrong with it.
    Body(&'static str),
    /// The body is longer than the limit.
    TooLong,
    /// The connection ended first.
    Ended,
}

/// How the end of the body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    /// So many bytes are still to come.
    Length(u64),
    /// Chunks.
    Chunked(Chunk),
    /// The end of the connection ends it.
    Close,
}

/// Where in a chunked body (RFC 9112 section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chunk {
    /// In the line that gives the size of the next one.
    Size,
    /// In its data: so many bytes are still to come.
    Data(u64),
    /// In the line end after its data.
    DataEnd,
    /// In the trailers.
    Trailers,
}

/// What is known of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Head {
    /// The status.
    pub status: u16,
    /// The minor version: 0 or 1.
    pub minor: u8,
    /// Bytes of the head, the empty line included.
    pub length: usize,
    /// It has `content-encoding`.
    pub encoded: bool,
    /// It has `set-cookie`.
    pub sets_cookies: bool,
    /// It has `location`.
    pub located: bool,
    /// Its `content-type` is that of a page.
    pub html: bool,
}

/// Where an answer is in its course.
#[derive(Debug, Clone)]
pub(crate) struct Framing {
    /// A HEAD request: its answer has no body, whatever it says.
    bodiless: bool,
    /// The longest body accepted.
    limit: u64,
    head: Option<Head>,
    body: Body,
    /// What was looked through, and what of it is head and body without framing.
    scanned: usize,
    end: usize,
    /// The peer says, or its framing means, that the connection is not used again.
    closes: bool,
    /// Bytes that came after the answer was complete.
    left_over: bool,
}

impl Framing {
    /// Before the first byte of an answer to a request with this method.
    pub(crate) fn new(method: &str, limit: u64) -> Self {
        Framing {
            bodiless: method == "HEAD",
            limit,
            head: None,
            body: Body::Length(0),
            scanned: 0,
            end: 0,
            closes: false,
            left_over: false,
        }
    }

    /// The longest body accepted.
    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Before the first byte of another answer to the same request.
    pub(crate) fn again(&self) -> Self {
        Framing::new(if self.bodiless { "HEAD" } else { "" }, self.limit)
    }

    /// The head, once it is complete.
    pub(crate) fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Head and body in the buffer, as far as they came.
    pub(crate) fn parts<'b>(&self, buffer: &'b Buffer) -> (&'b [u8], &'b [u8]) {
        let filled = buffer.filled();
        let head = self.head.map_or(0, |head| head.length);
        let end = self.end.clamp(head, filled.len().max(head));
        (filled.get(..head).unwrap_or(filled), filled.get(head..end).unwrap_or(&[]))
    }

    /// Bytes of the body so far.
    pub(crate) fn body_length(&self) -> u64 {
        self.end.saturating_sub(self.head.map_or(0, |head| head.length)) as u64
    }

    /// Whether the connection may carry another request after this answer.
    pub(crate) fn keeps(&self) -> bool {
        !self.closes && !self.left_over
    }

    /// Looks at what came into `buffer` since the last time.
    ///
    /// # Errors
    /// What makes it no answer.
    pub(crate) fn feed(&mut self, buffer: &mut Buffer) -> Result<Progress, Malformed> {
        while self.head.is_none() {
            if !self.read_head(buffer)? {
                return Ok(Progress::More);
            }
        }
        match self.body {
            Body::Length(left) => self.take(left, buffer),
            Body::Close => {
                (self.scanned, self.end) = (buffer.filled().len(), buffer.filled().len());
                self.within_limit(buffer)?;
                Ok(Progress::More)
            }
            Body::Chunked(chunk) => self.chunks(chunk, buffer),
        }
    }

    /// The connection ended: whether that completes the answer.
    ///
    /// # Errors
    /// `Ended` where it does not, or what is wrong with the head that had begun.
    pub(crate) fn close(&mut self, buffer: &mut Buffer) -> Result<(), Malformed> {
        self.closes = true;
        if self.head.is_none() {
            // The last line was not looked at while more of it could come.
            self.parse_head(buffer)?;
        }
        match (self.head, self.body) {
            (Some(_), Body::Close) => Ok(()),
            _ => Err(Malformed::Ended),
        }
    }

    /// Reads the head, or an interim answer, which is dropped. Whether either was there.
    fn read_head(&mut self, buffer: &mut Buffer) -> Result<bool, Malformed> {
        let filled = buffer.filled();
        // A head ends with a line: without one among what is new there is nothing to look for.
        if !filled[self.scanned.min(filled.len())..].contains(&b'\n') {
            self.scanned = filled.len();
            return if filled.len() > HEAD { Err(Malformed::TooLarge) } else { Ok(false) };
        }
        self.parse_head(buffer)
    }

    fn parse_head(&mut self, buffer: &mut Buffer) -> Result<bool, Malformed> {
        let filled = buffer.filled();
        let mut headers = [const { MaybeUninit::uninit() }; HEADERS];
        let mut response = httparse::Response::new(&mut []);
        let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut response,
            filled,
            &mut headers,
        );
        let length = match parsed {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if filled.len() > HEAD => {
                return Err(Malformed::TooLarge);
            }
            Ok(httparse::Status::Partial) => {
                self.scanned = filled.len();
                return Ok(false);
            }
            Err(error) => return Err(malformed(error)),
        };
        let mut head = Head { length, ..Head::default() };
        head.status = response.code.unwrap_or(0);
        if head.status < 100 {
            return Err(Malformed::Head("invalid HTTP status-code parsed"));
        }
        head.minor = response.version.unwrap_or(1);
        if (100..200).contains(&head.status) && head.status != 101 {
            buffer.skip(length);
            self.scanned = 0;
            return Ok(true);
        }
        let fields = Fields::of(response.headers, &mut head)?;
        self.settle(head, &fields)?;
        Ok(true)
    }

    /// How long the body is (RFC 9112 section 6.3).
    fn settle(&mut self, head: Head, fields: &Fields) -> Result<(), Malformed> {
        if head.status == 101 {
            return Err(Malformed::Head("an upgrade that nobody asked for"));
        }
        self.closes = fields.close || (head.minor == 0 && !fields.keep_alive);
        let bodiless = self.bodiless || matches!(head.status, 204 | 304);
        self.body = match (fields.coding, fields.length) {
            _ if bodiless => Body::Length(0),
            (Coding::Chunked, length) => {
                // Whoever gives a length as well may mean another end than we do.
                self.closes |= length.is_some();
                Body::Chunked(Chunk::Size)
            }
            (Coding::Other, _) => Body::Close,
            (Coding::None, Some(length)) => Body::Length(length),
            (Coding::None, None) => Body::Close,
        };
        self.begin(head);
        Ok(())
    }

    fn begin(&mut self, head: Head) {
        (self.scanned, self.end) = (head.length, head.length);
        self.head = Some(head);
    }

    /// Takes a body whose length is known.
    fn take(&mut self, left: u64, buffer: &mut Buffer) -> Result<Progress, Malformed> {
        let new = buffer.filled().len() - self.scanned;
        let taken = left.min(new as u64) as usize;
        self.scanned += taken;
        self.end = self.scanned;
        self.body = Body::Length(left - taken as u64);
        self.within_limit(buffer)?;
        Ok(if taken as u64 == left { self.done(buffer) } else { Progress::More })
    }

    fn done(&mut self, buffer: &Buffer) -> Progress {
        self.left_over = buffer.filled().len() > self.scanned;
        Progress::Done
    }

    fn chunks(&mut self, mut chunk: Chunk, buffer: &mut Buffer) -> Result<Progress, Malformed> {
        loop {
            let new = buffer.filled().len() - self.scanned;
            let next = match chunk {
                Chunk::Size => match self.line(buffer, CHUNK_LINE)? {
                    None => None,
                    Some(line) => match chunk_size(&buffer.filled()[line])? {
                        0 => Some(Chunk::Trailers),
                        size => Some(Chunk::Data(size)),
                    },
                },
                Chunk::Data(left) => {
                    let taken = left.min(new as u64) as usize;
                    let from = self.scanned..self.scanned + taken;
                    buffer.filled_mut().copy_within(from, self.end);
                    (self.scanned, self.end) = (self.scanned + taken, self.end + taken);
                    self.within_limit(buffer)?;
                    match left - taken as u64 {
                        0 => Some(Chunk::DataEnd),
                        left => {
                            chunk = Chunk::Data(left);
                            None
                        }
                    }
                }
                Chunk::DataEnd => match self.line(buffer, 2)? {
                    None => None,
                    Some(line) if line.is_empty() => Some(Chunk::Size),
                    Some(_) => return Err(Malformed::Body("Invalid chunk body CRLF")),
                },
                Chunk::Trailers => match self.line(buffer, HEAD)? {
                    None => None,
                    Some(line) if line.is_empty() => return Ok(self.done(buffer)),
                    Some(_) => Some(Chunk::Trailers),
                },
            };
            match next {
                Some(next) => chunk = next,
                None => {
                    self.compact(buffer);
                    self.body = Body::Chunked(chunk);
                    return Ok(Progress::More);
                }
            }
        }
    }

    /// The next line of a chunked body without its end; none while it is not complete.
    fn line(
        &mut self,
        buffer: &Buffer,
        longest: usize,
    ) -> Result<Option<std::ops::Range<usize>>, Malformed> {
        let rest = &buffer.filled()[self.scanned..];
        let Some(at) = rest.iter().take(longest + 1).position(|byte| *byte == b'\n') else {
            let long = rest.len() > longest;
            return if long { Err(Malformed::Body("a line is too long")) } else { Ok(None) };
        };
        let line = &rest[..at];
        let Some(text) = line.strip_suffix(b"\r") else {
            return Err(Malformed::Body("Invalid chunk size LF"));
        };
        let start = self.scanned;
        self.scanned += at + 1;
        Ok(Some(start..start + text.len()))
    }

    /// Moves what is not looked through yet up to the body, so that framing takes no room.
    fn compact(&mut self, buffer: &mut Buffer) {
        let filled = buffer.filled().len();
        if self.end < self.scanned {
            buffer.filled_mut().copy_within(self.scanned..filled, self.end);
            buffer.truncate(self.end + filled - self.scanned);
            self.scanned = self.end;
        }
    }

    /// Keeps no more of a body than its limit.
    fn within_limit(&mut self, buffer: &mut Buffer) -> Result<(), Malformed> {
        if self.body_length() <= self.limit {
            return Ok(());
        }
        let kept = self.head.map_or(0, |head| head.length) + self.limit as usize;
        self.end = kept;
        buffer.truncate(kept);
        Err(Malformed::TooLong)
    }
}

fn malformed(error: httparse::Error) -> Malformed {
    match error {
        httparse::Error::TooManyHeaders => Malformed::TooLarge,
        httparse::Error::Version => Malformed::Head("invalid HTTP version parsed"),
        httparse::Error::Status => Malformed::Head("invalid HTTP status-code parsed"),
        _ => Malformed::Head("invalid HTTP header parsed"),
    }
}

#[cfg(test)]
mod tests;
