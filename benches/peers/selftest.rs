//! The rows of Taster's own self-test: how true its latencies are.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::bench::{Bench, Problem};
use crate::goals::{Reached, Row};
use crate::measure::Running;

/// Its rows, or one that says why there are none.
pub fn rows(bench: &Bench) -> Vec<Row> {
    let what = "how true latencies are (taster selftest)";
    match run(bench) {
        Ok(Value::Array(rows)) if !rows.is_empty() => rows.iter().map(row).collect(),
        Ok(other) => vec![Row::unknown(what, format!("not a list of rows: {other}"))],
        Err(problem) => vec![Row::unknown(what, problem.to_string())],
    }
}

fn run(bench: &Bench) -> Result<Value, Problem> {
    let known = Command::new(&bench.taster).args(["selftest", "--help"]).output()?;
    if !known.status.success() {
        return Err(Problem::new("this build of Taster has no `selftest`".into()));
    }
    // Not pinned: it has a server of its own, and finds its cores itself.
    let mut command = Command::new(&bench.taster);
    command.args(["selftest", "--json"]);
    let running = Running::start(bench, command)?;
    Ok(serde_json::from_str(&running.end(Duration::from_secs(900))?)?)
}

fn row(row: &Value) -> Row {
    let text = |key: &str| row[key].as_str().unwrap_or("").to_string();
    let number = |key: &str| match &row[key] {
        Value::Number(number) => format!("{number} {}", text("unit")),
        _ => "-".to_string(),
    };
    let verdict = text("verdict");
    Row {
        what: format!("selftest: {}", text("name")),
        measured: format!("{}, true {} ({verdict})", number("measured"), number("expected")),
        wanted: (number("bound"), number("goal")),
        reached: match verdict.to_ascii_uppercase().as_str() {
            "GOAL" => Reached::Stretch,
            "PASS" => Reached::Must,
            "FAIL" => Reached::Missed,
            "INVALID" => Reached::Unknown,
            _ => Reached::Told,
        },
        data: row.clone(),
    }
}
