//! Turns a verdict into text or pictures: one model, one file for each format.
//!
//! Everything here is a function of result and verdict. What is good or bad was decided before;
//! where files go and whether a terminal has colours is for the callers.

mod bencher;
mod benchmark;
mod changes;
mod chart;
mod chat;
mod comment;
mod comparison;
mod csv;
mod ctrf;
mod density;
mod facts;
mod failure;
mod families;
mod figures;
mod foreign;
mod forest;
mod github;
mod hlog;
mod html;
mod json;
mod junit;
mod k6;
mod latency;
mod left;
mod markdown;
mod numbers;
mod openmetrics;
mod outlook;
mod plot;
mod readings;
mod repeat;
mod rows;
mod seen;
mod shift;
mod slow;
mod svg;
mod table;
mod tested;
mod text;
mod tiles;
mod trace;
mod vital;

use std::str::FromStr;

use thiserror::Error;

use crate::analysis::Verdict;
use crate::result::RunResult;

pub use chat::{Answer, Chat, chat, chat_of_answer};
pub use comparison::{Sides, comparison, comparison_text, told_of_comparison};
pub use families::{Family, Kind, Labels, Point, STEPS, Value};
pub use github::harmless;
pub use openmetrics::Exposition;
pub use outlook::{history, outlook, unseen};
pub use readings::{GeneratorReading, LoadNow, LoadReading, Readings, StepReading, VitalReading};
pub use text::TextOptions;
pub use trace::{Sheet, trace_page};

/// A dashboard for Grafana that reads the metrics, as its import takes it.
pub const DASHBOARD: &str = include_str!("dashboard.json");

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
    /// The steps as a table, `steps.csv`, and the comparison, `comparison.csv`.
    Csv,
    /// Charts: `distribution.svg`, `percentiles.svg`, `rate.svg`, and of a comparison
    /// `changes.svg` and `shift-1.svg`.
    Svg,
    /// The one comment of a pull request, with its marker: `comment.md`.
    Comment,
    /// Annotations for GitHub Actions: `annotations.txt`.
    Github,
    /// The Common Test Report Format: `ctrf.json`.
    Ctrf,
    /// For benchmark-action, smaller is better: `benchmark.json`.
    Benchmark,
    /// The Bencher Metric Format: `bencher.json`.
    Bencher,
    /// OpenMetrics, for GitLab and Prometheus: `metrics.txt`.
    OpenMetrics,
    /// k6's flat summary, also GitLab's `load_performance`: `k6-summary.json`.
    K6,
    /// An HdrHistogram log: `responses.hlog`.
    Hlog,
}

/// A format that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "there is no report format `{0}`: use html, md, json, junit, csv, svg, text, comment, github, \
     ctrf, benchmark, bencher, openmetrics, k6 or hlog"
)]
pub struct UnknownFormat(pub String);

/// The files of one format, by name and content; `baseline` is the newest one, which charts show
/// beside the run.
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
        Format::Csv => return csv::files(result, verdict),
        Format::Svg => return svg::files(&report),
        Format::Comment => comment::render(&report),
        Format::Github => github::render(&report),
        Format::Ctrf => ctrf::render(&report),
        Format::Benchmark => benchmark::render(&report),
        Format::Bencher => bencher::render(&report),
        Format::OpenMetrics => openmetrics::render(&report),
        Format::K6 => k6::render(&report),
        Format::Hlog => hlog::render(&report),
    };
    vec![(format.file().to_string(), content)]
}

/// What GitHub Actions is told of a run beside its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Workflow commands, one a line.
    pub annotations: String,
    /// The outputs of the step, by name; each value is one line.
    pub outputs: Vec<(&'static str, String)>,
    /// The job summary, Markdown.
    pub summary: String,
}

/// What GitHub Actions is told; `folder`, such as `shop/`, leads from the top of the repository to
/// where the scenario files are named from.
pub fn told(
    result: &RunResult,
    verdict: &Verdict,
    baseline: Option<&RunResult>,
    folder: &str,
) -> Told {
    let report = rows::Report::new(result, verdict, baseline);
    Told {
        annotations: github::annotations(&report, folder),
        outputs: github::outputs(&report),
        summary: markdown::render(&report),
    }
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
    pub const ALL: [Format; 15] = [
        Format::Text,
        Format::Html,
        Format::Markdown,
        Format::Json,
        Format::Junit,
        Format::Csv,
        Format::Svg,
        Format::Comment,
        Format::Github,
        Format::Ctrf,
        Format::Benchmark,
        Format::Bencher,
        Format::OpenMetrics,
        Format::K6,
        Format::Hlog,
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
            Format::Comment => "comment",
            Format::Github => "github",
            Format::Ctrf => "ctrf",
            Format::Benchmark => "benchmark",
            Format::Bencher => "bencher",
            Format::OpenMetrics => "openmetrics",
            Format::K6 => "k6",
            Format::Hlog => "hlog",
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
            Format::Comment => "comment.md",
            Format::Github => "annotations.txt",
            Format::Ctrf => "ctrf.json",
            Format::Benchmark => "benchmark.json",
            Format::Bencher => "bencher.json",
            Format::OpenMetrics => "metrics.txt",
            Format::K6 => "k6-summary.json",
            Format::Hlog => "responses.hlog",
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
            "comment" => Ok(Format::Comment),
            "github" => Ok(Format::Github),
            "ctrf" => Ok(Format::Ctrf),
            "benchmark" => Ok(Format::Benchmark),
            "bencher" | "bmf" => Ok(Format::Bencher),
            "openmetrics" => Ok(Format::OpenMetrics),
            "k6" => Ok(Format::K6),
            "hlog" => Ok(Format::Hlog),
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
