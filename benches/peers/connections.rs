//! What a request costs with many connections, against few.

use std::time::Duration;

use serde_json::json;

use crate::bench::{Bench, Problem};
use crate::goals::{Reached, Row};
use crate::measure::{Measured, Running, window};
use crate::server::Server;
use crate::stats::Spread;

/// The row: the CPU time of a request at `many` connections as a multiple of that at 64.
pub fn row(bench: &Bench, many: u64) -> Row {
    let what = format!("CPU per request at {many} connections, against 64");
    if bench.open_files < many + 200 {
        let limit = bench.open_files;
        return Row::unknown(&what, format!("only {limit} open files: raise `ulimit -n`"));
    }
    let mut ratios = Vec::new();
    let mut pairs = Vec::new();
    for _ in 0..bench.amount.rounds.min(3) {
        match (with(bench, 64), with(bench, many)) {
            (Ok(few), Ok(many)) => {
                eprintln!("connections: {:.2} us and {:.2} us", few.cpu_us, many.cpu_us);
                ratios.push(many.cpu_us / few.cpu_us);
                pairs.push(json!({ "few": few.json(), "many": many.json() }));
            }
            (Err(problem), _) | (_, Err(problem)) => {
                return Row::unknown(&what, problem.to_string());
            }
        }
    }
    let Some(spread) = Spread::of(&ratios, bench.amount.seed) else {
        return Row::unknown(&what, "no rounds".into());
    };
    Row {
        what,
        measured: spread.show(2),
        wanted: ("1.70".into(), "1.50".into()),
        reached: Reached::at_most(spread.median, (1.7, 1.5)),
        data: json!({ "ratio": spread.json(), "rounds": pairs }),
    }
}

fn with(bench: &Bench, users: u64) -> Result<Measured, Problem> {
    // Many connections take their time to be made.
    let told = bench.amount.told() + 2;
    let text = format!(
        "name: connections\nload:\n  journey: [{{ get: /x }}]\n  profiles:\n    \
         open: {{ users: {users}, shared-iterations: 1000000000, max-duration: {told}s }}\n  \
         sla: [\"http_req_failed: rate<0.01\"]\n"
    );
    let file = bench.write("connections.yaml", &text)?;
    let server = Server::start(bench, false)?;
    let result = bench.folder.join("connections");
    let running = Running::start(bench, bench.taster(&file, "open", (&server.url(), &result)))?;
    let (running, measured) = window(bench, &server, running)?;
    let open = server.counted()?.connections;
    let command = running.command.clone();
    running.end(Duration::from_secs(90))?;
    match open >= users {
        true => Ok(Measured { command, ..measured }),
        false => Err(Problem::new(format!("only {open} of {users} connections were open"))),
    }
}
