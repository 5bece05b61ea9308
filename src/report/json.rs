//! Writes `verdict.json`: the contract for programs that act on a verdict.

use serde::Serialize;

use super::csv::unit;
use crate::analysis::gate::{Change, Comparison, ShapeKind};
use crate::analysis::{Verdict, wording};

#[derive(Serialize)]
struct File<'a> {
    verdict: &'static str,
    findings: Vec<Entry<'a>>,
    /// Only there where something was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Compared<'a>>,
}

/// A comparison with baselines, or of the sides of a duet.
#[derive(Serialize)]
struct Compared<'a> {
    verdict: &'static str,
    design: String,
    /// The most unchanged builds that are called FAIL.
    false_red: f64,
    /// The most rows with a change of their margin that are called PASS.
    false_green: f64,
    rows: Vec<Row<'a>>,
    notes: &'a [String],
}

/// Values in `unit`; changes as shares of `before`, or as differences where the unit is a share.
#[derive(Serialize)]
struct Row<'a> {
    verdict: &'static str,
    why: &'static str,
    scenario: &'a str,
    step: &'a str,
    metric: &'static str,
    unit: &'static str,
    before: f64,
    after: f64,
    change: f64,
    /// None where nothing is known: `why` and `message` say for what reason.
    interval: Option<[f64; 2]>,
    margin: f64,
    floor: f64,
    p: f64,
    smallest: Option<f64>,
    improved: bool,
    place: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<Curve>,
}

/// How the latencies have changed, percentile by percentile.
#[derive(Serialize)]
struct Curve {
    kind: &'static str,
    /// Quantile, change as a share, and the lower and upper edge of its band.
    points: Vec<[f64; 4]>,
}

#[derive(Serialize)]
struct Entry<'a> {
    verdict: &'static str,
    /// What `taster explain` explains.
    code: &'static str,
    subject: &'a str,
    metric: &'a str,
    observed: &'a str,
    bound: &'a str,
    message: &'a str,
}

/// The file's text.
pub(super) fn render(verdict: &Verdict) -> String {
    let findings = verdict
        .findings
        .iter()
        .map(|found| Entry {
            verdict: found.word.name(),
            code: found.code,
            subject: &found.subject,
            metric: &found.metric,
            observed: &found.observed,
            bound: &found.bound,
            message: &found.message,
        })
        .collect();
    let comparison = verdict.comparison.as_ref().map(compared);
    let file = File { verdict: verdict.word.name(), findings, comparison };
    let mut text =
        serde_json::to_string_pretty(&file).expect("texts and lists always have a JSON form");
    text.push('\n');
    text
}

fn compared(of: &Comparison) -> Compared<'_> {
    Compared {
        verdict: of.word.name(),
        design: wording::design(of),
        false_red: of.gate.alpha_fail,
        false_green: of.gate.alpha_pass,
        rows: of.changes.iter().map(|change| row(change, of)).collect(),
        notes: &of.notes,
    }
}

fn row<'a>(change: &'a Change, of: &Comparison) -> Row<'a> {
    let sentence = wording::sentence(change, of);
    Row {
        verdict: change.word.name(),
        why: wording::why(sentence.label),
        scenario: &change.scenario,
        step: &change.step,
        metric: change.metric.name(),
        unit: unit(change.metric),
        before: change.before,
        after: change.after,
        change: change.change,
        interval: change.interval.map(|(low, high)| [low, high]),
        margin: change.margin,
        floor: change.floor,
        p: change.p,
        smallest: change.smallest,
        improved: change.improved,
        place: &change.place,
        message: format!("{}. {}", sentence.title, sentence.detail),
        shape: change.shape.as_ref().map(|shape| Curve {
            kind: match shape.kind {
                ShapeKind::Uniform => "uniform",
                ShapeKind::Tail => "tail",
                ShapeKind::SecondMode => "second mode",
                ShapeKind::Mixed => "mixed",
            },
            points: shape.curve.iter().map(point).collect(),
        }),
    }
}

fn point((q, ln, half): &(f64, f64, f64)) -> [f64; 4] {
    [*q, ln.exp_m1(), (ln - half).exp_m1(), (ln + half).exp_m1()]
}
