//! The clock by which two processes begin their loads together.

use std::time::Duration;

use tokio::time::Instant;

/// The system's monotonic clock: the same time in all processes of this machine.
#[cfg(unix)]
pub fn monotonic() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A clock that is the same in all processes of this machine: here the time of day, which nobody
/// should set while two loads begin together.
#[cfg(not(unix))]
pub fn monotonic() -> Duration {
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

/// What the system says is the smallest step of that clock, and what a look at it takes: the least
/// of several times a thousand looks, in nanoseconds.
pub fn clock_costs() -> (u64, f64) {
    let thousand = || {
        let began = monotonic();
        (0..1_000).for_each(|_| {
            std::hint::black_box(monotonic());
        });
        monotonic().saturating_sub(began)
    };
    let least = (0..8).map(|_| thousand()).min().unwrap_or_default();
    (step().as_nanos().try_into().unwrap_or(u64::MAX), least.as_secs_f64() * 1e6)
}

#[cfg(unix)]
fn step() -> Duration {
    let step = rustix::time::clock_getres(rustix::time::ClockId::Monotonic);
    Duration::new(step.tv_sec as u64, step.tv_nsec as u32)
}

/// The time of day comes in steps of 100 ns there.
#[cfg(not(unix))]
fn step() -> Duration {
    Duration::from_nanos(100)
}

/// The instant at which that clock shows a time; none where it is out of reach.
pub(super) fn instant_of(time: Duration) -> Option<Instant> {
    let (now, clock) = (Instant::now(), monotonic());
    match time.checked_sub(clock) {
        Some(ahead) => now.checked_add(ahead),
        None => now.checked_sub(clock - time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_on_the_clock_is_the_same_instant_whenever_it_is_asked_for() {
        let time = monotonic() + Duration::from_secs(5);
        let (once, again) = (instant_of(time), instant_of(time));
        let (once, again) = (once.expect("it is near"), again.expect("it is near"));
        let apart = once.max(again) - once.min(again);
        assert!(apart < Duration::from_secs(1), "{apart:?}");
        let past = instant_of(monotonic().saturating_sub(Duration::from_millis(1)));
        assert!(past.is_some_and(|past| past <= Instant::now()));
    }
}
