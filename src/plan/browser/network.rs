//! Reads what concerns the network: stubs, and requests that are waited for.

use std::time::Duration;

use serde_json::Value;

use super::act::{Act, Event, Expectation, Stub, StubAnswer};
use super::expect;
use super::fields::{Fields, LATER, cut, flag, is_later, short, shown};
use super::locate::{LOCATOR, locator};
use super::read::{Read, Unreadable, load_state};

/// A pattern for URLs: begins at the target, at a scheme, or anywhere (`*`).
fn url_pattern(key: &str, text: String) -> Read<String> {
    let starts = ["/", "http://", "https://", "ws://", "wss://", "*", LATER];
    if starts.iter().any(|start| text.starts_with(start)) && !text.contains(char::is_whitespace) {
        return Ok(text);
    }
    let problem = format!("`{key}` is no pattern for URLs: `{}`", cut(&text));
    Err(Unreadable::new(problem, text)
        .help("write a path such as /api/**, or **/items for any server"))
}

fn method(fields: &Fields<'_>) -> Read<Option<String>> {
    let Some(method) = fields.text("method")? else { return Ok(None) };
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match method == LATER || (!method.is_empty() && method.chars().all(token)) {
        true => Ok(Some(method.to_ascii_uppercase())),
        false => Err(Unreadable::new(format!("`{}` is no HTTP method", cut(&method)), method)
            .help("write one such as GET or POST")),
    }
}

/// `wait-for`: something on the network, a state of loading, an address, or an element.
pub(super) fn wait_for(argument: &Value) -> Read<Act> {
    const KEYS: &[&str] = &["request", "response", "load", "url"];
    let Value::Object(map) = argument else {
        return Ok(expect::visible(locator("wait-for", argument)?, true));
    };
    let Some(kind) = KEYS.iter().find(|key| map.contains_key(**key)) else {
        let known: &[&[&str]] = &[LOCATOR, KEYS];
        Fields::new("wait-for", argument, known)?;
        return Ok(expect::visible(locator("wait-for", argument)?, true));
    };
    let keys: &[&str] = match *kind {
        "request" => &["request", "method"],
        "response" => &["response", "method", "status"],
        "load" => &["load"],
        _ => &["url"],
    };
    let fields = Fields::new("wait-for", argument, &[keys])?;
    let pattern = || url_pattern(kind, fields.need_text(kind, "/api/items")?);
    match *kind {
        "request" => Ok(Act::WaitFor(Event::Request(pattern()?, method(&fields)?))),
        "response" => {
            let status = fields.whole("status", (100, 599))?.map(|status| status as u16);
            Ok(Act::WaitFor(Event::Response(pattern()?, method(&fields)?, status)))
        }
        "load" => {
            let state = load_state("load", fields.need("load", "idle")?)?;
            Ok(Act::WaitFor(Event::Load(state)))
        }
        _ => Ok(Act::Expect(Expectation {
            what: "url".to_string(),
            locator: None,
            is: Value::String(pattern()?),
            of: None,
            not: false,
        })),
    }
}

/// `stub`
pub(super) fn stub(argument: &Value) -> Read<Stub> {
    const KEYS: &[&str] =
        &["url", "method", "status", "headers", "body", "json", "abort", "pass", "delay", "times"];
    let fields = Fields::new("stub", argument, &[KEYS])?;
    Ok(Stub {
        url: url_pattern("url", fields.need_text("url", "/api/items")?)?,
        method: method(&fields)?,
        delay: fields.duration("delay")?.unwrap_or(Duration::ZERO),
        times: fields.whole("times", (1, 1_000_000))?.unwrap_or(0),
        answer: answer(&fields)?,
    })
}

fn answer(fields: &Fields<'_>) -> Read<StubAnswer> {
    const GIVEN: [&str; 4] = ["status", "headers", "body", "json"];
    let given = GIVEN.iter().find(|key| fields.get(key).is_some());
    let abort = fields.flag("abort")?;
    let pass = fields.get("pass").filter(|pass| **pass != Value::Bool(false));
    match (given, abort, pass) {
        (Some(key), true, _) => Err(not_both("abort", key)),
        (Some(key), _, Some(_)) => Err(not_both("pass", key)),
        (None, true, Some(_)) => Err(not_both("pass", "abort")),
        (None, true, None) => Ok(StubAnswer::Abort),
        (None, false, Some(pass)) => passed(pass),
        (None, false, None) if fields.get("delay").is_some() => {
            Ok(StubAnswer::Pass { headers: Vec::new() })
        }
        (None, false, None) => {
            Err(Unreadable::new("the stub does not say what it answers", "stub")
                .help("add `status`, `json` or `body`, or `abort: true`, or a `delay`"))
        }
        (Some(_), false, None) => fulfilled(fields),
    }
}

fn not_both(first: &str, second: &str) -> Unreadable {
    let problem = format!("`{first}` and `{second}` of a stub cannot go together");
    Unreadable::new(problem, first).help("keep one of them")
}

fn passed(pass: &Value) -> Read<StubAnswer> {
    if !pass.is_object() {
        flag("pass", pass)?;
        return Ok(StubAnswer::Pass { headers: Vec::new() });
    }
    let fields = Fields::new("pass", pass, &[&["headers"]])?;
    Ok(StubAnswer::Pass { headers: headers(&fields)? })
}

fn fulfilled(fields: &Fields<'_>) -> Read<StubAnswer> {
    let status = fields.whole("status", (200, 599))?.unwrap_or(200) as u16;
    let mut headers = headers(fields)?;
    let has_type = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let (body, kind) = match (fields.text("body")?, fields.get("json")) {
        (Some(_), Some(_)) => return Err(not_both("body", "json")),
        (Some(body), None) => (body, "text/plain; charset=utf-8"),
        (None, Some(json)) => (json.to_string(), "application/json"),
        (None, None) => (String::new(), ""),
    };
    if !has_type && !kind.is_empty() {
        headers.push(("content-type".to_string(), kind.to_string()));
    }
    Ok(StubAnswer::Fulfil { status, headers, body })
}

/// Names and values that can be sent as headers.
pub(super) fn headers(fields: &Fields<'_>) -> Read<Vec<(String, String)>> {
    let headers = fields.text_pairs("headers")?;
    for (name, value) in &headers {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(token) {
            return Err(Unreadable::new(
                format!("`{}` is no name of a header", cut(name)),
                name.as_str(),
            )
            .help("use letters, digits and dashes"));
        }
        if value != LATER && value.contains(['\r', '\n', '\0']) {
            let problem = format!("the header `{}` has a line break", cut(name));
            return Err(Unreadable::new(problem, name.as_str()).help("write it on one line"));
        }
    }
    Ok(headers)
}

/// `unstub`
pub(super) fn unstub(argument: &Value) -> Read<Act> {
    let url = match argument {
        Value::Null | Value::Bool(true) => return Ok(Act::Unstub(None)),
        later if is_later(later) => LATER.to_string(),
        Value::Object(_) => {
            Fields::new("unstub", argument, &[&["url"]])?.need_text("url", "/api/items")?
        }
        other => short(other).ok_or_else(|| {
            Unreadable::new(format!("`unstub` cannot be {}", shown(other)), "unstub")
                .help("write the pattern of a stub, or `unstub: true` for all of them")
        })?,
    };
    Ok(Act::Unstub(Some(url_pattern("unstub", url)?)))
}
