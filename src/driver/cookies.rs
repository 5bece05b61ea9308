//! Keeps one session's cookies by the rules of RFC 6265.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use cookie_store::{CookieDomain, CookieExpiration, CookieStore};
use reqwest::header::{HeaderMap, SET_COOKIE};
use url::Url;

use super::browser;

/// The cookies of one session.
#[derive(Debug, Default)]
pub(super) struct Jar {
    store: CookieStore,
    /// Nothing was ever stored: most load needs no cookies, and looking them up costs.
    used: bool,
    /// How often something was stored.
    changes: u64,
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
            if self.store.parse(&text, url).is_ok() {
                self.used = true;
                self.changes += 1;
            }
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

    /// How often something was stored: whether there is news for whoever has a copy.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// All that have not expired, as a browser is given them.
    pub(super) fn all(&self) -> Vec<browser::Cookie> {
        let held = self.store.iter_unexpired();
        held.map(|cookie| {
            let domain = match &cookie.domain {
                CookieDomain::HostOnly(host) => host.clone(),
                CookieDomain::Suffix(suffix) => format!(".{suffix}"),
                _ => String::new(),
            };
            let expires = match &cookie.expires {
                CookieExpiration::AtUtc(at) => Some(at.unix_timestamp() as f64),
                CookieExpiration::SessionEnd => None,
            };
            browser::Cookie {
                name: cookie.name().to_string(),
                value: cookie.value().to_string(),
                domain,
                path: String::from(&cookie.path),
                expires,
                http_only: cookie.http_only().unwrap_or(false),
                secure: cookie.secure().unwrap_or(false),
                same_site: cookie.same_site().map(|site| site.to_string()),
            }
        })
        .collect()
    }

    /// Takes over what a browser has: its cookies in place of those that `here` would be sent.
    pub(super) fn replace(&mut self, cookies: &[browser::Cookie], here: &Url) {
        let mine: Vec<(String, String, String)> = self
            .store
            .matches(here)
            .into_iter()
            .map(|cookie| {
                let domain = cookie.domain.as_cow().unwrap_or_default().to_string();
                (domain, String::from(&cookie.path), cookie.name().to_string())
            })
            .collect();
        for (domain, path, name) in mine {
            self.store.remove(&domain, &path, &name);
        }
        for cookie in cookies {
            let host = cookie.domain.trim_start_matches('.');
            let scheme = if cookie.secure { "https" } else { "http" };
            let url = Url::parse(&format!("{scheme}://{host}{}", cookie.path));
            let kept = url.is_ok_and(|url| self.store.parse(&as_header(cookie), &url).is_ok());
            self.used |= kept;
        }
        self.changes += 1;
    }

    /// The names of all cookies held.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.store.iter_unexpired().map(|cookie| cookie.name()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The cookie as a `set-cookie` header has it.
fn as_header(cookie: &browser::Cookie) -> String {
    let browser::Cookie { name, value, domain, path, .. } = cookie;
    let mut text = format!("{name}={value}; Path={path}");
    if domain.starts_with('.') {
        let _ = write!(text, "; Domain={domain}");
    }
    if let Some(expires) = cookie.expires {
        let left = expires as i64 - now();
        let _ = write!(text, "; Max-Age={left}");
    }
    for (is, word) in [(cookie.http_only, "; HttpOnly"), (cookie.secure, "; Secure")] {
        text.push_str(if is { word } else { "" });
    }
    if let Some(site) = &cookie.same_site {
        let _ = write!(text, "; SameSite={site}");
    }
    text
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
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
