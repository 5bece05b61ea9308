//! Puts one load on the calibration server, with Taster's own engine and nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::CalibrationError;
use super::bare::Bare;
use super::wire::{Account, BODY, Windows};
use crate::diagnostic::SourceFile;
use crate::executor::{self, Observer, Options, Stop};
use crate::plan::{FileContent, Inputs, Overrides, Plan, ShapePlan, build};
use crate::result::journal::{Entry, Ledger};
use crate::result::{Health, Machine, RunInfo, RunResult, StepResult, histogram};
use crate::sample::Timing;
use crate::scenario;

/// Answers of the server that leave so late say that the machine is busy, in nanoseconds.
const LATE: u64 = 100_000;

/// So large a share of the server's time taken away says it too.
const LOST: f64 = 0.01;

/// Where and how it is measured.
#[derive(Debug)]
pub struct Bench {
    /// The calibration server.
    pub address: SocketAddr,
    /// What service times are drawn from.
    pub seed: u64,
    /// Threads that generate load.
    pub threads: usize,
    /// Ends it early.
    pub stop: Stop,
}

/// One load.
#[derive(Debug, Default)]
pub struct Trial<'a> {
    /// What is asked for; `{{ values.ns }}` is the value of the iteration.
    pub path: &'a str,
    /// The profile's keys.
    pub profile: String,
    /// A value for each iteration, in nanoseconds.
    pub values: Vec<u64>,
    /// When the server stands still.
    pub stall: Option<Windows>,
}

/// What was measured, and what can be known without measuring.
#[derive(Debug)]
pub struct Measured {
    /// As a report would have it.
    pub result: RunResult,
    /// Each request, in the order they were due.
    pub timings: Vec<Timing>,
    /// When each iteration is due by the plan; nothing in a closed model.
    pub due: Vec<Duration>,
    /// How the server fared.
    pub account: Account,
}

/// Keeps every sample.
#[derive(Default)]
struct Keeper(Vec<Timing>);

impl Observer for Keeper {
    fn entry(&mut self, _: &Entry, _: &Ledger) {}

    fn cpu_seconds(&mut self) -> Option<f64> {
        None
    }

    fn wants_timings(&self) -> bool {
        true
    }

    fn timings(&mut self, _: usize, timings: Vec<Timing>) {
        self.0.extend(timings);
    }
}

impl Trial<'_> {
    /// Runs it.
    ///
    /// # Errors
    /// When the server is gone, the engine does not start, or it was stopped.
    pub fn run(&self, bench: &Bench) -> Result<Measured, CalibrationError> {
        let plan = self.plan(bench)?;
        let mut server = Bare::connect(bench.address)?;
        server.stall(self.stall)?;
        server.account()?;
        let options = Options { workers: 1, threads: bench.threads, ..Options::default() };
        let known = (RunInfo::default(), Machine::default());
        let mut keeper = Keeper::default();
        let result = executor::execute(&plan, known, &options, &bench.stop, &mut keeper)?;
        if bench.stop.is_requested() {
            return Err(CalibrationError::Stopped);
        }
        server.stall(None)?;
        let account = server.account()?;
        let mut timings = keeper.0;
        timings.sort_by_key(|timing| timing.number);
        Ok(Measured { result, timings, due: schedule(&plan), account })
    }

    fn plan(&self, bench: &Bench) -> Result<Plan, CalibrationError> {
        let data =
            if self.values.is_empty() { "" } else { "data: { values: { csv: values.csv } }" };
        let Trial { path, profile, .. } = self;
        let body = BODY.trim_end();
        let text = format!(
            r#"name: selftest
{data}
load:
  journey: [{{ step: ask, get: "{path}", expect: {{ status: 200, body: "{body}\n" }} }}]
  profiles: {{ only: {{ {profile} }} }}
  sla: ["http_req_failed: rate<1"]
"#
        );
        let unread =
            |problems: crate::diagnostic::Diagnostics| CalibrationError::Plan(problems.to_string());
        let parsed = scenario::parse(&SourceFile::new("selftest.yaml", text)).map_err(unread)?;
        let mut inputs = Inputs::default();
        inputs.scenarios.push(parsed.0);
        let rows: String = self.values.iter().map(|value| format!("{value}\n")).collect();
        let rows = FileContent::Bytes(format!("ns\n{rows}").into_bytes().into());
        inputs.files.insert("values.csv".to_string(), rows);
        let target = format!("http://{}", bench.address);
        let overrides = Overrides { target, seed: bench.seed, load: true, ..Overrides::default() };
        build(&inputs, &overrides).map_err(unread)
    }
}

fn schedule(plan: &Plan) -> Vec<Duration> {
    let load = plan.scenarios.first().and_then(|scenario| scenario.load.as_ref());
    match load.map(|load| &load.shape) {
        Some(ShapePlan::Open { arrivals, .. }) => {
            arrivals.times((0, 1)).map(|(_, due)| due).collect()
        }
        _ => Vec::new(),
    }
}

impl Measured {
    /// The only step, as a report would have it.
    ///
    /// # Errors
    /// When it was never done.
    pub fn step(&self) -> Result<&StepResult, CalibrationError> {
        let done = self.result.steps.first().filter(|step| step.count > 0);
        done.ok_or(CalibrationError::Nothing)
    }

    /// All response times, as a report would have them, in microseconds.
    ///
    /// # Errors
    /// As `step`.
    pub fn responses(&self) -> Result<Histogram<u64>, CalibrationError> {
        let text = &self.step()?.histograms.response;
        histogram::decode(text).map_err(|error| CalibrationError::Plan(error.to_string()))
    }

    /// Each successful response time in microseconds, with its number.
    pub fn successes(&self) -> impl Iterator<Item = (u64, f64)> + '_ {
        let successes = self.timings.iter().filter(|timing| timing.outcome.is_ok());
        successes.map(|timing| {
            let response = timing.ended.saturating_sub(timing.due);
            (timing.number, response.as_nanos() as f64 / 1e3)
        })
    }

    /// Why nothing can be said of an error that was found: the machine was busy.
    pub fn busy(&self) -> Option<String> {
        let generator = &self.result.generator;
        if generator.health != Health::Valid {
            return Some(generator.reasons.join("; "));
        }
        let Account { late_p99, lost, .. } = self.account;
        if late_p99 > LATE {
            let late = late_p99 / 1_000;
            return Some(format!("the calibration server itself answered {late} µs late (p99)"));
        }
        (self.account.lost_share() > LOST).then(|| {
            let lost = lost / 1_000_000;
            format!("the machine kept the calibration server from its work for {lost} ms")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::journal::blank;

    fn bench() -> Bench {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        Bench { address, seed: 1, threads: 1, stop: Stop::new() }
    }

    fn busy(account: Account, health: Health) -> Option<String> {
        let mut result = blank();
        result.generator.health = health;
        result.generator.reasons = vec!["it was slow".to_string()];
        Measured { result, timings: Vec::new(), due: Vec::new(), account }.busy()
    }

    #[test]
    fn the_schedule_is_that_of_the_plan() {
        let trial = Trial {
            path: "/queue/{{ values.ns }}",
            profile: "arrivals: 400/s, duration: 2s".to_string(),
            values: vec![5; 800],
            ..Trial::default()
        };
        let plan = trial.plan(&bench()).unwrap();
        assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
        let due: Vec<u128> = schedule(&plan).iter().map(Duration::as_nanos).collect();
        assert_eq!(due, (0..800).map(|k| k * 2_500_000).collect::<Vec<u128>>());
    }

    #[test]
    fn a_closed_load_has_no_schedule() {
        let profile = "users: 2, duration: 1s".to_string();
        let plan = Trial { path: "/now", profile, ..Trial::default() }.plan(&bench()).unwrap();
        assert!(schedule(&plan).is_empty());
    }

    #[test]
    fn a_machine_is_busy_when_generator_or_server_say_so() {
        let calm = Account { late_p99: 20_000, awake: 1_000, lost: 5, ..Account::default() };
        assert_eq!(busy(calm, Health::Valid), None);
        for health in [Health::Suspect, Health::Invalid] {
            assert_eq!(busy(calm, health), Some("it was slow".to_string()));
        }
        let late = busy(Account { late_p99: 2_000_000, ..calm }, Health::Valid);
        assert!(late.is_some_and(|late| late.contains("2000 µs late")));
        assert!(busy(Account { lost: 50, ..calm }, Health::Valid).is_some());
    }
}
