//! Answers that come in an odd way, and those that do not come.

use std::time::Duration;

use super::CalibrationError;
use super::check::Length;
use super::row::Row;
use super::trial::{Bench, Trial};
use super::truth::{quantile, sorted};
use crate::sample::{Failure, Timing};

/// The first byte comes after this, the last one so much later.
const FIRST: Duration = Duration::from_millis(5);
const REST: Duration = Duration::from_millis(7);

/// How far a phase may be off, and is at best, in milliseconds.
const PHASE: (f64, f64) = (0.2, 0.05);

/// How far the phases of one request may be from its service time: they sum up to it exactly.
const SUM: (f64, f64) = (0.001, 0.0);

/// Where the time of a slow answer went.
pub(super) fn phases(length: Length, bench: &Bench) -> Result<Vec<Row>, CalibrationError> {
    let path = format!("/phases/{}/{}", FIRST.as_nanos(), REST.as_nanos());
    let trial = Trial {
        path: &path,
        profile: format!("arrivals: 100/s, duration: {}s, max-users: 50", length.seconds(3, 1)),
        ..Trial::default()
    };
    let measured = trial.run(bench)?;
    measured.step()?;
    let busy = measured.busy();
    let median = |phase: fn(&Timing) -> Duration| {
        let values = sorted(measured.timings.iter().map(phase).map(millis));
        quantile(&values, 0.5).unwrap_or(f64::NAN)
    };
    let within = |name, measured, expected: Duration, bounds| {
        Row::info(name, (measured, millis(expected)), "ms").within(bounds, busy.as_deref())
    };
    let apart = measured.timings.iter().map(unexplained).map(millis).fold(0.0, f64::max);
    let sent = median(|timing| timing.phases.send);
    Ok(vec![
        within("phases wait", median(|timing| timing.phases.wait), FIRST, PHASE),
        within("phases receive", median(|timing| timing.phases.receive), REST, PHASE),
        within("phases send", sent, Duration::ZERO, PHASE),
        within("phases sum", apart, Duration::ZERO, SUM)
            .noted("the part of a request's service time that is in no phase, at most"),
    ])
}

/// The part of the service time that is in no phase, or in two.
fn unexplained(timing: &Timing) -> Duration {
    let phases = timing.phases;
    let sum = [phases.dns, phases.connect, phases.tls, phases.send, phases.wait, phases.receive];
    let service = timing.ended.saturating_sub(timing.started);
    service.abs_diff(sum.into_iter().sum())
}

/// Each way of answering, counted as what it is.
pub(super) fn ends(length: Length, bench: &Bench) -> Result<Vec<Row>, CalibrationError> {
    let ways = [
        ("ends reset", "/reset", Some(Failure::Reset)),
        ("ends half-close", "/half-close", None),
        ("ends split", "/split", None),
    ];
    let tenths = length.seconds(10, 2);
    let mut rows = Vec::new();
    for (name, path, failure) in ways {
        let profile = format!("arrivals: 100/s, duration: {}ms, max-users: 50", tenths * 100);
        let measured = Trial { path, profile, ..Trial::default() }.run(bench)?;
        measured.step()?;
        let outcome = failure.map_or(Ok(()), Err);
        let right = measured.timings.iter().filter(|timing| timing.outcome == outcome).count();
        let what = failure.map_or("success".to_string(), |failure| failure.to_string());
        let other = measured.timings.iter().find(|timing| timing.outcome != outcome);
        let mut row = Row::info(name, (right as f64, measured.due.len() as f64), "")
            .within((0.0, 0.0), None)
            .noted(&format!("counted as {what}"));
        if let Some(Err(failure)) = other.map(|other| other.outcome) {
            row = row.noted(&format!("but at least one as {failure}"));
        }
        rows.push(row);
    }
    Ok(rows)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
