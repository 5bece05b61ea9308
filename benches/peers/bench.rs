//! What everything here works with: the settings, where programs are, which core is whose.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::proc;

/// Users, or connections, of every comparison.
pub const USERS: u32 = 32;

/// Something that went wrong, in a sentence.
#[derive(Debug)]
pub struct Problem(String);

impl Problem {
    /// One with these words.
    pub fn new(words: String) -> Self {
        Self(words)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// Who a process belongs to, and so which core it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Load generators: core 0.
    Generator,
    /// The server: core 1.
    Server,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Rounds in which everybody is measured once.
    pub rounds: usize,
    /// Before each measured part.
    pub warm_up: Duration,
    /// The measured part.
    pub seconds: Duration,
    /// Start of the random order of tools and of the resampling.
    pub seed: u64,
}

impl Amount {
    /// For how many whole seconds a tool is told to run, so that it outlasts the measured part.
    pub fn told(&self) -> u64 {
        (self.warm_up + self.seconds).as_secs_f64().ceil() as u64 + 1
    }
}

/// The settings and the programs.
#[derive(Clone)]
pub struct Bench {
    /// How long and how often.
    pub amount: Amount,
    /// Taster, as released.
    pub taster: PathBuf,
    /// The folder for whatever is made here.
    pub folder: PathBuf,
    /// nginx, where it is installed.
    pub nginx: Option<PathBuf>,
    /// Peers that can be run, and where.
    pub programs: BTreeMap<&'static str, PathBuf>,
    /// Whether generator and server get a core each.
    pub pinned: bool,
    /// Open files allowed.
    pub open_files: u64,
}

impl Bench {
    /// One for these amounts, in the project's folder `target/peers`.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(amount: Amount, name: &str) -> Result<Self, Problem> {
        let folder = home().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            amount,
            taster: PathBuf::from(env!("CARGO_BIN_EXE_taster")),
            folder,
            nginx: None,
            programs: BTreeMap::new(),
            pinned: proc::cores() > 1,
            open_files: proc::raise_open_files(),
        })
    }

    /// A command on its side's core.
    pub fn pinned(&self, side: Side, program: impl AsRef<OsStr>) -> Command {
        if !self.pinned {
            return Command::new(program);
        }
        let core = if side == Side::Generator { "0" } else { "1" };
        let mut command = Command::new("taskset");
        command.args(["-c", core]).arg(program);
        command
    }

    /// This very program, on a side's core.
    pub fn itself(&self, side: Side) -> Command {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("peers"));
        self.pinned(side, program)
    }

    /// Taster loading a target with a scenario file; its result lies in `folder`.
    pub fn taster(&self, scenario: &Path, profile: &str, (url, folder): (&str, &Path)) -> Command {
        let mut command = self.pinned(Side::Generator, &self.taster);
        command.arg("load").arg(scenario).args(["--profile", profile, "--target", url]);
        command.arg("--out").arg(folder).args(["--report", "json", "--no-baseline"]);
        command.args(["--threads", "1", "--seed"]).arg(self.amount.seed.to_string());
        command
    }

    /// Writes a file into the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, Problem> {
        let path = self.folder.join(name);
        std::fs::write(&path, text)?;
        Ok(path)
    }
}

/// Where peers are installed and numbers are kept.
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers")
}
