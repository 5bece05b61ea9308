//! What a step has: an action, and what is written beside it.

use super::browser::{SCREENS, WHOLE};
use super::expect::{EXPECT, MATCHER_KIND};
use super::hands::HANDS;
use super::locator::LOCATOR_KIND;
use super::seen::{SIGHTS, STATES, VALUES};
use super::{Act, Form, Key, Kind, Object, Role, Word, key};

/// A list of steps that does something.
pub(super) const STEPS: Kind = Kind::List(&STEP_KIND, 1);

static STEP_KIND: Kind = Kind::OneOf(&[Kind::Text(Form::Title), Kind::Object(|| &STEP)]);

pub(in crate::scenario) static STEP: Object = Object {
    id: "step",
    what: "a step",
    doc: "One action, and what is expected of it.",
    keys: &[
        &METHODS, &ACTIONS, &BESIDE, &REQUEST, &BODIES, &ANSWER, &WHOLE, &HANDS, &SIGHTS, &STATES,
        &VALUES, &SCREENS,
    ],
    either: &[&["json", "form", "multipart", "body", "body-file"]],
};

const fn method(name: &'static str, doc: &'static str) -> Key {
    key(name, Kind::Text(Form::Url), doc, "/meals/{{ id }}").role(Role::Action(Act::Http))
}

const METHODS: [Key; 8] = [
    method("get", "Sends a GET request to a path or URL."),
    method("post", "Sends a POST request to a path or URL."),
    method("put", "Sends a PUT request to a path or URL."),
    method("patch", "Sends a PATCH request to a path or URL."),
    method("delete", "Sends a DELETE request to a path or URL.").also(&["del"]),
    method("head", "Sends a HEAD request to a path or URL."),
    method("options", "Sends an OPTIONS request to a path or URL."),
    method("trace", "Sends a TRACE request to a path or URL."),
];

const ACTIONS: [Key; 6] = [
    key("method", Kind::Text(Form::Method), "A method that has no key; goes with url.", "PROPFIND")
        .role(Role::Action(Act::Http)),
    key("url", Kind::Text(Form::Url), "Where `method` is sent to.", "/files")
        .role(Role::With("method"))
        .also(&["path"]),
    key(
        "use",
        Kind::Text(Form::Title),
        "Does the step of this name; what is beside it is laid over the original.",
        "sign in",
    )
    .role(Role::Action(Act::Use))
    .also(&["run", "ref"]),
    key("pause", Kind::Text(Form::Pause), "Waits, in tests and under load.", "1s..3s")
        .role(Role::Action(Act::Pause))
        .also(&["sleep", "wait", "delay"]),
    key("group", Kind::Text(Form::Title), "A name for several steps; goes with steps.", "cart")
        .role(Role::Action(Act::Group)),
    key("steps", STEPS, "The steps of `group`.", "[{ get: / }]").role(Role::With("group")),
];

const BESIDE: [Key; 5] = [
    key("step", Kind::Text(Form::Title), "Its name in reports, SLAs and journeys.", "add item")
        .also(&["name", "id", "title"]),
    key(
        "when",
        Kind::Map(Form::Variable, &MATCHER_KIND),
        "Variables and what must hold of each, or the step is passed over.",
        "{ token: { exists: true } }",
    )
    .also(&["if", "only-if"]),
    key(
        "repeat",
        Kind::OneOf(&[Kind::Whole(1, 1_000_000), Kind::Object(|| &REPEAT)]),
        "How often it is done.",
        "3",
    )
    .default("1")
    .also(&["loop", "times"]),
    key("think", Kind::Text(Form::Pause), "The pause after it, under load only.", "1s..3s")
        .also(&["think-time"]),
    key(
        "tags",
        Kind::Map(Form::TagName, &Kind::Text(Form::Title)),
        "For SLAs such as http_req_duration{area:cart}.",
        "{ area: cart }",
    ),
];

const fn request(name: &'static str, kind: Kind, doc: &'static str, example: &'static str) -> Key {
    key(name, kind, doc, example).role(Role::Http)
}

const REQUEST: [Key; 6] = [
    request(
        "query",
        Kind::Map(Form::Free, &Kind::OneOf(&[Kind::Scalar, Kind::List(&Kind::Scalar, 0)])),
        "Parameters of the URL; a list gives its name several times.",
        "{ page: 2, tag: [a, b] }",
    )
    .also(&["params"]),
    request(
        "headers",
        Kind::Map(Form::HeaderName, &Kind::Text(Form::HeaderValue)),
        "Sent with it.",
        "{ accept: application/json }",
    )
    .also(&["header"]),
    request(
        "cookies",
        Kind::Map(Form::HeaderName, &Kind::Text(Form::HeaderValue)),
        "Sent beside the virtual user's own.",
        "{ theme: dark }",
    ),
    request("auth", AUTH_KIND, "Sent with it.", "{ bearer: '{{ token }}' }"),
    request("redirects", REDIRECTS, "How many redirects are followed.", "stop").default("follow"),
    request("timeout", Kind::Text(Form::Positive), "For the whole exchange.", "5s").default("30s"),
];

const BODIES: [Key; 5] = [
    request("json", Kind::Any, "A JSON body.", "{ productId: p-1, quantity: 2 }"),
    request(
        "form",
        Kind::Map(Form::Free, &Kind::OneOf(&[Kind::Scalar, Kind::List(&Kind::Scalar, 0)])),
        "A URL-encoded form.",
        "{ user: a, password: b }",
    ),
    request(
        "multipart",
        Kind::Map(Form::Free, &Kind::OneOf(&[Kind::Text(Form::Free), Kind::Object(|| &PART)])),
        "A form with files.",
        "{ title: photo, image: { file: cat.png, type: image/png } }",
    ),
    request("body", Kind::Text(Form::Free), "A text body.", "hello").also(&["text", "data"]),
    request("body-file", Kind::Text(Form::Path), "A body out of a file, as it is.", "cart.xml"),
];

const ANSWER: [Key; 2] = [
    request("expect", Kind::Object(|| &EXPECT), "What must hold of the answer.", "{ status: 200 }")
        .also(&["checks", "assert", "asserts", "validate"]),
    key(
        "capture",
        Kind::Map(Form::Name, &Kind::OneOf(&[Kind::Text(Form::Source), Kind::Object(|| &CAPTURE)])),
        "Variables taken from the answer, or from the page.",
        "{ token: $.data.token }",
    )
    .role(Role::Capture)
    .also(&["extract", "save", "captures"]),
];

static REPEAT: Object = Object {
    id: "repeat",
    what: "a `repeat`",
    doc: "How often a step is done.",
    keys: &[&[
        key("times", Kind::Whole(1, 1_000_000), "At most this many times.", "10").required(),
        key(
            "until",
            Kind::Map(Form::Variable, &MATCHER_KIND),
            "Stops early when all of these hold.",
            "{ status: ready }",
        ),
        key("every", Kind::Text(Form::Duration), "The pause between two turns.", "200ms"),
    ]],
    either: &[],
};

static PART: Object = Object {
    id: "part",
    what: "a file of a `multipart` body",
    doc: "A file that is sent.",
    keys: &[&[
        key("file", Kind::Text(Form::Path), "The file.", "cat.png").required(),
        key("name", Kind::Text(Form::Free), "The file name sent.", "photo.png")
            .default("the file's own"),
        key("type", Kind::Text(Form::HeaderValue), "The content type sent.", "image/png")
            .default("application/octet-stream"),
    ]],
    either: &[],
};

static CAPTURE: Object = Object {
    id: "capture",
    what: "a capture",
    doc: "Where a variable's value comes from, where a word or a JSONPath does not say it.",
    keys: &[&FROM_ANSWER, &FROM_PAGE],
    either: &[&["header", "cookie", "regex", "text", "value", "count", "attribute"]],
};

/// What a step with a browser can take from an element of the page.
const FROM_PAGE: [Key; 5] = [
    key("text", LOCATOR_KIND, "The text of this element of the page.", "{ test-id: total }"),
    key("value", LOCATOR_KIND, "What this field of the page holds.", "{ label: Email }"),
    key("count", LOCATOR_KIND, "How many such elements the page has.", "{ role: listitem }"),
    key("attribute", Kind::Text(Form::Free), "The name of an attribute.", "href").also(&["attr"]),
    key("of", LOCATOR_KIND, "The element that has `attribute`.", "{ role: link }"),
];

const FROM_ANSWER: [Key; 4] = [
    key("header", Kind::Text(Form::HeaderName), "A header of the answer.", "location"),
    key("cookie", Kind::Text(Form::HeaderName), "A cookie.", "sid"),
    key("regex", Kind::Text(Form::Regex), "Found anywhere in the body.", "'id=(\\d+)'")
        .also(&["regexp", "match"]),
    key("group", Kind::Whole(0, 99), "The group of `regex` that is taken.", "1").default("1"),
];

pub(super) const AUTH_KIND: Kind = Kind::OneOf(&[Kind::Word(&NO_AUTH), Kind::Object(|| &AUTH)]);

static NO_AUTH: [Word; 1] =
    [Word { name: "none", doc: "Without the file's default.", also: &["off", "false", "no"] }];

static AUTH: Object = Object {
    id: "auth",
    what: "an `auth`",
    doc: "How requests say who they come from.",
    keys: &[&[
        key("bearer", Kind::Text(Form::HeaderValue), "A token.", "'{{ token }}'").also(&["token"]),
        key("basic", Kind::Object(|| &BASIC), "User and password.", "{ user: u, password: p }"),
    ]],
    either: &[&["bearer", "basic"]],
};

static BASIC: Object = Object {
    id: "basic",
    what: "a `basic` auth",
    doc: "User and password.",
    keys: &[&[
        key("user", Kind::Text(Form::Free), "The user.", "admin").required().also(&["username"]),
        key("password", Kind::Text(Form::Free), "The password.", "'{{ secrets.PASSWORD }}'")
            .required()
            .also(&["pass"]),
    ]],
    either: &[],
};

pub(super) const REDIRECTS: Kind = Kind::WordOr(&FOLLOW, &Kind::Whole(0, 100));

static FOLLOW: [Word; 2] = [
    Word { name: "follow", doc: "At most 10.", also: &["true", "yes", "on"] },
    Word { name: "stop", doc: "None: the redirect is the answer.", also: &["false", "no", "off"] },
];
