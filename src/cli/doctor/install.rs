//! Gets what is missing: one command after the other, each said before it is run, with its
//! outcome.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::cli::doctor::packages::{Manager, Need};
use crate::cli::words;

/// A command, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Errand {
    /// The program and its arguments.
    words: Vec<String>,
    /// Whether nothing can be got without it.
    first: bool,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
struct Asker {
    root: bool,
    sudo: bool,
}

/// Gets everything as far as it can; what could not be got is seen by who looks again.
pub fn install(missing: &[Need], manager: Option<Manager>, folders: &[PathBuf]) {
    let has = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    let asker = Asker { root: is_root(), sudo: has("sudo") };
    let errands = match errands(missing, manager, asker) {
        Ok(errands) => errands,
        Err(why) => return words::say(&why),
    };
    if errands.iter().any(|one| one.words[0] == "cargo") && !has("cargo") {
        words::say("cargo is missing, which builds geckodriver: https://rustup.rs");
    }
    for errand in errands {
        words::say(&format!("$ {}", errand.words.join(" ")));
        match run(&errand.words) {
            Ok(()) => words::say("  done"),
            Err(why) => {
                words::say(&format!("  {why}"));
                if errand.first {
                    words::say("  so nothing is installed: repair that first");
                    return;
                }
            }
        }
    }
}

/// One command for each package: a name that a system does not know costs only itself.
fn errands(
    missing: &[Need],
    manager: Option<Manager>,
    asker: Asker,
) -> Result<Vec<Errand>, String> {
    let mut errands = Vec::new();
    let packages: Vec<(Manager, &str)> =
        missing.iter().filter_map(|need| Some((manager?, need.package(manager?)?))).collect();
    if let Some((manager, _)) = packages.first() {
        let prefix = prefix(*manager, asker)?;
        let with = |words: Vec<&str>| -> Vec<String> {
            prefix.iter().copied().chain(words).map(String::from).collect()
        };
        if *manager == Manager::Apt {
            errands.push(Errand { words: with(vec!["apt-get", "update"]), first: true });
        }
        for (manager, package) in &packages {
            let mut words = manager.install(true);
            words.extend(package.split(' '));
            errands.push(Errand { words: with(words), first: false });
        }
    }
    let builds = missing.contains(&Need::Geckodriver)
        && manager.and_then(|manager| Need::Geckodriver.package(manager)).is_none();
    if builds {
        let words = ["cargo", "install", "--locked", "geckodriver"].map(String::from).to_vec();
        errands.push(Errand { words, first: false });
    }
    Ok(errands)
}

/// What makes a command one of the administrator.
fn prefix(manager: Manager, asker: Asker) -> Result<&'static [&'static str], String> {
    match (manager, asker) {
        // It refuses to work for root.
        (Manager::Brew, _) | (_, Asker { root: true, .. }) => Ok(&[]),
        (_, Asker { sudo: true, .. }) => Ok(&["sudo"]),
        _ => Err(format!(
            "{} needs root, and there is no sudo: run `taster doctor --install` as root",
            manager.program()
        )),
    }
}

/// Runs a command whose output is seen as it comes, on standard error.
fn run(words: &[String]) -> Result<(), String> {
    let status = Command::new(&words[0])
        .args(&words[1..])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::inherit())
        .stdout(std::io::stderr())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("failed: {status}")),
        Err(error) => Err(format!("cannot be started: {error}")),
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Asker = Asker { root: true, sudo: false };
    const SUDO: Asker = Asker { root: false, sudo: true };
    const NOBODY: Asker = Asker { root: false, sudo: false };

    fn lines(missing: &[Need], manager: Option<Manager>, asker: Asker) -> Vec<String> {
        let errands = errands(missing, manager, asker).unwrap();
        errands.into_iter().map(|errand| errand.words.join(" ")).collect()
    }

    #[test]
    fn what_a_system_has_is_installed_and_the_rest_is_built() {
        let missing = [Need::Chromium, Need::Geckodriver, Need::Xvfb];
        assert_eq!(
            lines(&missing, Some(Manager::Apt), ROOT),
            [
                "apt-get update",
                "apt-get install -y --no-install-recommends chromium",
                "apt-get install -y --no-install-recommends xvfb",
                "cargo install --locked geckodriver",
            ]
        );
        assert_eq!(
            lines(&missing, Some(Manager::Apk), SUDO),
            ["sudo apk add chromium", "sudo apk add cmd:geckodriver", "sudo apk add cmd:Xvfb"]
        );
        assert_eq!(
            lines(&missing, Some(Manager::Brew), NOBODY),
            ["brew install --cask chromium", "brew install geckodriver"]
        );
    }

    #[test]
    fn what_needs_nobodys_leave_is_got_without_it() {
        let built = ["cargo install --locked geckodriver"];
        assert_eq!(lines(&[Need::Geckodriver], Some(Manager::Apt), NOBODY), built);
        assert_eq!(lines(&[Need::Geckodriver, Need::Xvfb], None, NOBODY), built);
        assert!(lines(&[], Some(Manager::Apt), NOBODY).is_empty());
        let told = errands(&[Need::Xvfb], Some(Manager::Apt), NOBODY).unwrap_err();
        assert_eq!(
            told,
            "apt-get needs root, and there is no sudo: run `taster doctor --install` as root"
        );
    }

    #[test]
    fn a_command_that_fails_or_is_not_there_is_told() {
        let run = |line: &str| run(&line.split(' ').map(String::from).collect::<Vec<_>>());
        assert_eq!(run("true"), Ok(()));
        assert!(run("false").is_err_and(|why| why.starts_with("failed: ")));
        let told = run("/nowhere/at/all --really");
        assert!(told.is_err_and(|why| why.starts_with("cannot be started: ")));
    }
}
