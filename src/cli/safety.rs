//! Load goes to this machine, or to hosts that somebody has named.

use url::Url;

use crate::cli::Ended;
use crate::cli::exit::ExitStatus;
use crate::plan::may_be_loaded;

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
    let strange: Vec<&str> =
        hosts.into_iter().filter(|host| !may_be_loaded(host, allowed)).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_host_and_how_to_allow_it() {
        let refused = may_load(["127.0.0.1:80", "a.example:1"], &[]).expect_err("it is foreign");
        assert_eq!(refused.status, ExitStatus::Refused);
        assert!(refused.message.contains("--allow-load a.example:1"), "{}", refused.message);
        assert!(may_load(["a.example:1"], &["a.example".to_string()]).is_ok());
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
