//! Servers on real sockets that answer as each test says, byte by byte, and remember requests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The request line and headers.
    pub head: String,
    /// The bytes after them.
    pub body: Vec<u8>,
}

impl Request {
    /// The request line.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or("")
    }

    /// The path and query.
    pub fn path(&self) -> &str {
        self.line().split(' ').nth(1).unwrap_or("")
    }

    /// A header's value; "" without it.
    pub fn header(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(held, _)| held.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What a server does after it has read a request.
#[derive(Debug, Clone)]
pub enum Act {
    Send(Vec<u8>),
    /// Takes its time.
    Wait(Duration),
    /// Says nothing more, with the connection open.
    Silence,
    /// Ends the connection in good order.
    Close,
    /// Ends it by RST.
    Reset,
    /// Sends the same again and again.
    Forever(Vec<u8>),
    /// Sends so many bytes.
    Bulk(usize),
}

/// Sends this and waits for the next request.
pub fn send(text: impl AsRef<[u8]>) -> Vec<Act> {
    vec![Act::Send(text.as_ref().to_vec())]
}

/// An answer in good order.
pub fn reply(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

pub fn ok(body: &str) -> Vec<u8> {
    reply("200 OK", &[], body)
}

pub fn json(status: &str, body: &str) -> Vec<u8> {
    reply(status, &[("content-type", "application/json")], body)
}

pub type Answers = dyn Fn(&Request) -> Vec<Act> + Send + Sync;

pub struct Server {
    pub addr: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request as `answers` says.
    pub async fn start(answers: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("works in a test");
        let addr = listener.local_addr().expect("works in a test");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (answers, seen) = (Arc::new(answers), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, seen) = (answers.clone(), seen.clone());
                tokio::spawn(async move { serve_tcp(stream, &*answers, &seen).await });
            }
        });
        Server { addr, requests }
    }

    /// Always the same answer.
    pub async fn always(answer: impl AsRef<[u8]>) -> Server {
        let answer = answer.as_ref().to_vec();
        Server::start(move |_| send(&answer)).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("works in a test").clone()
    }

    pub fn last(&self) -> Request {
        self.requests().pop().unwrap_or_default()
    }
}

async fn serve_tcp(mut stream: TcpStream, answers: &Answers, seen: &Mutex<Vec<Request>>) {
    if serve(&mut stream, answers, seen).await {
        stream.set_zero_linger().expect("works in a test");
    }
}

/// Serves one connection; whether it is to be reset.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    answers: &Answers,
    seen: &Mutex<Vec<Request>>,
) -> bool {
    while let Some(request) = read(stream).await {
        let acts = answers(&request);
        seen.lock().expect("works in a test").push(request);
        for act in acts {
            let written = match act {
                Act::Send(bytes) => stream.write_all(&bytes).await,
                Act::Wait(time) => {
                    tokio::time::sleep(time).await;
                    Ok(())
                }
                Act::Silence => {
                    tokio::time::sleep(Duration::from_secs(600)).await;
                    return false;
                }
                Act::Close => {
                    let _ = stream.shutdown().await;
                    return false;
                }
                Act::Reset => return true,
                Act::Forever(bytes) => loop {
                    if let Err(error) = stream.write_all(&bytes).await {
                        break Err(error);
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                },
                Act::Bulk(bytes) => stream.write_all(&vec![b'x'; bytes]).await,
            };
            if written.is_err() || stream.flush().await.is_err() {
                return false;
            }
        }
    }
    false
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut request = Request { head, body: bytes.split_off(end + 4) };
    let length = request.header("content-length").parse().unwrap_or(0);
    while request.body.len() < length {
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        request.body.extend_from_slice(&chunk[..count]);
    }
    Some(request)
}
