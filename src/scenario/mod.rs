//! Is what the user wrote: the scenario file as types, every value with its place.
//!
//! Reading may only check what one file can tell by itself; defaults, names from other files and
//! everything else that needs the whole picture is settled in `plan`.
//!
//! Text becomes a tree (`yaml`), the tree is held against the grammar (`grammar`, `check`), and
//! what fits becomes these types (`convert`).

mod check;
mod codes;
mod convert;
mod grammar;
mod parse;
mod problems;
mod schema;
mod wanted;
mod yaml;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::diagnostic::{Place, SourceFile, Spanned};
use crate::metric::Sla;
use crate::units::{Pause, Rate};

pub use codes::CODES;
pub use parse::parse;
pub use schema::schema;
pub use wanted::{Wanted, WantedKind};

/// One scenario file as written.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file it was read from.
    pub file: Arc<SourceFile>,
    /// `name`; a file that only holds `steps` for others may leave it out.
    pub name: Option<Spanned<String>>,
    /// `about`.
    pub about: Option<String>,
    /// `include`: files whose steps can be used here, relative to this file.
    pub include: Vec<Spanned<String>>,
    /// `vars`, in the order written.
    pub vars: Vec<(Spanned<String>, Spanned<Value>)>,
    /// `secrets`: names of environment variables that may be read and must never be shown.
    pub secrets: Vec<Spanned<String>>,
    /// `data`.
    pub data: Vec<Feed>,
    /// `http`: what holds for each request unless its step says otherwise.
    pub http: HttpDefaults,
    /// `before-...` and `after-...`.
    pub hooks: Hooks,
    /// `steps`: steps that only exist to be used by name.
    pub steps: Vec<Step>,
    /// `tests`.
    pub tests: Vec<Test>,
    /// `load`.
    pub load: Option<Load>,
}

/// `data`: one CSV feed.
#[derive(Debug, Clone)]
pub struct Feed {
    /// The name that templates use.
    pub name: Spanned<String>,
    /// The CSV file, relative to the scenario file.
    pub csv: Spanned<String>,
    /// How rows are handed out.
    pub pick: Pick,
    /// What happens when the rows are used up.
    pub at_end: AtEnd,
}

/// How a feed hands out rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pick {
    /// `in-order`: each iteration takes the next row.
    #[default]
    InOrder,
    /// `random`: each iteration takes any row.
    Random,
    /// `each`: one row for each virtual user (and each test), kept for its life.
    Each,
}

/// What a feed does when its rows are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtEnd {
    /// `wrap`: begins again.
    #[default]
    Wrap,
    /// `stop`: whoever needs a row stops, and the run says so.
    Stop,
}

/// `http`: defaults for all requests of the file.
#[derive(Debug, Clone, Default)]
pub struct HttpDefaults {
    /// `base`: put before each path that begins with `/`; a template over `vars`.
    pub base: Option<Spanned<String>>,
    /// `headers`.
    pub headers: Vec<(Spanned<String>, Spanned<String>)>,
    /// `auth`.
    pub auth: Option<Auth>,
    /// `timeout`.
    pub timeout: Option<Spanned<Duration>>,
    /// `redirects`.
    pub redirects: Option<Spanned<u32>>,
    /// `max-body`, in bytes.
    pub max_body: Option<Spanned<u64>>,
    /// `tls.ca`: a PEM file, relative to the scenario file.
    pub ca: Option<Spanned<String>>,
    /// `tls.verify: off`: the explicit word for accepting any certificate.
    pub insecure: bool,
}

/// `before-...` and `after-...`: setup and teardown.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// Once before everything; its captures are seen by all tests and users.
    pub before_run: Vec<Step>,
    /// Once after everything.
    pub after_run: Vec<Step>,
    /// Once per test and once per virtual user.
    pub before_each: Vec<Step>,
    /// Once per test and once per virtual user.
    pub after_each: Vec<Step>,
    /// Once per test, after `before-each`.
    pub before_test: Vec<Step>,
    /// Once per test, before `after-each`.
    pub after_test: Vec<Step>,
    /// Once per virtual user, after `before-each`.
    pub before_user: Vec<Step>,
    /// Once per virtual user, before `after-each`.
    pub after_user: Vec<Step>,
}

/// One entry of `tests`.
#[derive(Debug, Clone)]
pub struct Test {
    /// `name`.
    pub name: Spanned<String>,
    /// `tags`.
    pub tags: Vec<Spanned<String>>,
    /// `browser`: engines this test runs in; empty for HTTP only.
    pub browser: Vec<Spanned<String>>,
    /// `retries`: further attempts after a failed one.
    pub retries: Option<Spanned<u32>>,
    /// `timeout` for one attempt.
    pub timeout: Option<Spanned<Duration>>,
    /// `skip`: the reason it is not run.
    pub skip: Option<Spanned<String>>,
    /// `steps`.
    pub steps: Vec<Step>,
}

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
}

/// A browser action: kept as written until the browser driver reads it.
#[derive(Debug, Clone)]
pub struct BrowserStep {
    /// The action's key, such as `click`.
    pub verb: Spanned<String>,
    /// Its argument.
    pub argument: Spanned<Value>,
}

/// `load`.
#[derive(Debug, Clone)]
pub struct Load {
    /// The section.
    pub place: Place,
    /// `journey`, or the entries of `journeys`.
    pub journeys: Vec<Journey>,
    /// `think`: the pause after each step of a journey.
    pub think: Option<Spanned<Pause>>,
    /// `profiles`.
    pub profiles: Vec<(Spanned<String>, Profile)>,
    /// `sla`.
    pub sla: Vec<Spanned<Sla>>,
}

/// The steps one virtual user walks, again and again.
#[derive(Debug, Clone)]
pub struct Journey {
    /// Its name; `journey` where there is only one.
    pub name: Spanned<String>,
    /// How often it is chosen, against its siblings.
    pub weight: Spanned<u32>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// A workload model as written.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The entry.
    pub place: Place,
    /// What it asks for.
    pub shape: Shape,
    /// `graceful-stop`: how long started iterations may still run.
    pub graceful_stop: Option<Spanned<Duration>>,
    /// `start-after`: a delay before it begins.
    pub start_after: Option<Spanned<Duration>>,
}

/// The load shapes, by what is written (k6's executors in brackets).
#[derive(Debug, Clone)]
pub enum Shape {
    /// `users` + `duration` (constant-vus).
    Users(Spanned<u32>, Spanned<Duration>),
    /// `stages` of users (ramping-vus).
    Stages(Vec<Stage<u32>>, u32),
    /// `users` + `iterations` each (per-vu-iterations), with a longest duration.
    IterationsEach(Spanned<u32>, Spanned<u64>, Option<Spanned<Duration>>),
    /// `users` + `shared-iterations` (shared-iterations), with a longest duration.
    IterationsShared(Spanned<u32>, Spanned<u64>, Option<Spanned<Duration>>),
    /// `arrivals` + `duration` (constant-arrival-rate).
    Arrivals(Spanned<Rate>, Spanned<Duration>, Option<Spanned<u32>>),
    /// `arrivals` stages (ramping-arrival-rate): start rate, stages, most users.
    ArrivalStages(Rate, Vec<Stage<Rate>>, Option<Spanned<u32>>),
}

/// `{ duration, target }`.
#[derive(Debug, Clone)]
pub struct Stage<T> {
    /// How long it takes.
    pub duration: Spanned<Duration>,
    /// What is reached at its end.
    pub target: Spanned<T>,
}
