//! What is expected of an answer, and what must hold of a value.

use super::{Form, Key, Kind, Object, Word, key, word};

pub(super) static EXPECT: Object = Object {
    id: "expect",
    what: "an `expect`",
    doc: "What must hold of the answer.",
    keys: &[&[
        key(
            "status",
            Kind::OneOrMany(&Kind::Text(Form::Status)),
            "The statuses that are right: a number, or a class such as 2xx.",
            "[200, 3xx]",
        )
        .default("2xx or 3xx")
        .also(&["code", "statusCode", "status-code"]),
        key(
            "headers",
            Kind::Map(Form::HeaderName, &MATCHER_KIND),
            "Headers and what must hold of each.",
            "{ content-type: { contains: json } }",
        )
        .also(&["header"]),
        key("body", MATCHER_KIND, "What must hold of the text.", "{ contains: Welcome }")
            .also(&["text"]),
        key(
            "json",
            Kind::Map(Form::JsonPath, &MATCHER_KIND),
            "JSONPath (RFC 9535) and what must hold of what it selects.",
            "{ $.data.total: { gt: 0 } }",
        )
        .also(&["jsonpath"]),
        key(
            "schema",
            Kind::OneOf(&[Kind::Text(Form::Path), Kind::Map(Form::Free, &Kind::Any)]),
            "A JSON Schema that the body must satisfy: a file, or written here.",
            "schemas/cart.json",
        ),
        key("within", Kind::Text(Form::Positive), "The longest service time.", "500ms")
            .also(&["duration", "time", "max-time"]),
    ]],
    either: &[],
};

/// A value that must be equal, or operators that must all hold.
pub(super) const MATCHER_KIND: Kind =
    Kind::OneOf(&[Kind::Scalar, Kind::List(&Kind::Any, 0), Kind::Object(|| &MATCHER)]);

pub(in crate::scenario) static MATCHER: Object = Object {
    id: "matcher",
    what: "a matcher",
    doc: "What must hold of a value: all of the operators written.",
    keys: &[&OPERATORS],
    either: &[],
};

const ORDERED: Kind = Kind::Text(Form::Ordered);

const OPERATORS: [Key; 18] = [
    key("equals", Kind::Any, "It is this value.", "{ id: 1 }").also(&["eq", "is", "=="]),
    key("not", Kind::Any, "It is anything but this value.", "0").also(&["ne", "not-equals", "!="]),
    key("gt", ORDERED, "It is greater.", "0").also(&[">", "greater", "greater-than"]),
    key("gte", ORDERED, "It is greater or equal.", "1").also(&[">=", "ge", "min", "at-least"]),
    key("lt", ORDERED, "It is less.", "100").also(&["<", "less", "less-than"]),
    key("lte", ORDERED, "It is less or equal.", "99").also(&["<=", "le", "max", "at-most"]),
    key("in", Kind::List(&Kind::Any, 1), "It is one of these.", "[new, paid]").also(&["one-of"]),
    key("contains", Kind::Any, "It has this part (text) or element (list).", "json")
        .also(&["includes", "include", "has"]),
    key("not-contains", Kind::Any, "It does not have this part or element.", "error"),
    key("starts-with", Kind::Text(Form::Free), "The text begins so.", "Bearer ")
        .also(&["startsWith", "prefix"]),
    key("ends-with", Kind::Text(Form::Free), "The text ends so.", ".png")
        .also(&["endsWith", "suffix"]),
    key("matches", Kind::Text(Form::Regex), "The regular expression is found in it.", "'^[0-9]+$'")
        .also(&["regex", "match", "pattern", "like"]),
    key("type", Kind::Word(&TYPES), "Its JSON type.", "integer").also(&["is-a"]),
    key("length", MATCHER_KIND, "Its length: characters, elements or entries.", "{ gt: 0 }")
        .also(&["len", "size", "count"]),
    key("exists", Kind::Bool, "Whether it is there at all.", "true").also(&["present"]),
    key("empty", Kind::Bool, "Whether its length is 0.", "false"),
    key("each", MATCHER_KIND, "Holds of every value selected, at least one.", "{ gt: 0 }")
        .also(&["all", "every"]),
    key("any", MATCHER_KIND, "Holds of at least one value selected.", "milk").also(&["some"]),
];

static TYPES: [Word; 7] = [
    word("string", "A text."),
    word("number", "Any number."),
    Word { name: "integer", doc: "A whole number.", also: &["int"] },
    Word { name: "boolean", doc: "True or false.", also: &["bool"] },
    Word { name: "array", doc: "A list.", also: &["list"] },
    Word { name: "object", doc: "A map.", also: &["map", "dict"] },
    word("null", "Nothing."),
];
