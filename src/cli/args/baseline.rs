//! The options of `baseline`: what is accepted, listed, pinned and learnt.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::RunArgs;

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

    /// Run nothing, and learn how much the two sides of a duet differ although nothing does: from
    /// the folders of duets of one build with itself; may be given several times
    #[arg(long, value_name = "DIR", conflicts_with_all = ["runs", "accept"])]
    pub duet: Vec<PathBuf>,

    #[command(flatten)]
    pub accepting: AcceptingArgs,

    #[command(flatten)]
    pub run: RunArgs,
}
