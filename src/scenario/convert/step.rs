//! Steps: exactly one action each, and beside it only what goes with it.

use serde_json::Value;

use super::super::check::{act, listed};
use super::super::grammar::{Act, Role, STEP};
use super::super::problems::Problems;
use super::super::yaml::{Entry, Node};
use super::super::{Action, Auth, Body, Capture, CaptureFrom, HttpStep, Part, Repeat, Step};
use super::browser::{browser, of_an_answer};
use super::expect::{expect, matchers};
use super::{field, field_duration, field_text, headers, key, read, text, text_pairs, value_pairs};
use crate::diagnostic::Spanned;

/// A list of steps.
pub(super) fn steps(node: Option<&Node>, problems: &mut Problems) -> Vec<Step> {
    let Some(list) = node.and_then(Node::items) else { return Vec::new() };
    list.iter().filter_map(|node| step(node, problems)).collect()
}

fn step(node: &Node, problems: &mut Problems) -> Option<Step> {
    let Some(entries) = node.entries() else {
        let action = Action::Use(text(node, problems)?, Box::default());
        return Some(bare(node, action, problems));
    };
    let entry = only_action(node, entries, problems)?;
    let act = act(&STEP, &entry.key.text)?;
    for other in entries {
        goes_with(act, entry, other, problems);
    }
    let action = action(act, entry, node, problems)?;
    let name = match act {
        Act::Group => text(&entry.value, problems),
        _ => field_text(node, "step", problems),
    };
    Some(Step {
        name,
        when: matchers(node.get("when"), problems),
        repeat: node.get("repeat").and_then(|node| repeat(node, problems)),
        think: field(node, "think", problems),
        tags: text_pairs(node.get("tags"), problems),
        ..bare(node, action, problems)
    })
}

fn bare(node: &Node, action: Action, problems: &Problems) -> Step {
    Step {
        place: problems.place(node.span.clone()),
        name: None,
        when: Vec::new(),
        repeat: None,
        think: None,
        tags: Vec::new(),
        action,
    }
}

/// The entry that is the action.
fn only_action<'a>(
    node: &Node,
    entries: &'a [Entry],
    problems: &mut Problems,
) -> Option<&'a Entry> {
    let mut actions = entries.iter().filter(|entry| act(&STEP, &entry.key.text).is_some());
    let Some(first) = actions.next() else {
        // An unknown key was reported already, and it is likely to be the action.
        if entries.iter().all(|entry| STEP.key(&entry.key.text).is_some()) {
            let (problem, help) = match node.get("url").is_some() {
                true => ("`url` needs a `method` beside it", "add one, or write `get: /path`"),
                false => (
                    "this step does nothing",
                    "add an action: get, post, put, patch, delete, use, pause, goto, click, ...",
                ),
            };
            let span = node.span.clone();
            problems.error("no-action", span, problem, "has no action").help(help);
        }
        return None;
    };
    for second in actions {
        let problem = format!("`{}` and `{}` are two actions", first.key.text, second.key.text);
        problems
            .error("many-actions", second.key.span.clone(), problem, "the second")
            .related(first.key.span.clone(), "the first")
            .help("make two steps of them");
    }
    Some(first)
}

/// Reports a key that says nothing beside this action.
fn goes_with(act: Act, action: &Entry, other: &Entry, problems: &mut Problems) {
    let name = other.key.text.as_str();
    let help = match STEP.key(name).map(|key| key.role) {
        Some(Role::Http) if !matches!(act, Act::Http | Act::Use) => {
            "it belongs to a request: make a step of its own with get, post, ..."
        }
        Some(Role::Capture) if matches!(act, Act::Pause | Act::Group) => {
            "there is nothing to take a value from: capture in a request or a browser step"
        }
        Some(Role::With(owner)) if action.key.text != owner => match owner {
            "method" => "`url` goes with `method: NAME` only; `get` and its siblings have the path",
            _ => "`steps` goes with `group: name` only",
        },
        Some(Role::Any) if name == "step" && act == Act::Group => {
            "a group has its name behind `group:`"
        }
        _ => return,
    };
    let problem = format!("`{name}` does not go with `{}`", action.key.text);
    problems
        .error("misplaced-key", other.key.span.clone(), problem, "says nothing here")
        .related(action.key.span.clone(), "the action of this step")
        .help(help);
}

fn action(act: Act, entry: &Entry, node: &Node, problems: &mut Problems) -> Option<Action> {
    Some(match act {
        Act::Http => {
            let (method, url) = target(entry, node, problems)?;
            let (method, url) = (Some(method), Some(url));
            Action::Http(Box::new(HttpStep { method, url, ..request(node, problems) }))
        }
        Act::Use => Action::Use(text(&entry.value, problems)?, Box::new(request(node, problems))),
        Act::Pause => Action::Pause(read(&entry.value, problems)?),
        Act::Group => {
            if node.get("steps").is_none() {
                let span = entry.key.span.clone();
                let problem = "a group needs the key `steps`";
                problems.error("missing-key", span, problem, "has no `steps`").help("add `steps:`");
            }
            Action::Group(steps(node.get("steps"), problems))
        }
        Act::Browser => Action::Browser(Box::new(browser(entry, node, problems))),
    })
}

/// The method, upper case, and where it goes.
fn target(
    entry: &Entry,
    node: &Node,
    problems: &mut Problems,
) -> Option<(Spanned<String>, Spanned<String>)> {
    if entry.key.text != "method" {
        let mut method = key(&entry.key, problems);
        method.value.make_ascii_uppercase();
        return Some((method, text(&entry.value, problems)?));
    }
    if node.get("url").is_none() {
        let problem = "`method` needs the key `url`";
        problems
            .error("missing-key", entry.key.span.clone(), problem, "has no `url`")
            .help("add `url: /path`");
    }
    let mut method = text(&entry.value, problems)?;
    method.value.make_ascii_uppercase();
    Some((method, field_text(node, "url", problems)?))
}

/// What is written beside a method or a `use`.
fn request(node: &Node, problems: &mut Problems) -> HttpStep {
    HttpStep {
        method: None,
        url: None,
        query: value_pairs(node.get("query"), problems),
        headers: headers(node.get("headers"), problems),
        cookies: text_pairs(node.get("cookies"), problems),
        body: body(node, problems),
        auth: node.get("auth").and_then(|node| auth(node, problems)),
        redirects: node.get("redirects").and_then(|node| redirects(node, problems)),
        timeout: field_duration(node, "timeout", problems),
        expect: node.get("expect").map(|node| expect(node, problems)).unwrap_or_default(),
        capture: captures(node.get("capture"), problems),
    }
}

/// A value as JSON, with its place.
pub(super) fn json(node: &Node, problems: &mut Problems) -> Spanned<Value> {
    let value = node.to_json(problems);
    problems.spanned(value, node.span.clone())
}

fn body(node: &Node, problems: &mut Problems) -> Option<Body> {
    if let Some(node) = node.get("json") {
        return Some(Body::Json(json(node, problems)));
    }
    if let Some(node) = node.get("form") {
        return Some(Body::Form(value_pairs(Some(node), problems)));
    }
    if let Some(node) = node.get("multipart") {
        let entries = node.entries()?;
        let part = |entry: &Entry| Some((key(&entry.key, problems), part(&entry.value, problems)?));
        return Some(Body::Multipart(entries.iter().filter_map(part).collect()));
    }
    if let Some(body) = field_text(node, "body", problems) {
        return Some(Body::Text(body));
    }
    field_text(node, "body-file", problems).map(Body::File)
}

fn part(node: &Node, problems: &Problems) -> Option<Part> {
    if let Some(text) = text(node, problems) {
        return Some(Part::Text(text));
    }
    Some(Part::File {
        file: field_text(node, "file", problems)?,
        name: field_text(node, "name", problems),
        content_type: field_text(node, "type", problems),
    })
}

/// `auth`, of a step or of the whole file.
pub(super) fn auth(node: &Node, problems: &mut Problems) -> Option<Auth> {
    if node.scalar().is_some() {
        return Some(Auth::None);
    }
    if let Some(token) = field_text(node, "bearer", problems) {
        return Some(Auth::Bearer(token));
    }
    let Some(basic) = node.get("basic") else {
        if node.entries().is_some_and(<[Entry]>::is_empty) {
            let help = "write { bearer: token }, { basic: { user: u, password: p } } or none";
            let problem = "`auth` does not say how";
            let span = node.span.clone();
            problems.error("empty-value", span, problem, "nothing in it").help(help);
        }
        return None;
    };
    let user = field_text(basic, "user", problems)?;
    Some(Auth::Basic(user, field_text(basic, "password", problems)?))
}

/// `redirects`, of a step or of the whole file.
pub(super) fn redirects(node: &Node, problems: &Problems) -> Option<Spanned<u32>> {
    let count = match node.scalar()?.text.text.as_str() {
        "follow" => 10,
        "stop" => 0,
        number => number.parse().ok()?,
    };
    Some(problems.spanned(count, node.span.clone()))
}

fn repeat(node: &Node, problems: &mut Problems) -> Option<Repeat> {
    if node.scalar().is_some() {
        let times = read(node, problems)?;
        return Some(Repeat { times, until: Vec::new(), every: None });
    }
    Some(Repeat {
        times: field(node, "times", problems)?,
        until: matchers(node.get("until"), problems),
        every: field_duration(node, "every", problems),
    })
}

fn captures(node: Option<&Node>, problems: &mut Problems) -> Vec<Capture> {
    let entries = node.and_then(Node::entries).unwrap_or_default();
    let capture = |entry: &Entry| {
        let from = capture_from(entry, problems)?;
        Some(Capture { name: key(&entry.key, problems), from })
    };
    entries.iter().filter_map(capture).collect()
}

fn capture_from(entry: &Entry, problems: &mut Problems) -> Option<CaptureFrom> {
    let node = &entry.value;
    if !of_an_answer(entry, problems) {
        return None;
    }
    if let Some(source) = text(node, problems) {
        return Some(match source.value.as_str() {
            "body" => CaptureFrom::Body,
            _ => CaptureFrom::JsonPath(source),
        });
    }
    if let Some(header) = field_text(node, "header", problems) {
        return Some(CaptureFrom::Header(header));
    }
    if let Some(cookie) = field_text(node, "cookie", problems) {
        return Some(CaptureFrom::Cookie(cookie));
    }
    regex_capture(entry, problems)
}

fn regex_capture(entry: &Entry, problems: &mut Problems) -> Option<CaptureFrom> {
    let node = &entry.value;
    let Some(regex) = field_text(node, "regex", problems) else {
        let sources = ["header", "cookie", "regex"];
        let known = |entry: &Entry| entry.key.text == "group";
        if node.entries().is_some_and(|entries| entries.iter().all(known)) {
            let problem = format!("`{}` does not say where its value comes from", entry.key.text);
            let help = format!("write a JSONPath, `body`, or a map with {}", listed(&sources));
            let span = entry.key.span.clone();
            problems.error("capture-without-source", span, problem, "from where?").help(help);
        }
        return None;
    };
    let group = field::<u32>(node, "group", problems);
    let groups = regex::Regex::new(&regex.value).ok()?.captures_len() as u32 - 1;
    if let Some(group) = group.as_ref().filter(|group| group.value > groups) {
        let problem = format!("the regular expression has no group {}", group.value);
        let help = match groups {
            0 => "put parentheses around the part that is wanted, or write `group: 0`".to_string(),
            _ => format!("write a group from 0 (all of it) to {groups}"),
        };
        let place = group.place.span.clone();
        problems.error("number-out-of-range", place, problem, "no such group").help(help);
    }
    // Without parentheses, the whole match is what is meant.
    let group = group.map_or(groups.min(1), |group| group.value);
    Some(CaptureFrom::Regex(regex, group))
}
