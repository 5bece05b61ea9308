//! Reads the rows of CSV feeds, and says which line of the CSV file is wrong.

use std::sync::Arc;

use super::compiler::Compiler;
use super::files::Inputs;
use super::variables::FeedNames;
use super::{FeedPlan, Slot};
use crate::diagnostic::{Diagnostic, Place, SourceFile};
use crate::scenario::Feed;

/// The columns and rows of a feed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

/// After so many broken rows of one file the rest says nothing new.
const ROWS_REPORTED: usize = 5;

/// Reads one feed.
pub(super) fn read(feed: &Feed, inputs: &Inputs) -> Result<Rows, Vec<Diagnostic>> {
    let (bytes, path) = inputs.bytes(&feed.csv).map_err(|problem| vec![*problem])?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => return Err(vec![not_utf8(feed, &path, &bytes, error.valid_up_to())]),
    };
    let file = SourceFile::new(path, text);
    let rows = parse(&file)?;
    if rows.rows.is_empty() {
        let problem = format!("the data `{}` has no rows", feed.name.value);
        let problem = Diagnostic::error("empty-data", problem, &feed.csv.place, "read from here");
        return Err(vec![
            problem.help("the first line names the columns; each further line is a row"),
        ]);
    }
    Ok(rows)
}

fn not_utf8(feed: &Feed, path: &str, bytes: &[u8], valid: usize) -> Diagnostic {
    let line = bytes[..valid].iter().filter(|byte| **byte == b'\n').count() + 1;
    let problem = format!("`{path}` is not UTF-8 text: line {line} has other bytes");
    Diagnostic::error("data-not-utf8", problem, &feed.csv.place, "read from here")
        .help("save the file as UTF-8, in a spreadsheet as \"CSV UTF-8\"")
}

fn parse(file: &Arc<SourceFile>) -> Result<Rows, Vec<Diagnostic>> {
    let mark = if file.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(&file.text.as_bytes()[mark..]);
    let mut found = Rows { columns: Vec::new(), rows: Vec::new() };
    let mut problems = Vec::new();
    for (at, record) in reader.records().enumerate() {
        // The text is UTF-8 and rows may have any length, so nothing is left to fail.
        let Ok(record) = record else { break };
        let start = mark + record.position().map_or(0, |position| position.byte() as usize);
        if at == 0 {
            found.columns = record.iter().map(|name| name.trim().to_string()).collect();
            problems.extend(check_columns(file, &found.columns, start));
        } else if record.len() == found.columns.len() {
            found.rows.push(record.iter().map(String::from).collect());
        } else if problems.len() < ROWS_REPORTED {
            problems.push(ragged(&line_at(file, start), at, record.len(), found.columns.len()));
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

fn ragged(place: &Place, row: usize, fields: usize, columns: usize) -> Diagnostic {
    let values =
        |count: usize| if count == 1 { "1 value".into() } else { format!("{count} values") };
    let problem = format!("row {row} has {} for {columns} columns", values(fields));
    Diagnostic::error("ragged-row", problem, place, values(fields))
        .help("put a value that holds a comma or a line break into double quotes")
}

fn check_columns(file: &Arc<SourceFile>, columns: &[String], start: usize) -> Option<Diagnostic> {
    let place = line_at(file, start);
    if columns.iter().any(String::is_empty) {
        let problem = "a column of the CSV file has no name".to_string();
        return Some(
            Diagnostic::error("unnamed-column", problem, &place, "the names of the columns")
                .help("the first line must name every column"),
        );
    }
    let twice = columns.iter().enumerate().find(|(at, name)| columns[..*at].contains(name));
    let (_, name) = twice?;
    let problem = format!("two columns are named `{name}`");
    let diagnostic = Diagnostic::error("duplicate-column", problem, &place, "the names");
    Some(diagnostic.help("give each column a name of its own"))
}

fn line_at(file: &Arc<SourceFile>, start: usize) -> Place {
    // The reader's position is where the line before ended.
    let skipped = file.text.as_bytes()[start..].iter().take_while(|b| b"\r\n".contains(b)).count();
    let start = start + skipped;
    let length = file.text[start..].find(['\r', '\n']).unwrap_or(file.text.len() - start);
    Place::new(file, start..start + length)
}

impl Compiler<'_> {
    /// Reads the data of all files; the file's own wins over what it includes.
    pub(super) fn read_feeds(&mut self) -> Vec<(Feed, Rows)> {
        let mut found = Vec::new();
        for scenario in self.library.scenarios() {
            for feed in &scenario.data {
                if self.variables.feeds.contains_key(&feed.name.value) {
                    continue;
                }
                let rows = read(feed, self.inputs);
                let columns = rows.as_ref().ok().map(|rows| rows.columns.clone());
                let names = FeedNames { columns, used: false };
                self.variables.feeds.insert(feed.name.value.clone(), names);
                match rows {
                    Ok(rows) => found.push((feed.clone(), rows)),
                    Err(problems) => problems.into_iter().for_each(|one| self.problem(one)),
                }
            }
        }
        found
    }

    /// Only feeds that something uses: rows are handed out to whoever walks the steps.
    pub(super) fn feed_plans(&mut self, feeds: Vec<(Feed, Rows)>) -> Vec<FeedPlan> {
        let mut plans = Vec::new();
        for (feed, rows) in feeds {
            let name = feed.name.value;
            if !self.variables.feeds.get(&name).is_some_and(|names| names.used) {
                continue;
            }
            let slot = |column: &String| self.variables.slot(&format!("{name}.{column}"));
            let columns: Vec<Slot> = rows.columns.iter().map(slot).collect();
            let (pick, at_end) = (feed.pick, feed.at_end);
            plans.push(FeedPlan { name, columns, rows: rows.rows, pick, at_end });
        }
        plans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Result<Rows, Vec<String>> {
        parse(&SourceFile::new("users.csv", text)).map_err(|problems| {
            let place = |one: &Diagnostic| one.place.as_ref().map(|place| place.line());
            problems.iter().map(|one| format!("{} {:?}", one.problem, place(one))).collect()
        })
    }

    #[test]
    fn quotes_marks_and_line_ends_are_read_as_spreadsheets_write_them() {
        let read =
            rows("\u{feff}email, name\r\na@x,\"Doe, \"\"J\"\"\"\r\n\r\nb@x,\"two\nlines\"\r\n");
        let read = read.expect("valid");
        assert_eq!(read.columns, ["email", "name"]);
        assert_eq!(read.rows, [["a@x", "Doe, \"J\""], ["b@x", "two\nlines"]]);
    }

    #[test]
    fn rows_of_another_length_are_shown_with_their_line() {
        assert_eq!(
            rows("a,b\n1,2\n3\n4,5,6\n"),
            Err(vec![
                "row 2 has 1 value for 2 columns Some(3)".into(),
                "row 3 has 3 values for 2 columns Some(4)".into()
            ])
        );
    }

    #[test]
    fn names_of_columns_are_all_there_and_different() {
        assert_eq!(
            rows("a,,b\n1,2,3\n"),
            Err(vec!["a column of the CSV file has no name Some(1)".into()])
        );
        assert_eq!(rows("a,b,a\n1,2,3\n"), Err(vec!["two columns are named `a` Some(1)".into()]));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[a,\"\n\r;é\u{feff}]{0,40}") {
            let _ = rows(&text);
        }
    }
}
