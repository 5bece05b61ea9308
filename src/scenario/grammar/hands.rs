//! What a browser step can do with pointer and keyboard.

use super::browser::{WITHIN, verb, verb_object};
use super::locator::{FIND, LOCATOR_KIND, PATTERN};
use super::{Form, Key, Kind, Object, Word, key, word};

const BUTTON: Kind = Kind::Word(&[word("left", ""), word("middle", ""), word("right", "")]);

const MODIFIER: Kind = Kind::Word(&[
    word("shift", ""),
    Word { name: "control", doc: "", also: &["ctrl"] },
    Word { name: "alt", doc: "", also: &["option"] },
    Word { name: "meta", doc: "", also: &["command", "cmd"] },
]);

const STAY: Key = key("stay", Kind::Bool, "Without waiting for the page that it leads to.", "true")
    .default("false");

const HOW_CLICKED: [Key; 4] = [
    key("modifiers", Kind::OneOrMany(&MODIFIER), "Keys that are held down.", "[shift]"),
    key(
        "at",
        Kind::List(&Kind::Text(Form::Number), 2),
        "Where, from its upper left corner, CSS pixels.",
        "[10, 5]",
    )
    .default("its middle"),
    key("force", Kind::Bool, "Without waiting until it can be clicked.", "true").default("false"),
    STAY,
];

const WHICH_CLICK: [Key; 2] = [
    key("button", BUTTON, "The mouse button.", "middle").default("left"),
    key("count", Kind::Whole(1, 3), "How often.", "2").default("1"),
];

const WITH: [Key; 1] =
    [key("with", Kind::Text(Form::Free), "The text.", "'4242'").required().also(&["value", "to"])];

const PRESSED: [Key; 2] = [
    key("key", Kind::Text(Form::Free), "The key, with those held down.", "Control+A")
        .required()
        .also(&["keys"]),
    STAY,
];

const OPTION: [Key; 1] = [key(
    "option",
    Kind::OneOrMany(&Kind::Text(Form::Free)),
    "The label or the value of what is chosen; a list for several.",
    "Large",
)
.required()
.also(&["value", "options"])];

const FILES: [Key; 1] =
    [key("file", Kind::OneOrMany(&Kind::Text(Form::Path)), "The file, or files.", "cat.png")
        .required()
        .also(&["files", "path"])];

const SCROLLED: [Key; 1] = [key(
    "by",
    Kind::List(&Kind::Text(Form::Number), 2),
    "How far its content is scrolled, right and down; without a locator, the page.",
    "[0, 300]",
)];

verb_object!(POINTED, "pointed", "this step", "An element.", [FIND]);
verb_object!(CLICK, "click", "a `click`", "What is clicked.", [FIND, WHICH_CLICK, HOW_CLICKED]);
verb_object!(DOUBLE, "double-click", "this click", "What is clicked.", [FIND, HOW_CLICKED]);
verb_object!(FILL, "fill", "a `fill`", "What is filled with what.", [FIND, WITH]);
verb_object!(TYPE, "type", "a `type`", "What is typed where.", [FIND, WITH]);
verb_object!(PRESS, "press", "a `press`", "Which key, and where.", [FIND, PRESSED]);
verb_object!(SELECT, "select", "a `select`", "What is chosen where.", [FIND, OPTION]);
verb_object!(UPLOAD, "upload", "an `upload`", "Which files go where.", [FIND, FILES]);
verb_object!(SCROLL, "scroll", "a `scroll`", "What is scrolled, and how far.", [FIND, SCROLLED]);

verb_object!(
    DRAG,
    "drag",
    "a `drag`",
    "From where to where.",
    [[
        key("from", LOCATOR_KIND, "What is dragged.", "{ text: Milk }")
            .required()
            .also(&["source"]),
        key("to", LOCATOR_KIND, "Where it is dropped.", "{ text: Cart }")
            .required()
            .also(&["target"])
    ]]
);

verb_object!(
    DOWNLOAD,
    "download",
    "a `download`",
    "What is clicked, and what must come.",
    [[
        key("click", LOCATOR_KIND, "What begins it.", "{ text: Invoice }").required(),
        key("name", PATTERN, "The file's name.", "invoice.pdf"),
        key("contains", Kind::Text(Form::Free), "A text in the file.", "Total"),
        key(
            "keep",
            Kind::Text(Form::Title),
            "The name it gets in the run's folder.",
            "invoice.pdf"
        )
    ]]
);

const fn element(name: &'static str, doc: &'static str, example: &'static str) -> Key {
    verb(name, Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &POINTED)]), doc, example)
}

const CLICK_KIND: Kind = Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &CLICK)]);
const DOUBLE_KIND: Kind = Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &DOUBLE)]);

/// What hands do.
pub(super) const HANDS: [Key; 16] = [
    verb("click", CLICK_KIND, "Clicks an element.", "{ role: button, name: Buy }").also(&["tap"]),
    verb("double-click", DOUBLE_KIND, "Clicks an element twice.", "{ text: Milk }")
        .also(&["dblclick"]),
    verb("right-click", DOUBLE_KIND, "Clicks with the other button.", "{ text: Milk }"),
    element("hover", "Moves the pointer over an element.", "{ text: Menu }"),
    element("focus", "Gives an element the keyboard.", "{ label: Search }"),
    verb(
        "scroll",
        Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &SCROLL)]),
        "Brings an element into view, or scrolls its content.",
        "{ text: Imprint }",
    ),
    element("clear", "Empties a field.", "{ label: Search }"),
    verb(
        "fill",
        Kind::Object(|| &FILL),
        "Replaces what a field holds.",
        "{ label: Card number, with: '4242' }",
    ),
    verb(
        "type",
        Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &TYPE)]),
        "Types key by key.",
        "{ label: Search, with: milk }",
    ),
    verb(
        "press",
        Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &PRESS)]),
        "Presses a key.",
        "Enter",
    )
    .also(&["key"]),
    element("check", "Ticks a box.", "{ label: I agree }"),
    element("uncheck", "Unticks a box.", "{ label: I agree }"),
    verb(
        "select",
        Kind::Object(|| &SELECT),
        "Chooses from a list.",
        "{ label: Size, option: Large }",
    )
    .also(&["selectOption"]),
    verb(
        "drag",
        Kind::Object(|| &DRAG),
        "Drags an element.",
        "{ from: { text: Milk }, to: { text: Cart } }",
    )
    .also(&["dragTo"]),
    verb(
        "upload",
        Kind::Object(|| &UPLOAD),
        "Chooses files for a field.",
        "{ label: Photo, file: cat.png }",
    )
    .also(&["setInputFiles"]),
    verb(
        "download",
        Kind::Object(|| &DOWNLOAD),
        "Clicks, and waits for the file.",
        "{ click: { text: Invoice } }",
    ),
];
