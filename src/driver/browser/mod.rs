//! Drives real browsers: Chromium, Firefox and WebKit, or whatever a remote WebDriver URL has.
//!
//! Three channels do the same things in the way that is fastest and surest in each engine:
//! `chromium` speaks CDP, `firefox` WebDriver BiDi, `webkit` (and every remote URL) classic
//! WebDriver. All sessions are made by fantoccini. What needs to know elements happens inside the
//! page (`script`), so that locators, waiting and expectations are the same in all engines.
//!
//! A `Browser` is one process, kept warm; a `Channel` is one fresh, isolated context in it, for
//! one test.

mod channel;
mod chromium;
mod engine;
mod find;
mod firefox;
mod guard;
mod hands;
mod har;
mod inspect;
mod keeper;
mod launch;
mod lead;
mod log;
mod look;
mod mishap;
mod page;
mod pictures;
mod pool;
mod pressure;
mod proxy;
mod ready;
mod record;
mod router;
mod script;
mod socket;
mod start;
mod state;
mod steps;
mod text;
mod travel;
mod trouble;
mod visit;
mod webkit;
mod wire;

pub use channel::{Browser, Channel, Cookie, Input, Opening, Reply, Shot, TabInfo};
pub use chromium::Chromium;
pub use engine::Engine;
pub use find::{Found, Looked, find, look, version};
pub use firefox::Firefox;
pub use guard::{Guarded, Program};
pub use inspect::Standing;
pub use keeper::keep;
pub use launch::Launch;
pub use log::{DialogSeen, DownloadSeen, Log, MessageSeen, RequestSeen, SharedLog};
pub use pool::{Browsers, Settings};
pub use record::{KeptFile, LastLook, Record, StepRecord, VitalSeen};
pub use router::{Asked, Decision, Given, Replay, Router, pattern};
pub use script::{CONSOLE, OBJECT, SCRIPT};
pub use start::{Started, start};
pub use trouble::Trouble;
pub use visit::LastLooking;
pub use webkit::launch as launch_classic;
pub use wire::Wire;

pub(in crate::driver) use mishap::Mishap;
pub(in crate::driver) use page::Page;
pub(in crate::driver) use steps::Done;
pub(in crate::driver) use visit::{Equipment, StepNote};
