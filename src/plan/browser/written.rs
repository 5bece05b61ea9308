//! Reads arguments before the run, when some of their values are not known yet.

use serde_json::Value;

use super::fields::LATER;
use crate::plan::Template;
use crate::plan::template::{Segment, Spelling, write_escaped};

/// The JSON that a template makes, with something that fits everywhere in place of what only the
/// run will know; none for a template that could not be compiled.
pub(in crate::plan) fn unknown_until_run(template: &Template) -> Option<Value> {
    let mut text = String::new();
    for (at, segment) in template.segments.iter().enumerate() {
        // The beginning of a URL, of which nothing is known.
        let begins = text.ends_with('"');
        let path = matches!(template.segments.get(at + 1), Some(Segment::Text(next))
            if next.starts_with(['/', '?', '#', '"']));
        match segment {
            Segment::Hole(..) if begins && path => write_escaped(LATER, &mut text),
            Segment::Text(known) => text.push_str(known),
            Segment::Hole(_, Spelling::Json) => {
                text.push('"');
                write_escaped(LATER, &mut text);
                text.push('"');
            }
            // A digit: fits into numbers, names, URLs and expressions.
            Segment::Hole(..) => text.push('1'),
        }
    }
    serde_json::from_str(&text).ok()
}
