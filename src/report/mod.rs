//! Turns a verdict into text or pictures: one model, one file for each format.
//!
//! Everything here is a function of result and verdict. What is good or bad was decided before;
//! where files go and whether a terminal has colours is for the callers.

mod changes;
mod chart;
mod csv;
mod facts;
mod failure;
mod foreign;
mod html;
mod json;
mod junit;
mod latency;
mod left;
mod markdown;
mod rows;
mod seen;
mod svg;
mod table;
mod tested;
mod text;
mod trace;

use std::str::FromStr;

use thiserror::Error;

use crate::analysis::Verdict;
use crate::result::RunResult;

pub use text::TextOptions;
pub use trace::{Sheet, trace_page};

/// What a report can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// What a terminal shows, without colours: `report.txt`.
    Text,
    /// One page that needs nothing else: `report.html`.
    Html,
    /// A comment for a pull request: `report.md`.
    Markdown,
    /// The verdict for programs: `verdict.json`.
    Json,
    /// Test cases for CI servers: `junit.xml`.
    Junit,
    /// The steps as a table: `steps.csv`.
    Csv,
    /// Charts: `distribution.svg`, `percentiles.svg`, `rate.svg`.
    Svg,
}

/// A format that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there is no report format `{0}`: use html, md, json, junit, csv, svg or text")]
pub struct UnknownFormat(pub String);

/// The files of one format, by name and content.
pub fn render(
    format: Format,
    result: &RunResult,
    verdict: &Verdict,
    baseline: Option<&RunResult>,
) -> Vec<(String, String)> {
    let report = rows::Report::new(result, verdict, baseline);
    let content = match format {
        Format::Text => text::render(&report, &TextOptions::default()),
        Format::Html => html::render(&report),
        Format::Markdown => markdown::render(&report),
        Format::Json => json::render(verdict),
        Format::Junit => junit::render(&report),
        Format::Csv => csv::render(result),
        Format::Svg => return svg::files(&report),
    };
    vec![(format.file().to_string(), content)]
}

/// What a terminal shows at the end of a run.
pub fn text(
    result: &RunResult,
    verdict: &Verdict,
    baseline: Option<&RunResult>,
    options: &TextOptions,
) -> String {
    text::render(&rows::Report::new(result, verdict, baseline), options)
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 7] = [
        Format::Text,
        Format::Html,
        Format::Markdown,
        Format::Json,
        Format::Junit,
        Format::Csv,
        Format::Svg,
    ];

    /// Its name, as it is written on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Html => "html",
            Format::Markdown => "md",
            Format::Json => "json",
            Format::Junit => "junit",
            Format::Csv => "csv",
            Format::Svg => "svg",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Format::Text => "report.txt",
            Format::Html => "report.html",
            Format::Markdown => "report.md",
            Format::Json => "verdict.json",
            Format::Junit => "junit.xml",
            Format::Csv => "steps.csv",
            Format::Svg => "distribution.svg",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "text" | "txt" => Ok(Format::Text),
            "html" => Ok(Format::Html),
            "md" | "markdown" => Ok(Format::Markdown),
            "json" => Ok(Format::Json),
            "junit" | "xml" => Ok(Format::Junit),
            "csv" => Ok(Format::Csv),
            "svg" => Ok(Format::Svg),
            _ => Err(UnknownFormat(text.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_read_by_its_name() {
        for format in Format::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert!("pdf".parse::<Format>().is_err());
    }
}
