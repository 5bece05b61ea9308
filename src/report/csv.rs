//! Writes `steps.csv`: one row a step, plain numbers, times in microseconds; and `comparison.csv`:
//! one row a metric that was compared.

use csv::Writer;

use super::foreign::line;
use crate::analysis::gate::{Change, Compared};
use crate::analysis::{Verdict, wording};
use crate::result::{PHASES, RunResult, StepResult, Summary};

const COLUMNS: [&str; 38] = [
    "scenario",
    "step",
    "count",
    "failed",
    "dropped",
    "rate",
    "response_p50_us",
    "response_p90_us",
    "response_p95_us",
    "response_p99_us",
    "response_max_us",
    "response_mean_us",
    "service_p50_us",
    "service_p90_us",
    "service_p95_us",
    "service_p99_us",
    "service_max_us",
    "service_mean_us",
    "lag_p99_us",
    "lag_max_us",
    "bytes_sent",
    "bytes_received",
    "failures",
    "blocked_p99_us",
    "blocked_max_us",
    "resent",
    "dns_p50_us",
    "dns_p95_us",
    "connect_p50_us",
    "connect_p95_us",
    "tls_p50_us",
    "tls_p95_us",
    "send_p50_us",
    "send_p95_us",
    "wait_p50_us",
    "wait_p95_us",
    "receive_p50_us",
    "receive_p95_us",
];

/// The columns of `comparison.csv`: `before` and `after` in `unit`, changes as shares of `before`,
/// or as differences where the unit is a share.
const COMPARED: [&str; 16] = [
    "scenario",
    "step",
    "metric",
    "verdict",
    "why",
    "unit",
    "before",
    "after",
    "change",
    "interval_low",
    "interval_high",
    "margin",
    "floor",
    "p",
    "smallest",
    "place",
];

const MEMORY: &str = "writing to memory cannot fail";

/// The files: the steps, and the comparison where there was one.
pub(super) fn files(result: &RunResult, verdict: &Verdict) -> Vec<(String, String)> {
    let steps = ("steps.csv".to_string(), steps(result));
    std::iter::once(steps).chain(comparison(verdict)).collect()
}

/// A latency that does not exist is an empty cell, never a zero.
fn steps(result: &RunResult) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).expect(MEMORY);
    for step in &result.steps {
        writer.write_record(record(step)).expect(MEMORY);
    }
    finished(writer)
}

/// The file of the comparison.
pub(super) fn comparison(verdict: &Verdict) -> Option<(String, String)> {
    let of = verdict.comparison.as_ref()?;
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COMPARED).expect(MEMORY);
    for row in &of.changes {
        let label = wording::sentence(row, of).label;
        writer.write_record(compared(row, label)).expect(MEMORY);
    }
    Some(("comparison.csv".to_string(), finished(writer)))
}

fn finished(writer: Writer<Vec<u8>>) -> String {
    let bytes = writer.into_inner().expect(MEMORY);
    String::from_utf8(bytes).expect("it was written from texts")
}

fn compared(row: &Change, label: &'static str) -> Vec<String> {
    let mut cells = vec![cell(&row.scenario), cell(&row.step), row.metric.name().to_string()];
    cells.extend([row.word.name(), wording::why(label), unit(row.metric)].map(String::from));
    // A number that does not exist is an empty cell.
    let (low, high) = row.interval.unwrap_or((f64::NAN, f64::NAN));
    let numbers = [row.before, row.after, row.change, low, high];
    let bounds = [row.margin, row.floor, row.p, row.smallest.unwrap_or(f64::NAN)];
    let number = |value: f64| if value.is_finite() { value.to_string() } else { String::new() };
    cells.extend(numbers.into_iter().chain(bounds).map(number));
    cells.push(cell(&row.place));
    cells
}

/// The unit of the values of a metric, for programs.
pub(super) fn unit(metric: Compared) -> &'static str {
    match metric {
        Compared::P50 | Compared::P95 | Compared::P99 => "us",
        Compared::Errors | Compared::Dropped => "share",
        Compared::Throughput => "1/s",
    }
}

fn record(step: &StepResult) -> Vec<String> {
    let mut cells = vec![
        cell(&step.scenario),
        cell(&step.step),
        step.count.to_string(),
        step.failed.to_string(),
        step.dropped.to_string(),
        format!("{:.3}", step.rate),
    ];
    for summary in [&step.response_us, &step.service_us] {
        cells.extend(latencies(summary));
    }
    cells.extend(two(Some(&step.lag_us), |lag| (lag.p99, lag.max)));
    cells.push(step.bytes_sent.to_string());
    cells.push(step.bytes_received.to_string());
    let failures: Vec<String> =
        step.failures.iter().map(|(kind, count)| format!("{} {count}", line(kind, 40))).collect();
    cells.push(cell(&failures.join("; ")));
    cells.extend(two(Some(&step.blocked_us), |blocked| (blocked.p99, blocked.max)));
    cells.push(step.resent.to_string());
    for phase in PHASES {
        cells.extend(two(step.phases_us.get(phase), |phase| (phase.p50, phase.p95)));
    }
    cells
}

fn two(summary: Option<&Summary>, parts: impl Fn(&Summary) -> (u64, u64)) -> [String; 2] {
    match summary.filter(|summary| summary.count > 0) {
        Some(summary) => <[u64; 2]>::from(parts(summary)).map(|us| us.to_string()),
        None => Default::default(),
    }
}

fn latencies(summary: &Summary) -> Vec<String> {
    if summary.count == 0 {
        return vec![String::new(); 6];
    }
    let Summary { p50, p90, p95, p99, max, mean, .. } = summary;
    let mut cells: Vec<String> = [p50, p90, p95, p99, max].map(u64::to_string).to_vec();
    cells.push(format!("{mean:.1}"));
    cells
}

/// A foreign text; one that a spreadsheet would run as a formula is disarmed by an apostrophe.
fn cell(text: &str) -> String {
    let text = line(text, 300);
    match text.chars().next() {
        Some('=' | '+' | '-' | '@') => format!("'{text}"),
        _ => text,
    }
}
