//! Asks a browser where its websocket is.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::fields::some_text;
use crate::driver::browser::Trouble;

/// The URL of the browser's own websocket.
///
/// # Errors
/// `Gone` when it does not tell, `TimedOut` at the deadline.
pub(super) async fn find(address: &str, by: Instant) -> Result<String, Trouble> {
    let late = || Trouble::TimedOut(format!("no browser answered at {address} in time"));
    let answer = timeout_at(by, ask(address)).await.map_err(|_| late())?;
    let answer = answer.map_err(|error| {
        Trouble::Gone(format!("the browser at {address} does not answer: {error}"))
    })?;
    let url = some_text(&answer, "/webSocketDebuggerUrl");
    url.ok_or_else(|| Trouble::Gone(format!("what answers at {address} is no browser with CDP")))
}

async fn ask(address: &str) -> std::io::Result<Value> {
    let mut stream = TcpStream::connect(address).await?;
    let ask = format!("GET /json/version HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        // It may keep the connection open: the end is where the JSON is whole.
        if stream.read_buf(&mut answer).await? == 0 {
            return Ok(Value::Null);
        }
        let text = String::from_utf8_lossy(&answer);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| serde_json::from_str(body));
        if let Some(Ok(value)) = body {
            return Ok(value);
        }
    }
}
