//! `--debug`: shows where a test stands, and reads what to do from the terminal.

use std::io::BufRead;

use serde_json::Value;

use crate::cli::words;
use crate::diagnostic::SourceFile;
use crate::executor::{Command, Debugger, Halt, PageState};
use crate::plan::{self, ActionPlan, Inputs, Overrides, Template};

const HELP: &str = "  \
  n (or Enter) this step, then stop again
  c            all the rest without stopping
  l LOCATOR    what it finds, as in a file
  q            end the run";

/// The most lines that are shown of a page.
const LINES: usize = 60;

/// The most elements that are shown of what a locator finds.
const FOUND: usize = 20;

/// A person at a terminal, or a pipe that speaks for one.
#[derive(Debug)]
pub struct Terminal;

impl Debugger for Terminal {
    fn ask(&self, halt: &Halt) -> Command {
        words::say(&shown(halt));
        let mut lines = std::io::stdin().lock().lines();
        loop {
            words::prompt("debug> ");
            // Whoever cannot be asked does not want the run to go on unseen.
            let Some(Ok(line)) = lines.next() else {
                words::say("\nthe input is at its end: the run is ended");
                return Command::Quit;
            };
            match read(&line) {
                Ok(command) => return command,
                Err(what) => words::say(&what),
            }
        }
    }

    fn located(&self, found: Result<Vec<String>, String>) {
        let text = match found {
            Err(why) => format!("  {why}"),
            Ok(found) if found.is_empty() => "  it finds nothing".to_string(),
            Ok(found) => {
                let more = found.len().saturating_sub(FOUND);
                let mut lines = vec![match found.len() {
                    1 => "  it finds one element:".to_string(),
                    count => format!("  it finds {count} elements:"),
                }];
                lines.extend(found.iter().take(FOUND).map(|one| format!("    {one}")));
                if more > 0 {
                    lines.push(format!("    ... and {more} more"));
                }
                lines.join("\n")
            }
        };
        words::say(&text);
    }
}

fn shown(halt: &Halt) -> String {
    let Halt { test, step, site, page } = halt;
    let mut text = format!("\n{test}: before `{step}`\n  --> {}:{}", site.file, site.line);
    text.push_str(&format!("\n  {} | {}", site.line, site.text.trim_end()));
    if let Some(PageState { url, title, aria }) = page {
        text.push_str(&format!("\n  page {url} `{title}`"));
        aria.lines().take(LINES).for_each(|line| text.push_str(&format!("\n    {line}")));
        let more = aria.lines().count().saturating_sub(LINES);
        if more > 0 {
            text.push_str(&format!("\n    ... and {more} more lines"));
        }
    }
    text
}

/// A command, or what to say instead.
fn read(line: &str) -> Result<Command, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    match (word, rest.trim()) {
        ("" | "n" | "next", "") => Ok(Command::Next),
        ("c" | "continue", "") => Ok(Command::Continue),
        ("q" | "quit", "") => Ok(Command::Quit),
        ("l" | "locate", "") => Err("  write a locator behind it, as in a file: \
                                     l { role: button, name: Save }"
            .to_string()),
        ("l" | "locate", text) => locator(text).map(Command::Locate),
        _ => Err(HELP.to_string()),
    }
}

/// Reads a locator by the grammar of scenario files: as the one of a `see` step.
fn locator(text: &str) -> Result<Value, String> {
    let file = format!(
        "name: debug\ntests:\n  - name: debug\n    browser: [chromium]\n    \
         steps:\n      - see: {text}\n"
    );
    let told = |problems: crate::diagnostic::Diagnostics| match problems.list.first() {
        Some(first) => format!("  {}", first.problem),
        None => "  this is no locator".to_string(),
    };
    let (scenario, _) = crate::scenario::parse(&SourceFile::new("debug", file)).map_err(told)?;
    let inputs = Inputs { scenarios: vec![scenario], ..Inputs::default() };
    let target = "http://localhost".to_string();
    let overrides = Overrides { target, tests: true, ..Overrides::default() };
    let plan = plan::build(&inputs, &overrides).map_err(told)?;
    let mut tests = plan.scenarios.iter().flat_map(|scenario| &scenario.tests);
    match tests.next().and_then(|test| test.steps.first()).map(|node| &node.action) {
        Some(ActionPlan::Browser(step)) => value(&step.argument),
        _ => Err("  this is no locator".to_string()),
    }
}

fn value(argument: &Template) -> Result<Value, String> {
    let text = argument.as_text().ok_or("  a locator here is plain: it can use no variables")?;
    serde_json::from_str(text).map_err(|error| format!("  this is no locator: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn commands_are_short_or_whole_words() {
        for (line, command) in [
            ("", Command::Next),
            (" n \n", Command::Next),
            ("c", Command::Continue),
            ("quit", Command::Quit),
        ] {
            assert_eq!(read(line), Ok(command), "{line:?}");
        }
        for wrong in ["x", "n 3", "help", "l"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_locator_is_read_as_in_a_file() {
        let located = |line: &str| match read(line) {
            Ok(Command::Locate(locator)) => locator,
            other => panic!("{line}: {other:?}"),
        };
        let save = located("l { role: button, name: Save }");
        assert_eq!(save, json!({ "role": "button", "name": "Save" }));
        for wrong in ["l { role: ", "l {{ vars.x }}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn where_a_test_stands_is_shown_with_its_page() {
        let page = PageState {
            url: "http://x/shop".to_string(),
            title: "Shop".to_string(),
            aria: "- button \"Buy\"\n- link \"Cart\"".to_string(),
        };
        let site = crate::plan::Site {
            file: "s.yaml".to_string(),
            line: 7,
            column: 3,
            text: "      - click: Buy".to_string(),
        };
        let halt = Halt {
            test: "buys".to_string(),
            step: "click Buy".to_string(),
            site,
            page: Some(page),
        };
        let text = shown(&halt);
        for part in ["buys: before `click Buy`", "s.yaml:7", "- click: Buy", "Shop", "\"Cart\""] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
