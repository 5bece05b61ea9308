//! Is what a page says first in numbers: the few that everybody asks for.

use serde::Serialize;

use super::numbers::responses;
use super::rows::{SlaRow, health};
use crate::analysis::{Verdict, Word, wording};
use crate::result::{RunResult, StepResult, TestStatus};
use crate::units::{show_count, show_duration_us, show_percent, show_rate};

/// A number with its name.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tile {
    pub name: &'static str,
    pub value: String,
    pub note: String,
    /// `fail`, `inconclusive`, or empty where all is well.
    pub class: &'static str,
}

/// The tiles of a run; only those of what it had.
pub(super) fn tiles(result: &RunResult, verdict: &Verdict, slas: &[SlaRow]) -> Vec<Tile> {
    let mut tiles: Vec<Tile> = tests(result).into_iter().collect();
    tiles.extend(load(result));
    tiles.extend(bounds(slas));
    tiles.extend(compared(verdict));
    if !result.steps.is_empty() {
        let word = health(result);
        let class = match word {
            "VALID" => "",
            "SUSPECT" => "inconclusive",
            _ => "fail",
        };
        let note = if class.is_empty() { "kept up" } else { "may have distorted" };
        tiles.push(Tile { name: "Generator", value: word.to_string(), note: note.into(), class });
    }
    tiles
}

fn tests(result: &RunResult) -> Option<Tile> {
    let of = |status| result.tests.iter().filter(|test| test.status == status).count();
    let passed = of(TestStatus::Passed) + of(TestStatus::Flaky);
    let (failed, flaky) = (of(TestStatus::Failed), of(TestStatus::Flaky));
    let rest = result.tests.len() - passed - failed;
    let counts = [(failed, "failed"), (flaky, "flaky"), (rest, "not run")];
    let told: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", show_count(*count as u64)))
        .collect();
    (!result.tests.is_empty()).then(|| Tile {
        name: "Tests passed",
        value: format!(
            "{} of {}",
            show_count(passed as u64),
            show_count(result.tests.len() as u64)
        ),
        note: if told.is_empty() { "each at once".to_string() } else { told.join(", ") },
        class: match (failed, flaky + rest) {
            (0, 0) => "",
            (0, _) => "inconclusive",
            _ => "fail",
        },
    })
}

fn load(result: &RunResult) -> Vec<Tile> {
    let sum =
        |part: fn(&StepResult) -> u64| result.steps.iter().map(part).fold(0, u64::saturating_add);
    let (count, failed) = (sum(|step| step.count), sum(|step| step.failed));
    if count == 0 {
        return Vec::new();
    }
    let rate = result.steps.iter().map(|step| step.rate).sum();
    let share = (failed as f64 / count as f64).min(1.0);
    let mut tiles = vec![
        Tile { name: "Requests", value: show_count(count), note: show_rate(rate), class: "" },
        Tile {
            name: "Failed",
            value: show_percent(share),
            note: format!(
                "{} of them",
                if failed == 0 { "none".into() } else { show_count(failed) }
            ),
            class: if failed > 0 { "fail" } else { "" },
        },
    ];
    let all = responses(result);
    if !all.is_empty() {
        let at = |q| show_duration_us(all.value_at_quantile(q));
        let note = format!("p50 {}, p99 {}", at(0.5), at(0.99));
        tiles.push(Tile { name: "Response p95", value: at(0.95), note, class: "" });
    }
    tiles
}

fn bounds(slas: &[SlaRow]) -> Option<Tile> {
    let held = slas.iter().filter(|row| row.class == "pass").count();
    let failed = slas.iter().any(|row| row.class == "fail" || row.class == "invalid");
    // The fullest of those that hold: what will break next.
    let fullest = slas.iter().filter(|row| row.class == "pass" && !row.used.is_empty());
    let fullest = fullest.max_by_key(|row| row.bar);
    (!slas.is_empty()).then(|| Tile {
        name: "SLAs held",
        value: format!("{held} of {}", slas.len()),
        note: fullest.map_or(String::new(), |row| format!("tightest: {} used", row.used)),
        class: match (failed, held == slas.len()) {
            (true, _) => "fail",
            (false, true) => "",
            (false, false) => "inconclusive",
        },
    })
}

fn compared(verdict: &Verdict) -> Option<Tile> {
    let of = verdict.comparison.as_ref()?;
    let worse = of.changes.iter().filter(|row| row.word == Word::Fail).count();
    let (value, class) = match worse {
        0 => ("none".to_string(), ""),
        more => (more.to_string(), "fail"),
    };
    Some(Tile { name: "Regressions", value, note: wording::design(of), class })
}
