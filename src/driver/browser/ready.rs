//! Waits until a driver on this machine is ready to be spoken to.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use super::{Guarded, Trouble};

/// How often a driver is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(5);

/// How long one such question may take.
const ASK: Duration = Duration::from_secs(1);

/// A port that nobody listens on just now.
///
/// # Errors
/// When there is none.
pub(super) async fn free_port() -> Result<u16, Trouble> {
    let none = |error| Trouble::Refused(format!("no free port for a browser's driver: {error}"));
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(none)?;
    Ok(listener.local_addr().map_err(none)?.port())
}

/// Waits until a driver says that it is ready.
///
/// # Errors
/// `Refused` with its last words when it ended, `TimedOut` at the deadline.
pub(super) async fn ready(driver: &mut Guarded, port: u16, by: Instant) -> Result<(), Trouble> {
    loop {
        if let Ok(Some(true)) = timeout(ASK, is_ready(port)).await {
            return Ok(());
        }
        if !driver.is_alive() {
            return Err(Trouble::Refused(driver.obituary()));
        }
        if Instant::now() >= by {
            return Err(Trouble::TimedOut(format!("{} was not ready in time", driver.name())));
        }
        sleep(LOOK).await;
    }
}

async fn is_ready(port: u16) -> Option<bool> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let ask = format!(
        "GET /status HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(ask.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    // Not every driver closes the connection: what is looked for ends the reading.
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        answer.extend_from_slice(&buffer[..read]);
        let text: String = String::from_utf8_lossy(&answer).split_whitespace().collect();
        if text.contains("\"ready\":true") {
            return Some(true);
        }
    }
    Some(false)
}
