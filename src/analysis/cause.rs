//! Says what a kind of failure most likely means, and what to look at.
//!
//! Wrong paths, a database that is down, a rate limiter and a proxy's page all look the same in a
//! failure count. Here each gets its own sentence.

use super::finding::{excerpt, names, number_of};
use crate::result::FailureExample;
use crate::units::{show_count, show_percent};

/// Kinds of failure that have the same likely cause, the most telling first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Connect,
    Tls,
    Html,
    NotFound,
    Limited,
    Unavailable,
    SignIn(u16),
    Gateway(u16),
    Server(u16),
    Refused(u16),
    Unexpected(u16),
    Timeout,
    Reset,
    Protocol,
    Missing,
    Check,
    Page,
    Browser,
    Unsupported,
    Interrupted,
    Other(String),
}

/// Where a cause was seen.
pub(super) struct Seen<'a> {
    /// `step` or `test`.
    pub noun: &'static str,
    /// Those that met it.
    pub names: Vec<&'a str>,
    /// How many could have met it.
    pub of: usize,
    /// Whether nearly all that could have met it did, nearly always.
    pub everywhere: bool,
    /// Requests that failed so, of all requests of these steps.
    pub requests: Option<(u64, u64)>,
    /// One of them.
    pub example: Option<&'a FailureExample>,
    /// Where requests went.
    pub target: &'a str,
}

impl Cause {
    /// Reads a kind as the result file has it.
    pub(super) fn of(kind: &str) -> Self {
        if let Some(status) = kind.strip_prefix("status ").and_then(|text| text.parse().ok()) {
            return Self::of_status(status);
        }
        match kind {
            "connect" => Cause::Connect,
            "tls" => Cause::Tls,
            "html" => Cause::Html,
            "timeout" => Cause::Timeout,
            "reset" => Cause::Reset,
            "protocol" => Cause::Protocol,
            "missing value" => Cause::Missing,
            "check" => Cause::Check,
            "page" => Cause::Page,
            "browser" => Cause::Browser,
            "unsupported" => Cause::Unsupported,
            "interrupted" => Cause::Interrupted,
            other => Cause::Other(excerpt(other, 40)),
        }
    }

    fn of_status(status: u16) -> Self {
        match status {
            404 => Cause::NotFound,
            429 => Cause::Limited,
            503 => Cause::Unavailable,
            401 | 403 => Cause::SignIn(status),
            502 | 504 => Cause::Gateway(status),
            500..=599 => Cause::Server(status),
            400..=499 => Cause::Refused(status),
            _ => Cause::Unexpected(status),
        }
    }

    /// Its stable name.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Cause::Connect => "no-connection",
            Cause::Tls => "no-tls",
            Cause::Html => "html-answer",
            Cause::NotFound => "not-found",
            Cause::Limited => "rate-limited",
            Cause::Unavailable => "unavailable",
            Cause::SignIn(_) => "not-signed-in",
            Cause::Gateway(_) => "bad-gateway",
            Cause::Server(_) => "server-error",
            Cause::Refused(_) => "request-refused",
            Cause::Unexpected(_) => "unexpected-status",
            Cause::Timeout => "timeout",
            Cause::Reset => "connection-lost",
            Cause::Protocol => "bad-http",
            Cause::Missing => "missing-value",
            Cause::Check => "check-failed",
            Cause::Page => "page-differs",
            Cause::Browser => "browser-failed",
            Cause::Unsupported => "unsupported",
            Cause::Interrupted => "interrupted",
            Cause::Other(_) => "failed",
        }
    }

    /// What happened, in a few words.
    pub(super) fn what(&self, target: &str) -> String {
        match self {
            Cause::Connect => format!("no connection to {}", excerpt(target, 80)),
            Cause::Tls => "no TLS connection".to_string(),
            Cause::Html => "HTML where JSON was expected".to_string(),
            Cause::NotFound => "404 Not Found".to_string(),
            Cause::Limited => "refused by a rate limiter (429)".to_string(),
            Cause::Unavailable => "503 Service Unavailable".to_string(),
            Cause::SignIn(401) => "not signed in (401)".to_string(),
            Cause::SignIn(_) => "not allowed (403)".to_string(),
            Cause::Gateway(status) => format!("a gateway without its service ({status})"),
            Cause::Server(status) => format!("an error inside the service ({status})"),
            Cause::Refused(status) => format!("request refused ({status})"),
            Cause::Unexpected(status) => format!("unexpected status {status}"),
            Cause::Timeout => "no complete answer in time".to_string(),
            Cause::Reset => "connection lost within the exchange".to_string(),
            Cause::Protocol => "an answer that is not proper HTTP".to_string(),
            Cause::Missing => "a value that the request needs was missing".to_string(),
            Cause::Check => "a check did not hold".to_string(),
            Cause::Page => "the page was not as the step wants it".to_string(),
            Cause::Browser => "the browser or its driver failed".to_string(),
            Cause::Unsupported => "not supported by the browser engine".to_string(),
            Cause::Interrupted => "cut off by the end of the run".to_string(),
            Cause::Other(kind) => format!("failed by `{kind}`"),
        }
    }

    /// The heading of a finding.
    pub(super) fn title(&self, seen: &Seen<'_>) -> String {
        let what = self.what(seen.target);
        match seen.names.as_slice() {
            [one] => format!("{what} in `{}`", excerpt(one, 80)),
            several => {
                format!("{what} in {} of {}", several.len(), number_of(seen.of, seen.noun))
            }
        }
    }

    /// How often, the likely cause, what to look at, and one that was seen.
    pub(super) fn explain(&self, seen: &Seen<'_>) -> String {
        let mut parts = Vec::new();
        if let Some((failed, of)) = seen.requests {
            parts.push(match failed == of {
                true => format!("All {} failed so.", number_of(of as usize, "request")),
                false => format!(
                    "{} of {} ({}).",
                    show_count(failed),
                    number_of(of as usize, "request"),
                    show_percent(failed as f64 / of.max(1) as f64)
                ),
            });
        }
        if seen.names.len() > 1 {
            parts.push(format!("In {}.", names(seen.names.iter().copied())));
        }
        parts.push(self.advice(seen));
        parts.extend(self.first_seen(seen.example));
        parts.join(" ")
    }

    /// The likely cause and what to look at, where one test met it.
    pub(super) fn advice_for_one(&self, target: &str) -> String {
        self.advice(&Seen {
            noun: "test",
            names: Vec::new(),
            of: 1,
            everywhere: false,
            requests: None,
            example: None,
            target,
        })
    }

    fn advice(&self, seen: &Seen<'_>) -> String {
        let target = excerpt(seen.target, 120);
        match self {
            Cause::Connect => format!(
                "Nothing accepts connections at {target}, or not always: look whether the service \
                 runs, on this host and port, and whether its accept queue is full under load."
            ),
            Cause::Html => format!(
                "Something other than the service answers: a proxy's error page, a web front end, \
                 a sign-in page. Look at what {target} is and at the path; the time it took is \
                 that of a page."
            ),
            Cause::NotFound if seen.everywhere => format!(
                "A service answers but does not know these paths: look at the target ({target}) \
                 and at the base path before each path (`http.base`)."
            ),
            Cause::Unavailable if seen.everywhere => "The service is up and says that it cannot \
                serve: something it depends on, such as its database, is probably down. Look at \
                its readiness probe and at its log."
                .to_string(),
            Cause::SignIn(_) if seen.everywhere => "No request was let in: the sign-in gives \
                no usable token, the user is missing, or the database behind it is down. Look at \
                the first failing step and at what it captures."
                .to_string(),
            _ => self.fixed_advice().to_string(),
        }
    }

    fn fixed_advice(&self) -> &'static str {
        match self {
            Cause::Tls => {
                "The certificate is not trusted, is for another name, or the port does \
                not speak TLS. Look at the target's scheme and at `http.tls`."
            }
            Cause::NotFound => {
                "This path, or the thing it names, does not exist: look at the \
                path and at the values put into it."
            }
            Cause::Limited => {
                "The service limits the rate: latencies are those of refusals. \
                Lower the rate, sign in once per user rather than each time, or raise the limit \
                for this test."
            }
            Cause::Unavailable => {
                "The service says that it is overloaded, or that something it \
                depends on is not there. Look at its log, and at where the load begins to hurt."
            }
            Cause::SignIn(_) => {
                "The request has no valid token, or its user may not do this: \
                look at the `authorization` header as sent and at the step that captures it."
            }
            Cause::Gateway(_) => {
                "A proxy answered because the service behind it did not: look \
                whether the service runs and how long it takes."
            }
            Cause::Server(_) => "The service failed by itself: look at its log at this time.",
            Cause::Refused(_) => {
                "The service understood the path and not the request: look at \
                the body and the headers as sent, and at what the answer complains of."
            }
            Cause::Unexpected(_) => {
                "The answer is not the one the step expects: look at its \
                `expect: status`."
            }
            Cause::Timeout => {
                "The target hangs or is far over its capacity: look at its threads, \
                its connection pool and its locks."
            }
            Cause::Reset => {
                "The target closed the connection before it had answered: look for \
                crashes, restarts, and keep-alive times shorter than the client's."
            }
            Cause::Protocol => "The answer is broken, or larger than `http.max-body`.",
            Cause::Missing => {
                "An earlier step did not capture it, or a data file came to its \
                end: look at the `capture` before it."
            }
            Cause::Check => "The answer came and is not what it should be: see the checks.",
            Cause::Page => "The trace of the test shows the page, its console and its requests.",
            Cause::Browser => {
                "This says nothing about the target: look whether the browser and its driver are \
                whole (`taster doctor`), and whether the machine ran out of memory."
            }
            Cause::Unsupported => {
                "Take the engine out of the test's `browser`, or the step out of the test."
            }
            Cause::Interrupted => "They say nothing about the target, and are in no share.",
            _ => "Look at the example.",
        }
    }

    fn first_seen(&self, example: Option<&FailureExample>) -> Option<String> {
        let example = example?;
        let page = match self {
            Cause::Html => example.response.as_deref().and_then(page),
            _ => None,
        };
        let seen = page.unwrap_or_else(|| excerpt(&example.message, 300));
        if seen.is_empty() {
            return None;
        }
        let request = example.request.lines().next().unwrap_or("");
        Some(match request.trim() {
            "" => format!("First seen: {seen}"),
            request => format!("First seen, after `{}`: {seen}", excerpt(request, 120)),
        })
    }
}

/// What a page says of itself: its title, or the first line of its body.
fn page(response: &str) -> Option<String> {
    let body = ["\r\n\r\n", "\n\n"]
        .iter()
        .filter_map(|gap| response.find(gap).map(|at| at + gap.len()))
        .min()
        .map_or(response, |at| &response[at..]);
    let head: String = body.chars().take(4_096).collect();
    let lower = head.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|at| {
        let from = at + "<title>".len();
        lower[from..].find("</title>").map(|len| &head[from..from + len])
    });
    let line = head.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(match title.map(str::trim).filter(|title| !title.is_empty()) {
        Some(title) => format!("the page \"{}\"", excerpt(title, 120)),
        None => format!("`{}`", excerpt(line, 120)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_called_by_its_title_or_its_first_line() {
        let titled = "HTTP/1.1 200 OK\r\nserver: x\r\n\r\n<html><Title> Sign in </title>";
        assert_eq!(page(titled).unwrap(), "the page \"Sign in\"");
        let bare = "HTTP/1.1 502 Bad Gateway\n\n\n<html>\n<h1>x";
        assert_eq!(page(bare).unwrap(), "`<html>`");
        assert_eq!(page("HTTP/1.1 204 No Content\n\n"), None);
        // Lower case of some letters has another length in bytes; ASCII must be meant.
        assert!(page("a\n\nİİ<title>İ</title>").is_some());
    }

    #[test]
    fn the_causes_of_the_replaced_suites_have_sentences_of_their_own() {
        let kinds =
            ["html", "status 404", "status 429", "status 503", "connect", "status 401", "timeout"];
        let seen = |_| Seen {
            noun: "step",
            names: vec!["a", "b"],
            of: 2,
            everywhere: true,
            requests: Some((10, 10)),
            example: None,
            target: "http://localhost:1",
        };
        let mut told: Vec<String> =
            kinds.iter().map(|kind| Cause::of(kind).explain(&seen(kind))).collect();
        told.sort();
        told.dedup();
        assert_eq!(told.len(), kinds.len());
        assert!(told.iter().all(|text| text.starts_with("All 10 requests failed so. In `a`")));
    }
}
