//! A client of bare sockets: what can be had here without any load generator, and the way in
//! which the server is told what to do.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::wire::{Account, Windows};

/// The server answers within microseconds, or it is not there.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection, one request at a time.
pub struct Bare {
    stream: TcpStream,
}

impl Bare {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream })
    }

    /// Asks for a path; gives the body of the answer.
    ///
    /// # Errors
    /// When the connection breaks, or what comes is no answer of the server.
    pub fn ask(&mut self, path: &str) -> io::Result<String> {
        self.stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n").as_bytes())?;
        let mut answer = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let length = self.stream.read(&mut buffer)?;
            if length == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            answer.extend_from_slice(&buffer[..length]);
            let text = String::from_utf8_lossy(&answer);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let told = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let told = told.and_then(|length| length.parse::<usize>().ok());
            if body.len() >= told.ok_or(ErrorKind::InvalidData)? {
                return Ok(body.to_string());
            }
        }
    }

    /// The times of so many requests, one each `every`, in nanoseconds.
    ///
    /// # Errors
    /// As `ask`.
    pub fn times(&mut self, path: &str, count: u32, every: Duration) -> io::Result<Vec<f64>> {
        let begin = Instant::now();
        let mut times = Vec::new();
        for k in 0..count {
            let due = begin + every * k;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let sent = Instant::now();
            self.ask(path)?;
            times.push(sent.elapsed().as_nanos() as f64);
        }
        Ok(times)
    }

    /// Lets the server stand still in these windows, or no more.
    ///
    /// # Errors
    /// As `ask`.
    pub fn stall(&mut self, windows: Option<Windows>) -> io::Result<()> {
        let [first, lasting, every] = match windows {
            Some(Windows { first, lasting, every }) => [first, lasting, every],
            None => [Duration::ZERO; 3],
        }
        .map(|time| time.as_nanos());
        self.ask(&format!("/stall/{first}/{lasting}/{every}")).map(drop)
    }

    /// How the server fared since it was last asked.
    ///
    /// # Errors
    /// As `ask`.
    pub fn account(&mut self) -> io::Result<Account> {
        let text = self.ask("/report")?;
        Account::read(&text).ok_or_else(|| ErrorKind::InvalidData.into())
    }
}
