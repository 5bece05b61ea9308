//! Finds the peers, installs what is missing where that is wanted, and tells what is not there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::{Bench, Problem, home};
use crate::tool::installed;

/// How a program comes to this machine.
enum Source {
    /// A package of Debian, and of what descends from it.
    Debian(&'static str),
    /// A crate with a program.
    Cargo(&'static str),
    /// A Python package.
    Pip(&'static str),
    /// A package of npm.
    Npm(&'static str),
}

/// The server and the peers.
const PROGRAMS: [(&str, Source); 6] = [
    ("nginx", Source::Debian("nginx-light")),
    ("wrk", Source::Debian("wrk")),
    ("hey", Source::Debian("hey")),
    ("oha", Source::Cargo("oha")),
    ("locust", Source::Pip("locust")),
    ("artillery", Source::Npm("artillery")),
];

/// The peers that may be chosen.
pub fn names() -> Vec<&'static str> {
    PROGRAMS.iter().map(|(name, _)| *name).filter(|name| *name != "nginx").collect()
}

/// A program that is not there, and why.
pub type Missing = (&'static str, String);

/// Finds nginx and the peers that are wanted; installs them first where that is wanted too.
pub fn find(bench: &mut Bench, wanted: &[&str], install: bool) -> Vec<Missing> {
    let mut missing = Vec::new();
    for (name, source) in &PROGRAMS {
        if *name != "nginx" && !wanted.contains(name) {
            continue;
        }
        match place(name, source, install) {
            Ok(path) if *name == "nginx" => bench.nginx = Some(path),
            Ok(path) => drop(bench.programs.insert(name, path)),
            Err(problem) => missing.push((*name, problem.to_string())),
        }
    }
    missing
}

fn place(name: &str, source: &Source, install: bool) -> Result<PathBuf, Problem> {
    if let Some(path) = there(name) {
        return Ok(path);
    }
    if !install {
        return Err(Problem::new("not installed: run with --install, as `make bench` does".into()));
    }
    eprintln!("installing {name}");
    match source {
        Source::Debian(package) => debian(package)?,
        Source::Cargo(package) => cargo(package)?,
        Source::Pip(package) => pip(package)?,
        Source::Npm(package) => npm(package)?,
    }
    there(name).ok_or_else(|| Problem::new("installed, but not found afterwards".into()))
}

/// Where a program is: in a folder of ours, or where the shell would find it.
fn there(name: &str) -> Option<PathBuf> {
    let ours = installed(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let all = std::iter::once(ours).chain(folders.map(|folder| folder.join(name)));
    { all }.find(|path| path.is_file())
}

fn debian(package: &str) -> Result<(), Problem> {
    let root = rustix::process::geteuid().is_root();
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.arg("apt-get");
        }
        command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        run(command)
    };
    // Lists that were never fetched, or are old, are fetched and it is tried again.
    apt(&["install", "-y", "-q", package]).or_else(|_| {
        apt(&["update", "-q"])?;
        apt(&["install", "-y", "-q", package])
    })
}

fn cargo(package: &str) -> Result<(), Problem> {
    let mut command = Command::new("cargo");
    command.args(["install", "--locked", package, "--root"]).arg(home().join(package));
    // Not into this project's own build.
    command.env_remove("CARGO_TARGET_DIR").current_dir(home());
    run(command)
}

fn pip(package: &str) -> Result<(), Problem> {
    let folder = home().join("venv");
    let mut command = Command::new("python3");
    command.args(["-m", "venv"]).arg(&folder);
    run(command)?;
    let mut command = Command::new(folder.join("bin/pip"));
    command.args(["install", "--quiet", "--disable-pip-version-check", package]);
    run(command)
}

fn npm(package: &str) -> Result<(), Problem> {
    let folder = home().join("npm");
    fs::create_dir_all(&folder)?;
    let mut command = Command::new("npm");
    command.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
    // Its scripts download browsers, which nobody needs here.
    command.arg(&folder).args(["--ignore-scripts", package]);
    run(command)
}

fn run(mut command: Command) -> Result<(), Problem> {
    let shown = format!("{command:?}").replace('"', "");
    let failed = |why: String| Problem::new(format!("{shown}: {why}"));
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(said.lines().last().unwrap_or("failed").to_string())),
    }
}

/// What a program says its version is.
pub fn version(name: &str, path: &Path) -> String {
    let flag = if name == "nginx" || name == "wrk" { "-v" } else { "--version" };
    let (program, arguments): (&Path, Vec<&str>) = match name {
        // It tells no version of its own.
        "hey" => (Path::new("dpkg-query"), vec!["-W", "-f", "hey ${Version}", "hey"]),
        _ => (path, vec![flag]),
    };
    let Ok(output) = Command::new(program).args(arguments).output() else {
        return "unknown".to_string();
    };
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let has_number = |line: &&str| line.chars().any(|c| c.is_ascii_digit());
    text.lines().find(has_number).unwrap_or("unknown").trim().to_string()
}
