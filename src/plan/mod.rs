//! Is what will happen: the scenario with every name resolved and every default settled.
//!
//! Nothing here waits, reads or talks. What a template, an arrival or a secret needs at run time
//! (variables, random numbers, the time of day) comes in as arguments.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jsonschema::Validator;
use regex::Regex;
use serde_json_path::JsonPath;

use crate::diagnostic::{Diagnostic, Place};
use crate::metric::Sla;
use crate::scenario::{AtEnd, JsonType, Pick, StatusSet};
use crate::units::Pause;

/// What the command line adds to the scenario files.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--target`: scheme, host and port, and perhaps a path put before all others.
    pub target: String,
    /// `--profile`; without it the profile `smoke`, or the only one there is.
    pub profile: Option<String>,
    /// `--var NAME=VALUE`, for every scenario that declares NAME.
    pub vars: Vec<(String, String)>,
    /// `--tag`: only tests that have one of these.
    pub tags: Vec<String>,
    /// `--seed`.
    pub seed: u64,
    /// The declared environment variables that are set.
    pub secrets: BTreeMap<String, String>,
    /// Whether tests are wanted.
    pub tests: bool,
    /// Whether load is wanted.
    pub load: bool,
}

/// Everything one run will do.
#[derive(Debug)]
pub struct Plan {
    /// Where requests go.
    pub target: String,
    /// The seed that all random choices start from.
    pub seed: u64,
    /// The scenario files, in the order given.
    pub scenarios: Vec<Arc<ScenarioPlan>>,
    /// What is legal and yet looks like a mistake.
    pub warnings: Vec<Diagnostic>,
}

/// Everything one scenario file will do.
#[derive(Debug)]
pub struct ScenarioPlan {
    /// Its name.
    pub name: String,
    /// The file it came from.
    pub file: String,
    /// SHA-256 over the file and all files it uses, in hexadecimal.
    pub digest: String,
    /// The steps whose samples are counted together, by `SeriesId`.
    pub series: Vec<SeriesPlan>,
    /// The names of all variables, by `Slot`.
    pub slots: Vec<String>,
    /// Variables set from the start: `vars` (with `--var`) and `secrets`.
    pub initial: Vec<(Slot, serde_json::Value)>,
    /// What must never be shown.
    pub secrets: Secrets,
    /// The feeds.
    pub feeds: Vec<FeedPlan>,
    /// How connections are made.
    pub connection: ConnectionPlan,
    /// Setup and teardown.
    pub hooks: HooksPlan,
    /// The tests chosen.
    pub tests: Vec<TestPlan>,
    /// How many tests the file has before any were chosen by tag.
    pub tests_written: usize,
    /// The load, if wanted and written.
    pub load: Option<LoadPlan>,
}

/// The values of a scenario's secrets: see `Secrets::hide`.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Each secret as it may appear (raw, percent-encoded, base64, inside JSON), longest first.
    pub(crate) spellings: Vec<String>,
}

/// An index into `ScenarioPlan::series`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub u16);

/// An index into a virtual user's variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u16);

/// One step as it is counted: by name, wherever it is used.
#[derive(Debug, Clone)]
pub struct SeriesPlan {
    /// The step's name.
    pub name: String,
    /// Its tags, `step` and `scenario` included.
    pub tags: Vec<(String, String)>,
    /// The checks of the step, in the order of `Sample::failed_checks`' bits.
    pub checks: Vec<String>,
    /// Whether a journey names it; else it belongs to setup, teardown or a test.
    pub measured: bool,
    /// Where it is written.
    pub site: Site,
}

/// Where something is written, as text that may outlive the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// The line's text.
    pub text: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secret spellings", self.spellings.len())
    }
}

impl From<&Place> for Site {
    fn from(place: &Place) -> Self {
        Site {
            file: place.file.name.clone(),
            line: place.line() as u32,
            column: place.column() as u32,
            text: place.line_text().to_string(),
        }
    }
}

/// A CSV feed, read.
#[derive(Debug)]
pub struct FeedPlan {
    /// Its name.
    pub name: String,
    /// The variable of each column.
    pub columns: Vec<Slot>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// How rows are handed out.
    pub pick: Pick,
    /// What happens at the end.
    pub at_end: AtEnd,
}

/// How connections are made.
#[derive(Debug, Clone, Default)]
pub struct ConnectionPlan {
    /// A certificate authority of the user's own, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Accept any certificate.
    pub insecure: bool,
}

/// Setup and teardown: see `scenario::Hooks`.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "the fields of scenario::Hooks")]
pub struct HooksPlan {
    pub before_run: Vec<Node>,
    pub after_run: Vec<Node>,
    pub before_each: Vec<Node>,
    pub after_each: Vec<Node>,
    pub before_test: Vec<Node>,
    pub after_test: Vec<Node>,
    pub before_user: Vec<Node>,
    pub after_user: Vec<Node>,
}

/// One test in one engine.
#[derive(Debug)]
pub struct TestPlan {
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The browser engine; none for HTTP only.
    pub browser: Option<String>,
    /// Attempts at most, the first included.
    pub attempts: u32,
    /// The longest time for one attempt.
    pub timeout: Duration,
    /// Why it is not run.
    pub skip: Option<String>,
    /// Its steps.
    pub steps: Vec<Node>,
    /// Where it is written.
    pub site: Site,
}

/// One entry of a flow.
#[derive(Debug, Clone)]
pub struct Node {
    /// All must hold, or it is passed over.
    pub when: Vec<Condition>,
    /// How often.
    pub repeat: Option<RepeatPlan>,
    /// The pause after it, under load only.
    pub think: Option<Pause>,
    /// What it does.
    pub action: ActionPlan,
}

/// A variable and what must hold of it.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The variable.
    pub slot: Slot,
    /// What must hold; an unset variable only satisfies `exists: false`.
    pub matcher: MatcherPlan,
}

/// How often a node is done.
#[derive(Debug, Clone)]
pub struct RepeatPlan {
    /// At most.
    pub times: u32,
    /// Stops when there are conditions and all hold.
    pub until: Vec<Condition>,
    /// The pause between two turns.
    pub every: Duration,
}

/// What a node does.
#[derive(Debug, Clone)]
pub enum ActionPlan {
    /// A request.
    Http(Arc<HttpPlan>),
    /// A browser action.
    Browser(Arc<BrowserPlan>),
    /// A pause.
    Pause(Pause),
    /// Nodes in order.
    Group(Vec<Node>),
}

/// A request, compiled.
#[derive(Debug)]
pub struct HttpPlan {
    /// The series its samples belong to.
    pub series: SeriesId,
    /// The step's name.
    pub name: String,
    /// Where it is written.
    pub site: Site,
    /// The method.
    pub method: String,
    /// The whole URL, target and base path included, without the query of `query`.
    pub url: Template,
    /// `query`.
    pub query: Vec<(String, Template)>,
    /// Headers, names in lower case; those of `auth` included.
    pub headers: Vec<(String, Template)>,
    /// User and password of basic authentication.
    pub basic: Option<(Template, Template)>,
    /// Cookies beside the virtual user's own.
    pub cookies: Vec<(String, Template)>,
    /// The body.
    pub body: BodyPlan,
    /// Redirects followed at most.
    pub redirects: u32,
    /// The longest time for the whole exchange.
    pub timeout: Duration,
    /// The longest body accepted, in bytes.
    pub max_body: u64,
    /// What must hold, status first.
    pub checks: Vec<CheckPlan>,
    /// What is kept.
    pub captures: Vec<CapturePlan>,
    /// Whether the answer must be JSON: a JSON check or capture, or a JSON body sent with no
    /// other kind of answer expected.
    pub wants_json: bool,
}

/// A request's body, compiled.
#[derive(Debug)]
pub enum BodyPlan {
    /// None.
    None,
    /// JSON, rendered as text.
    Json(Template),
    /// URL-encoded pairs.
    Form(Vec<(String, Template)>),
    /// Fields.
    Multipart(Vec<(String, PartPlan)>),
    /// Text.
    Text(Template),
    /// Bytes of a file.
    Bytes(Arc<[u8]>),
}

/// One multipart field, compiled.
#[derive(Debug)]
pub enum PartPlan {
    /// Text.
    Text(Template),
    /// A file's bytes, name and content type.
    File(Arc<[u8]>, String, String),
}

/// One check, compiled.
#[derive(Debug)]
pub struct CheckPlan {
    /// The check in words, such as `status is 200` or `$.data.id exists`.
    pub text: String,
    /// Where it is written.
    pub site: Site,
    /// What is compared.
    pub what: CheckWhat,
}

/// What a check looks at.
#[derive(Debug)]
pub enum CheckWhat {
    /// The status is one of these.
    Status(Vec<StatusSet>),
    /// A header (lower case); absent is unset.
    Header(String, MatcherPlan),
    /// The body as text.
    Body(MatcherPlan),
    /// What a JSONPath selects.
    Json(JsonPath, MatcherPlan),
    /// The body against a JSON Schema.
    Schema(Arc<Validator>),
    /// The service time.
    Within(Duration),
}

/// All comparisons must hold.
#[derive(Debug, Clone)]
pub struct MatcherPlan {
    /// The comparisons.
    pub tests: Vec<ComparisonPlan>,
}

/// One comparison, compiled: see `scenario::Comparison`.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the variants of scenario::Comparison")]
pub enum ComparisonPlan {
    Equals(ValuePlan),
    Not(ValuePlan),
    Gt(ValuePlan),
    Gte(ValuePlan),
    Lt(ValuePlan),
    Lte(ValuePlan),
    In(Vec<ValuePlan>),
    Contains(ValuePlan),
    NotContains(ValuePlan),
    StartsWith(ValuePlan),
    EndsWith(ValuePlan),
    Matches(Regex),
    Type(JsonType),
    Length(Box<MatcherPlan>),
    Exists(bool),
    Each(Box<MatcherPlan>),
    Any(Box<MatcherPlan>),
}

/// A value to compare with.
#[derive(Debug, Clone)]
pub enum ValuePlan {
    /// Always the same.
    Fixed(serde_json::Value),
    /// JSON text to render and read.
    Rendered(Template),
}

/// One capture, compiled.
#[derive(Debug)]
pub struct CapturePlan {
    /// The variable's name.
    pub name: String,
    /// The variable.
    pub slot: Slot,
    /// Where the value comes from.
    pub from: CaptureSource,
    /// Where it is written.
    pub site: Site,
}

/// Where a capture's value comes from.
#[derive(Debug)]
pub enum CaptureSource {
    /// The first value selected.
    Json(JsonPath),
    /// A header (lower case).
    Header(String),
    /// A cookie set by this answer or held by the virtual user.
    Cookie(String),
    /// A regular expression's group.
    Regex(Regex, u32),
    /// The body as text.
    Body,
}

/// A browser action, planned; the browser driver compiles it.
#[derive(Debug)]
pub struct BrowserPlan {
    /// The series its samples belong to.
    pub series: SeriesId,
    /// Its name, or the action in words.
    pub name: String,
    /// The action.
    pub verb: String,
    /// Its argument, as JSON text to render.
    pub argument: Template,
    /// Where it is written.
    pub site: Site,
}

/// Text with holes.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// In order.
    pub segments: Vec<Segment>,
}

/// A piece of a template.
#[derive(Debug, Clone)]
pub enum Segment {
    /// As it is.
    Text(String),
    /// What an expression gives, written in a way.
    Hole(Expression, Spelling),
}

/// How a value is written into a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Text as it is; anything else as JSON.
    Plain,
    /// As a JSON value: text gets quotes.
    Json,
    /// As text inside a JSON string.
    InJsonString,
    /// Percent-encoded, for a path or query.
    Percent,
}

/// What gives a value.
#[derive(Debug, Clone)]
pub enum Expression {
    /// A variable.
    Slot(Slot),
    /// A function, called anew at each use.
    Call(Function),
}

/// The functions of templates.
#[derive(Debug, Clone)]
pub enum Function {
    /// `uuid()`: version 4, from the virtual user's random numbers.
    Uuid,
    /// `random-int(low, high)`, both included.
    RandomInt(i64, i64),
    /// `random-text(length)`: lower-case letters and digits.
    RandomText(usize),
    /// `random-item("a", "b", ...)`.
    RandomItem(Vec<String>),
    /// `now("%Y-%m-%d", "+1d")`: UTC, a strftime format and an offset in seconds; without a
    /// format, RFC 3339.
    Now(Option<String>, i64),
    /// `unix-ms()`.
    UnixMs,
    /// `int(name)`: a text read as a number.
    Int(Slot),
    /// `base64(name)`.
    Base64(Slot),
    /// `user()`: the virtual user's number, from 1.
    User,
    /// `iteration()`: this virtual user's iteration, from 1.
    Iteration,
}

/// The load of one scenario.
#[derive(Debug)]
pub struct LoadPlan {
    /// The profile's name.
    pub profile: String,
    /// The shape.
    pub shape: ShapePlan,
    /// How long started iterations may still run.
    pub graceful_stop: Duration,
    /// The delay before it begins.
    pub start_after: Duration,
    /// What users walk.
    pub journeys: Vec<JourneyPlan>,
    /// The bounds.
    pub slas: Vec<SlaPlan>,
}

/// What one virtual user walks.
#[derive(Debug)]
pub struct JourneyPlan {
    /// Its name.
    pub name: String,
    /// Against its siblings.
    pub weight: u32,
    /// Its steps; each node's think time is settled.
    pub steps: Vec<Node>,
}

/// A bound and where it is written.
#[derive(Debug, Clone)]
pub struct SlaPlan {
    /// The bound.
    pub sla: Sla,
    /// Where it is written.
    pub site: Site,
}

/// A load shape.
#[derive(Debug, Clone)]
pub enum ShapePlan {
    /// Closed: as many users as the population says (constant-vus, ramping-vus).
    Closed(Population),
    /// Closed: each user walks its journey so many times (per-vu-iterations).
    PerUser {
        /// Virtual users.
        users: u32,
        /// Iterations of each.
        iterations: u64,
        /// The longest it may take.
        max_duration: Duration,
    },
    /// Users share so many iterations (shared-iterations).
    Shared {
        /// Virtual users.
        users: u32,
        /// Iterations in all.
        iterations: u64,
        /// The longest it may take.
        max_duration: Duration,
    },
    /// Open: work starts by the schedule (constant- and ramping-arrival-rate).
    Open {
        /// When each iteration is due.
        arrivals: Arrivals,
        /// Virtual users at most.
        max_users: u32,
    },
}

/// How many users there are, over time: straight lines between points.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Users at the start.
    pub start: u32,
    /// What is reached at each stage's end.
    pub stages: Vec<(Duration, u32)>,
}

/// When iterations are due: straight lines of rate between points, per second.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    /// The rate at the start.
    pub start: f64,
    /// What is reached at each stage's end.
    pub stages: Vec<(Duration, f64)>,
}
