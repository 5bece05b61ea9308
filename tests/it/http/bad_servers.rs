//! Servers that do not behave: each ends in its own kind of failure, with its own sentence.

use taster::sample::Failure;
use tokio::net::TcpListener;

use super::server::{Act, Server, json, ok, reply};
use super::step::*;

fn text(bytes: &str) -> Act {
    Act::Send(bytes.as_bytes().to_vec())
}

/// What the server does after a request, the kind of failure, the message.
type Case = (Vec<Act>, Failure, &'static str);

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const TEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";

fn send(bytes: impl Into<Vec<u8>>) -> Vec<Act> {
    vec![Act::Send(bytes.into())]
}

/// Sends this and ends.
fn only(bytes: &str) -> Vec<Act> {
    vec![text(bytes), Act::Close]
}

fn endings() -> Vec<Case> {
    const BEFORE: &str = "the connection ended before an answer came";
    const WITHIN: &str = "the connection ended within the body: 3 bytes came";
    vec![
        (vec![Act::Close], Failure::Reset, BEFORE),
        (vec![Act::Reset], Failure::Reset, BEFORE),
        (only("HTTP/1.1 200"), Failure::Reset, BEFORE),
        (vec![text(TEN), text("abc"), Act::Close], Failure::Reset, WITHIN),
        (vec![text(CHUNKED), text("3\r\nabc\r\n"), Act::Close], Failure::Reset, WITHIN),
    ]
}

fn silences() -> Vec<Case> {
    const NO_BODY: &str = "headers came, but no body within 300ms";
    const PART: &str = "the body did not end within 300ms: 3 bytes came";
    const HALF_A_HEAD: &str = "HTTP/1.1 200 OK\r\n";
    vec![
        (vec![Act::Silence], Failure::Timeout, "no answer within 300ms"),
        (vec![text(HALF_A_HEAD), Act::Silence], Failure::Timeout, "no answer within 300ms"),
        (vec![text(TEN), Act::Silence], Failure::Timeout, NO_BODY),
        (vec![text(TEN), text("abc"), Act::Silence], Failure::Timeout, PART),
        (vec![text(CHUNKED), Act::Forever(Vec::new())], Failure::Timeout, NO_BODY),
    ]
}

fn malformed() -> Vec<Case> {
    const TWICE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab";
    const HUNDRED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n";
    let many = "x: y\r\n".repeat(200);
    let many = format!("HTTP/1.1 200 OK\r\n{many}content-length: 0\r\n\r\n");
    let wide = "y".repeat(900_000);
    let wide = format!("HTTP/1.1 200 OK\r\nx: {wide}\r\ncontent-length: 0\r\n\r\n");
    let no_gzip = [("content-encoding", "gzip")];
    let no_gzip = reply("200 OK", &no_gzip, "{\"id\":1,\"name\":\"x\"}");
    let told = [
        (
            vec![text(CHUNKED), text("zz\r\nabc\r\n"), Act::Close],
            "within the body, after 0 bytes: the body is not HTTP: \
             Invalid chunk size line: missing size digit",
        ),
        (only("hello\r\n\r\n"), "the answer is not HTTP: invalid HTTP version parsed"),
        (
            only("HTTP/1.1 abc OK\r\n\r\n"),
            "the answer is not HTTP: invalid HTTP status-code parsed",
        ),
        (
            only("HTTP/1.1 200 OK\r\nx y\r\n\r\n"),
            "the answer is not HTTP: invalid HTTP header parsed",
        ),
        (only(TWICE), "the answer is not HTTP: invalid content-length parsed"),
        (send(many), "the answer has more headers than can be read"),
        (send(wide), "the answer has more headers than can be read"),
        (
            vec![text(HUNDRED), Act::Bulk(100_000_000)],
            "the body is longer than 1 MB, the limit of `max-body`",
        ),
        (send(no_gzip), "the body is not the gzip that it says it is: invalid gzip header"),
    ];
    told.into_iter().map(|(acts, told)| (acts, Failure::Protocol, told)).collect()
}

fn pages() -> Vec<Case> {
    let page = "<!doctype html>\n<title>502 Bad Gateway</title>";
    let html = |status: &str, body: &str| {
        send(reply(status, &[("content-type", "text/html; charset=utf-8")], body))
    };
    let xml = reply("200 OK", &[], "<?xml version=\"1.0\"?><Error/>");
    let told = [
        (
            html("200 OK", page),
            "HTML where JSON was expected: status 200, \
             the page begins `<!doctype html> <title>502 Bad Gateway</title>`",
        ),
        (
            html("502 Bad Gateway", page),
            "HTML where JSON was expected: status 502, \
             the page begins `<!doctype html> <title>502 Bad Gateway</title>`",
        ),
        (
            html("200 OK", "oops"),
            "HTML where JSON was expected: status 200, the page begins `oops`",
        ),
        (
            send(xml),
            "XML where JSON was expected: status 200, \
             the page begins `<?xml version=\"1.0\"?><Error/>`",
        ),
    ];
    told.into_iter().map(|(acts, told)| (acts, Failure::Html, told)).collect()
}

fn contents() -> Vec<Case> {
    vec![
        (
            send(json("404 Not Found", "{\"error\":\"no\"}")),
            Failure::Status(404),
            "the status is 404 Not Found, not 2xx or 3xx; \
             the body begins `{\"error\":\"no\"}` (1 more check fails)",
        ),
        (
            send(reply("599 Odd", &[], "")),
            Failure::Status(599),
            "the status is 599, not 2xx or 3xx; the body is empty (1 more check fails)",
        ),
        (send(json("200 OK", "")), Failure::Check, "`$.id` cannot hold: the body is empty"),
        (
            send(reply("204 No Content", &[], "")),
            Failure::Check,
            "`$.id` cannot hold: the body is empty",
        ),
        (
            send(json("200 OK", "{\"id\":")),
            Failure::Check,
            "`$.id` cannot hold: the body is not JSON \
             (EOF while parsing a value at line 1 column 6); it begins `{\"id\":`",
        ),
        (
            send(ok("yes")),
            Failure::Check,
            "`$.id` cannot hold: the body is not JSON \
             (expected value at line 1 column 1); it begins `yes`",
        ),
    ]
}

#[tokio::test]
async fn each_bad_server_has_its_own_kind_and_sentence() {
    let mut all = Vec::new();
    let table = [endings(), silences(), malformed(), pages(), contents()].concat();
    for (acts, failure, message) in table {
        let said = acts.clone();
        let server = Server::start(move |_| said.clone()).await;
        let limit = if failure == Failure::Timeout { 300 } else { 10_000 };
        let step = get(server.url("/")).json("$.id", equals(1));
        let exchange = session().run(&step.timeout(limit).max_body(1_000_000)).await;
        let (kind, said) = wrong(&exchange);
        if (kind, said) != (failure, message) {
            all.push(format!("wanted {failure:?}: {message}\nfound  {kind:?}: {said}"));
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
async fn a_reset_within_the_body_is_one() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc";
    let server = Server::start(move |_| vec![text(head), Act::Reset]).await;
    assert_eq!(session().run(&get(server.url("/"))).await.outcome, Err(Failure::Reset));
}

#[tokio::test]
async fn the_timeout_is_over_all_redirects() {
    let server = Server::start(|request| match request.path() {
        "/" => vec![Act::Send(reply("302 Found", &[("location", "/slow")], ""))],
        _ => vec![Act::Silence],
    })
    .await;
    let exchange = session().run(&get(server.url("/")).timeout(300)).await;
    let route = format!("(after 1 redirect, at {})", server.url("/slow"));
    assert_eq!(
        wrong(&exchange),
        (Failure::Timeout, format!("no answer within 300ms {route}").as_str())
    );
}

#[tokio::test]
async fn what_is_odd_and_yet_allowed_is_read() {
    for answer in [
        "HTTP/1.0 200 OK\r\n\r\n1",
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n1",
        "HTTP/1.1 200\r\ncontent-length: 1\r\n\r\n1",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1",
        "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1",
        &format!("{CHUNKED}1;a=b\r\n1\r\n0\r\nx: y\r\n\r\n"),
    ] {
        let acts = only(answer);
        let server = Server::start(move |_| acts.clone()).await;
        let exchange = session().run(&get(server.url("/")).json("$", equals(1))).await;
        assert_eq!(exchange.outcome, Ok(()), "{answer}: {:?}", exchange.exemplar);
    }
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

/// A server that answers the first request of a connection, and ends it at the second.
async fn tired() -> Server {
    Server::start(|request| match request.path() {
        "/first" => vec![Act::Send(ok(""))],
        _ => vec![Act::Close],
    })
    .await
}

#[tokio::test]
async fn a_request_on_a_dead_connection_is_sent_once_more_and_counted() {
    let server = tired().await;
    let mut session = session();
    let first = session.run(&get(server.url("/first"))).await;
    assert_eq!((first.outcome, first.resent), (Ok(()), 0));
    let second = session.run(&get(server.url("/second"))).await;
    assert_eq!((second.outcome, second.resent), (Err(Failure::Reset), 1));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn what_may_not_be_done_twice_is_not_sent_twice() {
    let server = tired().await;
    let mut session = session();
    assert_eq!(session.run(&get(server.url("/first"))).await.outcome, Ok(()));
    let second = session.run(&step("POST", server.url("/second"))).await;
    assert_eq!((second.outcome, second.resent), (Err(Failure::Reset), 0));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_failure_on_a_new_connection_is_not_repeated_behind_the_back() {
    let server = tired().await;
    let only = session().run(&get(server.url("/second"))).await;
    assert_eq!((only.outcome, only.resent), (Err(Failure::Reset), 0));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_ended_meanwhile_is_replaced_before_anything_is_sent() {
    let server = Server::start(|_| vec![Act::Send(ok("")), Act::Close]).await;
    let mut session = session();
    assert_eq!(session.run(&get(server.url("/"))).await.outcome, Ok(()));
    // Long enough for the end of the connection to arrive, whatever else this machine does.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let second = session.run(&step("POST", server.url("/"))).await;
    assert_eq!((second.outcome, second.resent), (Ok(()), 0));
    assert_eq!(server.requests().len(), 2);
}

/// Answers that are split at every byte, with what may stand around them.
#[tokio::test]
async fn an_answer_split_at_every_byte_is_the_same_answer() {
    let whole = [
        json("200 OK", "{\"id\":1}"),
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
          3\r\n{\"i\r\n5;x=y\r\nd\":1}\r\n0\r\nlast: one\r\n\r\n"
            .to_vec(),
    ];
    for answer in whole {
        let split = answer.clone();
        let server = Server::start(move |_| {
            split.iter().map(|byte| Act::Send(vec![*byte])).collect()
        })
        .await;
        let mut session = session();
        for _ in 0..2 {
            let step = get(server.url("/")).json("$.id", equals(1)).capture_json(ID, "$.id");
            let exchange = session.run(&step).await;
            assert_eq!(exchange.outcome, Ok(()), "{:?}", exchange.exemplar);
            assert_eq!(session.get(ID), Some(&serde_json::json!(1)));
        }
    }
}

/// A server that says too little of its length: the answer ends where it said, and what comes
/// after is nobody's answer.
#[tokio::test]
async fn bytes_after_an_answer_are_not_taken_for_the_next_one() {
    let server = Server::start(|_| {
        let two = [json("200 OK", "{\"id\":1}"), json("200 OK", "{\"id\":666}")].concat();
        vec![Act::Send(two)]
    })
    .await;
    let mut session = session();
    for _ in 0..3 {
        let exchange = session.run(&get(server.url("/")).json("$.id", equals(1))).await;
        assert_eq!(exchange.outcome, Ok(()), "{:?}", exchange.exemplar);
    }
}
