//! Measures a load alone, with the live view, and published, in turn, so that a slow machine slows
//! all of them: the same program with nobody to show anything to, on a terminal that somebody reads,
//! and with a scraper and an OTLP receiver that hear of it each second.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::receivers::Receivers;
use super::terminal::terminal;

/// Anything that ends the comparison, in words.
pub type Problem = String;

/// How much is done.
#[derive(Clone, Copy)]
pub struct Amount {
    pub rounds: u32,
    pub seconds: u32,
    /// Requests a second.
    pub rate: u32,
}

/// Steps of the journey: the view has a row for each.
const STEPS: u32 = 5;

/// What one load came to.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Whether the view was drawn at all.
    pub drawn: bool,
    /// How often it was scraped with an answer, and how often it pushed.
    pub told: (usize, usize),
    /// Requests a second that were sent and answered well.
    pub rate: f64,
    /// CPU time of the whole process for a request, the watching included, in microseconds.
    pub cpu_us: f64,
    /// The share of a core that the load's own thread worked.
    pub core: f64,
    /// How late iterations began, 99th percentile, in microseconds.
    pub late_us: f64,
    /// How late the load's event loop was at most in a second, median of all seconds.
    pub gap_us: f64,
    /// The 99th percentile of response times, in microseconds.
    pub p99_us: f64,
}

/// A number to be compared: its name, its unit, and where it is.
pub type Number = (&'static str, &'static str, fn(&Seen) -> f64);

/// What is compared.
pub const NUMBERS: [Number; 6] = [
    ("requests a second", "", |seen| seen.rate),
    ("CPU for a request, the watching included", "us", |seen| seen.cpu_us),
    ("share of a core of the load's thread", "", |seen| seen.core),
    ("iterations began late (p99)", "us", |seen| seen.late_us),
    ("the loop's longest gap in a second (median)", "us", |seen| seen.gap_us),
    ("response time (p99)", "us", |seen| seen.p99_us),
];

/// How a load is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Not at all.
    Alone,
    /// On a terminal.
    View,
    /// By what scrapes it and what it pushes to, each once a second.
    Published,
}

/// In the order of the table's columns.
pub const WAYS: [Watched; 3] = [Watched::Alone, Watched::View, Watched::Published];

/// Each round: as in `WAYS`.
pub struct Compared {
    pub amount: Amount,
    pub rounds: Vec<[Seen; 3]>,
}

impl Compared {
    /// The medians of all rounds, and of the ratios to the load alone within them, with the least
    /// and the greatest.
    pub fn table(&self) -> String {
        let Amount { rounds, seconds, rate } = self.amount;
        let mut text = format!(
            "{rounds} rounds of {seconds} s at {rate} requests a second, one thread\n\n\
             | what | alone | with the view | ratio (all rounds) | published | ratio (all rounds) |\n\
             |---|---|---|---|---|---|\n"
        );
        for (what, unit, of) in NUMBERS {
            let middle = |way: usize| median(self.rounds.iter().map(|all| of(&all[way])).collect());
            let shown = |way: usize| format!("{:.2} {unit}", middle(way)).trim_end().to_string();
            let (alone, view, published) = (shown(0), shown(1), shown(2));
            let (of_view, of_published) = (self.ratio(1, of), self.ratio(2, of));
            let _ = writeln!(
                text,
                "| {what} | {alone} | {view} | {of_view} | {published} | {of_published} |"
            );
        }
        text
    }

    fn ratio(&self, way: usize, of: fn(&Seen) -> f64) -> String {
        let ratios = self.rounds.iter().map(|all| of(&all[way]) / of(&all[0]));
        let mut ratios: Vec<f64> = ratios.filter(|ratio| ratio.is_finite()).collect();
        ratios.sort_by(f64::total_cmp);
        match (ratios.first(), ratios.last()) {
            (Some(least), Some(most)) => {
                format!("{:.3} ({least:.3} to {most:.3})", median(ratios.clone()))
            }
            _ => "-".to_string(),
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// One load, watched in one way.
pub fn load(url: &str, amount: Amount, watched: Watched) -> Result<Seen, Problem> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    std::fs::write(folder.path().join("view.yaml"), scenario(amount))
        .map_err(|error| error.to_string())?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_taster"));
    command.args(["load", "view.yaml", "--profile", "p", "--threads", "1", "--report", "json"]);
    command.args(["--target", url, "--out", "out"]);
    command.current_dir(folder.path()).env("TERM", "xterm-256color").stdout(Stdio::null());
    let (mut drawn, mut told) = (String::new(), (0, 0));
    match watched {
        Watched::View => drawn = seated(command)?,
        Watched::Alone => quietly(&mut command)?,
        Watched::Published => {
            let receivers = Receivers::start().map_err(|error| error.to_string())?;
            command.arg("--metrics-listen").arg(&receivers.scraped);
            command.arg(format!("--otlp=http://{}", receivers.pushed));
            command.env("OTEL_METRIC_EXPORT_INTERVAL", "1000");
            quietly(&mut command)?;
            told = receivers.end();
        }
    }
    let text = std::fs::read_to_string(folder.path().join("out/result.json"))
        .map_err(|error| format!("no result: {error}; {drawn}"))?;
    let result: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    Ok(Seen { drawn: drawn.contains("generator"), told, ..seen(&result) })
}

fn scenario(amount: Amount) -> String {
    let steps: Vec<String> =
        (0..STEPS).map(|step| format!("{{ step: s{step}, get: /{step} }}")).collect();
    format!(
        "name: view\nload:\n  journey: [{}]\n  profiles:\n    \
         p: {{ arrivals: {}/s, duration: {}s, max-users: 100 }}\n  sla:\n    \
         - \"http_req_duration: p(95)<100\"\n    - \"http_req_duration{{step:s0}}: p(99)<200\"\n    \
         - \"http_req_failed: rate<0.5\"\n",
        steps.join(", "),
        amount.rate.div_ceil(STEPS),
        amount.seconds
    )
}

fn quietly(command: &mut Command) -> Result<(), Problem> {
    let status = command.stdin(Stdio::null()).stderr(Stdio::null()).status();
    status.map(drop).map_err(|error| error.to_string())
}

/// Runs a program on a terminal that somebody reads; what was drawn.
fn seated(mut command: Command) -> Result<String, Problem> {
    let (mut screen, theirs) = terminal((120, 36)).map_err(|error| error.to_string())?;
    let copy = theirs.try_clone().map_err(|error| error.to_string())?;
    let child = command.stdin(copy).stderr(theirs).spawn();
    // The command keeps copies of the other side, and the end would never be seen.
    drop(command);
    let mut child = child.map_err(|error| error.to_string())?;
    let mut drawn = Vec::new();
    // The end of a terminal is an error on this system.
    let _ = screen.read_to_end(&mut drawn);
    child.wait().map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&drawn).into_owned())
}

fn seen(result: &Value) -> Seen {
    let steps = result["steps"].as_array().cloned().unwrap_or_default();
    let load = &result["scenarios"][0]["load"];
    let seconds = load["duration_ms"].as_f64().unwrap_or_default() / 1e3;
    let of = |name: &str| steps.iter().filter_map(|step| step[name].as_f64()).sum::<f64>();
    let done = of("count") - of("failed");
    let list = |name: &str| -> Vec<f64> {
        let values = result["generator"][name].as_array();
        values.into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let cores = result["machine"]["cores"].as_f64().unwrap_or(1.0);
    let worst = |what: &str| {
        let values = steps.iter().filter_map(|step| step[what]["p99"].as_f64());
        values.fold(0.0, f64::max)
    };
    Seen {
        drawn: false,
        told: (0, 0),
        rate: done / seconds,
        cpu_us: mean(list("cpu")) * cores * seconds * 1e6 / done,
        core: mean(list("thread_cpu")),
        late_us: worst("lag_us"),
        gap_us: median(list("loop_gap_us")),
        p99_us: worst("response_us"),
    }
}

/// A server that costs as little as there is: a thread for each connection, one answer for all.
pub fn serve() -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            std::thread::spawn(move || answer(connection));
        }
    });
    Ok(url)
}

fn answer(mut connection: TcpStream) {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
        content-length: 16\r\n\r\n{\"data\":{\"n\":1}}";
    let _ = connection.set_nodelay(true);
    let mut open = Vec::new();
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = connection.read(&mut bytes) {
        open.extend_from_slice(&bytes[..count]);
        while let Some(end) = open.windows(4).position(|four| four == b"\r\n\r\n") {
            open.drain(..end + 4);
            if connection.write_all(ANSWER).is_err() {
                return;
            }
        }
    }
}
