//! Which hosts may get load: this machine, and those that somebody has named.

use std::net::IpAddr;

use url::Host;

/// Whether load may go to `place`, which is `host` or `host:port`. `allowed` has such places too,
/// or several with commas between them; one without a port allows every port.
pub fn may_be_loaded(place: &str, allowed: &[String]) -> bool {
    let host = without_port(place);
    let mut names = allowed.iter().flat_map(|list| list.split(',')).map(str::trim);
    is_this_machine(host) || names.any(|name| name == place || name == host)
}

/// `host` of `host:port`; the colons of an IPv6 address stand in brackets.
fn without_port(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => place,
    }
}

fn is_this_machine(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Ok(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Ok(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_needs_no_permission_and_any_other_does() {
        for place in ["localhost", "127.0.0.1:80", "127.9.9.9", "[::1]:8080", "[::1]"] {
            assert!(may_be_loaded(place, &[]), "{place}");
        }
        for place in ["example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0:1", "[::2]"] {
            assert!(!may_be_loaded(place, &[]), "{place}");
            assert!(may_be_loaded(place, &[format!("other, {place}")]), "{place}");
        }
    }

    #[test]
    fn a_name_without_a_port_allows_all_its_ports_and_one_with_a_port_only_that() {
        assert!(may_be_loaded("a.example:8443", &["a.example".to_string()]));
        assert!(may_be_loaded("a.example:8443", &["a.example:8443".to_string()]));
        assert!(!may_be_loaded("a.example:8443", &["a.example:8080".to_string()]));
    }
}
