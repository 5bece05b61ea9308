//! Memory that answers are read into: lent for one exchange, so that a user who waits holds none.

use std::sync::{Mutex, PoisonError};

/// What a new buffer holds; most answers fit.
const SIZE: usize = 16 * 1024;
/// A buffer that grew beyond this is given back to the system.
const KEPT: usize = 1024 * 1024;
/// Buffers kept at most: as many as answers are read at the same time.
const SPARE: usize = 64;

/// Bytes read so far, and room behind them.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    /// All of it is initialised: reading into it costs nothing more.
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    /// What was read.
    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    pub(crate) fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.filled]
    }

    /// Room for more, never none.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.len() {
            let size = (self.bytes.len() * 2).max(SIZE);
            self.bytes.resize(size, 0);
        }
        &mut self.bytes[self.filled..]
    }

    /// So many bytes of the room were filled.
    pub(crate) fn fill(&mut self, bytes: usize) {
        self.filled = (self.filled + bytes).min(self.bytes.len());
    }

    /// Forgets what comes after `length`.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.filled = self.filled.min(length);
    }

    /// Forgets the first `length` bytes.
    pub(crate) fn skip(&mut self, length: usize) {
        let length = length.min(self.filled);
        self.bytes.copy_within(length..self.filled, 0);
        self.filled -= length;
    }
}

/// Buffers of one worker. The lock is never contended: a worker is one thread.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<Buffer>>);

impl Pool {
    /// An empty buffer.
    pub(crate) fn lend(&self) -> Buffer {
        self.lock().pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub(crate) fn take(&self, mut buffer: Buffer) {
        let mut spare = self.lock();
        if spare.len() < SPARE && (1..=KEPT).contains(&buffer.bytes.len()) {
            buffer.filled = 0;
            spare.push(buffer);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Buffer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_grows_when_it_is_full_and_forgets_both_ends() {
        let mut buffer = Buffer::default();
        let room = buffer.room().len();
        buffer.fill(room);
        assert!(!buffer.room().is_empty());
        buffer.filled_mut()[..4].copy_from_slice(b"abcd");
        buffer.truncate(4);
        buffer.skip(1);
        assert_eq!(buffer.filled(), b"bcd");
        buffer.skip(9);
        assert_eq!(buffer.filled(), b"");
    }

    #[test]
    fn a_buffer_is_lent_again_empty_and_a_huge_one_is_not_kept() {
        let pool = Pool::default();
        let mut buffer = pool.lend();
        buffer.room();
        buffer.fill(10);
        pool.take(buffer);
        assert_eq!(pool.lend().filled(), b"");
        let huge = Buffer { bytes: vec![0; KEPT + 1], filled: 0 };
        pool.take(huge);
        assert!(pool.lend().bytes.is_empty());
    }
}
