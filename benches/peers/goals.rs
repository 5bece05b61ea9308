//! What is to be reached, and what was.

use serde_json::{Value, json};

use crate::rounds::{Ratio, Round};
use crate::tool::{Tool, Who, Work};

/// One line of the table of what is to be reached.
#[derive(Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What it gave, in words.
    pub measured: String,
    /// What it must be, and what it should be.
    pub wanted: (String, String),
    /// What became of it.
    pub reached: Reached,
    /// The numbers, for the file.
    pub data: Value,
}

/// What became of a goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// All that was hoped for.
    Stretch,
    /// What must be.
    Must,
    /// Less than must be.
    Missed,
    /// Nobody demands anything of it.
    Told,
    /// It could not be measured: the table is incomplete.
    Unknown,
}

impl Reached {
    /// Whether a value is enough, where more is better.
    pub fn at_least(value: f64, (must, stretch): (f64, f64)) -> Self {
        match value {
            _ if value >= stretch => Self::Stretch,
            _ if value >= must => Self::Must,
            _ => Self::Missed,
        }
    }

    /// Whether a value is small enough.
    pub fn at_most(value: f64, (must, stretch): (f64, f64)) -> Self {
        match value {
            _ if value <= stretch => Self::Stretch,
            _ if value <= must => Self::Must,
            _ => Self::Missed,
        }
    }

    /// For tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stretch => "stretch",
            Self::Must => "must",
            Self::Missed => "MISSED",
            Self::Told => "",
            Self::Unknown => "NOT MEASURED",
        }
    }
}

impl Row {
    /// One that could not be measured, and why.
    pub fn unknown(what: &str, why: String) -> Self {
        let wanted = (String::new(), String::new());
        let (what, measured, data) = (what.to_string(), why, Value::Null);
        Self { what, measured, wanted, reached: Reached::Unknown, data }
    }

    /// For the file.
    pub fn json(&self) -> Value {
        json!({
            "what": self.what, "measured": self.measured, "must": self.wanted.0,
            "stretch": self.wanted.1, "reached": self.reached.word(), "data": self.data,
        })
    }
}

/// A comparison and the ratio that is to be reached; none where it is only told.
type Goal = (Tool, Tool, Option<(f64, f64)>);

const fn tool(who: Who, work: Work) -> Tool {
    Tool { who, work }
}

const fn get(ours: Who, theirs: Who, wanted: Option<(f64, f64)>) -> Goal {
    (tool(ours, Work::Get), tool(theirs, Work::Get), wanted)
}

const WRK: Tool = tool(Who::Wrk, Work::Get);
const CLOSED: Tool = tool(Who::Closed, Work::Journey);
const OWN: Tool = tool(Who::Own, Work::Journey);

const GOALS: [Goal; 19] = [
    get(Who::Closed, Who::Wrk, Some((0.95, 1.10))),
    get(Who::Own, Who::Wrk, Some((0.95, 1.10))),
    (CLOSED, WRK, Some((0.60, 0.75))),
    (OWN, WRK, Some((0.60, 0.75))),
    (CLOSED, OWN, Some((0.85, 0.95))),
    get(Who::Closed, Who::Oha, Some((1.5, 1.8))),
    get(Who::Own, Who::Oha, Some((1.5, 1.8))),
    get(Who::Closed, Who::Reqwest, Some((2.5, 2.8))),
    get(Who::Own, Who::Reqwest, Some((2.5, 2.8))),
    get(Who::Closed, Who::Goose, Some((3.5, 4.0))),
    get(Who::Own, Who::Goose, Some((3.5, 4.0))),
    get(Who::Closed, Who::Hey, None),
    get(Who::Own, Who::Hey, None),
    get(Who::Closed, Who::Floor, None),
    get(Who::Own, Who::Floor, None),
    (CLOSED, tool(Who::Locust, Work::Journey), None),
    (OWN, tool(Who::Locust, Work::Journey), None),
    (CLOSED, tool(Who::Artillery, Work::Journey), None),
    (OWN, tool(Who::Artillery, Work::Journey), None),
];

/// The rows that compare tools; those with a peer that nobody wanted are left out.
pub fn rows(rounds: &[Round], wanted: &[&str], seed: u64) -> Vec<Row> {
    let chosen = |tool: &Tool| tool.who.program().is_none_or(|name| wanted.contains(&name));
    let goals = GOALS.iter().filter(|(ours, theirs, _)| chosen(ours) && chosen(theirs));
    goals.map(|goal| row(rounds, goal, seed)).collect()
}

fn row(rounds: &[Round], (ours, theirs, wanted): &Goal, seed: u64) -> Row {
    let what = match ours.work == theirs.work {
        true => format!("{ours}, against {}", theirs.who.name()),
        false => format!("{ours}, against {}'s {}", theirs.who.name(), theirs.work.name()),
    };
    let Some(ratio) = Ratio::of(rounds, (*ours, *theirs), seed) else {
        return Row::unknown(&what, "in no round both did their work".into());
    };
    let primary = ratio.primary().median;
    let by = if ratio.is_of_rates() { "requests/s" } else { "CPU, see notes" };
    Row {
        what,
        measured: format!(
            "requests/s {}; CPU {}; counts: {by}",
            ratio.show_rate(),
            ratio.cpu.show(2)
        ),
        wanted: wanted.map_or_else(Default::default, |(must, stretch)| {
            (format!("{must:.2}"), format!("{stretch:.2}"))
        }),
        reached: wanted.map_or(Reached::Told, |wanted| Reached::at_least(primary, wanted)),
        data: ratio.json(),
    }
}
