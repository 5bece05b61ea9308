//! Whether a run beside a CPU hog says that its generator was disturbed, and one without does not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bench::{Bench, Problem, Side};
use crate::goals::{Reached, Row};
use crate::measure::Running;
use crate::server::Server;
use crate::tool::taster_result;

/// The row.
pub fn row(bench: &Bench, seconds: u64) -> Row {
    let what = "a CPU hog beside the generator: what the run says of it";
    let both =
        health(bench, seconds, false).and_then(|alone| Ok((alone, health(bench, seconds, true)?)));
    match both {
        Ok((alone, beside)) => Row {
            what: what.to_string(),
            measured: format!("{} ({}); without it {}", beside.0, beside.1, alone.0),
            wanted: ("SUSPECT or INVALID".into(), String::new()),
            reached: match beside.0.as_str() {
                "SUSPECT" | "INVALID" => Reached::Stretch,
                _ => Reached::Missed,
            },
            data: json!({ "beside": beside.0, "reasons": beside.1, "alone": alone.0,
                "reasons_alone": alone.1 }),
        },
        Err(problem) => Row::unknown(what, problem.to_string()),
    }
}

/// What a run says of its generator, and why.
fn health(bench: &Bench, seconds: u64, disturbed: bool) -> Result<(String, String), Problem> {
    let text = format!(
        "name: disturbed\nload:\n  journey: [{{ get: /x }}]\n  profiles:\n    \
         open: {{ arrivals: 2000/s, duration: {seconds}s }}\n  \
         sla: [\"http_req_failed: rate<0.01\"]\n"
    );
    let file = bench.write("hog.yaml", &text)?;
    let server = Server::start(bench, false)?;
    let folder = bench.folder.join("hog");
    let mut hog = match disturbed {
        true => {
            let mut hog = bench.itself(Side::Generator);
            Some(hog.arg("hog").arg((seconds + 30).to_string()).spawn()?)
        }
        false => None,
    };
    let running = Running::start(bench, bench.taster(&file, "open", (&server.url(), &folder)));
    let ended = running.and_then(|running| running.end(Duration::from_secs(seconds + 60)));
    if let Some(hog) = &mut hog {
        hog.kill()?;
        hog.wait()?;
    }
    ended?;
    let generator = taster_result(&folder)?["generator"].take();
    let reasons = generator["reasons"].as_array().cloned().unwrap_or_default();
    let reasons: Vec<&str> = reasons.iter().filter_map(Value::as_str).collect();
    Ok((generator["health"].as_str().unwrap_or("unknown").to_string(), reasons.join("; ")))
}
