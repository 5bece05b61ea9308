//! Takes console messages, uncaught errors and the browser's own warnings into the log.

use serde_json::Value;
use tokio::time::Instant;

use super::context::Context;
use super::fields::{number, text};
use super::network::is_favicon;
use super::worlds::exception;
use crate::driver::browser::MessageSeen;

/// Hears an event of the Runtime or the Log domain.
pub(super) fn hear(context: &Context, method: &str, params: &Value) {
    let seen = match method {
        "Runtime.consoleAPICalled" => {
            let arguments = params["args"].as_array().map(Vec::as_slice).unwrap_or_default();
            let level = match text(params, "/type") {
                "error" | "assert" => "error",
                "warning" => "warning",
                "debug" => "debug",
                "clear" | "endGroup" | "profile" | "profileEnd" => return,
                _ => "info",
            };
            let place = place(params, "/stackTrace/callFrames/0");
            message(level, written(arguments), place)
        }
        "Runtime.exceptionThrown" => {
            let details = &params["exceptionDetails"];
            let thrown = place(details, "/stackTrace/callFrames/0").or_else(|| place(details, ""));
            message("uncaught", exception(details), thrown)
        }
        "Log.entryAdded" => {
            let entry = &params["entry"];
            if text(entry, "/source") == "network" && is_favicon(text(entry, "/url")) {
                return;
            }
            let level = match text(entry, "/level") {
                "verbose" => "debug",
                other => other,
            };
            message(level, text(entry, "/text").to_string(), place(entry, ""))
        }
        _ => return,
    };
    context.log().write(|log| log.messages.push(seen));
}

fn message(level: &str, text: String, place: Option<String>) -> MessageSeen {
    MessageSeen { at: Instant::now(), level: level.to_string(), text, place }
}

/// `url:line`, counted from 1.
fn place(of: &Value, pointer: &str) -> Option<String> {
    let frame = of.pointer(pointer)?;
    let url = text(frame, "/url");
    let line = frame.get("lineNumber").map(|_| number(frame, "/lineNumber") + 1.0);
    match (url, line) {
        ("", _) => None,
        (url, None) => Some(url.to_string()),
        (url, Some(line)) => Some(format!("{url}:{line}")),
    }
}

/// What a console would show: the first argument may have places for those behind it.
fn written(arguments: &[Value]) -> String {
    let mut rest = arguments.iter();
    let mut text = String::new();
    if let Some(format) = arguments.first().and_then(|first| first["value"].as_str())
        && format.contains('%')
    {
        rest.next();
        let mut chars = format.chars();
        while let Some(char) = chars.next() {
            match (char, chars.as_str().chars().next()) {
                ('%', Some('%')) => {
                    chars.next();
                    text.push('%');
                }
                ('%', Some(kind)) if "sdifoOc".contains(kind) && rest.len() > 0 => {
                    chars.next();
                    let argument = rest.next().map(shown).unwrap_or_default();
                    // `%c` is how it looks, not what it says.
                    text.push_str(if kind == 'c' { "" } else { &argument });
                }
                _ => text.push(char),
            }
        }
    }
    for argument in rest {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&shown(argument));
    }
    text
}

/// A value as a console shows it.
fn shown(argument: &Value) -> String {
    match (&argument["value"], text(argument, "/unserializableValue")) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, "") if text(argument, "/type") == "undefined" => "undefined".to_string(),
        (Value::Null, "") if text(argument, "/subtype") == "null" => "null".to_string(),
        (Value::Null, "") => preview(argument),
        (Value::Null, special) => special.to_string(),
        (value, _) => value.to_string(),
    }
}

/// An object by its first properties, as far as the browser tells them.
fn preview(argument: &Value) -> String {
    let described = text(argument, "/description");
    let list = text(argument, "/subtype") == "array";
    let Some(properties) = argument["preview"]["properties"].as_array() else {
        return described.to_string();
    };
    if text(argument, "/subtype") == "error" {
        return described.to_string();
    }
    let mut parts: Vec<String> = properties
        .iter()
        .map(|property| {
            let value = match text(property, "/type") {
                "string" => format!("{:?}", text(property, "/value")),
                _ => text(property, "/value").to_string(),
            };
            if list { value } else { format!("{}: {value}", text(property, "/name")) }
        })
        .collect();
    if argument["preview"]["overflow"] == true {
        parts.push("…".to_string());
    }
    let parts = parts.join(", ");
    match (list, described) {
        (true, _) => format!("[{parts}]"),
        (false, "Object" | "") => format!("{{{parts}}}"),
        (false, class) => format!("{class} {{{parts}}}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_written_as_a_console_shows_it() {
        let text = |value: &str| json!({"type": "string", "value": value});
        let number = |value: f64| json!({"type": "number", "value": value});
        let list = json!({"type": "object", "subtype": "array", "description": "Array(2)",
            "preview": {"overflow": true, "properties": [
                {"name": "0", "type": "number", "value": "1"},
                {"name": "1", "type": "string", "value": "a"}]}});
        let map = json!({"type": "object", "description": "Object",
            "preview": {"overflow": false, "properties": [
                {"name": "a", "type": "number", "value": "1"}]}});
        let cases = [
            (vec![text("a"), number(1.5), json!({"type": "undefined"})], "a 1.5 undefined"),
            (vec![text("%s has %d%%"), text("it"), number(5.0), text("more")], "it has 5.0% more"),
            (vec![text("%cbig"), text("color: red")], "big"),
            (vec![text("100 %")], "100 %"),
            (vec![json!({"type": "object", "subtype": "null", "value": null})], "null"),
            (vec![json!({"type": "number", "unserializableValue": "NaN"})], "NaN"),
            (vec![list], "[1, \"a\", …]"),
            (vec![map], "{a: 1}"),
            (vec![], ""),
        ];
        for (arguments, wanted) in cases {
            assert_eq!(written(&arguments), wanted);
        }
    }
}
