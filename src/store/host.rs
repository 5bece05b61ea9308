//! What this machine gives a generator of load, as far as its files tell.

use std::path::Path;

use super::vitals;

/// What was found; none where the system does not tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Host {
    /// Open files, the soft limit of this process, and how far it may raise that.
    pub files: Option<(u64, u64, u64)>,
    /// Sockets in use, and ports for outgoing ones.
    pub ports: Option<(u64, u64)>,
    /// The first and the last of these ports.
    pub port_range: Option<(u64, u64)>,
    /// What the kernel takes the time from, such as `tsc`.
    pub clock_source: Option<String>,
    /// Whether a time service has set the clock.
    pub clock_set: Option<bool>,
    /// Processors that this process may run on.
    pub cores: u32,
    /// How many of them a control group allows to be used at once, where it bounds them.
    pub core_limit: Option<f64>,
    /// Memory that is free to be used, in MB.
    pub memory_mb: Option<u64>,
    /// What a control group leaves of it, in MB, where it bounds it.
    pub memory_limit_mb: Option<u64>,
    /// How the processors' frequency is chosen.
    pub governor: Option<String>,
    /// Free space where runs are written, in MB.
    pub disk_mb: Option<u64>,
}

/// Looks at this machine; `folder` is where runs will be written, and need not be there yet.
pub fn host(folder: &Path) -> Host {
    Host {
        files: vitals::open_files().map(|(open, soft)| (open, soft, hard_limit(soft))),
        ports: vitals::local_ports(),
        port_range: numbers("/proc/sys/net/ipv4/ip_local_port_range"),
        clock_source: line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        clock_set: clock_set(),
        cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
        core_limit: core_limit(),
        memory_mb: memory_available(),
        memory_limit_mb: memory_left(),
        governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        disk_mb: disk(folder),
    }
}

/// The first line of a file; none where there is none or nothing in it.
fn line(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_string())
}

fn numbers(path: &str) -> Option<(u64, u64)> {
    let text = line(path)?;
    let mut words = text.split_whitespace().map(str::parse);
    Some((words.next()?.ok()?, words.next()?.ok()?))
}

#[cfg(unix)]
fn hard_limit(soft: u64) -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.maximum.unwrap_or(u64::MAX).max(soft)
}

#[cfg(not(unix))]
fn hard_limit(soft: u64) -> u64 {
    soft
}

/// systemd-timesyncd leaves a mark once it has set the clock; chrony and ntpd keep files that are
/// there as soon as they know how far the clock is off.
fn clock_set() -> Option<bool> {
    let there = |path: &str| Path::new(path).exists();
    if there("/run/systemd/timesync/synchronized") {
        return Some(true);
    }
    match there("/run/systemd/timesync") {
        true => Some(false),
        false if there("/var/lib/chrony/drift") || there("/var/lib/ntp/ntp.drift") => Some(true),
        false => None,
    }
}

/// `cpu.max` holds what may be used of each period, in microseconds, or `max`.
fn core_limit() -> Option<f64> {
    let v2 = line("/sys/fs/cgroup/cpu.max").and_then(|text| quota(&text));
    v2.or_else(|| {
        let part = |name: &str| line(&format!("/sys/fs/cgroup/cpu/cpu.cfs_{name}_us"));
        quota(&format!("{} {}", part("quota")?, part("period")?))
    })
}

fn quota(text: &str) -> Option<f64> {
    let mut words = text.split_whitespace().map(str::parse::<f64>);
    let (allowed, period) = (words.next()?.ok()?, words.next()?.ok()?);
    (allowed > 0.0 && period > 0.0).then(|| allowed / period)
}

fn memory_available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
}

fn memory_left() -> Option<u64> {
    let read = |new: &str, old: &str| {
        let text = line(&format!("/sys/fs/cgroup/{new}"));
        text.or_else(|| line(&format!("/sys/fs/cgroup/memory/{old}")))?.parse::<u64>().ok()
    };
    let most = read("memory.max", "memory.limit_in_bytes")?;
    let used = read("memory.current", "memory.usage_in_bytes").unwrap_or(0);
    // The old files tell a number near 2^63 where nothing bounds it.
    (most < 1 << 50).then(|| most.saturating_sub(used) >> 20)
}

/// Of the folder, or the nearest above it that is there.
#[cfg(unix)]
fn disk(folder: &Path) -> Option<u64> {
    let whole = std::path::absolute(folder).ok()?;
    let there = whole.ancestors().find(|path| path.exists())?;
    let told = rustix::fs::statvfs(there).ok()?;
    Some(told.f_bavail.saturating_mul(told.f_frsize) >> 20)
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_a_share_of_its_period() {
        assert_eq!(quota("150000 100000"), Some(1.5));
        for unbounded in ["max 100000", "-1 100000", "", "1"] {
            assert_eq!(quota(unbounded), None, "{unbounded}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_on_the_disk_of_the_one_above() {
        let found = host(Path::new("nowhere/at/all"));
        assert!(found.cores > 0);
        #[cfg(unix)]
        assert!(found.disk_mb.is_some());
    }
}
