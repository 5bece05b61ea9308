//! Stops before each step of a test, for a person who looks on: `--debug`.
//!
//! Nothing here prints or reads; who does that is a `Debugger` (`cli::debugger`).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tokio::sync::oneshot;

use crate::driver::Session;
use crate::driver::browser::Standing;
use crate::executor::Stop;
use crate::plan::{BrowserPlan, Site};

/// The reason of a run that somebody ended while it stood still.
const QUIT: &str = "quit in the debugger";

/// Who shows where a test stands, and asks what to do.
pub trait Debugger: fmt::Debug + Send + Sync {
    /// Shows it and waits for a command, on a thread of its own. The end of the input is `Quit`.
    fn ask(&self, halt: &Halt) -> Command;

    /// Shows what came of `Locate`: each element in words, or why there is none to show.
    fn located(&self, found: Result<Vec<String>, String>);
}

/// What a person says who looks on.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Do this step and stop before the next one.
    Next,
    /// Do all the rest without stopping.
    Continue,
    /// Show what this locator finds; it is the argument of a `see` step.
    Locate(Value),
    /// End the run.
    Quit,
}

/// Where a test stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Halt {
    /// The test, with its engine.
    pub test: String,
    /// The step that comes next.
    pub step: String,
    /// Where it is written.
    pub site: Site,
    /// The page, where there is one; none after the first time at a step.
    pub page: Option<PageState>,
}

/// How a page looks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageState {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// What is on it, as an ARIA snapshot.
    pub aria: String,
}

/// What can be asked of a page that stands still.
pub trait Inspect {
    /// How it looks; none where there is no page.
    fn state(&mut self) -> impl Future<Output = Option<PageState>>;

    /// The elements that a locator finds, each in words; or why none can be told.
    fn locate(&mut self, locator: &Value) -> impl Future<Output = Result<Vec<String>, String>>;
}

/// A step without a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPage;

impl Inspect for NoPage {
    async fn state(&mut self) -> Option<PageState> {
        None
    }

    async fn locate(&mut self, _: &Value) -> Result<Vec<String>, String> {
        Err("this step has no page: it is done without a browser".to_string())
    }
}

/// The page of a session's browser.
struct OnPage<'a>(&'a mut Session);

impl Inspect for OnPage<'_> {
    async fn state(&mut self) -> Option<PageState> {
        let Standing { url, title, aria } = self.0.look_at_page().await?;
        Some(PageState { url, title, aria })
    }

    async fn locate(&mut self, locator: &Value) -> Result<Vec<String>, String> {
        self.0.find_on_page(locator).await
    }
}

/// A test that somebody looks on at.
#[derive(Debug, Clone)]
pub(super) struct Debugged {
    /// Who.
    pub debugging: Debugging,
    /// The test.
    pub test: String,
    /// Ends the run.
    pub stop: Stop,
}

impl Debugged {
    /// Stops before a step without a page.
    pub async fn before(&self, step: &str, site: &Site) {
        self.debugging.before(&mut NoPage, (&self.test, step), site, &self.stop).await;
    }

    /// Stops before a step of a browser.
    pub async fn before_browsing(&self, session: &mut Session, step: &BrowserPlan) {
        let names = (self.test.as_str(), step.name.as_str());
        self.debugging.before(&mut OnPage(session), names, &step.site, &self.stop).await;
    }
}

/// A debugger, and whether it still wants to be asked; clones are the same one.
#[derive(Debug, Clone)]
pub struct Debugging {
    debugger: Arc<dyn Debugger>,
    over: Arc<AtomicBool>,
}

impl Debugging {
    /// Asks this one.
    pub fn with(debugger: Arc<dyn Debugger>) -> Self {
        Self { debugger, over: Arc::default() }
    }

    /// Stops before a step until the person has seen enough. Who quits ends the run: then this
    /// does not return, and whoever waits for it must also listen to `stop`.
    pub async fn before(
        &self,
        page: &mut impl Inspect,
        (test, step): (&str, &str),
        site: &Site,
        stop: &Stop,
    ) {
        if self.over.load(Ordering::Relaxed) {
            return;
        }
        let (test, step, site) = (test.to_string(), step.to_string(), site.clone());
        let mut halt = Halt { test, step, site, page: page.state().await };
        loop {
            match self.ask(halt.clone()).await {
                Command::Next => return,
                Command::Continue => return self.over.store(true, Ordering::Relaxed),
                Command::Locate(locator) => {
                    self.debugger.located(page.locate(&locator).await);
                    halt.page = None;
                }
                Command::Quit => {
                    stop.request(QUIT);
                    return std::future::pending().await;
                }
            }
        }
    }

    /// A thread that waits for a key cannot be taken back, so it is nobody's: the end of the run
    /// does not wait for it.
    async fn ask(&self, halt: Halt) -> Command {
        let (tell, told) = oneshot::channel();
        let debugger = self.debugger.clone();
        std::thread::spawn(move || {
            // Nobody listens any more when the run was stopped meanwhile.
            let _ = tell.send(debugger.ask(&halt));
        });
        told.await.unwrap_or(Command::Quit)
    }
}
