//! Builds steps and sessions for tests of the driver.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;
use taster::driver::{Client, Exchange, Identity};
use taster::plan::{
    BodyPlan, CapturePlan, CaptureSource, CheckPlan, CheckWhat, ComparisonPlan, ConnectionPlan,
    Expression, HooksPlan, HttpPlan, LaneWish, MatcherPlan, Prepared, ScenarioPlan, Secrets,
    Segment, SeriesId, Site, Slot, Spelling, Template, ValuePlan,
};
use taster::sample::Failure;
use taster::scenario::StatusSet;

use super::ROAD;
use crate::http::Road;

/// The variable that tests capture into.
pub const TOKEN: Slot = Slot(0);
/// A second one.
pub const ID: Slot = Slot(1);

pub fn plan() -> ScenarioPlan {
    let lane = match ROAD {
        Road::Short | Road::Long => LaneWish::Fast,
        Road::Full => LaneWish::Full,
    };
    ScenarioPlan {
        name: "test".into(),
        file: "test.yaml".into(),
        digest: String::new(),
        series: Vec::new(),
        slots: vec!["token".into(), "id".into()],
        initial: Vec::new(),
        secrets: Secrets::new([("KEY".to_string(), "open-sesame".to_string())]),
        feeds: Vec::new(),
        hosts: Vec::new(),
        connection: ConnectionPlan { lane, ..ConnectionPlan::default() },
        hooks: HooksPlan::default(),
        tests: Vec::new(),
        tests_written: 0,
        load: None,
    }
}

pub fn client() -> Client {
    Client::new(&Arc::new(plan())).expect("works in a test")
}

/// A session that walks this road.
pub struct Session(taster::driver::Session);

impl Session {
    pub fn open(client: &Client, identity: Identity) -> Session {
        Session(taster::driver::Session::open(client, identity))
    }

    pub async fn run(&mut self, step: &HttpPlan) -> Exchange {
        match ROAD {
            Road::Short => self.0.run(&step.clone().prepare()).await,
            Road::Long | Road::Full => self.0.run(step).await,
        }
    }
}

impl Deref for Session {
    type Target = taster::driver::Session;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

pub fn session() -> Session {
    Session::open(&client(), Identity { user: 1, seed: 1 })
}

pub fn site(text: &str) -> Site {
    Site { file: "test.yaml".into(), line: 1, column: 1, text: text.into() }
}

pub fn template(text: &str) -> Template {
    Template::text(text)
}

/// `before{{ slot }}`
pub fn hole(before: &str, slot: Slot, spelling: Spelling) -> Template {
    let text = Segment::Text(before.into());
    Template { segments: vec![text, Segment::Hole(Expression::Slot(slot), spelling)] }
}

/// A step that expects any status from 200 to 399.
pub fn step(method: &str, url: impl AsRef<str>) -> HttpPlan {
    HttpPlan {
        series: SeriesId(0),
        name: "step".into(),
        site: site("step"),
        method: method.into(),
        url: template(url.as_ref()),
        query: Vec::new(),
        headers: Vec::new(),
        basic: None,
        cookies: Vec::new(),
        body: BodyPlan::None,
        redirects: 10,
        timeout: Duration::from_secs(10),
        max_body: 64_000_000,
        checks: vec![check(
            "status",
            CheckWhat::Status(vec![StatusSet::Class(2), StatusSet::Class(3)]),
        )],
        captures: Vec::new(),
        wants_json: false,
        prepared: Prepared::default(),
    }
}

pub fn get(url: impl AsRef<str>) -> HttpPlan {
    step("GET", url)
}

pub fn check(text: &str, what: CheckWhat) -> CheckPlan {
    CheckPlan { text: text.into(), site: site(text), what }
}

pub fn equals(value: impl Into<Value>) -> MatcherPlan {
    matcher(ComparisonPlan::Equals(ValuePlan::Fixed(value.into())))
}

pub fn matcher(test: ComparisonPlan) -> MatcherPlan {
    MatcherPlan { tests: vec![test] }
}

/// Steps, one wish at a time.
pub trait Wish: Sized {
    fn with(self, change: impl FnOnce(&mut HttpPlan)) -> Self;

    fn status(self, status: u16) -> Self {
        self.with(|step| {
            let what = CheckWhat::Status(vec![StatusSet::One(status)]);
            step.checks[0] = check(&format!("status is {status}"), what);
        })
    }

    fn json(self, path: &str, matcher: MatcherPlan) -> Self {
        self.with(|step| {
            let what = CheckWhat::Json(JsonPath::parse(path).expect("works in a test"), matcher);
            step.checks.push(check(path, what));
            step.wants_json = true;
        })
    }

    fn expect(self, what: CheckWhat) -> Self {
        self.with(|step| step.checks.push(check("expect", what)))
    }

    fn header(self, name: &str, value: &str) -> Self {
        self.with(|step| step.headers.push((name.into(), template(value))))
    }

    fn timeout(self, ms: u64) -> Self {
        self.with(|step| step.timeout = Duration::from_millis(ms))
    }

    fn max_body(self, bytes: u64) -> Self {
        self.with(|step| step.max_body = bytes)
    }

    fn redirects(self, most: u32) -> Self {
        self.with(|step| step.redirects = most)
    }

    fn body(self, body: BodyPlan) -> Self {
        self.with(|step| step.body = body)
    }

    fn capture(self, slot: Slot, from: CaptureSource) -> Self {
        let name = if slot == TOKEN { "token" } else { "id" };
        let (name, site) = (name.to_string(), site("capture"));
        self.with(|step| step.captures.push(CapturePlan { name, slot, from, site }))
    }

    fn capture_json(self, slot: Slot, path: &str) -> Self {
        self.capture(slot, CaptureSource::Json(JsonPath::parse(path).expect("works in a test")))
            .with(|step| step.wants_json = true)
    }

    fn capture_regex(self, slot: Slot, regex: &str, group: u32) -> Self {
        self.capture(slot, CaptureSource::Regex(Regex::new(regex).expect("works in a test"), group))
    }
}

impl Wish for HttpPlan {
    fn with(mut self, change: impl FnOnce(&mut HttpPlan)) -> Self {
        change(&mut self);
        self
    }
}

/// What went wrong: the kind and the message.
pub fn wrong(exchange: &Exchange) -> (Failure, &str) {
    let exemplar = exchange.exemplar.as_ref().expect("a failure has an exemplar");
    assert_eq!(exchange.outcome, Err(exemplar.failure));
    (exemplar.failure, &exemplar.message)
}
