//! What can be expected of a page.

use super::browser::{PICTURE, WITHIN, verb};
use super::locator::{FIND, LOCATOR_KIND};
use super::{Form, Key, Kind, Object, key};

const SOFT: Key =
    key("soft", Kind::Bool, "A failure is noted, and the test goes on.", "true").default("false");

const NOT: Key = key("not", Kind::Bool, "It must not hold.", "true").default("false");

/// A text, or how it must be.
pub(super) const OF_TEXT: Kind =
    Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &COMPARISON)]);

/// What something must be: equal, one for each element, or compared in another way.
const IS: Kind = Kind::OneOf(&[
    Kind::Scalar,
    Kind::List(&Kind::OneOf(&[Kind::Scalar, Kind::Object(|| &COMPARISON)]), 0),
    Kind::Object(|| &COMPARISON),
]);

static COMPARISON: Object = Object {
    id: "comparison",
    what: "a comparison",
    doc: "How a text or a number of the page must be.",
    keys: &[
        &COMPARISONS,
        &[key("not", Kind::Scalar, "Anything but this.", "Cart (0)").also(&["!="])],
    ],
    either: &[],
};

const COMPARISONS: [Key; 6] = [
    key("contains", Kind::Text(Form::Free), "This is a part of it.", "confirmed"),
    key("matches", Kind::Text(Form::Free), "A regular expression of JavaScript.", "'^[0-9]+$'")
        .also(&["regex", "pattern"]),
    key("gt", Kind::Text(Form::Number), "Greater than.", "0"),
    key("gte", Kind::Text(Form::Number), "Greater or equal.", "1"),
    key("lt", Kind::Text(Form::Number), "Less than.", "10"),
    key("lte", Kind::Text(Form::Number), "Less or equal.", "9"),
];

const BESIDE: [Key; 4] = [
    key("is", IS, "What it must be; a list has one for each element.", "'12.50'")
        .also(&["equals", "value", "be", "to-be"]),
    NOT,
    SOFT,
    WITHIN,
];

/// An object of an expectation.
macro_rules! expectation {
    ($seen:vis $name:ident, $id:literal, [$($keys:expr),*]) => {
        $seen static $name: Object = Object {
            id: $id,
            what: "this expectation",
            doc: "What is expected, and of which element.",
            keys: &[$(&$keys),*],
            either: &[],
        };
    };
}

expectation!(STATE, "expect-state", [FIND, [NOT, SOFT, WITHIN]]);
expectation!(SIGHT, "see", [FIND, [SOFT, WITHIN]]);
expectation!(VALUE, "expect-value", [FIND, COMPARISONS, BESIDE]);
expectation!(OF_PAGE, "expect-title", [COMPARISONS, BESIDE]);
expectation!(
    ATTRIBUTE,
    "expect-attribute",
    [
        FIND,
        COMPARISONS,
        BESIDE,
        [key("attribute", Kind::Text(Form::Free), "Its name.", "href").required().also(&["attr"])]
    ]
);
expectation!(
    CSS,
    "expect-css",
    [
        FIND,
        COMPARISONS,
        BESIDE,
        [key("property", Kind::Text(Form::Free), "Its name.", "color").required().also(&["style"])]
    ]
);
expectation!(
    ARIA,
    "expect-aria",
    [
        FIND,
        [
            key("is", Kind::Text(Form::Free), "The snapshot, as YAML.", "'- button \"Save\"'")
                .required(),
            NOT,
            SOFT,
            WITHIN
        ]
    ]
);
expectation!(pub(super) SCREEN_MATCH, "expect-screenshot", [PICTURE, [
    key("mask", Kind::OneOrMany(&LOCATOR_KIND), "Elements that do not count.", "{ role: timer }"),
    key("tolerance", Kind::Text(Form::Number), "How far one pixel may be off, 0 to 1.", "0.2")
        .default("0.1")
        .also(&["threshold"]),
    key("share", Kind::Text(Form::Number), "How many pixels may be off more, 0 to 1.", "0.01")
        .default("0")
        .also(&["maxDiffPixelRatio"]),
    SOFT,
    WITHIN
]]);

const STATE_KIND: Kind = Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &STATE)]);

const fn state(name: &'static str, doc: &'static str, also: &'static [&'static str]) -> Key {
    verb(name, STATE_KIND, doc, "{ role: button, name: Buy }").also(also)
}

const fn value(name: &'static str, doc: &'static str, example: &'static str) -> Key {
    verb(name, Kind::Object(|| &VALUE), doc, example)
}

const fn of_page(name: &'static str, doc: &'static str, example: &'static str) -> Key {
    let kind = Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &OF_PAGE)]);
    verb(name, kind, doc, example)
}

const fn sight(name: &'static str, doc: &'static str, example: &'static str) -> Key {
    verb(name, Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &SIGHT)]), doc, example)
}

/// What a user sees, or does not see.
pub(super) const SIGHTS: [Key; 2] = [
    sight("see", "Expects an element to be visible.", "{ role: heading, name: Order confirmed }"),
    sight("hide", "Expects no element like it to be visible.", "{ text: Loading }")
        .also(&["not-see"]),
];

/// States of elements.
pub(super) const STATES: [Key; 12] = [
    state("expect-visible", "It can be seen.", &["toBeVisible"]),
    state("expect-hidden", "It cannot be seen, or is not there.", &["toBeHidden"]),
    state("expect-attached", "It is in the document.", &["toBeAttached"]),
    state("expect-detached", "It is not in the document.", &["expect-gone"]),
    state("expect-enabled", "It can be used.", &["toBeEnabled"]),
    state("expect-disabled", "It cannot be used.", &["toBeDisabled"]),
    state("expect-checked", "It is ticked.", &["toBeChecked"]),
    state("expect-unchecked", "It is not ticked.", &["expect-not-checked"]),
    state("expect-focused", "It has the keyboard.", &["toBeFocused"]),
    state("expect-editable", "It can be written into.", &["toBeEditable"]),
    state("expect-empty", "There is nothing in it.", &["toBeEmpty"]),
    state("expect-in-viewport", "It is in view.", &["toBeInViewport"]),
];

/// What is compared.
pub(super) const VALUES: [Key; 11] = [
    value("expect-text", "Its text, white space folded.", "{ test-id: total, is: '12.50' }")
        .also(&["toHaveText", "toContainText"]),
    value("expect-value", "What a field holds.", "{ label: Email, is: a@example.org }")
        .also(&["toHaveValue"]),
    value("expect-count", "How many such elements there are.", "{ role: listitem, is: 3 }")
        .also(&["toHaveCount"]),
    value("expect-class", "Its classes.", "{ css: li, contains: done }").also(&["toHaveClass"]),
    value("expect-name", "Its accessible name.", "{ css: button, is: Save }")
        .also(&["toHaveAccessibleName"]),
    value("expect-role", "Its role.", "{ css: '#save', is: button }").also(&["toHaveRole"]),
    verb(
        "expect-attribute",
        Kind::Object(|| &ATTRIBUTE),
        "One of its attributes.",
        "{ role: link, name: Help, attribute: href, is: /help }",
    )
    .also(&["toHaveAttribute", "expect-attr"]),
    verb(
        "expect-css",
        Kind::Object(|| &CSS),
        "One of its CSS properties, as computed.",
        "{ text: Error, property: color, is: 'rgb(255, 0, 0)' }",
    )
    .also(&["toHaveCSS", "expect-style"]),
    of_page("expect-url", "The address of the page; `*` and `**` as in `stub`.", "/done")
        .also(&["toHaveURL"]),
    of_page("expect-title", "The title of the page.", "Cart").also(&["toHaveTitle"]),
    verb(
        "expect-aria",
        Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &ARIA)]),
        "Roles and names of the page or of an element, as YAML.",
        "{ role: main, is: '- heading \"Cart\"' }",
    )
    .also(&["toMatchAriaSnapshot"]),
];
