//! Tells how long work had to wait for a core, from the kernel's pressure stall information.

use tokio::time::Instant;

/// Microseconds so far in which something wanted a core and none was free, and when it was asked.
pub(super) type Stalled = (u64, Instant);

/// `some` of `/proc/pressure/cpu`; none where the system does not tell.
pub(super) async fn cpu() -> Option<Stalled> {
    let text = tokio::fs::read_to_string("/proc/pressure/cpu").await.ok()?;
    Some((total(&text)?, Instant::now()))
}

/// The share of the time between two readings.
pub(super) fn share(before: Stalled, after: Stalled) -> f64 {
    let stalled = after.0.saturating_sub(before.0) as f64;
    let passed = after.1.saturating_duration_since(before.1).as_micros() as f64;
    if passed > 0.0 { (stalled / passed).min(1.0) } else { 0.0 }
}

fn total(text: &str) -> Option<u64> {
    let some = text.lines().find(|line| line.starts_with("some "))?;
    some.split_whitespace().find_map(|word| word.strip_prefix("total=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_some_is_read() {
        let text = "some avg10=1.00 avg60=0.10 avg300=0.00 total=54345\nfull avg10=0.00 total=1\n";
        assert_eq!(total(text), Some(54_345));
        assert_eq!(total("full total=3"), None);
    }
}
