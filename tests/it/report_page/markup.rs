//! The bytes of the page: HTML without an error, and nothing from elsewhere.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use super::{golden_pages, pages};

/// Elements that hold text, into which no block may go.
const PHRASING: [&str; 14] =
    ["p", "span", "b", "i", "code", "h1", "h2", "h3", "h4", "pre", "a", "button", "dt", "small"];

const BLOCKS: [&str; 16] = [
    "p", "div", "ul", "ol", "dl", "table", "section", "pre", "h1", "h2", "h3", "h4", "details",
    "figure", "nav", "header",
];

/// What a page has beside its tree.
#[derive(Default)]
struct Seen {
    ids: BTreeMap<String, usize>,
    /// Ids that something points at.
    wanted: BTreeSet<String>,
    level: u32,
    landmarks: BTreeMap<String, usize>,
    problems: Vec<String>,
}

/// All that is wrong with a page.
fn problems(page: &str) -> Vec<String> {
    let options = ParseOpts::default();
    let dom = parse_document(RcDom::default(), options).one(page);
    let mut seen = Seen::default();
    let errors: &RefCell<Vec<_>> = &dom.errors;
    seen.problems.extend(errors.borrow().iter().map(|error| format!("parse error: {error}")));
    walk(&dom.document, "", &mut seen);
    for (id, count) in &seen.ids {
        if *count > 1 {
            seen.problems.push(format!("the id {id} is there {count} times"));
        }
    }
    let lost: Vec<&String> = seen.wanted.iter().filter(|id| !seen.ids.contains_key(*id)).collect();
    seen.problems.extend(lost.iter().map(|id| format!("nothing has the id {id}")));
    for one in ["main", "h1", "title", "header"] {
        let count = seen.landmarks.get(one).copied().unwrap_or(0);
        if count != 1 {
            seen.problems.push(format!("{count} elements {one}"));
        }
    }
    seen.problems
}

fn walk(node: &Handle, parent: &str, seen: &mut Seen) {
    let mut name = String::new();
    if let NodeData::Element { name: tag, attrs, .. } = &node.data {
        name = tag.local.to_string();
        let attributes: BTreeMap<String, String> = attrs
            .borrow()
            .iter()
            .map(|one| (one.name.local.to_string(), one.value.to_string()))
            .collect();
        element(&name, parent, &attributes, seen);
    }
    let inside = if name.is_empty() { parent } else { &name };
    for child in node.children.borrow().iter() {
        walk(child, inside, seen);
    }
}

fn element(name: &str, parent: &str, attributes: &BTreeMap<String, String>, seen: &mut Seen) {
    let of = |key: &str| attributes.get(key).map_or("", String::as_str);
    let mut say = |what: String| seen.problems.push(format!("<{name}> in <{parent}>: {what}"));
    // A picture has a title too.
    let of_picture = name == "title" && parent != "head";
    *seen.landmarks.entry(name.to_string()).or_default() += usize::from(!of_picture);
    if PHRASING.contains(&parent) && BLOCKS.contains(&name) {
        say("a block within text".to_string());
    }
    if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse::<u32>().ok()) {
        if level > seen.level + 1 {
            say(format!("a heading of level {level} after one of {}", seen.level));
        }
        seen.level = level;
    }
    for key in attributes.keys().filter(|key| key.starts_with("on")) {
        say(format!("the handler {key}"));
    }
    for key in ["src", "href", "action", "poster", "data", "srcset", "background"] {
        let value = of(key);
        let own = value.is_empty()
            || value.starts_with('#')
            || value.starts_with("data:image/")
            || (name == "a" && value.starts_with("traces/") && !value.contains(".."))
            || (name == "a" && (value == "../report.html" || value.ends_with("-2.html")));
        if !own {
            say(format!("{key} leads to {value}"));
        }
    }
    let named = !of("aria-label").is_empty() || !of("aria-labelledby").is_empty();
    let unnamed = (of("role") == "group" || name == "nav") && !named;
    match name {
        "img" if of("alt").is_empty() => say("no alternative text".to_string()),
        "th" if of("scope").is_empty() => say("no scope".to_string()),
        "svg" if of("role") != "img" || of("aria-label").is_empty() => say("no name".to_string()),
        "html" if of("lang").is_empty() => say("no language".to_string()),
        "link" | "iframe" | "object" | "embed" | "form" | "base" => say("has no place".to_string()),
        _ if unnamed => say("a group without a name".to_string()),
        _ => {}
    }
    let points = [of("href").strip_prefix('#'), Some(of("aria-labelledby"))];
    seen.wanted.extend(points.into_iter().flatten().filter(|id| !id.is_empty()).map(String::from));
    if !of("id").is_empty() {
        *seen.ids.entry(of("id").to_string()).or_default() += 1;
    }
}

#[test]
fn every_page_is_html_without_an_error() {
    let mut all: Vec<(String, String)> =
        pages().into_iter().map(|(name, page)| (name.to_string(), page)).collect();
    for path in golden_pages() {
        let text = fs::read_to_string(&path).expect("it can be read");
        all.push((path.display().to_string(), text));
    }
    assert!(all.len() > 12, "{} pages", all.len());
    let found: Vec<String> = all
        .iter()
        .flat_map(|(name, page)| {
            problems(page).into_iter().map(move |one| format!("{name}: {one}"))
        })
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_of_pages_finds_what_is_wrong() {
    for (page, told) in [
        ("<p>x</div>", "parse error"),
        ("<html lang=en><img src=http://x/>", "leads to http://x/"),
        ("<p id=a><p id=a>", "the id a is there 2 times"),
        ("<a href=#b>b</a>", "nothing has the id b"),
        ("<h1>a</h1><h3>b</h3>", "level 3 after one of 1"),
        ("<b onclick=x>b</b>", "the handler onclick"),
        ("<span><div></div></span>", "a block within text"),
    ] {
        let found = problems(page).join("\n");
        assert!(found.contains(told), "{told} in {found}");
    }
}

#[test]
fn no_byte_of_the_page_leads_elsewhere() {
    for (name, page) in pages() {
        let script = include_str!("../../../src/report/page.js");
        assert_eq!(page.matches("<script").count(), 1, "{name}");
        assert!(page.contains(&format!("<script>{script}</script>")), "{name}");
        for way in ["fetch(", "XMLHttpRequest", "import(", "importScripts", "eval(", "innerHTML"] {
            assert!(!script.contains(way), "{way}");
        }
        let rest = page.replace(script, "");
        for way in ["url(", "@import", "srcset", "<link", "<iframe", "//cdn", "src=\"http"] {
            assert!(!rest.contains(way), "{way} in {name}");
        }
        assert!(rest.contains("default-src 'none'; style-src 'self' 'unsafe-inline'"), "{name}");
    }
}
