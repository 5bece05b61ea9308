//! Argv in, exit code out: one file a command, and the only printing.

mod args;
mod backend;
mod baseline;
mod choose;
mod codes;
mod compare;
mod config;
mod debugger;
mod demo;
mod doctor;
mod duet;
mod evidence;
mod exit;
mod explain;
mod gate;
mod github;
mod guard;
mod import;
mod init;
mod inputs;
mod interrupt;
mod judge;
mod live;
mod man;
mod merge;
mod notifying;
mod plan;
mod preflight;
mod progress;
mod project;
mod publishing;
mod report;
mod run;
mod safety;
mod selftest;
mod verify;
mod words;

use std::process::ExitCode;

use crate::cli::args::Command;
use crate::cli::exit::{ExitCodes, ExitStatus};
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
    let cli = match project::parse() {
        Ok(cli) => cli,
        Err(project::Refused::Clap(error)) => return words::clap_exit(*error),
        Err(project::Refused::Project(ended)) => {
            words::complain(&ended.message);
            return ended.status.code(ExitCodes::Taster);
        }
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
    args::command()
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
        Command::Init(args) => init::init(&args),
        Command::Import(args) => import::import(&args),
        Command::Config(args) => config::config(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Man(args) => man::man(&args),
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
            clap_complete::generate(shell, &mut args::command(), "taster", &mut text);
            words::data(&String::from_utf8_lossy(&text));
            Ok(ExitStatus::Pass)
        }
    }
}

/// All problems of scenario files, drawn; the caller exits with 2.
fn broken(diagnostics: &Diagnostics) -> Ended {
    Ended::usage(words::diagnostics(diagnostics))
}
