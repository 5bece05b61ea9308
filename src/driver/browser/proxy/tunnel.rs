//! Passes on what is no plain request: encrypted connections and websockets.

use std::sync::Arc;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::handshake;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;

use super::body::{Body, whole};
use super::upstream::dial;
use super::{Failed, Shared};

/// `CONNECT host:port`: from then on everything passes untouched.
pub(super) async fn connect(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Failed> {
    let authority = request.uri().authority().ok_or("CONNECT without a host")?.clone();
    let offline = shared.net().offline;
    let dialled = match offline {
        true => Err("offline".into()),
        false => dial(authority.as_str()).await,
    };
    let mut server = match dialled {
        Ok(server) => server,
        Err(failed) => {
            shared.lost().push((authority.host().to_string(), failed.to_string()));
            return Err(failed);
        }
    };
    tokio::spawn(async move {
        if let Ok(browser) = hyper::upgrade::on(request).await {
            let mut browser = TokioIo::new(browser);
            // Ends when either side has had enough.
            let _ = tokio::io::copy_bidirectional(&mut browser, &mut server).await;
        }
    });
    Ok(Response::new(whole("")))
}

/// A request that asks for another protocol, such as a websocket.
pub(super) async fn upgrade(mut request: Request<Incoming>) -> Result<Response<Body>, Failed> {
    let authority = request.uri().authority().ok_or("a request without a host")?.clone();
    let port = authority.port_u16().unwrap_or(80);
    let stream = dial(&format!("{}:{port}", authority.host())).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        let _ = connection.with_upgrades().await;
    });
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut outgoing = Request::new(Empty::<Bytes>::new());
    *outgoing.uri_mut() = path.parse::<Uri>()?;
    outgoing.headers_mut().clone_from(request.headers());
    let mut answer = sender.send_request(outgoing).await?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(answer.map(|body| body.map_err(Failed::from).boxed_unsync()));
    }
    let (server, browser) = (hyper::upgrade::on(&mut answer), hyper::upgrade::on(&mut request));
    tokio::spawn(async move {
        if let (Ok(server), Ok(browser)) = (server.await, browser.await) {
            let (mut server, mut browser) = (TokioIo::new(server), TokioIo::new(browser));
            let _ = tokio::io::copy_bidirectional(&mut browser, &mut server).await;
        }
    });
    let (head, _) = answer.into_parts();
    Ok(Response::from_parts(head, whole("")))
}
