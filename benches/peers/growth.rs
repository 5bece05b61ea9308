//! Whether memory grows with the requests recorded: ever more of them in the same time.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Bench, Problem};
use crate::goals::{Reached, Row};
use crate::measure::Running;
use crate::proc;
use crate::server::Server;

/// The kernel gives and takes memory in pieces; less than this is no growth.
const NOISE: f64 = 1e6;

/// So large a share of the requests that were due must have been made just before the end.
const ENOUGH: f64 = 0.8;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct Growth<'a> {
    /// Requests of each run.
    pub requests: &'a [u64],
    /// The time of each run.
    pub seconds: u64,
}

/// The row: bytes for each further request.
pub fn row(bench: &Bench, growth: Growth) -> Row {
    let wanted: Vec<String> = growth.requests.iter().map(ToString::to_string).collect();
    let what = format!("memory per request recorded ({} requests)", wanted.join(", "));
    let run = |requests: &u64| run(bench, *requests, growth.seconds);
    let runs: Result<Vec<(u64, u64)>, Problem> = growth.requests.iter().map(run).collect();
    match runs.as_deref() {
        Ok([(least, small), .., (most, large)]) if most > least => {
            let grown = *large as f64 - *small as f64;
            let each = grown / (most - least) as f64;
            let points: Vec<Value> = runs.iter().flatten().map(point).collect();
            Row {
                what,
                measured: format!(
                    "{each:.2} bytes ({:+.1} MB from {least} to {most} requests, of {:.1} MB)",
                    grown / 1e6,
                    *large as f64 / 1e6
                ),
                wanted: ("0".into(), "0".into()),
                reached: Reached::at_most(grown, (NOISE, NOISE)),
                data: json!({ "runs": points, "bytes_per_request": each }),
            }
        }
        Ok(runs) => Row::unknown(&what, format!("no more requests than before: {runs:?}")),
        Err(problem) => Row::unknown(&what, problem.to_string()),
    }
}

fn point((requests, bytes): &(u64, u64)) -> Value {
    json!({ "requests": requests, "resident_bytes": bytes })
}

/// Requests that were served and the bytes resident just before the load ends.
fn run(bench: &Bench, requests: u64, seconds: u64) -> Result<(u64, u64), Problem> {
    let rate = requests / seconds;
    let text = format!(
        "name: growth\nload:\n  journey: [{{ get: /x }}]\n  profiles:\n    \
         open: {{ arrivals: {rate}/s, duration: {seconds}s, max-users: 64 }}\n  \
         sla: [\"http_req_failed: rate<0.01\"]\n"
    );
    let file = bench.write("growth.yaml", &text)?;
    let server = Server::start(bench, false)?;
    let result = bench.folder.join("growth");
    let mut running = Running::start(bench, bench.taster(&file, "open", (&server.url(), &result)))?;
    let mut waited = 0;
    while server.counted()?.requests == 0 {
        waited += 1;
        if !running.is_alive()? || waited > 1_000 {
            return Err(Problem::new(format!("Taster sent nothing: {}", running.said())));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_secs(seconds) - Duration::from_millis(300));
    let bytes = proc::tree_memory(running.id());
    let served = server.counted()?.requests;
    running.end(Duration::from_secs(60))?;
    let due = requests as f64 * (1.0 - 0.3 / seconds as f64);
    if (served as f64) < ENOUGH * due {
        // What waits to be sent takes memory too, and is no record.
        let problem = format!("only {served} of {requests} requests were made in the time");
        return Err(Problem::new(problem));
    }
    eprintln!("growth: {served} requests, {:.1} MB", bytes as f64 / 1e6);
    Ok((served, bytes))
}
