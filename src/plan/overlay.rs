//! Lays what is written beside `use` over the step that is used.

use crate::diagnostic::Spanned;
use crate::scenario::{Auth, Expect, HttpDefaults, HttpStep};

/// The request of `base` with what `over` says instead: single values, the body and the statuses
/// replace; headers, query, cookies, captures and checks merge by name.
pub(super) fn lay_over(base: &HttpStep, over: &HttpStep) -> HttpStep {
    HttpStep {
        method: over.method.clone().or_else(|| base.method.clone()),
        url: over.url.clone().or_else(|| base.url.clone()),
        query: merged(&base.query, &over.query, |name, other| name == other),
        headers: merged(&base.headers, &over.headers, str::eq_ignore_ascii_case),
        cookies: merged(&base.cookies, &over.cookies, |name, other| name == other),
        body: over.body.clone().or_else(|| base.body.clone()),
        auth: over.auth.clone().or_else(|| base.auth.clone()),
        redirects: over.redirects.clone().or_else(|| base.redirects.clone()),
        timeout: over.timeout.clone().or_else(|| base.timeout.clone()),
        expect: lay_expect_over(&base.expect, &over.expect),
        capture: {
            let kept = base.capture.iter().filter(|capture| {
                over.capture.iter().all(|other| other.name.value != capture.name.value)
            });
            kept.chain(&over.capture).cloned().collect()
        },
    }
}

fn lay_expect_over(base: &Expect, over: &Expect) -> Expect {
    let own_schema = over.schema.is_some() || over.schema_file.is_some();
    let schemas = if own_schema { over } else { base };
    Expect {
        status: if over.status.is_empty() { &base.status } else { &over.status }.clone(),
        headers: merged(&base.headers, &over.headers, str::eq_ignore_ascii_case),
        body: over.body.clone().or_else(|| base.body.clone()),
        json: merged(&base.json, &over.json, |name, other| name == other),
        schema: schemas.schema.clone(),
        schema_file: schemas.schema_file.clone(),
        within: over.within.clone().or_else(|| base.within.clone()),
    }
}

/// Whether nothing is written beside `use`.
pub(super) fn is_empty(over: &HttpStep) -> bool {
    let expect = &over.expect;
    over.method.is_none()
        && over.url.is_none()
        && over.query.is_empty()
        && over.headers.is_empty()
        && over.cookies.is_empty()
        && over.body.is_none()
        && over.auth.is_none()
        && over.redirects.is_none()
        && over.timeout.is_none()
        && over.capture.is_empty()
        && expect.status.is_empty()
        && expect.headers.is_empty()
        && expect.body.is_none()
        && expect.json.is_empty()
        && expect.schema.is_none()
        && expect.schema_file.is_none()
        && expect.within.is_none()
}

/// The defaults of an included file, completed by those of the file that includes it.
pub(super) fn defaults(own: &HttpDefaults, outer: &HttpDefaults) -> HttpDefaults {
    HttpDefaults {
        base: own.base.clone().or_else(|| outer.base.clone()),
        headers: merged(&outer.headers, &own.headers, str::eq_ignore_ascii_case),
        auth: own.auth.clone().or_else(|| outer.auth.clone()),
        timeout: own.timeout.clone().or_else(|| outer.timeout.clone()),
        redirects: own.redirects.clone().or_else(|| outer.redirects.clone()),
        max_body: own.max_body.clone().or_else(|| outer.max_body.clone()),
        ca: outer.ca.clone(),
        insecure: outer.insecure,
        version: outer.version,
        proxy: outer.proxy.clone(),
        lane: outer.lane.clone(),
    }
}

/// A request with the defaults of its file under it.
pub(super) fn with_defaults(step: &HttpStep, defaults: &HttpDefaults) -> HttpStep {
    let mut settled = step.clone();
    settled.headers = merged(&defaults.headers, &step.headers, str::eq_ignore_ascii_case);
    let own = step.headers.iter().any(|(name, _)| name.value.eq_ignore_ascii_case("authorization"));
    settled.auth = match &step.auth {
        None if own => None,
        None => defaults.auth.clone(),
        Some(auth) => Some(auth.clone()),
    };
    if matches!(settled.auth, Some(Auth::None)) {
        settled.auth = None;
        // Without the default, however that is written.
        if !own {
            settled.headers.retain(|(name, _)| !name.value.eq_ignore_ascii_case("authorization"));
        }
    }
    settled.timeout = step.timeout.clone().or_else(|| defaults.timeout.clone());
    settled.redirects = step.redirects.clone().or_else(|| defaults.redirects.clone());
    settled
}

/// What `over` names replaces what has the same name in `base`.
pub(super) fn merged<T: Clone>(
    base: &[(Spanned<String>, T)],
    over: &[(Spanned<String>, T)],
    same: impl Fn(&str, &str) -> bool,
) -> Vec<(Spanned<String>, T)> {
    let kept = base
        .iter()
        .filter(|(name, _)| !over.iter().any(|(other, _)| same(&name.value, &other.value)));
    kept.chain(over).cloned().collect()
}
