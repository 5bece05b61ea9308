//! Servers that do not behave: each ends in its own kind of failure, with its own sentence.

use taster::sample::Failure;
use tokio::net::TcpListener;

use super::server::{Act, Server, json, ok, reply};
use super::step::*;

fn text(bytes: &str) -> Act {
    Act::Send(bytes.as_bytes().to_vec())
}

/// Each line: what the server does after a request, the kind of failure, the message.
fn table() -> Vec<(Vec<Act>, Failure, &'static str)> {
    use Act::{Bulk, Close, Forever, Reset, Silence};
    use Failure::{Check, Html, Protocol, Status, Timeout};
    const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    const TEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
    let flood = "x: y\r\n".repeat(200);
    let flood = format!("HTTP/1.1 200 OK\r\n{flood}content-length: 0\r\n\r\n");
    let wide =
        format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(900_000));
    let gzip = reply("200 OK", &[("content-encoding", "gzip")], "{\"id\":1,\"name\":\"x\"}");
    let page = "<!doctype html>\n<title>502 Bad Gateway</title>";
    let html = |status: &str| reply(status, &[("content-type", "text/html; charset=utf-8")], page);
    let xml = reply("200 OK", &[], "<?xml version=\"1.0\"?><Error/>");
    let send = |bytes: Vec<u8>| vec![Act::Send(bytes)];
    vec![
        (vec![Close], Failure::Reset, "the connection ended before an answer came"),
        (vec![Reset], Failure::Reset, "the connection ended before an answer came"),
        (
            vec![text("HTTP/1.1 200"), Close],
            Failure::Reset,
            "the connection ended before an answer came",
        ),
        (
            vec![text(TEN), text("abc"), Close],
            Failure::Reset,
            "the connection ended within the body: 3 bytes came",
        ),
        (
            vec![text(CHUNKED), text("3\r\nabc\r\n"), Close],
            Failure::Reset,
            "the connection ended within the body: 3 bytes came",
        ),
        (
            vec![text(CHUNKED), text("zz\r\nabc\r\n"), Close],
            Protocol,
            "within the body, after 0 bytes: the body is not HTTP: Invalid chunk size line: missing size digit",
        ),
        (
            vec![text("hello\r\n\r\n"), Close],
            Protocol,
            "the answer is not HTTP: invalid HTTP version parsed",
        ),
        (
            vec![text("HTTP/1.1 abc OK\r\n\r\n"), Close],
            Protocol,
            "the answer is not HTTP: invalid HTTP status-code parsed",
        ),
        (
            vec![text("HTTP/1.1 200 OK\r\nx y\r\n\r\n"), Close],
            Protocol,
            "the answer is not HTTP: invalid HTTP header parsed",
        ),
        (
            vec![
                text("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
                Close,
            ],
            Protocol,
            "the answer is not HTTP: invalid content-length parsed",
        ),
        (send(flood.into()), Protocol, "the answer has more headers than can be read"),
        (send(wide.into()), Protocol, "the answer has more headers than can be read"),
        (vec![Silence], Timeout, "no answer within 300ms"),
        (vec![text("HTTP/1.1 200 OK\r\n"), Silence], Timeout, "no answer within 300ms"),
        (vec![text(TEN), Silence], Timeout, "headers came, but no body within 300ms"),
        (
            vec![text(TEN), text("abc"), Silence],
            Timeout,
            "the body did not end within 300ms: 3 bytes came",
        ),
        (
            vec![text(CHUNKED), Forever(b"".to_vec())],
            Timeout,
            "headers came, but no body within 300ms",
        ),
        (
            vec![text("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n"), Bulk(100_000_000)],
            Protocol,
            "the body is longer than 1 MB, the limit of `max-body`",
        ),
        (send(gzip), Protocol, "the body is not the gzip that it says it is: invalid gzip header"),
        (
            send(html("200 OK")),
            Html,
            "HTML where JSON was expected: status 200, the page begins `<!doctype html> <title>502 Bad Gateway</title>`",
        ),
        (
            send(html("502 Bad Gateway")),
            Html,
            "HTML where JSON was expected: status 502, the page begins `<!doctype html> <title>502 Bad Gateway</title>`",
        ),
        (
            send(xml),
            Html,
            "XML where JSON was expected: status 200, the page begins `<?xml version=\"1.0\"?><Error/>`",
        ),
        (
            send(reply("200 OK", &[("content-type", "text/html")], "oops")),
            Html,
            "HTML where JSON was expected: status 200, the page begins `oops`",
        ),
        (
            send(json("404 Not Found", "{\"error\":\"no\"}")),
            Status(404),
            "the status is 404 Not Found, not 2xx or 3xx; the body begins `{\"error\":\"no\"}` (1 more check fails)",
        ),
        (
            send(reply("599 Odd", &[], "")),
            Status(599),
            "the status is 599, not 2xx or 3xx; the body is empty (1 more check fails)",
        ),
        (send(json("200 OK", "")), Check, "$.id: the body is empty"),
        (send(reply("204 No Content", &[], "")), Check, "$.id: the body is empty"),
        (
            send(json("200 OK", "{\"id\":")),
            Check,
            "$.id: the body is not JSON (EOF while parsing a value at line 1 column 6); it begins `{\"id\":`",
        ),
        (
            send(ok("yes")),
            Check,
            "$.id: the body is not JSON (expected value at line 1 column 1); it begins `yes`",
        ),
    ]
}

#[tokio::test]
async fn each_bad_server_has_its_own_kind_and_sentence() {
    let mut all = Vec::new();
    for (acts, failure, message) in table() {
        let said = acts.clone();
        let server = Server::start(move |_| said.clone()).await;
        let limit = if failure == Failure::Timeout { 300 } else { 10_000 };
        let step = get(server.url("/")).json("$.id", equals(1));
        let exchange = session().run(&step.timeout(limit).max_body(1_000_000)).await;
        let (kind, said) = wrong(&exchange);
        if (kind, said) != (failure, message) {
            all.push(format!(
                "{acts:.80?}\n  wanted {failure:?}: {message}\n  found  {kind:?}: {said}"
            ));
        }
        // Nothing is sent twice, whatever happens.
        assert_eq!(server.requests().len(), 1, "{message}");
        assert!(exchange.failed_checks & 0b10 != 0);
        assert!(exchange.bytes_received < 3_000_000);
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[tokio::test]
async fn a_body_that_never_ends_ends_at_the_timeout_or_the_limit() {
    let endless = || {
        let head = "HTTP/1.1 200 OK\r\n\r\n";
        Server::start(move |_| vec![text(head), Act::Forever(vec![b'x'; 1000])])
    };
    let server = endless().await;
    let exchange = session().run(&get(server.url("/")).timeout(300)).await;
    let (failure, message) = wrong(&exchange);
    assert_eq!(failure, Failure::Timeout);
    assert!(message.starts_with("the body did not end within 300ms: "), "{message}");
    let exchange = session().run(&get(server.url("/")).max_body(5_000)).await;
    assert_eq!(
        wrong(&exchange),
        (Failure::Protocol, "the body is longer than 5 kB, the limit of `max-body`")
    );
}

#[tokio::test]
async fn a_body_longer_than_its_content_length_is_cut_there() {
    // The rest is not part of the answer; the connection is not used again.
    let bytes = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n12345";
    let server = Server::always(bytes).await;
    let mut session = session();
    for _ in 0..2 {
        let exchange = session.run(&get(server.url("/")).json("$", equals(12))).await;
        assert_eq!(exchange.outcome, Ok(()), "{:?}", exchange.exemplar);
    }
}

#[tokio::test]
async fn a_refused_connection_names_the_place() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let exchange = session().run(&get(format!("http://{addr}/"))).await;
    assert_eq!(
        wrong(&exchange),
        (Failure::Connect, format!("connection refused: nothing listens at {addr}").as_str())
    );
    assert_eq!((exchange.checks, exchange.failed_checks), (1, 1));
}

#[tokio::test]
async fn an_unknown_host_is_named() {
    let exchange = session().run(&get("http://nowhere.invalid/")).await;
    assert_eq!(wrong(&exchange), (Failure::Connect, "no address is known for `nowhere.invalid`"));
}

#[tokio::test]
async fn a_failure_is_not_repeated_behind_the_back() {
    // The second request meets a connection that the server ends without an answer.
    let server = Server::start(|request| match request.path() {
        "/first" => vec![Act::Send(ok(""))],
        _ => vec![Act::Close],
    })
    .await;
    let mut session = session();
    assert_eq!(session.run(&get(server.url("/first"))).await.outcome, Ok(()));
    assert_eq!(session.run(&get(server.url("/second"))).await.outcome, Err(Failure::Reset));
    assert_eq!(server.requests().len(), 2);
}
