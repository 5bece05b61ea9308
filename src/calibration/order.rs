//! Waiting: for a server that stands still, and for one that serves one at a time.

use std::time::Duration;

use super::CalibrationError;
use super::check::Length;
use super::draw::{Law, draw};
use super::row::Row;
use super::trial::{Bench, Measured, Trial};
use super::truth::{Stall, drift, lindley, quantile, sorted};
use super::wire::Windows;

/// Requests per second.
const RATE: u32 = 400;

/// One second of every five, beginning with the third.
const WINDOWS: Windows = Windows {
    first: Duration::from_secs(2),
    lasting: Duration::from_secs(1),
    every: Duration::from_secs(5),
};

/// How far a percentile behind a stall may be off, and is at best, as a share of it.
const SHARE: (f64, f64) = (0.03, 0.01);

/// How far 99 of 100 requests to a queue may be off, and are at best, in microseconds.
const EACH: (f64, f64) = (200.0, 100.0);

/// The same for the median, and for what errors grow over the run.
const MEDIAN: (f64, f64) = (100.0, 50.0);

/// What the closed model has to ask of the server, so that users are not always asking.
const CLOSED_TAKES: Duration = Duration::from_millis(10);

/// Users of the closed model.
const CLOSED_USERS: u32 = 20;

/// An open load through stalls, with users at most.
pub(super) fn stall(
    name: &str,
    users: u32,
    length: Length,
    bench: &Bench,
) -> Result<Vec<Row>, CalibrationError> {
    let seconds = length.seconds(15, 5);
    let trial = Trial {
        path: "/now",
        profile: format!("arrivals: {RATE}/s, duration: {seconds}s, max-users: {users}"),
        stall: Some(WINDOWS),
        ..Trial::default()
    };
    let measured = trial.run(bench)?;
    let step = measured.step()?;
    let (response, service) = (step.response_us, step.service_us);
    let capacity = measured.account.capacity();
    let truth = Stall {
        lasting: WINDOWS.lasting.as_secs_f64(),
        every: WINDOWS.every.as_secs_f64(),
        load: f64::from(RATE) / capacity,
    };
    let busy = measured.busy();
    let percentiles =
        [("p90", 0.90, response.p90), ("p95", 0.95, response.p95), ("p99", 0.99, response.p99)];
    let row = |(percentile, q, measured)| {
        let expected = truth.wait(q) * 1e3;
        Row::info(&format!("{name} {percentile}"), (ms(measured), expected), "ms")
            .within((SHARE.0 * expected, SHARE.1 * expected), busy.as_deref())
            .noted(&format!("the server can do {capacity:.0}/s"))
    };
    let mut rows: Vec<Row> = percentiles.map(row).into();
    rows.push(
        Row::info(&format!("{name} service p95"), (ms(service.p95), truth.wait(0.95) * 1e3), "ms")
            .noted("from start instead of due: what a tool that omits the wait would report"),
    );
    let offered = measured.due.len() as f64;
    rows.push(
        Row::info(&format!("{name} requests"), (step.count as f64, offered), "")
            .within((0.0, 0.0), None)
            .noted("all that were due, each counted once"),
    );
    Ok(rows)
}

/// The closed model through stalls: it is honest about what it did, and blind to what users who
/// do not wait for an answer would have met.
pub(super) fn closed(length: Length, bench: &Bench) -> Result<Vec<Row>, CalibrationError> {
    let seconds = length.seconds(10, 5);
    let path = format!("/after/{}", CLOSED_TAKES.as_nanos());
    let trial = Trial {
        path: &path,
        profile: format!("users: {CLOSED_USERS}, duration: {seconds}s"),
        stall: Some(WINDOWS),
        ..Trial::default()
    };
    let measured = trial.run(bench)?;
    let step = measured.step()?;
    let takes = CLOSED_TAKES.as_secs_f64() * 1e3;
    let stalled = WINDOWS.lasting.as_secs_f64() * 1e6 * 0.98;
    let slow = measured.successes().filter(|(_, response)| *response >= stalled).count() as f64;
    let stalls = f64::from(seconds) / WINDOWS.every.as_secs_f64();
    let busy = measured.busy();
    let open = Stall { lasting: 1.0, every: WINDOWS.every.as_secs_f64(), load: 0.0 };
    let open = open.wait(0.99) * 1e3;
    Ok(vec![
        Row::info("closed stalled", (slow, f64::from(CLOSED_USERS) * stalls), "")
            .within((0.0, 0.0), busy.as_deref())
            .noted("each user meets each stall once"),
        Row::info("closed p50", (ms(step.response_us.p50), takes), "ms")
            .within((0.5, 0.2), busy.as_deref()),
        Row::info("closed p99", (ms(step.response_us.p99), open), "ms")
            .noted("beside an open load: users who wait for an answer ask for nothing meanwhile"),
    ])
}

/// Each request to a server that serves one at a time, against Lindley's formula.
pub(super) fn queue(length: Length, bench: &Bench) -> Result<Vec<Row>, CalibrationError> {
    let seconds = length.seconds(15, 3);
    // By chance there are some more, or fewer, than the rate says.
    let values = draw(Law::Queue, (RATE * seconds) as usize * 2, bench.seed);
    let trial = Trial {
        path: "/queue/{{ values.ns }}",
        profile: format!(
            "arrivals: {RATE}/s, spacing: poisson, duration: {seconds}s, max-users: 600"
        ),
        values,
        ..Trial::default()
    };
    let measured = trial.run(bench)?;
    let errors = errors(&measured, &trial.values);
    let sizes = sorted(errors.iter().map(|error| error.abs()));
    let at = |sorted: &[f64], q| quantile(sorted, q).unwrap_or(f64::NAN);
    let busy = measured.busy();
    let row =
        |name, error, bounds| Row::info(name, (error, 0.0), "µs").within(bounds, busy.as_deref());
    let all = (errors.len() as f64, measured.due.len() as f64);
    Ok(vec![
        row("queue error p99", at(&sizes, 0.99), EACH)
            .noted("99 of 100 requests are measured as exactly as this, one by one"),
        row("queue error p50", at(&sorted(errors.iter().copied()), 0.5), MEDIAN),
        row("queue drift", drift(&errors).unwrap_or(f64::NAN), MEDIAN)
            .noted("how much errors grew from the first third to the last"),
        row("queue schedule", unplanned(&measured), (1.0, 0.0))
            .noted("the largest difference between when a request was due and when it says it was"),
        Row::info("queue requests", all, "").within((0.0, 0.0), None),
    ])
}

/// How much longer than it was each request says it took, in microseconds, by number.
fn errors(measured: &Measured, services: &[u64]) -> Vec<f64> {
    let due = measured.due.iter().map(|due| due.as_nanos() as u64);
    let truth = lindley(due.zip(services.iter().copied()));
    let error = |(number, response): (u64, f64)| {
        let truth = truth.get(number as usize)?;
        Some(response - *truth as f64 / 1e3)
    };
    measured.successes().filter_map(error).collect()
}

/// The largest difference between the plan's due times and the samples', in microseconds.
fn unplanned(measured: &Measured) -> f64 {
    let difference = |timing: &crate::sample::Timing| {
        let planned = measured.due.get(timing.number as usize).copied().unwrap_or_default();
        planned.abs_diff(timing.due).as_nanos() as f64 / 1e3
    };
    measured.timings.iter().map(difference).fold(0.0, f64::max)
}

fn ms(us: u64) -> f64 {
    us as f64 / 1e3
}
