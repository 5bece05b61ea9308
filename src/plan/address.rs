//! Compiles where a request goes: target, base and path become one URL template.

use url::Url;

use super::Template;
use super::compile::{Meaning, Writer};
use super::compiler::Compiler;
use super::expression::{Parsed, Piece, pieces};
use super::template::{Spelling, plain_text};
use crate::diagnostic::{Diagnostic, Place, Spanned};
use crate::scenario::HttpStep;

impl Compiler<'_> {
    /// The URL of a request: an absolute one as it is, a path behind target and base.
    pub(super) fn url(&mut self, http: &HttpStep, file: usize, place: &Place) -> Template {
        let Some(written) = &http.url else {
            let problem = "this step has no path and no URL";
            let diagnostic = Diagnostic::error("bad-url", problem, place, "here");
            self.problem(diagnostic.help("write a path such as `/cart`"));
            return Template::default();
        };
        let list = match pieces(&written.value) {
            Ok(list) => list,
            Err(faults) => return self.settle(Err(faults), &written.place),
        };
        let template = match self.beginning(&list) {
            Beginning::Absolute => self.spelled(&list, "", written),
            Beginning::Path => {
                let prefix = self.prefix(file);
                self.spelled(&list, &prefix, written)
            }
            Beginning::Link { captured } => return self.link(&list, captured, (written, file)),
            Beginning::Other => {
                let problem = format!("`{}` is neither a path nor a URL", written.value);
                let diagnostic = Diagnostic::error("bad-url", problem, &written.place, "here");
                self.problem(
                    diagnostic.help("a path begins with `/`, a URL with `http://` or `https://`"),
                );
                Template::default()
            }
        };
        self.check(&template, written);
        template
    }

    fn beginning(&mut self, list: &[Piece]) -> Beginning {
        let text = match list.first() {
            Some(Piece::Text(text)) => text.clone(),
            Some(Piece::Hole(Parsed::Name(name), _)) => match self.variables.meaning(name) {
                Ok(Meaning::Fixed(value)) => plain_text(&value),
                _ => return Beginning::Link { captured: !name.contains('.') },
            },
            Some(Piece::Hole(..)) => return Beginning::Link { captured: false },
            None => String::new(),
        };
        match text {
            text if is_absolute(&text) => Beginning::Absolute,
            text if text.starts_with('/') => Beginning::Path,
            _ => Beginning::Other,
        }
    }

    /// The pieces behind a prefix: as they are up to where the path begins, then encoded.
    fn spelled(&mut self, list: &[Piece], prefix: &str, written: &Spanned<String>) -> Template {
        let variables = &mut self.variables;
        let mut names = |name: &str| variables.meaning(name);
        let mut writer = Writer::new(&mut names);
        writer.literal(prefix);
        let mut so_far = prefix.to_string();
        let mut open = false;
        for (at, piece) in list.iter().enumerate() {
            match piece {
                Piece::Text(text) => {
                    writer.literal(text);
                    so_far.push_str(text);
                }
                Piece::Hole(parsed, text) => {
                    let in_host = at == 0 || !has_path(&so_far);
                    let spelling = if in_host { Spelling::Plain } else { Spelling::Percent };
                    writer.hole(parsed, text, spelling);
                    let fixed = writer.last_text();
                    open |= in_host && fixed.is_none();
                    so_far = fixed.unwrap_or(&so_far).to_string();
                }
            }
        }
        let compiled = writer.finish();
        self.open_hosts |= open;
        self.settle(compiled, &written.place)
    }

    /// A URL that begins with a value known only while running: behind the target's origin if it
    /// was captured, behind target and base if it comes from data.
    fn link(
        &mut self,
        list: &[Piece],
        captured: bool,
        (written, file): (&Spanned<String>, usize),
    ) -> Template {
        let prefix = self.prefix(file);
        let prefix = match Url::parse(&self.overrides.target) {
            Ok(target) if captured => target.origin().ascii_serialization(),
            _ => prefix,
        };
        self.open_hosts = true;
        self.check(&Template::text(prefix.as_str()), written);
        let variables = &mut self.variables;
        let mut names = |name: &str| variables.meaning(name);
        let mut writer = Writer::new(&mut names);
        writer.literal(&prefix);
        for (at, piece) in list.iter().enumerate() {
            match piece {
                Piece::Text(text) => writer.literal(text),
                Piece::Hole(parsed, text) => {
                    let spelling = if at == 0 { Spelling::Link } else { Spelling::Percent };
                    writer.hole(parsed, text, spelling);
                }
            }
        }
        let compiled = writer.finish();
        self.settle(compiled, &written.place)
    }

    /// Target and base, without a slash at the end.
    fn prefix(&mut self, file: usize) -> String {
        if let Some(known) = self.bases.get(&file) {
            return known.clone();
        }
        let target = self.overrides.target.trim_end_matches('/').to_string();
        let prefix = match self.defaults_of(file).base {
            None => target,
            Some(base) => match self.fixed_text(&base, "`http.base`") {
                Some(text) if is_absolute(&text) => text.trim_end_matches('/').to_string(),
                Some(text) if text.starts_with('/') || text.is_empty() => {
                    format!("{target}{}", text.trim_end_matches('/'))
                }
                Some(text) => {
                    let problem = format!("`{text}` is neither a path nor a URL");
                    let code = "bad-url";
                    self.problem(
                        Diagnostic::error(code, problem, &base.place, "here")
                            .help("a path begins with `/`, a URL with `http://` or `https://`"),
                    );
                    target
                }
                None => target,
            },
        };
        self.bases.insert(file, prefix.clone());
        prefix
    }

    /// Connections go to the host of this URL.
    pub(super) fn note_host(&mut self, url: &Url) {
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        self.hosts.insert(format!("{host}{port}"));
    }

    /// Whether it can be read as a URL, and which host it names.
    fn check(&mut self, template: &Template, written: &Spanned<String>) {
        let Some(text) = template.beginning() else { return };
        if !is_absolute(text) || (template.as_text().is_none() && !has_path(text)) {
            return;
        }
        match Url::parse(text) {
            Ok(url) => self.note_host(&url),
            Err(error) => {
                let problem = format!("`{text}` cannot be read as a URL: {error}");
                let diagnostic = Diagnostic::error("bad-url", problem, &written.place, "here");
                self.problem(diagnostic.help("a URL has a scheme, a host and a path"));
            }
        }
    }
}

enum Beginning {
    Absolute,
    Path,
    Link { captured: bool },
    Other,
}

/// Whether a text begins like a URL of HTTP.
pub(super) fn is_absolute(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Whether a URL, read from its start, has come to its path.
fn has_path(url: &str) -> bool {
    match url.split_once("://") {
        Some((_, rest)) => rest.contains(['/', '?', '#']),
        None => url.starts_with('/'),
    }
}

/// What is wrong with `--target`, if anything.
pub(super) fn check_target(target: &str) -> Option<Diagnostic> {
    let help = "give scheme, host and port, such as `http://localhost:8080`";
    let problem = match Url::parse(target) {
        _ if target.is_empty() => "there is no target to send requests to".to_string(),
        Err(error) => format!("the target `{target}` cannot be read as a URL: {error}"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            format!("the target `{target}` is not an HTTP URL")
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            format!("the target `{target}` has more than a path")
        }
        Ok(_) => return None,
    };
    Some(Diagnostic::without_place("bad-target", problem).help(help))
}
