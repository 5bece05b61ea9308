//! Argv in, exit code out: one file a command, and the only printing.

mod args;
mod backend;
mod baseline;
mod choose;
mod compare;
mod debugger;
mod demo;
mod doctor;
mod duet;
mod evidence;
mod exit;
mod gate;
mod github;
mod guard;
mod inputs;
mod interrupt;
mod judge;
mod live;
mod merge;
mod plan;
mod preflight;
mod progress;
mod publishing;
mod report;
mod run;
mod safety;
mod selftest;
mod verify;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::cli::args::{Cli, Command};
use crate::cli::exit::ExitStatus;
use crate::diagnostic::Diagnostics;
use crate::store::StoreError;

/// A command that ended before it had anything to judge: what to say, and how to exit.
#[derive(Debug)]
struct Ended {
    status: ExitStatus,
    message: String,
}

impl Ended {
    fn new(status: ExitStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Usage, message)
    }

    fn environment(message: impl Into<String>) -> Self {
        Self::new(ExitStatus::Environment, message)
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        match error.is_environment() {
            true => Self::environment(error.to_string()),
            false => Self::usage(error.to_string()),
        }
    }
}

impl From<anyhow::Error> for Ended {
    fn from(error: anyhow::Error) -> Self {
        Self::environment(format!("{error:#}"))
    }
}

/// The whole program: reads the command line, does what it says, and tells how it went.
pub fn main() -> ExitCode {
    words::quiet_libraries();
    words::report_bugs();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return words::clap_exit(&error),
    };
    let codes = cli.exit_codes;
    match command(cli.command) {
        Ok(status) => status.code(codes),
        Err(ended) => {
            words::complain(&ended.message);
            ended.status.code(codes)
        }
    }
}

/// The command line as it is declared, for whoever describes it.
pub fn command_line() -> clap::Command {
    Cli::command()
}

fn command(command: Command) -> Result<ExitStatus, Ended> {
    match command {
        Command::Run(args) => run::run(&args.run, run::Half::Both(&args), &args.publish),
        Command::Test(args) => run::run(&args.run, run::Half::Tests(&args), &args.publish),
        Command::Load(args) => run::run(&args.run, run::Half::Load, &args.publish),
        Command::Plan(args) => plan::plan(&args),
        Command::Report(args) => report::report(&args),
        Command::Compare(args) => compare::compare(&args),
        Command::Duet(args) => duet::duet(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Verify(args) => verify::verify(&args),
        Command::Baseline(command) => baseline::baseline(&command),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Demo(args) => demo::demo(args),
        Command::Guard(args) => guard::guard(&args),
        Command::Selftest(args) => selftest::selftest(&args),
        Command::Schema => {
            words::data(&format!("{:#}\n", crate::scenario::schema()));
            Ok(ExitStatus::Pass)
        }
        Command::Dashboard => {
            words::data(crate::report::DASHBOARD);
            Ok(ExitStatus::Pass)
        }
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "taster", &mut text);
            words::data(&String::from_utf8_lossy(&text));
            Ok(ExitStatus::Pass)
        }
    }
}

/// All problems of scenario files, drawn; the caller exits with 2.
fn broken(diagnostics: &Diagnostics) -> Ended {
    Ended::usage(words::diagnostics(diagnostics))
}
