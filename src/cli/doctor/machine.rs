//! What load needs of a machine: from what was found to what it means, with nothing looked at.

use crate::store::Host;
use crate::units::show_count;

/// All that is judged.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What the system tells.
    pub host: Host,
    /// The most users that a profile of the scenarios here has, and which; none without scenarios.
    pub users: Option<(u64, String)>,
    /// The smallest step of the clock, and what a look at it takes, in nanoseconds.
    pub clock: (u64, f64),
    /// Why no connection on this machine's own address came about.
    pub loopback: Option<String>,
    /// Where runs are written.
    pub folder: String,
    /// Threads that would generate load.
    pub threads: u32,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Well.
    Fine,
    /// It may cost something.
    Doubtful,
    /// It stands in the way.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What.
    pub name: &'static str,
    /// How it stands.
    pub status: Status,
    /// What was found.
    pub found: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do; empty where nothing is to be done.
    pub fix: String,
}

/// Beside the users' connections: files of the run, the embedded backend, the pipes of drivers.
const OTHER_FILES: u64 = 256;

/// Without scenarios nobody knows what is wanted; so many users are an ordinary load test.
const SUPPOSED: u64 = 500;

/// A look at the clock that takes longer shows in what is measured.
const SLOW_LOOK: f64 = 250.0;

impl Row {
    fn new(name: &'static str, found: impl Into<String>, why: &'static str) -> Self {
        let (found, fix) = (found.into(), String::new());
        Self { name, status: Status::Fine, found, why, fix }
    }

    fn but(mut self, status: Status, fix: impl Into<String>) -> Self {
        (self.status, self.fix) = (status, fix.into());
        self
    }

    fn when(self, so: bool, status: Status, fix: impl Into<String>) -> Self {
        if so { self.but(status, fix) } else { self }
    }
}

/// Judges everything.
pub fn rows(facts: &Facts) -> Vec<Row> {
    vec![
        files(facts),
        ports(facts),
        clock(facts),
        wall_clock(facts),
        cores(facts),
        governor(facts),
        memory(facts),
        disk(facts),
        loopback(facts),
    ]
}

fn users(facts: &Facts) -> (u64, String) {
    match &facts.users {
        Some((users, profile)) => (*users, format!("{} users of {profile}", show_count(*users))),
        None => (SUPPOSED, format!("{SUPPOSED} users, as there are no profiles here")),
    }
}

fn files(facts: &Facts) -> Row {
    const WHY: &str = "each virtual user has connections of its own, and each is an open file";
    let Some((_, soft, hard)) = facts.host.files else {
        return Row::new("open files", "not told by this system", WHY);
    };
    let (users, whose) = users(facts);
    let need = users + OTHER_FILES;
    let found = match soft {
        u64::MAX => format!("no limit; {} for {whose}", show_count(need)),
        _ => format!("{} allowed; {} for {whose}", show_count(soft), show_count(need)),
    };
    let fix = match need <= hard {
        true => format!("ulimit -n {need}"),
        false => format!(
            "raise the hard limit, as root: `ulimit -Hn {need}`, or `LimitNOFILE={need}` of the \
             service, or `--ulimit nofile={need}` of the container"
        ),
    };
    Row::new("open files", found, WHY).when(soft < need, Status::Bad, fix)
}

fn ports(facts: &Facts) -> Row {
    const WHY: &str = "each connection to a target has a port of this machine, and a closed one \
        keeps it for a minute";
    let (Some((used, all)), range) = (facts.host.ports, facts.host.port_range) else {
        return Row::new("ports", "not told by this system", WHY);
    };
    let range = range.map_or(String::new(), |(first, last)| format!(" ({first} to {last})"));
    let (need, whose) = users(facts);
    let free = all.saturating_sub(used);
    let found = format!(
        "{} of {} free{range}; {} for {whose}",
        show_count(free),
        show_count(all),
        show_count(need)
    );
    let wider = "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\"";
    let row = Row::new("ports", found, WHY);
    match free {
        free if free < need => row.but(Status::Bad, wider),
        // Connections that are closed and opened again take several of them.
        free if free < 4 * need => row.but(Status::Doubtful, wider),
        _ => row,
    }
}

fn clock(facts: &Facts) -> Row {
    let (step, look) = facts.clock;
    let source = facts.host.clock_source.as_deref().unwrap_or("a source that is not told");
    let found = format!("{source}, steps of {step} ns, {look:.0} ns for a look");
    let why = "every request looks at it several times, and no latency is truer than its steps";
    let slow = look > SLOW_LOOK || step > 1_000;
    let fix = "use the clock source `tsc` where the machine has one (see \
        /sys/devices/system/clocksource/clocksource0/available_clocksource)";
    Row::new("clock", found, why).when(slow, Status::Doubtful, fix)
}

fn wall_clock(facts: &Facts) -> Row {
    let why = "results are ordered by when they were recorded; latencies do not need it";
    match facts.host.clock_set {
        Some(true) => Row::new("time of day", "set by a time service", why),
        Some(false) => Row::new("time of day", "not set by its time service yet", why)
            .but(Status::Doubtful, "look at `timedatectl` and at what keeps it from the network"),
        None => Row::new("time of day", "no time service is seen from here", why),
    }
}

fn cores(facts: &Facts) -> Row {
    let host = &facts.host;
    let why = "the generator, the target and browsers share them; a busy generator makes a run \
        INVALID";
    let found = match host.core_limit {
        Some(limit) => format!("{} cores, of which a control group allows {limit:.1}", host.cores),
        None => format!("{} cores", host.cores),
    };
    let row = Row::new("cores", found, why);
    let limit = host.core_limit.unwrap_or(f64::from(host.cores));
    if limit < f64::from(facts.threads) {
        let fix = format!(
            "give the container whole cores, or use `--threads {}`: who has used up its share is \
             stopped for tens of milliseconds",
            limit.floor().max(1.0)
        );
        return row.but(Status::Doubtful, fix);
    }
    let fix = "put the target on another machine, and keep --threads below the number of cores";
    row.when(limit < 2.0, Status::Doubtful, fix)
}

fn governor(facts: &Facts) -> Row {
    const WHY: &str = "a processor that slows down when idle makes the first requests of each \
        burst slow";
    match facts.host.governor.as_deref() {
        None => Row::new("processor speed", "chosen by the host, or not told", WHY),
        Some("performance") => Row::new("processor speed", "performance", WHY),
        Some(other) => Row::new("processor speed", other, WHY).but(
            Status::Doubtful,
            "for comparisons: `cpupower frequency-set -g performance`, as root",
        ),
    }
}

fn memory(facts: &Facts) -> Row {
    let why = "10,000 users take 161 MB, a browser some 300 MB";
    let host = &facts.host;
    let bounds = [host.memory_mb, host.memory_limit_mb];
    let Some(free) = bounds.into_iter().flatten().min() else {
        return Row::new("memory", "not told by this system", why);
    };
    let by = if host.memory_limit_mb == Some(free) { ", as a control group allows" } else { "" };
    let row = Row::new("memory", format!("{} MB free{by}", show_count(free)), why);
    match free {
        0..128 => row.but(Status::Bad, "end something, or raise the container's limit"),
        128..512 => row.but(Status::Doubtful, "give browser tests fewer `--workers`"),
        _ => row,
    }
}

fn disk(facts: &Facts) -> Row {
    let why = "a run of minutes leaves some MB, with traces of browser tests some 100 MB";
    let Some(free) = facts.host.disk_mb else {
        return Row::new("disk", "not told by this system", why);
    };
    let row = Row::new("disk", format!("{} MB free in {}", show_count(free), facts.folder), why);
    match free {
        0..50 => row.but(Status::Bad, "free some space, or choose another --reports-dir"),
        50..500 => row.but(Status::Doubtful, "free some space, or choose another --reports-dir"),
        _ => row,
    }
}

fn loopback(facts: &Facts) -> Row {
    let why = "the embedded backend, drivers and browsers are spoken to on it";
    match &facts.loopback {
        None => Row::new("loopback", "127.0.0.1 answers", why),
        Some(error) => Row::new("loopback", error.clone(), why).but(
            Status::Bad,
            "`ip link set lo up`, and let local connections through the firewall",
        ),
    }
}

/// The report, without a last word.
pub fn told(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let mark = match row.status {
            Status::Fine => "ok",
            Status::Doubtful => "DOUBT",
            Status::Bad => "BAD",
        };
        text.push_str(&format!("{mark:8} {:24} {}\n", row.name, row.found));
        if row.status != Status::Fine {
            text.push_str(&format!("           why:  {}\n", row.why));
            text.push_str(&format!("           fix:  {}\n", row.fix));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which nothing is missing.
    fn good() -> Facts {
        let host = Host {
            files: Some((20, 65_536, 1_048_576)),
            ports: Some((40, 28_232)),
            port_range: Some((32_768, 60_999)),
            clock_source: Some("tsc".to_string()),
            clock_set: Some(true),
            cores: 8,
            core_limit: None,
            memory_mb: Some(16_000),
            memory_limit_mb: None,
            governor: Some("performance".to_string()),
            disk_mb: Some(90_000),
        };
        let users = Some((400, "`rate` in scenarios/shop.yaml".to_string()));
        let folder = "reports".to_string();
        Facts { host, users, clock: (1, 24.0), loopback: None, folder, threads: 8 }
    }

    /// One on which all of it is.
    fn poor() -> Facts {
        let host = Host {
            files: Some((20, 256, 512)),
            ports: Some((28_000, 28_232)),
            port_range: Some((32_768, 60_999)),
            clock_source: Some("hpet".to_string()),
            clock_set: Some(false),
            cores: 8,
            core_limit: Some(1.5),
            memory_mb: Some(16_000),
            memory_limit_mb: Some(100),
            governor: Some("powersave".to_string()),
            disk_mb: Some(12),
        };
        let loopback = Some("cannot listen on 127.0.0.1: no such device".to_string());
        Facts { host, clock: (1, 900.0), loopback, ..good() }
    }

    #[test]
    fn nothing_is_said_of_a_good_machine_but_what_it_has() {
        golden_is(
            &told(&rows(&good())),
            include_str!("../../../tests/golden/doctor/good.txt"),
            "good",
        );
    }

    #[test]
    fn a_poor_machine_is_told_what_is_wrong_why_it_matters_and_the_fix() {
        golden_is(
            &told(&rows(&poor())),
            include_str!("../../../tests/golden/doctor/poor.txt"),
            "poor",
        );
    }

    #[test]
    fn what_a_system_does_not_tell_stands_in_no_ones_way() {
        let host = Host { cores: 4, ..Host::default() };
        let silent = Facts { host, users: None, threads: 4, ..good() };
        let told = rows(&silent);
        assert!(told.iter().all(|row| row.status == Status::Fine), "{told:?}");
    }

    #[track_caller]
    fn golden_is(text: &str, golden: &str, name: &str) {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/doctor");
            std::fs::write(format!("{folder}/{name}.txt"), text).expect("it can be written");
            return;
        }
        assert_eq!(
            text, golden,
            "UPDATE_GOLDEN=1 cargo test --lib doctor records what is said now"
        );
    }
}
