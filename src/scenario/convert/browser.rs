//! Browser steps, and what is captured after them.

use serde_json::Value;

use super::super::check::listed;
use super::super::grammar::form::PAGE_SOURCES;
use super::super::problems::{Problems, quoted};
use super::super::yaml::{Entry, Node};
use super::super::{BrowserStep, Capture, CaptureFrom, PageSource};
use super::step::json;
use super::{boolean, field_duration, field_text, key, text, texts};

/// A browser step: `entry` is its action, `node` the whole step.
pub(super) fn browser(entry: &Entry, node: &Node, problems: &mut Problems) -> BrowserStep {
    let mut argument = json(&entry.value, problems);
    if let Value::Object(map) = &mut argument.value {
        map.retain(|key, _| key != "within" && key != "soft");
    }
    let upload = entry.key.text == "upload";
    BrowserStep {
        verb: key(&entry.key, problems),
        argument,
        within: field_duration(&entry.value, "within", problems),
        soft: entry.value.get("soft").and_then(boolean).unwrap_or(false),
        files: texts(entry.value.get("file").filter(|_| upload), problems),
        capture: captures(node.get("capture"), problems),
    }
}

fn captures(node: Option<&Node>, problems: &mut Problems) -> Vec<Capture> {
    let entries = node.and_then(Node::entries).unwrap_or_default();
    let capture = |entry: &Entry| {
        let from = CaptureFrom::Page(source(entry, problems)?);
        Some(Capture { name: key(&entry.key, problems), from })
    };
    entries.iter().filter_map(capture).collect()
}

/// Keys of a capture that name an element.
const OF_ELEMENT: [&str; 3] = ["text", "value", "count"];

fn source(entry: &Entry, problems: &mut Problems) -> Option<PageSource> {
    let node = &entry.value;
    if let Some(word) = text(node, problems) {
        if !PAGE_SOURCES.contains(&word.value.as_str()) {
            not_of_a_page(entry, &quoted(&word.value), problems);
            return None;
        }
        return Some(PageSource { from: word, locator: None, attribute: None });
    }
    let entries = node.entries()?;
    let answers = ["header", "cookie", "regex", "group"];
    if let Some(foreign) = entries.iter().find(|one| answers.contains(&one.key.text.as_str())) {
        not_of_a_page(entry, &quoted(&foreign.key.text), problems);
        return None;
    }
    if let Some(found) = entries.iter().find(|one| OF_ELEMENT.contains(&one.key.text.as_str())) {
        let from = key(&found.key, problems);
        let locator = Some(json(&found.value, problems));
        return Some(PageSource { from, locator, attribute: None });
    }
    if let Some(attribute) = field_text(node, "attribute", problems) {
        let from = problems.spanned("attribute".to_string(), node.span.clone());
        let locator = node.get("of").map(|of| json(of, problems));
        return Some(PageSource { from, locator, attribute: Some(attribute) });
    }
    let known = |entry: &Entry| entry.key.text == "of";
    if entries.iter().all(known) {
        let problem = format!("`{}` does not say where its value comes from", entry.key.text);
        let help = "write { text: LOCATOR }, or { attribute: href, of: LOCATOR }, or a word";
        let span = entry.key.span.clone();
        problems.error("capture-without-source", span, problem, "from where?").help(help);
    }
    None
}

fn not_of_a_page(entry: &Entry, what: &str, problems: &mut Problems) {
    let problem = format!("a browser step cannot capture {what}");
    let help = format!("it has {}, and maps such as {{ text: LOCATOR }}", listed(&PAGE_SOURCES));
    let span = entry.value.span.clone();
    problems.error("misplaced-capture", span, problem, "belongs to a request").help(help);
}

/// Whether a capture of a request takes nothing from a page; reports if it does.
pub(super) fn of_an_answer(entry: &Entry, problems: &mut Problems) -> bool {
    let node = &entry.value;
    let pages = ["text", "value", "count", "attribute", "of"];
    let word = text(node, problems).map(|word| word.value);
    let word = word.filter(|word| PAGE_SOURCES.contains(&word.as_str()));
    let mut keys = node.entries().unwrap_or_default().iter().map(|entry| &entry.key.text);
    let Some(what) = word.or_else(|| keys.find(|key| pages.contains(&key.as_str())).cloned())
    else {
        return true;
    };
    let problem = format!("a request cannot capture {}", quoted(&what));
    let help = format!(
        "write a JSONPath such as {}, `body`, or a map with header, cookie or regex",
        quoted(&format!("$.{what}"))
    );
    let span = node.span.clone();
    problems.error("misplaced-capture", span, problem, "belongs to a browser step").help(help);
    false
}
