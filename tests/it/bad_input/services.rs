//! Services that misbehave on the wire: each is a failure with its own words, and the run ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::http::server::{Act, json, reply, serve};
use crate::http::tls::Authority;
use crate::support::{Sandbox, Service};

const SCENARIO: &str = r#"
name: wire
http: { timeout: 700ms, max-body: 1MB }
tests:
  - name: reads
    steps:
      - step: read
        get: /x
        expect: { status: 200, json: { $.data: { exists: true } } }
"#;

fn text(bytes: impl AsRef<[u8]>) -> Act {
    Act::Send(bytes.as_ref().to_vec())
}

const HUNDRED_MB: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[test]
fn each_way_to_misbehave_is_a_failure_with_its_own_words() {
    let a_megabyte = format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20));
    // What the service does with each request, and what is said.
    let cases: Vec<(&str, Vec<Act>, &[&str])> = vec![
        ("100 MB", vec![text(HUNDRED_MB), Act::Bulk(100_000_000)], &["1 MB", "max-body"]),
        ("no end", vec![text(CHUNKED), Act::Forever(a_megabyte.into())], &["1 MB", "max-body"]),
        (
            "slow, no end",
            vec![text(CHUNKED), Act::Forever(b"1\r\nx\r\n".to_vec())],
            &["the body did not end within 700ms"],
        ),
        ("silence", vec![Act::Silence], &["no answer within 700ms", "hangs"]),
        ("half a body", vec![text(HUNDRED_MB), text("abc"), Act::Silence], &["within 700ms"]),
        ("reset", vec![Act::Reset], &["the connection ended before an answer came"]),
        ("cut", vec![text(HUNDRED_MB), text("abc"), Act::Close], &["ended within the body"]),
        ("garbage", vec![text("garbage\r\n\r\n"), Act::Close], &["the answer is not HTTP"]),
        ("bad length", vec![text("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n")], &["not HTTP"]),
        ("no JSON", vec![text(json("200 OK", "{\"data\": "))], &["JSON", "data"]),
        ("empty", vec![text(json("200 OK", ""))], &["the body is empty"]),
        (
            "not gzip",
            vec![text(reply("200 OK", &[("content-encoding", "gzip")], "plain"))],
            &["content-encoding"],
        ),
        ("not text", vec![text(reply("200 OK", &[], b"{\"data\":\"\xff\xfe\"}"))], &["JSON"]),
    ];
    let mut problems = Vec::new();
    for (what, acts, words) in cases {
        let service = Service::start(move |_| acts.clone());
        let sandbox = Sandbox::with(SCENARIO);
        let outcome = sandbox.run(&["test", "s.yaml", "--target", &service.url, "--out", "out"]);
        let words = [&["FAIL", "s.yaml:", "`reads` failed"], words].concat();
        problems.extend(outcome.misses(1, &words));
        assert!(sandbox.path("out/report.html").is_file(), "{what}: {outcome}");
        let failure = sandbox.json("out/result.json")["tests"][0]["failure"].clone();
        assert!(failure["place"].as_str().is_some_and(|at| at.starts_with("s.yaml:")), "{what}");
        let kept = sandbox.read("out/result.json").len();
        assert!(kept < 100_000, "{what}: {kept} bytes are kept of an answer");
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// A load balancer with one good and one strange certificate: the second connection meets it.
#[test]
fn a_certificate_that_changes_between_requests_is_named() {
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let configs = [trusted.config("localhost"), stranger.config("localhost")];
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a test may have threads");
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let spoken = Arc::new(AtomicUsize::new(0));
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let config = configs[spoken.load(Ordering::SeqCst).min(1)].clone();
            let spoken = spoken.clone();
            tokio::spawn(async move {
                // Whoever only asks whether somebody listens speaks no TLS.
                let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await else { return };
                let answers = move |_: &_| {
                    spoken.fetch_add(1, Ordering::SeqCst);
                    vec![text(json("200 OK", r#"{"data":1}"#)), Act::Close]
                };
                serve(&mut stream, &answers, &Default::default()).await;
            });
        }
    });
    let steps = "{ get: /x, expect: { json: { $.data: 1 } } }";
    let sandbox = Sandbox::with(&format!(
        "name: tls\nhttp: {{ tls: {{ ca: ca.pem }} }}\ntests:\n  - name: twice\n    \
         steps: [{steps}, {{ pause: 200ms }}, {steps}]\n"
    ));
    sandbox.write("ca.pem", &trusted.pem);
    let target = format!("https://localhost:{port}");
    let outcome = sandbox.run(&["test", "s.yaml", "--target", &target, "--out", "out"]);
    outcome.exits(1).says(&[
        "the certificate of localhost",
        "replaced",
        "http: { tls: { ca: FILE } }",
    ]);
    let failure = sandbox.json("out/result.json")["tests"][0]["failure"].clone();
    assert_eq!(failure["kind"], "tls");
    runtime.shutdown_timeout(Duration::ZERO);
}
