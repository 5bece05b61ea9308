//! The command line as it is typed. Nothing here reads a file or decides anything.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

mod baseline;
mod duet;
mod examples;
mod first;
mod margin;
mod publishing;
mod recorded;
mod testing;
mod verifying;

pub use baseline::{
    AcceptArgs, AcceptingArgs, BaselineCommand, BaselinesArgs, CalibrateArgs, DuetsArgs, PinArgs,
    ShowArgs,
};
pub use duet::{DuetArgs, Layout, PartArgs, SidesArgs};
pub use examples::command;
pub use first::{
    Ci, ConfigArgs, DoctorArgs, ExplainArgs, ImportArgs, ImportFrom, InitArgs, ManArgs, Origin,
};
pub use margin::{DEFAULT_MARGIN, Margin};
pub use publishing::{Hidden, NotifyArgs, NotifyWhen, PublishArgs, Since};
pub use recorded::{CompareArgs, MergeArgs, ReportArgs};
pub use testing::{ChooseArgs, TestingArgs};
pub use verifying::VerifyArgs;

use crate::calibration::Check;
use crate::cli::exit::{ExitCodes, Inconclusive};
use crate::cli::project::Project;
use crate::demo::Fault;
use crate::executor::Stop;
use crate::report::Format;

const EXIT_CODES: &str = "\
Exit codes: 0 PASS, 1 FAIL, 2 usage or scenario error, 3 INCONCLUSIVE, 4 INVALID,
5 refused by a safety rule, 6 environment, 70 a bug in Taster, 130 interrupted";

/// Tries a service before its users do: tests, load, baselines, one verdict
#[derive(Debug, Parser)]
#[command(name = "taster", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Which exit codes to use
    #[arg(long, global = true, value_name = "SET", default_value = "taster")]
    pub exit_codes: ExitCodes,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The main job: tests, then load, then the verdict and the reports
    Run(TestArgs),
    /// Only the tests
    Test(TestArgs),
    /// Only the load
    Load(LoadArgs),
    /// Check scenario files and print what a run would do; sends nothing
    Plan(PlanArgs),
    /// Judge saved results again and draw their reports
    Report(ReportArgs),
    /// Judge a saved result against one or several others
    Compare(CompareArgs),
    /// Measure two targets together, and judge one by the other
    Duet(DuetArgs),
    /// Put the results of shards together and judge the whole
    Merge(MergeArgs),
    /// After a deployment: is the service well, or must it be rolled back?
    Verify(VerifyArgs),
    /// Keep baselines
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// The embedded backend on its own
    Demo(DemoArgs),
    /// Check the instrument: measure what is known, and tell how far off it is on this machine
    Selftest(SelftestArgs),
    /// Look at this machine: what browser tests and load need, what is missing, the fix
    Doctor(DoctorArgs),
    /// First steps: look at what is here and write a scenario, a config and a pipeline
    Init(InitArgs),
    /// Make a scenario file of what is there already: k6, Playwright, HAR, OpenAPI
    Import(ImportArgs),
    /// Print the settings that hold here, and where each comes from
    Config(Box<ConfigArgs>),
    /// Say what a code such as `unknown-key` means, with an example and the fix
    Explain(ExplainArgs),
    /// Run a program that ends, with all it started, when standard input does
    #[command(hide = true)]
    Guard(GuardArgs),
    /// Print the JSON Schema of scenario files, for editors
    Schema,
    /// Print a dashboard for Grafana that reads the metrics
    Dashboard,
    /// Print completions for a shell
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page of Taster, or of one of its commands
    Man(ManArgs),
}

/// `run`, `test`
#[derive(Debug, Args)]
pub struct TestArgs {
    #[command(flatten)]
    pub run: RunArgs,

    #[command(flatten)]
    pub choose: ChooseArgs,

    #[command(flatten)]
    pub testing: TestingArgs,

    #[command(flatten)]
    pub publish: PublishArgs,
}

/// `load`
#[derive(Debug, Args)]
pub struct LoadArgs {
    #[command(flatten)]
    pub run: RunArgs,

    #[command(flatten)]
    pub publish: PublishArgs,
}

/// What `run`, `test` and `load` share
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub what: WhatArgs,

    #[command(flatten)]
    pub judge: JudgeArgs,

    /// Folder for the result and the reports [default: a new one in --reports-dir]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Folder in which each run gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = "reports", env = "TASTER_REPORTS_DIR")]
    pub reports_dir: PathBuf,

    /// It is one of several runs, which are stopped together: its verdict is not shown.
    #[arg(skip)]
    pub one_of: Option<Stop>,

    /// Threads that generate load [default: one per core; beside the embedded backend half of that]
    #[arg(long, value_name = "N", env = "TASTER_THREADS")]
    pub threads: Option<usize>,

    /// Fault in the embedded backend, such as `slow=300ms` or `errors=10%@/api/v1/meals`; may be
    /// given several times
    #[arg(long, value_name = "FAULT", num_args = 0..=1, default_missing_value = "slow",
          conflicts_with = "target")]
    pub fault: Vec<Fault>,

    #[command(flatten)]
    pub part: PartArgs,
}

/// Which scenarios, against what
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What is run, against what")]
pub struct WhatArgs {
    /// Scenario files, or folders of them [default: scenarios]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Where requests go: a URL, or a target of the project by its name [default: the embedded
    /// backend, started for this run]
    #[arg(long, value_name = "URL", env = "TASTER_TARGET")]
    pub target: Option<String>,

    /// Load profile [default: smoke]
    #[arg(long, value_name = "NAME", env = "TASTER_PROFILE")]
    pub profile: Option<String>,

    /// Replace a variable of the scenarios; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub var: Vec<(String, String)>,

    /// Allow load on a host that is not this machine; may be given several times
    #[arg(long, value_name = "HOST", env = "TASTER_ALLOW_LOAD")]
    pub allow_load: Vec<String>,

    /// Start of all random choices: the same seed gives the same requests [default: random]
    #[arg(long, value_name = "N", env = "TASTER_SEED")]
    pub seed: Option<u64>,

    /// What the project file says beside options.
    #[arg(skip)]
    pub project: Project,
}

/// How a result is judged and reported
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How it is judged and reported")]
pub struct JudgeArgs {
    /// Reports to write
    #[arg(
        long,
        env = "TASTER_REPORT",
        value_name = "FORMATS",
        value_delimiter = ',',
        default_value = "html,md,json,junit,csv,svg"
    )]
    pub report: Vec<Format>,

    /// Folder of baselines
    #[arg(long, value_name = "DIR", default_value = "baselines", env = "TASTER_BASELINE")]
    pub baseline: PathBuf,

    /// Do not compare with a baseline
    #[arg(long)]
    pub no_baseline: bool,

    /// The smallest growth over the baselines worth blocking: one percentage for all latencies, or
    /// one for each metric, as the default has them; `p99=off` is not compared
    #[arg(long, value_name = "MARGINS", default_value = DEFAULT_MARGIN,
          env = "TASTER_MARGIN")]
    pub margin: Margin,

    /// A latency may always grow by so much, however little it is
    #[arg(long, value_name = "DURATION", default_value = "20ms",
          value_parser = crate::units::parse_duration)]
    pub margin_floor: std::time::Duration,

    /// A test that passes only when it is tried again fails the run
    #[arg(long)]
    pub fail_on_flaky: bool,

    /// What INCONCLUSIVE means for the exit code: fail 1, warn 3, pass 0
    #[arg(long, value_name = "AS", default_value = "warn", env = "TASTER_INCONCLUSIVE")]
    pub inconclusive: Inconclusive,
}

/// `plan`
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub what: WhatArgs,

    #[command(flatten)]
    pub choose: ChooseArgs,

    #[command(flatten)]
    pub gate: GateArgs,
}

/// What `plan --gate` reckons with
#[derive(Debug, Args)]
#[command(next_help_heading = "Before a minute is spent")]
pub struct GateArgs {
    /// Print the smallest change that this set-up can see, for each metric, and doubt limits that
    /// can never fail or always would
    #[arg(long)]
    pub gate: bool,

    /// Folder of baselines
    #[arg(long, value_name = "DIR", default_value = "baselines")]
    pub baseline: PathBuf,

    /// The smallest growth over the baselines worth blocking, as for `run`
    #[arg(long, value_name = "MARGINS", default_value = DEFAULT_MARGIN)]
    pub margin: Margin,

    /// A latency may always grow by so much, as for `run`
    #[arg(long, value_name = "DURATION", default_value = "20ms",
          value_parser = crate::units::parse_duration)]
    pub margin_floor: std::time::Duration,
}

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Address to listen on; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Database file; kept, and used again if it is there [default: one that is removed at the end]
    #[arg(long, value_name = "FILE")]
    pub database: Option<PathBuf>,

    /// Seed of its data
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Fault to inject; may be given several times
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<Fault>,

    /// End when standard input does: then the backend never outlives who started it
    #[arg(long, hide = true)]
    pub with_parent: bool,
}

/// `selftest`
#[derive(Debug, Args)]
pub struct SelftestArgs {
    /// Only this check; may be given several times [default: all of them]
    #[arg(long, value_name = "CHECK")]
    pub only: Vec<Check>,

    /// As short as it can be: a first look, with percentiles of few requests
    #[arg(long)]
    pub quick: bool,

    /// Print rows for programs instead of a table
    #[arg(long)]
    pub json: bool,

    /// Start of all random choices
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Threads that generate load
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: usize,

    /// Be the calibration server, until standard input ends
    #[arg(long, hide = true)]
    pub serve: bool,
}

/// `guard`
#[derive(Debug, Args)]
pub struct GuardArgs {
    /// Folder to remove at the end
    #[arg(long, value_name = "DIR")]
    pub scratch: Option<PathBuf>,

    /// The program and its arguments
    #[arg(value_name = "PROGRAM", required = true, last = true)]
    pub program: Vec<std::ffi::OsString>,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_string(), value.to_string())),
        _ => Err("write NAME=VALUE".to_string()),
    }
}
