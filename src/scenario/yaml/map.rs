//! Makes maps: keys become texts, each of them once, and merge keys are spliced in.

use std::collections::HashMap;
use std::ops::Range;

use super::super::problems::quoted;
use super::build::Builder;
use super::{Data, Entry, Node, Resolved, Scalar, syntax};

impl Builder<'_> {
    /// Makes a map of its pairs: keys become texts, each of them once, merge keys are spliced in.
    pub(super) fn map(&mut self, pairs: Vec<(Node, Node)>, span: Range<usize>) -> Node {
        if self.is_template(&pairs, &span) {
            let text = self.source[span.clone()].trim_end();
            syntax::unquoted_template(text, span.start..span.start + text.len(), self.problems);
            return Node { span, data: Data::Broken };
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(pairs.len());
        let mut first: HashMap<String, Range<usize>> = HashMap::new();
        let mut merged: Vec<Entry> = Vec::new();
        for (key, value) in pairs {
            let Some(Scalar { text, value: resolved }) = key.scalar() else {
                self.refuse_key(&key);
                continue;
            };
            if text.text == "<<" && *resolved == Resolved::Text {
                self.merge(value, &mut merged);
                continue;
            }
            if let Some(before) = first.get(&text.text) {
                self.problems
                    .duplicate(
                        "duplicate-key",
                        text.span.clone(),
                        format!("the key {} is given twice", quoted(&text.text)),
                        before.clone(),
                    )
                    .help("keep one of them");
                continue;
            }
            first.insert(text.text.clone(), text.span.clone());
            entries.push(Entry { key: text.clone(), value });
        }
        for entry in merged {
            if first.insert(entry.key.text.clone(), entry.key.span.clone()).is_none() {
                entries.push(entry);
            }
        }
        Node { span, data: Data::Map(entries) }
    }

    fn merge(&mut self, value: Node, into: &mut Vec<Entry>) {
        match value.data {
            Data::Map(entries) => into.extend(entries),
            Data::List(items) if items.iter().all(|item| item.entries().is_some()) => {
                for item in items {
                    self.merge(item, into);
                }
            }
            Data::Broken => {}
            _ => {
                let problem = "`<<` takes a map, or a list of maps";
                self.problems
                    .error("merge-needs-a-map", value.span, problem, "this is neither")
                    .help("refer to a map: `<<: *anchor`");
            }
        }
    }

    /// `{{ x }}` without quotes: YAML reads a map whose only key is a map.
    fn is_template(&self, pairs: &[(Node, Node)], span: &Range<usize>) -> bool {
        let braces = self.source[span.start..].starts_with("{{");
        braces && matches!(pairs, [(key, value)] if key.scalar().is_none() && value.is_null())
    }

    fn refuse_key(&mut self, key: &Node) {
        if key.data != Data::Broken {
            self.problems
                .error(
                    "key-is-not-text",
                    key.span.clone(),
                    "a key must be a text",
                    "a list or a map as key",
                )
                .help("write a word, or put the key in quotes");
        }
    }
}
