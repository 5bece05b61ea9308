//! Starts a service by its command, waits until it answers, and ends it with all it started.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::browser::{Guarded, Launch, Program};

/// How often a service that starts is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(20);

/// How long one such question may take.
const ASK: Duration = Duration::from_secs(2);

/// What a command names the port by.
const PORT: &str = "{port}";

/// When a service counts as ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The path that must answer with a status below 400; without one, any answer on `/` will do.
    pub path: Option<String>,
    /// How long it may take.
    pub within: Duration,
}

/// A service that runs; dropping it ends it and all it started, also when Taster is no more.
#[derive(Debug)]
pub struct Service {
    guarded: Guarded,
    /// Where it listens.
    pub url: String,
}

impl Service {
    /// Starts a command of the system's shell, in which `{port}` stands for the port (`PORT` in
    /// its environment is the same), and waits until it answers there.
    ///
    /// # Errors
    /// A sentence that names the command, what became of it, its last words and what to look at.
    pub async fn start(
        launch: &Launch,
        (command, port): (&str, u16),
        ready: &Ready,
    ) -> Result<Self, String> {
        let (file, option) = shell();
        let line = command.replace(PORT, &port.to_string());
        let program = Program {
            file: file.into(),
            args: vec![option.into(), line.into()],
            env: vec![("PORT".to_string(), port.to_string())],
            scratch: None,
        };
        let mut guarded = Guarded::spawn(launch, &program)
            .map_err(|trouble| format!("`{command}` cannot be started: {trouble}"))?;
        let answered = answer(&mut guarded, port, ready).await;
        if let Err(why) = answered {
            let words = guarded.last_words();
            guarded.end().await;
            return Err(match words.is_empty() {
                true => format!("`{command}` {why}; it said nothing"),
                false => format!("`{command}` {why}; its last words: {words}"),
            });
        }
        Ok(Self { guarded, url: format!("http://127.0.0.1:{port}") })
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        self.guarded.is_alive()
    }

    /// The last of what it said.
    pub fn last_words(&self) -> String {
        self.guarded.last_words()
    }

    /// Ends it and all it started, and waits until they are gone.
    pub async fn end(mut self) {
        self.guarded.end().await;
    }
}

fn shell() -> (&'static str, &'static str) {
    if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") }
}

/// Two different ports that nobody listens on just now, the lower first.
///
/// # Errors
/// A sentence, when there are none.
pub fn free_ports() -> Result<(u16, u16), String> {
    let none = |error| format!("there is no free port on this machine: {error}");
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    // Both are held until both are known.
    let (one, other) = (listen().map_err(none)?, listen().map_err(none)?);
    let port = |of: &TcpListener| of.local_addr().map(|address| address.port()).map_err(none);
    let (one, other) = (port(&one)?, port(&other)?);
    Ok((one.min(other), one.max(other)))
}

/// Waits for the first answer that will do.
async fn answer(guarded: &mut Guarded, port: u16, ready: &Ready) -> Result<(), String> {
    let by = Instant::now() + ready.within;
    let path = ready.path.as_deref().unwrap_or("/");
    let mut last = None;
    loop {
        if let Ok(Some(status)) = timeout(ASK, ask(port, path)).await {
            if ready.path.is_none() || status < 400 {
                return Ok(());
            }
            last = Some(status);
        }
        if !guarded.is_alive() {
            return Err("ended before it answered".to_string());
        }
        if Instant::now() >= by {
            let within = ready.within.as_secs_f64();
            return Err(match last {
                Some(status) => format!(
                    "answered {status} on http://127.0.0.1:{port}{path} until {within} s were \
                     over: give the path that tells when it is ready with --ready, or more time \
                     with --ready-within"
                ),
                None => format!(
                    "did not answer on http://127.0.0.1:{port}{path} within {within} s: does it \
                     listen on the port that `{PORT}` stands for? More time: --ready-within"
                ),
            });
        }
        sleep(LOOK).await;
    }
}

/// The status of an answer; none where there is no answer of HTTP.
async fn ask(port: u16, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
    let ask = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 256];
    while answer.len() < 64 {
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => answer.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    status(&answer)
}

/// `HTTP/1.1 204 No Content`.
fn status(answer: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(answer);
    let mut words = text.split_ascii_whitespace();
    words.next().filter(|version| version.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_of_http_has_a_status() {
        assert_eq!(status(b"HTTP/1.1 204 No Content\r\n\r\n"), Some(204));
        assert_eq!(status(b"HTTP/1.0 503\r\n"), Some(503));
        for other in [&b"SSH-2.0-OpenSSH_9.6\r\n"[..], b"", b"HTTP/1.1", b"HTTP/1.1 abc"] {
            assert_eq!(status(other), None);
        }
    }

    #[test]
    fn two_free_ports_are_two() {
        let (lower, higher) = free_ports().expect("this machine has ports");
        assert!(lower > 0 && lower < higher);
    }
}
