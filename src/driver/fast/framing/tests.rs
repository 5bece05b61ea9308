//! Answers whole, in pieces, cut short and made of anything at all.

use proptest::prelude::*;

use super::*;

/// What an answer came to when it arrived in pieces of these sizes, again and again.
fn read(bytes: &[u8], sizes: &[usize], closed: bool) -> Result<(Head, Vec<u8>, bool), Malformed> {
    let mut framing = Framing::new("GET", 1_000);
    let mut buffer = Buffer::default();
    let mut rest = bytes;
    let mut sizes = sizes.iter().copied().cycle();
    let mut progress = Progress::More;
    while progress == Progress::More && !rest.is_empty() {
        let size = sizes.next().unwrap_or(1).clamp(1, rest.len());
        let room = buffer.room();
        let size = size.min(room.len());
        room[..size].copy_from_slice(&rest[..size]);
        buffer.fill(size);
        rest = &rest[size..];
        progress = framing.feed(&mut buffer)?;
    }
    if progress == Progress::More {
        if !closed {
            return Err(Malformed::Ended);
        }
        framing.close(&mut buffer)?;
    }
    let head = *framing.head().expect("a complete answer has a head");
    let keeps = framing.keeps() && rest.is_empty();
    Ok((head, framing.parts(&buffer).1.to_vec(), keeps))
}

fn body(bytes: &str) -> Result<String, Malformed> {
    let whole = read(bytes.as_bytes(), &[usize::MAX], true);
    let split = read(bytes.as_bytes(), &[1], true);
    assert_eq!(whole, split, "split at every byte: {bytes:?}");
    whole.map(|(_, body, _)| String::from_utf8_lossy(&body).into_owned())
}

const OK: &str = "HTTP/1.1 200 OK\r\n";

#[test]
fn a_body_ends_where_its_framing_says() {
    for (rest, wanted) in [
        ("content-length: 3\r\n\r\nabc", "abc"),
        ("Content-Length: 3, 3\r\n\r\nabc", "abc"),
        ("content-length: 0\r\n\r\n", ""),
        ("\r\nuntil the end", "until the end"),
        ("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", "abcde"),
        (
            "Transfer-Encoding: gzip, Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n",
            "0123456789",
        ),
        ("transfer-encoding: gzip\r\n\r\nraw", "raw"),
    ] {
        assert_eq!(body(&format!("{OK}{rest}")), Ok(wanted.to_string()), "{rest:?}");
    }
}

#[test]
fn statuses_and_methods_without_a_body_have_none() {
    for status in ["204 No Content", "304 Not Modified"] {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 5\r\n\r\n");
        assert_eq!(body(&answer), Ok(String::new()));
    }
    let mut framing = Framing::new("HEAD", 10);
    let mut buffer = Buffer::default();
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n";
    buffer.room()[..head.len()].copy_from_slice(head);
    buffer.fill(head.len());
    assert_eq!(framing.feed(&mut buffer), Ok(Progress::Done));
    assert!(framing.keeps());
}

#[test]
fn interim_answers_are_passed_over() {
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
    assert_eq!(body(&format!("{early}{OK}content-length: 2\r\n\r\nok")), Ok("ok".to_string()));
}

#[test]
fn what_is_not_http_is_told_apart() {
    for (answer, wanted) in [
        ("hello\r\n\r\n", Malformed::Head("invalid HTTP version parsed")),
        ("HTTP/1.1 abc OK\r\n\r\n", Malformed::Head("invalid HTTP status-code parsed")),
        ("HTTP/1.1 200 OK\r\nx y\r\n\r\n", Malformed::Head("invalid HTTP header parsed")),
        (
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            Malformed::Head("an upgrade that nobody asked for"),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            Malformed::Head("invalid content-length parsed"),
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            Malformed::Head("invalid content-length parsed"),
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n", Malformed::Ended),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            Malformed::Body("Invalid chunk size line: missing size digit"),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n",
            Malformed::Body("Invalid chunk body CRLF"),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n11111111111111111\r\n",
            Malformed::Body("invalid chunk size: overflow"),
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", Malformed::Ended),
        ("HTTP/1.1 200", Malformed::Ended),
    ] {
        let whole = read(answer.as_bytes(), &[usize::MAX], true).expect_err("it is no answer");
        assert_eq!(whole, wanted, "{answer:?}");
    }
    let many = format!("{OK}{}\r\n", "x: y\r\n".repeat(200));
    assert_eq!(body(&many), Err(Malformed::TooLarge));
    let wide = format!("{OK}x: {}", "y".repeat(HEAD + 1));
    assert_eq!(read(wide.as_bytes(), &[4096], true), Err(Malformed::TooLarge));
}

#[test]
fn a_connection_is_kept_only_after_a_clean_end() {
    let keeps = |answer: &str| read(answer.as_bytes(), &[usize::MAX], false).map(|read| read.2);
    for (answer, kept) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\na", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: Keep-Alive\r\n\r\na", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", false),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 9\r\n\r\n0\r\n\r\n",
            false,
        ),
    ] {
        assert_eq!(keeps(answer), Ok(kept), "{answer:?}");
    }
}

#[test]
fn a_body_over_its_limit_is_cut_there() {
    for framing in ["", "transfer-encoding: chunked\r\n", "content-length: 3000\r\n"] {
        let data = "y".repeat(3_000);
        let chunk =
            if !framing.contains("chunked") { data } else { format!("bb8\r\n{data}\r\n0\r\n\r\n") };
        let answer = format!("{OK}{framing}\r\n{chunk}");
        assert_eq!(read(answer.as_bytes(), &[700], true), Err(Malformed::TooLong));
    }
}

fn chunked(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts.iter().filter(|part| !part.is_empty()) {
        bytes.extend(format!("{:x}\r\n", part.len()).bytes());
        bytes.extend(part);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

proptest! {
    #[test]
    fn pieces_of_any_size_give_the_same_answer(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..8),
        sizes in prop::collection::vec(1_usize..40, 1..10),
        framing in 0..3,
    ) {
        let plain = parts.concat();
        let (field, payload) = match framing {
            0 => (format!("content-length: {}\r\n", plain.len()), plain.clone()),
            1 => ("transfer-encoding: chunked\r\n".to_string(), chunked(&parts)),
            _ => (String::new(), plain.clone()),
        };
        let answer = [format!("{OK}x: y\r\n{field}\r\n").as_bytes(), &payload].concat();
        let (head, body, keeps) = read(&answer, &sizes, true).expect("it is well formed");
        prop_assert_eq!(body, plain);
        prop_assert_eq!(head.status, 200);
        prop_assert_eq!(keeps, framing != 2);
    }

    #[test]
    fn any_bytes_at_all_are_an_answer_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        sizes in prop::collection::vec(1_usize..50, 1..5),
        begin in 0..5_usize,
    ) {
        let begins = [
            "", OK, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n", "HTTP/1.1 100 C\r\n\r\n",
        ];
        let answer = [begins[begin].as_bytes(), &bytes].concat();
        let split = read(&answer, &sizes, true);
        let whole = read(&answer, &[usize::MAX], true);
        // Leftovers may or may not have come with the last byte; all else is the same.
        let known = |read: Result<(Head, Vec<u8>, bool), Malformed>| read.map(|(h, b, _)| (h, b));
        prop_assert_eq!(known(split), known(whole));
    }
}
