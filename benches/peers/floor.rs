//! The floor: an HTTP client of sixty lines that reads the status and the length, and nothing
//! else. What it costs is what the machine itself costs.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::{JoinSet, LocalSet};

use crate::bench::{Problem, USERS};

/// Asks for `http://ADDRESS/PATH` for a time and tells how many answers came.
///
/// # Errors
/// When an answer is another than 200, or the connection breaks.
pub fn run(runtime: &Runtime, url: &str, time: Duration) -> Result<u64, Problem> {
    let wrong = || Problem::new(format!("not http://ADDRESS/PATH: {url}"));
    let (address, path) =
        url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
    let address: SocketAddr = address.parse().map_err(|_| wrong())?;
    let request: Rc<[u8]> =
        format!("GET /{path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes().into();
    let (done, end) = (Rc::new(Cell::new(0)), Instant::now() + time);
    LocalSet::new().block_on(runtime, async {
        let mut users = JoinSet::new();
        for _ in 0..USERS {
            users.spawn_local(user(address, request.clone(), done.clone(), end));
        }
        while let Some(ended) = users.join_next().await {
            ended.map_err(|error| Problem::new(error.to_string()))??;
        }
        Ok(done.get())
    })
}

async fn user(
    address: SocketAddr,
    request: Rc<[u8]>,
    done: Rc<Cell<u64>>,
    end: Instant,
) -> Result<(), Problem> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = vec![0; 16 * 1024];
    while Instant::now() < end {
        stream.write_all(&request).await?;
        let mut filled = 0;
        while whole(&answer[..filled])?.is_none_or(|length| filled < length) {
            let read = stream.read(&mut answer[filled..]).await?;
            if read == 0 {
                return Err(Problem::new("the server closed the connection".into()));
            }
            filled += read;
        }
        done.set(done.get() + 1);
    }
    Ok(())
}

/// The length of the answer with its head, as soon as the head is there.
fn whole(seen: &[u8]) -> Result<Option<usize>, Problem> {
    let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = &seen[..end];
    if head.get(9..12) != Some(b"200") {
        return Err(Problem::new("the status is not 200".into()));
    }
    let lines = head.split(|byte| *byte == b'\n');
    let name = b"content-length:";
    let value = lines
        .filter(|line| line.len() > name.len())
        .find(|line| line[..name.len()].eq_ignore_ascii_case(name))
        .map(|line| line[name.len()..].trim_ascii());
    let length = value.and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    let length: usize = length.ok_or_else(|| Problem::new("an answer without a length".into()))?;
    Ok(Some(end + 4 + length))
}
