//! Keeps one session's cookies by the rules of RFC 6265.

use std::fmt::Write;

use cookie_store::CookieStore;
use reqwest::header::{HeaderMap, SET_COOKIE};
use url::Url;

/// The cookies of one session.
#[derive(Debug, Default)]
pub(super) struct Jar {
    store: CookieStore,
    /// Nothing was ever stored: most load needs no cookies, and looking them up costs.
    used: bool,
}

impl Jar {
    /// Whether there was ever anything in it.
    pub(super) fn is_used(&self) -> bool {
        self.used
    }

    /// Stores what an answer from `url` sets; a cookie that may not be set there is left out, as
    /// browsers do.
    pub(super) fn keep(&mut self, url: &Url, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            let text = String::from_utf8_lossy(value.as_bytes());
            self.used |= self.store.parse(&text, url).is_ok();
        }
    }

    /// The `cookie` header for `url`: the session's own and those of the step, which win.
    pub(super) fn header(&self, url: &Url, more: &[(String, String)]) -> Option<String> {
        let mut line = String::new();
        let mut push = |name: &str, value: &str| {
            let gap = if line.is_empty() { "" } else { "; " };
            // Writing into a String cannot fail.
            let _ = write!(line, "{gap}{name}={value}");
        };
        if self.used {
            // Longer paths first, then by name: the same cookies always make the same header.
            let mut own = self.store.matches(url);
            own.sort_by(|one, two| {
                let length = |cookie: &cookie_store::Cookie<'_>| cookie.path.len();
                length(two).cmp(&length(one)).then_with(|| one.name().cmp(two.name()))
            });
            for cookie in own {
                if !more.iter().any(|(name, _)| name == cookie.name()) {
                    push(cookie.name(), cookie.value());
                }
            }
        }
        for (name, value) in more {
            push(name, value);
        }
        (!line.is_empty()).then_some(line)
    }

    /// The value of the cookie `name` that would be sent to `url`; for one that other paths or
    /// hosts have, theirs.
    pub(super) fn get(&self, url: &Url, name: &str) -> Option<&str> {
        let here = self.store.get_request_values(url).find(|(held, _)| *held == name);
        let anywhere = || {
            let cookie = self.store.iter_unexpired().find(|cookie| cookie.name() == name);
            cookie.map(|cookie| cookie.value())
        };
        here.map(|(_, value)| value).or_else(anywhere)
    }

    /// The names of all cookies held.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.store.iter_unexpired().map(|cookie| cookie.name()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn set(jar: &mut Jar, from: &str, cookie: &str) {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, cookie.parse().unwrap());
        jar.keep(&url(from), &headers);
    }

    #[test]
    fn a_cookie_goes_back_only_where_it_belongs() {
        let mut jar = Jar::default();
        set(&mut jar, "https://a.test/in", "id=1; Path=/in");
        set(&mut jar, "https://a.test/", "all=2; Domain=a.test; Path=/");
        set(&mut jar, "https://a.test/", "safe=3; Secure; Path=/");
        set(&mut jar, "https://a.test/", "gone=4; Max-Age=0");
        set(&mut jar, "https://a.test/", "foreign=5; Domain=b.test");
        let sent = |at: &str| jar.header(&url(at), &[]);
        assert_eq!(sent("https://a.test/in/x").as_deref(), Some("id=1; all=2; safe=3"));
        assert_eq!(sent("http://a.test/").as_deref(), Some("all=2"));
        assert_eq!(sent("https://sub.a.test/").as_deref(), Some("all=2"));
        assert_eq!(sent("https://b.test/"), None);
    }

    #[test]
    fn an_expired_cookie_is_taken_away() {
        let mut jar = Jar::default();
        set(&mut jar, "http://a.test/", "id=1");
        assert_eq!(jar.get(&url("http://a.test/"), "id"), Some("1"));
        set(&mut jar, "http://a.test/", "id=; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(jar.header(&url("http://a.test/"), &[]), None);
    }

    #[test]
    fn the_cookies_of_a_step_win() {
        let mut jar = Jar::default();
        set(&mut jar, "http://a.test/", "id=1");
        let more = [("id".to_string(), "2".to_string()), ("b".to_string(), "3".to_string())];
        assert_eq!(jar.header(&url("http://a.test/"), &more).as_deref(), Some("id=2; b=3"));
        assert_eq!(jar.names(), ["id"]);
    }
}
