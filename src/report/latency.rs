//! Latencies in words, and where they went: the phases of requests, and waiting for a user.

use serde::Serialize;

use super::foreign::line;
use super::rows::NAME;
use crate::result::{Generator, Headroom, PHASES, RunResult, Summary};
use crate::units::{show_count, show_duration_us, show_percent};

/// Latencies in words.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LatencyRow {
    pub p50: String,
    pub p90: String,
    pub p95: String,
    pub p99: String,
    pub max: String,
    pub mean: String,
}

/// What a part of the response time of a step took.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PartRow {
    pub scenario: String,
    pub step: String,
    /// `wait`, or `blocked` for the wait for a free user.
    pub part: &'static str,
    pub count: String,
    pub us: LatencyRow,
}

/// A sign of how the generator fared: over all seconds, and in the worst of them.
#[derive(Debug, Clone, Serialize)]
pub(super) struct VitalRow {
    pub what: &'static str,
    pub typical: String,
    pub worst: String,
}

/// None where there is no sample.
pub(super) fn latencies(summary: &Summary) -> Option<LatencyRow> {
    (summary.count > 0).then(|| LatencyRow {
        p50: show_duration_us(summary.p50),
        p90: show_duration_us(summary.p90),
        p95: show_duration_us(summary.p95),
        p99: show_duration_us(summary.p99),
        max: show_duration_us(summary.max),
        mean: show_duration_us(summary.mean.max(0.0).round() as u64),
    })
}

/// The parts of each step's time that happened, in the order in which they do.
pub(super) fn parts(result: &RunResult) -> Vec<PartRow> {
    let mut rows = Vec::new();
    for step in &result.steps {
        let phases = PHASES.iter().filter_map(|name| {
            let summary = step.phases_us.get(*name)?;
            Some((*name, summary))
        });
        for (part, summary) in std::iter::once(("blocked", &step.blocked_us)).chain(phases) {
            rows.extend(latencies(summary).map(|us| PartRow {
                scenario: line(&step.scenario, NAME),
                step: line(&step.step, NAME),
                part,
                count: show_count(summary.count),
                us,
            }));
        }
    }
    rows
}

/// How the generator fared; nothing where the result is of a version that did not look.
pub(super) fn vitals(generator: &Generator) -> Vec<VitalRow> {
    if generator.thread_cpu.is_empty() {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (what, seconds) in [
        ("Busiest thread at work", &generator.thread_cpu),
        ("Waiting for a core", &generator.queued),
        ("Kept by the host", &generator.stolen),
    ] {
        let sum: f64 = seconds.iter().map(|share| f64::from(*share)).sum();
        let worst = seconds.iter().copied().fold(0.0, f32::max);
        if !seconds.is_empty() {
            let typical = show_percent(sum / seconds.len() as f64);
            rows.push(VitalRow { what, typical, worst: show_percent(worst.into()) });
        }
    }
    for (what, seconds) in [
        ("Late to begin (p99)", &generator.lag_p99_us),
        ("Its loop stood still", &generator.loop_gap_us),
    ] {
        let mut sorted = seconds.clone();
        sorted.sort_unstable();
        if let (Some(middle), Some(worst)) = (sorted.get(sorted.len() / 2), sorted.last()) {
            let (typical, worst) = (show_duration_us(*middle), show_duration_us(*worst));
            rows.push(VitalRow { what, typical, worst });
        }
    }
    for (what, seen) in [("Files open", generator.files), ("Sockets in use", generator.ports)] {
        if let Some(Headroom { most, limit }) = seen {
            let typical = format!("of {}", show_count(limit));
            rows.push(VitalRow { what, typical, worst: show_count(most) });
        }
    }
    rows
}
