//! Steps as written: actions, bodies, checks, captures.

use std::time::Duration;

use serde_json::Value;

use crate::diagnostic::{Place, Spanned};
use crate::units::Pause;

/// One step as written.
#[derive(Debug, Clone)]
pub struct Step {
    /// The whole entry.
    pub place: Place,
    /// `step`: its name.
    pub name: Option<Spanned<String>>,
    /// `when`: variables and what must hold of each, or the step is passed over.
    pub when: Vec<(Spanned<String>, Matcher)>,
    /// `repeat`.
    pub repeat: Option<Repeat>,
    /// `think`: the pause after it under load.
    pub think: Option<Spanned<Pause>>,
    /// `tags`, as `name: value`.
    pub tags: Vec<(Spanned<String>, Spanned<String>)>,
    /// What it does.
    pub action: Action,
}

/// `repeat: 3` or `repeat: { times: 10, until: { status: ready }, every: 200ms }`.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// At most this many times.
    pub times: Spanned<u32>,
    /// Stops early when all of these hold.
    pub until: Vec<(Spanned<String>, Matcher)>,
    /// The pause between two turns.
    pub every: Option<Spanned<Duration>>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// A request.
    Http(Box<HttpStep>),
    /// A browser action.
    Browser(Box<BrowserStep>),
    /// `pause: 1s` or `pause: 1s..3s`.
    Pause(Spanned<Pause>),
    /// A step's name, alone or as `use:`, with what is written beside it laid over the original.
    Use(Spanned<String>, Box<HttpStep>),
    /// `group:` with `steps:`.
    Group(Vec<Step>),
}

/// A request as written; what is absent comes from the defaults, or from the step used.
#[derive(Debug, Clone, Default)]
pub struct HttpStep {
    /// The method, upper case.
    pub method: Option<Spanned<String>>,
    /// The path or URL; a template.
    pub url: Option<Spanned<String>>,
    /// `query`; a list gives its name several times.
    pub query: Vec<(Spanned<String>, Spanned<Value>)>,
    /// `headers`.
    pub headers: Vec<(Spanned<String>, Spanned<String>)>,
    /// `cookies`, sent beside the virtual user's own.
    pub cookies: Vec<(Spanned<String>, Spanned<String>)>,
    /// `json`, `form`, `multipart`, `body` or `body-file`.
    pub body: Option<Body>,
    /// `auth`.
    pub auth: Option<Auth>,
    /// `redirects`: how many are followed; `stop` is 0, `follow` is 10.
    pub redirects: Option<Spanned<u32>>,
    /// `timeout` for the whole exchange.
    pub timeout: Option<Spanned<Duration>>,
    /// `expect`.
    pub expect: Expect,
    /// `capture`.
    pub capture: Vec<Capture>,
}

/// A request's body; every string in it is a template.
#[derive(Debug, Clone)]
pub enum Body {
    /// `json`.
    Json(Spanned<Value>),
    /// `form`: URL-encoded.
    Form(Vec<(Spanned<String>, Spanned<Value>)>),
    /// `multipart`.
    Multipart(Vec<(Spanned<String>, Part)>),
    /// `body`: text as it is.
    Text(Spanned<String>),
    /// `body-file`: bytes as they are, relative to the scenario file.
    File(Spanned<String>),
}

/// One field of a `multipart` body.
#[derive(Debug, Clone)]
pub enum Part {
    /// A text value.
    Text(Spanned<String>),
    /// `{ file, name?, type? }`.
    File {
        /// The file, relative to the scenario file.
        file: Spanned<String>,
        /// The file name sent; by default the file's own.
        name: Option<Spanned<String>>,
        /// The content type sent; by default `application/octet-stream`.
        content_type: Option<Spanned<String>>,
    },
}

/// `auth`.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `auth: { basic: { user, password } }`.
    Basic(Spanned<String>, Spanned<String>),
    /// `auth: { bearer: token }`.
    Bearer(Spanned<String>),
    /// `auth: none`: without the file's default.
    None,
}

/// `expect`: what must hold of the answer.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// `status`: any of these; empty means "any status from 200 to 399".
    pub status: Vec<Spanned<StatusSet>>,
    /// `headers`.
    pub headers: Vec<(Spanned<String>, Matcher)>,
    /// `body`: the text.
    pub body: Option<Matcher>,
    /// `json`: JSONPath (RFC 9535) and what must hold of what it selects.
    pub json: Vec<(Spanned<String>, Matcher)>,
    /// `schema`: a JSON Schema, inline.
    pub schema: Option<Spanned<Value>>,
    /// `schema`: a JSON Schema in a file, relative to the scenario file.
    pub schema_file: Option<Spanned<String>>,
    /// `within`: the longest service time.
    pub within: Option<Spanned<Duration>>,
}

/// One status or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusSet {
    /// `201`
    One(u16),
    /// `2xx` is 2.
    Class(u16),
}

impl StatusSet {
    /// Whether `status` is one of these.
    pub fn has(self, status: u16) -> bool {
        match self {
            StatusSet::One(one) => one == status,
            StatusSet::Class(class) => status / 100 == class,
        }
    }
}

/// What must hold of a value: a list of tests, all of which must hold.
#[derive(Debug, Clone)]
pub struct Matcher {
    /// Where it stands.
    pub place: Place,
    /// All must hold.
    pub tests: Vec<Comparison>,
}

/// One comparison; every string in it is a template.
#[derive(Debug, Clone)]
pub enum Comparison {
    /// A bare value, or `equals`.
    Equals(Spanned<Value>),
    /// `not`: anything but this value.
    Not(Spanned<Value>),
    /// `gt`
    Gt(Spanned<Value>),
    /// `gte`
    Gte(Spanned<Value>),
    /// `lt`
    Lt(Spanned<Value>),
    /// `lte`
    Lte(Spanned<Value>),
    /// `in`: one of these.
    In(Spanned<Vec<Value>>),
    /// `contains`: a part of a text, or an element of a list.
    Contains(Spanned<Value>),
    /// `not-contains`
    NotContains(Spanned<Value>),
    /// `starts-with`
    StartsWith(Spanned<String>),
    /// `ends-with`
    EndsWith(Spanned<String>),
    /// `matches`: a regular expression, found anywhere.
    Matches(Spanned<String>),
    /// `type`
    Type(Spanned<JsonType>),
    /// `length` of a text (characters), list or object.
    Length(Box<Matcher>),
    /// `exists`
    Exists(Spanned<bool>),
    /// `each`: every selected value; at least one must be there.
    Each(Box<Matcher>),
    /// `any`: at least one selected value.
    Any(Box<Matcher>),
}

/// The words of `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the JSON types by their own names")]
pub enum JsonType {
    String,
    Number,
    Integer,
    Boolean,
    Array,
    Object,
    Null,
}

/// One entry of `capture`.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The variable.
    pub name: Spanned<String>,
    /// Where its value comes from.
    pub from: CaptureFrom,
}

/// Where a capture comes from.
#[derive(Debug, Clone)]
pub enum CaptureFrom {
    /// `$.data.token`: the first value the path selects.
    JsonPath(Spanned<String>),
    /// `{ header: location }`
    Header(Spanned<String>),
    /// `{ cookie: sid }`
    Cookie(Spanned<String>),
    /// `{ regex: 'id="(\d+)"', group: 1 }`
    Regex(Spanned<String>, u32),
    /// `body`: all of it.
    Body,
    /// From the page, after a browser step.
    Page(PageSource),
}

/// Where a capture of a browser step comes from.
#[derive(Debug, Clone)]
pub struct PageSource {
    /// `text`, `value`, `count`, `attribute`, `url`, `title`, `result`, `file`, `dialog`,
    /// `request` or `response`.
    pub from: Spanned<String>,
    /// Of which element; none for that of the step.
    pub locator: Option<Spanned<Value>>,
    /// The attribute's name.
    pub attribute: Option<Spanned<String>>,
}

/// A browser action: kept as written until `plan::browser` reads it.
#[derive(Debug, Clone)]
pub struct BrowserStep {
    /// The action's key, such as `click`.
    pub verb: Spanned<String>,
    /// Its argument, without what follows.
    pub argument: Spanned<Value>,
    /// `within`: the longest time it may take.
    pub within: Option<Spanned<Duration>>,
    /// `soft`: a failure is noted and the test goes on.
    pub soft: bool,
    /// `file` of an `upload`, relative to the scenario file.
    pub files: Vec<Spanned<String>>,
    /// `capture`.
    pub capture: Vec<Capture>,
}
