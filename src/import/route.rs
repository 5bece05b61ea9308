//! Where requests went, and what of that a scenario says: paths, for the target is an option.

use url::Url;

/// A URL without the host it goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `https://shop.example`; empty for a path.
    pub origin: String,
    /// The path and the query.
    pub path: String,
}

impl Route {
    /// Reads a URL or a path, which may hold templates.
    pub fn of(text: &str) -> Option<Self> {
        if text.starts_with('/') {
            return Some(Self { origin: String::new(), path: text.to_string() });
        }
        let (scheme, rest) = text.split_once("://")?;
        if !matches!(scheme, "http" | "https") {
            return None;
        }
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(at);
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
        let origin = format!("{scheme}://{host}");
        // Without templates it has to be a real one.
        if !host.contains("{{") {
            Url::parse(&origin).ok()?;
        }
        Some(Self { origin, path })
    }

    /// The path without its query, for a name: `{{ id }}` becomes `{id}`.
    pub fn shown(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        path.replace("{{ ", "{").replace(" }}", "}").replace("{{", "{").replace("}}", "}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_a_path_and_where_it_goes() {
        let of = |text| Route::of(text).map(|route| (route.origin, route.path));
        let pair = |a: &str, b: &str| Some((a.to_string(), b.to_string()));
        assert_eq!(of("/a?b=1"), pair("", "/a?b=1"));
        assert_eq!(of("https://a.example:1/b?c#d"), pair("https://a.example:1", "/b?c"));
        assert_eq!(of("http://a"), pair("http://a", "/"));
        assert_eq!(of("http://a?b=1"), pair("http://a", "/?b=1"));
        for wrong in ["a/b", "ftp://a/b", "", "http://"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
        let named = Route::of("/users/{{ id }}?x={{ y }}").map(|route| route.shown());
        assert_eq!(named.as_deref(), Some("/users/{id}"));
    }
}
