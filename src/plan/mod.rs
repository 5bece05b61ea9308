//! Is what will happen: the scenario with every name resolved and every default settled.
//!
//! Nothing here waits, reads or talks. What a template, an arrival or a secret needs at run time
//! (variables, random numbers, the time of day) comes in as arguments.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::diagnostic::{Diagnostic, Place};
use crate::scenario::{AtEnd, Pick};

pub use crate::scenario::{HttpVersion, LaneWish};
pub use amount::Amount;
pub use arrivals::{Arrivals, Spacing, Times};
pub use browser::{BrowserPlan, PagePlan};
pub use build::build;
pub use ceiling::{Ceiling, Held};
pub use choose::{Choice, ShardPlan, test_id};
pub use codes::CODES;
pub use compile::{Fault, Meaning, Trouble};
pub use duet::DuetLoad;
pub use files::{FileContent, Inputs, locate};
pub use hosts::may_be_loaded;
pub use load::{JourneyPlan, LoadPlan, ShapePlan, SlaPlan};
pub use pick::{Branch, PickPlan};
pub use population::Population;
pub use secrets::Secrets;
pub use step::{
    ActionPlan, BodyPlan, CapturePlan, CaptureSource, CheckPlan, CheckWhat, ComparisonPlan,
    Condition, HttpPlan, MatcherPlan, Node, PartPlan, Prepared, RepeatPlan, ValuePlan,
};
pub use template::{Expression, Function, Missing, Scope, Segment, Spelling, Template};
pub use turns::Turns;
pub use wire::{DEFAULT_HEADERS, Origin, Piece, WireBody, WirePlan, is_field_byte, is_idempotent};

pub mod browser;

mod address;
mod amount;
mod arrivals;
mod browse;
mod build;
mod ceiling;
mod checks;
mod choose;
mod codes;
mod compile;
mod compiler;
mod connection;
mod describe;
mod duet;
mod expression;
mod feeds;
mod files;
mod flow;
mod hosts;
mod library;
mod load;
mod matchers;
mod needs;
mod overlay;
mod pages;
mod pick;
mod population;
mod request;
mod secrets;
mod shard;
mod slas;
mod step;
mod template;
mod turns;
mod unused;
mod variables;
mod wire;
mod workload;

/// What the command line adds to the scenario files.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--target`: scheme, host and port, and perhaps a path put before all others.
    pub target: String,
    /// `--profile`; without it the profile `smoke`, or the only one there is.
    pub profile: Option<String>,
    /// `--var NAME=VALUE`, for every scenario that declares NAME.
    pub vars: Vec<(String, String)>,
    /// `--tag`: only tests that have one of these, and what they need.
    pub tags: Vec<String>,
    /// `--browser`: of tests with browsers only these engines; empty for all.
    pub browsers: Vec<String>,
    /// What else is asked of tests.
    pub choice: Choice,
    /// `--seed`.
    pub seed: u64,
    /// The declared environment variables that are set.
    pub secrets: BTreeMap<String, String>,
    /// The side of a duet that the load is, where it is one.
    pub duet: Option<DuetLoad>,
    /// `--allow-load`: hosts other than this machine that may get load.
    pub allow_load: Vec<String>,
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
    /// The hosts that requests go to, each as `host` or `host:port`.
    pub hosts: Vec<String>,
    /// Whether some request goes where only an answer or a data row says.
    pub open_hosts: bool,
    /// The part of all tests that this run has, where they are divided.
    pub shard: Option<ShardPlan>,
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
    /// How connections are made: the same for all of its origins.
    pub connection: ConnectionPlan,
    /// The hosts that its requests go to, as far as they are known, each as `host` or
    /// `host:port`.
    pub hosts: Vec<String>,
    /// Setup and teardown.
    pub hooks: HooksPlan,
    /// The tests chosen.
    pub tests: Vec<TestPlan>,
    /// How many tests the file has before any were chosen by tag.
    pub tests_written: usize,
    /// The load, if wanted and written.
    pub load: Option<LoadPlan>,
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
    /// What its samples are of.
    pub kind: SeriesKind,
    /// Whether a journey names it; else it belongs to setup, teardown or a test.
    pub measured: bool,
    /// Where it is written.
    pub site: Site,
}

/// What the samples of a series are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SeriesKind {
    /// Requests.
    #[default]
    Http,
    /// What a user sees in a browser: from an action to its effect.
    Browser,
    /// A web vital or navigation timing, by its name; `cls`, which has no unit, counts a
    /// millisecond for each 1.
    WebVital(&'static str),
}

/// The web vitals that browsers are asked for, in the order of `JourneyPlan::web_vitals`.
pub const WEB_VITALS: [&str; 7] = ["ttfb", "fcp", "lcp", "cls", "inp", "dom", "load"];

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

impl From<&Place> for Site {
    fn from(place: &Place) -> Self {
        // One pass over the file, and short ones over the line: a plan has a site for each check.
        let text = &place.file.text;
        let at = text.floor_char_boundary(place.span.start);
        let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
        Site {
            file: place.file.name.clone(),
            line: place.line() as u32,
            column: text[start..at].chars().count() as u32 + 1,
            text: text[start..end].trim_end_matches('\r').to_string(),
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
    /// Hosts other than this machine that may get load: see `may_be_loaded`.
    pub load_hosts: Vec<String>,
    /// The version of HTTP that is spoken.
    pub version: HttpVersion,
    /// A proxy for all requests: a URL of `http` or `https`.
    pub proxy: Option<String>,
    /// The lane that the user asked for.
    pub lane: LaneWish,
}

impl ConnectionPlan {
    /// The lane that all origins of the scenario are spoken to in.
    pub fn lane(&self) -> Lane {
        match (self.lane, self.version, &self.proxy) {
            (LaneWish::Full, ..) | (_, HttpVersion::Two, _) | (_, _, Some(_)) => Lane::Full,
            _ => Lane::Fast,
        }
    }
}

impl std::fmt::Display for ConnectionPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lane = match self.lane() {
            Lane::Fast => "fast lane",
            Lane::Full => "full lane",
        };
        let version = match (self.version, self.lane()) {
            (HttpVersion::Auto, Lane::Full) => "HTTP/2 or HTTP/1.1",
            (HttpVersion::Two, _) => "HTTP/2",
            _ => "HTTP/1.1",
        };
        let through = if self.proxy.is_some() { ", through a proxy" } else { "" };
        write!(f, "{lane}, {version}{through}")
    }
}

/// Which code speaks HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Taster's own HTTP/1.1, made for load.
    Fast,
    /// reqwest: HTTP/2, proxies, and servers that the fast lane does not understand.
    Full,
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
    /// The tests that must pass before it, as places in `ScenarioPlan::tests`; those of a test
    /// in an engine are in the same engine, or in none.
    pub needs: Vec<usize>,
    /// How long it took in earlier runs, in milliseconds; none where that is not known.
    pub expected_ms: Option<u64>,
    /// Why it is not run.
    pub skip: Option<String>,
    /// What its browser is like; says nothing to a test without one.
    pub page: PagePlan,
    /// Why it is run although it was not chosen: the test that needs it.
    pub needed_by: Option<String>,
    /// Its steps.
    pub steps: Vec<Node>,
    /// Where it is written.
    pub site: Site,
}
