//! Reads the result file's text: refuses what is too old, too new, cut short or something else.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::result::{FORMAT, RunResult};

/// The oldest format that this build still reads.
const OLDEST: u32 = 1;

/// Why a text is not a result.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FormatError {
    /// Written by a later version.
    #[error(
        "is too new: it has format {found}, this version of Taster reads formats {OLDEST} to \
         {FORMAT}; read it with Taster {written_by} or later"
    )]
    TooNew {
        /// Its format.
        found: u32,
        /// Who wrote it.
        written_by: String,
    },
    /// Written by a version that is no longer understood.
    #[error(
        "is too old: it has format {found}, this version of Taster reads formats {OLDEST} to \
         {FORMAT}; record it again"
    )]
    TooOld {
        /// Its format.
        found: u32,
    },
    /// The end is missing.
    #[error("{}", cut_short(*length))]
    CutShort {
        /// How much there is.
        length: usize,
    },
    /// Something else.
    #[error("is not a result file: {0}; give the `result.json` of a run, or the run's folder")]
    Foreign(String),
}

#[derive(Deserialize)]
struct Head {
    format: Option<u32>,
    run: Option<HeadRun>,
}

#[derive(Deserialize)]
struct HeadRun {
    tool_version: Option<String>,
}

#[derive(Deserialize)]
struct BeginHead {
    #[serde(rename = "Begin")]
    begin: Head,
}

/// Reads a result file.
///
/// # Errors
/// See `FormatError`.
pub fn from_json(text: &[u8]) -> Result<RunResult, FormatError> {
    let head: Head = serde_json::from_slice(text).map_err(|error| refuse(text, &error))?;
    check(&head)?;
    serde_json::from_slice(text).map_err(|error| refuse(text, &error))
}

/// Checks the format of a journal by its first line.
///
/// # Errors
/// See `FormatError`.
pub fn check_format(first_line: &[u8]) -> Result<(), FormatError> {
    let head: BeginHead =
        serde_json::from_slice(first_line).map_err(|error| refuse(first_line, &error))?;
    check(&head.begin)
}

fn check(head: &Head) -> Result<(), FormatError> {
    let Some(found) = head.format else {
        return Err(FormatError::Foreign("it has no `format` number".to_string()));
    };
    if found > FORMAT {
        let run = head.run.as_ref().and_then(|run| run.tool_version.clone());
        return Err(FormatError::TooNew { found, written_by: run.unwrap_or("?".to_string()) });
    }
    if found < OLDEST {
        return Err(FormatError::TooOld { found });
    }
    Ok(())
}

fn cut_short(length: usize) -> String {
    match length {
        0 => "is empty; restore it or run again".to_string(),
        _ => format!(
            "is cut short: it ends at byte {length}, inside a value; restore it or run again"
        ),
    }
}

fn refuse(text: &[u8], error: &serde_json::Error) -> FormatError {
    if error.is_eof() || ends_inside_a_number(text) {
        return FormatError::CutShort { length: text.len() };
    }
    FormatError::Foreign(error.to_string())
}

/// Whether nothing is wrong with the text but that it ends as in `-`, `0.` or `1e`. `serde_json`
/// calls that an invalid number, although it would be a good one if the text went on.
fn ends_inside_a_number(text: &[u8]) -> bool {
    let [.., b'-' | b'+' | b'.' | b'e' | b'E'] = text else { return false };
    let whole = serde_json::from_slice::<IgnoredAny>(&[text, b"0"].concat());
    whole.map_or_else(|error| error.is_eof(), |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::journal::blank;

    fn text(change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
        let mut value = serde_json::to_value(blank()).expect("a result is JSON");
        change(&mut value);
        value.to_string().into_bytes()
    }

    #[test]
    fn a_result_is_read_back_as_it_was_written() {
        assert_eq!(from_json(&text(|_| {})), Ok(blank()));
    }

    #[test]
    fn a_later_format_is_too_new_and_says_who_wrote_it() {
        let later = text(|value| {
            value["format"] = (FORMAT + 1).into();
            value["run"]["tool_version"] = "9.0.0".into();
            value["steps"] = "of another shape".into();
        });
        let message = from_json(&later).expect_err("it is too new").to_string();
        assert!(message.contains("too new") && message.contains("9.0.0"), "{message}");
    }

    #[test]
    fn an_earlier_format_is_too_old() {
        let earlier = text(|value| value["format"] = 0.into());
        assert_eq!(from_json(&earlier), Err(FormatError::TooOld { found: 0 }));
    }

    #[test]
    fn a_file_cut_anywhere_is_cut_short_and_never_read_as_whole() {
        let numbers = serde_json::json!([0.0625, -3, -1.5e-9, 1e300, true, null, "-\u{1f600}."]);
        let whole = text(|value| value["zz_of_later"] = numbers.clone());
        assert_eq!(from_json(&whole), Ok(blank()), "what is not known does no harm");
        for length in 0..whole.len() {
            let cut = from_json(&whole[..length]);
            assert_eq!(cut, Err(FormatError::CutShort { length }), "cut at {length}");
        }
    }

    #[test]
    fn another_json_file_is_refused_as_foreign() {
        let foreign = from_json(br#"{"metrics":{}}"#);
        assert!(matches!(foreign, Err(FormatError::Foreign(_))), "{foreign:?}");
    }
}
