//! Turns the tree into the types of a scenario, and reports what only shows when several keys
//! are seen together.
//!
//! The grammar has been checked before: what does not have the right shape here was reported
//! then, and is left out in silence. When anything was reported, the result is thrown away.

mod browser;
mod expect;
mod file;
mod load;
mod page;
mod profile;
mod step;

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

pub(super) use file::scenario;

use crate::diagnostic::Spanned;
use crate::units::parse_duration;

use super::problems::Problems;
use super::yaml::{Node, Resolved, Text};

type Pairs<T> = Vec<(Spanned<String>, T)>;

/// A key as text.
fn key(text: &Text, problems: &Problems) -> Spanned<String> {
    problems.spanned(text.text.clone(), text.span.clone())
}

/// A scalar as text.
fn text(node: &Node, problems: &Problems) -> Option<Spanned<String>> {
    let scalar = node.scalar().filter(|scalar| scalar.value != Resolved::Null)?;
    Some(problems.spanned(scalar.text.text.clone(), node.span.clone()))
}

/// The text of a key.
fn field_text(node: &Node, name: &str, problems: &Problems) -> Option<Spanned<String>> {
    text(node.get(name)?, problems)
}

/// A scalar that reads as a quantity.
fn read<T: FromStr>(node: &Node, problems: &Problems) -> Option<Spanned<T>> {
    let value = node.scalar()?.text.text.trim().parse().ok()?;
    Some(problems.spanned(value, node.span.clone()))
}

/// The quantity of a key.
fn field<T: FromStr>(node: &Node, name: &str, problems: &Problems) -> Option<Spanned<T>> {
    read(node.get(name)?, problems)
}

/// The duration of a key.
fn field_duration(node: &Node, name: &str, problems: &Problems) -> Option<Spanned<Duration>> {
    let node = node.get(name)?;
    let value = parse_duration(&node.scalar()?.text.text).ok()?;
    Some(problems.spanned(value, node.span.clone()))
}

/// `true` or `false`
fn boolean(node: &Node) -> Option<bool> {
    match node.scalar()?.value {
        Resolved::Bool(value) => Some(value),
        _ => None,
    }
}

/// The items of a list, or the one item.
fn items(node: Option<&Node>) -> &[Node] {
    match node {
        Some(node) => node.items().unwrap_or(std::slice::from_ref(node)),
        None => &[],
    }
}

/// The texts of a list.
fn texts(node: Option<&Node>, problems: &Problems) -> Vec<Spanned<String>> {
    items(node).iter().filter_map(|item| text(item, problems)).collect()
}

/// A map of texts.
fn text_pairs(node: Option<&Node>, problems: &Problems) -> Pairs<Spanned<String>> {
    let entries = node.and_then(Node::entries).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| Some((key(&entry.key, problems), text(&entry.value, problems)?)))
        .collect()
}

/// A map of values.
fn value_pairs(node: Option<&Node>, problems: &mut Problems) -> Pairs<Spanned<serde_json::Value>> {
    let entries = node.and_then(Node::entries).unwrap_or_default();
    entries
        .iter()
        .map(|entry| {
            let value = entry.value.to_json(problems);
            let value = problems.spanned(value, entry.value.span.clone());
            (key(&entry.key, problems), value)
        })
        .collect()
}

/// Headers: what differs only in case is the same header.
fn headers(node: Option<&Node>, problems: &mut Problems) -> Pairs<Spanned<String>> {
    no_header_twice(node, problems);
    text_pairs(node, problems)
}

fn no_header_twice(node: Option<&Node>, problems: &mut Problems) {
    let entries = node.and_then(Node::entries).unwrap_or_default();
    let mut seen = HashMap::new();
    for entry in entries {
        let name = entry.key.text.to_ascii_lowercase();
        if let Some(first) = seen.insert(name, entry.key.span.clone()) {
            let problem = format!("the header `{}` is given twice", entry.key.text);
            problems
                .duplicate("duplicate-header", entry.key.span.clone(), problem, first)
                .help("keep one of them; upper and lower case are the same in header names");
        }
    }
}

/// Reports what is named for the second time.
fn no_name_twice(names: &[&Spanned<String>], code: &'static str, problems: &mut Problems) {
    let mut seen = HashMap::new();
    for name in names {
        if let Some(first) = seen.insert(name.value.as_str(), &name.place) {
            problems
                .duplicate(
                    code,
                    name.place.span.clone(),
                    format!("{} is here twice", super::problems::quoted(&name.value)),
                    first.span.clone(),
                )
                .help(match code {
                    "duplicate-name" => "give them different names: reports tell them apart by it",
                    _ => "keep one of them",
                });
        }
    }
}
