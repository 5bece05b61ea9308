//! Reads YAML and JSON as a tree that knows its lines.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostics, SourceFile};

/// The most nodes that are read: aliases can make a small file a large tree.
const MOST: usize = 2_000_000;

/// A value and the line it begins on, from 1; 0 where that is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The line.
    pub line: usize,
    /// The value.
    pub data: Data,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Neither list nor map.
    Plain(Value),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    /// The entries of a map; none of all else.
    pub fn entries(&self) -> &[(String, Node)] {
        if let Data::Map(entries) = &self.data { entries } else { &[] }
    }

    /// The items of a list; none of all else.
    pub fn items(&self) -> &[Node] {
        if let Data::List(items) = &self.data { items } else { &[] }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Data::Plain(Value::String(text)) = &self.data { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<f64> {
        if let Data::Plain(Value::Number(number)) = &self.data { number.as_f64() } else { None }
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        self.data == Data::Plain(Value::Bool(true))
    }

    /// The same as JSON.
    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Plain(value) => value.clone(),
            Data::List(items) => items.iter().map(Node::to_json).collect(),
            Data::Map(entries) => {
                let pairs = entries.iter().map(|(key, node)| (key.clone(), node.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    fn of(value: Value) -> Self {
        let data = match value {
            Value::Array(items) => Data::List(items.into_iter().map(Node::of).collect()),
            Value::Object(map) => {
                Data::Map(map.into_iter().map(|(key, value)| (key, Node::of(value))).collect())
            }
            plain => Data::Plain(plain),
        };
        Self { line: 0, data }
    }
}

/// Reads a file; `what` is what it should be.
///
/// # Errors
/// When it is neither YAML nor JSON.
pub fn read(file: &Arc<SourceFile>, what: &str) -> Result<Node, Diagnostics> {
    match events(&file.text) {
        Ok(node) => Ok(node),
        // Some JSON is no YAML: tabs that indent, keys of more than a thousand letters.
        Err(line) => match serde_json::from_str(&file.text) {
            Ok(value) => Ok(Node::of(value)),
            Err(_) => Err(super::not_this(file, what, line)),
        },
    }
}

struct Open {
    line: usize,
    anchor: usize,
    map: bool,
    items: Vec<Node>,
}

/// # Errors
/// The line at which it cannot be read.
fn events(text: &str) -> Result<Node, usize> {
    let mut open = vec![Open { line: 1, anchor: 0, map: false, items: Vec::new() }];
    let mut anchors: HashMap<usize, Node> = HashMap::new();
    let mut count = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.marker().line())?;
        let line = span.start.line();
        count += 1;
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let value = match style {
                    ScalarStyle::Plain => plain(&text),
                    _ => Value::String(text.into_owned()),
                };
                (Node { line, data: Data::Plain(value) }, anchor)
            }
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _)
                if open.len() > 200 || count > MOST =>
            {
                let _ = anchor;
                return Err(line);
            }
            Event::SequenceStart(anchor, _) => {
                open.push(Open { line, anchor, map: false, items: Vec::new() });
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open { line, anchor, map: true, items: Vec::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let done = open.pop().ok_or(line)?;
                let data = if done.map { pairs(done.items) } else { Data::List(done.items) };
                (Node { line: done.line, data }, done.anchor)
            }
            Event::Alias(anchor) => {
                let node = anchors.get(&anchor).ok_or(line)?.clone();
                count += size(&node);
                if count > MOST {
                    return Err(line);
                }
                (node, 0)
            }
            _ => continue,
        };
        if anchor > 0 {
            anchors.insert(anchor, node.clone());
        }
        open.last_mut().ok_or(line)?.items.push(node);
    }
    let root = open.pop().filter(|_| open.is_empty()).ok_or(1_usize)?;
    root.items.into_iter().next().ok_or(1)
}

fn size(node: &Node) -> usize {
    match &node.data {
        Data::Plain(_) => 1,
        Data::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Data::Map(entries) => 1 + entries.iter().map(|(_, node)| size(node)).sum::<usize>(),
    }
}

fn pairs(items: Vec<Node>) -> Data {
    let mut entries: Vec<(String, Node)> = Vec::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        match (&key.data, value) {
            (Data::Plain(Value::String(text)), Node { data: Data::Map(merged), .. })
                if text == "<<" =>
            {
                let new =
                    |entry: &(String, Node)| !entries.iter().any(|(name, _)| *name == entry.0);
                let new: Vec<_> = merged.into_iter().filter(new).collect();
                entries.extend(new);
            }
            (Data::Plain(Value::String(text)), value) => entries.push((text.clone(), value)),
            (_, value) => entries.push((key.to_json().to_string(), value)),
        }
    }
    Data::Map(entries)
}

/// YAML's core schema, as far as JSON has it.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => {
            let number = text.parse::<serde_json::Number>().ok();
            number.map_or_else(|| Value::String(text.to_string()), Value::Number)
        }
    }
}
