//! Is one thing found, and how findings are put in order.

use std::cmp::Ordering;

use super::Word;
use crate::result::FailureExample;

/// One thing found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// A stable name, which `taster explain` explains.
    pub code: &'static str,
    /// What was being judged.
    pub stage: Stage,
    /// What it says of the run.
    pub word: Word,
    /// What it is about: `scenario › step`, `scenario › test`, a scenario, or `run`.
    pub subject: String,
    /// The metric in its text form, or a word such as `test`, `steps`, `generator`.
    pub metric: String,
    /// What was seen, with its unit.
    pub observed: String,
    /// What was demanded, with its unit; empty where nothing was.
    pub bound: String,
    /// What it is in a few words, for a heading.
    pub title: String,
    /// The title, and then the likely cause and what to look at.
    pub message: String,
    /// `file:line`, where there is one.
    pub place: Option<String>,
    /// For how many demands it speaks; 0 for what is only worth knowing.
    pub demands: u32,
    /// How much of an upper bound is used up, where that makes sense: 1 is all of it.
    pub used: Option<f64>,
    /// One of the failures meant, in full.
    pub example: Option<Box<FailureExample>>,
}

/// What was being judged, in the order of judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Whether the run says anything.
    Validity,
    /// Whether the load was offered as planned.
    Offered,
    /// What was done before the load and after it.
    Setup,
    /// Failed requests, by their likely cause.
    Errors,
    /// Whether all steps were reached.
    Reach,
    /// Single checks.
    Checks,
    /// Tests.
    Tests,
    /// SLAs on shares and counts.
    Counts,
    /// SLAs on latency.
    Latency,
    /// The comparison with the baseline.
    Baseline,
}

impl Stage {
    /// What its findings are called that have no name of their own.
    fn code(self) -> &'static str {
        match self {
            Stage::Validity => "run-note",
            Stage::Offered => "load-offered",
            Stage::Setup => "setup-failed",
            Stage::Errors => "requests-failed",
            Stage::Reach => "unreached-step",
            Stage::Checks => "check-failed",
            Stage::Tests => "test-failed",
            Stage::Counts | Stage::Latency => "sla",
            Stage::Baseline => "baseline-note",
        }
    }
}

impl Finding {
    /// A finding that demands nothing yet and whose message is its title.
    pub(super) fn new(stage: Stage, word: Word, subject: &str, title: String) -> Self {
        let title = capital(&title);
        Self {
            code: stage.code(),
            stage,
            word,
            subject: subject.to_string(),
            metric: String::new(),
            observed: String::new(),
            bound: String::new(),
            message: format!("{title}."),
            title,
            place: None,
            demands: 0,
            used: None,
            example: None,
        }
    }

    /// Calls it by a name that says more than its stage's.
    pub(super) fn coded(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// Names the metric, what was seen of it, and what was demanded.
    pub(super) fn saw(mut self, metric: &str, observed: String, bound: String) -> Self {
        self.demands = u32::from(!bound.is_empty());
        (self.metric, self.observed, self.bound) = (metric.to_string(), observed, bound);
        self
    }

    /// Adds to the message: the likely cause, and what to look at.
    pub(super) fn because(mut self, reason: &str) -> Self {
        if !reason.is_empty() {
            // What was said before may have ended in a foreign text, which has no full stop.
            let open = |last: char| last.is_alphanumeric() || matches!(last, '`' | '"' | ')');
            let gap = if self.message.ends_with(open) { ". " } else { " " };
            self.message.push_str(gap);
            self.message.push_str(reason);
        }
        self
    }

    /// Says where it is written.
    pub(super) fn at(mut self, place: &str) -> Self {
        self.place = (!place.is_empty()).then(|| place.to_string());
        self
    }

    /// Shows one of the failures meant; its place is the finding's, where it has one.
    pub(super) fn like(mut self, example: Option<&FailureExample>) -> Self {
        self.example = example.cloned().map(Box::new);
        match example {
            Some(example) if !example.place.is_empty() => self.at(&example.place),
            _ => self,
        }
    }

    /// Speaks for several demands.
    pub(super) fn speaks_for(mut self, demands: usize) -> Self {
        self.demands = u32::try_from(demands).unwrap_or(u32::MAX);
        self
    }

    /// Whether it speaks for rows of a comparison, and not for the comparison as a whole.
    pub fn speaks_for_rows(&self) -> bool {
        self.stage == Stage::Baseline && !matches!(self.metric.as_str(), "baseline" | "comparison")
    }

    /// The message without the title it begins with.
    pub fn detail(&self) -> &str {
        self.message
            .strip_prefix(self.title.as_str())
            .map_or(self.message.as_str(), |rest| rest.trim_start_matches('.').trim_start())
    }

    /// The order in which findings are told. It does not depend on the order of steps or tests.
    pub(super) fn gravest_first(&self, other: &Self) -> Ordering {
        (other.word.cmp(&self.word))
            .then(self.stage.cmp(&other.stage))
            .then(other.demands.cmp(&self.demands))
            .then_with(|| self.subject.cmp(&other.subject))
            .then_with(|| self.metric.cmp(&other.metric))
            .then_with(|| self.message.cmp(&other.message))
    }
}

/// A sentence's beginning; names of quantities such as `p95` stay as they are.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_ascii_lowercase() && !second.is_numeric() => {
            match second {
                '(' => text.to_string(),
                _ => first.to_ascii_uppercase().to_string() + &text[1..],
            }
        }
        _ => text.to_string(),
    }
}

/// The same within a sentence; abbreviations such as `HTML` stay as they are.
pub(super) fn uncapital(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_ascii_uppercase() && !second.is_uppercase() => {
            first.to_ascii_lowercase().to_string() + &text[1..]
        }
        _ => text.to_string(),
    }
}

/// `scenario › step`.
pub(super) fn about(scenario: &str, name: &str) -> String {
    format!("{scenario} › {name}")
}

/// A count with its noun: `1 step`, `7 steps`.
pub(super) fn number_of(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", crate::units::show_count(count as u64))
}

/// Names between quotes, the first few of them.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 5;
    let all: Vec<&str> = names.into_iter().collect();
    let mut text: Vec<String> =
        all.iter().take(SHOWN).map(|name| format!("`{}`", excerpt(name, 80))).collect();
    if all.len() > SHOWN {
        text.push(format!("{} more", all.len() - SHOWN));
    }
    match text.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// A foreign text made fit for a sentence: one line, no control characters, cut.
pub(super) fn excerpt(text: &str, most: usize) -> String {
    // Cut by bytes first: what is dropped anyway need not be looked through.
    let near = text.floor_char_boundary(most.saturating_mul(4).saturating_add(64));
    let line: String = text[..near].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None if near < text.len() => format!("{line}…"),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_text_becomes_one_short_line() {
        assert_eq!(excerpt("a\n\tb\u{7}c", 10), "a b c");
        assert_eq!(excerpt("abcdef", 3), "abc…");
        assert_eq!(excerpt(&"ä".repeat(1_000_000), 2), "ää…");
        assert_eq!(excerpt(&format!("{}x", " ".repeat(1_000)), 10), "…");
    }

    #[test]
    fn sentences_begin_with_a_capital_and_quantities_do_not() {
        let titles = ["no data", "p95 of x", "p(95) of y", "HTML here", "404 there", "ä", ""];
        let told = titles.map(capital);
        assert_eq!(told, ["No data", "p95 of x", "p(95) of y", "HTML here", "404 there", "ä", ""]);
        assert_eq!(told.map(|title| uncapital(&title)), titles);
    }

    #[test]
    fn names_beyond_the_fifth_are_counted() {
        assert_eq!(names(["a"]), "`a`");
        assert_eq!(names(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(names(["a"; 8]), "`a`, `a`, `a`, `a`, `a` and 3 more");
    }

    #[test]
    fn the_detail_is_what_follows_the_title() {
        let found = Finding::new(Stage::Errors, Word::Fail, "run", "it broke".to_string());
        assert_eq!((found.message.as_str(), found.detail()), ("It broke.", ""));
        assert_eq!(found.because("Look.").detail(), "Look.");
    }
}
