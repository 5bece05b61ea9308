//! Says where a redirect leads and what is sent there, by the rules of the fetch standard.
//!
//! Pure: the answer's status and `location` come in, the next request goes out.

use reqwest::Method;
use reqwest::header::{self, HeaderMap};
use url::Url;

/// Whether a status asks to go elsewhere when it has a `location`.
pub(super) fn redirects(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The URL that `location` means, seen from `from`; else what is wrong with it.
pub(super) fn target(from: &Url, location: &str) -> Result<Url, String> {
    let to = from
        .join(location)
        .map_err(|error| format!("the redirect leads to `{location}`, which is no URL: {error}"))?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(format!(
            "the redirect leads to `{location}`, which is not HTTP; \
             `redirects: stop` takes the redirect itself as the answer"
        ));
    }
    Ok(to)
}

/// The method of the next request, and whether it carries the body on.
pub(super) fn carried(status: u16, method: &Method) -> (Method, bool) {
    let to_get = match status {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::GET && *method != Method::HEAD,
        _ => false,
    };
    if to_get { (Method::GET, false) } else { (method.clone(), true) }
}

/// Takes out of `headers` what the next request must not carry.
pub(super) fn strip(headers: &mut HeaderMap, body_carried: bool, same_origin: bool) {
    if !body_carried {
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_LENGTH,
            header::CONTENT_ENCODING,
            header::CONTENT_LANGUAGE,
            header::CONTENT_LOCATION,
            header::TRANSFER_ENCODING,
        ] {
            headers.remove(name);
        }
    }
    if !same_origin {
        headers.remove(header::AUTHORIZATION);
        headers.remove(header::PROXY_AUTHORIZATION);
        headers.remove(header::HOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_change_as_fetch_changes_them() {
        for (status, method, next, body) in [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (301, Method::PUT, Method::PUT, true),
            (302, Method::DELETE, Method::DELETE, true),
            (303, Method::PUT, Method::GET, false),
            (303, Method::HEAD, Method::HEAD, true),
            (307, Method::POST, Method::POST, true),
            (308, Method::PATCH, Method::PATCH, true),
        ] {
            assert_eq!(carried(status, &method), (next, body), "{status} {method}");
        }
    }

    #[test]
    fn a_location_is_seen_from_where_it_came() {
        let from = Url::parse("http://a.test/x/y?q=1").unwrap();
        for (location, to) in [
            ("/z", "http://a.test/z"),
            ("z", "http://a.test/x/z"),
            ("//b.test/z", "http://b.test/z"),
            ("https://b.test", "https://b.test/"),
            ("?p=2", "http://a.test/x/y?p=2"),
        ] {
            assert_eq!(target(&from, location).unwrap().as_str(), to);
        }
        assert!(target(&from, "http://").unwrap_err().contains("is no URL"));
        assert!(target(&from, "myapp://done").unwrap_err().contains("redirects: stop"));
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Bearer x".parse().unwrap());
        headers.insert(header::CONTENT_TYPE, "text/plain".parse().unwrap());
        headers.insert(header::ACCEPT, "*/*".parse().unwrap());
        strip(&mut headers, true, true);
        assert_eq!(headers.len(), 3);
        strip(&mut headers, false, false);
        assert_eq!(headers.keys().collect::<Vec<_>>(), [header::ACCEPT]);
    }
}
