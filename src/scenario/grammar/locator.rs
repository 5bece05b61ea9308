//! What a locator has: how an element of a page is found.

use super::{Form, Key, Kind, Object, Word, key};

/// A text of the element, or more about it.
pub(super) const LOCATOR_KIND: Kind =
    Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &LOCATOR)]);

static LOCATOR: Object = Object {
    id: "locator",
    what: "a locator",
    doc: "How an element is found; a text alone stands for `text`.",
    keys: &[&FIND],
    either: &[],
};

/// A text, or what it must match.
pub(super) const PATTERN: Kind = Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &MATCHES)]);

static MATCHES: Object = Object {
    id: "pattern",
    what: "a pattern",
    doc: "A text that a regular expression of JavaScript finds something in.",
    keys: &[&[key("matches", Kind::Text(Form::Free), "The expression.", "'^Order [0-9]+$'")
        .required()
        .also(&["regex", "pattern"])]],
    either: &[],
};

const MIXED: Kind = Kind::Word(&[
    Word { name: "true", doc: "It is.", also: &["yes", "on"] },
    Word { name: "false", doc: "It is not.", also: &["no", "off"] },
    Word { name: "mixed", doc: "Neither of both.", also: &["indeterminate"] },
]);

const fn pattern(name: &'static str, doc: &'static str, example: &'static str) -> Key {
    key(name, PATTERN, doc, example)
}

const fn inside(name: &'static str, doc: &'static str, example: &'static str) -> Key {
    key(name, LOCATOR_KIND, doc, example)
}

/// The keys of a locator.
pub(super) const FIND: [Key; 28] = [
    key("role", Kind::Text(Form::Role), "Its role, as assistive technology sees it.", "button"),
    pattern("name", "The accessible name; goes with `role`.", "Save"),
    key("level", Kind::Text(Form::Number), "Of a heading, from 1; goes with `role`.", "2"),
    key("checked", MIXED, "Whether it is ticked; goes with `role`.", "true"),
    key("expanded", Kind::Bool, "Whether it is unfolded; goes with `role`.", "true"),
    key("pressed", MIXED, "Whether it is pressed; goes with `role`.", "true"),
    key("selected", Kind::Bool, "Whether it is chosen; goes with `role`.", "true"),
    key("disabled", Kind::Bool, "Whether it is disabled; goes with `role`.", "true"),
    key("include-hidden", Kind::Bool, "Elements that nobody sees count too.", "true")
        .default("false"),
    pattern("label", "The text of its label.", "Card number"),
    pattern("text", "The text in it.", "Milk"),
    pattern("placeholder", "The text that an empty field shows.", "Search"),
    pattern("alt", "The text in place of an image.", "Logo"),
    pattern("title", "Its title attribute.", "Close"),
    key("test-id", Kind::Text(Form::Free), "Its test id.", "total").also(&["testid", "testId"]),
    key("css", Kind::Text(Form::Free), "A CSS selector.", "'ul.cart > li'").also(&["selector"]),
    key("xpath", Kind::Text(Form::Free), "An XPath.", "//table//tr[2]"),
    key("exact", Kind::Bool, "Texts must be equal, not only contained.", "true").default("false"),
    inside("in", "Looked for in this element only.", "{ role: dialog }")
        .also(&["inside", "parent"]),
    inside("frame", "Looked for in this frame.", "{ title: Payment }").also(&["iframe"]),
    inside("has", "An element that must be in it.", "{ role: img }"),
    inside("has-not", "An element that must not be in it.", "{ role: img }"),
    pattern("has-text", "A text that must be in it.", "Milk").also(&["hasText"]),
    pattern("has-not-text", "A text that must not be in it.", "sold out"),
    key("visible", Kind::Bool, "Whether it can be seen.", "true"),
    key("and", Kind::OneOrMany(&LOCATOR_KIND), "It fits these too.", "{ css: .new }"),
    key("or", Kind::OneOrMany(&LOCATOR_KIND), "Or it fits one of these.", "{ text: Cream }"),
    key("nth", Kind::Text(Form::Number), "Which of several, from 0; -1 is the last.", "0")
        .also(&["index"]),
];
