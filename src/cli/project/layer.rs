//! From argv to a command: the project's settings are the defaults of the options they stand for.

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};

use super::{KEYS, Project, Setting};
use crate::cli::args::{self, Cli, Command, Origin};
use crate::cli::{Ended, broken};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Commands for which the project's settings hold.
const JUDGING: [&str; 11] = [
    "run", "test", "load", "plan", "report", "compare", "duet", "merge", "verify", "baseline",
    "config",
];

/// Why there is no command.
pub enum Refused {
    /// Help, a version, or a wrong command line.
    Clap(Box<clap::Error>),
    /// The project file.
    Project(Ended),
}

/// Reads argv and the project that it is typed in.
///
/// # Errors
/// A wrong command line; a project file that is wrong.
pub fn parse() -> Result<Cli, Refused> {
    let clap = |error| Refused::Clap(Box::new(error));
    let matches = args::command().try_get_matches().map_err(clap)?;
    let judging = matches.subcommand_name().is_some_and(|name| JUDGING.contains(&name));
    if !judging {
        return Cli::from_arg_matches(&matches).map_err(clap);
    }
    let project = Project::here().map_err(Refused::Project)?;
    let matches = layered(&project, &project.settings).map_err(|error| match wrong(&project) {
        Some(told) => Refused::Project(broken(&Diagnostics::from(told))),
        None => clap(error),
    })?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(clap)?;
    if let (Command::Config(args), Some((_, matches))) = (&mut cli.command, matches.subcommand()) {
        args.origins = origins(matches, &project);
    }
    project.settle(&mut cli.command).map_err(Refused::Project)?;
    Ok(cli)
}

/// What is typed, over the environment, over these settings, over the defaults.
fn layered(project: &Project, settings: &[Setting]) -> Result<ArgMatches, clap::Error> {
    let mut command = args::command();
    for name in JUDGING {
        command = command.mut_subcommand(name, |one| with(one, project, settings));
    }
    command.try_get_matches()
}

fn with(mut command: clap::Command, project: &Project, settings: &[Setting]) -> clap::Command {
    let inner: Vec<String> =
        command.get_subcommands().map(|one| one.get_name().to_string()).collect();
    for name in inner {
        command = command.mut_subcommand(name, |one| with(one, project, settings));
    }
    for setting in settings {
        let option = setting.key.option;
        let values = project.values(setting);
        if setting.key.name == "reports-dir" {
            let latest = values.first().map(|folder| format!("{folder}/latest"));
            let is_there = has_default(&command, "results", "reports/latest");
            if let (Some(latest), true) = (latest, is_there) {
                command = command.mut_arg("results", |arg| arg.default_values([latest]));
            }
        }
        if command.get_arguments().any(|arg| arg.get_id() == option) {
            command = command.mut_arg(option, |arg| arg.default_values(values));
        }
    }
    command
}

fn has_default(command: &clap::Command, id: &str, value: &str) -> bool {
    let arg = command.get_arguments().find(|arg| arg.get_id() == id);
    arg.is_some_and(|arg| arg.get_default_values().iter().any(|default| *default == *value))
}

/// The first setting whose value its option does not take. `plan` and `config` know all of them
/// between them, and nothing that is typed can be the reason.
fn wrong(project: &Project) -> Option<Diagnostic> {
    project.settings.iter().find_map(|setting| {
        let alone = std::slice::from_ref(setting);
        let config = args::command().mut_subcommand("config", |one| with(one, project, alone));
        let error = config.try_get_matches_from(["taster", "config"]).err()?;
        let text = error.to_string();
        let why = text.lines().next().unwrap_or_default();
        // `error: invalid value 'x' for '--y <Y>': why`, and then perhaps what is possible.
        let why = why.trim_start_matches("error: ").rsplit_once("': ").map_or(why, |(_, why)| why);
        let possible = text.lines().map(str::trim).find(|line| line.starts_with("[possible"));
        let possible = possible.map(|line| line.trim_matches(['[', ']']).to_string());
        let problem = format!("`{}` does not take this value", setting.key.name);
        let help = possible.unwrap_or_else(|| format!("such as `{}`", setting.key.example));
        let label = if why.starts_with("error") || why.starts_with("invalid") { "" } else { why };
        Some(Diagnostic::error("bad-setting", problem, &setting.place, label).help(help))
    })
}

/// Each setting with what holds now, and where it comes from.
fn origins(matches: &ArgMatches, project: &Project) -> Vec<Origin> {
    let origin = |key: &'static super::Key| {
        let raw = matches.get_raw(key.option).into_iter().flatten();
        let values: Vec<String> = raw.map(|value| value.to_string_lossy().into_owned()).collect();
        let setting = project.settings.iter().find(|setting| setting.key.name == key.name);
        let long = format!("--{}", key.option.replace('_', "-"));
        let (from, place) = match (matches.value_source(key.option), setting) {
            (Some(ValueSource::CommandLine), _) if key.option == "paths" => ("flag", String::new()),
            (Some(ValueSource::CommandLine), _) => ("flag", long),
            (Some(ValueSource::EnvVariable), _) => ("environment", variable(key.option)),
            (Some(_), Some(setting)) => ("project", setting.place.to_string()),
            _ => ("default", String::new()),
        };
        Origin { key: key.name, values, from, place }
    };
    KEYS.iter().map(origin).collect()
}

/// The environment variable of an option of `config`.
fn variable(option: &str) -> String {
    let command = args::command();
    let config = command.find_subcommand("config");
    let arg = config.and_then(|one| one.get_arguments().find(|arg| arg.get_id() == option));
    let name = arg.and_then(|arg| arg.get_env());
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
