//! From an HTTP Archive: the requests that a browser or a proxy recorded, in their order.

mod exchange;
mod link;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use url::Url;

use super::tree::{self, Node};
use super::{Imported, Notes, first_load, name, not_this, nothing, unlike};
use crate::diagnostic::{Diagnostics, SourceFile};
use exchange::Exchange;

/// What pages load for themselves, by the type of the answer.
const PARTS: [&str; 6] = ["image/", "font/", "text/css", "javascript", "video/", "audio/"];

/// Reads an archive; only requests to `host`, or to that of the first entry.
///
/// # Errors
/// When it is none, or has no request to that host.
pub fn from_har(file: &Arc<SourceFile>, host: Option<&str>) -> Result<Imported, Diagnostics> {
    let root = tree::read(file, "an HTTP Archive")?;
    let Some(entries) = root.get("log").and_then(|log| log.get("entries")) else {
        return Err(not_this(file, "an HTTP Archive: there is no `log.entries`", 1));
    };
    let entries = entries.items();
    let Some(host) = host.map(String::from).or_else(|| entries.iter().find_map(host_of)) else {
        return Err(nothing(file, "it has no request"));
    };
    let mut notes = Notes::of(file);
    let kept: Vec<&Node> =
        entries.iter().filter(|entry| wanted(entry, &host, &mut notes)).collect();
    let mut exchanges: Vec<Exchange> =
        kept.iter().filter_map(|entry| Exchange::of(entry, &mut notes)).collect();
    if exchanges.is_empty() {
        return Err(nothing(
            file,
            &format!("it has no request to `{host}` but for parts of pages"),
        ));
    }
    notes.whole(format!("requests went to {host}: give it with --target"));
    let links = link::link(&mut exchanges);
    for told in &links {
        notes.line(told.line, told.what.clone());
    }
    let signed = exchanges.iter().any(Exchange::needs_token);
    if signed {
        notes.whole("the recorded tokens are left out: --var token=..., or capture one");
    }
    let mut taken = Vec::new();
    let steps: Vec<Value> =
        exchanges.iter().map(|one| one.step(&unlike(&mut taken, &one.called()))).collect();
    let names: Vec<Value> = taken.iter().map(|name| name.as_str().into()).collect();
    let mut scenario = Map::new();
    let title = root.get("log").and_then(|log| log.get("pages")).map(Node::items);
    let title = title.and_then(|pages| pages.first()?.text("title")).unwrap_or(&host);
    scenario.insert("name".into(), name(title).into());
    if signed {
        scenario.insert("vars".into(), json!({ "token": "none" }));
    }
    scenario.insert("steps".into(), steps.into());
    let test = json!({ "name": "what was recorded can be done again", "steps": names });
    scenario.insert("tests".into(), json!([test]));
    scenario.insert("load".into(), first_load(names));
    Ok(Imported { scenario, notes: notes.sorted() })
}

/// The host of an archive's first request.
pub fn first_host(file: &Arc<SourceFile>) -> Option<String> {
    let root = tree::read(file, "an HTTP Archive").ok()?;
    root.get("log")?.get("entries")?.items().iter().find_map(host_of)
}

fn url_of(entry: &Node) -> Option<Url> {
    Url::parse(entry.get("request")?.text("url")?).ok()
}

fn host_of(entry: &Node) -> Option<String> {
    let url = url_of(entry).filter(|url| matches!(url.scheme(), "http" | "https"))?;
    authority(&url)
}

fn authority(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}")))
}

/// Whether a request is one that a scenario would make; each that is not is told.
fn wanted(entry: &Node, host: &str, notes: &mut Notes<'_>) -> bool {
    let Some(url) = url_of(entry) else {
        notes.line(entry.line, "a request without a URL is left out");
        return false;
    };
    let shown = super::name(&format!("{}{}", url.host_str().unwrap_or_default(), url.path()));
    let same = authority(&url).as_deref() == Some(host) || url.host_str() == Some(host);
    if !same || !matches!(url.scheme(), "http" | "https") {
        notes.line(entry.line, format!("{shown} is left out: it is another host"));
        return false;
    }
    let content = entry.get("response").and_then(|answer| answer.get("content"));
    let kind = content.and_then(|content| content.text("mimeType")).unwrap_or_default();
    if PARTS.iter().any(|part| kind.contains(part)) {
        let kind = kind.split(';').next().unwrap_or_default();
        notes.line(entry.line, format!("{shown} is left out: a part of a page ({kind})"));
        return false;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_its_port() {
        let url = |text| Url::parse(text).ok().and_then(|url| authority(&url));
        assert_eq!(url("http://a.example:81/x").as_deref(), Some("a.example:81"));
        assert_eq!(url("https://a.example:443/x").as_deref(), Some("a.example"));
    }
}
