//! The `page` section.

use super::super::problems::Problems;
use super::super::yaml::{Entry, Node};
use super::super::{Har, Page};
use super::step::json;
use super::{field_duration, field_text, headers, key};

/// What stands in `page` beside what the browser pretends to be.
const OWN: [&str; 8] = [
    "headers",
    "state",
    "test-id",
    "stubs",
    "har",
    "timeout",
    "expect-timeout",
    "navigation-timeout",
];

/// `page`; without it, nothing is said.
pub(super) fn page(node: Option<&Node>, problems: &mut Problems) -> Page {
    let Some(node) = node else { return Page::default() };
    let entries = node.entries().unwrap_or_default();
    let emulated = entries.iter().filter(|entry| !OWN.contains(&entry.key.text.as_str()));
    let mut one = |entry: &Entry| (key(&entry.key, problems), json(&entry.value, problems));
    let emulation = emulated.map(&mut one).collect();
    let list = node.get("stubs").and_then(Node::items);
    Page {
        emulation,
        headers: headers(node.get("headers"), problems),
        state: field_text(node, "state", problems),
        test_id: field_text(node, "test-id", problems),
        stubs: list.map(|list| list.iter().map(|stub| json(stub, problems)).collect()),
        har: node.get("har").and_then(|node| har(node, problems)),
        timeout: field_duration(node, "timeout", problems),
        expect_timeout: field_duration(node, "expect-timeout", problems),
        navigation_timeout: field_duration(node, "navigation-timeout", problems),
    }
}

fn har(node: &Node, problems: &mut Problems) -> Option<Har> {
    if let Some(name) = field_text(node, "record", problems) {
        return Some(Har::Record(name));
    }
    let Some(file) = field_text(node, "replay", problems) else {
        let known = ["record", "replay", "others"];
        let entries = node.entries().unwrap_or_default();
        // A misspelt key was reported already.
        if entries.iter().all(|entry| known.contains(&entry.key.text.as_str())) {
            let help = "write { record: NAME } or { replay: FILE }";
            let problem = "`har` says neither what is recorded nor what is replayed";
            let span = node.span.clone();
            problems.error("empty-value", span, problem, "which of them?").help(help);
        }
        return None;
    };
    let others = field_text(node, "others", problems).is_some_and(|word| word.value == "pass");
    Some(Har::Replay(file, others))
}
