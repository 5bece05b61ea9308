//! Explains what is not YAML at all: the parser's words tell what it looked for, not what the
//! writer did, so the line itself is asked.

use std::ops::Range;

use super::super::problems::{Problems, quoted};

/// What to say about an error: the problem, a label and what to do.
type Words = (String, &'static str, String);

/// Reports the parser's error at byte `at`.
pub(super) fn explain(info: &str, at: usize, problems: &mut Problems) {
    let file = problems.file().clone();
    let text = file.text.as_str();
    // A key without its colon is noticed where the next line begins.
    let at = if info.contains("simple key expect") { last_word(text, at) } else { at };
    // A tab that begins a line is noticed at the end of the line before.
    let tab = text[at..].find('\t').filter(|_| info.contains("found a tab"));
    let at = tab.map_or(at, |tab| at + tab);
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let line = &text[start..end];
    if let Some(open) = template_without_quotes(line) {
        let value = line[open..].trim_end();
        let from = start + open;
        problems.take_back("unquoted-template", from);
        return unquoted_template(value, from..from + value.len(), problems);
    }
    let sign = text[at..].chars().next().map_or(0, char::len_utf8);
    let (problem, label, help) = in_words(info, line, at - start);
    let opened = unclosed(&text[..at]).filter(|_| is_about_brackets(info));
    let said = problems.error("yaml-syntax", at..(at + sign).min(end.max(at)), problem, label);
    let said = said.help(help);
    if let Some(open) = opened {
        said.related(open..open + 1, "opened here");
    }
}

/// Reports a `{{ x }}` that stands without quotes.
pub(super) fn unquoted_template(value: &str, span: Range<usize>, problems: &mut Problems) {
    let fix = match value.contains('"') {
        false => format!("put it in quotes: \"{value}\""),
        true => format!("put it in quotes: '{value}'"),
    };
    problems
        .error(
            "unquoted-template",
            span,
            "a value that begins with `{{` needs quotes",
            "YAML reads this as a map inside a map",
        )
        .help(fix);
}

/// Where a value that begins with `{{` stands on this line.
fn template_without_quotes(line: &str) -> Option<usize> {
    let open = line.find("{{")?;
    let before = line[..open].trim_end();
    let begins_a_value = before.is_empty() || before.ends_with([':', '-', ',', '[', '{']);
    begins_a_value.then_some(open)
}

/// Where the last word before `at` begins.
fn last_word(text: &str, at: usize) -> usize {
    let before = text[..at].trim_end();
    before.rfind('\n').map_or(0, |end| end + 1).max(before.rfind(' ').map_or(0, |end| end + 1))
}

fn is_about_brackets(info: &str) -> bool {
    info.contains("flow") || info.contains("':' indicator")
}

/// The last bracket that is not closed before the end of `text`. Brackets inside quotes are
/// counted too: this only adds a place to an error that is certain.
fn unclosed(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    for (at, sign) in text.char_indices() {
        match sign {
            '[' | '{' => open.push(at),
            ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    open.pop()
}

fn in_words(info: &str, line: &str, column: usize) -> Words {
    let indent = line.len() - line.trim_start().len();
    if line[..indent].contains('\t') || info.contains("tabs disallowed") {
        let problem = "YAML does not allow tabs for indentation".to_string();
        return (problem, "a tab", "indent with spaces".to_string());
    }
    if let Some(sign) = info.strip_prefix("unexpected character: ") {
        let sign = sign.trim_matches(['`', '\'']);
        let sign = if sign.is_empty() { "`" } else { sign };
        let problem = format!("a value cannot begin with {sign:?}");
        return (problem, "has a meaning in YAML", "put the value in quotes".to_string());
    }
    if info.contains("unknown anchor") {
        let name = line[column..].split_whitespace().next().unwrap_or("*");
        let problem = format!("{} refers to an anchor that is not defined", quoted(name));
        let anchor = name.trim_start_matches('*');
        let help = format!("define `&{anchor}` above, or put the value in quotes");
        return (problem, "no such anchor", help);
    }
    let two_colons = line[..column].contains(": ");
    match by_kind(info, two_colons) {
        Some((problem, label, help)) => (problem.to_string(), label, help.to_string()),
        None => {
            let help = "check quotes, brackets and indentation around this place";
            (format!("this is not YAML: {info}"), "here", help.to_string())
        }
    }
}

/// The parser's errors that have one cause each.
fn by_kind(info: &str, two_colons: bool) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match info {
        _ if info.contains("mapping values are not allowed") && two_colons => (
            "a value with a colon and a space in it needs quotes",
            "the second colon of this line",
            "put the whole value in quotes",
        ),
        _ if info.contains("escape") => (
            "there is no such escape in double quotes",
            "in this text",
            "write a backslash as `\\\\`, or use single quotes",
        ),
        _ if info.contains("quoted scalar") => {
            ("the quotes are not closed", "opened here", "close them on the same line")
        }
        _ if is_about_brackets(info) => {
            ("a list or a map is not closed", "cannot be inside of it", "close it with `]` or `}`")
        }
        _ if info.contains("simple key expect") => {
            ("a key needs a colon", "no key without a colon", "write it as `key: value`")
        }
        _ if info.contains("block sequence entries") => (
            "a list cannot begin behind a key",
            "begins here",
            "begin it on a new line, or write it as [a, b]",
        ),
        _ if info.contains("expected key")
            || info.contains("'-' indicator")
            || info.contains("mapping values are not allowed") =>
        {
            (
                "the indentation of this line fits no line above",
                "begins here",
                "line it up with its neighbours; if it is right, look at the line above",
            )
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bracket_that_is_not_closed_is_found() {
        assert_eq!(unclosed("a: [1, {b: 2}, "), Some(3));
        assert_eq!(unclosed("a: [1]"), None);
        assert_eq!(unclosed("]"), None);
    }

    #[test]
    fn a_template_only_needs_quotes_where_a_value_begins() {
        assert_eq!(template_without_quotes("a: {{ x }}/y"), Some(3));
        assert_eq!(template_without_quotes("- {{ x }}"), Some(2));
        assert_eq!(template_without_quotes("a: \"{{ x }}\""), None);
        assert_eq!(template_without_quotes("a: /x/{{ y }}"), None);
    }
}
