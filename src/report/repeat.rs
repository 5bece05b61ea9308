//! Writes down what repeats a request, or the whole run, for a POSIX shell: whatever is in it is
//! quoted, and what was hidden stands there as a variable to be set first.

use std::cell::OnceCell;

use regex::{Captures, Regex};

use super::foreign::{is_plain, line};
use crate::result::RunInfo;

/// The longest request that becomes a line, bytes.
const LONGEST: usize = 16 << 10;

/// Headers that curl sends by itself.
const OWN: [&str; 4] = ["host", "content-length", "connection", "accept-encoding"];

/// Headers whose values are hidden, whole or after the scheme.
const HIDDEN: [&str; 4] = ["authorization", "proxy-authorization", "x-api-key", "x-auth-token"];

/// Writes `curl` lines for the requests of one run.
pub(super) struct Curls {
    scheme: &'static str,
    /// Made when the first is looked for: most texts have none.
    holes: OnceCell<Regex>,
}

/// A part of a word of a shell.
enum Piece {
    Text(String),
    /// A variable by name.
    Hole(String),
}

impl Curls {
    /// For requests of a run against this target. Others are taken to be spoken to as it is: the
    /// request as it was kept does not say whether it was encrypted.
    pub fn new(target: &str) -> Self {
        let scheme = if target.starts_with("https:") { "https" } else { "http" };
        Self { scheme, holes: OnceCell::new() }
    }

    /// The line that sends a request again; none where what was kept is no HTTP request, or is
    /// not kept well enough.
    pub fn line(&self, request: &str) -> Option<String> {
        if request.len() > LONGEST || !is_plain(request) {
            return None;
        }
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines();
        let (method, rest) = lines.next()?.split_once(' ')?;
        let (path, version) = rest.rsplit_once(" HTTP/")?;
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(": ")).collect();
        let host = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host"))?.1;
        let method_is_plain = !method.is_empty() && method.bytes().all(|b| b.is_ascii_alphabetic());
        if !method_is_plain || !path.starts_with('/') {
            return None;
        }
        let url = format!("{}://{host}{path}", self.scheme);
        let mut words = vec![format!("curl {}", word(&self.pieces(&url)))];
        match (method, body.is_empty()) {
            ("GET", true) => {}
            ("HEAD", _) => words.push("--head".to_string()),
            _ => words.push(format!("--request {method}")),
        }
        if path.contains(['[', ']', '{', '}']) {
            words.push("--globoff".to_string());
        }
        if path.contains("/.") {
            words.push("--path-as-is".to_string());
        }
        if version.starts_with('2') {
            words.push("--http2".to_string());
        }
        words.extend(self.headers(&headers, !body.is_empty()));
        let (note, data) = self.body(body, &headers);
        words.extend(data);
        Some(note + &words.join(" \\\n  "))
    }

    fn headers(&self, headers: &[(&str, &str)], has_body: bool) -> Vec<String> {
        let is =
            |name: &'static str| move |(other, _): &&(&str, &str)| other.eq_ignore_ascii_case(name);
        let mut words = Vec::new();
        for (name, value) in headers {
            if !OWN.contains(&name.to_ascii_lowercase().as_str()) {
                words.push(format!("--header {}", word(&self.header(name, value))));
            }
        }
        // Without one curl would say that a body is a form.
        if has_body && !headers.iter().any(|header| is("content-type")(&header)) {
            words.push("--header 'content-type:'".to_string());
        }
        if headers.iter().any(|header| is("accept-encoding")(&header)) {
            words.push("--compressed".to_string());
        }
        words
    }

    fn header(&self, name: &str, value: &str) -> Vec<Piece> {
        let hidden = HIDDEN.contains(&name.to_ascii_lowercase().as_str());
        match value.strip_suffix("...") {
            Some(scheme) if hidden => {
                vec![Piece::Text(format!("{name}: {scheme}")), Piece::Hole(variable(name))]
            }
            _ => self.pieces(&format!("{name}: {value}")),
        }
    }

    /// A comment to stand before the line, and the words that send the body. What is not there as
    /// it was sent has to be put into a file.
    fn body(&self, body: &str, headers: &[(&str, &str)]) -> (String, Option<String>) {
        if body.is_empty() {
            return (String::new(), None);
        }
        let pieces = self.pieces(body);
        let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length = length.and_then(|(_, length)| length.parse::<usize>().ok());
        let whole = pieces.iter().any(|piece| matches!(piece, Piece::Hole(_)))
            || length.is_none_or(|length| length == body.len());
        let cut = body.rsplit_once("\n... (").is_some_and(|(_, rest)| rest.ends_with(" in all)"));
        if whole && !cut {
            return (String::new(), Some(format!("--data-raw {}", word(&pieces))));
        }
        let note = "# The body was not kept as it was sent: put it into the file `body` first.\n";
        (note.to_string(), Some("--data-binary @body".to_string()))
    }

    /// A text with the places where something was hidden.
    fn pieces(&self, text: &str) -> Vec<Piece> {
        if !text.contains("...") && !text.contains("[secret") {
            return vec![Piece::Text(text.to_string())];
        }
        let mut pieces = Vec::new();
        let (mut done, mut begun) = (0, String::new());
        for found in self.holes.get_or_init(holes).captures_iter(text) {
            let (before, name, after) = hole(&found);
            let whole = found.get(0).map_or(0..0, |whole| whole.range());
            pieces.push(Piece::Text(format!("{begun}{}{before}", &text[done..whole.start])));
            pieces.push(Piece::Hole(name));
            (done, begun) = (whole.end, after.to_string());
        }
        pieces.push(Piece::Text(begun + &text[done..]));
        pieces
    }
}

/// Where something was hidden: see `driver::exemplar` and `plan::secrets`.
fn holes() -> Regex {
    // Without the letters of all languages it is made in no time, and such names have none.
    let hidden = concat!(
        r"\[secret(?: (?<secret>[^\]\n]+))?\]",
        r#"|(?<before>"(?<field>[A-Za-z0-9_.-]+)"[ \t\n]*:[ \t\n]*")\.\.\.""#,
        r"|(?<sign>^|[?&#; \t\n])(?<pair>[A-Za-z0-9_.-]+)=\.\.\.",
        r"|eyJ\.\.\.",
    );
    Regex::new(hidden).expect("it is fixed and tested")
}

/// What stands before a hole, its variable, and what stands behind it.
fn hole(found: &Captures<'_>) -> (String, String, &'static str) {
    let text = |name: &str| found.name(name).map(|part| part.as_str());
    match (text("secret"), text("field"), text("pair")) {
        (Some(name), _, _) => (String::new(), variable(name), ""),
        (_, Some(name), _) => (text("before").unwrap_or("").to_string(), variable(name), "\""),
        (_, _, Some(name)) => {
            (format!("{}{name}=", text("sign").unwrap_or("")), variable(name), "")
        }
        _ if found[0].starts_with("eyJ") => (String::new(), "TOKEN".to_string(), ""),
        _ => (String::new(), "SECRET".to_string(), ""),
    }
}

/// The command that repeats the run: with its seed, so that it sends the same requests.
pub(super) fn command(run: &RunInfo) -> String {
    let Some((program, arguments)) = run.command.split_first() else { return String::new() };
    let curls = Curls::new("");
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    let quoted = |text: &String| word(&curls.pieces(text));
    let mut words = vec![word(&[Piece::Text(name.to_string())])];
    words.extend(arguments.iter().map(quoted));
    let chosen = |text: &String| text == "--seed" || text.starts_with("--seed=");
    let sends = arguments.first().is_some_and(|first| ["run", "test", "load"].contains(&&**first));
    if sends && !arguments.iter().any(chosen) {
        words.push(format!("--seed {}", run.seed));
    }
    line(&words.join(" "), 4_000)
}

/// One word: as it is where a shell would leave it alone, else in quotes.
fn word(pieces: &[Piece]) -> String {
    let tame = |b: u8| b.is_ascii_alphanumeric() || b"_./:=@%+,-".contains(&b);
    let mut quoted = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) if text.is_empty() => {}
            Piece::Text(text) if text.bytes().all(tame) => quoted.push_str(text),
            Piece::Text(text) => quoted.push_str(&format!("'{}'", text.replace('\'', r"'\''"))),
            Piece::Hole(name) => quoted.push_str(&format!("\"${name}\"")),
        }
    }
    if quoted.is_empty() { "''".to_string() } else { quoted }
}

/// A name that a shell takes for a variable's.
fn variable(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = name.chars().map(letter).collect();
    match name.bytes().next() {
        None => "SECRET".to_string(),
        Some(b'0'..=b'9') => format!("_{name}"),
        Some(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curl(request: &str) -> String {
        Curls::new("https://h").line(request).expect("it is a request")
    }

    #[test]
    fn a_request_is_one_command() {
        let told = curl("POST /a?b=c HTTP/1.1\nhost: h:8\naccept: */*\ncontent-length: 3\n\na=b");
        let lines = ["curl 'https://h:8/a?b=c'", "--request POST", "--header 'accept: */*'"];
        let rest = ["--header 'content-type:'", "--data-raw a=b"];
        assert_eq!(told, [&lines[..], &rest].concat().join(" \\\n  "));
        assert_eq!(curl("GET /a HTTP/1.1\nhost: h"), "curl https://h/a");
        assert!(curl("HEAD /../{a} HTTP/2.0\nhost: h").ends_with("--path-as-is \\\n  --http2"));
    }

    #[test]
    fn what_was_hidden_is_a_variable() {
        for (request, told) in [
            ("/x/[secret API KEY] HTTP/1.1\nhost: h", "https://h/x/\"$API_KEY\""),
            ("/x?access_token=...&y=1 HTTP/1.1\nhost: h", "'=\"$ACCESS_TOKEN\"'&y=1'"),
            (
                "/ HTTP/1.1\nhost: h\nauthorization: Bearer ...",
                "'authorization: Bearer '\"$AUTHORIZATION\"",
            ),
            ("/ HTTP/1.1\nhost: h\ncookie: sid=...; b=...", "'cookie: sid='\"$SID\"'; b='\"$B\""),
            ("/ HTTP/1.1\nhost: h\nx: eyJ...", "'x: '\"$TOKEN\""),
            (
                "/ HTTP/1.1\nhost: h\n\n{\"password\": \"...\", \"n\": 1}",
                "--data-raw '{\"password\": \"'\"$PASSWORD\"'\", \"n\": 1}'",
            ),
        ] {
            let line = curl(&format!("POST {request}"));
            let told = told.replace("'=\"$ACCESS_TOKEN\"", "access_token='\"$ACCESS_TOKEN\"");
            assert!(line.contains(&told), "{told} in {line}");
        }
    }

    #[test]
    fn what_is_no_whole_request_is_not_passed_off_as_one() {
        let curls = Curls::new("");
        for request in ["", "the page is http://h/", "GET / HTTP/1.1", "GET x HTTP/1.1\nhost: h"] {
            assert_eq!(curls.line(request), None, "{request}");
        }
        assert_eq!(curls.line("GET /\u{1b}[2J HTTP/1.1\nhost: h"), None);
        assert_eq!(curls.line(&format!("GET /{} HTTP/1.1\nhost: h", "x".repeat(LONGEST))), None);
        let cut = curl("PUT / HTTP/1.1\nhost: h\n\nabc\n... (9000 bytes in all)");
        assert!(cut.starts_with("# The body") && cut.ends_with("--data-binary @body"), "{cut}");
        let other = curl("PUT / HTTP/1.1\nhost: h\ncontent-length: 3\n\n\\u{1b}");
        assert!(other.ends_with("--data-binary @body"), "{other}");
    }

    #[test]
    fn a_run_is_repeated_with_its_seed() {
        let run = |words: &[&str]| RunInfo {
            command: words.iter().map(|word| word.to_string()).collect(),
            seed: 42,
            ..RunInfo::default()
        };
        let told = |words: &[&str]| command(&run(words));
        assert_eq!(
            told(&["/usr/bin/taster", "run", "a b.yaml", "--var", "x=[secret KEY]'"]),
            "taster run 'a b.yaml' --var x=\"$KEY\"''\\''' --seed 42"
        );
        assert_eq!(told(&["taster", "load", "--seed=7"]), "taster load --seed=7");
        assert_eq!(told(&["taster", "verify"]), "taster verify");
        assert_eq!(told(&[]), "");
    }
}
