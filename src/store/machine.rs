//! What this machine and this checkout are, as far as files and git tell.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::result::Machine;

/// Clock ticks per second in `/proc/self/stat`: 100 on every Linux of today (`man 5 proc`).
const TICKS: f64 = 100.0;

/// This machine.
pub fn machine() -> Machine {
    let cpuinfo = read("/proc/cpuinfo");
    let cpu = field(&cpuinfo, "model name").unwrap_or_else(|| "unknown CPU".to_string());
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let memory_kb = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0);
    let os = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let kernel = read("/proc/sys/kernel/osrelease").trim().to_string();
    let mut digest = Sha256::new();
    digest.update(format!("{cpu}|{cores}|{os}"));
    let fingerprint = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Machine { fingerprint, cpu, cores, memory_mb: memory_kb / 1024, os, kernel }
}

/// CPU time that this process has used so far, in seconds; none where the system does not tell.
pub fn process_cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the command in brackets and may itself hold spaces and brackets.
    let after = &stat[stat.rfind(')')? + 1..];
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / TICKS)
}

/// A font of the system that browsers can draw letters with, where there is one.
pub fn any_font() -> Option<PathBuf> {
    let home = std::env::home_dir().map(|home| home.join(".fonts"));
    let folders = [
        "/usr/share/fonts",
        "/usr/local/share/fonts",
        "/System/Library/Fonts",
        "/Library/Fonts",
        "C:\\Windows\\Fonts",
    ];
    let mut open: Vec<(PathBuf, u32)> = folders.iter().map(|path| (path.into(), 0)).collect();
    open.extend(home.map(|home| (home, 0)));
    while let Some((folder, depth)) = open.pop() {
        for entry in folder.read_dir().into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
            if matches!(kind, "ttf" | "otf" | "ttc" | "pfb") {
                return Some(path);
            }
            if depth < 4 && path.is_dir() {
                open.push((path, depth + 1));
            }
        }
    }
    None
}

/// A file that forgets what is written to it.
pub fn nowhere() -> Option<std::fs::File> {
    std::fs::OpenOptions::new().write(true).open("/dev/null").ok()
}

/// The revision of the checkout that `folder` lies in, with `+` where files were changed.
pub fn git_revision(folder: &Path) -> Option<String> {
    let revision = git(folder, &["rev-parse", "--short=12", "HEAD"])?;
    let changed = !git(folder, &["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(format!("{revision}{}", if changed { "+" } else { "" }))
}

/// Who works in this checkout, as git knows them.
pub fn git_user(folder: &Path) -> Option<String> {
    git(folder, &["config", "user.name"]).filter(|name| !name.is_empty())
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_string())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_string())
}
