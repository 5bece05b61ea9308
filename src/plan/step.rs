//! What a step is once everything about it is settled: the part of a plan that drivers read.
//!
//! Types only; `build` and its neighbours make them, `driver` and `executor` walk them.

use std::sync::Arc;
use std::time::Duration;

use jsonschema::Validator;
use regex::Regex;
use serde_json_path::JsonPath;

use super::browser::BrowserPlan;
use super::pick::{PickPlan, picks};
use super::wire::{WirePlan, wire};
use super::{SeriesId, Site, Slot, Template};
use crate::scenario::{JsonType, StatusSet};
use crate::units::Pause;

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
#[derive(Debug, Clone)]
pub struct HttpPlan {
    /// The series its samples belong to.
    pub series: SeriesId,
    /// The step's name.
    pub name: String,
    /// Where it is written.
    pub site: Site,
    /// The method.
    pub method: String,
    /// The whole URL, target and base path included, without the query of `query`; what is
    /// rendered is an absolute URL in which values are already encoded.
    pub url: Template,
    /// `query`: values as they are, to be encoded by whoever sends them.
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
    /// What is worked out beforehand so that little is left to do per request; see `prepare`.
    pub prepared: Prepared,
}

/// What is worked out of a request before the run. Nothing here says more than the request
/// itself does: a step without it does the same, only slower.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// The request, written out.
    pub wire: Option<WirePlan>,
    /// The values that checks and captures look at, where each is a single one.
    pub picks: Option<PickPlan>,
}

impl HttpPlan {
    /// Works out what can be known beforehand.
    #[must_use]
    pub fn prepare(mut self) -> Self {
        self.prepared = Prepared { wire: wire(&self), picks: picks(&self) };
        self
    }
}

/// A request's body, compiled.
#[derive(Debug, Clone)]
pub enum BodyPlan {
    /// None.
    None,
    /// JSON, rendered as text.
    Json(Template),
    /// Pairs as they are, to be URL-encoded by whoever sends them.
    Form(Vec<(String, Template)>),
    /// Fields.
    Multipart(Vec<(String, PartPlan)>),
    /// Text.
    Text(Template),
    /// Bytes of a file.
    Bytes(Arc<[u8]>),
}

/// One multipart field, compiled.
#[derive(Debug, Clone)]
pub enum PartPlan {
    /// Text.
    Text(Template),
    /// A file's bytes, name and content type.
    File(Arc<[u8]>, String, String),
}

/// One check, compiled.
#[derive(Debug, Clone)]
pub struct CheckPlan {
    /// The check in words, such as `status is 200` or `$.data.id exists`.
    pub text: String,
    /// Where it is written.
    pub site: Site,
    /// What is compared.
    pub what: CheckWhat,
}

/// What a check looks at.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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
