//! Names what can be measured and demanded: metrics, their aggregates, and bounds on them, in
//! k6's threshold syntax.
//!
//! The texts are read in `parse`; what can be written and what it means is decided here.

mod bound;
mod parse;
mod selector;

use std::fmt;

pub use bound::{Aggregate, Operator, Sla};
pub use parse::{MetricError, parse_bound};
pub use selector::parse_selector;

/// What can be measured. The names are k6's where k6 has the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// `http_req_duration` (trend, ms): response time of successful requests, from due.
    HttpReqDuration,
    /// `http_req_service` (trend, ms): service time of successful requests, from start. Ours.
    HttpReqService,
    /// `http_req_lag` (trend, ms): how late the generator began, of all requests. Ours.
    HttpReqLag,
    /// `http_req_blocked` (trend, ms): waited for a free virtual user, of all requests.
    HttpReqBlocked,
    /// `http_req_connecting` (trend, ms): opening TCP connections, of successful requests that
    /// did.
    HttpReqConnecting,
    /// `http_req_tls_handshaking` (trend, ms): of successful requests that did.
    HttpReqTlsHandshaking,
    /// `http_req_sending` (trend, ms): of successful requests.
    HttpReqSending,
    /// `http_req_waiting` (trend, ms): until the first byte, of successful requests.
    HttpReqWaiting,
    /// `http_req_receiving` (trend, ms): from the first byte to the last, of successful requests.
    HttpReqReceiving,
    /// `http_req_failed` (rate, 0 to 1): failed requests of all.
    HttpReqFailed,
    /// `http_reqs` (counter): requests made.
    HttpReqs,
    /// `checks` (rate, 0 to 1): checks that held, of all.
    Checks,
    /// `iterations` (counter): journeys completed.
    Iterations,
    /// `iteration_duration` (trend, ms): of completed journeys without a failure.
    IterationDuration,
    /// `dropped_iterations` (counter): due and never started.
    DroppedIterations,
    /// `vus` (gauge): virtual users at work at the end.
    Vus,
    /// `vus_max` (gauge): the most there were.
    VusMax,
    /// `data_sent` (counter, bytes).
    DataSent,
    /// `data_received` (counter, bytes).
    DataReceived,
    /// `browser_step_duration` (trend, ms): from due to the effect, of browser steps that passed.
    BrowserStepDuration,
    /// `browser_step_failed` (rate, 0 to 1): failed browser steps of all. Ours.
    BrowserStepFailed,
    /// `browser_web_vital_ttfb` (trend, ms): until the first byte of a page.
    BrowserWebVitalTtfb,
    /// `browser_web_vital_fcp` (trend, ms): until something of a page was painted.
    BrowserWebVitalFcp,
    /// `browser_web_vital_lcp` (trend, ms): until its largest part was painted.
    BrowserWebVitalLcp,
    /// `browser_web_vital_cls` (trend, no unit): how far its parts were shifted.
    BrowserWebVitalCls,
    /// `browser_web_vital_inp` (trend, ms): from a user's input to the next paint.
    BrowserWebVitalInp,
}

/// How a metric is kept, and so which aggregates it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A sum that only grows: `count` and `rate`.
    Counter,
    /// A value now: `value`.
    Gauge,
    /// A share of yes among yes and no: `rate`.
    Rate,
    /// A distribution: `avg`, `min`, `max`, `med` and `p(..)`.
    Trend,
}

/// What a metric's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// A share, 0 to 1.
    Share,
    /// Things counted.
    Count,
    /// Bytes.
    Bytes,
    /// A score without a unit, such as 0.1.
    Score,
}

/// What a metric is kept apart by, and so which tags a bound on it may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// By step: `step`, `scenario` and the tags that steps have in the scenario file.
    Step,
    /// By scenario only: `scenario`.
    Scenario,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 26] = [
        Metric::HttpReqDuration,
        Metric::HttpReqService,
        Metric::HttpReqLag,
        Metric::HttpReqBlocked,
        Metric::HttpReqConnecting,
        Metric::HttpReqTlsHandshaking,
        Metric::HttpReqSending,
        Metric::HttpReqWaiting,
        Metric::HttpReqReceiving,
        Metric::HttpReqFailed,
        Metric::HttpReqs,
        Metric::Checks,
        Metric::Iterations,
        Metric::IterationDuration,
        Metric::DroppedIterations,
        Metric::Vus,
        Metric::VusMax,
        Metric::DataSent,
        Metric::DataReceived,
        Metric::BrowserStepDuration,
        Metric::BrowserStepFailed,
        Metric::BrowserWebVitalTtfb,
        Metric::BrowserWebVitalFcp,
        Metric::BrowserWebVitalLcp,
        Metric::BrowserWebVitalCls,
        Metric::BrowserWebVitalInp,
    ];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::HttpReqDuration => "http_req_duration",
            Metric::HttpReqService => "http_req_service",
            Metric::HttpReqLag => "http_req_lag",
            Metric::HttpReqBlocked => "http_req_blocked",
            Metric::HttpReqConnecting => "http_req_connecting",
            Metric::HttpReqTlsHandshaking => "http_req_tls_handshaking",
            Metric::HttpReqSending => "http_req_sending",
            Metric::HttpReqWaiting => "http_req_waiting",
            Metric::HttpReqReceiving => "http_req_receiving",
            Metric::HttpReqFailed => "http_req_failed",
            Metric::HttpReqs => "http_reqs",
            Metric::Checks => "checks",
            Metric::Iterations => "iterations",
            Metric::IterationDuration => "iteration_duration",
            Metric::DroppedIterations => "dropped_iterations",
            Metric::Vus => "vus",
            Metric::VusMax => "vus_max",
            Metric::DataSent => "data_sent",
            Metric::DataReceived => "data_received",
            Metric::BrowserStepDuration => "browser_step_duration",
            Metric::BrowserStepFailed => "browser_step_failed",
            Metric::BrowserWebVitalTtfb => "browser_web_vital_ttfb",
            Metric::BrowserWebVitalFcp => "browser_web_vital_fcp",
            Metric::BrowserWebVitalLcp => "browser_web_vital_lcp",
            Metric::BrowserWebVitalCls => "browser_web_vital_cls",
            Metric::BrowserWebVitalInp => "browser_web_vital_inp",
        }
    }

    /// How it is kept.
    pub fn kind(self) -> Kind {
        match self {
            Metric::HttpReqDuration
            | Metric::HttpReqService
            | Metric::HttpReqLag
            | Metric::HttpReqBlocked
            | Metric::HttpReqConnecting
            | Metric::HttpReqTlsHandshaking
            | Metric::HttpReqSending
            | Metric::HttpReqWaiting
            | Metric::HttpReqReceiving
            | Metric::IterationDuration
            | Metric::BrowserStepDuration
            | Metric::BrowserWebVitalTtfb
            | Metric::BrowserWebVitalFcp
            | Metric::BrowserWebVitalLcp
            | Metric::BrowserWebVitalCls
            | Metric::BrowserWebVitalInp => Kind::Trend,
            Metric::HttpReqFailed | Metric::Checks | Metric::BrowserStepFailed => Kind::Rate,
            Metric::HttpReqs
            | Metric::Iterations
            | Metric::DroppedIterations
            | Metric::DataSent
            | Metric::DataReceived => Kind::Counter,
            Metric::Vus | Metric::VusMax => Kind::Gauge,
        }
    }

    /// What its numbers are.
    pub fn unit(self) -> Unit {
        match self.kind() {
            Kind::Trend if self == Metric::BrowserWebVitalCls => Unit::Score,
            Kind::Trend => Unit::Milliseconds,
            Kind::Rate => Unit::Share,
            _ if matches!(self, Metric::DataSent | Metric::DataReceived) => Unit::Bytes,
            Kind::Counter | Kind::Gauge => Unit::Count,
        }
    }

    /// The phase of a request that it is the time of.
    pub fn phase(self) -> Option<&'static str> {
        Some(match self {
            Metric::HttpReqConnecting => "connect",
            Metric::HttpReqTlsHandshaking => "tls",
            Metric::HttpReqSending => "send",
            Metric::HttpReqWaiting => "wait",
            Metric::HttpReqReceiving => "receive",
            _ => return None,
        })
    }

    /// The web vital of a page that it is.
    ///
    /// A score is kept in thousandths, as a time is in microseconds of its milliseconds.
    pub fn web_vital(self) -> Option<&'static str> {
        Some(match self {
            Metric::BrowserWebVitalTtfb => "ttfb",
            Metric::BrowserWebVitalFcp => "fcp",
            Metric::BrowserWebVitalLcp => "lcp",
            Metric::BrowserWebVitalCls => "cls",
            Metric::BrowserWebVitalInp => "inp",
            _ => return None,
        })
    }

    /// Whether it is about steps with the tag `browser`, which all browser steps of a journey
    /// have and no others; none for what is about both.
    pub fn of_browser(self) -> Option<bool> {
        match self {
            Metric::BrowserStepDuration
            | Metric::BrowserStepFailed
            | Metric::BrowserWebVitalTtfb
            | Metric::BrowserWebVitalFcp
            | Metric::BrowserWebVitalLcp
            | Metric::BrowserWebVitalCls
            | Metric::BrowserWebVitalInp => Some(true),
            Metric::Checks | Metric::DataSent | Metric::DataReceived => None,
            _ if self.scope() == Scope::Scenario => None,
            _ => Some(false),
        }
    }

    /// What it is kept apart by.
    pub fn scope(self) -> Scope {
        match self {
            Metric::Iterations
            | Metric::IterationDuration
            | Metric::DroppedIterations
            | Metric::Vus
            | Metric::VusMax => Scope::Scenario,
            _ => Scope::Step,
        }
    }
}

impl Kind {
    /// The aggregates it has, as they are written.
    pub fn aggregates(self) -> &'static [&'static str] {
        match self {
            Kind::Counter => &["count", "rate"],
            Kind::Gauge => &["value"],
            Kind::Rate => &["rate"],
            Kind::Trend => &["avg", "min", "med", "max", "p(95)"],
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
