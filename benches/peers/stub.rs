//! A server with the same fixed answers as nginx's configuration, for where there is no nginx. It
//! is good enough to see that the program works, and never what ratios are measured against.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::Problem;
use crate::server::CONFIGURATION;

/// Requests larger than this are nobody's here.
const LIMIT: usize = 64 * 1024;

/// The answers and the counters.
struct Stub {
    answers: HashMap<&'static str, (u16, &'static str)>,
    requests: Cell<u64>,
    accepted: Cell<u64>,
    open: Cell<u64>,
    log: RefCell<Option<File>>,
}

/// Serves until the process is ended.
///
/// # Errors
/// When the address is taken or the log cannot be written.
pub fn serve(address: SocketAddr, log: Option<&Path>) -> Result<(), Problem> {
    let log = RefCell::new(log.map(File::create).transpose()?);
    let (requests, accepted, open) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let stub = Rc::new(Stub { answers: answers(), requests, accepted, open, log });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            stub.accepted.set(stub.accepted.get() + 1);
            let stub = stub.clone();
            tokio::task::spawn_local(async move {
                stub.open.set(stub.open.get() + 1);
                // A client that goes away is no matter.
                let _ = stub.talk(stream).await;
                stub.open.set(stub.open.get() - 1);
            });
        }
    })
}

/// The lines `location PATH { return STATUS 'BODY'; }` of the configuration.
fn answers() -> HashMap<&'static str, (u16, &'static str)> {
    let answer = |line: &'static str| {
        let (path, rest) = line.trim().strip_prefix("location ")?.split_once(" { return ")?;
        let (status, body) = rest.split_once(' ')?;
        let body = body.strip_prefix('\'')?.strip_suffix("'; }")?;
        Some((path.trim_start_matches("= "), (status.parse().ok()?, body)))
    };
    CONFIGURATION.lines().filter_map(answer).collect()
}

impl Stub {
    async fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut seen = Vec::new();
        loop {
            let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") else {
                if seen.len() > LIMIT || stream.read_buf(&mut seen).await? == 0 {
                    return Ok(());
                }
                continue;
            };
            let head = String::from_utf8_lossy(&seen[..end]).into_owned();
            let length = header(&head, "content-length").and_then(|value| value.parse().ok());
            let all = end + 4 + length.unwrap_or(0usize).min(LIMIT);
            while seen.len() < all {
                if stream.read_buf(&mut seen).await? == 0 {
                    return Ok(());
                }
            }
            seen.drain(..all);
            let answer = self.answer(&head);
            stream.write_all(answer.as_bytes()).await?;
            if head.contains("HTTP/1.0") {
                return Ok(());
            }
        }
    }

    fn answer(&self, head: &str) -> String {
        self.requests.set(self.requests.get() + 1);
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let path = target.split('?').next().unwrap_or("");
        if path == "/stub_status" {
            let (open, accepted) = (self.open.get(), self.accepted.get());
            let body = format!(
                "Active connections: {open}\nserver accepts handled requests\n \
                 {accepted} {accepted} {} \n",
                self.requests.get()
            );
            return rendered(200, &body);
        }
        let known = self.answers.get(path).or_else(|| self.answers.get("/"));
        let (status, body) = known.copied().unwrap_or((404, "{}"));
        if let Some(log) = self.log.borrow_mut().as_mut() {
            let length = header(head, "content-length").unwrap_or("-");
            let token = header(head, "authorization").unwrap_or("-");
            let _ = writeln!(log, "{method}\t{target}\t{status}\t{length}\t{token}");
        }
        rendered(status, body)
    }
}

fn rendered(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
