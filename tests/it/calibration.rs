//! The calibration server, spoken to by bare sockets, and the command that measures with it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use taster::calibration::{Server, Stopper};

use crate::support::Sandbox;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 19\r\n\r\n\
                      the truth is known\n";

/// A server in a thread of the test's own.
struct Truth {
    address: SocketAddr,
    stopper: Stopper,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Truth {
    fn start() -> Self {
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port is free");
        let address = server.address().expect("it has an address");
        let stopper = server.stopper();
        let thread = Some(std::thread::spawn(move || server.run()));
        Self { address, stopper, thread }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        // Nothing takes nearly as long; what does hangs.
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout can be set");
        stream
    }

    /// One answer on a connection of its own.
    fn ask(&self, path: &str) -> String {
        let mut stream = self.connect();
        send(&mut stream, &[path]);
        answer(&mut stream)
    }
}

impl Drop for Truth {
    fn drop(&mut self) {
        self.stopper.stop().expect("it can be woken");
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(Ok(())))), "it ends in order: {ended:?}");
    }
}

/// Sends requests in one piece.
fn send(stream: &mut TcpStream, paths: &[&str]) {
    let request = |path: &&str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let requests: String = paths.iter().map(request).collect();
    stream.write_all(requests.as_bytes()).expect("it can be sent");
}

/// Reads one answer, and nothing behind it.
fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error} after {text:?}"));
        text.push(char::from(byte[0]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.and_then(|length| length.parse().ok()) == Some(body.len()) {
            return text;
        }
    }
}

/// Whether anything came that was not read yet.
fn is_answered(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a socket can be asked");
    let seen = stream.peek(&mut [0]);
    stream.set_nonblocking(false).expect("a socket can be asked");
    match seen {
        Ok(length) => length > 0,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => panic!("{error}"),
    }
}

/// The value of a line of the server's account.
fn account(server: &Truth, name: &str) -> u64 {
    let text = server.ask("/report");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    line.unwrap_or_else(|| panic!("`{name}` is not in {text}"))
}

#[test]
fn requests_on_one_connection_are_answered_in_order_and_with_the_same_bytes() {
    let server = Truth::start();
    let mut stream = server.connect();
    for path in ["/now", "/after/1000", "/queue/1000", "/split", "/phases/1000/1000"] {
        send(&mut stream, &[path]);
        assert_eq!(answer(&mut stream), ANSWER, "{path}");
    }
    send(&mut stream, &["/now", "/nonsense", "/now"]);
    assert_eq!(answer(&mut stream), ANSWER);
    assert!(answer(&mut stream).starts_with("HTTP/1.1 404 "));
    assert_eq!(answer(&mut stream), ANSWER);
}

#[test]
fn a_delay_keeps_nobody_else_waiting() {
    let server = Truth::start();
    let (mut slow, mut fast) = (server.connect(), server.connect());
    send(&mut slow, &["/after/30000000000"]);
    send(&mut fast, &["/after/1000000"]);
    assert_eq!(answer(&mut fast), ANSWER);
    assert!(!is_answered(&slow), "half a minute is not over");
}

#[test]
fn a_queue_serves_one_at_a_time_in_the_order_they_came() {
    let server = Truth::start();
    let mut clients = [server.connect(), server.connect(), server.connect()];
    for (client, path) in clients.iter_mut().zip(["/queue/40000000", "/queue/0", "/queue/1000"]) {
        send(client, &[path]);
        // Connections are read in no certain order, so each is there before the next one comes.
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(answer(&mut clients[2]), ANSWER);
    assert!(is_answered(&clients[0]) && is_answered(&clients[1]), "they came before");
}

#[test]
fn the_first_byte_comes_before_the_rest() {
    let server = Truth::start();
    let mut stream = server.connect();
    send(&mut stream, &["/phases/1000000/30000000000"]);
    let first = ANSWER.find("the truth").expect("a body") + 1;
    let mut head = vec![0; first];
    stream.read_exact(&mut head).expect("the head comes");
    assert_eq!(head, ANSWER.as_bytes()[..first]);
    assert!(!is_answered(&stream), "half a minute is not over");
}

#[test]
fn connections_end_in_the_way_that_is_asked_for() {
    let server = Truth::start();
    let mut reset = server.connect();
    send(&mut reset, &["/reset"]);
    let error = reset.read(&mut [0; 9]).expect_err("there is no answer");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let mut half = server.connect();
    send(&mut half, &["/half-close"]);
    let mut all = String::new();
    half.read_to_string(&mut all).expect("the server closes its half in order");
    assert_eq!(all, ANSWER);
    assert_eq!(server.ask("/now"), ANSWER, "others are served as before");
}

#[test]
fn the_account_counts_each_answer_once_and_begins_anew() {
    let server = Truth::start();
    for path in ["/now", "/split", "/phases/1/1", "/after/1", "/half-close", "/nonsense"] {
        server.ask(path);
    }
    assert_eq!(account(&server, "answered"), 6);
    server.ask("/now");
    assert_eq!(account(&server, "answered"), 1);
    assert_eq!(account(&server, "answered"), 0, "asking for it is in no account");
    // Who leaves before the answer is counted as that.
    let mut stream = server.connect();
    send(&mut stream, &["/after/50000000"]);
    drop(stream);
    assert_eq!(server.ask("/after/200000000"), ANSWER);
    assert_eq!(account(&server, "broken"), 1);
}

#[test]
fn a_server_that_stands_still_answers_nobody_until_it_goes_on() {
    let server = Truth::start();
    assert!(server.ask("/stall/0/3000000000/900000000000").contains("it will be so"));
    let mut first = server.connect();
    send(&mut first, &["/now"]);
    assert_eq!(answer(&mut first), ANSWER, "windows are counted from the first request on");
    let (mut waits, mut asks) = (server.connect(), server.connect());
    send(&mut waits, &["/now"]);
    send(&mut asks, &["/report"]);
    // Else both would be answered within microseconds.
    std::thread::sleep(Duration::from_millis(200));
    assert!(!is_answered(&waits) && !is_answered(&asks), "three seconds are not over");
    assert_eq!(answer(&mut waits), ANSWER);
    assert!(answer(&mut asks).contains("answered "));
}

fn rows(text: &str) -> Vec<Value> {
    let rows: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    rows.as_array().expect("a list").clone()
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["name"].as_str().expect("a name")).collect()
}

#[test]
fn odd_ends_are_counted_as_what_they_are() {
    let outcome = Sandbox::new().taster("selftest --quick --only ends --json").exits(0);
    let rows = rows(&outcome.stdout);
    assert_eq!(names(&rows), ["ends reset", "ends half-close", "ends split"]);
    for row in &rows {
        assert_eq!((&row["measured"], &row["verdict"]), (&20.0.into(), &"GOAL".into()), "{row}");
    }
    assert!(rows[0]["note"].as_str().expect("a note").contains("counted as reset"), "{}", rows[0]);
}

#[test]
fn a_selftest_tells_each_row_beside_its_truth() {
    let line = "selftest --quick --json --only stall-20 --only queue --only exponential";
    let outcome = Sandbox::new().taster(line);
    // A machine that runs many tests at a time is no place to hold bounds.
    assert!(matches!(outcome.code, Some(0 | 1 | 4)), "{outcome}");
    let rows = rows(&outcome.stdout);
    let of = |name: &str| {
        let found = rows.iter().find(|row| row["name"] == name);
        found.unwrap_or_else(|| panic!("`{name}` is not in {:?}", names(&rows)))
    };
    let number = |name, field: &str| of(name)[field].as_f64().expect("a number");
    for row in &rows {
        let fields = ["name", "measured", "expected", "difference", "bound", "goal", "unit"];
        assert!(fields.iter().all(|field| row.get(field).is_some()), "{row}");
        let words = ["INFO", "GOAL", "PASS", "FAIL", "INVALID"];
        assert!(words.iter().any(|word| row["verdict"] == *word), "{row}");
    }
    // The wait behind a stall is in the response, and hardly in the service time.
    let ratio = number("stall-20 p95", "measured") / number("stall-20 p95", "expected");
    assert!((0.8..3.0).contains(&ratio), "{ratio}: {outcome}");
    for complete in ["stall-20 requests", "queue requests"] {
        assert_eq!(of(complete)["difference"], 0.0, "{complete}: {outcome}");
    }
    assert!(number("exponential distance", "measured") < 0.9, "{outcome}");
    // However slow a machine is, it makes no time shorter.
    assert_eq!(of("exponential too short")["verdict"], "GOAL", "{outcome}");
    assert!(number("queue error p50", "measured") > -100.0, "{outcome}");
}

#[test]
fn the_table_names_each_row_and_ends_with_a_verdict() {
    let outcome = Sandbox::new().taster("selftest --quick --only ends").exits(0);
    for word in ["check", "measured", "true", "must", "goal", "ends split", "PASS: 3 of 3"] {
        assert!(outcome.stdout.contains(word), "{word}: {outcome}");
    }
    assert!(outcome.stderr.contains("ends: resets"), "{outcome}");
}

#[test]
fn a_check_that_is_not_there_is_told_those_that_are() {
    let outcome = Sandbox::new().taster("selftest --only stall").exits(2);
    outcome.says(&["the checks are floor, constant", "stall-20, stall-600"]);
}

#[test]
fn the_calibration_server_ends_with_whoever_started_it() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["selftest", "--serve"]);
    command.stdin(Stdio::piped());
    let mut server = sandbox.start(command);
    server.wait_until("it listens", |server| server.stdout().contains("listening on http://"));
    let address = server.stdout().trim().replace("listening on http://", "");
    let mut stream = TcpStream::connect(address).expect("it listens");
    send(&mut stream, &["/now"]);
    assert_eq!(answer(&mut stream), ANSWER);
    server.close_stdin();
    server.end().exits(0);
}
