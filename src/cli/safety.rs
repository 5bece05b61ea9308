//! Load goes to this machine, or to hosts that somebody has named.

use std::net::IpAddr;

use url::{Host, Url};

use crate::cli::Ended;
use crate::cli::exit::ExitStatus;

/// Reads a target, which needs a scheme and a host.
///
/// # Errors
/// When it is not such a URL.
pub fn target(text: &str) -> Result<Url, Ended> {
    let wrong = |why: &str| {
        Ended::usage(format!("--target `{text}` {why}; write it like `http://localhost:8080`"))
    };
    let url = Url::parse(text).map_err(|error| wrong(&format!("is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("is neither http nor https"));
    }
    if url.host().is_none() {
        return Err(wrong("has no host"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or a fragment"));
    }
    Ok(url)
}

/// Refuses load on hosts that are neither this machine nor allowed.
///
/// # Errors
/// Names the hosts, and how to allow them.
pub fn may_load<'a>(
    hosts: impl IntoIterator<Item = &'a str>,
    allowed: &[String],
) -> Result<(), Ended> {
    let strange: Vec<&str> = hosts
        .into_iter()
        .filter(|host| !is_this_machine(host))
        .filter(|host| {
            let mut names = allowed.iter().flat_map(|list| list.split(','));
            !names.any(|name| name == *host || name == without_port(host))
        })
        .collect();
    let Some(first) = strange.first() else { return Ok(()) };
    Err(Ended::new(
        ExitStatus::Refused,
        format!(
            "load would go to {}, which is not this machine; if it is yours to load, say \
             `--allow-load {first}` (or TASTER_ALLOW_LOAD), or run only the tests with \
             `taster test`",
            strange.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", "),
        ),
    ))
}

fn is_this_machine(place: &str) -> bool {
    match Host::parse(without_port(place)) {
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Ok(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Err(_) => false,
    }
}

/// `host` of `host:port`; the colons of an IPv6 address stand in brackets.
fn without_port(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_needs_no_permission_and_any_other_does() {
        for host in
            ["localhost", "127.0.0.1:80", "127.9.9.9", "[::1]:8080", "[::1]", "api.localhost"]
        {
            assert!(may_load([host], &[]).is_ok(), "{host}");
        }
        for host in ["example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0:1", "[::2]"] {
            let refused = may_load([host], &[]).expect_err(host);
            assert_eq!(refused.status, ExitStatus::Refused);
            assert!(refused.message.contains(&format!("--allow-load {host}")), "{host}");
            assert!(may_load([host], &[host.to_string()]).is_ok(), "{host}");
        }
    }

    #[test]
    fn a_target_is_a_scheme_and_a_host() {
        assert!(target("http://localhost:8080").is_ok());
        assert!(target("https://shop.example/base").is_ok());
        for wrong in ["localhost:8080", "ftp://x", "http://", "http://a?b", "", "nonsense"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}
