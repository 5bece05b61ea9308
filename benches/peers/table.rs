//! What was measured, for a person and for a file.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::goals::{Reached, Row};
use crate::install::{self, Missing};
use crate::proc;
use crate::rounds::{self, Round};
use crate::stats::Spread;
use crate::tool::Tool;
use crate::work::Looked;

/// Everything that was measured.
pub struct Outcome {
    /// Who was measured.
    pub tools: Vec<Tool>,
    /// What is not there, and why.
    pub missing: Vec<Missing>,
    /// Whether all did the same work.
    pub looked: Looked,
    /// The rounds.
    pub rounds: Vec<Round>,
    /// What is to be reached.
    pub rows: Vec<Row>,
}

impl Outcome {
    /// Whether everything was measured that was to be, and everybody did the work. A goal that is
    /// missed is a finding, not an incomplete table.
    pub fn is_complete(&self) -> bool {
        let measured = self.rounds.iter().flat_map(Round::values).all(Result::is_ok);
        let known = self.rows.iter().all(|row| row.reached != Reached::Unknown);
        let equal = self.tools.iter().all(|tool| self.disqualified(*tool).is_none());
        self.missing.is_empty() && measured && known && equal
    }

    /// Whether others were in the way of any measurement.
    pub fn is_disturbed(&self) -> bool {
        let all = self.rounds.iter().flat_map(Round::values);
        all.flatten().any(rounds::Found::is_disturbed)
    }

    /// Why a tool's numbers do not count: it did other work than it was told, or than it says.
    pub fn disqualified(&self, tool: Tool) -> Option<String> {
        if let Some(Err(problem)) = self.looked.get(&tool) {
            return Some(problem.clone());
        }
        let measured = rounds::of(&self.rounds, tool);
        let odd = measured.iter().find(|one| !one.is_equal_work())?;
        Some(format!("says {} requests, the server counted {}", odd.claimed, odd.served))
    }

    /// The rounds without those whose numbers do not count.
    pub fn qualified(&self) -> Vec<Round> {
        let mut rounds = self.rounds.clone();
        for tool in self.tools.iter().filter(|tool| self.disqualified(**tool).is_some()) {
            rounds.iter_mut().for_each(|round| drop(round.remove(tool)));
        }
        rounds
    }

    /// Both tables and what is missing.
    pub fn text(&self, bench: &Bench) -> String {
        let mut text = format!("machine: {}\n", proc::machine());
        let server = if bench.nginx.is_some() { "nginx" } else { "the stub inside this program" };
        let pins = match bench.pinned {
            true => "on core 1, generators on core 0",
            false => "and generators on the same core: ratios mean nothing",
        };
        let _ = writeln!(text, "server: {server} {pins}; {} rounds\n", bench.amount.rounds);
        text.push_str("| tool | requests/s | CPU us/request | server core | work | notes |\n");
        text.push_str("|---|---|---|---|---|---|\n");
        for tool in &self.tools {
            text.push_str(&self.tool(*tool, bench.amount.seed));
        }
        text.push_str(
            "| journey: k6 | not measured here: in no package registry | | | | published: 0.05 of \
             wrk's GET |\n\n",
        );
        text.push_str(
            "| to reach | measured | must | stretch | reached |\n|---|---|---|---|---|\n",
        );
        for row in &self.rows {
            let (must, stretch) = &row.wanted;
            let (what, measured, word) = (&row.what, &row.measured, row.reached.word());
            let _ = writeln!(text, "| {what} | {measured} | {must} | {stretch} | {word} |");
        }
        text.push_str(NOTES);
        for (name, why) in &self.missing {
            let _ = writeln!(text, "MISSING: {name}: {why}");
        }
        if self.is_disturbed() {
            text.push_str("DISTURBED: others used the core of the generators: measure again\n");
        }
        let word = if self.is_complete() { "complete" } else { "INCOMPLETE" };
        let _ = writeln!(text, "This table is {word}.");
        text
    }

    fn tool(&self, tool: Tool, seed: u64) -> String {
        let measured = rounds::of(&self.rounds, tool);
        let spread = |value: fn(&&rounds::Found) -> f64| {
            Spread::of(&measured.iter().map(value).collect::<Vec<_>>(), seed)
        };
        let failed = self.rounds.iter().filter_map(|round| round.get(&tool)?.as_ref().err()).next();
        let mut notes = Vec::new();
        notes.extend(failed.map(|problem| format!("failed: {problem}")));
        let work = match self.disqualified(tool) {
            Some(why) => {
                notes.push(why);
                "DISQUALIFIED"
            }
            None if measured.is_empty() => "unknown",
            None => "equal",
        };
        if measured.iter().any(|one| one.is_server_bound()) {
            notes.push("server-bound".to_string());
        }
        if measured.iter().any(|one| one.is_disturbed()) {
            notes.push("disturbed by others on its core".to_string());
        }
        let rate = spread(|one| one.rate).map_or("-".into(), |rate| rate.show(0));
        let cpu = spread(|one| one.cpu_us).map_or("-".into(), |cpu| cpu.show(2));
        let server = spread(|one| one.server * 100.0)
            .map_or("-".into(), |server| format!("{:.0} %", server.median));
        format!("| {tool} | {rate} | {cpu} | {server} | {work} | {} |\n", notes.join("; "))
    }

    /// The same with all raw numbers.
    pub fn json(&self, bench: &Bench) -> Value {
        let measured = |(tool, one): (&Tool, &Result<rounds::Found, String>)| match one {
            Ok(one) => (tool.to_string(), one.json()),
            Err(problem) => (tool.to_string(), json!({ "failed": problem })),
        };
        let round = |round: &Round| round.iter().map(measured).collect::<serde_json::Map<_, _>>();
        let looked = |(tool, one): (&Tool, &Result<(), String>)| {
            (tool.to_string(), one.as_ref().err().map_or(json!("equal"), |why| json!(why)))
        };
        let version = |(name, path): (&&str, &std::path::PathBuf)| {
            (name.to_string(), json!(install::version(name, path)))
        };
        let nginx = bench.nginx.as_ref().map(|path| (&"nginx", path));
        json!({
            "complete": self.is_complete(),
            "disturbed": self.is_disturbed(),
            "when": jiff::Timestamp::now().to_string(),
            "machine": proc::machine(),
            "pinned": bench.pinned,
            "rounds_wanted": bench.amount.rounds,
            "warm_up_seconds": bench.amount.warm_up.as_secs_f64(),
            "seconds": bench.amount.seconds.as_secs_f64(),
            "seed": bench.amount.seed,
            "taster": env!("CARGO_PKG_VERSION"),
            "versions": bench.programs.iter().chain(nginx).map(version)
                .collect::<serde_json::Map<_, _>>(),
            "missing": self.missing.iter().map(|(name, why)| json!({ "name": name, "why": why }))
                .collect::<Vec<_>>(),
            "work": self.looked.iter().map(looked).collect::<serde_json::Map<_, _>>(),
            "rounds": self.rounds.iter().map(round).collect::<Vec<_>>(),
            "to_reach": self.rows.iter().map(Row::json).collect::<Vec<_>>(),
        })
    }
}

const NOTES: &str = "
Numbers are medians over rounds with the 95 % interval of the median, by resampling the rounds.
Ratios are taken within rounds: more is better for Taster. Requests are counted at the server. Where
the server's core was busy for more than 95 %, the server was the limit: then the ratio of the CPU
time of a request counts, and that of the rates is only a bound. It counts too where others used
more than 5 % of the core of the generators.
";
