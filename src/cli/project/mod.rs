//! What holds in a project: `taster.toml`, found upward, below what is typed and the environment.
//!
//! Its settings become the defaults of the options they stand for, so that there is one precedence
//! and clap keeps it: an option, its environment variable, the project, the default.

mod keys;
mod layer;

use std::path::{Path, PathBuf};

use crate::cli::args::{Command, WhatArgs};
use crate::cli::{Ended, broken};
use crate::diagnostic::{Place, nearest};
use crate::store;

pub use keys::{KEYS, Key, Kind};
pub use layer::{Refused, parse};

/// Its name.
pub const FILE: &str = "taster.toml";

/// A project file as it is meant; empty where there is none.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// The file, as it is shown; none where there is none.
    pub file: Option<PathBuf>,
    /// From the working directory to its folder: empty for the same.
    pub folder: PathBuf,
    /// What stands for options.
    pub settings: Vec<Setting>,
    /// Targets by their names.
    pub targets: Vec<Named>,
    /// Values for vars of the scenarios.
    pub vars: Vec<Named>,
}

/// A setting, as written.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Which.
    pub key: &'static Key,
    /// Its values; paths are still relative to the file.
    pub values: Vec<String>,
    /// Where the values stand.
    pub place: Place,
}

/// A name with its value.
#[derive(Debug, Clone)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
    /// Where the value stands.
    pub place: Place,
}

/// Where what is learnt from run to run is kept: the folder of the project's file, from the working
/// directory, or that directory itself.
pub fn root() -> PathBuf {
    let file = store::find_upward(FILE, std::env::home_dir().as_deref());
    file.and_then(|file| file.parent().map(Path::to_path_buf)).unwrap_or_default()
}

impl Project {
    /// The project of the working directory.
    ///
    /// # Errors
    /// When the file cannot be read, or is wrong.
    pub fn here() -> Result<Self, Ended> {
        let home = std::env::home_dir();
        let Some(path) = store::find_upward(FILE, home.as_deref()) else {
            return Ok(Self::default());
        };
        let file = store::read_source(&path)?;
        let project = keys::read(&file).map_err(|problems| broken(&problems))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Ok(Self { file: Some(path), folder, ..project })
    }

    /// A setting's values for the option it stands for.
    fn values(&self, setting: &Setting) -> Vec<String> {
        let paths = matches!(setting.key.kind, Kind::Path | Kind::Paths);
        let value = |text: &String| match paths {
            true => self.folder.join(text).display().to_string(),
            false => text.clone(),
        };
        setting.values.iter().map(value).collect()
    }

    /// The URL of a target that is given by its name; a URL is itself.
    ///
    /// # Errors
    /// When it is no URL and no such name is known.
    pub fn target(&self, given: &str) -> Result<String, Ended> {
        if let Some(named) = self.targets.iter().find(|named| named.name == given) {
            return Ok(named.value.clone());
        }
        if given.contains("://") || self.targets.is_empty() {
            return Ok(given.to_string());
        }
        let names = || self.targets.iter().map(|named| named.name.as_str());
        let known: Vec<String> = names().map(|name| format!("`{name}`")).collect();
        let next = match nearest(given, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the project has {}; a URL begins with http://", known.join(", ")),
        };
        Err(Ended::usage(format!("--target `{given}` is neither a URL nor a target; {next}")))
    }

    /// Fills in what is no option of its own: targets by name, and the project's vars below those
    /// that were typed.
    ///
    /// # Errors
    /// When a target is not known.
    pub fn settle(self, command: &mut Command) -> Result<(), Ended> {
        if let Command::Duet(args) = command {
            for side in [&mut args.sides.a, &mut args.sides.b].into_iter().flatten() {
                *side = self.target(side)?;
            }
            args.var = self.vars(&args.var);
            args.project = self;
        } else if let Some(what) = what(command) {
            if let Some(target) = &what.target {
                what.target = Some(self.target(target)?);
            }
            what.var = self.vars(&what.var);
            what.project = self;
        }
        Ok(())
    }

    fn vars(&self, typed: &[(String, String)]) -> Vec<(String, String)> {
        let own = self.vars.iter().filter(|var| !typed.iter().any(|(name, _)| *name == var.name));
        let own = own.map(|var| (var.name.clone(), var.value.clone()));
        own.chain(typed.iter().cloned()).collect()
    }

    /// Where it says that scenarios are.
    pub fn scenarios(&self) -> Vec<PathBuf> {
        let setting = self.settings.iter().find(|setting| setting.key.name == "scenarios");
        let values = setting.map(|setting| self.values(setting)).unwrap_or_default();
        values.into_iter().map(PathBuf::from).collect()
    }

    /// Whether these paths are all that it knows.
    pub fn names(&self, paths: &[PathBuf]) -> bool {
        let own = self.scenarios();
        !own.is_empty() && own == paths
    }

    /// Whether a var was given by this file, with this value.
    pub fn gives(&self, (name, value): &(String, String)) -> bool {
        self.vars.iter().any(|var| var.name == *name && var.value == *value)
    }
}

/// The part of a command that says what is run.
fn what(command: &mut Command) -> Option<&mut WhatArgs> {
    use crate::cli::args::BaselineCommand;
    match command {
        Command::Run(args) | Command::Test(args) => Some(&mut args.run.what),
        Command::Load(args) => Some(&mut args.run.what),
        Command::Plan(args) => Some(&mut args.what),
        Command::Verify(args) => Some(&mut args.what),
        Command::Config(args) => Some(&mut args.what),
        Command::Baseline(BaselineCommand::Calibrate(args)) => Some(&mut args.run.what),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    fn project(text: &str) -> Project {
        let file = SourceFile::new("taster.toml", text);
        Project { folder: PathBuf::from(".."), ..keys::read(&file).expect("it is right") }
    }

    #[test]
    fn a_target_is_a_url_or_a_name() {
        let project = project("[targets]\nstaging = \"https://a.example\"\nlocal = \"http://b\"\n");
        assert_eq!(project.target("staging").ok().as_deref(), Some("https://a.example"));
        assert_eq!(project.target("http://c").ok().as_deref(), Some("http://c"));
        let told = project.target("stagin").expect_err("it is not known").message;
        assert!(told.contains("did you mean `staging`?"), "{told}");
        let told = project.target("nonsense").expect_err("it is not known").message;
        assert!(told.contains("`staging`, `local`"), "{told}");
        // Without named targets it is for who reads URLs to say what is wrong.
        assert!(Project::default().target("nonsense").is_ok());
    }

    #[test]
    fn typed_vars_win_and_paths_are_those_of_the_file() {
        let project = project("scenarios = [\"a\", \"b\"]\n[vars]\nbase = \"/v1\"\nkey = \"k\"\n");
        let typed = [("base".to_string(), "/v2".to_string())];
        let all = project.vars(&typed);
        assert_eq!(all, [("key".into(), "k".into()), ("base".into(), "/v2".into())]);
        assert!(project.gives(&all[0]) && !project.gives(&all[1]));
        assert_eq!(project.values(&project.settings[0]), ["../a", "../b"]);
    }
}
