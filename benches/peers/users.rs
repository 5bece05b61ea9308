//! The memory of many users that have made one request and think, in both models.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::bench::{Bench, Problem};
use crate::goals::{Reached, Row};
use crate::measure::Running;
use crate::proc;
use crate::server::Server;

/// Users that take longer to come than this never will.
const PATIENCE: Duration = Duration::from_secs(90);

/// The rows of both models.
pub fn rows(bench: &Bench, users: u64) -> Vec<Row> {
    let models = [("closed (goose)", "closed", (200.0, 100.0)), ("open", "open", (100.0, 40.0))];
    let row = |(name, profile, wanted): (&str, &str, (f64, f64))| {
        let what = format!("resident memory with {users} thinking users, {name}");
        match measured(bench, users, profile) {
            Ok((megabytes, connections)) => Row {
                // Users that think may have lent their connection to others.
                measured: format!("{megabytes:.1} MB with {connections} connections"),
                wanted: (format!("{} MB", wanted.0), format!("{} MB", wanted.1)),
                reached: Reached::at_most(megabytes, wanted),
                data: json!({ "megabytes": megabytes, "connections": connections }),
                what,
            },
            Err(problem) => Row::unknown(&what, problem.to_string()),
        }
    };
    models.into_iter().map(row).collect()
}

/// Megabytes and open connections when all users think.
fn measured(bench: &Bench, users: u64, profile: &str) -> Result<(f64, u64), Problem> {
    if bench.open_files < users + 200 {
        return Err(Problem::new(format!(
            "a process may open {} files here, and {users} users need more: raise `ulimit -n`",
            bench.open_files
        )));
    }
    let file = bench.write("users.yaml", &scenario(users))?;
    let server = Server::start(bench, false)?;
    let result = bench.folder.join("users");
    let command = bench.taster(&file, profile, (&server.url(), &result));
    let mut running = Running::start(bench, command)?;
    let begin = Instant::now();
    loop {
        let seen = server.counted()?;
        if seen.requests >= users {
            break;
        }
        if !running.is_alive()? || begin.elapsed() > PATIENCE {
            let (asked, said) = (seen.requests, running.said());
            return Err(Problem::new(format!("only {asked} users asked: {said}")));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    // What was needed only to come is given back by then.
    std::thread::sleep(bench.amount.warm_up);
    let connections = server.counted()?.connections;
    Ok((proc::tree_memory(running.id()) as f64 / 1e6, connections))
}

fn scenario(users: u64) -> String {
    let rate = (users / 5).max(10);
    let duration = (users as f64 / rate as f64 * 1e3).ceil();
    format!(
        "name: thinking users\nload:\n  journey: [{{ get: /x, think: 1h }}]\n  profiles:\n    \
         closed: {{ users: {users}, duration: 10m }}\n    \
         open: {{ arrivals: {rate}/s, duration: {duration}ms, max-users: {users}, \
         graceful-stop: 10m }}\n  sla: [\"http_req_failed: rate<0.01\"]\n"
    )
}
