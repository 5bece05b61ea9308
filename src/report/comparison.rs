//! Draws a comparison that is not of one run, such as a duet: the same rows, sentences and charts
//! as in the report of a run, on pages of their own.

use super::changes::{Changes, changes};
use super::foreign::line;
use super::rows::{FindingRow, finding};
use super::text::TextOptions;
use super::{Format, Told, comment, csv, github, html, json, junit, markdown, svg, text};
use crate::analysis::{Verdict, Word};

/// What is compared, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sides {
    /// Names the whole: `duet 20261125-201500-1f3a`.
    pub title: String,
    /// What is compared with.
    pub before: String,
    /// What is judged.
    pub after: String,
    /// Environment, and how to repeat it: labels and values.
    pub facts: Vec<(String, String)>,
}

/// The model of all its reports.
pub(super) struct Pair<'a> {
    pub verdict: &'a Verdict,
    pub word: Word,
    pub headline: String,
    pub title: String,
    pub before: String,
    pub after: String,
    pub findings: Vec<FindingRow>,
    pub changes: Option<Changes>,
    pub facts: Vec<(String, String)>,
}

impl<'a> Pair<'a> {
    fn new(verdict: &'a Verdict, sides: &Sides) -> Self {
        let fact = |(label, value): &(String, String)| (line(label, 60), line(value, 300));
        Self {
            verdict,
            word: verdict.word,
            headline: line(&verdict.headline, 600),
            title: line(&sides.title, 120),
            before: line(&sides.before, 240),
            after: line(&sides.after, 240),
            findings: verdict.findings.iter().map(|found| finding(found, None)).collect(),
            changes: changes(verdict),
            facts: sides.facts.iter().map(fact).collect(),
        }
    }

    /// Whether one name can mean things of two scenarios.
    pub fn several(&self) -> bool {
        let mut rows = self.changes.iter().flat_map(Changes::rows);
        let first = rows.next().map(|row| row.scenario.as_str());
        rows.any(|row| Some(row.scenario.as_str()) != first)
    }
}

/// The files of one format, by name and content: as `report::render` makes them of a run, of a
/// verdict that `analysis::conclude` made of a `gate::Comparison` alone.
pub fn comparison(format: Format, verdict: &Verdict, sides: &Sides) -> Vec<(String, String)> {
    let page = Pair::new(verdict, sides);
    let content = match format {
        Format::Text => text::comparison(&page, &TextOptions::default()),
        Format::Html => html::comparison(&page),
        Format::Markdown => markdown::comparison(&page),
        Format::Json => json::render(verdict),
        Format::Junit => junit::comparison(page.changes.as_ref(), &page.findings),
        Format::Csv => return csv::comparison(verdict).into_iter().collect(),
        Format::Svg => return svg::comparison_files(verdict),
        Format::Comment => comment::comparison(&page),
        Format::Github => github::of_findings(page.findings.iter(), ""),
        // These are of the numbers of one run, and here is none.
        Format::Ctrf | Format::Benchmark | Format::Bencher => return Vec::new(),
        Format::OpenMetrics | Format::K6 | Format::Hlog => return Vec::new(),
    };
    vec![(format.file().to_string(), content)]
}

/// What GitHub Actions is told of it; `folder`, such as `shop/`, leads from the top of the
/// repository to where the scenario files are named from.
pub fn told_of_comparison(verdict: &Verdict, sides: &Sides, folder: &str) -> Told {
    let page = Pair::new(verdict, sides);
    Told {
        annotations: github::of_findings(page.findings.iter(), folder),
        outputs: github::outputs_of_comparison(&page),
        summary: markdown::comparison(&page),
    }
}

/// What a terminal shows of it.
pub fn comparison_text(verdict: &Verdict, sides: &Sides, options: &TextOptions) -> String {
    text::comparison(&Pair::new(verdict, sides), options)
}
