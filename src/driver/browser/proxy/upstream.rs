//! Holds connections to servers, so that a page's requests need no new one each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Failed;

/// At most so many wait for their next request to one server.
const IDLE: usize = 16;

type Sender = SendRequest<Full<Bytes>>;

/// The connections, by authority.
#[derive(Default)]
pub(super) struct Upstream {
    idle: Mutex<HashMap<String, Vec<Sender>>>,
}

impl Upstream {
    /// Sends a request and gives the head of its answer.
    pub(super) async fn send(
        &self,
        authority: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failed> {
        // A server may close an old connection at any time: what may be sent twice is.
        let again = matches!(request.method().as_str(), "GET" | "HEAD" | "OPTIONS");
        if again
            && let Some(mut sender) = self.take(authority)
            && let Ok(answer) = sender.send_request(request.clone()).await
        {
            self.give_back(authority, sender);
            return Ok(answer);
        }
        let mut sender = connect(authority).await?;
        let answer = sender.send_request(request).await.map_err(told)?;
        self.give_back(authority, sender);
        Ok(answer)
    }

    fn take(&self, authority: &str) -> Option<Sender> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle.get_mut(authority)?;
        known.retain(|sender| !sender.is_closed());
        // One whose last answer is still being read is not ready.
        let ready = known.iter().position(Sender::is_ready)?;
        Some(known.swap_remove(ready))
    }

    fn give_back(&self, authority: &str, sender: Sender) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle.entry(authority.to_string()).or_default();
        if known.len() < IDLE {
            known.push(sender);
        }
    }
}

async fn connect(authority: &str) -> Result<Sender, Failed> {
    let stream = dial(authority).await?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(told)?;
    // With upgrades, for websockets; it ends with its sender or the server.
    tokio::spawn(async move {
        let _ = connection.with_upgrades().await;
    });
    Ok(sender)
}

/// Connects to `host:port`.
pub(super) async fn dial(authority: &str) -> Result<TcpStream, Failed> {
    let address = authority.trim_start_matches('[').replace("]:", ":");
    let stream = match authority.starts_with('[') {
        // An IPv6 address in brackets, which only URLs need.
        true => {
            let (host, port) = address.rsplit_once(':').unwrap_or((&address, "80"));
            TcpStream::connect((host, port.parse::<u16>()?)).await
        }
        false => TcpStream::connect(authority).await,
    };
    let stream = stream.map_err(|error| format!("cannot connect to {authority}: {error}"))?;
    let _ = stream.set_nodelay(true);
    Ok(stream)
}

/// hyper's errors have their causes inside.
fn told(error: hyper::Error) -> Failed {
    match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}").into(),
        None => error.to_string().into(),
    }
}
