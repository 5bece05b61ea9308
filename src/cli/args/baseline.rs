//! The options of `baseline`: what is accepted, listed, pinned and learnt.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Layout, RunArgs};
use crate::units::parse_duration;

/// `baseline`
#[derive(Debug, Subcommand)]
pub enum BaselineCommand {
    /// Accept results as baselines of their profiles
    Accept(AcceptArgs),
    /// List the baselines there are
    List(BaselinesArgs),
    /// Show what the baselines of a profile can tell: their noise, age and drift, and the smallest
    /// change that is seen
    Show(ShowArgs),
    /// Run the load several times, unchanged, and learn how much this machine's runs differ
    Calibrate(Box<CalibrateArgs>),
    /// Make a baseline the anchor of its profile, such as the last release: it stays, and slow
    /// drift away from it is seen
    Pin(PinArgs),
    /// Let the anchor of a profile be a baseline like the others again
    Unpin(PinArgs),
}

/// `baseline accept`
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// The results: `result.json` files, or folders of runs
    #[arg(value_name = "RESULT", default_value = "reports/latest")]
    pub results: Vec<PathBuf>,

    /// Why they are accepted
    #[arg(long, value_name = "TEXT")]
    pub why: String,

    #[command(flatten)]
    pub accepting: AcceptingArgs,

    #[command(flatten)]
    pub baselines: BaselinesArgs,
}

/// Who accepts what
#[derive(Debug, Clone, Args)]
pub struct AcceptingArgs {
    /// Who accepts [default: git's user.name, or else $USER]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,

    /// The revision of what was measured, where it is not that of this checkout
    #[arg(long, value_name = "REVISION")]
    pub revision: Option<String>,

    /// Accept a result of a kind of machine that the profile has no baseline of yet
    #[arg(long)]
    pub new_machine: bool,

    /// Accept a result of a checkout with uncommitted changes
    #[arg(long)]
    pub dirty: bool,
}

/// The folder of baselines
#[derive(Debug, Clone, Args)]
pub struct BaselinesArgs {
    /// Folder of baselines
    #[arg(long, value_name = "DIR", default_value = "baselines")]
    pub baseline: PathBuf,
}

/// `baseline show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The profile
    #[arg(value_name = "PROFILE", default_value = "smoke")]
    pub profile: String,

    /// A latency may always grow by so much, as for `run`
    #[arg(long, value_name = "DURATION", default_value = "20ms",
          value_parser = crate::units::parse_duration)]
    pub margin_floor: std::time::Duration,

    #[command(flatten)]
    pub baselines: BaselinesArgs,
}

/// `baseline pin`, `baseline unpin`
#[derive(Debug, Args)]
pub struct PinArgs {
    /// The run, as `taster baseline list` shows it
    #[arg(value_name = "RUN")]
    pub run: String,

    #[command(flatten)]
    pub baselines: BaselinesArgs,
}

/// `baseline calibrate`
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// How many runs [default: 5, and 10 with --accept]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(5..=100))]
    pub runs: Option<u32>,

    /// Accept every second run as a baseline; the others teach the noise, because a run that did
    /// both would be counted twice
    #[arg(long, requires = "why")]
    pub accept: bool,

    /// Why they are accepted
    #[arg(long, value_name = "TEXT", requires = "accept")]
    pub why: Option<String>,

    #[command(flatten)]
    pub duets: DuetsArgs,

    #[command(flatten)]
    pub accepting: AcceptingArgs,

    #[command(flatten)]
    pub run: RunArgs,
}

/// How much the two sides of a duet differ although nothing does
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Between the sides of a duet")]
pub struct DuetsArgs {
    /// Make so many duets of the target with itself, of three restarts each, instead of runs, and
    /// learn how far equal sides differ: four teach enough for duets to end early
    #[arg(long = "duets", value_name = "N", conflicts_with_all = ["runs", "accept", "folders"],
          value_parser = clap::value_parser!(u32).range(2..=100))]
    pub count: Option<u32>,

    /// Run nothing, and learn it from the folders of duets of one build with itself; may be given
    /// several times
    #[arg(long = "duet", value_name = "DIR", conflicts_with_all = ["runs", "accept"])]
    pub folders: Vec<PathBuf>,

    /// The target is what this command starts, anew for each restart; `{port}` stands for the port
    /// to listen on
    #[arg(long, value_name = "COMMAND", requires = "count", conflicts_with = "target")]
    pub command: Option<String>,

    /// Path that answers below 400 once it is ready [default: any answer on /]
    #[arg(long, value_name = "PATH", requires = "command", value_parser = super::duet::path)]
    pub ready: Option<String>,

    /// How long it may take until then
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub ready_within: Duration,

    /// How the sides share the time, as for `duet`
    #[arg(long, value_name = "LAYOUT", value_enum, requires = "count")]
    pub layout: Option<Layout>,

    /// How long each side has load in each restart
    #[arg(long, value_name = "DURATION", default_value = "30s",
          value_parser = super::duet::segment)]
    pub segment: Duration,
}
