//! Service times that are drawn: whether their whole distribution is measured as it is.

use super::CalibrationError;
use super::check::Length;
use super::draw::{Law, draw};
use super::floor;
use super::row::Row;
use super::trial::{Bench, Trial};
use super::truth::{distance, log_error, quantile, sorted};

/// Requests per second.
const RATE: u32 = 400;

/// The largest error of any quantile, as a logarithm: 0.05 is five per cent, and 50 µs of the
/// shortest time there is.
const QUANTILES: (f64, f64) = (0.05, 0.02);

/// The largest distance between the distributions (Kolmogorov-Smirnov).
const DISTANCE: (f64, f64) = (0.03, 0.012);

/// One law. The truth of each request is what was drawn for it, and the time that a bare socket
/// needs for no service at all.
pub(super) fn spread(
    name: &str,
    law: Law,
    length: Length,
    bench: &Bench,
) -> Result<Vec<Row>, CalibrationError> {
    let seconds = length.seconds(5, 2);
    let values = draw(law, (RATE * seconds) as usize, bench.seed);
    let lowest = floor::lowest(bench)?;
    let trial = Trial {
        path: "/after/{{ values.ns }}",
        profile: format!("arrivals: {RATE}/s, duration: {seconds}s, max-users: 200"),
        values,
        ..Trial::default()
    };
    let measured = trial.run(bench)?;
    let truth = sorted(trial.values.iter().map(|ns| *ns as f64 / 1e3 + lowest));
    let each = sorted(measured.successes().map(|(_, response)| response));
    let reported = measured.responses()?;
    let error = log_error(
        |q| reported.value_at_quantile(q) as f64,
        |q| quantile(&truth, q).unwrap_or(f64::NAN),
    );
    let busy = measured.busy();
    let note = format!("the truth includes {lowest:.0} µs that a bare socket needs");
    let rows = [
        (format!("{name} quantiles"), error, QUANTILES),
        (format!("{name} distance"), distance(&each, &truth), DISTANCE),
    ];
    let row = |(name, error, bounds): (String, f64, _)| {
        Row::info(&name, (error, 0.0), "").within(bounds, busy.as_deref()).noted(&note)
    };
    let mut rows: Vec<Row> = rows.map(row).into();
    let short = measured.successes().filter(|(number, response)| {
        let drawn = trial.values.get(*number as usize);
        drawn.is_some_and(|ns| *response < *ns as f64 / 1e3)
    });
    let short = (short.count() as f64, 0.0);
    rows.push(
        Row::info(&format!("{name} too short"), short, "")
            .within((0.0, 0.0), None)
            .noted("requests said to have taken less than the server took"),
    );
    Ok(rows)
}
