//! Is how a plan is executed: what the command line says beside the scenario files.

use std::str::FromStr;

use crate::driver::browser::Launch;
use crate::executor::{Control, Debugging};

/// How a plan is executed.
#[derive(Debug, Clone)]
pub struct Options {
    /// Tests at the same time.
    pub workers: usize,
    /// Threads that generate load.
    pub threads: usize,
    /// How tests are run.
    pub tests: TestOptions,
    /// How browsers are started.
    pub launch: Launch,
    /// What changes the load by hand while it goes on.
    pub control: Control,
}

/// How tests are run.
#[derive(Debug, Clone, Default)]
pub struct TestOptions {
    /// `--retries`: attempts after the first, in place of what the files say.
    pub retries: Option<u32>,
    /// `--repeat-each`: how often each test is run; each time is a result of its own.
    pub repeat_each: Option<u32>,
    /// `--max-failures`: after so many failed tests no other is begun.
    pub max_failures: Option<u32>,
    /// `--headed`: with windows that can be seen.
    pub headed: bool,
    /// `--debug`: stops before each step.
    pub debugger: Option<Debugging>,
    /// `--update-screenshots`: pictures are stored instead of compared.
    pub update_screenshots: bool,
    /// `--trace`
    pub traces: KeepTraces,
    /// `--webdriver`: a WebDriver that is there already, in place of drivers of Taster's own.
    pub webdriver: Option<String>,
}

/// Of which browser tests a trace is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepTraces {
    /// Of all.
    Always,
    /// Of those with an attempt that failed, all attempts.
    #[default]
    Failed,
    /// Of none.
    Never,
}

impl KeepTraces {
    /// The words of the command line.
    pub const NAMES: [&str; 3] = ["always", "failed", "never"];

    /// Whether one is kept of a test that had an attempt which failed, or had none.
    pub fn keep(self, failed: bool) -> bool {
        match self {
            KeepTraces::Always => true,
            KeepTraces::Failed => failed,
            KeepTraces::Never => false,
        }
    }
}

impl FromStr for KeepTraces {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "always" => Ok(KeepTraces::Always),
            "failed" => Ok(KeepTraces::Failed),
            "never" => Ok(KeepTraces::Never),
            _ => Err(format!("write one of {}", KeepTraces::NAMES.join(", "))),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        let (tests, launch, control) = Default::default();
        Self { workers: 4, threads: 1, tests, launch, control }
    }
}

impl TestOptions {
    /// How often each test is run.
    pub fn repeats(&self) -> u32 {
        self.repeat_each.unwrap_or(1).max(1)
    }

    /// How many attempts a test has at most whose file says so many.
    pub(super) fn attempts(&self, written: u32) -> u32 {
        match (&self.debugger, self.retries) {
            // Whoever looks on sees for himself.
            (Some(_), _) => 1,
            (None, Some(retries)) => retries.saturating_add(1),
            (None, None) => written,
        }
    }
}
