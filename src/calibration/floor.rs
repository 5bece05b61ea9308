//! The shortest times: what is left when the server takes no time, or always the same.

use std::time::Duration;

use super::check::Length;
use super::row::Row;
use super::trial::{Bench, Measured, Trial};
use super::truth::{quantile, sorted};
use super::{CalibrationError, bare::Bare};

/// Requests per second.
const RATE: u32 = 1_000;

/// How long the server takes, in nanoseconds.
const TAKES: u64 = 200_000;

/// How far the median may be off, and is at best, in microseconds; then the 99th percentile.
const BIAS: [(f64, f64); 2] = [(50.0, 20.0), (200.0, 100.0)];

/// An answer without delay.
pub(super) fn floor(length: Length, bench: &Bench) -> Result<Vec<Row>, CalibrationError> {
    let trial = Trial { path: "/now", profile: profile(length.seconds(5, 1)), ..Trial::default() };
    let measured = trial.run(bench)?;
    let response = measured.step()?.response_us;
    let bare = bare(length, bench, "/now")?;
    let pairs = [("floor p50", response.p50, bare[0]), ("floor p99", response.p99, bare[1])];
    let row = |(name, measured, bare)| {
        Row::info(name, (measured as f64, bare), "µs")
            .noted("beside a bare socket, waking up included")
    };
    let mut rows: Vec<Row> = pairs.map(row).into();
    rows.push(server("floor server p99", &measured));
    let (done, seen) = (measured.step()?.count as f64, measured.account.answered as f64);
    let counted = Row::info("floor requests", (done, seen), "")
        .noted("counted by the generator and by the server");
    rows.push(counted.within((0.0, 0.0), None));
    Ok(rows)
}

/// An answer after 200 µs.
pub(super) fn constant(length: Length, bench: &Bench) -> Result<Vec<Row>, CalibrationError> {
    let path = format!("/after/{TAKES}");
    let trial = Trial { path: &path, profile: profile(length.seconds(10, 2)), ..Trial::default() };
    let measured = trial.run(bench)?;
    let response = measured.step()?.response_us;
    let bare = bare(length, bench, &path)?;
    let takes = TAKES as f64 / 1e3;
    let busy = measured.busy();
    let pairs = [("p50", response.p50, bare[0]), ("p99", response.p99, bare[1])];
    let row = |((name, measured, bare), (bound, goal))| {
        Row::info(&format!("constant {name}"), (measured as f64, takes), "µs")
            .within((bound, goal), busy.as_deref())
            .noted(&format!("a bare socket: {bare:.0} µs"))
    };
    let mut rows: Vec<Row> = pairs.into_iter().zip(BIAS).map(row).collect();
    rows.push(server("constant server p99", &measured));
    Ok(rows)
}

/// How late the server itself was.
fn server(name: &str, measured: &Measured) -> Row {
    let late = measured.account.late_p99 as f64 / 1e3;
    Row::info(name, (late, 0.0), "µs")
        .noted("how late the server's answers left, as it sees itself")
}

fn profile(seconds: u32) -> String {
    format!("arrivals: {RATE}/s, duration: {seconds}s, max-users: 64")
}

/// The median and the 99th percentile of bare sockets at the same rate, in microseconds.
fn bare(length: Length, bench: &Bench, path: &str) -> Result<[f64; 2], CalibrationError> {
    let mut bare = Bare::connect(bench.address)?;
    let count = RATE * length.seconds(2, 1);
    let times = sorted(bare.times(path, count, Duration::from_secs(1) / RATE)?);
    let at = |q| quantile(&times, q).unwrap_or(f64::NAN) / 1e3;
    Ok([at(0.5), at(0.99)])
}

/// The median that bare sockets reach for an answer without delay, in microseconds.
pub(super) fn lowest(bench: &Bench) -> Result<f64, CalibrationError> {
    Ok(bare(Length::Quick, bench, "/now")?[0])
}
