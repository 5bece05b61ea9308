//! The options of the first steps: `init`, `import`, `config`, `explain`, `doctor`, `man`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Hidden, JudgeArgs, NotifyWhen, WhatArgs};

/// `doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Get what is missing with this system's package manager, and build geckodriver with cargo
    /// where there is no package; needs root or sudo
    #[arg(long)]
    pub install: bool,

    /// Only for this engine, and nothing else of the machine; may be given several times [default:
    /// all of them]
    #[arg(long, value_name = "ENGINE", value_parser = ["chromium", "firefox", "webkit"])]
    pub browser: Vec<String>,

    /// Also what the tests of Taster itself need: Prometheus
    #[arg(long)]
    pub own_tests: bool,

    /// Print it for programs
    #[arg(long)]
    pub json: bool,

    /// Folder that runs are written into, whose disk is looked at
    #[arg(long, value_name = "DIR", default_value = "reports", env = "TASTER_REPORTS_DIR")]
    pub reports_dir: PathBuf,
}

/// `init`
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,

    /// Print what would be written, and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// The pipeline to write [default: that of which there is a trace, else github]
    #[arg(long, value_name = "CI", value_enum)]
    pub ci: Option<Ci>,
}

/// A pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ci {
    /// `.github/workflows/taster.yml`
    Github,
    /// `.gitlab-ci.yml`
    Gitlab,
    /// None
    None,
}

/// `import`
#[derive(Debug, Args)]
#[command(after_help = "\
The scenario goes to standard output, or to --out, which is never overwritten. What could not be
taken over is said on standard error, each with its line, and stands at the scenario's top.")]
pub struct ImportArgs {
    /// What the file is
    #[arg(value_name = "KIND", value_enum)]
    pub from: ImportFrom,

    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The scenario file to write
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Name of the scenario [default: from the file]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Of a HAR, only requests to this host [default: the host of the first page or request]
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
}

/// What can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFrom {
    /// A k6 script, JavaScript or TypeScript
    K6,
    /// A Playwright test, JavaScript or TypeScript
    Playwright,
    /// An HTTP Archive
    Har,
    /// An OpenAPI 3 description, JSON or YAML
    Openapi,
}

/// `config`
#[derive(Debug, Args)]
#[command(after_help = "\
What comes first wins: an option, its environment variable, `taster.toml`, the default.
`taster.toml` is looked for in this folder and those above it, up to the root of the repository or
the home folder. docs/config.md has its keys.")]
pub struct ConfigArgs {
    /// Say where each value comes from
    #[arg(long)]
    pub show_origin: bool,

    /// Print it for programs
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub what: WhatArgs,

    #[command(flatten)]
    pub judge: JudgeArgs,

    /// Folder in which each run gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = "reports", env = "TASTER_REPORTS_DIR")]
    pub reports_dir: PathBuf,

    /// Threads that generate load
    #[arg(long, value_name = "N", env = "TASTER_THREADS")]
    pub threads: Option<usize>,

    /// Tests at the same time
    #[arg(long, value_name = "N", default_value_t = 4, env = "TASTER_WORKERS")]
    pub workers: usize,

    /// Where a Prometheus may read the metrics of a run
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,

    /// Where metrics are pushed by OTLP
    #[arg(long, value_name = "URL")]
    pub otlp: Option<Hidden>,

    /// When a chat is told of a verdict: change, failure or always
    #[arg(long, value_name = "WHEN", default_value = "change", hide_possible_values = true)]
    pub notify_when: NotifyWhen,

    /// Where each value comes from, once that is known.
    #[arg(skip)]
    pub origins: Vec<Origin>,
}

/// A setting, its values as text, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The key of `taster.toml`.
    pub key: &'static str,
    /// The values; none where nothing says one.
    pub values: Vec<String>,
    /// `flag`, `environment`, `project` or `default`.
    pub from: &'static str,
    /// The option, the variable, or the place in the project file.
    pub place: String,
}

/// `explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The code, as it stands in brackets [default: list all]
    #[arg(value_name = "CODE")]
    pub code: Option<String>,

    /// Print it for programs
    #[arg(long)]
    pub json: bool,
}

/// `man`
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command, such as `run` or `baseline accept` [default: taster itself]
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,

    /// Write all pages into --out
    #[arg(long, requires = "out", conflicts_with = "command")]
    pub all: bool,

    /// The folder
    #[arg(long, value_name = "DIR", requires = "all")]
    pub out: Option<PathBuf>,
}
