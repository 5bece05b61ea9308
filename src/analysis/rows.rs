//! Turns the rows of a comparison into findings: one a step for what failed and what held, one a
//! reason for what is open, so that forty rows of one noise are not forty findings.

use std::collections::BTreeMap;

use super::Word;
use super::finding::{Finding, Stage, number_of};
use super::gate::{Change, Compared, Comparison, Design};
use super::wording::{self, Sentence};

/// The metric of the finding that nothing could be compared.
const NOTHING: &str = "comparison";

/// All of them. Where nobody will act on the comparison (`strict` is false), what is open is only
/// told.
pub(super) fn findings(of: &Comparison, strict: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for word in [Word::Fail, Word::Pass] {
        for rows in by_step(of, word) {
            findings.push(match word {
                Word::Fail => failed(of, &rows),
                _ => passed(of, &rows),
            });
        }
    }
    findings.extend(by_reason(of).into_values().map(|rows| open(of, &rows, strict)));
    findings.extend(of.notes.iter().map(|note| told(of, note)));
    // That few requests fail says nothing of how fast the others are.
    let of_speed = |row: &Change| !matches!(row.metric, Compared::Errors | Compared::Dropped);
    if !of.changes.iter().any(of_speed) {
        findings.push(nothing(of, strict));
    }
    findings
}

/// Something worth knowing about the comparison.
fn told(of: &Comparison, note: &str) -> Finding {
    let word = if of.word == Word::Invalid { Word::Invalid } else { Word::Pass };
    Finding::new(Stage::Baseline, word, "run", note.trim_end_matches('.').to_string())
        .coded("comparison")
        .saw("baseline", String::new(), String::new())
}

/// A comparison without a row of latency or throughput is none.
fn nothing(of: &Comparison, strict: bool) -> Finding {
    let word = match of.word {
        Word::Invalid => Word::Invalid,
        _ if strict => Word::Inconclusive,
        _ => Word::Pass,
    };
    let what = match of.design {
        Design::Stored { .. } => "the baselines",
        Design::Duet { .. } => "the other side",
    };
    let title = match of.changes.is_empty() {
        true => format!("nothing could be compared with {what}"),
        false => format!("no latency could be compared with {what}"),
    };
    Finding::new(Stage::Baseline, word, "run", title)
        .coded("comparison")
        .saw(NOTHING, String::new(), String::new())
        .because(
            "No step has enough samples on both sides. A longer run or a higher rate gives them; \
             `taster plan --gate` says how long.",
        )
}

/// Whether it is the finding that nothing could be compared.
pub(super) fn is_empty(found: &Finding) -> bool {
    found.stage == Stage::Baseline && found.metric == NOTHING
}

/// The rows with a word, by step, in the order in which a person wants to know of them: errors
/// before latency, p95 before the others.
fn by_step(of: &Comparison, word: Word) -> Vec<Vec<&Change>> {
    let mut steps: Vec<Vec<&Change>> = Vec::new();
    for row in of.changes.iter().filter(|row| row.word == word) {
        let same = |rows: &&mut Vec<&Change>| {
            rows.first().is_some_and(|one| (&one.scenario, &one.step) == (&row.scenario, &row.step))
        };
        match steps.iter_mut().find(same) {
            Some(rows) => rows.push(row),
            None => steps.push(vec![row]),
        }
    }
    steps.iter_mut().for_each(|rows| rows.sort_by_key(|row| rank(row.metric)));
    steps
}

/// The open rows by their reason, the most suspicious of each first.
fn by_reason(of: &Comparison) -> BTreeMap<&'static str, Vec<&Change>> {
    let mut reasons: BTreeMap<&'static str, Vec<&Change>> = BTreeMap::new();
    for row in of.changes.iter().filter(|row| row.word == Word::Inconclusive) {
        reasons.entry(wording::sentence(row, of).label).or_default().push(row);
    }
    for rows in reasons.values_mut() {
        // Where nothing is suspicious, p95 is what most people look at first.
        let rank = |row: &Change| (row.metric != Compared::P95, rank(row.metric));
        rows.sort_by(|a, b| a.p.total_cmp(&b.p).then(rank(a).cmp(&rank(b))));
    }
    reasons
}

fn rank(metric: Compared) -> u8 {
    match metric {
        Compared::Errors => 0,
        Compared::Dropped => 1,
        Compared::P95 => 2,
        Compared::P99 => 3,
        Compared::P50 => 4,
        Compared::Throughput => 5,
    }
}

fn failed(of: &Comparison, rows: &[&Change]) -> Finding {
    let lead = rows[0];
    let Sentence { title, detail, .. } = wording::sentence(lead, of);
    let found = row_finding(of, rows, Word::Fail, title).coded("regression");
    let others: Vec<String> = rows[1..].iter().map(|row| brief(row)).collect();
    let found = match others.is_empty() {
        true => found,
        false => found.because(&format!("Likewise {}.", list(&others))),
    };
    found.because(&detail)
}

fn passed(of: &Comparison, rows: &[&Change]) -> Finding {
    let names: Vec<String> = rows.iter().map(|row| row.metric.name().to_string()).collect();
    let whose = wording::subject(rows[0]);
    let whose = whose.split_once(" of ").map_or(whose.as_str(), |(_, whose)| whose);
    let title = format!("no regression of the margin or more in {} of {whose}", list(&names));
    let briefs: Vec<String> = rows.iter().map(|row| brief(row)).collect();
    let promise = format!(
        "{}. Each such regression would have been missed with a probability of at most {}.",
        briefs.join("; "),
        crate::units::show_percent(of.gate.alpha_pass)
    );
    row_finding(of, rows, Word::Pass, title).coded("no-regression").because(&promise)
}

fn open(of: &Comparison, rows: &[&Change], strict: bool) -> Finding {
    let lead = rows[0];
    let Sentence { title, detail, .. } = wording::sentence(lead, of);
    let title = match rows.len() - 1 {
        0 => title,
        more => format!("{title}, and {} like it", number_of(more, "more row")),
    };
    let word = if strict { Word::Inconclusive } else { Word::Pass };
    let mut found = row_finding(of, rows, word, title).coded("undecided").because(&detail);
    let same_scenario = rows.iter().all(|row| row.scenario == lead.scenario);
    let same_step = same_scenario && rows.iter().all(|row| row.step == lead.step);
    if !same_step {
        found.subject = if same_scenario { lead.scenario.clone() } else { "run".to_string() };
        found.place = None;
    }
    if !strict {
        // A first look at the embedded backend shall not wait for a quiet machine.
        found.demands = 0;
        found = found.because("It is only told here: nothing was asked of this comparison.");
    }
    found
}

fn row_finding(of: &Comparison, rows: &[&Change], word: Word, title: String) -> Finding {
    let lead = rows[0];
    let beside = match of.design {
        Design::Stored { .. } => "against the baselines",
        Design::Duet { .. } => "against the other side",
    };
    let observed = wording::amount(lead.metric, lead.after);
    let mut found = Finding::new(Stage::Baseline, word, &wording::place(lead), title)
        .saw(&format!("{} {beside}", lead.metric.name()), observed, wording::bound(lead))
        .speaks_for(rows.len())
        .at(&lead.place);
    // How much of the margin is used up, by what is known of the change.
    let used = lead.change / lead.margin;
    found.used = used.is_finite().then_some(used.max(0.0));
    found
}

/// `p99 +22.1% (90% interval +9% to +37%)`.
fn brief(row: &Change) -> String {
    let change = wording::growth(row.metric, row.change);
    format!("{} {change} (90% interval {})", row.metric.name(), wording::interval(row))
}

fn list(texts: &[String]) -> String {
    match texts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
