//! Rounds: in each, everybody is measured once, in an order drawn anew, so that what is compared
//! was measured within a minute, and a machine that changes changes for all.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

use crate::bench::{Bench, Problem};
pub use crate::measure::Measured as Found;
use crate::measure::measure;
use crate::server::Server;
use crate::stats::Spread;
use crate::tool::Tool;

/// What one round gave: a measurement of each tool, or why there is none.
pub type Round = BTreeMap<Tool, Result<Found, String>>;

/// Measures all tools in all rounds.
///
/// # Errors
/// When the server does not come up. A tool that fails is part of its round.
pub fn all(bench: &Bench, tools: &[Tool]) -> Result<Vec<Round>, Problem> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(bench.amount.seed);
    let mut order = tools.to_vec();
    let mut rounds = Vec::new();
    for number in 1..=bench.amount.rounds {
        order.shuffle(&mut random);
        let server = Server::start(bench, false)?;
        let mut round = Round::new();
        for tool in &order {
            let measured = measure(bench, &server, *tool).map_err(|problem| problem.to_string());
            tell(number, *tool, &measured);
            round.insert(*tool, measured);
        }
        rounds.push(round);
    }
    Ok(rounds)
}

fn tell(round: usize, tool: Tool, measured: &Result<Found, String>) {
    match measured {
        Ok(one) => eprintln!(
            "round {round}: {tool}: {:.0} requests/s, {:.2} us each, server {:.0} %",
            one.rate,
            one.cpu_us,
            one.server * 100.0
        ),
        Err(problem) => eprintln!("round {round}: {tool}: {problem}"),
    }
}

/// The measurements of one tool.
pub fn of(rounds: &[Round], tool: Tool) -> Vec<&Found> {
    rounds.iter().filter_map(|round| round.get(&tool)?.as_ref().ok()).collect()
}

/// Ratios of two tools within rounds; more is better for the first.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    /// Of the requests a second.
    pub rate: Spread,
    /// Of the CPU time of a request, the other's to the first one's.
    pub cpu: Spread,
    /// Whether the server was the limit in half of the rounds: for the first, for the other.
    pub bound: (bool, bool),
    /// Whether others were in the way in any of them.
    pub disturbed: bool,
}

impl Ratio {
    /// Of two tools; none without a round in which both were measured.
    pub fn of(rounds: &[Round], (ours, theirs): (Tool, Tool), seed: u64) -> Option<Self> {
        let pair = |round: &'_ Round| {
            let one = |tool| round.get(&tool)?.as_ref().ok().cloned();
            Some((one(ours)?, one(theirs)?))
        };
        let pairs: Vec<(Found, Found)> = rounds.iter().filter_map(pair).collect();
        let values = |ratio: fn(&(Found, Found)) -> f64| {
            Spread::of(&pairs.iter().map(ratio).collect::<Vec<_>>(), seed)
        };
        let often = |bound: fn(&(Found, Found)) -> bool| {
            pairs.iter().filter(|pair| bound(pair)).count() * 2 >= pairs.len()
        };
        Some(Self {
            rate: values(|(ours, theirs)| ours.rate / theirs.rate)?,
            cpu: values(|(ours, theirs)| theirs.cpu_us / ours.cpu_us)?,
            disturbed: pairs.iter().any(|(a, b)| a.is_disturbed() || b.is_disturbed()),
            bound: (
                often(|(ours, _)| ours.is_server_bound()),
                often(|(_, theirs)| theirs.is_server_bound()),
            ),
        })
    }

    /// Whether the ratio of the rates says what the two can do.
    pub fn is_of_rates(&self) -> bool {
        self.bound == (false, false) && !self.disturbed
    }

    /// The ratio that counts: where something else was the limit, that of the CPU time.
    pub fn primary(&self) -> Spread {
        if self.is_of_rates() { self.rate } else { self.cpu }
    }

    /// What the ratio of the rates says, the server's limit considered.
    pub fn show_rate(&self) -> String {
        let shown = self.rate.show(2);
        match self.bound {
            _ if self.disturbed => format!("disturbed ({shown})"),
            (false, false) => shown,
            (true, false) => format!("at least {shown}"),
            (false, true) => format!("at most {shown}"),
            (true, true) => format!("unknown ({shown})"),
        }
    }

    /// For the file.
    pub fn json(&self) -> Value {
        json!({
            "requests_per_second": self.rate.json(), "cpu_per_request": self.cpu.json(),
            "server_bound": [self.bound.0, self.bound.1], "disturbed": self.disturbed,
        })
    }
}
