//! Is what every engine can be told: the contract between the steps and the three channels.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::Instant;

use super::{Engine, Router, SharedLog, Trouble};
use crate::plan::browser::{Emulation, LoadState};

/// What a command gives. Every command has a deadline and never waits longer.
pub type Reply<'a, T> = BoxFuture<'a, Result<T, Trouble>>;

/// One browser process with its driver, kept warm between tests.
pub trait Browser: Send {
    /// Which engine it is.
    fn engine(&self) -> Engine;

    /// Its name and version as it tells them, such as `Chromium 156.0.8078.73`.
    fn version(&self) -> &str;

    /// Whether its processes live and answered the last command.
    fn is_alive(&mut self) -> bool;

    /// Makes a fresh, isolated context with one blank tab.
    fn open(&mut self, opening: Opening, deadline: Instant) -> Reply<'_, Box<dyn Channel>>;

    /// Ends it and its processes.
    fn quit(&mut self) -> BoxFuture<'_, ()>;
}

/// What a fresh context is like.
pub struct Opening {
    /// What it pretends to be.
    pub emulation: Emulation,
    /// Where it tells what happens.
    pub log: SharedLog,
    /// The folder for its downloads; exists and is empty.
    pub downloads: PathBuf,
    /// What decides about its requests once `Channel::intercept` is on.
    pub router: Arc<Router>,
    /// Bodies of answers are kept in the log, for a HAR.
    pub keeps_bodies: bool,
    /// Where the scenario goes, such as `http://127.0.0.1:8080`: permissions are granted to it.
    pub target: String,
    /// The attribute of `test-id` locators.
    pub test_id: String,
}

/// One isolated context: its current tab, and in it the current document.
///
/// `frames` says in which document something is done: empty for the tab's own, else one handle
/// (`keep` of the page script) of a frame's element in each document on the way down. Only frames
/// of other origins need it: the page script goes into others by itself.
pub trait Channel: Send {
    /// Goes to an absolute URL. With `LoadState::Commit` it comes back as soon as the new document
    /// is there. An address that cannot be reached is `Refused` with the browser's words.
    fn navigate<'a>(&'a mut self, url: &'a str, until: LoadState, by: Instant) -> Reply<'a, ()>;

    /// Back (-1), forward (1), or again (0).
    fn travel(&mut self, delta: i32, until: LoadState, by: Instant) -> Reply<'_, ()>;

    /// Waits until the tab's document has come so far.
    fn loaded(&mut self, until: LoadState, by: Instant) -> Reply<'_, ()>;

    /// Calls a function of the page script (`script::SCRIPT`) with one JSON value, in a world
    /// apart from the page's own scripts where the engine has one, and waits for its promise. The
    /// script is brought into the document where it is missing.
    fn call<'a>(
        &'a mut self,
        frames: &'a [u64],
        function: &'a str,
        argument: &'a Value,
        by: Instant,
    ) -> Reply<'a, Value>;

    /// Evaluates the user's JavaScript among the page's own scripts: a function's source, called
    /// with `argument`; promises are waited for, what comes back is JSON.
    fn evaluate<'a>(
        &'a mut self,
        frames: &'a [u64],
        function: &'a str,
        argument: &'a Value,
        by: Instant,
    ) -> Reply<'a, Value>;

    /// Pointer and keyboard, in order, as a user would do it (trusted events); comes back when the
    /// page has handled them.
    fn input<'a>(&'a mut self, inputs: &'a [Input], by: Instant) -> Reply<'a, ()>;

    /// Chooses files for the file input with this handle.
    fn choose<'a>(
        &'a mut self,
        frames: &'a [u64],
        element: u64,
        files: &'a [PathBuf],
        by: Instant,
    ) -> Reply<'a, ()>;

    /// A picture of the tab: PNG, or JPEG where the engine makes one and `quality` is given.
    fn picture<'a>(&'a mut self, shot: &'a Shot, by: Instant) -> Reply<'a, Vec<u8>>;

    /// Asks for a small picture of the tab that nobody waits for: it comes into the log, where the
    /// engine has a cheap one. The others have none.
    fn glance(&mut self) {}

    /// All cookies of the context; those of the current site where the engine tells no others.
    fn cookies(&mut self, by: Instant) -> Reply<'_, Vec<Cookie>>;

    /// Adds cookies. Where the engine only takes those of the site it shows, it goes there first.
    fn add_cookies<'a>(&'a mut self, cookies: &'a [Cookie], by: Instant) -> Reply<'a, ()>;

    /// The context's tabs, in the order in which they were opened.
    fn tabs(&mut self, by: Instant) -> Reply<'_, Vec<TabInfo>>;

    /// Makes this tab the current one.
    fn switch<'a>(&'a mut self, tab: &'a str, by: Instant) -> Reply<'a, ()>;

    /// Closes the current tab; the one opened before it becomes the current one.
    fn close_tab(&mut self, by: Instant) -> Reply<'_, ()>;

    /// How dialogs are answered from now on: accepted or dismissed, and what is typed into a
    /// prompt. At the start they are dismissed. Each one seen goes to the log.
    fn answer_dialogs(&mut self, accept: bool, with: Option<String>, by: Instant) -> Reply<'_, ()>;

    /// Changes what it pretends to be. What it cannot pretend is `Unsupported`, by its key, and
    /// the rest is done all the same.
    fn emulate<'a>(&'a mut self, to: &'a Emulation, by: Instant) -> Reply<'a, ()>;

    /// Whether every request is held until `Opening::router` has said what becomes of it.
    fn intercept(&mut self, on: bool, by: Instant) -> Reply<'_, ()>;

    /// Ends the context: its tabs, cookies and storages.
    fn close(&mut self, by: Instant) -> Reply<'_, ()>;
}

/// One thing a user's hands do. Coordinates are CSS pixels in the tab's viewport.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The pointer moves here.
    Move(f64, f64),
    /// A button (0 left, 1 middle, 2 right) goes down, for the nth time in a row.
    Down(u8, u8),
    /// It goes up.
    Up(u8, u8),
    /// The wheel turns by so much, where the pointer is.
    Wheel(f64, f64),
    /// A key goes down, by its `KeyboardEvent.key`: `Enter`, `Control`, `a`, `ArrowLeft`.
    KeyDown(String),
    /// It goes up.
    KeyUp(String),
    /// Each character is typed with its own key events.
    Text(String),
}

/// What is in a picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shot {
    /// The whole page instead of what is in view.
    pub full: bool,
    /// Only this part: left, top, width, height, in CSS pixels of the document.
    pub clip: Option<(f64, f64, f64, f64)>,
    /// JPEG of this quality, 1 to 100, instead of PNG.
    pub quality: Option<u8>,
    /// Scaled down by this factor where the engine can do it itself, 0 to 1; 0 for not.
    pub scale: f64,
}

/// A cookie, as RFC 6265 has it.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "named as in RFC 6265")]
pub struct Cookie {
    pub name: String,
    pub value: String,
    /// Without a leading dot for a cookie of this host alone.
    pub domain: String,
    pub path: String,
    /// Seconds since 1970; none for a session's.
    pub expires: Option<f64>,
    pub http_only: bool,
    pub secure: bool,
    /// `Strict`, `Lax` or `None`.
    pub same_site: Option<String>,
}

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabInfo {
    /// What `switch` takes.
    pub id: String,
    /// Its URL.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Whether it is the current one.
    pub current: bool,
}
