//! The load generators: how each is told to do the same work, and how many requests it says it
//! made.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, Problem, Side, USERS, home};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// `GET /x`, again and again.
    Get,
    /// The seven requests with their checks.
    Journey,
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// wrk.
    Wrk,
    /// Taster, users driven by goose.
    Closed,
    /// Taster, users driven by its own engine.
    Own,
    /// oha.
    Oha,
    /// hey.
    Hey,
    /// A loop around reqwest.
    Reqwest,
    /// Goose's own requests.
    Goose,
    /// The floor.
    Floor,
    /// Locust with its fast client.
    Locust,
    /// Artillery.
    Artillery,
}

/// A generator at a work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tool {
    /// Who.
    pub who: Who,
    /// What.
    pub work: Work,
}

/// Everybody at everything that is compared.
const TOOLS: [Tool; 12] = [
    Tool { who: Who::Wrk, work: Work::Get },
    Tool { who: Who::Closed, work: Work::Get },
    Tool { who: Who::Own, work: Work::Get },
    Tool { who: Who::Oha, work: Work::Get },
    Tool { who: Who::Hey, work: Work::Get },
    Tool { who: Who::Reqwest, work: Work::Get },
    Tool { who: Who::Goose, work: Work::Get },
    Tool { who: Who::Floor, work: Work::Get },
    Tool { who: Who::Closed, work: Work::Journey },
    Tool { who: Who::Own, work: Work::Journey },
    Tool { who: Who::Locust, work: Work::Journey },
    Tool { who: Who::Artillery, work: Work::Journey },
];

/// Those that can be run here.
pub fn available(bench: &Bench) -> Vec<Tool> {
    let here = |tool: &Tool| match tool.who.program() {
        Some(program) => bench.programs.contains_key(program),
        None => true,
    };
    TOOLS.iter().copied().filter(here).collect()
}

impl Who {
    /// The name of the program that has to be installed; none for what is built here.
    pub fn program(self) -> Option<&'static str> {
        match self {
            Who::Wrk => Some("wrk"),
            Who::Oha => Some("oha"),
            Who::Hey => Some("hey"),
            Who::Locust => Some("locust"),
            Who::Artillery => Some("artillery"),
            Who::Closed | Who::Own | Who::Reqwest | Who::Goose | Who::Floor => None,
        }
    }

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Who::Closed => "Taster, closed (goose)",
            Who::Own => "Taster, own engine",
            Who::Reqwest => "reqwest loop",
            Who::Goose => "goose's own request",
            Who::Floor => "floor (by hand)",
            Who::Locust => "Locust (fast)",
            other => other.program().unwrap_or_default(),
        }
    }
}

impl Work {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Work::Get => "GET",
            Work::Journey => "journey",
        }
    }

    fn scenario(self) -> &'static str {
        match self {
            Work::Get => include_str!("get.yaml"),
            Work::Journey => include_str!("journey.yaml"),
        }
    }
}

impl std::fmt::Display for Tool {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.work.name(), self.who.name())
    }
}

impl Tool {
    /// The command that lets it work on a server for `told` seconds.
    ///
    /// # Errors
    /// When a file that it needs cannot be written.
    pub fn command(self, bench: &Bench, base: &str) -> Result<Command, Problem> {
        let seconds = bench.amount.told();
        let (url, users) = (format!("{base}/x"), USERS.to_string());
        let time = format!("{seconds}s");
        let named = |program: &str| bench.pinned(Side::Generator, &bench.programs[program]);
        let mut command = match self.who {
            Who::Wrk => {
                let mut command = named("wrk");
                command.args(["-t1", "-c", &users, "-d", &time, &url]);
                command
            }
            Who::Oha => {
                let mut command = named("oha");
                command.args(["--no-tui", "--output-format", "json", "-c", &users, "-z", &time]);
                command.arg(&url);
                command
            }
            Who::Hey => {
                let mut command = named("hey");
                command.args(["-cpus", "1", "-c", &users, "-z", &time, &url]);
                command
            }
            Who::Closed => self.taster(bench, (base, seconds), "smoke")?,
            Who::Own => self.taster(bench, (base, seconds), "open")?,
            Who::Reqwest => client(bench, "reqwest", (&url, seconds)),
            Who::Goose => client(bench, "goose", (&url, seconds)),
            Who::Floor => client(bench, "floor", (&url, seconds)),
            Who::Locust => locust(bench, named("locust"), (base, seconds)),
            Who::Artillery => artillery(bench, named("artillery"), (base, seconds)),
        };
        // One core: one thread each, where it can be told.
        command.env("TOKIO_WORKER_THREADS", "1").env("GOMAXPROCS", "1").env("NO_COLOR", "1");
        Ok(command)
    }

    /// The scenario file with another duration, and Taster on it.
    fn taster(
        self,
        bench: &Bench,
        (base, seconds): (&str, u64),
        profile: &str,
    ) -> Result<Command, Problem> {
        let text = self.work.scenario().replace("duration: 5s", &format!("duration: {seconds}s"));
        let file = bench.write(&format!("{}.yaml", self.work.name()), &text)?;
        Ok(bench.taster(&file, profile, (base, &bench.folder.join("result"))))
    }

    /// How many successful requests it says it made.
    ///
    /// # Errors
    /// When it does not say, or says that some failed.
    pub fn claim(self, bench: &Bench, output: &str) -> Result<u64, Problem> {
        let unclear = |what: &str| Problem::new(format!("{self} does not tell {what}: {output}"));
        let requests = match self.who {
            Who::Wrk => wrk_claim(output),
            Who::Hey => hey_claim(output),
            Who::Oha => oha_claim(output),
            Who::Closed | Who::Own => return taster_claim(&bench.folder.join("result")),
            Who::Locust => locust_claim(output),
            Who::Artillery => artillery_claim(&bench.folder.join("artillery.json")),
            Who::Reqwest | Who::Goose | Who::Floor => {
                output.lines().find_map(|line| line.strip_prefix("requests: ")?.parse().ok())
            }
        };
        requests.ok_or_else(|| unclear("how many requests it made without a failure"))
    }
}

fn client(bench: &Bench, name: &str, (url, seconds): (&str, u64)) -> Command {
    let mut command = bench.itself(Side::Generator);
    command.args(["client", name, url, &seconds.to_string()]);
    command
}

fn locust(bench: &Bench, mut command: Command, (base, seconds): (&str, u64)) -> Command {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/locustfile.py");
    let (users, time) = (USERS.to_string(), format!("{seconds}s"));
    command.args(["-f", file, "--headless", "--json", "--only-summary", "-H", base]);
    command.args(["-u", &users, "-r", &users, "-t", &time]);
    command.env("PEERS_WORK", "journey").current_dir(&bench.folder);
    command
}

fn artillery(bench: &Bench, mut command: Command, (base, seconds): (&str, u64)) -> Command {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/artillery.yml");
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    command.args(["run", "--quiet", "--output"]).arg(bench.folder.join("artillery.json")).arg(file);
    command.env("PEERS_TARGET", base).env("PEERS_SECONDS", (seconds + 2).to_string());
    command.env("PEERS_TODAY", today).env("ARTILLERY_DISABLE_TELEMETRY", "true");
    command.env("WORKERS", "1").current_dir(&bench.folder);
    command
}

fn wrk_claim(output: &str) -> Option<u64> {
    let bad = output.contains("Socket errors") || output.contains("Non-2xx");
    let line = output.lines().find(|line| line.contains(" requests in "))?;
    line.split_whitespace().next()?.parse().ok().filter(|_| !bad)
}

/// Its last lines count the answers of each status, such as `[200] 123 responses`.
fn hey_claim(output: &str) -> Option<u64> {
    let statuses = output.lines().filter_map(|line| line.trim().strip_prefix('['));
    let mut counts = statuses.filter_map(|line| line.split_once(']')).collect::<Vec<_>>();
    counts.retain(|(_, rest)| rest.ends_with("responses"));
    match counts.as_slice() {
        [("200", rest)] => rest.split_whitespace().next()?.parse().ok(),
        _ => None,
    }
}

fn oha_claim(output: &str) -> Option<u64> {
    let json: Value = serde_json::from_str(output).ok()?;
    let statuses = json["statusCodeDistribution"].as_object()?;
    // What was cut off at the end is named as an error of its own.
    statuses.get("200").and_then(Value::as_u64).filter(|_| statuses.len() == 1)
}

fn locust_claim(output: &str) -> Option<u64> {
    let begin = output.find('[')?;
    let json: Value = serde_json::from_str(output[begin..].trim()).ok()?;
    let rows = json.as_array()?;
    let sum = |key: &str| rows.iter().map(|row| row[key].as_u64().unwrap_or(0)).sum::<u64>();
    (sum("num_failures") == 0).then(|| sum("num_requests"))
}

fn artillery_claim(file: &Path) -> Option<u64> {
    let json: Value = serde_json::from_str(&fs::read_to_string(file).ok()?).ok()?;
    let counters = json["aggregate"]["counters"].as_object()?;
    let failed = counters.keys().any(|key| key.starts_with("errors."));
    let codes = counters.iter().filter(|(key, _)| key.starts_with("http.codes.20"));
    let requests = codes.filter_map(|(_, count)| count.as_u64()).sum();
    (!failed && requests > 0).then_some(requests)
}

/// From its result file: requests of all steps, none of which may have failed.
fn taster_claim(folder: &Path) -> Result<u64, Problem> {
    let result = taster_result(folder)?;
    let steps = result["steps"].as_array().cloned().unwrap_or_default();
    let sum = |key: &str| steps.iter().map(|step| step[key].as_u64().unwrap_or(0)).sum::<u64>();
    match sum("failed") {
        0 => Ok(sum("count")),
        failed => Err(Problem::new(format!("Taster: {failed} of its requests failed"))),
    }
}

/// A result file of Taster.
///
/// # Errors
/// When there is none.
pub fn taster_result(folder: &Path) -> Result<Value, Problem> {
    let file = folder.join("result.json");
    let text = fs::read_to_string(&file)
        .map_err(|error| Problem::new(format!("Taster left no {}: {error}", file.display())))?;
    Ok(serde_json::from_str(&text)?)
}

/// Where the launcher of a peer is after its installation by us.
pub fn installed(program: &str) -> std::path::PathBuf {
    let below = match program {
        "oha" => "oha/bin/oha",
        "locust" => "venv/bin/locust",
        "artillery" => "npm/node_modules/.bin/artillery",
        other => other,
    };
    home().join(below)
}
