//! What must be reached, beside what was.

use serde_json::{Value, json};
use taster::analysis::Word;

use super::cells::{self, Cell};
use super::count::Share;

/// How the table is to be read for a goal.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// At most so much.
    Most(f64),
    /// At least so much.
    Least(f64),
}

/// Host, method, metric and change of a cell.
type Place = (&'static str, &'static str, &'static str, &'static str);

/// A goal: where it stands in the table and what it must be.
struct Must {
    what: &'static str,
    cell: Place,
    word: Word,
    bound: Bound,
}

/// A goal and what was seen.
#[derive(Debug, Clone)]
pub struct Goal {
    /// What is promised.
    pub what: &'static str,
    /// The promise: `at most 1 %`.
    pub must: String,
    /// What was seen; none where it was not tried.
    pub share: Option<Share>,
    /// What was seen with each seed.
    pub seeds: Vec<f64>,
    /// Whether what was seen keeps the promise.
    pub is_met: bool,
    /// Whether the whole interval is on the wrong side: no accident of so few trials.
    pub is_surely_missed: bool,
}

use Bound::{Least, Most};
use Word::{Fail, Pass};

/// Where duets that may end early stand in the table.
const EARLY_SAME: Place = ("ci", "duet 3, or 1 or 2", "p95", "A/A");
const EARLY_MORE: Place = ("ci", "duet 3, or 1 or 2", "p95", "+10 %");

/// The goals of the synthetic stage.
const MUSTS: [Must; 24] = [
    must(
        "false red, stored, ten baselines",
        ("ci", "stored 10 x 1", "p95", "A/A"),
        Fail,
        Most(0.01),
    ),
    must(
        "false red, 30 metrics, stored",
        ("ci", "stored 10 x 1", "30 metrics", "A/A"),
        Fail,
        Most(0.01),
    ),
    must("false red, 30 metrics, duet", ("ci", "duet 3", "30 metrics", "A/A"), Fail, Most(0.01)),
    must("false red, duet of three restarts", ("ci", "duet 3", "p95", "A/A"), Fail, Most(0.003)),
    must(
        "false red, duet of three, or five",
        ("ci", "duet 3, or 5", "p95", "A/A"),
        Fail,
        Most(0.003),
    ),
    must("false green at +10 %, stored", ("ci", "stored 10 x 1", "p95", "+10 %"), Pass, Most(0.05)),
    must(
        "false green at +10 %, stored, three runs",
        ("ci", "stored 20 x 3", "p95", "+10 %"),
        Pass,
        Most(0.05),
    ),
    must("false green at +10 %, duet", ("ci", "duet 3", "p95", "+10 %"), Pass, Most(0.05)),
    must(
        "false green at +10 %, duet of three, or five",
        ("ci", "duet 3, or 5", "p95", "+10 %"),
        Pass,
        Most(0.05),
    ),
    must("false red, duet that may end early", EARLY_SAME, Fail, Most(0.003)),
    must(
        "false red, 30 metrics, duet that may end early",
        ("ci", "duet 3, or 1 or 2", "30 metrics", "A/A"),
        Fail,
        Most(0.01),
    ),
    must("false green at +10 %, duet that may end early", EARLY_MORE, Pass, Most(0.05)),
    must("+10 % found, duet", ("ci", "duet 3", "p95", "+10 %"), Fail, Least(0.95)),
    must("+10 % found, duet that may end early", EARLY_MORE, Fail, Least(0.95)),
    must(
        "+20 % found, duet that may end early",
        ("ci", "duet 3, or 1 or 2", "p95", "+20 %"),
        Fail,
        Least(0.995),
    ),
    must("+20 % found, duet", ("ci", "duet 3", "p95", "+20 %"), Fail, Least(0.995)),
    must(
        "+20 % found, stored, ten baselines, one run",
        ("ci", "stored 10 x 1", "p95", "+20 %"),
        Fail,
        Least(0.60),
    ),
    must(
        "+20 % found, stored, twenty, three runs",
        ("ci", "stored 20 x 3", "p95", "+20 %"),
        Fail,
        Least(0.98),
    ),
    must(
        "tail 2 % x 4 found by p95, duet",
        ("ci", "duet 3", "p95", "tail 2 % x 4"),
        Fail,
        Least(0.90),
    ),
    must(
        "tail 2 % x 4 found by p99, duet",
        ("ci", "duet 3", "p99", "tail 2 % x 4"),
        Fail,
        Least(0.99),
    ),
    must(
        "errors 0.2 -> 2 % found, stored",
        ("ci", "stored 10 x 1", "errors", "0.2 -> 2 %"),
        Fail,
        Least(0.95),
    ),
    must("errors, false red, stored", ("ci", "stored 10 x 1", "errors", "A/A"), Fail, Most(0.01)),
    must(
        "false red, mixed hosts, with the probe",
        ("mixed", "stored 10 x 1, probe", "p95", "A/A"),
        Fail,
        Most(0.01),
    ),
    must(
        "+10 % found, interleaved duet",
        ("ci", "interleaved duet 3", "p95", "+10 %"),
        Fail,
        Least(0.95),
    ),
];

const fn must(what: &'static str, cell: Place, word: Word, bound: Bound) -> Must {
    Must { what, cell, word, bound }
}

/// All goals, with what the cells say.
pub fn reached(cells: &[Cell]) -> Vec<Goal> {
    MUSTS.iter().map(|must| of(must, cells)).collect()
}

fn of(must: &Must, cells: &[Cell]) -> Goal {
    let (host, method, metric, change) = must.cell;
    let share = cells::find(cells, (host, method), (metric, change))
        .filter(|cell| cell.count.trials() > 0)
        .map(|cell| cell.count.share(must.word));
    let (text, is_met, is_surely_missed) = match must.bound {
        Most(bound) => (
            format!("at most {}", percent(bound)),
            share.is_some_and(|share| share.seen <= bound),
            share.is_none_or(|share| share.low > bound),
        ),
        Least(bound) => (
            format!("at least {}", percent(bound)),
            share.is_some_and(|share| share.seen >= bound),
            share.is_none_or(|share| share.high < bound),
        ),
    };
    let seeds = share.map(|share| share.seen).into_iter().collect();
    Goal { what: must.what, must: text, share, seeds, is_met, is_surely_missed }
}

fn percent(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 100.0)
}

impl Goal {
    /// The least and the most that was seen with a seed, in percent.
    pub fn range(&self) -> String {
        let least = self.seeds.iter().copied().reduce(f64::min);
        let most = self.seeds.iter().copied().reduce(f64::max);
        let (Some(least), Some(most)) = (least, most) else { return String::new() };
        format!("{:.1} to {:.1}", least * 100.0, most * 100.0)
    }

    /// In one word.
    pub fn word(&self) -> &'static str {
        match (self.share.is_some(), self.is_met, self.is_surely_missed) {
            (false, ..) => "not tried",
            (true, true, _) => "met",
            (true, false, false) => "MISSED, perhaps by chance",
            (true, false, true) => "MISSED",
        }
    }

    /// As it stands in the file.
    pub fn json(&self) -> Value {
        json!({
            "what": self.what,
            "must": self.must,
            "reached": self.share.map(|share| share.seen),
            "low": self.share.map(|share| share.low),
            "high": self.share.map(|share| share.high),
            "with_each_seed": self.seeds,
            "met": self.is_met,
        })
    }
}
