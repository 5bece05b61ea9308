//! Measures one load generator once: what reached the server in a window after a warm-up, and the
//! CPU time that it took.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bench::{Bench, Problem, USERS};
use crate::proc;
use crate::server::{Counted, Server};
use crate::tool::Tool;

/// A server core that is this busy is what limits the rate.
const BOUND: f64 = 0.95;

/// Others that used more than this of the generator's core took their part of its rate.
const DISTURBED: f64 = 0.05;

/// Shares by which claimed and counted requests may differ.
const ALIKE: f64 = 0.02;

/// A program that has not begun to send by then never will.
const BEGINS: Duration = Duration::from_secs(30);

/// One measurement.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Requests a second, as counted at the server.
    pub rate: f64,
    /// CPU time of the generator for each of them, in microseconds.
    pub cpu_us: f64,
    /// The same over its whole life, its start and its end included.
    pub whole_cpu_us: f64,
    /// The share of its core that the server used.
    pub server: f64,
    /// The share of the generator's core that others used; zero where it has none of its own.
    pub foreign: f64,
    /// Requests it says it made, and those the server counted, over its whole life.
    pub claimed: u64,
    /// See `claimed`.
    pub served: u64,
    /// The command line.
    pub command: String,
}

impl Measured {
    /// Whether the server was the limit.
    pub fn is_server_bound(&self) -> bool {
        self.server > BOUND
    }

    /// Whether others were in the way.
    pub fn is_disturbed(&self) -> bool {
        self.foreign > DISTURBED
    }

    /// Whether it did what it says. Those in flight at the end may be counted on one side only.
    pub fn is_equal_work(&self) -> bool {
        let off = self.claimed.abs_diff(self.served);
        off <= u64::from(2 * USERS) || off as f64 <= ALIKE * self.served as f64
    }

    /// For the file.
    pub fn json(&self) -> Value {
        json!({
            "requests_per_second": self.rate, "cpu_us_per_request": self.cpu_us,
            "cpu_us_per_request_whole_life": self.whole_cpu_us, "server_core": self.server,
            "foreign_share_of_generator_core": self.foreign, "claimed": self.claimed,
            "served": self.served, "equal_work": self.is_equal_work(),
            "server_bound": self.is_server_bound(), "disturbed": self.is_disturbed(), "command": self.command,
        })
    }
}

/// A generator that runs; it is ended with this value.
pub struct Running {
    child: Child,
    /// The command line.
    pub command: String,
    output: std::path::PathBuf,
}

impl Running {
    /// Starts a command whose output goes to a file.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(bench: &Bench, mut command: Command) -> Result<Self, Problem> {
        let output = bench.folder.join("stdout");
        let words = File::create(bench.folder.join("stderr"))?;
        command.stdin(Stdio::null()).stdout(File::create(&output)?).stderr(words);
        let shown = show(&command);
        let child = command.spawn().map_err(|error| Problem::new(format!("{shown}: {error}")))?;
        Ok(Self { child, command: shown, output })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub fn is_alive(&mut self) -> Result<bool, Problem> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits for its end, but not for ever, and gives what it printed.
    ///
    /// # Errors
    /// When it does not end.
    pub fn end(mut self, limit: Duration) -> Result<String, Problem> {
        let begin = Instant::now();
        while self.is_alive()? {
            if begin.elapsed() > limit {
                return Err(Problem::new(format!("does not end: {}", self.command)));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(fs::read_to_string(&self.output)?)
    }

    /// The end of what it said beside its output.
    pub fn said(&self) -> String {
        let file = self.output.with_file_name("stderr");
        let text = fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("; ")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, unless something went wrong.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Measures a tool on a server.
///
/// # Errors
/// When it fails, ends early or does not tell what it did.
pub fn measure(bench: &Bench, server: &Server, tool: Tool) -> Result<Measured, Problem> {
    let waited = proc::waited_cpu();
    let before = server.counted()?;
    let running = Running::start(bench, tool.command(bench, &server.url())?)?;
    let command = running.command.clone();
    let (running, window) = window(bench, server, running)?;
    let output = running.end(Duration::from_secs(60))?;
    let served = server.counted()?.requests - before.requests;
    let whole = proc::waited_cpu().saturating_sub(waited);
    let claimed = tool.claim(bench, &output)?;
    let whole_cpu_us = micros(whole) / served.max(1) as f64;
    Ok(Measured { whole_cpu_us, claimed, served, command, ..window })
}

/// Watches a generator through its warm-up and the measured part.
///
/// # Errors
/// When it sends nothing or ends too early.
pub fn window(
    bench: &Bench,
    server: &Server,
    mut running: Running,
) -> Result<(Running, Measured), Problem> {
    wait_for_requests(server, &mut running)?;
    std::thread::sleep(bench.amount.warm_up);
    let begin = Moment::now(server, &running)?;
    std::thread::sleep(bench.amount.seconds);
    let mut end = Moment::now(server, &running)?;
    if !bench.pinned {
        // Whoever else is busy there, it is not the core of the generator.
        end.busy = begin.busy;
    }
    if !running.is_alive()? {
        let said = running.said();
        return Err(Problem::new(format!("ended too early: {}: {said}", running.command)));
    }
    Ok((running, begin.to(end)))
}

fn wait_for_requests(server: &Server, running: &mut Running) -> Result<(), Problem> {
    let first = server.counted()?.requests;
    let begin = Instant::now();
    while server.counted()?.requests < first + 10 {
        if !running.is_alive()? || begin.elapsed() > BEGINS {
            let said = running.said();
            return Err(Problem::new(format!("sent nothing: {}: {said}", running.command)));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// All counters at a moment.
struct Moment {
    server: Counted,
    generator: Duration,
    busy: Duration,
}

impl Moment {
    fn now(server: &Server, running: &Running) -> Result<Self, Problem> {
        let generator = proc::tree_cpu(running.id());
        let busy = proc::busy(0);
        Ok(Self { server: server.counted()?, generator, busy })
    }

    fn to(&self, end: Self) -> Measured {
        let seconds = (end.server.at - self.server.at).as_secs_f64();
        let requests = end.server.requests - self.server.requests;
        let cpu = end.generator.saturating_sub(self.generator);
        let others = end.busy.saturating_sub(self.busy).saturating_sub(cpu);
        Measured {
            rate: requests as f64 / seconds,
            cpu_us: micros(cpu) / requests.max(1) as f64,
            whole_cpu_us: 0.0,
            server: end.server.cpu.saturating_sub(self.server.cpu).as_secs_f64() / seconds,
            foreign: others.as_secs_f64() / seconds,
            claimed: 0,
            served: 0,
            command: String::new(),
        }
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
