//! What a stub has: an answer in the server's place.

use super::{Form, Kind, Object, key};

/// The argument of `stub`, and an item of `stubs`.
pub(super) static STUB: Object = Object {
    id: "stub",
    what: "a stub",
    doc: "Which requests of the page are answered, and with what.",
    keys: &[&[
        key(
            "url",
            Kind::Text(Form::UrlPattern),
            "Which: `*` stays within a part of the path, `**` does not; a path is the target's.",
            "/api/items",
        )
        .required()
        .also(&["path", "pattern"]),
        key("method", Kind::Text(Form::Method), "Only this method.", "POST"),
        key("status", Kind::Text(Form::Number), "The status of the answer, 200 to 599.", "503")
            .default("200"),
        key(
            "headers",
            Kind::Map(Form::HeaderName, &Kind::Text(Form::HeaderValue)),
            "Its headers.",
            "{ cache-control: no-store }",
        ),
        key("body", Kind::Text(Form::Free), "Its body.", "hello").also(&["text"]),
        key("json", Kind::Any, "Its body, as JSON.", "{ items: [] }"),
        key("abort", Kind::Bool, "Fails as if there were no server.", "true").default("false"),
        key(
            "pass",
            Kind::OneOf(&[Kind::Bool, Kind::Object(|| &PASS)]),
            "It goes to the server, perhaps with other headers.",
            "{ headers: { x-fault: slow } }",
        )
        .also(&["continue"]),
        key("delay", Kind::Text(Form::Duration), "Waited first.", "2s").default("0s"),
        key("times", Kind::Whole(1, 1_000_000), "How often; then it is gone.", "1")
            .default("always"),
        super::browser::WITHIN,
    ]],
    either: &[
        &["body", "json", "abort", "pass"],
        &["status", "abort", "pass"],
        &["headers", "abort", "pass"],
    ],
};

static PASS: Object = Object {
    id: "pass",
    what: "a `pass`",
    doc: "What changes about a request that goes to the server.",
    keys: &[&[key(
        "headers",
        Kind::Map(Form::HeaderName, &Kind::Text(Form::HeaderValue)),
        "Added to it.",
        "{ x-fault: slow }",
    )
    .required()]],
    either: &[],
};
