//! Decides what becomes of a page's request: stubs first, then a HAR, else it goes out.
//!
//! All three channels hold requests in their own way and ask here, so that a pattern means the
//! same in all engines.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use regex::Regex;

use crate::plan::browser::{Stub, StubAnswer};

/// A request that waits for a decision.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// The absolute URL.
    pub url: &'a str,
    /// The body, as far as the engine tells.
    pub body: Option<&'a [u8]>,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It goes out, after so long, with these headers added.
    Pass(Duration, Vec<(String, String)>),
    /// It is answered without going out.
    Fulfil(Duration, Given),
    /// It fails as if the connection were refused.
    Abort(Duration),
}

/// An answer that no server gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given {
    /// The status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// The answers of a HAR.
pub trait Replay: Send + Sync {
    /// What it has for this request; none when it has nothing.
    fn answer(&self, asked: &Asked<'_>) -> Option<Given>;

    /// Whether a request that is not in it goes out.
    fn lets_others_out(&self) -> bool;
}

/// The stubs of one context.
#[derive(Default)]
pub struct Router {
    rules: Mutex<Vec<Rule>>,
    replay: Mutex<Option<Box<dyn Replay>>>,
}

struct Rule {
    pattern: Regex,
    stub: Stub,
    left: Option<u32>,
}

impl Rule {
    fn fits(&self, asked: &Asked<'_>) -> bool {
        let method = self.stub.method.as_deref();
        method.is_none_or(|method| method.eq_ignore_ascii_case(asked.method))
            && self.left != Some(0)
            && self.pattern.is_match(asked.url)
    }
}

impl Router {
    /// Adds a stub; the latest is asked first. `target` is what a pattern's path is on.
    pub fn add(&self, stub: Stub, target: &str) {
        let left = (stub.times > 0).then_some(stub.times);
        let pattern = pattern(&stub.url, target);
        self.rules().insert(0, Rule { pattern, stub, left });
    }

    /// Takes away the stubs of this pattern, or all.
    pub fn remove(&self, url: Option<&str>) {
        self.rules().retain(|rule| url.is_some_and(|url| rule.stub.url != url));
    }

    /// Answers from a HAR what no stub answers.
    pub fn replay(&self, replay: Box<dyn Replay>) {
        *self.replay.lock().unwrap_or_else(PoisonError::into_inner) = Some(replay);
    }

    /// Whether there is nothing to decide.
    pub fn is_empty(&self) -> bool {
        let none = self.replay.lock().unwrap_or_else(PoisonError::into_inner).is_none();
        none && self.rules().is_empty()
    }

    /// Decides.
    pub fn decide(&self, asked: &Asked<'_>) -> Decision {
        for rule in self.rules().iter_mut() {
            if rule.fits(asked) {
                rule.left = rule.left.map(|left| left - 1);
                let delay = rule.stub.delay;
                return match &rule.stub.answer {
                    StubAnswer::Fulfil { status, headers, body } => {
                        let (status, headers) = (*status, headers.clone());
                        let body = body.clone().into_bytes();
                        Decision::Fulfil(delay, Given { status, headers, body })
                    }
                    StubAnswer::Abort => Decision::Abort(delay),
                    StubAnswer::Pass { headers } => Decision::Pass(delay, headers.clone()),
                };
            }
        }
        let replay = self.replay.lock().unwrap_or_else(PoisonError::into_inner);
        match replay.as_ref().map(|replay| (replay.answer(asked), replay.lets_others_out())) {
            Some((Some(given), _)) => Decision::Fulfil(Duration::ZERO, given),
            Some((None, false)) => Decision::Abort(Duration::ZERO),
            _ => Decision::Pass(Duration::ZERO, Vec::new()),
        }
    }

    /// Whether this request would be answered or refused here instead of going out. Nothing is
    /// used up: browsers ask beforehand whether they may send a request to another origin.
    pub fn stands_in(&self, asked: &Asked<'_>) -> bool {
        if let Some(rule) = self.rules().iter().find(|rule| rule.fits(asked)) {
            return !matches!(rule.stub.answer, StubAnswer::Pass { .. });
        }
        let replay = self.replay.lock().unwrap_or_else(PoisonError::into_inner);
        replay
            .as_ref()
            .is_some_and(|replay| !replay.lets_others_out() || replay.answer(asked).is_some())
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The regular expression of a URL pattern: `*` stays within a part of the path, `**` does not,
/// `?` is itself; without a query of its own the pattern takes any query.
pub fn pattern(url: &str, target: &str) -> Regex {
    let absolute = match url.starts_with('/') {
        true => format!("{}{url}", target.trim_end_matches('/')),
        false => url.to_string(),
    };
    let mut text = String::from("^");
    let mut rest = absolute.as_str();
    while let Some(next) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("**") {
            text.push_str(".*");
            rest = after;
        } else if let Some(after) = rest.strip_prefix('*') {
            text.push_str("[^/?#]*");
            rest = after;
        } else {
            text.push_str(&regex::escape(&rest[..next.len_utf8()]));
            rest = &rest[next.len_utf8()..];
        }
    }
    if !absolute.contains('?') {
        text.push_str(r"(\?.*)?");
    }
    text.push_str("(#.*)?$");
    // Only escaped text and two fixed pieces: always an expression.
    Regex::new(&text).unwrap_or_else(|_| unreachable!("an escaped pattern is an expression"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: &str = "http://127.0.0.1:8080";

    #[test]
    fn a_star_stays_within_a_part_of_the_path_and_two_stars_do_not() {
        let one = pattern("/api/*/items", TARGET);
        assert!(one.is_match("http://127.0.0.1:8080/api/v1/items?page=2"));
        assert!(!one.is_match("http://127.0.0.1:8080/api/v1/x/items"));
        let two = pattern("**/items", TARGET);
        assert!(two.is_match("https://elsewhere.example/a/b/items"));
        assert!(!two.is_match("https://elsewhere.example/a/b/items2"));
    }

    #[test]
    fn a_pattern_with_a_query_takes_that_query_alone() {
        let one = pattern("/a?b=1", TARGET);
        assert!(one.is_match("http://127.0.0.1:8080/a?b=1"));
        assert!(!one.is_match("http://127.0.0.1:8080/a?b=2"));
    }

    #[test]
    fn a_stub_answers_as_often_as_it_says_and_the_latest_first() {
        let router = Router::default();
        let stub = |status, times| Stub {
            url: "/a".to_string(),
            method: None,
            delay: Duration::ZERO,
            times,
            answer: StubAnswer::Fulfil { status, headers: Vec::new(), body: String::new() },
        };
        router.add(stub(200, 0), TARGET);
        router.add(stub(503, 1), TARGET);
        let asked = Asked { method: "GET", url: "http://127.0.0.1:8080/a", body: None };
        let status = || match router.decide(&asked) {
            Decision::Fulfil(_, given) => given.status,
            other => panic!("{other:?}"),
        };
        assert_eq!((status(), status(), status()), (503, 200, 200));
        router.remove(Some("/a"));
        assert_eq!(router.decide(&asked), Decision::Pass(Duration::ZERO, Vec::new()));
        router.add(stub(204, 1), TARGET);
        assert!(router.stands_in(&asked) && router.stands_in(&asked));
        assert_eq!(status(), 204);
        assert!(!router.stands_in(&asked));
    }
}
