//! Builds the tree from the parser's events, with all that a tree may not be reported.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::super::problems::{Problems, quoted};
use super::scalar::resolve;
use super::{DEEPEST, Data, MOST_COPIES, Node, Resolved, Scalar, Text, syntax};

/// Reads the file of `problems`; none when it cannot be read any further.
pub(in crate::scenario) fn read(problems: &mut Problems) -> Option<Node> {
    let file = problems.file().clone();
    let mut builder = Builder {
        source: &file.text,
        offsets: Offsets::of(&file.text),
        open: Vec::new(),
        root: None,
        documents: 0,
        anchors: HashMap::new(),
        copies: 0,
        problems,
    };
    for event in Parser::new_from_str(&file.text) {
        match event {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                let at = builder.offsets.byte(error.marker().index());
                syntax::explain(error.info(), at, builder.problems);
                return None;
            }
        }
    }
    let root = builder.root.filter(|root| !root.is_null());
    if root.is_none() {
        problems
            .error(
                "empty-file",
                file.text.len()..file.text.len(),
                "the file is empty",
                "nothing is written here",
            )
            .help("begin with `name:` and `tests:`; the README has an example");
    }
    root
}

/// Byte offsets of characters: the parser counts characters.
enum Offsets {
    /// One byte each.
    Ascii(usize),
    /// Of each character, and the end.
    Table(Vec<usize>),
}

impl Offsets {
    fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Offsets::Ascii(text.len());
        }
        Offsets::Table(text.char_indices().map(|(at, _)| at).chain([text.len()]).collect())
    }

    fn byte(&self, character: usize) -> usize {
        match self {
            Offsets::Ascii(end) => character.min(*end),
            Offsets::Table(table) => table[character.min(table.len() - 1)],
        }
    }
}

pub(super) struct Builder<'a> {
    pub(super) source: &'a str,
    offsets: Offsets,
    open: Vec<Collection>,
    root: Option<Node>,
    documents: usize,
    anchors: HashMap<usize, Anchored>,
    copies: usize,
    pub(super) problems: &'a mut Problems,
}

/// A list or map that is not closed yet.
struct Collection {
    span: Range<usize>,
    anchor: usize,
    /// How deep it is inside, as far as known.
    height: usize,
    /// How many nodes it has inside, as far as known.
    weight: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map(Vec<(Node, Node)>, Option<Node>),
}

/// What an alias may refer to.
struct Anchored {
    node: Node,
    height: usize,
    weight: usize,
}

impl Builder<'_> {
    /// Takes one event; none when reading cannot go on.
    fn take(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        let span = self.offsets.byte(span.start.index())..self.offsets.byte(span.end.index());
        match event {
            Event::DocumentStart(_) => self.begin_document(span),
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), span);
                self.finish(node, anchor, 1, 1)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(Inside::List(Vec::new()), anchor, tag.as_deref(), span)
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(Inside::Map(Vec::new(), None), anchor, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Some(()),
        }
    }

    fn begin_document(&mut self, span: Range<usize>) -> Option<()> {
        self.documents += 1;
        if self.documents == 1 {
            return Some(());
        }
        self.problems
            .error(
                "many-documents",
                span,
                "a scenario file holds one YAML document",
                "a second one begins here",
            )
            .help("move what follows `---` into a file of its own");
        None
    }

    fn begin(
        &mut self,
        inside: Inside,
        anchor: usize,
        tag: Option<&Tag>,
        span: Range<usize>,
    ) -> Option<()> {
        self.refuse_own_tag(tag, &span);
        self.deep_enough(self.open.len() + 1, &span)?;
        self.open.push(Collection { span, anchor, height: 1, weight: 1, inside });
        Some(())
    }

    fn end(&mut self, end: Range<usize>) -> Option<()> {
        let Some(collection) = self.open.pop() else { return Some(()) };
        let Collection { span, anchor, height, weight, inside } = collection;
        let node = match inside {
            Inside::List(items) => {
                let last = items.last().map_or(span.end, |item| item.span.end);
                Node { span: span.start..last.max(end.end_if_not_empty()), data: Data::List(items) }
            }
            Inside::Map(pairs, _) => {
                let last = pairs.last().map_or(span.end, |(_, value)| value.span.end);
                let span = span.start..last.max(end.end_if_not_empty());
                self.map(pairs, span)
            }
        };
        self.finish(node, anchor, height, weight)
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, node: Node, anchor: usize, height: usize, weight: usize) -> Option<()> {
        if anchor > 0 {
            self.anchors.insert(anchor, Anchored { node: node.clone(), height, weight });
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Some(());
        };
        parent.height = parent.height.max(height + 1);
        parent.weight += weight;
        match &mut parent.inside {
            Inside::List(items) => items.push(node),
            Inside::Map(pairs, key) => match key.take() {
                Some(key) => pairs.push((key, node)),
                None => *key = Some(node),
            },
        }
        Some(())
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> Option<()> {
        let Some(Anchored { node, height, weight }) = self.anchors.get(&anchor) else {
            self.problems
                .error(
                    "alias-inside-itself",
                    span,
                    "the alias stands inside the value that it refers to",
                    "this would never end",
                )
                .help("write the value out, or move the anchor");
            return None;
        };
        let (node, height, weight) = (node.clone(), *height, *weight);
        self.copies += weight;
        if self.copies > MOST_COPIES {
            self.problems
                .error(
                    "too-many-aliases",
                    span,
                    format!("aliases make this file grow beyond {MOST_COPIES} values"),
                    "the limit is reached here",
                )
                .help("write less with aliases; test data belongs into a CSV file");
            return None;
        }
        self.deep_enough(self.open.len() + height, &span)?;
        self.finish(node, 0, height, weight)
    }

    fn deep_enough(&mut self, depth: usize, span: &Range<usize>) -> Option<()> {
        if depth <= DEEPEST {
            return Some(());
        }
        self.problems
            .error(
                "too-deep",
                span.clone(),
                format!("the file is nested more than {DEEPEST} levels deep"),
                "the limit is reached here",
            )
            .help("put large values into files: `body-file:`, `schema:`, `data:`");
        None
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Range<usize>,
    ) -> Node {
        self.refuse_own_tag(tag, &span);
        let as_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
        let value = match style {
            ScalarStyle::Plain if !as_text => resolve(text).unwrap_or_else(|| {
                self.problems
                    .error(
                        "no-such-number",
                        span.clone(),
                        format!("{} is a number that JSON does not have", quoted(text)),
                        "infinite, or no number",
                    )
                    .help(format!("write it as text: \"{text}\""));
                Resolved::Null
            }),
            _ => Resolved::Text,
        };
        let span = match style {
            // The parser counts the white space behind a closing quote in.
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                span.start..span.start + self.source[span].trim_end().len()
            }
            _ => span,
        };
        let text = self.text(text, span.clone());
        Node { span, data: Data::Scalar(Scalar { text, value }) }
    }

    /// Finds out where the characters of a scalar stand, for carets inside of it.
    fn text(&self, text: &str, span: Range<usize>) -> Text {
        let raw = self.source.get(span.clone()).unwrap_or("");
        let closed = raw.strip_suffix(['"', '\'']).unwrap_or(raw);
        let same = [raw, closed].into_iter().find(|raw| raw.ends_with(text));
        let inner = same.map(|raw| span.start + raw.len() - text.len());
        Text { text: text.to_string(), span, inner }
    }

    fn refuse_own_tag(&mut self, tag: Option<&Tag>, span: &Range<usize>) {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else { return };
        let end = self.source[span.start..].find(char::is_whitespace).unwrap_or(tag.suffix.len());
        self.problems
            .error(
                "yaml-tag",
                span.start..span.start + end,
                format!("`{tag}` is a YAML tag, and tags have no meaning here"),
                "a word that begins with `!`",
            )
            .help("leave it out, or put the whole value in quotes");
    }
}

/// The end of a collection's closing bracket; the end event of a block collection is empty and
/// stands on the line of whatever follows.
trait ClosingEnd {
    fn end_if_not_empty(&self) -> usize;
}

impl ClosingEnd for Range<usize> {
    fn end_if_not_empty(&self) -> usize {
        if self.is_empty() { 0 } else { self.end }
    }
}
