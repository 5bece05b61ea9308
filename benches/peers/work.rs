//! Whether all do the same work, seen at the server: a short pass with a log of every request.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::bench::{Amount, Bench, Problem, USERS};
use crate::measure::Running;
use crate::server::{CONFIGURATION, Server};
use crate::tool::{Tool, Work};

/// The journey's requests: method, target, status.
const JOURNEY: [(&str, &str, &str); 7] = [
    ("POST", "/api/auth/login", "200"),
    ("GET", "/api/users/profile", "200"),
    ("GET", "/api/meals?limit=10", "200"),
    ("GET", "/api/recommendations", "200"),
    ("GET", "/api/products?search=apple", "200"),
    ("POST", "/api/meal-plan/meals", "201"),
    ("GET", "/api/nutrition/summary?date=TODAY", "200"),
];

/// Requests of one kind may be this much fewer than those of another.
const ALIKE: f64 = 0.02;

/// What each tool did wrong; nothing where it did its work.
pub type Looked = BTreeMap<Tool, Result<(), String>>;

/// Looks at the requests of all tools.
///
/// # Errors
/// When the server does not come up.
pub fn look(bench: &Bench, tools: &[Tool]) -> Result<Looked, Problem> {
    let short = Amount { warm_up: Duration::ZERO, seconds: Duration::ZERO, ..bench.amount };
    let bench = Bench { amount: short, ..bench.clone() };
    let mut all = Looked::new();
    for tool in tools {
        let server = Server::start(&bench, true)?;
        let looked = requests(&bench, server, *tool).map_err(|problem| problem.to_string());
        let word = looked.as_ref().map_or_else(String::as_str, |()| "does the work");
        eprintln!("looked at: {tool}: {word}");
        all.insert(*tool, looked);
    }
    Ok(all)
}

fn requests(bench: &Bench, server: Server, tool: Tool) -> Result<(), Problem> {
    let days = [today(), String::new()];
    let running = Running::start(bench, tool.command(bench, &server.url())?)?;
    running.end(Duration::from_secs(60))?;
    let days = [days[0].clone(), today()];
    examine(&server.into_log()?, tool.work, &days)
}

/// Whether a log of requests, of one of two days, is that of a work.
///
/// # Errors
/// With what is wrong.
pub fn examine(log: &str, work: Work, days: &[String; 2]) -> Result<(), Problem> {
    let lines: Vec<&str> = log.lines().filter(|line| !line.contains("\t/stub_status\t")).collect();
    let odd = match work {
        Work::Get => lines.iter().find(|line| !line.starts_with("GET\t/x\t200\t")),
        Work::Journey => lines.iter().find(|line| step(line, days).is_none()),
    };
    match odd {
        _ if lines.is_empty() => Err(Problem::new("sent nothing".into())),
        Some(line) => Err(Problem::new(format!("sent what nobody asked for: {line}"))),
        None if work == Work::Journey => equal(lines.iter().filter_map(|line| step(line, days))),
        None => Ok(()),
    }
}

/// Which of the journey's requests a line is, with its token and its body; none for others.
fn step(line: &str, days: &[String; 2]) -> Option<usize> {
    let words: Vec<&str> = line.split('\t').collect();
    let [method, target, status, length, token] = words.as_slice() else { return None };
    let is_it = |(m, t, s): &(&str, &str, &str)| {
        let same = days.iter().any(|day| t.replace("TODAY", day) == *target);
        m == method && s == status && same
    };
    let at = JOURNEY.iter().position(is_it)?;
    let has_body = length.parse().is_ok_and(|length: u64| length > 10);
    let signed_in = at == 0 || *token == format!("Bearer {}", issued());
    ((*method != "POST" || has_body) && signed_in).then_some(at)
}

/// The log of one journey of a day, for trying this module.
pub fn honest(day: &str) -> String {
    let line = |(at, (method, target, status)): (usize, &(&str, &str, &str))| {
        let target = target.replace("TODAY", day);
        let length = if *method == "POST" { "60" } else { "-" };
        let token = if at == 0 { "-".to_string() } else { format!("Bearer {}", issued()) };
        format!("{method}\t{target}\t{status}\t{length}\t{token}\n")
    };
    JOURNEY.iter().enumerate().map(line).collect()
}

/// The token that the server gives.
fn issued() -> &'static str {
    let after = CONFIGURATION.split_once("{\"token\":\"").map_or("", |(_, rest)| rest);
    after.split('"').next().unwrap_or("")
}

/// All steps were taken equally often, but for the journeys that the end cut off.
fn equal(steps: impl Iterator<Item = usize>) -> Result<(), Problem> {
    let mut counts = [0u64; JOURNEY.len()];
    steps.for_each(|at| counts[at] += 1);
    let most = counts.iter().max().copied().unwrap_or(0);
    let least = counts.iter().min().copied().unwrap_or(0);
    let allowed = u64::from(USERS).max((ALIKE * most as f64) as u64);
    match most - least <= allowed && least > 0 {
        true => Ok(()),
        false => Err(Problem::new(format!("took the steps unequally often: {counts:?}"))),
    }
}

fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
