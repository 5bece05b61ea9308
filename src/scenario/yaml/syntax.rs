//! Explains what is not YAML at all: the parser's words tell what it looked for, not what the
//! writer did, so the line itself is asked.

use std::ops::Range;

use super::super::problems::{Problems, quoted};

/// Reports the parser's error at byte `at`.
pub(super) fn explain(info: &str, at: usize, problems: &mut Problems) {
    let file = problems.file().clone();
    let text = file.text.as_str();
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let line = &text[start..end];
    if let Some(open) = template_without_quotes(line) {
        let value = line[open..].trim_end();
        let from = start + open;
        return unquoted_template(value, from..from + value.len(), problems);
    }
    let span = at..(at + text[at..].chars().next().map_or(0, char::len_utf8)).min(end.max(at));
    let (problem, label, help) = in_words(info, line, at - start);
    problems.error("yaml-syntax", span, problem, label, Some(help));
}

/// Reports a `{{ x }}` that stands without quotes.
pub(super) fn unquoted_template(value: &str, span: Range<usize>, problems: &mut Problems) {
    let fix = match value.contains('"') {
        false => format!("put it in quotes: \"{value}\""),
        true => format!("put it in quotes: '{value}'"),
    };
    problems.error(
        "unquoted-template",
        span,
        "a value that begins with `{{` needs quotes",
        "YAML reads this as a map inside a map",
        Some(fix),
    );
}

/// Where a value that begins with `{{` stands on this line.
fn template_without_quotes(line: &str) -> Option<usize> {
    let open = line.find("{{")?;
    let before = line[..open].trim_end();
    let begins_a_value = before.is_empty() || before.ends_with([':', '-', ',', '[', '{']);
    begins_a_value.then_some(open)
}

fn in_words(info: &str, line: &str, column: usize) -> (String, &'static str, String) {
    let indent = line.len() - line.trim_start().len();
    if line[..indent].contains('\t') || info.contains("tabs disallowed") {
        let problem = "YAML does not allow tabs for indentation".to_string();
        return (problem, "a tab", "indent with spaces".to_string());
    }
    if let Some(sign) = info.strip_prefix("unexpected character: ") {
        let sign = sign.trim_matches(['`', '\'']);
        let problem = format!("a value cannot begin with `{sign}`");
        return (problem, "has a meaning in YAML", "put the value in quotes".to_string());
    }
    if info.contains("unknown anchor") {
        let name = line[column..].split_whitespace().next().unwrap_or("*");
        let problem = format!("{} refers to an anchor that is not defined", quoted(name));
        let anchor = name.trim_start_matches('*');
        let help = format!("define `&{anchor}` above, or put the value in quotes");
        return (problem, "no such anchor", help);
    }
    let value = line.trim_start().trim_start_matches("- ");
    let (label, help) = match info {
        _ if info.contains("mapping values are not allowed") => (
            "this colon is one too many",
            "put a value that contains `: ` in quotes, and check that the keys line up".to_string(),
        ),
        _ if info.contains("escape") => (
            "in this text",
            "in double quotes write a backslash as `\\\\`, or use single quotes".to_string(),
        ),
        _ if info.contains("quoted scalar") => {
            ("the text begins here", "close the quotes on the same line".to_string())
        }
        _ if info.contains("flow") || info.contains("':' indicator") => {
            ("here", "close the list with `]` or the map with `}`".to_string())
        }
        _ if info.contains("simple key expected") || info.contains("expected ':'") => {
            ("here", format!("write `{}: ...`, with a colon and a space", value.trim()))
        }
        _ if info.contains("block sequence entries") => {
            ("here", "begin the list on a new line, or write it as [a, b]".to_string())
        }
        _ => ("here", "check that this line is indented like its neighbours".to_string()),
    };
    (format!("this is not YAML: {info}"), label, help)
}
