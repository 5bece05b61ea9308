//! Writes down a failed exchange for a person, with everything secret hidden.

use std::fmt::Write;

use regex::{Captures, Regex};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Version};
use url::Url;

use super::answer::Answer;
use super::show::{self, Words};
use crate::plan::Secrets;

/// Characters of a body that are kept.
const KEPT: usize = 2048;

/// Characters of a request line that are kept.
const LINE: usize = 300;

/// Headers whose values are credentials.
const SECRET_HEADERS: [&str; 6] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"];

/// Finds the fields of bodies whose values are credentials.
#[derive(Debug)]
pub(super) struct Masks {
    json: Regex,
    form: Regex,
    /// User and password within a URL.
    user: Regex,
    /// A signed token (JWT), wherever it stands.
    signed: Regex,
}

/// A request as it went out.
#[derive(Clone, Copy)]
pub(super) struct Sent<'s> {
    pub(super) method: &'s Method,
    pub(super) url: &'s Url,
    pub(super) headers: &'s HeaderMap,
    pub(super) body: &'s [u8],
}

impl Masks {
    pub(super) fn new() -> Self {
        let name = r"[\w.-]*(?:password|passwd|token|secret|api[_-]?key)";
        let regex = |text: &str| Regex::new(text).expect("both are fixed and tested");
        Masks {
            // The closing quote may have been cut off.
            json: regex(&format!(r#"(?i)("{name}"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|$|\\$)"#)),
            form: regex(&format!(r#"(?i)(^|[?&#])({name})=[^&\s#`")]*"#)),
            user: regex(r#"://[^/\s@"]*@"#),
            signed: regex(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
        }
    }

    /// `text` without the values of secret fields, and without any secret of the scenario.
    pub(super) fn hide(&self, text: &str, secrets: &Secrets) -> String {
        let text =
            self.json.replace_all(text, |found: &Captures<'_>| format!("{}\"...\"", &found[1]));
        self.hide_links(&text, secrets)
    }

    /// As `hide`, for a message, where pieces of JSON may be cut short.
    pub(super) fn hide_links(&self, text: &str, secrets: &Secrets) -> String {
        let text = self
            .form
            .replace_all(text, |found: &Captures<'_>| format!("{}{}=...", &found[1], &found[2]));
        let text = self.user.replace_all(&text, "://...@");
        let text = self.signed.replace_all(&text, "eyJ...");
        secrets.hide(&text).into_owned()
    }
}

/// The request line and headers as sent, and the start of the body.
pub(super) fn request(sent: Sent<'_>, version: Version, words: Words<'_>) -> String {
    let Sent { method, url, headers, body } = sent;
    let mut text = format!("{method} {} {version:?}\n", request_target(url));
    if !headers.contains_key("host") {
        push(&mut text, "host", &authority(url));
    }
    push_headers(&mut text, headers);
    if !body.is_empty() {
        push(&mut text, "content-length", &body.len().to_string());
    }
    push_body(&mut text, body, words);
    words.masks.hide(&text, words.secrets)
}

/// Method and target of a request, cut to what a line of a table can hold.
pub(super) fn line(text: &str, words: Words<'_>) -> String {
    let text = words.masks.hide(text, words.secrets);
    match text.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// The status line, headers and start of the body.
pub(super) fn response(answer: &Answer, words: Words<'_>) -> String {
    let mut text = format!("{:?} {}\n", answer.version, answer.status_line());
    push_headers(&mut text, &answer.headers);
    push_body(&mut text, &answer.body, words);
    words.masks.hide(&text, words.secrets)
}

/// The path and query, as a request line has them.
pub(super) fn request_target(url: &Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}

/// Host and port, as `host` has them.
pub(super) fn authority(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_string()
}

fn push_headers(text: &mut String, headers: &HeaderMap) {
    for (name, value) in headers {
        push(text, name.as_str(), &shown(name, value));
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{name}: {value}");
}

fn shown(name: &HeaderName, value: &HeaderValue) -> String {
    if !SECRET_HEADERS.contains(&name.as_str()) {
        return show::visible(&String::from_utf8_lossy(value.as_bytes()), false);
    }
    let value = String::from_utf8_lossy(value.as_bytes());
    // What kind of credential it is helps, and is no secret.
    match name.as_str() {
        "authorization" | "proxy-authorization" => match value.split_once(' ') {
            Some((scheme, _)) => format!("{} ...", show::visible(scheme, false)),
            None => "...".into(),
        },
        "set-cookie" => {
            let (name, rest) = value.split_once('=').unwrap_or(("", &value));
            let attributes = rest.find(';').map_or("", |at| &rest[at..]);
            show::visible(&format!("{name}=...{attributes}"), false)
        }
        "cookie" => {
            let names = value.split(';').map(|pair| pair.split('=').next().unwrap_or("").trim());
            let masked: Vec<_> = names.map(|name| format!("{name}=...")).collect();
            show::visible(&masked.join("; "), false)
        }
        _ => "...".into(),
    }
}

fn push_body(text: &mut String, body: &[u8], words: Words<'_>) {
    if body.is_empty() {
        return;
    }
    text.push('\n');
    // Secrets are hidden before the cut: half of one would not be known again.
    let head = String::from_utf8_lossy(&body[..body.len().min(KEPT * 8)]);
    let clean = words.masks.hide(&head, words.secrets);
    let kept: String = show::visible(&clean, true).chars().take(KEPT).collect();
    text.push_str(&kept);
    if kept.chars().count() == KEPT {
        let _ = write!(text, "\n... ({} bytes in all)", body.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_fields_are_shortened() {
        let masks = Masks::new();
        for (text, hidden) in [
            (r#"{"password":"a\"b","x":1}"#, r#"{"password":"...","x":1}"#),
            (r#"{"refreshToken" : "abc""#, r#"{"refreshToken" : "...""#),
            (r#"{"client_secret":"ab\"#, r#"{"client_secret":"...""#),
            (r#"{"token":5,"tokens":["a"]}"#, r#"{"token":5,"tokens":["a"]}"#),
            ("user=u&password=p%20q&z=1", "user=u&password=...&z=1"),
            ("GET /x?access_token=abc HTTP/1.1", "GET /x?access_token=... HTTP/1.1"),
            (
                "at http://h/?token=a#x and http://u:p@h/",
                "at http://h/?token=...#x and http://...@h/",
            ),
            (r#"{"message":"no token"}"#, r#"{"message":"no token"}"#),
            ("/back#access_token=abc&x=1", "/back#access_token=...&x=1"),
            ("is eyJhbGciOiJI.eyJzdWIiOiIx.sig-1, no", "is eyJ..., no"),
        ] {
            assert_eq!(masks.hide(text, &Secrets::default()), hidden);
        }
    }

    #[test]
    fn credentials_in_headers_are_shortened() {
        for (name, value, text) in [
            ("authorization", "Bearer abc", "Bearer ..."),
            ("authorization", "abc", "..."),
            ("cookie", "sid=1; b=2", "sid=...; b=..."),
            ("set-cookie", "sid=1; Path=/; HttpOnly", "sid=...; Path=/; HttpOnly"),
            ("x-api-key", "abc", "..."),
            ("accept", "*/*", "*/*"),
        ] {
            let name = HeaderName::from_static(name);
            assert_eq!(shown(&name, &HeaderValue::from_static(value)), text);
        }
    }

    #[test]
    fn a_long_body_is_cut_between_characters() {
        let mut text = String::new();
        let words = Words { masks: &Masks::new(), secrets: &Secrets::default() };
        push_body(&mut text, "ä".repeat(5000).as_bytes(), words);
        assert!(text.ends_with("ä\n... (10000 bytes in all)"));
        assert_eq!(text.chars().filter(|char| *char == 'ä').count(), KEPT);
    }
}
