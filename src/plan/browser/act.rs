//! Is what a browser can be told to do in one step, every value rendered.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

/// What a browser does in one step; every value is rendered.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// `goto`
    Goto {
        /// An absolute URL, or a path on the target.
        url: String,
        /// What is waited for.
        until: LoadState,
    },
    /// `back` (-1), `forward` (1), `reload` (0).
    Travel(i32, LoadState),
    /// `click`, `double-click`, `right-click`, `hover`, `focus`, `scroll`, `clear`.
    Point(Gesture, Value),
    /// `fill`: replaces what a field holds.
    Fill(Value, String),
    /// `type`: key by key, into an element or where the keyboard is.
    Type(Option<Value>, String),
    /// `press`: `Enter`, `Control+A`.
    Press {
        /// The element that gets the keyboard first; where it is without.
        at: Option<Value>,
        /// The key, with those held down.
        keys: String,
        /// Without waiting for the page that it leads to.
        stay: bool,
    },
    /// `check` and `uncheck`.
    Tick(Value, bool),
    /// `select`: by label or value; several for a list that takes several.
    Select(Value, Vec<String>),
    /// `drag`: from, to.
    Drag(Value, Value),
    /// `upload`: files, absolute.
    Upload(Value, Vec<PathBuf>),
    /// `download`: what is clicked, and what the file's name must be.
    Download {
        /// The element that is clicked.
        click: Value,
        /// `name`: equal, or `{"matches": ...}`.
        name: Option<Value>,
        /// `contains`: text in it.
        contains: Option<String>,
        /// `keep`: the name it gets in the run's folder.
        keep: Option<String>,
    },
    /// `dialog`: how the next dialog is answered, and what it must say.
    Dialog {
        /// Or dismissed.
        accept: bool,
        /// Typed into a prompt.
        with: Option<String>,
        /// `message`: equal, or `{"contains"|"matches": ...}`.
        message: Option<Value>,
    },
    /// `switch-to`
    SwitchTo(Place),
    /// `close`: this tab; the one before it comes to the front.
    Close,
    /// `evaluate`: JavaScript, an expression or the body of a function; `args` are its `arg`.
    Evaluate(String, Value),
    /// `screenshot`
    Screenshot(Picture),
    /// `expect-screenshot`: against the stored picture of this name.
    ExpectScreenshot {
        /// What is taken.
        picture: Picture,
        /// Elements that are painted over.
        mask: Vec<Value>,
        /// How far one pixel may be off, 0 to 1.
        tolerance: f64,
        /// How many pixels may be off more than that, 0 to 1.
        share: f64,
    },
    /// `see`, `hide`, `expect-...`
    Expect(Expectation),
    /// `wait-for` something on the network, or a state of loading.
    WaitFor(Event),
    /// `viewport`, `offline`, `throttle`, `emulate`: the keys of `page` that change.
    Emulate(Value),
    /// `stub`
    Stub(Stub),
    /// `unstub`: all stubs of this URL pattern; all there are for none.
    Unstub(Option<String>),
    /// `save-state`: cookies and storages under this name.
    SaveState(String),
    /// `use-state`
    UseState(String),
}

impl Act {
    /// The element that it is about, if it is about one.
    pub fn locator(&self) -> Option<&Value> {
        match self {
            Act::Point(_, locator)
            | Act::Fill(locator, _)
            | Act::Tick(locator, _)
            | Act::Select(locator, _)
            | Act::Upload(locator, _) => Some(locator),
            Act::Type(at, _) | Act::Press { at, .. } => at.as_ref(),
            Act::Expect(expectation) => expectation.locator.as_ref(),
            _ => None,
        }
    }
}

/// How far a page has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LoadState {
    /// `commit`: the new document is there.
    Commit,
    /// `dom`: parsed.
    Dom,
    /// `load`
    #[default]
    Load,
    /// `idle`: no request for half a second.
    Idle,
}

/// What is done with the pointer or the keyboard's focus at an element.
#[derive(Debug, Clone, PartialEq)]
pub enum Gesture {
    /// Pressed and released.
    Click {
        /// `left`, `middle` or `right`: 0, 1, 2.
        button: u8,
        /// 2 for a double click.
        count: u8,
        /// `shift`, `control`, `alt`, `meta`.
        modifiers: Vec<String>,
        /// From the element's upper left corner, CSS pixels; its middle without.
        at: Option<(f64, f64)>,
        /// Without waiting until the element can take it.
        force: bool,
        /// Without waiting for the page that it leads to.
        stay: bool,
    },
    /// Moved over it.
    Hover,
    /// It gets the keyboard.
    Focus,
    /// It is scrolled into view; `by` scrolls its content, CSS pixels.
    Scroll {
        /// Right and down.
        by: Option<(f64, f64)>,
    },
    /// Its value is emptied.
    Clear,
}

/// Where `switch-to` goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// The main frame of the tab.
    Main,
    /// A frame, by the locator of its element; inside the current one.
    Frame(Value),
    /// The tab opened last; waited for.
    NewTab,
    /// The tab before.
    PreviousTab,
    /// A tab whose title or URL is or matches this: `{"title": ..}` or `{"url": ..}`.
    Tab(Value),
}

/// A picture of the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Its file's name without ending.
    pub name: String,
    /// The whole page instead of what is in view.
    pub full: bool,
    /// Only this element.
    pub of: Option<Value>,
}

/// One expectation, as the page understands it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// `visible`, `hidden`, `text`, `value`, `count`, `attribute`, `class`, `css`, `url`, `title`,
    /// `enabled`, `disabled`, `checked`, `unchecked`, `focused`, `editable`, `empty`, `name`,
    /// `role`, `aria`, `attached`, `detached`, `in-viewport`.
    pub what: String,
    /// Of which element; none for `url` and `title`.
    pub locator: Option<Value>,
    /// What it must be: a scalar (equal, white space folded), a list (one for each element), or
    /// `{"contains"|"matches"|"not"|"gt"|"gte"|"lt"|"lte": ..}`; for `aria` the snapshot's text;
    /// for `url` a scalar may have `*` and `**` in it; null for what is not compared.
    pub is: Value,
    /// The attribute's or the CSS property's name.
    pub of: Option<String>,
    /// It must not hold.
    pub not: bool,
}

/// What is waited for besides elements.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// `{"load": ..}`
    Load(LoadState),
    /// A request whose URL matches, sent since the last action began.
    Request(String, Option<String>),
    /// Its answer, with this status where there is one.
    Response(String, Option<String>, Option<u16>),
}

impl Event {
    /// Whether it is a request or its answer.
    pub fn is_of_network(&self) -> bool {
        matches!(self, Event::Request(..) | Event::Response(..))
    }
}

/// An answer given in the network's place.
#[derive(Debug, Clone, PartialEq)]
pub struct Stub {
    /// A pattern for URLs: `*` within a part of the path, `**` over all; a path begins at the
    /// target.
    pub url: String,
    /// Only this method.
    pub method: Option<String>,
    /// Waited first.
    pub delay: Duration,
    /// How often; 0 for always.
    pub times: u32,
    /// What is done.
    pub answer: StubAnswer,
}

/// What a stub does.
#[derive(Debug, Clone, PartialEq)]
pub enum StubAnswer {
    /// An answer of its own.
    Fulfil {
        /// The status.
        status: u16,
        /// Its headers.
        headers: Vec<(String, String)>,
        /// Its body.
        body: String,
    },
    /// The connection is refused.
    Abort,
    /// It goes out, later or with other headers.
    Pass {
        /// Added to the request.
        headers: Vec<(String, String)>,
    },
}
