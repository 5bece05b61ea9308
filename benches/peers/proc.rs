//! What the kernel counts: CPU time of a process and all it started, memory, what else a core did.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A tick of the counters under `/proc`: 100 a second on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

/// The CPU time (user and system) of a process and its living descendants, with what they have
/// waited for.
pub fn tree_cpu(root: u32) -> Duration {
    let all = stats();
    let ticks: u64 =
        members(root, &all).iter().filter_map(|pid| all.get(pid)).map(|s| s.ticks).sum();
    TICK * ticks as u32
}

/// The CPU time of everything that this process started and waited for.
pub fn waited_cpu() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = after_name(&text);
    TICK * (field(&fields, 13) + field(&fields, 14)) as u32
}

/// The resident memory of a process and its living descendants, in bytes.
pub fn tree_memory(root: u32) -> u64 {
    members(root, &stats()).into_iter().map(memory).sum()
}

fn memory(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    kilobytes.unwrap_or(0u64) * 1024
}

/// The time that a core was not idle, whoever used it; zero where it cannot be known.
pub fn busy(core: usize) -> Duration {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let name = format!("cpu{core} ");
    let Some(line) = text.lines().find_map(|line| line.strip_prefix(&name)) else {
        return Duration::ZERO;
    };
    let ticks: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal
    let at = |index: usize| ticks.get(index).copied().unwrap_or(0);
    TICK * (at(0) + at(1) + at(2) + at(5) + at(6) + at(7)) as u32
}

/// Allows as many open files as this process may allow itself; tells how many.
pub fn raise_open_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let limit = if raised.is_ok() { maximum } else { current };
    limit.unwrap_or(u64::MAX)
}

/// The machine in a line: processor, cores, kernel.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |line| line.trim_start_matches(['\t', ' ', ':']));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {} cores, Linux {}", cores(), kernel.trim())
}

/// Cores that may be used.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get())
}

/// What one process says of itself.
struct Stat {
    parent: u32,
    ticks: u64,
}

fn stats() -> HashMap<u32, Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    let pid = |entry: std::io::Result<fs::DirEntry>| {
        entry.ok()?.file_name().to_str().and_then(|name| name.parse().ok())
    };
    entries.filter_map(pid).filter_map(|pid| Some((pid, stat(pid)?))).collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = after_name(&text);
    let ticks = (11..15).map(|at| field(&fields, at)).sum();
    Some(Stat { parent: field(&fields, 1) as u32, ticks })
}

/// The fields after the name, which may hold anything: the first is the state.
fn after_name(text: &str) -> Vec<&str> {
    text.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect())
}

fn field(fields: &[&str], at: usize) -> u64 {
    fields.get(at).and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn members(root: u32, all: &HashMap<u32, Stat>) -> Vec<u32> {
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(all.iter().filter(|(_, stat)| stat.parent == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found
}
