//! What browser steps can do, and what belongs to each of them.

use super::locator::{FIND, LOCATOR_KIND};
use super::page::{DEVICE_KEYS, EMULATION, THROTTLE_KIND, VIEWPORT_KIND};
use super::seen::{OF_TEXT, SCREEN_MATCH};
use super::stub::STUB;
use super::{Act, Form, Key, Kind, Object, Role, Word, key, word};

/// A verb of a browser step.
pub(super) const fn verb(
    name: &'static str,
    kind: Kind,
    doc: &'static str,
    example: &'static str,
) -> Key {
    key(name, kind, doc, example).role(Role::Action(Act::Browser))
}

pub(super) const WITHIN: Key =
    key("within", Kind::Text(Form::Positive), "The longest time it may take.", "2s")
        .default("what `page` says")
        .also(&["timeout"]);

/// An object of a verb: what it says beside, and `within`.
macro_rules! verb_object {
    ($name:ident, $id:literal, $what:literal, $doc:literal, [$($keys:expr),*]) => {
        static $name: Object = Object {
            id: $id,
            what: $what,
            doc: $doc,
            keys: &[$(&$keys,)* &[WITHIN]],
            either: &[],
        };
    };
}
pub(super) use verb_object;

verb_object!(
    GOTO,
    "goto",
    "a `goto`",
    "Where, and what is waited for.",
    [
        [key("url", Kind::Text(Form::PageUrl), "The page.", "/shop").required().also(&["path"])],
        UNTIL
    ]
);

verb_object!(TRAVEL, "travel", "this step", "What is waited for.", [UNTIL]);

pub(super) const UNTIL_WORD: Kind = Kind::Word(&[
    word("commit", "The new document is there."),
    Word { name: "dom", doc: "It has been parsed.", also: &["domcontentloaded", "interactive"] },
    Word { name: "load", doc: "It and all it needs are there.", also: &["complete"] },
    Word { name: "idle", doc: "No request for half a second.", also: &["networkidle"] },
]);

const UNTIL: [Key; 1] =
    [key("until", UNTIL_WORD, "What is waited for.", "idle").default("load").also(&["waitUntil"])];

const ANSWER: [Word; 2] = [
    Word { name: "accept", doc: "OK.", also: &["ok", "true", "yes"] },
    Word { name: "dismiss", doc: "Cancel.", also: &["cancel", "false", "no"] },
];

verb_object!(
    DIALOG,
    "dialog",
    "a `dialog`",
    "How the next dialog is answered.",
    [[
        key("accept", Kind::Bool, "Whether it is accepted.", "true").required(),
        key("with", Kind::Text(Form::Free), "What is typed into a prompt.", "Ada").also(&["text"]),
        key("message", OF_TEXT, "What it must say.", "{ contains: sure }")
    ]]
);

const PLACES: [Word; 3] = [
    Word {
        name: "main",
        doc: "The page of this tab, out of all frames.",
        also: &["top", "parent"],
    },
    Word { name: "new-tab", doc: "The tab opened last; waited for.", also: &["popup", "new"] },
    Word { name: "previous-tab", doc: "The tab opened before this one.", also: &["previous"] },
];

static SWITCH: Object = Object {
    id: "switch-to",
    what: "a `switch-to`",
    doc: "Which frame or tab the next steps are about.",
    keys: &[&[
        key("frame", LOCATOR_KIND, "A frame, inside of the current one.", "{ title: Payment }"),
        key("tab", Kind::Object(|| &TAB), "A tab by its title or URL.", "{ title: Help }")
            .also(&["window", "page"]),
        WITHIN,
    ]],
    either: &[&["frame", "tab"]],
};

static TAB: Object = Object {
    id: "tab",
    what: "a `tab`",
    doc: "Which tab.",
    keys: &[&[
        key("title", OF_TEXT, "Its title.", "{ contains: Help }"),
        key("url", OF_TEXT, "Its URL.", "/help"),
    ]],
    either: &[&["title", "url"]],
};

verb_object!(
    EVALUATE,
    "evaluate",
    "an `evaluate`",
    "JavaScript and what it is given.",
    [[
        key(
            "script",
            Kind::Text(Form::Free),
            "An expression, or statements with `return`.",
            "1 + 1"
        )
        .required()
        .also(&["expression", "function"]),
        key("args", Kind::Any, "What the script sees as `arg`.", "{ id: 1 }").also(&["arg"])
    ]]
);

/// The keys of a picture.
pub(super) const PICTURE: [Key; 3] = [
    key("name", Kind::Text(Form::Title), "The name of the picture.", "cart").required(),
    key("full", Kind::Bool, "The whole page, not only what is in view.", "true")
        .default("false")
        .also(&["fullPage"]),
    key("of", LOCATOR_KIND, "Only this element.", "{ role: table }").also(&["element"]),
];

verb_object!(SCREENSHOT, "screenshot", "a `screenshot`", "What is taken.", [PICTURE]);

verb_object!(
    WAIT_FOR,
    "wait-for",
    "a `wait-for`",
    "What is waited for.",
    [
        FIND,
        [
            key("request", Kind::Text(Form::UrlPattern), "A request to this URL.", "/api/items"),
            key("response", Kind::Text(Form::UrlPattern), "An answer from this URL.", "/api/**"),
            key("method", Kind::Text(Form::Method), "Only this method.", "POST"),
            key("status", Kind::Whole(100, 599), "Only an answer of this status.", "201"),
            key("load", UNTIL_WORD, "How far the page has come.", "idle"),
            key("url", Kind::Text(Form::UrlPattern), "The page has this URL.", "/done")
        ]
    ]
);

verb_object!(EMULATE, "emulate", "an `emulate`", "What changes.", [DEVICE_KEYS, EMULATION]);

static UNSTUB: Object = Object {
    id: "unstub",
    what: "an `unstub`",
    doc: "Which stubs end.",
    keys: &[&[key("url", Kind::Text(Form::UrlPattern), "Their pattern.", "/api/**").required()]],
    either: &[],
};

static STATE: Object = Object {
    id: "state",
    what: "a state",
    doc: "Cookies and storages, kept under a name.",
    keys: &[&[key("name", Kind::Text(Form::Title), "The name.", "signed-in").required()]],
    either: &[],
};

const STATE_KIND: Kind = Kind::OneOf(&[Kind::Text(Form::Title), Kind::Object(|| &STATE)]);

const NOTHING_OR_TRAVEL: Kind = Kind::OneOf(&[Kind::Bare(None), Kind::Object(|| &TRAVEL)]);

/// What concerns the page as a whole, and the browser.
pub(super) const WHOLE: [Key; 18] = [
    verb(
        "goto",
        Kind::OneOf(&[Kind::Text(Form::PageUrl), Kind::Object(|| &GOTO)]),
        "Opens a page.",
        "/shop",
    )
    .also(&["visit", "navigate", "open"]),
    verb("back", NOTHING_OR_TRAVEL, "Goes back.", "true"),
    verb("forward", NOTHING_OR_TRAVEL, "Goes forward.", "true"),
    verb("reload", NOTHING_OR_TRAVEL, "Loads the page again.", "true").also(&["refresh"]),
    verb(
        "wait-for",
        Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &WAIT_FOR)]),
        "Waits for an element, an address, a request or its answer, or for the page to load.",
        "{ response: /api/items }",
    )
    .also(&["waitFor"]),
    verb(
        "evaluate",
        Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &EVALUATE)]),
        "Runs JavaScript in the page.",
        "document.title",
    ),
    verb(
        "dialog",
        Kind::OneOf(&[Kind::Word(&ANSWER), Kind::Object(|| &DIALOG)]),
        "Answers the next dialog.",
        "accept",
    ),
    verb(
        "switch-to",
        Kind::OneOf(&[Kind::Word(&PLACES), Kind::Object(|| &SWITCH)]),
        "Goes to another frame or tab.",
        "{ frame: { title: Payment } }",
    )
    .also(&["frame"]),
    verb(
        "close",
        Kind::Bare(None),
        "Closes this tab; the one before it comes to the front.",
        "true",
    ),
    verb(
        "screenshot",
        Kind::OneOf(&[Kind::Text(Form::Title), Kind::Object(|| &SCREENSHOT)]),
        "Takes a picture.",
        "cart",
    ),
    verb("viewport", VIEWPORT_KIND, "Sets the size of the page.", "{ width: 1280, height: 720 }"),
    verb("offline", Kind::Bool, "Takes the network away, or gives it back.", "true"),
    verb("throttle", THROTTLE_KIND, "Makes the network or the processor slower.", "slow-3g"),
    verb(
        "emulate",
        Kind::Object(|| &EMULATE),
        "Changes what the browser pretends to be.",
        "{ color-scheme: dark }",
    ),
    verb(
        "stub",
        Kind::Object(|| &STUB),
        "Answers requests in the server's place.",
        "{ url: /api/items, json: [] }",
    )
    .also(&["route", "intercept", "mock"]),
    verb(
        "unstub",
        Kind::OneOf(&[Kind::Bare(Some(Form::UrlPattern)), Kind::Object(|| &UNSTUB)]),
        "Ends the stubs of a URL pattern, or all.",
        "/api/items",
    )
    .also(&["unroute"]),
    verb("save-state", STATE_KIND, "Keeps cookies and storages under a name.", "signed-in")
        .also(&["storageState"]),
    verb("use-state", STATE_KIND, "Brings kept cookies and storages back.", "signed-in"),
];

/// Pictures that are compared.
pub(super) const SCREENS: [Key; 1] = [verb(
    "expect-screenshot",
    Kind::OneOf(&[Kind::Text(Form::Title), Kind::Object(|| &SCREEN_MATCH)]),
    "Expects the page to look as on the stored picture.",
    "cart",
)
.also(&["toHaveScreenshot"])];
