//! Finds what belongs together in two attempts of one test: the same step, the same request.

use std::collections::BTreeMap;

use crate::result::trace::{Trace, TraceRequest, TraceStep};

/// The step of `other` that is `trace.steps[at]` there: the same line of the file, as often come
/// to. Its name may hold values that differ from run to run.
pub(super) fn same_step<'a>(trace: &Trace, at: usize, other: &'a Trace) -> Option<&'a TraceStep> {
    let step = &trace.steps[at];
    let like = |one: &&TraceStep| one.place == step.place && one.verb == step.verb;
    let before = trace.steps[..at].iter().filter(like).count();
    other.steps.iter().filter(like).nth(before)
}

/// What a request asked for, without what differs from run to run: where the target listens, and
/// ids within the path.
pub(super) fn asked(request: &TraceRequest) -> String {
    let url = without_origin(&request.url);
    let url = url.split('#').next().unwrap_or_default();
    let (path, query) =
        url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let parts: Vec<&str> =
        path.split('/').map(|part| if is_id(part) { "…" } else { part }).collect();
    let names = query.map(|query| {
        let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        format!("?{}", names.collect::<Vec<_>>().join("&"))
    });
    format!("{} {}{}", request.method, parts.join("/"), names.unwrap_or_default())
}

/// The path of a URL on this machine or of the target; other hosts stay named.
pub(super) fn without_origin(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return url };
    let path = rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..]);
    let host = rest[..rest.len().min(rest.find(['/', '?', '#']).unwrap_or(rest.len()))]
        .rsplit_once(':')
        .map_or("", |(host, _)| host);
    match host {
        "127.0.0.1" | "localhost" | "[::1]" => path,
        _ => rest,
    }
}

/// Numbers, UUIDs and long digests.
fn is_id(part: &str) -> bool {
    let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let long = part.len() >= 16
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && part.bytes().any(|b| b.is_ascii_digit());
    digits || long
}

/// Each request of `trace` with the one of `other` that asked for the same as often before.
pub(super) fn requests<'a>(
    trace: &'a Trace,
    other: &'a Trace,
) -> Vec<(&'a TraceRequest, Option<&'a TraceRequest>)> {
    let mut there: BTreeMap<String, Vec<&TraceRequest>> = BTreeMap::new();
    for request in other.requests.iter().rev() {
        there.entry(asked(request)).or_default().push(request);
    }
    let with = |request| (request, there.get_mut(&asked(request)).and_then(Vec::pop));
    trace.requests.iter().map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::sketch;

    #[test]
    fn what_differs_from_run_to_run_is_not_looked_at() {
        let asked = |url: &str| asked(&sketch::request(0.0, None, "GET", url, None));
        for (url, same) in [
            ("http://127.0.0.1:4000/api/meals/17?page=2&size=5", "GET /api/meals/…?page&size"),
            ("http://localhost:4000/", "GET /"),
            ("http://localhost:4000", "GET /"),
            ("http://[::1]:1/a#b", "GET /a"),
            (
                "https://shop.example/cart/0190b6e4-8a33-7c1e-9f00-1b2c3d4e5f60",
                "GET shop.example/cart/…",
            ),
            ("data:text/html,x", "GET data:text/html,x"),
        ] {
            assert_eq!(asked(url), same, "{url}");
        }
    }

    #[test]
    fn a_step_is_found_by_its_line_and_how_often_it_was_come_to() {
        let (mut one, mut other) = (sketch::green(), sketch::green());
        let round = |at: f64| sketch::step("click next", at, 10.0, 1_000.0);
        one.steps = vec![round(0.0), round(20.0), sketch::step("see x", 30.0, 1.0, 1.0)];
        other.steps = vec![round(5.0), round(25.0)];
        assert_eq!(same_step(&one, 1, &other).map(|step| step.at_ms), Some(25.0));
        assert!(same_step(&one, 2, &other).is_none());
    }

    #[test]
    fn the_second_request_for_the_same_belongs_to_the_second() {
        let (mut one, mut other) = (sketch::green(), sketch::green());
        let get = |at: f64| sketch::request(at, None, "GET", "http://localhost:1/a", None);
        one.requests = vec![get(1.0), get(2.0), get(3.0)];
        other.requests = vec![get(10.0), get(20.0)];
        let pairs = requests(&one, &other);
        let found: Vec<_> = pairs.iter().map(|(_, there)| there.map(|one| one.at_ms)).collect();
        assert_eq!(found, [Some(10.0), Some(20.0), None]);
    }
}
