//! How this process and its machine fare, as Linux tells in `/proc`; none elsewhere.

use std::fs;

/// The seconds so far in which this thread of ours could have run, and no core was free for it.
pub fn queued_seconds(thread: u32) -> Option<f64> {
    queued(&fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?)
}

/// CPU time so far that this machine was denied by its host, and all there was, in ticks.
pub fn stolen_ticks() -> Option<(u64, u64)> {
    stolen(&fs::read_to_string("/proc/stat").ok()?)
}

/// Files and sockets that this process has open, and may have.
pub fn open_files() -> Option<(u64, u64)> {
    let limit = files_limit(&fs::read_to_string("/proc/self/limits").ok()?)?;
    // The size of the folder is the number of files in it since Linux 6.2, and 0 before.
    let told = fs::metadata("/proc/self/fd").ok()?.len();
    let open = match told {
        0 => fs::read_dir("/proc/self/fd").ok()?.count() as u64,
        told => told,
    };
    Some((open, limit))
}

/// Sockets of this machine that are in use or wait to be let go of, and the ports there are for
/// outgoing ones.
pub fn local_ports() -> Option<(u64, u64)> {
    let range = ports(&fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?)?;
    let four = sockets(&fs::read_to_string("/proc/net/sockstat").ok()?)?;
    let six = fs::read_to_string("/proc/net/sockstat6").ok();
    Some((four + six.and_then(|text| sockets(&text)).unwrap_or(0), range))
}

/// Three numbers: nanoseconds on a core, nanoseconds waiting for one, times it ran.
fn queued(schedstat: &str) -> Option<f64> {
    Some(schedstat.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1e9)
}

/// `cpu  user nice system idle iowait irq softirq steal guest guest_nice`; guests are in `user`.
fn stolen(stat: &str) -> Option<(u64, u64)> {
    let numbers = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<u64> = numbers.map_while(|number| number.parse().ok()).take(8).collect();
    Some((*ticks.get(7)?, ticks.iter().sum()))
}

fn files_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

fn ports(range: &str) -> Option<u64> {
    let mut ends = range.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    Some((last + 1).saturating_sub(first))
}

/// `TCP: inuse 21 orphan 0 tw 12 alloc 30 mem 3`
fn sockets(sockstat: &str) -> Option<u64> {
    let line = sockstat.lines().find(|line| line.starts_with("TCP"))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1)?.parse::<u64>().ok()
    };
    Some(after("inuse")? + after("tw").unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_of_the_system_is_read_as_it_is_meant() {
        assert_eq!(queued("812345 2500000000 99\n"), Some(2.5));
        let stat = "cpu  10 1 20 300 4 0 5 60 7 8\ncpu0 1 2\n";
        assert_eq!(stolen(stat), Some((60, 400)), "guests are already in the first number");
        let limits = "Limit  Soft Limit  Hard Limit  Units\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(files_limit(limits), Some(1024));
        assert_eq!(ports("32768\t60999\n"), Some(28_232));
        assert_eq!(sockets("sockets: used 90\nTCP: inuse 21 orphan 0 tw 12 alloc 3\n"), Some(33));
        assert_eq!(sockets("TCP6: inuse 4\nUDP6: inuse 2\n"), Some(4));
    }

    #[test]
    fn what_is_missing_or_odd_is_unknown() {
        assert_eq!(queued(""), None);
        assert_eq!(stolen("cpu  10 1 20\n"), None);
        assert_eq!(files_limit("Max cpu time unlimited\n"), None);
        assert_eq!(ports("1"), None);
        assert_eq!(sockets("UDP: inuse 2\n"), None);
    }
}
