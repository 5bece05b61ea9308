//! TLS: who is trusted, and what is said of those who are not.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use taster::driver::{Client, DriverError, Identity};
use taster::plan::LaneWish;
use taster::sample::Failure;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::server::{Act, Server, ok, send, serve};
use super::step::*;

/// Who signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("works in a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("works in a test");
        let pem = params.self_signed(&key).expect("works in a test").pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// A server of this name.
    pub fn config(&self, host: &str) -> Arc<ServerConfig> {
        let params = CertificateParams::new(vec![host.to_string()]).expect("works in a test");
        let key = KeyPair::generate().expect("works in a test");
        let cert = params.signed_by(&key, &self.issuer).expect("works in a test");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("works in a test");
        let builder = ServerConfig::builder().with_no_client_auth();
        Arc::new(builder.with_single_cert(vec![cert.der().clone()], key).expect("works in a test"))
    }
}

/// Serves HTTP over TLS with what `config` holds at each connection; gives the port.
async fn serve_tls(config: Arc<Mutex<Arc<ServerConfig>>>, last: Act) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("works in a test");
    let port = listener.local_addr().expect("works in a test").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = TlsAcceptor::from(config.lock().expect("works in a test").clone());
            let last = last.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let answers = move |_: &_| vec![Act::Send(ok("")), last.clone()];
                serve(&mut stream, &answers, &Mutex::default()).await;
            });
        }
    });
    port
}

fn session(ca: Option<&str>, insecure: bool) -> Session {
    let mut plan = plan();
    plan.connection.ca_pem = ca.map(|pem| pem.as_bytes().to_vec());
    plan.connection.insecure = insecure;
    let client = Client::new(&Arc::new(plan)).expect("works in a test");
    Session::open(&client, Identity { user: 1, seed: 1 })
}

fn shared(config: Arc<ServerConfig>) -> Arc<Mutex<Arc<ServerConfig>>> {
    Arc::new(Mutex::new(config))
}

#[tokio::test]
async fn only_who_is_trusted_is_spoken_to() {
    let authority = Authority::new();
    let port = serve_tls(shared(authority.config("localhost")), Act::Send(Vec::new())).await;
    let step = get(format!("https://localhost:{port}/"));
    assert_eq!(session(Some(&authority.pem), false).run(&step).await.outcome, Ok(()));
    assert_eq!(session(None, true).run(&step).await.outcome, Ok(()));
    let exchange = session(None, false).run(&step).await;
    assert_eq!(
        wrong(&exchange),
        (
            Failure::Tls,
            format!(
                "the certificate of localhost:{port} is signed by nobody this machine trusts; \
                 name its authority with `http: {{ tls: {{ ca: FILE }} }}`"
            )
            .as_str()
        )
    );
}

#[tokio::test]
async fn a_certificate_of_another_name_is_refused() {
    let authority = Authority::new();
    let port = serve_tls(shared(authority.config("other.test")), Act::Close).await;
    let step = get(format!("https://localhost:{port}/"));
    let exchange = session(Some(&authority.pem), false).run(&step).await;
    let (failure, message) = wrong(&exchange);
    assert_eq!(failure, Failure::Tls);
    let begin = format!("the certificate of localhost:{port} is not valid: ");
    assert!(message.starts_with(&begin), "{message}");
    assert!(message.contains("other.test"), "{message}");
}

#[tokio::test]
async fn a_certificate_that_changes_between_requests_is_noticed() {
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let config = shared(trusted.config("localhost"));
    let port = serve_tls(config.clone(), Act::Close).await;
    let step = get(format!("https://localhost:{port}/"));
    let mut session = session(Some(&trusted.pem), false);
    assert_eq!(session.run(&step).await.outcome, Ok(()));
    *config.lock().unwrap() = stranger.config("localhost");
    // The server ended the first connection; whichever request meets a new one is refused.
    let mut outcome = session.run(&step).await.outcome;
    if outcome == Err(Failure::Reset) {
        outcome = session.run(&step).await.outcome;
    }
    assert_eq!(outcome, Err(Failure::Tls));
}

#[tokio::test]
async fn what_is_not_tls_is_said_to_be_plain() {
    let server = Server::start(|_| send(ok(""))).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let garbage = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await;
        }
    });
    let exchange = session(None, true).run(&get(format!("https://{garbage}/"))).await;
    assert_eq!(
        wrong(&exchange),
        (
            Failure::Tls,
            format!(
                "TLS with {garbage} failed: what it answers is not TLS; is it plain `http://`?"
            )
            .as_str()
        )
    );
    drop(server);
}

#[tokio::test]
async fn a_handshake_that_ends_is_not_a_refused_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 64];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut hello).await;
        }
    });
    let exchange = session(None, true).run(&get(format!("https://{addr}/"))).await;
    assert_eq!(
        wrong(&exchange),
        (Failure::Tls, format!("{addr} closed the connection within the TLS handshake").as_str())
    );
}

#[tokio::test]
async fn the_full_lane_speaks_http2_where_it_is_offered() {
    let authority = Authority::new();
    let mut config = Arc::unwrap_or_clone(authority.config("localhost"));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let stream = acceptor.accept(stream).await.unwrap();
            tokio::spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    if request.uri().path() == "/reset" {
                        respond.send_reset(h2::Reason::INTERNAL_ERROR);
                        continue;
                    }
                    let status = hyper::Response::builder().status(404).body(()).unwrap();
                    let mut body = respond.send_response(status, false).unwrap();
                    body.send_data("gone".into(), true).unwrap();
                }
            });
        }
    });
    let mut plan = plan();
    plan.connection.ca_pem = Some(authority.pem.as_bytes().to_vec());
    plan.connection.lane = LaneWish::Full;
    let client = Client::new(&Arc::new(plan)).expect("works in a test");
    let mut session = Session::open(&client, Identity { user: 1, seed: 1 });
    let exchange = session.run(&get(format!("https://localhost:{port}/x"))).await;
    let exemplar = exchange.exemplar.unwrap();
    assert_eq!(exemplar.failure, Failure::Status(404));
    assert!(exemplar.request.starts_with("GET /x HTTP/2.0\n"), "{}", exemplar.request);
    assert_eq!(exemplar.response.unwrap(), "HTTP/2.0 404 Not Found\n\ngone");
    let exchange = session.run(&get(format!("https://localhost:{port}/reset"))).await;
    let (failure, message) = wrong(&exchange);
    assert_eq!(failure, Failure::Reset);
    assert!(message.starts_with("while waiting for the answer: stream error"), "{message}");
}

#[tokio::test]
async fn an_authority_that_is_none_is_an_error_before_anything_runs() {
    for (pem, cause) in [("", "BEGIN CERTIFICATE"), ("hello", "BEGIN CERTIFICATE")] {
        let mut plan = plan();
        plan.connection.ca_pem = Some(pem.into());
        let error = Client::new(&Arc::new(plan)).unwrap_err();
        assert!(matches!(error, DriverError::Authority { .. }));
        assert!(error.to_string().starts_with("test.yaml: the certificate authority"), "{error}");
        assert!(error.to_string().contains(cause), "{error}");
    }
    let mut plan = plan();
    let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    plan.connection.ca_pem = Some(broken.into());
    let error = Client::new(&Arc::new(plan)).unwrap_err();
    assert!(matches!(error, DriverError::Authority { .. }), "{error}");
}
