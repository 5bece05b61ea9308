//! Is what every report shows of a comparison: a row a metric, in words, gravest first.

use serde::Serialize;

use super::foreign::line;
use super::rows::{NAME, class};
use crate::analysis::gate::{Change, Comparison};
use crate::analysis::{Stage, Verdict, Word, wording};

/// A whole comparison.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Changes {
    pub word: &'static str,
    pub class: &'static str,
    /// `1 run against 10 baselines`.
    pub design: String,
    /// The two error rates, as a sentence.
    pub promise: String,
    /// What is known of the noise, as a sentence.
    pub noise: String,
    /// The rows that are shown: changed or undecided.
    pub listed: Vec<ChangeRow>,
    /// The rows that are folded away: they passed without any sure change, or are open where that
    /// does not count.
    pub folded: Vec<ChangeRow>,
}

/// One metric of one step.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ChangeRow {
    pub word: &'static str,
    pub class: &'static str,
    /// The word with its kind: `PASS (slower, tolerated)`.
    pub label: &'static str,
    pub scenario: String,
    /// Empty where the row is of the whole scenario.
    pub step: String,
    pub metric: &'static str,
    pub before: String,
    pub now: String,
    pub change: String,
    pub interval: String,
    pub margin: String,
    pub chance: String,
    /// The smallest change that this set-up sees.
    pub smallest: String,
    pub title: String,
    pub detail: String,
    pub place: String,
    /// Whether the word counts in the verdict: what is open does not where nobody acts on it.
    pub counts: bool,
}

impl Changes {
    /// All rows, in the order in which they are shown.
    pub fn rows(&self) -> impl Iterator<Item = &ChangeRow> {
        self.listed.iter().chain(&self.folded)
    }

    /// `40 other rows PASS within their margins`, and how many are open and count for nothing.
    pub fn folded_title(&self) -> String {
        let other = if self.listed.is_empty() { "" } else { "other " };
        let open = self.folded.iter().filter(|row| row.word == Word::Inconclusive.name()).count();
        let passed = match self.folded.len() - open {
            0 => None,
            1 => Some(format!("1 {other}row PASSES within its margin")),
            count => Some(format!("{count} {other}rows PASS within their margins")),
        };
        let open = match open {
            0 => None,
            1 => Some(format!("1 {other}row is open, which does not count here")),
            count => Some(format!("{count} {other}rows are open, which does not count here")),
        };
        passed.into_iter().chain(open).collect::<Vec<_>>().join("; ")
    }
}

impl ChangeRow {
    /// The step, or the scenario where the row is of all of it.
    pub fn whose(&self) -> &str {
        if self.step.is_empty() { &self.scenario } else { &self.step }
    }
}

/// The rows of the comparison that a verdict rests on, where there was one.
pub(super) fn changes(verdict: &Verdict) -> Option<Changes> {
    let of = verdict.comparison.as_ref()?;
    let open_counts = verdict
        .findings
        .iter()
        .any(|found| found.stage == Stage::Baseline && found.word == Word::Inconclusive);
    let mut sorted: Vec<&Change> = of.changes.iter().collect();
    sorted.sort_by_key(|row| std::cmp::Reverse(row.word));
    // What is open and counts for nothing would only hide what has changed.
    let shown = |row: &Change| match row.word {
        Word::Pass => row.improved || wording::is_tolerated(row),
        Word::Inconclusive => open_counts,
        _ => true,
    };
    let (listed, folded): (Vec<&Change>, Vec<&Change>) =
        sorted.into_iter().partition(|row| shown(row));
    let rows = |rows: Vec<&Change>| rows.into_iter().map(|one| row(one, of, open_counts)).collect();
    Some(Changes {
        word: of.word.name(),
        class: class(of.word),
        design: wording::design(of),
        promise: wording::promise(of),
        noise: wording::noise(of),
        listed: rows(listed),
        folded: rows(folded),
    })
}

fn row(row: &Change, of: &Comparison, open_counts: bool) -> ChangeRow {
    let sentence = wording::sentence(row, of);
    ChangeRow {
        word: row.word.name(),
        class: class(row.word),
        label: sentence.label,
        scenario: line(&row.scenario, NAME),
        step: line(&row.step, NAME),
        metric: row.metric.name(),
        before: wording::amount(row.metric, row.before),
        now: wording::amount(row.metric, row.after),
        change: wording::growth(row.metric, row.change),
        interval: wording::interval(row),
        margin: wording::margin(row),
        chance: wording::chance(row.p),
        smallest: wording::smallest(row),
        title: line(&sentence.title, 400),
        detail: line(&sentence.detail, 1_200),
        place: line(&row.place, 240),
        counts: row.word != Word::Inconclusive || open_counts,
    }
}
