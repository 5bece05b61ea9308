//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};

use crate::bench::{Amount, Problem};
use crate::clients::Client;
use crate::install;

/// Taster beside its peers: requests a second, CPU time and memory, as ratios within rounds
///
/// Exit codes: 0 when everything was measured, 1 when something is missing. A goal that is missed
/// is said in the table and is no failure of the measurement.
#[derive(Debug, Parser)]
#[command(name = "peers")]
pub struct Args {
    /// Rounds in which every tool is measured once
    #[arg(long, default_value_t = 7)]
    rounds: usize,

    /// Seconds before each measured part
    #[arg(long, default_value_t = 2.0)]
    warm_up: f64,

    /// Seconds of each measured part
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,

    /// Peers to measure, of wrk, oha, hey, locust and artillery [default: all]
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,

    /// Parts of the table [default: all]
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,

    /// Start of the random order of tools
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Install what is missing
    #[arg(long)]
    pub install: bool,

    /// Also record ten million requests, which takes minutes
    #[arg(long)]
    pub full: bool,

    /// Where all numbers go [default: target/peers/latest.json]
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Given by `cargo bench`, and not by `cargo test`: see `are_meant`
    #[arg(long = "bench", hide = true)]
    _bench: bool,

    /// What this program is when it starts itself.
    #[command(subcommand)]
    pub role: Option<Role>,
}

/// A part of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Taster and its peers, in rounds.
    Tools,
    /// The memory of ten thousand users.
    Users,
    /// The memory of requests recorded.
    Growth,
    /// The CPU time of requests on many connections.
    Connections,
    /// What a run beside a CPU hog says.
    Hog,
    /// Taster's own self-test.
    Selftest,
}

/// What this program is when it starts itself.
#[derive(Debug, Subcommand)]
pub enum Role {
    /// A client
    #[command(hide = true)]
    Client {
        /// Which.
        client: Client,
        /// What it asks for.
        url: String,
        /// For how long.
        seconds: u64,
    },
    /// A neighbour that keeps its core busy
    #[command(hide = true)]
    Hog {
        /// For how long.
        seconds: u64,
    },
    /// The server for where there is no nginx
    #[command(hide = true)]
    Serve {
        /// Where it listens.
        address: SocketAddr,
        /// Where it logs requests.
        log: Option<PathBuf>,
    },
}

impl Args {
    /// Whether a command line is one of these, and not what `cargo test` gives to its tests.
    pub fn are_meant(words: &[String]) -> bool {
        let roles = ["client", "hog", "serve"];
        let is_role = words.first().is_some_and(|word| roles.contains(&word.as_str()));
        is_role || words.iter().any(|word| word == "--bench")
    }

    /// How long and how often.
    pub fn amount(&self) -> Amount {
        Amount {
            rounds: self.rounds.max(1),
            warm_up: Duration::from_secs_f64(self.warm_up.clamp(0.0, 600.0)),
            seconds: Duration::from_secs_f64(self.seconds.clamp(0.1, 600.0)),
            seed: self.seed,
        }
    }

    /// Whether a part is wanted.
    pub fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// The peers that are wanted.
    ///
    /// # Errors
    /// When one is unknown.
    pub fn wanted(&self) -> Result<Vec<&'static str>, Problem> {
        let names = install::names();
        let unknown = self.peers.iter().find(|name| !names.contains(&name.as_str()));
        if let Some(unknown) = unknown {
            let known = names.join(", ");
            return Err(Problem::new(format!("no peer is called `{unknown}`: there are {known}")));
        }
        let chosen =
            |name: &&str| self.peers.is_empty() || self.peers.iter().any(|wanted| wanted == name);
        // Without the comparison of tools none of them is needed.
        let tools = self.has(Part::Tools);
        Ok(names.into_iter().filter(chosen).filter(|_| tools).collect())
    }
}
