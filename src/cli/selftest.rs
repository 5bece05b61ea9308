//! `taster selftest`: how far off the instrument is on this machine.

use std::net::SocketAddr;

use crate::calibration::{self, Bench, CalibrationError, Check, Length, Row, Server, Word};
use crate::cli::args::SelftestArgs;
use crate::cli::backend::Backend;
use crate::cli::exit::ExitStatus;
use crate::cli::{Ended, interrupt, words};
use crate::executor::Stop;

/// Makes the checks and shows what they gave; or is the server that they need.
pub fn selftest(args: &SelftestArgs) -> Result<ExitStatus, Ended> {
    if args.serve {
        return serve();
    }
    let stop = Stop::new();
    interrupt::listen(&stop)?;
    let server = Backend::calibration()?;
    let (seed, threads) = (args.seed, args.threads);
    let bench = Bench { address: address(&server.url)?, seed, threads, stop };
    let length = if args.quick { Length::Quick } else { Length::Full };
    let wanted = |check: &Check| args.only.is_empty() || args.only.contains(check);
    let mut rows = Vec::new();
    for check in Check::ALL.into_iter().filter(wanted) {
        words::say(&format!("{check}: {}", check.about()));
        // Goose writes to standard output, which is for the rows.
        let silence = words::NoOutput::until_dropped();
        let examined = calibration::examine(check, length, &bench);
        drop(silence);
        match examined {
            Ok(found) => rows.extend(found),
            Err(CalibrationError::Stopped) => return Ok(ExitStatus::Interrupted),
            Err(error) => return Err(Ended::environment(format!("{check}: {error}"))),
        }
    }
    match args.json {
        true => words::data(&json(&rows)),
        false => words::data(&table(&rows)),
    }
    Ok(status(&rows))
}

/// What fails is certain; what is INVALID may be tried again on a quieter machine.
fn status(rows: &[Row]) -> ExitStatus {
    let any = |word| rows.iter().any(|row| row.verdict == word);
    match () {
        () if any(Word::Fail) => ExitStatus::Fail,
        () if any(Word::Invalid) => ExitStatus::Invalid,
        () => ExitStatus::Pass,
    }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<21} {:>11} {:>11} {:>11}  {:>8} {:>8}  verdict\n",
        "check", "measured", "true", "difference", "must", "goal"
    );
    let mut said = "";
    for row in rows {
        let number = |value: f64| with_unit(value, row.unit);
        let limit = |limit: Option<f64>| limit.map_or("-".to_string(), digits);
        text.push_str(&format!(
            "{:<21} {:>11} {:>11} {:>11}  {:>8} {:>8}  {}\n",
            row.name,
            number(row.measured),
            number(row.expected),
            number(row.difference()),
            limit(row.bound),
            limit(row.goal),
            row.verdict.text(),
        ));
        // What holds for several rows is said once.
        if !row.note.is_empty() && row.note != said {
            text.push_str(&format!("    {}\n", row.note));
        }
        said = &row.note;
    }
    text.push_str(&format!("\n{}\n", conclusion(rows)));
    text
}

fn conclusion(rows: &[Row]) -> String {
    let count = |word| rows.iter().filter(|row| row.verdict == word).count();
    let (goal, pass) = (count(Word::Goal), count(Word::Pass));
    let (fail, invalid) = (count(Word::Fail), count(Word::Invalid));
    let demanded = goal + pass + fail + invalid;
    let held = format!("{} of {demanded} bounds hold, {goal} with the goal too", goal + pass);
    match (fail, invalid) {
        (0, 0) => format!("PASS: {held}"),
        (0, _) => format!(
            "INVALID: {held}; {invalid} could not be told, because the machine was busy: try \
             again when it is quieter"
        ),
        (_, 0) => format!("FAIL: {held}; {fail} do not"),
        _ => format!("FAIL: {held}; {fail} do not, and {invalid} could not be told"),
    }
}

fn with_unit(value: f64, unit: &str) -> String {
    match unit {
        "" => digits(value),
        unit => format!("{} {unit}", digits(value)),
    }
}

/// As many digits as a person reads: whole numbers as they are, small ones to three places.
fn digits(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

fn json(rows: &[Row]) -> String {
    let row = |row: &Row| {
        serde_json::json!({
            "name": row.name,
            "measured": row.measured,
            "expected": row.expected,
            "difference": row.difference(),
            "bound": row.bound,
            "goal": row.goal,
            "unit": row.unit,
            "verdict": row.verdict.text(),
            "note": row.note,
        })
    };
    let rows: Vec<serde_json::Value> = rows.iter().map(row).collect();
    format!("{:#}\n", serde_json::Value::from(rows))
}

fn address(url: &str) -> Result<SocketAddr, Ended> {
    let address = url.strip_prefix("http://").and_then(|address| address.parse().ok());
    address.ok_or_else(|| Ended::environment(format!("the calibration server is at `{url}`")))
}

fn serve() -> Result<ExitStatus, Ended> {
    let failed = |error: std::io::Error| {
        Ended::environment(format!("the calibration server cannot serve: {error}"))
    };
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).map_err(failed)?;
    words::data(&format!("listening on http://{}\n", server.address().map_err(failed)?));
    let stopper = server.stopper();
    // Whoever started it holds its standard input open, and never writes to it.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        // A server that cannot be woken ends with the next request.
        let _ = stopper.stop();
    });
    server.run().map_err(failed)?;
    Ok(ExitStatus::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(measured: f64, busy: Option<&str>) -> Row {
        Row::info("constant p50", (measured, 200.0), "µs").within((50.0, 20.0), busy)
    }

    #[test]
    fn one_failure_decides_and_a_busy_machine_is_told_apart() {
        let rows = [row(210.0, None), row(240.0, None)];
        assert_eq!(status(&rows), ExitStatus::Pass);
        assert_eq!(conclusion(&rows), "PASS: 2 of 2 bounds hold, 1 with the goal too");
        let rows = [row(210.0, None), row(900.0, Some("busy")), Row::info("a", (1.0, 2.0), "")];
        assert_eq!(status(&rows), ExitStatus::Invalid);
        assert!(conclusion(&rows).starts_with("INVALID: 1 of 2 bounds hold"));
        let rows = [row(900.0, Some("busy")), row(900.0, None)];
        assert_eq!(status(&rows), ExitStatus::Fail);
        assert!(conclusion(&rows).starts_with("FAIL: 0 of 2"));
    }

    #[test]
    fn a_table_and_its_rows_say_the_same() {
        let rows = [row(1263.46, None).noted("a bare socket: 230 µs")];
        let table = table(&rows);
        for word in ["constant p50", "1263.5 µs", "200 µs", "1063.5 µs", "50", "20", "FAIL"] {
            assert!(table.contains(word), "{word}: {table}");
        }
        assert!(table.contains("    a bare socket: 230 µs\n"), "{table}");
        let read: serde_json::Value = serde_json::from_str(&json(&rows)).unwrap();
        assert_eq!(read[0]["verdict"], "FAIL");
        assert_eq!((&read[0]["bound"], &read[0]["goal"]), (&50.0.into(), &20.0.into()));
        let difference = read[0]["difference"].as_f64().unwrap();
        assert!((difference - 1063.46).abs() < 1e-9, "{difference}");
    }
}
