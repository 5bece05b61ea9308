//! Makes an action of a verb and its argument.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::act::{Act, LoadState, Picture, Place};
use super::fields::{Fields, cut, listed, many, number, short, shown, text, word, wrong};
use super::locate::{LOCATOR, locator, locator_in, need_locator, text_or_pattern};
use super::{emulate, expect, network, pointer};
use crate::diagnostic::nearest;

/// What cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, one sentence without a full stop.
    pub problem: String,
    /// The text or the key that is meant, as it is written.
    pub at: String,
    /// What to do about it.
    pub help: String,
}

impl Unreadable {
    pub(super) fn new(problem: impl Into<String>, at: impl Into<String>) -> Self {
        Unreadable { problem: problem.into(), at: at.into(), help: String::new() }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.help.as_str() {
            "" => f.write_str(&self.problem),
            help => write!(f, "{} ({help})", self.problem),
        }
    }
}

pub(super) type Read<T> = Result<T, Unreadable>;

/// Verbs beside `expect-...`.
const VERBS: &[&str] = &[
    "goto",
    "back",
    "forward",
    "reload",
    "click",
    "double-click",
    "right-click",
    "hover",
    "focus",
    "scroll",
    "clear",
    "fill",
    "type",
    "press",
    "check",
    "uncheck",
    "select",
    "drag",
    "upload",
    "download",
    "dialog",
    "switch-to",
    "close",
    "evaluate",
    "screenshot",
    "see",
    "hide",
    "wait-for",
    "viewport",
    "offline",
    "throttle",
    "emulate",
    "stub",
    "unstub",
    "save-state",
    "use-state",
];

impl Act {
    /// Makes an action of a verb and its rendered argument, in short or in full form.
    ///
    /// The error is a sentence for a person, with what to do about it.
    pub fn read(verb: &str, argument: &Value) -> Result<Act, String> {
        Act::understand(verb, argument).map_err(|error| error.to_string())
    }

    /// The same, with the part of the argument that is meant.
    pub fn understand(verb: &str, argument: &Value) -> Result<Act, Unreadable> {
        match verb {
            "goto" => goto(argument),
            "back" => travel(verb, -1, argument),
            "forward" => travel(verb, 1, argument),
            "reload" => travel(verb, 0, argument),
            "click" | "double-click" | "right-click" | "hover" | "focus" | "scroll" | "clear" => {
                pointer::point(verb, argument)
            }
            "fill" => pointer::fill(argument),
            "type" => pointer::type_text(argument),
            "press" => pointer::press(argument),
            "check" | "uncheck" => Ok(Act::Tick(locator(verb, argument)?, verb == "check")),
            "select" => pointer::select(argument),
            "drag" => drag(argument),
            "upload" => upload(argument),
            "download" => download(argument),
            "dialog" => dialog(argument),
            "switch-to" => switch_to(argument),
            "close" => nothing(verb, argument).map(|()| Act::Close),
            "evaluate" => evaluate(argument),
            "screenshot" => screenshot(argument),
            "expect-screenshot" => expect::screenshot(argument),
            "see" | "hide" => expect::see(verb, argument),
            "wait-for" => network::wait_for(argument),
            "viewport" | "offline" | "throttle" => emulate::one(verb, argument),
            "emulate" => emulate::many(argument),
            "stub" => network::stub(argument).map(Act::Stub),
            "unstub" => network::unstub(argument),
            "save-state" => state_name(verb, argument).map(Act::SaveState),
            "use-state" => state_name(verb, argument).map(Act::UseState),
            _ => match verb.strip_prefix("expect-") {
                Some(what) => expect::expectation(verb, what, argument),
                None => Err(unknown_verb(verb)),
            },
        }
    }
}

fn unknown_verb(verb: &str) -> Unreadable {
    let help = match nearest(verb, VERBS.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", listed(&[VERBS])),
    };
    Unreadable::new(format!("a browser cannot `{}`", cut(verb)), verb).help(help)
}

/// `true`, or nothing at all.
fn nothing(verb: &str, argument: &Value) -> Read<()> {
    match argument {
        Value::Null | Value::Bool(true) => Ok(()),
        Value::Object(map) if map.is_empty() => Ok(()),
        other => {
            let problem = format!("`{verb}` takes nothing, and here is {}", shown(other));
            let at = short(other).unwrap_or_else(|| verb.to_string());
            Err(Unreadable::new(problem, at).help(format!("write `{verb}: true`")))
        }
    }
}

const UNTIL: &[&str] = &["load", "commit", "dom", "idle"];

/// The state behind `until` or `load`.
pub(super) fn load_state(key: &str, value: &Value) -> Read<LoadState> {
    Ok(match word(key, value, UNTIL)? {
        "commit" => LoadState::Commit,
        "dom" => LoadState::Dom,
        "idle" => LoadState::Idle,
        _ => LoadState::Load,
    })
}

fn until(fields: &Fields<'_>) -> Read<LoadState> {
    fields.get("until").map_or(Ok(LoadState::Load), |value| load_state("until", value))
}

fn goto(argument: &Value) -> Read<Act> {
    let (url, until) = match short(argument) {
        Some(url) => (url, LoadState::Load),
        None => {
            let fields = Fields::new("goto", argument, &[&["url", "until"]])?;
            (fields.need_text("url", "/shop")?, until(&fields)?)
        }
    };
    page_url("goto", &url)?;
    Ok(Act::Goto { url, until })
}

/// A path, or an absolute URL that a browser opens.
fn page_url(verb: &str, url: &str) -> Read<()> {
    let starts = ["/", "http://", "https://", "about:", "data:", super::fields::LATER];
    let right = starts.iter().any(|start| url.starts_with(start));
    // A blank in a value that was filled in is encoded, as browsers do.
    if right
        && !url.chars().any(|c| (c.is_whitespace() && c != ' ') || (c.is_control() && c != '\0'))
    {
        return Ok(());
    }
    let problem = format!("`{verb}` cannot open `{}`", cut(url));
    Err(Unreadable::new(problem, url).help("write a path such as /shop, or a whole URL"))
}

fn travel(verb: &str, delta: i32, argument: &Value) -> Read<Act> {
    let state = match argument {
        Value::Object(_) => until(&Fields::new(verb, argument, &[&["until"]])?)?,
        other => nothing(verb, other).map(|()| LoadState::Load)?,
    };
    Ok(Act::Travel(delta, state))
}

fn drag(argument: &Value) -> Read<Act> {
    let fields = Fields::new("drag", argument, &[&["from", "to"]])?;
    let from = locator("from", fields.need("from", "{ text: Milk }")?)?;
    Ok(Act::Drag(from, locator("to", fields.need("to", "{ text: Cart }")?)?))
}

fn upload(argument: &Value) -> Read<Act> {
    let fields = Fields::new("upload", argument, &[LOCATOR, &["file"]])?;
    fields.need("file", "cat.png")?;
    let files = fields.texts("file")?;
    Ok(Act::Upload(need_locator(&fields)?, files.into_iter().map(PathBuf::from).collect()))
}

fn download(argument: &Value) -> Read<Act> {
    let keys = ["click", "name", "contains", "keep"];
    let fields = Fields::new("download", argument, &[&keys])?;
    let click = locator("click", fields.need("click", "{ text: Invoice }")?)?;
    let name = fields.get("name").cloned();
    name.iter().try_for_each(|name| text_or_pattern("name", name))?;
    let keep = fields.text("keep")?.map(|keep| file_name("keep", keep)).transpose()?;
    Ok(Act::Download { click, name, contains: fields.text("contains")?, keep })
}

fn dialog(argument: &Value) -> Read<Act> {
    if short(argument).is_some() {
        let accept = word("dialog", argument, &["accept", "dismiss"])? == "accept";
        return Ok(Act::Dialog { accept, with: None, message: None });
    }
    let fields = Fields::new("dialog", argument, &[&["accept", "with", "message"]])?;
    let accept = super::fields::flag("accept", fields.need("accept", "true")?)?;
    let with = fields.text("with")?;
    if with.is_some() && !accept {
        let problem = "what is typed into a dialog is lost when it is dismissed";
        return Err(Unreadable::new(problem, "with").help("write `accept: true`, or leave it out"));
    }
    let message = fields.get("message").cloned();
    message.iter().try_for_each(|message| expect::matcher("message", message))?;
    Ok(Act::Dialog { accept, with, message })
}

fn switch_to(argument: &Value) -> Read<Act> {
    if short(argument).is_some() {
        let place = match word("switch-to", argument, &["main", "new-tab", "previous-tab"])? {
            "main" => Place::Main,
            "new-tab" => Place::NewTab,
            _ => Place::PreviousTab,
        };
        return Ok(Act::SwitchTo(place));
    }
    let fields = Fields::new("switch-to", argument, &[&["frame", "tab"]])?;
    match (fields.get("frame"), fields.get("tab")) {
        (Some(frame), None) => Ok(Act::SwitchTo(Place::Frame(locator("frame", frame)?))),
        (None, Some(tab)) => tab_of(tab).map(Act::SwitchTo),
        _ => Err(Unreadable::new("`switch-to` needs one of `frame` and `tab`", "switch-to").help(
            "write `{ frame: { title: Payment } }`, `{ tab: { url: /help } }`, main or new-tab",
        )),
    }
}

fn tab_of(tab: &Value) -> Read<Place> {
    let fields = Fields::new("tab", tab, &[&["title", "url"]])?;
    let chosen = [("title", fields.get("title")), ("url", fields.get("url"))];
    match chosen {
        [(key, Some(value)), (_, None)] | [(_, None), (key, Some(value))] => {
            expect::matcher(key, value)?;
            Ok(Place::Tab(json!({ key: value })))
        }
        _ => Err(Unreadable::new("`tab` needs one of `title` and `url`", "tab")
            .help("write for example `{ tab: { title: Help } }`")),
    }
}

fn evaluate(argument: &Value) -> Read<Act> {
    let (script, args) = match short(argument) {
        Some(script) => (script, Value::Null),
        None => {
            let fields = Fields::new("evaluate", argument, &[&["script", "args"]])?;
            let args = fields.get("args").cloned().unwrap_or(Value::Null);
            (fields.need_text("script", "document.title")?, args)
        }
    };
    match script.trim().is_empty() {
        true => Err(Unreadable::new("`evaluate` has no script", "evaluate")
            .help("write an expression such as document.title, or statements with `return`")),
        false => Ok(Act::Evaluate(script, args)),
    }
}

/// The keys of a picture.
pub(super) const PICTURE: &[&str] = &["name", "full", "of"];

pub(super) fn picture(fields: &Fields<'_>) -> Read<Picture> {
    let of = fields.get("of").map(|of| locator("of", of)).transpose()?;
    let full = fields.flag("full")?;
    if full && of.is_some() {
        let problem = "a picture is of one element or of the full page, not of both";
        return Err(Unreadable::new(problem, "full").help("keep one of `full` and `of`"));
    }
    let name = file_name("name", fields.need_text("name", "cart")?)?;
    Ok(Picture { name, full, of })
}

fn screenshot(argument: &Value) -> Read<Act> {
    if let Some(name) = short(argument) {
        let name = file_name("screenshot", name)?;
        return Ok(Act::Screenshot(Picture { name, full: false, of: None }));
    }
    picture(&Fields::new("screenshot", argument, &[PICTURE])?).map(Act::Screenshot)
}

/// A name that may be a file's.
pub(super) fn file_name(key: &str, name: String) -> Read<String> {
    let inside = |c: char| c.is_alphanumeric() || " ._-".contains(c) || name == "\0";
    if !name.is_empty()
        && name.chars().count() <= 100
        && !name.starts_with(['.', ' '])
        && !name.ends_with([' ', '.'])
        && name.chars().all(inside)
    {
        return Ok(name);
    }
    let problem = format!("`{key}` cannot be `{}`, because a file gets this name", cut(&name));
    Err(Unreadable::new(problem, name).help("use letters, digits, spaces, - and _"))
}

/// The name of a state, alone or as `name`.
fn state_name(verb: &str, argument: &Value) -> Read<String> {
    let name = match short(argument) {
        Some(name) => name,
        None => Fields::new(verb, argument, &[&["name"]])?.need_text("name", "signed-in")?,
    };
    file_name(verb, name)
}

/// One locator or a list of them.
pub(super) fn locators(key: &str, value: Option<&Value>) -> Read<Vec<Value>> {
    let list = value.map(many).unwrap_or_default();
    list.iter().map(|one| locator(key, one)).collect()
}

/// A locator alone, or among other keys.
pub(super) fn either<'a>(
    verb: &'a str,
    argument: &'a Value,
    more: &[&str],
) -> Read<(Value, Option<Fields<'a>>)> {
    match argument {
        Value::Object(_) => {
            let fields = Fields::new(verb, argument, &[LOCATOR, more])?;
            Ok((need_locator(&fields)?, Some(fields)))
        }
        other => Ok((locator(verb, other)?, None)),
    }
}

/// A share from 0 to 1.
pub(super) fn share(fields: &Fields<'_>, key: &str, default: f64) -> Read<f64> {
    fields.get(key).map_or(Ok(default), |value| number(key, value, (0.0, 1.0)))
}

/// A locator that may be missing, beside a text that must be there.
pub(super) fn into_or_here(
    fields: &Fields<'_>,
    key: &str,
    example: &str,
) -> Read<(Option<Value>, String)> {
    let value = fields.need(key, example)?;
    let text = text(key, value).map_err(|_| wrong(key, value, "a text"))?;
    Ok((locator_in(fields)?, text))
}
