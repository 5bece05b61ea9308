//! Writes the one sentence at the top of every report.

use super::Word;
use super::finding::{Finding, excerpt, number_of, uncapital};
use super::gate::Comparison;
use super::measure::total;
use crate::result::{RunResult, TestStatus};
use crate::units::{show_count, show_percent};

/// The word, how many demands it is about, the gravest finding, and how much a PASS rests on.
pub(super) fn write(word: Word, result: &RunResult, findings: &[Finding]) -> String {
    let (flaky, altered) = match word {
        Word::Pass => (flaky(result), altered(result)),
        _ => Default::default(),
    };
    of(word, findings) + &flaky + altered + &size(word, result)
}

/// The word, how many demands it is about, and the gravest finding.
pub(super) fn of(word: Word, findings: &[Finding]) -> String {
    let count = |wanted: &dyn Fn(Word) -> bool| -> u64 {
        let of = findings.iter().filter(|found| wanted(found.word));
        of.map(|found| u64::from(found.demands)).sum()
    };
    let (all, broken) = (count(&|_| true), count(&|word| word >= Word::Fail));
    let first = findings.iter().find(|found| found.word == word);
    let title = first.map(|found| uncapital(&excerpt(&found.title, 240))).unwrap_or_default();
    let did_not_hold = |broken: u64| match (broken, all) {
        (1, 1) => "the one demand did not hold".to_string(),
        _ => format!("{} of {} demands did not hold", show_count(broken), show_count(all)),
    };
    match word {
        Word::Pass => format!("{word}: {}", held(all)),
        Word::Inconclusive => match count(&|word| word == Word::Inconclusive) {
            0 => format!("{word}: {title}"),
            open => format!(
                "{word}: {} of {} demands cannot be decided; {title}",
                show_count(open),
                show_count(all)
            ),
        },
        Word::Fail if broken == 0 => format!("{word}: {title}"),
        Word::Fail => format!("{word}: {}; {title}", did_not_hold(broken)),
        Word::Invalid => match count(&|word| word == Word::Fail) {
            0 => format!("{word}: {title}"),
            broken => format!("{word}: {title}; besides, {}", did_not_hold(broken)),
        },
    }
    .replace('\n', " ")
}

/// The same of a comparison alone, whose PASS says what it promises.
pub(super) fn of_comparison(word: Word, with: &Comparison, findings: &[Finding]) -> String {
    if word != Word::Pass || with.changes.is_empty() {
        return of(word, findings);
    }
    format!(
        "{word}: no regression of its margin or more in {}; each would have been missed with a \
         probability of at most {}",
        number_of(with.changes.len(), "row"),
        show_percent(with.gate.alpha_pass)
    )
}

fn held(all: u64) -> String {
    match all {
        1 => "the one demand held".to_string(),
        _ => format!("all {} demands held", show_count(all)),
    }
}

fn flaky(result: &RunResult) -> String {
    let flaky = result.tests.iter().filter(|test| test.status == TestStatus::Flaky).count();
    match flaky {
        0 => String::new(),
        1 => ", one test only when it was tried again".to_string(),
        _ => format!(", {} tests only when they were tried again", show_count(flaky as u64)),
    }
}

/// A PASS of another load than that of the profile is never claimed without saying so.
fn altered(result: &RunResult) -> &'static str {
    match result.run.altered.is_empty() {
        true => "",
        false => ", under a load that was changed by hand",
    }
}

/// How much a PASS rests on: it is never claimed without saying so.
fn size(word: Word, result: &RunResult) -> String {
    if word != Word::Pass {
        return String::new();
    }
    let tests = result.tests.iter().filter(|test| test.status.ran()).count() as u64;
    let requests = total(result.steps.iter().map(|step| step.count));
    let failed = total(result.steps.iter().map(|step| step.failed));
    let mut parts = Vec::new();
    if tests > 0 {
        parts.push(format!("{} test{}", show_count(tests), if tests == 1 { "" } else { "s" }));
    }
    if requests > 0 {
        let share = failed as f64 / requests as f64;
        parts.push(format!("{} requests, {} failed", show_count(requests), show_percent(share)));
    }
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) }
}
