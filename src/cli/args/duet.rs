//! The options of duets, and those by which a duet tells each side what it is.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::args::{DEFAULT_MARGIN, Margin, NotifyArgs};
use crate::cli::exit::Inconclusive;
use crate::cli::project::Project;
use crate::demo::Fault;
use crate::report::Format;
use crate::result::DuetPart;
use crate::units::parse_duration;

const LAYOUTS: &str = "\
Interleaved, the sides take turns of one second (A B B A) at the full rate of the profile, so a
segment of 30s takes a minute. Side by side, each side has half of the rate all the time.
How long the profile itself lasts does not matter: its shape is stretched to the segment.";

/// `duet`
#[derive(Debug, Args)]
#[command(after_help = LAYOUTS)]
pub struct DuetArgs {
    /// Scenario files, or folders of them [default: scenarios]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub sides: SidesArgs,

    /// How the sides share the time [default: interleaved with fewer than 4 cores, else
    /// side-by-side, until the first restart shows that the machine cannot take both at once]
    #[arg(long, value_name = "LAYOUT", value_enum)]
    pub layout: Option<Layout>,

    /// How often both sides are started and measured; the order changes each time
    #[arg(long, value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u32).range(3..=99))]
    pub restarts: u32,

    /// How long each side has load in each restart
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = segment)]
    pub segment: Duration,

    /// Do not add two restarts where the first verdict is INCONCLUSIVE: the one look then has all
    /// of both error rates
    #[arg(long)]
    pub no_extension: bool,

    /// Make all restarts, however plain the verdict is before; it is ended early only where it has
    /// been learnt how far equal sides differ here (`taster baseline calibrate --duets`)
    #[arg(long)]
    pub no_early_stop: bool,

    /// Take segments that are too short to be judged, to try whether all comes up
    #[arg(long)]
    pub allow_short: bool,

    /// Load profile [default: smoke]
    #[arg(long, value_name = "NAME", env = "TASTER_PROFILE")]
    pub profile: Option<String>,

    /// Replace a variable of the scenarios; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = super::name_and_value)]
    pub var: Vec<(String, String)>,

    /// Allow load on a host that is not this machine; may be given several times
    #[arg(long, value_name = "HOST", env = "TASTER_ALLOW_LOAD")]
    pub allow_load: Vec<String>,

    /// Start of all random choices: both sides of a restart get the same [default: random]
    #[arg(long, value_name = "N", env = "TASTER_SEED")]
    pub seed: Option<u64>,

    /// What the project file says beside options.
    #[arg(skip)]
    pub project: Project,

    /// Threads that generate load, for each side [default: one per core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,

    /// Reports to write
    #[arg(
        long,
        value_name = "FORMATS",
        value_delimiter = ',',
        default_value = "html,md,json,junit,csv,svg"
    )]
    pub report: Vec<Format>,

    /// Folder for the recordings and the reports [default: a new one in --reports-dir]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Folder in which each run gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = "reports", env = "TASTER_REPORTS_DIR")]
    pub reports_dir: PathBuf,

    /// Judge the recordings of an earlier duet again, and send nothing: its folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "a", "a_command", "a_fault"])]
    pub replay: Option<PathBuf>,

    /// The smallest growth worth blocking: one percentage for all latencies, or one for each
    /// metric, as the default has them; `p99=off` is not compared
    #[arg(long, value_name = "MARGINS", default_value = DEFAULT_MARGIN)]
    pub margin: Margin,

    /// A latency may always grow by so much, however little it is
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse_duration)]
    pub margin_floor: Duration,

    /// Folder of baselines, where what is known of this machine's noise is kept
    #[arg(long, value_name = "DIR", default_value = "baselines")]
    pub baseline: PathBuf,

    /// What INCONCLUSIVE means for the exit code: fail 1, warn 3, pass 0
    #[arg(long, value_name = "AS", default_value = "warn")]
    pub inconclusive: Inconclusive,

    #[command(flatten)]
    pub chat: NotifyArgs,
}

/// What is compared; by default the embedded backend with itself
#[derive(Debug, Args)]
#[command(next_help_heading = "The two sides")]
pub struct SidesArgs {
    /// What is compared with: a service that runs already
    #[arg(long, value_name = "URL", requires = "b")]
    pub a: Option<String>,

    /// What is judged: a service that runs already
    #[arg(long, value_name = "URL", requires = "a")]
    pub b: Option<String>,

    /// What is compared with: a command that starts it; `{port}` stands for the port to listen on
    #[arg(long, value_name = "COMMAND", requires = "b_command", conflicts_with = "a")]
    pub a_command: Option<String>,

    /// What is judged: a command that starts it
    #[arg(long, value_name = "COMMAND", requires = "a_command", conflicts_with = "b")]
    pub b_command: Option<String>,

    /// Path that answers below 400 once a started service is ready [default: any answer on /]
    #[arg(long, value_name = "PATH", requires = "a_command", value_parser = path)]
    pub ready: Option<String>,

    /// How long a started service may take until then
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub ready_within: Duration,

    /// Fault in the embedded backend that is compared with; may be given several times
    #[arg(long, value_name = "FAULT", conflicts_with_all = ["a", "a_command"])]
    pub a_fault: Vec<Fault>,

    /// Fault in the embedded backend that is judged; may be given several times
    #[arg(long, value_name = "FAULT", conflicts_with_all = ["a", "a_command"])]
    pub b_fault: Vec<Fault>,
}

/// How the sides share the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Layout {
    /// In turns of one second: for small machines.
    Interleaved,
    /// Both at the same time, half of the load each: for machines with cores for all of it.
    SideBySide,
}

/// By which a duet tells each side what it is
#[derive(Debug, Clone, Default, Args)]
pub struct PartArgs {
    /// The part of a duet that this run is, as JSON; it then begins when standard input says so
    #[arg(long, hide = true, requires = "duet_length", value_parser = part)]
    pub duet_part: Option<DuetPart>,

    /// How long its load is
    #[arg(long, hide = true, requires = "duet_part", value_parser = parse_duration)]
    pub duet_length: Option<Duration>,
}

fn part(text: &str) -> Result<DuetPart, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A path of a URL.
pub(super) fn path(text: &str) -> Result<String, String> {
    match text.starts_with('/') && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        true => Ok(text.to_string()),
        false => Err("write a path, such as `/health`".to_string()),
    }
}

/// The sides take turns of a second, two in a row: only even numbers of them are alike.
pub(super) fn segment(text: &str) -> Result<Duration, String> {
    let wanted = parse_duration(text).map_err(|error| error.to_string())?;
    match wanted.subsec_nanos() == 0 && wanted.as_secs().is_multiple_of(2) && !wanted.is_zero() {
        true => Ok(wanted),
        false => Err("write an even number of seconds, such as 30s".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_an_even_number_of_seconds() {
        assert_eq!(segment("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(segment("1m"), Ok(Duration::from_secs(60)));
        for wrong in ["0s", "3s", "2500ms", "x"] {
            assert!(segment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_begins_with_a_slash_and_is_one_word() {
        assert!(path("/health?deep=1").is_ok());
        for wrong in ["health", "", "/a b", "/a\r\nX: y"] {
            assert!(path(wrong).is_err(), "{wrong}");
        }
    }
}
