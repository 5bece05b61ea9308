//! Puts a script of ours before a document's own: what the page says on its console while it loads
//! is heard in no other way. When the document is left, the script sends what it still holds to a
//! path that only the proxy knows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream::unfold;
use http_body_util::{BodyExt, StreamBody};
use hyper::Uri;
use hyper::body::{Bytes, Frame};
use hyper::header::{HeaderMap, HeaderValue};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::body::Body;
use crate::driver::browser::webkit::note_messages;
use crate::driver::browser::{CONSOLE, SharedLog};

/// The headers of policies on where scripts may come from.
const POLICY: &str = "content-security-policy";

/// How far into a document its beginning is looked for, bytes.
const BEGINNING: usize = 1024;

/// The script and the path that it sends to.
pub(super) struct Injection {
    script: String,
    path: String,
    /// As policies name it.
    hash: String,
}

impl Default for Injection {
    fn default() -> Self {
        let path = format!("/.{:032x}", rand::random::<u128>());
        let script = format!(
            "{CONSOLE};addEventListener('pagehide',()=>{{const k=window[Symbol.for(\
             'taster.messages')];if(k&&k.length)navigator.sendBeacon('{path}',\
             JSON.stringify(k.splice(0)))}});document.currentScript.remove();"
        );
        let hash = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(&script)));
        Injection { script, path, hash }
    }
}

/// Whether a browser asks for a document with it.
pub(super) fn is_document(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-dest") {
        Some(wanted) => matches!(wanted, "document" | "iframe" | "frame"),
        None => text("accept").is_some_and(|accept| accept.starts_with("text/html")),
    }
}

/// Whether an answer is a document that can be changed.
pub(super) fn is_html(head: &hyper::http::response::Parts) -> bool {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let html = text("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    let plain = text("content-encoding").is_none_or(|coding| coding == "identity");
    let shown = text("content-disposition").is_none_or(|how| !how.starts_with("attachment"));
    html && plain && shown && !matches!(head.status.as_u16(), 204 | 205 | 304)
}

impl Injection {
    /// The path that only the proxy knows: on any site, an empty document.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Takes what our script sends, or gives the empty document; none for any other path.
    pub(super) fn own(&self, uri: &Uri, body: &Bytes, log: &SharedLog) -> Option<&'static str> {
        if uri.path() != self.path {
            return None;
        }
        if let Ok(Value::Array(messages)) = serde_json::from_slice(body) {
            note_messages(log, &messages);
        }
        Some("<!doctype html><title>blank</title>")
    }

    /// Puts the script into a document, and into its policy.
    pub(super) fn add(&self, head: &mut hyper::http::response::Parts, body: Body) -> Body {
        let mut nonce = None;
        let policies: Vec<HeaderValue> = head.headers.get_all(POLICY).iter().cloned().collect();
        head.headers.remove(POLICY);
        for policy in policies {
            let text = policy.to_str().unwrap_or_default();
            let (allowed, found) = allow(text, &self.hash);
            nonce = nonce.or(found);
            let allowed = HeaderValue::try_from(allowed).unwrap_or(policy);
            head.headers.append(POLICY, allowed);
        }
        head.headers.remove("content-length");
        // What a cache would be asked about is no more what the server has.
        head.headers.remove("etag");
        let script = match nonce {
            Some(nonce) => format!("<script nonce=\"{nonce}\">{}</script>", self.script),
            None => format!("<script>{}</script>", self.script),
        };
        insert(body, Bytes::from(script))
    }
}

/// A policy under which our script may run, and the nonce it needs for that.
fn allow(policy: &str, hash: &str) -> (String, Option<String>) {
    let mut directives: Vec<String> =
        policy.split(';').map(|one| one.trim().to_string()).filter(|one| !one.is_empty()).collect();
    let named = |name: &str| {
        directives.iter().position(|one| {
            one.split_whitespace().next().is_some_and(|first| first.eq_ignore_ascii_case(name))
        })
    };
    let (at, is_default) = match (named("script-src-elem"), named("script-src")) {
        (Some(at), _) | (None, Some(at)) => (at, false),
        (None, None) => match named("default-src") {
            Some(at) => (at, true),
            None => return (policy.to_string(), None),
        },
    };
    let sources: Vec<&str> = directives[at].split_whitespace().skip(1).collect();
    let nonce = sources.iter().find_map(|one| one.strip_prefix("'nonce-")?.strip_suffix('\''));
    if let Some(nonce) = nonce {
        return (policy.to_string(), Some(nonce.to_string()));
    }
    let hashed = sources.iter().any(|one| one.starts_with("'sha"));
    if sources.contains(&"'unsafe-inline'") && !hashed {
        // A hash would forbid what this allows.
        return (policy.to_string(), None);
    }
    let kept: Vec<&str> = sources.into_iter().filter(|one| *one != "'none'").collect();
    let allowed = format!("{} {hash}", kept.join(" "));
    match is_default {
        true => directives.push(format!("script-src {}", allowed.trim())),
        false => {
            let name = directives[at].split_whitespace().next().unwrap_or("script-src");
            directives[at] = format!("{name} {}", allowed.trim());
        }
    }
    (directives.join("; "), None)
}

/// Where in a document's beginning a script may stand: after its type, else before everything; none
/// while the type may still be on its way.
fn place(beginning: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(beginning).to_ascii_lowercase();
    let start = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let begins = |whole: &str| start.starts_with(whole) || whole.starts_with(start);
    if !begins("<!doctype") && !begins("<!--") {
        return Some(0);
    }
    // A comment may stand before the type.
    let at = text.find("<!doctype")?;
    text[at..].find('>').map(|end| at + end + 1)
}

fn insert(body: Body, script: Bytes) -> Body {
    struct Inserting {
        body: Body,
        held: Vec<u8>,
        script: Option<Bytes>,
    }
    let inserting = Inserting { body, held: Vec::new(), script: Some(script) };
    let stream = unfold(inserting, |mut inserting| async move {
        loop {
            match inserting.body.frame().await {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    if inserting.script.is_none() {
                        return Some((Ok(Frame::data(data)), inserting));
                    }
                    inserting.held.extend_from_slice(&data);
                    let at = place(&inserting.held);
                    let late = inserting.held.len() >= BEGINNING;
                    let Some(at) = at.or(late.then_some(0)) else { continue };
                    let script = inserting.script.take().unwrap_or_default();
                    let bytes = spliced(&std::mem::take(&mut inserting.held), &script, at);
                    return Some((Ok(Frame::data(bytes)), inserting));
                }
                Some(Err(failed)) => return Some((Err(failed), inserting)),
                None if inserting.held.is_empty() => return None,
                None => {
                    let script = inserting.script.take().unwrap_or_default();
                    let bytes = spliced(&std::mem::take(&mut inserting.held), &script, 0);
                    return Some((Ok(Frame::data(bytes)), inserting));
                }
            }
        }
    });
    StreamBody::new(stream).boxed_unsync()
}

fn spliced(held: &[u8], script: &[u8], at: usize) -> Bytes {
    let at = at.min(held.len());
    Bytes::from([&held[..at], script, &held[at..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_stands_after_the_documents_type_and_before_all_else() {
        assert_eq!(place(b"<!doc"), None);
        assert_eq!(place(b"<!DOCTYPE html><title>"), Some(15));
        assert_eq!(place(b"\n<!-- a --><!doctype html>"), Some(26));
        assert_eq!(place(b"<html>"), Some(0));
        assert_eq!(place(b"plain"), Some(0));
    }

    #[test]
    fn a_policy_lets_the_script_in_and_nothing_else() {
        let hash = "'sha256-x'";
        let one = |policy: &str| allow(policy, hash);
        let plain = |policy: &str| (policy.to_string(), None);
        assert_eq!(one("img-src *"), plain("img-src *"));
        assert_eq!(
            one("default-src 'none'; img-src *"),
            plain("default-src 'none'; img-src *; script-src 'sha256-x'")
        );
        assert_eq!(one("script-src 'self'"), plain("script-src 'self' 'sha256-x'"));
        assert_eq!(one("script-src 'unsafe-inline'"), plain("script-src 'unsafe-inline'"));
        let (policy, nonce) = one("script-src 'nonce-abc'");
        assert_eq!((policy.as_str(), nonce.as_deref()), ("script-src 'nonce-abc'", Some("abc")));
    }
}
