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
mod load;
mod page;
mod parse;
mod problems;
mod roles;
mod schema;
mod step;
mod wanted;
mod yaml;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::diagnostic::{SourceFile, Spanned};

pub use codes::CODES;
pub use load::{Journey, Load, Profile, Shape, Spacing, Stage};
pub use page::{Har, Page};
pub use parse::parse;
pub use roles::ROLES;
pub use schema::schema;
pub use step::{
    Action, Auth, Body, BrowserStep, Capture, CaptureFrom, Comparison, Expect, HttpStep, JsonType,
    Matcher, PageSource, Part, Repeat, StatusSet, Step,
};
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
    /// `page`: what the browsers of its tests are like.
    pub page: Page,
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
    /// `version`.
    pub version: HttpVersion,
    /// `proxy`: a URL; a template over `vars`.
    pub proxy: Option<Spanned<String>>,
    /// `lane`.
    pub lane: Option<Spanned<LaneWish>>,
}

/// The version of HTTP that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HttpVersion {
    /// `auto`: HTTP/1.1, or what the full lane agrees on with the server.
    #[default]
    Auto,
    /// `1.1`.
    One,
    /// `2`: also without TLS, where both sides have to know.
    Two,
}

/// Which code shall speak HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LaneWish {
    /// `auto`: the fast lane wherever it can.
    #[default]
    Auto,
    /// `fast`.
    Fast,
    /// `full`.
    Full,
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
    /// `page`, laid over the file's.
    pub page: Page,
    /// `needs`: tests of this file that must pass before it.
    pub needs: Vec<Spanned<String>>,
    /// `retries`: further attempts after a failed one.
    pub retries: Option<Spanned<u32>>,
    /// `timeout` for one attempt.
    pub timeout: Option<Spanned<Duration>>,
    /// `skip`: the reason it is not run.
    pub skip: Option<Spanned<String>>,
    /// `steps`.
    pub steps: Vec<Step>,
}
