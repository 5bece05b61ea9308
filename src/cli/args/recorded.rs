//! The options of commands about results that are there: `report`, `merge`, `compare`.

use std::path::PathBuf;

use clap::Args;

use super::{JudgeArgs, NotifyArgs};

/// `report`
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Results: `result.json` files, or folders of runs
    #[arg(value_name = "RESULT", required = true)]
    pub results: Vec<PathBuf>,

    #[command(flatten)]
    pub judge: JudgeArgs,

    /// Folder for the reports [default: the result's own]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `merge`
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The result of each shard: `result.json` files, or folders of runs
    #[arg(value_name = "RESULT", required = true)]
    pub results: Vec<PathBuf>,

    #[command(flatten)]
    pub judge: JudgeArgs,

    /// Folder for the result and the reports [default: a new one in --reports-dir]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Folder in which each run gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = "reports", env = "TASTER_REPORTS_DIR")]
    pub reports_dir: PathBuf,

    #[command(flatten)]
    pub chat: NotifyArgs,
}

/// `compare`
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Results: those it is measured by, oldest first, and last the one that is judged
    #[arg(value_name = "RESULT", required = true, num_args = 2..)]
    pub results: Vec<PathBuf>,

    /// Another run of what is judged; may be given several times
    #[arg(long, value_name = "RESULT")]
    pub also: Vec<PathBuf>,

    #[command(flatten)]
    pub judge: JudgeArgs,
}
