//! Settles how a scenario's connections are made.

use url::Url;

use super::ConnectionPlan;
use super::compiler::Compiler;
use crate::diagnostic::{Diagnostic, Spanned};
use crate::scenario::{HttpVersion, LaneWish, Scenario};

impl Compiler<'_> {
    /// What the `http` section says of connections.
    pub(super) fn connection(&mut self, scenario: &Scenario) -> ConnectionPlan {
        let ca_pem = scenario.http.ca.as_ref().and_then(|name| match self.inputs.bytes(name) {
            Ok((bytes, path)) => {
                if !bytes.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
                    let problem = format!("`{path}` holds no certificate in PEM form");
                    let diagnostic =
                        Diagnostic::error("bad-ca", problem, &name.place, "named here");
                    self.problem(
                        diagnostic.help("such a file has `-----BEGIN CERTIFICATE-----` in it"),
                    );
                }
                Some(bytes.to_vec())
            }
            Err(problem) => {
                self.problem(*problem);
                None
            }
        });
        let load_hosts = self.overrides.allow_load.clone();
        let http = &scenario.http;
        let proxy = http.proxy.as_ref().and_then(|proxy| self.proxy(proxy));
        if let Some(lane) = &http.lane
            && lane.value == LaneWish::Fast
            && (http.proxy.is_some() || http.version == HttpVersion::Two)
        {
            let problem = "the fast lane speaks HTTP/1.1, and to the server itself";
            let diagnostic = Diagnostic::error("bad-lane", problem, &lane.place, "asked for here");
            self.problem(diagnostic.help("leave `lane` out, or say `lane: full`"));
        }
        let lane = http.lane.as_ref().map(|lane| lane.value).unwrap_or_default();
        let (insecure, version) = (http.insecure, http.version);
        ConnectionPlan { ca_pem, insecure, load_hosts, version, proxy, lane }
    }

    /// The URL of a proxy. It gets the load as well, so it is among the hosts.
    fn proxy(&mut self, proxy: &Spanned<String>) -> Option<String> {
        let text = self.fixed_text(proxy, "`http.proxy`")?;
        match Url::parse(&text) {
            Ok(url) if url.has_host() && matches!(url.scheme(), "http" | "https") => {
                self.note_host(&url);
                Some(text)
            }
            _ => {
                let problem = format!("`{text}` is no URL of a proxy");
                let diagnostic = Diagnostic::error("bad-proxy", problem, &proxy.place, "here");
                self.problem(diagnostic.help("write `http://HOST:PORT`"));
                None
            }
        }
    }
}
