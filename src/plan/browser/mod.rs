//! What a browser step is once everything about it is settled: the part of a plan that the browser
//! driver reads.
//!
//! A step's argument is JSON text to render; `Act::read` makes an action of what was rendered. The
//! plan reads every argument once as it is written, so that what cannot be read is said before
//! anything runs. A locator stays JSON: it is understood inside the page (`driver::browser`).

use std::path::PathBuf;
use std::time::Duration;

use super::{SeriesId, Site, Slot, Template};

pub use act::{Act, Event, Expectation, Gesture, LoadState, Picture, Place, Stub, StubAnswer};
pub use read::Unreadable;

pub(super) use locate::{check_locator, locator_keys};
pub(super) use written::unknown_until_run;

mod act;
mod devices;
mod emulate;
mod expect;
mod fields;
mod locate;
mod network;
mod pointer;
mod read;
mod words;
mod written;

/// A browser step, planned.
#[derive(Debug)]
pub struct BrowserPlan {
    /// The series its samples belong to.
    pub series: SeriesId,
    /// Its name, or the action in words.
    pub name: String,
    /// Where it is written.
    pub site: Site,
    /// The key that is the action, such as `click` or `expect-text`.
    pub verb: String,
    /// Its argument in full form, as JSON text to render and read with `Act::read`: short forms
    /// are written out, `within`, `soft` and `capture` are taken out, files are absolute.
    pub argument: Template,
    /// The longest time it may take.
    pub within: Duration,
    /// A failure of it is noted and the test goes on.
    pub soft: bool,
    /// What is kept of the page once it is done.
    pub captures: Vec<PageCapture>,
}

impl BrowserPlan {
    /// Whether it only looks at the page, so that neighbours like it can share a round trip.
    pub fn looks(&self) -> bool {
        matches!(self.verb.as_str(), "see" | "hide")
            || (self.verb.starts_with("expect-") && self.verb != "expect-screenshot")
    }
}

/// A value taken from the page.
#[derive(Debug, Clone)]
pub struct PageCapture {
    /// The variable's name.
    pub name: String,
    /// The variable.
    pub slot: Slot,
    /// Where it is written.
    pub site: Site,
    /// `{"from": "text" | "value" | "count" | "attribute" | "url" | "title" | "result" | "file"
    /// | "dialog" | "request" | "response", "locator"?, "attribute"?, "url"?}`, as JSON text to
    /// render; `url` is the pattern of the request that was waited for.
    /// `result` is what `evaluate` gave, `file` what `download` saved (its path).
    pub source: Template,
}

/// What the browser of a test is like: `page:` of the file with that of the test laid over it.
#[derive(Debug, Clone)]
pub struct PagePlan {
    /// What the browser pretends to be.
    pub emulation: Emulation,
    /// `headers` sent with every request of the page, to be rendered.
    pub headers: Vec<(String, Template)>,
    /// `state`: the name of a state that `save-state` kept, or a JSON file of one.
    pub state: Option<StateSource>,
    /// `test-id`: the attribute that `test-id` locators look at.
    pub test_id: String,
    /// `stubs` that hold from the start; each the argument of `stub`, as JSON text to render.
    pub stubs: Vec<Template>,
    /// `har`.
    pub har: Option<HarPlan>,
    /// `timeout` of actions.
    pub timeout: Duration,
    /// `expect-timeout`.
    pub expect_timeout: Duration,
    /// `navigation-timeout`.
    pub navigation_timeout: Duration,
}

impl Default for PagePlan {
    fn default() -> Self {
        PagePlan {
            emulation: Emulation::default(),
            headers: Vec::new(),
            state: None,
            test_id: "data-testid".to_string(),
            stubs: Vec::new(),
            har: None,
            timeout: Duration::from_secs(10),
            expect_timeout: Duration::from_secs(5),
            navigation_timeout: Duration::from_secs(30),
        }
    }
}

/// What a browser pretends to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Emulation {
    /// Inner width and height, CSS pixels.
    pub viewport: (u32, u32),
    /// Device pixels of one CSS pixel.
    pub scale: f64,
    /// A phone: touch, and the page's viewport meta tag counts.
    pub mobile: bool,
    /// `user-agent`, or that of the device.
    pub user_agent: Option<String>,
    /// `locale`, such as `de-DE`.
    pub locale: Option<String>,
    /// `timezone`, such as `Europe/Berlin`.
    pub timezone: Option<String>,
    /// `color-scheme`: `light` or `dark`.
    pub color_scheme: Option<String>,
    /// `reduced-motion`.
    pub reduced_motion: bool,
    /// `geolocation`: latitude, longitude, accuracy in metres.
    pub geolocation: Option<(f64, f64, f64)>,
    /// `permissions` granted to the target's origin, by their W3C names.
    pub permissions: Vec<String>,
    /// `offline`.
    pub offline: bool,
    /// `throttle`.
    pub throttle: Option<Throttle>,
    /// `headers`, rendered.
    pub headers: Vec<(String, String)>,
}

impl Default for Emulation {
    fn default() -> Self {
        Emulation {
            viewport: (1280, 720),
            scale: 1.0,
            mobile: false,
            user_agent: None,
            locale: None,
            timezone: None,
            color_scheme: None,
            reduced_motion: false,
            geolocation: None,
            permissions: Vec::new(),
            offline: false,
            throttle: None,
            headers: Vec::new(),
        }
    }
}

/// A slower network or processor.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Throttle {
    /// Added to each request.
    pub latency: Duration,
    /// Bytes a second to the page; 0 for no limit.
    pub download: u64,
    /// Bytes a second from the page; 0 for no limit.
    pub upload: u64,
    /// How many times slower the processor is; 1 for as it is.
    pub cpu: f64,
}

/// Where a storage state comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateSource {
    /// Saved in this run by `save-state: NAME`.
    Named(String),
    /// A file, absolute.
    File(PathBuf),
}

/// `har`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HarPlan {
    /// All requests of the test are written into this file, in the run's folder.
    Record(String),
    /// Requests are answered from this file, absolute; others go out, or are refused.
    Replay {
        /// The HAR.
        file: PathBuf,
        /// Whether a request that is not in it goes out.
        others: bool,
    },
}
